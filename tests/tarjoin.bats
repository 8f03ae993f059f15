#!/usr/bin/env bats
# tarjoin: the same bytes as tarpack, or an error and no end of the archive.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load packs
load refusals
load trees

# A tree with files of all kinds, its manifest, chunk map and packs.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    join_tree tree
    join_store tree packs
    tarpack tree >tar
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    TREE=$BATS_FILE_TMPDIR/tree TAR=$BATS_FILE_TMPDIR/tar
    cp -a "$BATS_FILE_TMPDIR"/{packs,manifest,chunks} .
}

# join_tree DIR: makes a tree with small, large, empty, sparse and equal files and hard links.
join_tree() {
    mkdir -p "$1"/{a/b,c,d}
    seq 30000 >"$1/a/numbers"
    cp "$1/a/numbers" "$1/a/b/same"
    : >"$1/a/empty"
    head -c 3000000 /dev/urandom >"$1/a/large"
    cp "$1/a/large" "$1/c/large"
    truncate -s 8M "$1/c/hole"
    printf end >>"$1/c/hole"
    head -c 1048576 /dev/urandom >"$1/c/limit"
    ln "$1/a/large" "$1/d/large-link"
    ln "$1/a/large" "$1/d/large-link2"
    ln "$1/a/numbers" "$1/c/link"
    ln "$1/a/numbers" "$1/d/link"
    ln -s numbers "$1/a/symlink"
    ln "$1/a/symlink" "$1/d/symlink"
    mkfifo "$1/d/fifo"
    touch "$1/d/e e" "$1/d-not"
}

# join_store DIR PACKS: stores the directory in the new directory PACKS, with "manifest" and "chunks".
join_store() {
    mkdir "$2"
    tarpack --manifest=time --contents=3 --chunks=chunks "$1" 3>&1 >manifest | tarstore --no-sync "$2" >/dev/null
}

# join ARGUMENT...: tarjoin with the packs and the chunk map in this directory.
join() {
    tarjoin --packs=packs --chunks=chunks "$@"
}

# content FILE: the digest of its content.
content() {
    sha256sum <"$1" | cut -d ' ' -f 1
}

# joined TAR: prints the names of its entries, which must be a complete archive, on one line.
joined() {
    tar -tf "$1" | tr '\n' ' '
}

# refuse STATUS LINE ARGUMENT...: tarjoin fails so with the files in this directory, with one job and with
# several, and the archive has no end.
refuse() {
    local jobs status expected=$1 line=$2
    shift 2
    for jobs in 1 3; do
        status=0
        join -j $jobs "$@" <manifest >out 2>errors || status=$?
        assert_equal "$status" "$expected"
        # shellcheck disable=SC2053 # a pattern
        [[ $(<errors) == $line && $(wc -l <errors) -eq 1 ]] || fail "not $line: $(<errors)"
        run -3 tarunpack --list <out
        rm -f out errors
    done
}

# pack: the name of the only pack.
pack() {
    basename packs/*.index .index
}

# --------------------------------------------------------------------------- the same bytes

@test "tarjoin: the tar is the one that tarpack writes, with any number of jobs" {
    local jobs
    for jobs in 1 2 7; do
        run -0 --separate-stderr join -j $jobs --summary=summary -- <manifest
        assert_equal "$stderr" ''
        join -j $jobs <manifest | cmp - "$TAR"
    done
    assert_equal "$(jq -r '[.bytes, .entries, .packs] | join(" ")' summary)" \
        "$(stat -c %s "$TAR") $(($(wc -l <manifest) - 1)) 1"
}

@test "tarjoin: trees with all kinds of metadata come back" {
    requires_root
    local part
    for part in "${ROOT_PARTS[@]}"; do
        rm -rf part store && mkdir store
        make_parts part "$part"
        tarpack --manifest=time --contents=3 --chunks=part.chunks part 3>&1 >part.manifest 2>/dev/null |
            tarstore --no-sync store >/dev/null
        tarjoin --packs=store --chunks=part.chunks <part.manifest >part.tar
        tarpack -q part | cmp - part.tar || fail "$part"
    done
}

@test "tarjoin: a manifest from a pipe, a chunk map from a pipe" {
    join --chunks=<(cat chunks) < <(cat manifest) | cmp - "$TAR"
    join --chunks=<(cat chunks) --path=. < <(cat manifest) | cmp - "$TAR"
}

@test "tarjoin: a manifest that begins within a file" {
    { echo first && cat manifest; } >file
    { read -r && join --path=. | cmp - "$TAR"; } <file
}

@test "tarjoin: other programs read the tar" {
    requires_command bsdtar python3
    join <manifest >out.tar
    mkdir gnu bsd python
    tar -xf out.tar -C gnu && compare_trees "$TREE" gnu
    bsdtar -xpf out.tar -C bsd && touch -r "$TREE" bsd && compare_trees "$TREE" bsd
    python3 -c 'import tarfile; tarfile.open("out.tar").extractall("python")'
    diff -r --no-dereference --exclude=fifo "$TREE" python
    tarunpack ours <out.tar && compare_trees "$TREE" ours
}

@test "tarjoin: contents from several packs, and one that two packs have" {
    mkdir many
    tarpack --manifest=time --contents=3 --chunks=chunks.many "$TREE" 3>&1 >/dev/null |
        tarstore --no-sync --pack-size=1 many >/dev/null
    assert [ "$(find many -name '*.zst' | wc -l)" -gt 2 ]
    cp packs/* many
    tarjoin --packs=many --chunks=chunks <manifest | cmp - "$TAR"
    rm "many/$(pack)".*
    tarjoin --packs=many --chunks=chunks --summary=summary <manifest | cmp - "$TAR"
    assert_equal "$(jq .packs summary)" "$(find many -name '*.zst' | wc -l)"
}

@test "tarjoin: a tree without contents needs no pack and no chunk map" {
    mkdir empty none
    touch empty/file
    tarpack --manifest=time empty >manifest
    tarjoin --packs=none <manifest | cmp - <(tarpack empty)
}

@test "tarjoin: --expect accepts the digest of the manifest, in both forms" {
    local digest
    digest=$(content manifest)
    join -e "$digest" <manifest | cmp - "$TAR"
    join --expect="sha256:$digest" <manifest | cmp - "$TAR"
}

# needed PACKS: prints what --needs prints for the manifest and the chunk map in this directory.
needed() {
    sed -n 's/.*sha256digest=//p' manifest | cat - <(cut -d ' ' -f 1 chunks) |
        awk 'FNR == NR { needed[$1]; next }
            $1 == "#index" { pack = $2; total[pack] = $3; next }
            ($1 in needed) { live[pack] += $3 }
            END { for (pack in live) printf "%s %d %d\n", pack, live[pack], total[pack] }' - "$1"/*.index | sort |
        while read -r pack rest; do
            echo "$pack $rest sha256:$(content "$1/$pack.index")"
        done
}

@test "tarjoin: --needs prints the packs and how much of them is needed, without reading them" {
    mkdir dir
    seq 100 | tee dir/one >dir/same
    join_store "$TREE" many
    tarpack --manifest=time --contents=3 --chunks=dir.chunks dir 3>&1 >/dev/null | tarstore --no-sync many >/dev/null
    rm many/*.zst
    run -0 join --needs --packs=many <manifest
    assert_output "$(needed many)"
    assert_equal "${#lines[@]}" 1
    run -0 join --needs --packs=many --path=a/numbers --path=a/b/same <manifest
    assert_output "${lines[0]%% *} 168894 ${lines[0]#* * }"
    run -0 join --needs --packs=many --path=c/hole <manifest
    assert_output --regexp "^${lines[0]%% *} [0-9]{6} ${lines[0]#* * }$"
    run -0 join --needs --path=a/empty <manifest
    assert_output ''
}

@test "tarjoin: --needs with many packs sorts them, and counts a content once in each" {
    mkdir many
    tarpack --manifest=time --contents=3 --chunks=chunks "$TREE" 3>&1 >manifest |
        tarstore --no-sync --pack-size=1 many >/dev/null
    run -0 join --needs --packs=many <manifest
    assert [ "${#lines[@]}" -gt 2 ]
    assert_output "$(needed many)"
    assert_equal "$(awk '$2 != $3' <<<"$output")" ''
}

@test "tarjoin: --needs prints nothing if the manifest has another digest, or a content is missing" {
    refused 4 'tarjoin: the digest of the manifest *' join --needs -e "$(printf '%064d' 1)" <manifest
    mkdir none
    refused 3 'tarjoin: * no pack has its content *' join --needs --packs=none <manifest
}

@test "tarjoin: --indexes reads the indexes in another directory" {
    mkdir indexes
    mv packs/*.index indexes
    join --indexes=indexes <manifest | cmp - "$TAR"
    join --indexes=indexes --path=. < <(cat manifest) | cmp - "$TAR"
    run -0 tarjoin --indexes=indexes --chunks=chunks --needs <manifest
    assert_output "$(needed indexes)"
    run -0 join --indexes=indexes --packs=absent --needs --path=a/empty <manifest
    assert_output ''
    rm packs/*
    cp -a "$BATS_FILE_TMPDIR"/packs/*.index packs
    refuse 3 "tarjoin: a/b/same: $(basename indexes/*.index .index): the pack is missing" --indexes=indexes
}

# --------------------------------------------------------------------------- --path

@test "tarjoin: --path writes the entry, what is below it and its parents" {
    join --path=a/b <manifest >out
    assert_equal "$(joined out)" './ a/ a/b/ a/b/same '
    join --path=d/fifo --path=./a/b/ --path=/a/empty <manifest >out
    assert_equal "$(joined out)" './ a/ a/b/ a/b/same a/empty d/ d/fifo '
    join --path=d <manifest >out
    tar -tf out | run ! grep -q d-not
    join --path='d/e e' <manifest >out
    assert_equal "$(joined out)" './ d/ d/e e '
}

@test "tarjoin: the entries that --path selects are those of the whole tar" {
    join --path=a --path=c --path=d --path=d-not <manifest | cmp - "$TAR"
    join --path=a <manifest | tarunpack a
    diff -r --no-dereference "$TREE/a" a/a
}

@test "tarjoin: --path writes whiteouts of what it names, and keeps its parents opaque" {
    requires_root
    rm -r packs
    mkdir -p upper/{a/b,other,opaque}
    touch upper/a/b/file upper/opaque/{file,more} upper/a/b/gon
    mknod upper/a/b/gone c 0 0
    mknod upper/a/b/one c 0 0
    setfattr -n trusted.overlay.opaque -v y upper/opaque
    join_store upper packs
    join --path=opaque/file <manifest >out
    assert_equal "$(joined out)" './ opaque/ opaque/.wh..wh..opq opaque/file '
    join --path=opaque <manifest >out
    assert_equal "$(joined out)" './ opaque/ opaque/.wh..wh..opq opaque/file opaque/more '
    join --path=a/b/gone <manifest >out
    assert_equal "$(joined out)" './ a/ a/b/ a/b/.wh.gone '
    join --path=a/b/gon <manifest >out
    assert_equal "$(joined out)" './ a/ a/b/ a/b/gon '
    refused 1 'tarjoin: a/b/gone/more: not in the manifest' join --path=a/b/gone/more <manifest
    # tarunpack selects the same.
    local path
    for path in opaque/file opaque a/b a/b/gone a/b/.wh.one other .; do
        join --path=$path <manifest | tarunpack -t >list
        tarpack upper | tarunpack -t $path | cmp - list
    done
    setfattr -n trusted.overlay.opaque -v y upper
    rm -r packs
    join_store upper packs
    join --path=other <manifest >out
    assert_equal "$(joined out)" './ .wh..wh..opq other/ '
}

@test "tarjoin: the first selected name of a hard link is the file" {
    local jobs
    for jobs in 1 3; do
        rm -rf part
        join -j $jobs --path=d <manifest | tarunpack part
        assert_equal "$(ls part)" d
        cmp part/d/large-link "$TREE/a/large"
        cmp part/d/link "$TREE/a/numbers"
        assert_equal "$(stat -c %i part/d/large-link)" "$(stat -c %i part/d/large-link2)"
        assert_equal "$(readlink part/d/symlink)" numbers
    done
    join --path=c/link --path=d/link --path=c/large <manifest >out
    assert_equal "$(tar -tvf out | sed -n 's/.* link to //p')" c/link
    tar -xOf out c/link | cmp - "$TREE/a/numbers"
    # The target is selected: nothing changes.
    join --path=a/large --path=d/large-link <manifest >out
    assert_equal "$(tar -tvf out | sed -n 's/.* link to //p')" a/large
}

@test "tarjoin: a path that is not in the manifest is an error, and nothing is written" {
    refused 1 'tarjoin: a/nothing: not in the manifest' join --path=a --path=a/nothing --path=c <manifest
    refused 1 'tarjoin: a/num: not in the manifest' join --path=a/num <manifest
    refused 2 "tarjoin: '../a': no entry can have this path: *" join --path=../a <manifest
}

@test "tarjoin: --path verifies the whole manifest first" {
    local digest
    digest=$(content manifest)
    join --path=a --expect="$digest" <manifest >out
    echo >>manifest
    refused 3 'tarjoin: manifest: line *: *' join --path=a <manifest
    sed -i '$d; s/mode=0644/mode=0600/' manifest
    refused 4 'tarjoin: the digest of the manifest does not match: *' join --path=a --expect="$digest" <manifest
}

@test "tarjoin: --path needs no chunk map for small files" {
    tarjoin --packs=packs --path=a/numbers <manifest >out
    tar -xOf out a/numbers | cmp - "$TREE/a/numbers"
    refused 3 'tarjoin: a/large: larger than 1 MiB, which needs --chunks' tarjoin --packs=packs --path=d <manifest
}

# --------------------------------------------------------------------------- bad input

@test "tarjoin: an edited manifest" {
    local digest
    digest=$(content manifest)
    sed -i 's/mode=0644/mode=0600/' manifest
    refuse 4 "tarjoin: the digest of the manifest does not match: expected sha256:$digest, got sha256:*" -e "$digest"
}

@test "tarjoin: a manifest that is cut, empty, reordered or none" {
    cp manifest whole
    head -c -1 whole >manifest
    refuse 3 'tarjoin: manifest: line *: the text ends within a line'
    : >manifest
    refuse 3 'tarjoin: manifest: it does not begin with #mtree'
    echo '#mtree' >manifest
    refuse 3 'tarjoin: manifest: line 1: *'
    { head -n 3 whole && tail -n +5 whole && sed -n 4p whole; } >manifest
    refuse 3 'tarjoin: manifest: line *: *'
    cp chunks manifest
    refuse 3 'tarjoin: manifest: it does not begin with #mtree'
    tarpack --manifest "$TREE" >manifest
    refuse 3 'tarjoin: manifest: line 2: no time; *'
    head -n -1 whole >manifest
    refuse 4 'tarjoin: the digest of the manifest does not match: *' -e "$(content whole)"
}

@test "tarjoin: with --expect, a wrong manifest is status 4 whatever else it is" {
    local digest
    digest=$(content manifest)
    echo nonsense >>manifest
    run -4 --separate-stderr join -e "$digest" <manifest
    assert_equal "${stderr_lines[1]%expected*}" 'tarjoin: the digest of the manifest does not match: '
    digest=$(content manifest)
    run -3 join -e "$digest" <manifest
}

@test "tarjoin: a digest that no pack has" {
    sed -i "s/$(content "$TREE/a/numbers")/$(printf '%064d' 1)/" manifest
    refuse 3 "tarjoin: a/b/same: no pack has its content $(printf '%064d' 1)"
}

@test "tarjoin: a size that is not the content's" {
    sed -i '/a.numbers/ s/size=[0-9]*/size=5/' manifest
    refuse 3 "tarjoin: a/numbers: $(pack).index: another length than in the manifest"
    sed -i '/a.numbers/ s/size=[0-9]*/size=9223372036854775807/' manifest
    refuse 3 'tarjoin: chunks: a/numbers is not the next file; *'
}

@test "tarjoin: a hard link to nothing" {
    sed -i 's/hardlink=.\/a\/numbers/hardlink=.\/a\/nothing/' manifest
    refused 3 'tarjoin: manifest: line *: a hard link to nothing' join --path=c/link <manifest
}

@test "tarjoin: a chunk map that is cut, of another manifest, or does not add up" {
    cp chunks whole
    head -n -1 whole >chunks
    refuse 3 'tarjoin: chunks: line *: the text ends within the chunks of a file'
    : >chunks
    refuse 3 'tarjoin: chunks: it does not begin with #chunks'
    { cat whole && sed -n '2,$p' whole; } >chunks
    refuse 3 'tarjoin: chunks: line *: chunks of a file that the manifest does not have'
    sed '2s/a/b/' whole >chunks
    refuse 3 'tarjoin: chunks: a/large is not the next file; the chunk map of another manifest?'
    sed '3s/ [0-9]*$/ 1048577/' whole >chunks
    refuse 3 'tarjoin: chunks: line 3: not a chunk'
    sed '3s/$/ 1000000/' whole >chunks
    refuse 3 'tarjoin: chunks: line 3: the chunks exceed the size of the file'
    sed '3s/$/ 18446744073709551615/' whole >chunks
    refuse 3 'tarjoin: chunks: line 3: the chunks exceed the size of the file'
    sed '3d' whole >chunks
    refuse 3 'tarjoin: chunks: line *: not a chunk'
}

@test "tarjoin: chunks in another order do not have the digest of the file" {
    awk 'NR == 3 { third = $0; next } { print } NR == 4 { print third }' chunks >swapped
    mv swapped chunks
    refuse 4 'tarjoin: a/large: its chunks do not have its digest'
}

@test "tarjoin: a chunk that no pack has" {
    sed -i '3s/^[0-9a-f]*/'"$(printf '%064d' 1)/" chunks
    refuse 3 'tarjoin: a/large: no pack has its content *'
}

# --------------------------------------------------------------------------- bad packs

# index_set SED-COMMAND: edits the index.
index_set() {
    sed -i "$1" packs/*.index
}

@test "tarjoin: an index that is cut, of another pack, or not sorted" {
    local name
    name=$(pack)
    cp -a packs whole
    truncate -s -1 packs/*.index
    refuse 3 "tarjoin: packs/$name.index: *"
    cp whole/* packs && index_set "1s/$name/$(printf '%064d' 1)/"
    refuse 3 "tarjoin: packs/$name.index: *"
    cp whole/* packs && { head -n 1 whole/*.index && tail -n +2 whole/*.index | sort -r; } >packs/"$name".index
    refuse 3 "tarjoin: packs/$name.index: *"
    cp whole/* packs && mv packs/"$name".index "packs/$(printf '%064d' 1).index"
    refuse 3 "tarjoin: packs/$(printf '%064d' 1).index: the index of another pack"
    rm packs/*.index && ln -s ../whole/"$name".index packs
    refuse 3 "tarjoin: packs/$name.index: a symbolic link"
}

@test "tarjoin: an index that lies" {
    local digest name
    name=$(pack)
    cp -a packs whole
    digest=$(content "$TREE/a/numbers")
    # Another content's place, a place across two frames, one beyond the end.
    index_set "/^$digest/ s/ [0-9]* / 0000000000001 /"
    refuse 4 "tarjoin: a/b/same: $name: the content does not match its digest"
    cp whole/* packs
    index_set "/^$digest/ s/ [0-9]* / $(printf '%013d' "$(($(frames_of packs/*.zst | sed -n 2p | cut -d ' ' -f 2) - 9))") /"
    refuse 3 "tarjoin: a/b/same: $name: *"
    cp whole/* packs
    index_set "/^$digest/ s/ [0-9]* / 9999999999999 /"
    refuse 3 "tarjoin: packs/$name.index: *"
    cp whole/* packs
    index_set '1s/[0-9]*$/00000000000001/'
    refuse 3 "tarjoin: *$name*"
}

@test "tarjoin: a pack that is missing, cut, a symbolic link or a directory" {
    local name
    name=$(pack)
    mv packs/*.zst pack
    refuse 3 "tarjoin: a/b/same: $name: the pack is missing"
    ln -s ../pack "packs/$name.zst"
    refuse 3 "tarjoin: a/b/same: $name: a symbolic link"
    rm "packs/$name.zst" && mkdir "packs/$name.zst"
    refuse 3 "tarjoin: a/b/same: $name: not a regular file"
    rmdir "packs/$name.zst"
    head -c -1 pack >"packs/$name.zst"
    refuse 3 "tarjoin: a/b/same: $name: *seek table*"
    : >"packs/$name.zst"
    refuse 3 "tarjoin: a/b/same: $name: *seek table*"
    { head -c 100 pack && tail -c +102 pack; } >"packs/$name.zst"
    refuse 3 "tarjoin: a/b/same: $name: *seek table*"
}

# bits_flip FILE OFFSET: overwrites three bytes.
bits_flip() {
    printf '\377\377\0' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "tarjoin: a pack with flipped bits" {
    local offset name
    name=$(pack)
    cp packs/*.zst pack
    for offset in 24 30 500 60000; do
        cp pack "packs/$name.zst"
        bits_flip "packs/$name.zst" "$offset"
        refuse 3 "tarjoin: a/*: $name: *"
    done
}

# one_frame FILE: packs/ gets a pack whose only frame is FILE, and which says that this is one byte; manifest
# and chunks are of a file "x" that consists of that byte.
one_frame() {
    local name size
    name=$(printf '%064d' 7)
    size=$(printf '%08x' "$(stat -c %s "$1")" | sed 's/\(..\)\(..\)\(..\)\(..\)/\\x\4\\x\3\\x\2\\x\1/')
    rm -rf packs one && mkdir packs one
    cp --sparse=always "$1" "packs/$name.zst"
    printf '%b' '\x5e\x2a\x4d\x18\x11\0\0\0' "$size" '\x1\0\0\0\x1\0\0\0\0\xb1\xea\x92\x8f' >>"packs/$name.zst"
    printf '#index %s %014d\n%s %013d %07d\n' "$name" 1 "$(printf x | sha256sum | cut -d ' ' -f 1)" 0 1 >"packs/$name.index"
    printf x >one/x
    tarpack --manifest=time one >manifest
    echo '#chunks' >chunks
}

@test "tarjoin: a frame that decompresses to more than the seek table says" {
    head -c 1000000000 /dev/zero | zstd -q --stream-size=1000000000 >bomb
    one_frame bomb
    refuse 3 'tarjoin: x: 0*7: a zstd frame has another size than expected'
    # A frame that does not say how much it has.
    head -c 100000000 /dev/zero | zstd -q --no-check >bomb
    one_frame bomb
    refuse 3 'tarjoin: x: 0*7: a zstd frame has another size than expected'
    # Two frames for one.
    printf x | zstd -q --stream-size=1 >frame
    cat frame frame >bomb
    one_frame bomb
    refuse 3 'tarjoin: x: 0*7: *frame*'
    one_frame frame
    join <manifest | cmp - <(tarpack one)
}

@test "tarjoin: a frame that is said to be very long is not read" {
    truncate -s 3G frame
    one_frame frame
    refuse 3 'tarjoin: x: 0*7: *frame*'
    is_sanitized || run -3 bash -c 'ulimit -v 1000000; tarjoin -j 1 --packs=packs --chunks=chunks <manifest >out'
}

@test "tarjoin: a content that one pack has wrong comes from another one, with a warning" {
    local name jobs
    name=$(pack)
    mkdir more
    tarpack --manifest=time --contents=3 --chunks=chunks "$TREE" 3>&1 >/dev/null | tarstore --no-sync more >/dev/null
    touch -d @1 more/*
    mv more/* packs
    bits_flip "packs/$name.zst" 60000
    for jobs in 1 3; do
        join -j $jobs <manifest 2>errors | cmp - "$TAR"
        grep -q "^tarjoin: warning: a/.*: $name: .*; another pack has it\$" errors
        join -j $jobs -q <manifest 2>&1 >/dev/null | run ! grep .
    done
    rm "packs/$name.zst"
    join <manifest 2>errors | cmp - "$TAR"
}

@test "tarjoin: each content that comes from another pack is a warning, and an error after it is an error" {
    local jobs
    mkdir dir first other
    echo one >dir/a
    echo two >dir/b
    join_store dir new
    # A newer pack has other contents with these digests.
    {
        printf '%s file 4\nONE\n' "$(content dir/a)"
        printf '%s file 4\nTWO\nend\n' "$(content dir/b)"
    } | tarstore --no-sync first >/dev/null
    touch -d @1 new/*
    mv first/* new/* packs
    for jobs in 1 3; do
        join -j $jobs <manifest 2>errors | cmp - <(tarpack dir)
        assert_equal "$(sed 's/: [0-9a-f]\{64\}: /: /' errors)" \
            "$(printf 'tarjoin: warning: %s: the content does not match its digest; another pack has it\n' a b)"
    done
    echo three >dir/c
    tarpack --manifest=time --contents=3 --chunks=chunks dir 3>/dev/null >manifest
    printf '%s file 6\nTHREE\nend\n' "$(content dir/c)" | tarstore --no-sync other >/dev/null
    mv other/* packs
    for jobs in 1 3; do
        join -j $jobs <manifest >out 2>errors && fail 'the wrong content is accepted'
        [[ $(<errors) == 'tarjoin: warning: a: '*'tarjoin: warning: b: '*'tarjoin: c: '*' does not match its digest' ]]
    done
}

# --------------------------------------------------------------------------- the rest

@test "tarjoin: usage" {
    refused 2 "tarjoin: missing option --packs=DIR; try 'tarjoin --help'" tarjoin <manifest
    refused 2 'tarjoin: missing option --packs=DIR; *' tarjoin --indexes=packs <manifest
    refused 2 'tarjoin: missing option --packs=DIR; *' tarjoin --needs <manifest
    refused 1 'tarjoin: absent: cannot open directory: *' join --indexes=absent <manifest
    refused 2 "tarjoin: extra operand 'x'; *" join x <manifest
    refused 2 'tarjoin: --expect: *' join -e x <manifest
    refused 2 'tarjoin: --expect: a tree digest is a SHA-256; *' join -e "sha512:$(printf '%0128d' 1)" <manifest
    refused 2 'tarjoin: --jobs takes *' join -j 0 <manifest
    refused 1 'tarjoin: absent: cannot open directory: *' tarjoin --packs=absent <manifest
    refused 1 'tarjoin: absent: cannot open: *' tarjoin --packs=packs --chunks=absent <manifest
    run -0 tarjoin --help
    run -0 tarjoin --version
    refused 2 "tarjoin: './chunks' is the file of two options; try 'tarjoin --help'" \
        tarjoin --packs=packs --chunks=chunks --summary=./chunks <manifest
}

@test "tarjoin: no space, closed output, closed input" {
    run -1 bash -c 'tarjoin --packs=packs --chunks=chunks <manifest >/dev/full'
    assert_output --partial 'write error: No space left on device'
    run -1 bash -c 'tarjoin --packs=packs --chunks=chunks <manifest >&-'
    assert_output --partial 'write error: Bad file descriptor'
    run -1 bash -c 'tarjoin --packs=packs --chunks=chunks --needs <manifest >/dev/full'
    assert_output 'tarjoin: write error: No space left on device'
    run -1 bash -c 'tarjoin --packs=packs --chunks=chunks <&-'
    assert_output --partial 'tarjoin: manifest: cannot read: '
    TMPDIR=$PWD/absent run -1 bash -c 'cat manifest | tarjoin --packs=packs --path=a'
    assert_output --regexp '^tarjoin: .*/absent: cannot create a temporary file: No such file or directory$'
}

@test "tarjoin: a killed run publishes nothing" {
    mkdir target
    run -137 bash -c '{ head -c 2000 manifest; sleep 3; } | timeout -s KILL 0.5 tarjoin --packs=packs --chunks=chunks >part'
    run -3 tarunpack target/new <part
    assert_equal "$(entries target)" ''
}
