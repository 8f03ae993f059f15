# Contents streams and packs, made and read with plain tools.
# shellcheck shell=bash disable=SC2034,SC2094 # the tests use the variables

# record KIND FILE: prints a record of a contents stream.
record() {
    local digest
    digest=$(sha256sum <"$2")
    printf '%s %s %d\n' "${digest%% *}" "$1" "$(stat -c %s "$2")"
    cat "$2"
}

# contents FILE...: prints a contents stream; a file whose name begins with "chunk" is a chunk.
contents() {
    local file
    for file; do
        case ${file##*/} in
        chunk*) record chunk "$file" ;;
        *) record file "$file" ;;
        esac
    done
    echo end
}

# pack_check PACK: fails unless the files PACK.zst and PACK.index hold what they promise; prints the digests
# of the contents.
pack_check() {
    local digest offset length name=${1##*/} data
    data=$(mktemp "$BATS_TEST_TMPDIR/data-XXXXXX")
    [ "$(sha256sum <"$1.zst" | cut -d ' ' -f 1)" = "$name" ] || fail "$name.zst is another pack" || return
    zstd -qdc "$1.zst" >"$data" || return
    [ "$(head -n 1 "$1.index")" = "$(printf '#index %s %014d' "$name" "$(stat -c %s "$data")")" ] ||
        fail "$name.index: wrong header" || return
    tail -n +2 "$1.index" | LC_ALL=C sort -c -u || return
    [ "$(awk '{ print length($0) }' "$1.index" | sort -u)" = 86 ] || fail "$name.index: a line is not 87 bytes" || return
    while read -r digest offset length; do
        [ "$(tail -c "+$((10#$offset + 1))" "$data" | head -c "$((10#$length))" | sha256sum)" = "$digest  -" ] ||
            fail "$name: content $digest is wrong" || return
        echo "$digest"
    done < <(tail -n +2 "$1.index")
    rm "$data"
}

# packs_check DIR: fails unless DIR has packs only, and all are right; prints the sorted digests of their
# contents.
packs_check() {
    local file
    for file in $(entries "$1"); do
        [[ $file =~ ^[0-9a-f]{64}\.(zst|index)$ ]] || fail "$1: $file" || return
        [ -f "$1/${file%.*}.zst" ] && [ -f "$1/${file%.*}.index" ] || fail "$1: half a pack: $file" || return
    done
    for file in "$1"/*.index; do
        [ ! -e "$file" ] || pack_check "${file%.index}" || return
    done | sort
}

# frames_of PACK.zst: prints a line "COMPRESSED DECOMPRESSED" for each frame in its seek table.
frames_of() {
    local count
    count=$(tail -c 9 "$1" | od -An -tu4 -N 4 --endian=little | tr -d ' ')
    tail -c "$((9 + 8 * count))" "$1" | head -c "$((8 * count))" | od -An -v -tu4 -w8 --endian=little |
        awk '{ print $1, $2 }'
}

# packs_setup_file, packs_setup: setup_file and setup of tests of tarstore. FILES is a directory of files,
# CONTENTS a stream of them and of chunks; the digests are in $BATS_FILE_TMPDIR/digests.
packs_setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir files
    seq 100000 >files/numbers
    echo x >files/one
    head -c 1048576 /dev/urandom >files/random
    head -c 1048576 /dev/zero >files/zeros
    printf '\0' >files/zero
    head -c 65536 /dev/urandom >files/chunk-1
    seq 20000 >files/chunk-2
    contents files/* >contents
    sha256sum files/* | cut -d ' ' -f 1 | sort >digests
}

packs_setup() {
    cd "$BATS_TEST_TMPDIR" || return
    FILES=$BATS_FILE_TMPDIR/files CONTENTS=$BATS_FILE_TMPDIR/contents
    mkdir packs
}

# requires_landlock: skips the test without it.
requires_landlock() {
    local directory
    directory=$(mktemp -d "$BATS_TEST_TMPDIR/landlock.XXX")
    tarpack "$directory" | tarunpack -v --list >/dev/null 2>"$directory/note"
    ! grep -q 'not confined' "$directory/note" || skip 'needs Landlock'
    rm -r "$directory"
}
