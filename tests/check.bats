#!/usr/bin/env bats
# zlsnap check with a store in a directory: every kind of damage to every kind of object.
# shellcheck disable=SC2030,SC2031,SC2154 # set by run

load helpers
load driver

setup() {
    enter_work
    made_once make_damageable
    documents_here
    HOME=$PWD
}

# make_damageable: two snapshots of web/1, with a large file, in the directory "store". The second manifest is a delta. The state is
# in "state".
make_damageable() {
    mkdir tree store
    touch tree/{1..200}
    echo first >tree/file
    seq 300000 >tree/large
    sync_damageable
    echo second >tree/second
    seq 300001 >tree/large
    sync_damageable
}

sync_damageable() {
    zlsnap sync --state="$PWD/state" web/1 tree store
}

# object KIND NUMBER: prints the path of an object that the snapshot NUMBER names, in the order of its document. KIND is pack,
# index, manifest, chunks or document.
object() {
    local document
    document=$(compgen -G "store/web/1/snapshots/0000000$2-*")
    case $1 in
    document) echo "$document" ;;
    pack) echo "store/web/1/packs/$(jq -r '.packs[-1].pack' "$document").zst" ;;
    index) echo "store/web/1/packs/$(jq -r '.packs[-1].pack' "$document").index.zst" ;;
    *) echo "store/web/1/$(jq -r ".$1[-1].object" "$document")" ;;
    esac
}

# id NUMBER: prints the ID of the snapshot.
id() {
    jq -r .id "$(object document "$1")"
}

# assert_check STATUS OBJECT PROBLEM SNAPSHOTS [OPTION...]: check finds one problem.
assert_check() {
    local status=$1 expected
    expected="web/1: ${2#store/web/1/}: $3"
    [ -z "$4" ] || expected+="; breaks $4"
    run "-$1" --separate-stderr zlsnap check "${@:5}" store
    assert_equal "${lines[0]}" "$expected"
    assert_equal "${#lines[@]}" 2
    assert_equal "$stderr" ''
    [[ ${lines[1]} == 'store: snapshots '*', problems 1' ]]
}

# both: the words for both snapshots.
both() {
    echo "snapshots $(id 0), $(id 1)"
}

# size FILE
size() {
    stat -c %s "$1"
}

# --------------------------------------------------------------------------- sound stores

@test "a sound store" {
    run -0 --separate-stderr zlsnap check store
    assert_output 'store: snapshots 2, broken 0, packs 2, manifests 4, unused objects 0, foreign objects 0, problems 0'
    run -0 zlsnap check --read-data web/1 store
    assert_output 'store: snapshots 2, broken 0, packs 2, manifests 4, unused objects 0, foreign objects 0, problems 0'
    run -0 zlsnap check --quiet --read-data web/1 store
    assert_output ''
    run -0 zlsnap check "web/1@$(id 0)" store
    assert_output 'store: snapshots 1, broken 0, packs 1, manifests 2, unused objects 0, foreign objects 0, problems 0'
    run -0 zlsnap check --json store
    assert_output '{"snapshots":2,"broken":0,"packs":2,"manifests":4,"unused":0,"foreign":0,"problems":0,"data_read":false}'
    refute_leftovers "${TMPDIR:-/tmp}/"
}

@test "what no document names is counted" {
    touch store/foreign store/web/1/foreign store/web/1/packs/foreign
    echo >"store/web/1/packs/$(printf '%064d' 1).zst"
    echo >"store/web/1/manifests/$(printf '%064d' 2).zst"
    mkdir -p store/a
    touch store/a/b
    run -0 zlsnap check store
    assert_output 'store: snapshots 2, broken 0, packs 2, manifests 4, unused objects 2, foreign objects 4, problems 0'
}

@test "operands" {
    run -1 --separate-stderr zlsnap check web/2 store
    assert_one_line 'web/2: store has no such name'
    run -1 --separate-stderr zlsnap check web/1@abcdefabcdef store
    assert_one_line 'web/1: has no snapshot abcdefabcdef'
    run -2 --separate-stderr zlsnap check web/1@yesterday store
    assert_one_line 'is neither the ID of a snapshot nor a time'
    run -1 --separate-stderr zlsnap check web/1@2001-11-29 store
    assert_one_line 'has no complete snapshot of 2001-11-29 or before'
    run -0 zlsnap check "web/1@$(date +%F)" store
    assert_output --partial 'snapshots 1, broken 0, packs 2, '
    run -2 --separate-stderr zlsnap check
    assert_one_line 'missing operand STORE'
    run -1 --separate-stderr zlsnap check none
    assert_one_line 'none: cannot be opened: No such file or directory'
}

# --------------------------------------------------------------------------- damage that is seen without reading packs

# damage_each COMMAND...: runs the command for a pack, an index, a manifest and a chunk map of the last snapshot.
damage_each() {
    local kind
    for kind in pack index manifest chunks; do
        "$@" "$(object "$kind" 1)"
    done
}

# assert_each STATUS PROBLEM [OPTION...]: check finds this problem of each of the four. In PROBLEM, SIZE is the size that the object
# had, which is in ../kept.
assert_each() {
    local kind path problem
    run "-$1" --separate-stderr zlsnap check "${@:3}" store
    assert_equal "$stderr" ''
    assert_equal "${#lines[@]}" 5
    for kind in pack index manifest chunks; do
        path=$(object "$kind" 1)
        problem=${2/SIZE/$(size "../kept/${path##*/}")}
        assert_line "web/1: ${path#store/web/1/}: $problem; breaks snapshot $(id 1)"
    done
}

object_keep() {
    mkdir -p ../kept
    cp "$1" ../kept/
}

@test "objects are missing" {
    local path
    damage_each object_keep
    damage_each rm
    assert_each 1 'is missing'
    assert_each 1 'is missing' --read-data --dry-run
    assert_not_exists store/web/1/bad
    path=$(object pack 0)
    rm -r store
    made_once make_damageable
    rm "$path"
    run -1 zlsnap check --json store
    assert_equal "$(jq -r '[.name, .object, .problem, .status, (.snapshots | length)] | @tsv' <<<"${lines[0]}")" \
        "web/1"$'\t'"${path#store/web/1/}"$'\tis missing\t1\t2'
}

@test "objects are empty" {
    damage_each object_keep
    damage_each truncate -s 0
    assert_each 3 'has 0 bytes, not SIZE' --read-data --dry-run
}

@test "objects are cut or longer" {
    local kind path length expected
    for kind in pack index manifest chunks; do
        path=$(object "$kind" 1)
        length=$(size "$path")
        truncate -s -1 "$path"
        expected+="web/1: ${path#store/web/1/}: has $((length - 1)) bytes, not $length; breaks snapshot $(id 1)"$'\n'
    done
    run -3 --separate-stderr zlsnap check store
    assert_equal "$(printf '%s\n' "${lines[@]:0:4}" | sort)" "$(sort <<<"${expected%$'\n'}")"
    for kind in pack index manifest chunks; do
        printf 'ab' >>"$(object "$kind" 1)"
    done
    run -3 --separate-stderr zlsnap check store
    expected=$(sed -E 's/has ([0-9]+) bytes, not ([0-9]+)/has \2+1 bytes, not \2/' <<<"${expected%$'\n'}" | sort)
    assert_equal "$(printf '%s\n' "${lines[@]:0:4}" | awk '{ for (i = 1; i < NF; i++) if ($i == "has") $(i + 1) = ($(i + 1) - 1) "+1"; print }' | sort)" "$expected"
}

@test "a bit of a manifest, a chunk map or an index is flipped" {
    local manifest chunks index offset
    manifest=$(object manifest 0) chunks=$(object chunks 0) index=$(object index 0)
    for offset in 0 10 40; do
        flip_byte "$manifest" "$offset"
        flip_byte "$chunks" "$offset"
        run -4 --separate-stderr zlsnap check store
        assert_line "web/1: ${manifest#store/web/1/}: is damaged: its digest is not its name; breaks $(both)"
        assert_line "web/1: ${chunks#store/web/1/}: is damaged: its digest is not its name; breaks $(both)"
        assert_equal "${#lines[@]} $stderr" '3 '
        flip_byte "$manifest" "$offset"
        flip_byte "$chunks" "$offset"
    done
    flip_byte "$index" $(($(size "$index") - 1)) # the checksum
    assert_check 3 "$index" 'is malformed: zstd cannot decompress it' "$(both)"
}

# same_size FILE: replaces the file by other bytes of its size.
same_size() {
    head -c "$(size "$1")" /dev/urandom >../random
    mv ../random "$1"
}

@test "an object has other bytes of the same size" {
    local path length
    path=$(object manifest 1)
    same_size "$path"
    assert_check 4 "$path" 'is damaged: its digest is not its name' "snapshot $(id 1)"
    rm -r store
    made_once make_damageable
    path=$(object index 1)
    same_size "$path"
    assert_check 3 "$path" 'is malformed: zstd cannot decompress it' "snapshot $(id 1)"
    # Another index, padded by a skippable frame.
    rm -r store
    made_once make_damageable
    path=$(object index 0)
    length=$(size "$path")
    zstd -q -f -19 -o other.zst <<<'#index'
    printf '\x50\x2a\x4d\x18' >>other.zst
    printf "\\x%02x\\x%02x\\0\\0" $(((length - $(size other.zst) - 4) % 256)) \
        $(((length - $(size other.zst) - 4) / 256)) >format
    # shellcheck disable=SC2059 # escapes
    printf "$(<format)" >>other.zst
    truncate -s "$length" other.zst
    mv other.zst "$path"
    assert_check 4 "$path" 'is damaged: it does not have the digest that the document says' "$(both)"
}

@test "two objects are swapped" {
    local one other
    one=$(object manifest 0) other=$(object chunks 0)
    mv "$one" ../kept
    mv "$other" "$one"
    mv ../kept "$other"
    run -3 --separate-stderr zlsnap check store
    assert_line --index 0 "web/1: ${one#store/web/1/}: has $(size "$one") bytes, not $(size "$other"); breaks $(both)"
    assert_line --index 1 "web/1: ${other#store/web/1/}: has $(size "$other") bytes, not $(size "$one"); breaks $(both)"
    assert_equal "${#lines[@]}" 3
}

@test "a store that cannot be read in place" {
    local path
    export ZLSNAP_SEAL=cat ZLSNAP_OPEN=cat
    run -0 zlsnap check --read-data store
    assert_output 'store: snapshots 2, broken 0, packs 2, manifests 4, unused objects 0, foreign objects 0, problems 0'
    path=$(object pack 0)
    flip_byte "$path" 40
    assert_check 4 "$path" 'is damaged: its digest is not its name' "$(both)" --read-data
    assert_equal "$(entries store/web/1/bad)" "$(basename "$path" .zst).json"
    flip_byte "$path" 40
    path=$(object manifest 1)
    flip_byte "$path" 40
    assert_check 4 "$path" 'is damaged: its digest is not its name' "snapshot $(id 1)" --read-data
    refute_leftovers "${TMPDIR:-/tmp}/"
}

@test "a sealed store" {
    local path
    export ZLSNAP_SEAL='gzip -n' ZLSNAP_OPEN='gzip -d'
    rm -r store state
    mkdir store
    sync_damageable
    echo third >tree/file
    sync_damageable
    run -0 --separate-stderr zlsnap check --read-data store
    assert_equal "$stderr" ''
    path=store/web/1/$(zcat "$(object document 1)" | jq -r '.manifest[-1].object')
    flip_byte "$path" $(($(size "$path") - 1))
    run -4 --separate-stderr zlsnap check --read-data store
    assert_line --index 0 --regexp "^web/1: ${path#store/web/1/}: is damaged: the command of --open fails; breaks snapshot [0-9a-f]{12}\$"
    assert_equal "${#lines[@]}" 2
    assert_equal "$stderr" ''
    assert_exists "store/web/1/bad/$(basename "$path" .zst).json"
    run -0 sync_damageable
    assert_output --regexp '^web/1 synced '
}

# --------------------------------------------------------------------------- documents

# assert_malformed PATH PROBLEM: check finds a document that is malformed.
assert_malformed() {
    assert_check 3 "$1" "is malformed: $2" ''
}

@test "a document is malformed, newer, or belongs elsewhere" {
    local path
    path=$(object document 0)
    cp "$path" ../kept
    : >"$path"
    assert_malformed "$path" 'it is empty or larger than 63 MiB'
    truncate -s 66M "$path"
    assert_malformed "$path" 'it is empty or larger than 63 MiB'
    head -c 200 ../kept >"$path"
    assert_malformed "$path" 'it is not JSON; if the name is sealed, give --open'
    same_size "$path"
    assert_malformed "$path" 'it is not JSON; if the name is sealed, give --open'
    sed 's/"schema_version":1/"schema_version":2/' ../kept >"$path"
    assert_malformed "$path" 'its schema_version is not 1'
    sed 's,web/1,web/2,' ../kept >"$path"
    assert_malformed "$path" 'it has no valid name'
    sed 's/"tree_digest":"sha256:/&0/' ../kept >"$path"
    assert_malformed "$path" 'it has no valid tree_digest'
    cp "$(object document 1)" "$path"
    assert_malformed "$path" "it belongs to snapshots/$(basename "$(object document 1)")"
}

@test "a document was lost" {
    rm "$(object document 1)"
    run -0 zlsnap check store
    assert_output 'store: snapshots 1, broken 0, packs 1, manifests 2, unused objects 4, foreign objects 0, problems 0'
    rm store/web/1/snapshots/*
    run -1 zlsnap check store
    assert_line --index 0 'web/1: snapshots: no document is there: the first sync was interrupted, or all were lost'
}

# edit FILTER: changes the last document by jq.
edit() {
    local path
    path=$(object document 1)
    jq -c "$1" "$path" >../edited
    mv ../edited "$path"
}

@test "a document does not describe its objects" {
    local path digest
    path=$(object document 1)
    cp "$path" ../kept
    digest=sha256:$(printf '%064d' 0)
    edit ".tree_digest = \"$digest\""
    assert_check 4 "$path" 'is damaged: its manifest does not have the digest that it says' "snapshot $(id 1)"
    cp ../kept "$path"
    edit ".chunks_digest = \"$digest\""
    assert_check 4 "$path" 'is damaged: its chunk map does not have the digest that it says' "snapshot $(id 1)"
    cp ../kept "$path"
    edit '.packs |= .[:1]'
    run -3 zlsnap check store
    assert_line --index 0 --regexp "^web/1: ${path#store/web/1/}: does not name all packs that it needs: .*no pack has its content .*; breaks snapshot $(id 1)\$"
    cp ../kept "$path"
    edit '.manifest |= .[1:]'
    assert_check 4 "$path" 'is damaged: its manifest does not have the digest that it says' "snapshot $(id 1)"
    cp ../kept "$path"
    edit '.packs[0].total_bytes += 1'
    run -3 zlsnap check store
    assert_line --index 0 --regexp 'is malformed: it is not the sorted index of its pack; breaks snapshot'
}

@test "--verify: the signatures of all documents" {
    local verify='[ "$(sha256sum)" = "$(cat "$ZLSNAP_SIGNATURE")" ]' path
    path=$(object document 0)
    run -4 --separate-stderr zlsnap check --verify="$verify" store
    assert_equal "$stderr" ''
    assert_line "web/1: ${path#store/web/1/}: is not signed; breaks snapshot $(id 0)"
    assert_equal "${#lines[@]}" 3
    zlsnap sync -q --state="$PWD/state" --sign=sha256sum web/1 tree store
    run -0 zlsnap check --verify="$verify" "web/1@$(id 2)" store
    ZLSNAP_VERIFY=false run -4 zlsnap check "web/1@$(id 2)" store
    assert_line --index 0 --partial 'its signature is not valid: the command of --verify failed with status 1; breaks'
    run -1 --separate-stderr zlsnap check --verify=no-such-command "web/1@$(id 2)" store
    assert_one_line 'the command of --verify was not found'
}

@test "--progress: says what it does, and leaves no line" {
    run -0 --separate-stderr zlsnap check --progress=always --read-data store
    assert_said 'web/1: reading pack 2 of 2'
    [[ $stderr == *$'\r\e[K' ]]
    assert_equal "${#lines[@]}" 1
}

# --------------------------------------------------------------------------- packs

@test "--read-data: a bit of a pack is flipped anywhere" {
    local path offset
    path=$(object pack 0)
    for offset in 0 30 $(($(size "$path") / 2)) $(($(size "$path") - 1)); do
        flip_byte "$path" "$offset"
        assert_check 4 "$path" 'is damaged: its digest is not its name' "$(both)" --read-data --dry-run
        flip_byte "$path" "$offset"
    done
    assert_not_exists store/web/1/bad
    flip_byte "$path" 30
    run -0 zlsnap check store
}

@test "--read-data: an index that does not fit its pack, in spite of all digests" {
    local pack index digest path
    # The contents of the index change places.
    pack=$(object pack 0)
    index=$(object index 0)
    zstd -dc "$index" | awk '
        NR == 1 { print; next }
        NR == 2 { digest = $1; rest = substr($0, 66); next }
        NR == 3 { print digest, substr($0, 66); print $1, rest; next }
        { print }' >other
    digest=$(sha256sum <other)
    rm "$index"
    zstd -q -o "$index" other
    for path in store/web/1/snapshots/*; do
        jq -c --arg pack "$(basename "$pack" .zst)" --arg digest "sha256:${digest%% *}" --argjson size "$(size "$index")" '
            (.packs[] | select(.pack == $pack)) |= (.index_digest = $digest | .index_size_bytes = $size)' "$path" >edited
        mv edited "$path"
    done
    # The lengths are not those of the manifest.
    run -3 zlsnap check store
    run zlsnap check --read-data store
    [ "$status" -ge 3 ]
    assert_line --regexp "^web/1: packs/$(basename "$pack"): is damaged: .*; breaks $(both)\$"
}

@test "--read-data: what a sync does after it" {
    local pack first
    pack=$(object pack 0)
    flip_byte "$pack" 1000
    first=$(id 1)
    run -0 sync_damageable
    assert_output "web/1 unchanged $first"
    run -4 --separate-stderr zlsnap check --read-data store
    assert_equal "$stderr" ''
    run -0 jq -r '.schema_version, .name, .object, .problem, .pack' "store/web/1/bad/$(basename "$pack" .zst).json"
    assert_output "1
web/1
packs/$(basename "$pack")
is damaged: its digest is not its name
$(basename "$pack" .zst)"
    run -4 zlsnap check store
    assert_line --index 0 "web/1: packs/$(basename "$pack"): was found damaged by an earlier check; breaks $(both)"
    run -0 sync_damageable
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore web/1 store back
    compare_trees tree back
    run -0 zlsnap check --read-data "web/1@$(id 2)" store
    run -0 sync_damageable
    assert_output "web/1 unchanged $(id 2)"
}

@test "--read-data: a damaged manifest, also of the state, is not the base of a delta" {
    local manifest
    manifest=$(object manifest 0)
    flip_byte "$manifest" 30
    run -4 zlsnap check --read-data store
    assert_exists "store/web/1/bad/$(basename "$manifest" .zst).json"
    run -0 sync_damageable
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore web/1 store back
    compare_trees tree back
    run -0 zlsnap check --read-data "web/1@$(id 2)" store
}

@test "gc keeps what check has noted" {
    flip_byte "$(object manifest 0)" 30
    flip_byte "$(object pack 0)" 30
    run -4 zlsnap check --read-data store
    assert_equal "$(entries store/web/1/bad | wc -w)" 2
    run -0 zlsnap gc --grace=0 store
    run -0 zlsnap gc --grace=0 store
    assert_equal "$(entries store/web/1/bad | wc -w)" 2
}

@test "--read-data: a damaged index is repaired by the next sync" {
    local index
    index=$(object index 0)
    flip_byte "$index" 30
    run -3 zlsnap check --read-data store
    run -0 sync_damageable
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore web/1 store back
    compare_trees tree back
    run -0 zlsnap check --read-data "web/1@$(id 2)" store
}

@test "an object was lost: the next sync repairs it" {
    local kind
    for kind in pack index chunks document; do
        rm -rf store state back
        made_once make_damageable
        rm "$(object $kind 1)"
        run -0 --separate-stderr sync_damageable
        assert_output --regexp '^web/1 synced '
        run -0 zlsnap restore web/1 store back
        compare_trees tree back
    done
}

@test "--read-data: a pack that is sound again" {
    local pack
    pack=$(object pack 0)
    flip_byte "$pack" 30
    run -4 zlsnap check --read-data store
    flip_byte "$pack" 30
    run -4 zlsnap check store
    run -0 zlsnap check --read-data --dry-run store
    assert_equal "$(entries store/web/1/bad)" "$(basename "$pack" .zst).json"
    run -0 --separate-stderr zlsnap check --read-data store
    assert_equal "$stderr" ''
    assert_equal "$(entries store/web/1/bad)" ''
    run -0 zlsnap check store
}

@test "--read-data: a store that cannot be written" {
    requires_root
    flip_byte "$(object pack 0)" 30
    mkdir mounted
    mount --bind store mounted
    mount -o remount,bind,ro mounted
    run -4 --separate-stderr zlsnap check --read-data mounted
    assert_one_line 'warning: the damage cannot be noted in the store: '
    assert_said 'Read-only file system$'
    assert_line --index 0 --partial 'is damaged: its digest is not its name'
}

@test "no space in TMPDIR is not taken for damage" {
    requires_root
    mkdir small
    mount -t tmpfs -o size=64k tmpfs small
    run -1 --separate-stderr env TMPDIR="$PWD/small" "$ZLSNAP_BIN/zlsnap" check --read-data store
    assert_one_line 'No space left on device'
    assert_output ''
    assert_not_exists store/web/1/bad
}

@test "an object that this user cannot read" {
    requires_root
    local pack
    chmod 755 store
    pack=$(object pack 0)
    chmod 600 "$pack"
    mkdir -m 777 temporary
    run -1 --separate-stderr as_user env TMPDIR="$PWD/temporary" HOME=/ zlsnap check --read-data store
    assert_line --index 0 "web/1: packs/$(basename "$pack"): cannot be read: Permission denied; breaks $(both)"
    assert_equal "$stderr" ''
    assert_not_exists store/web/1/bad
}

# --------------------------------------------------------------------------- restore

# assert_restores_twins: two packs have the same contents, each of a snapshot. Each snapshot is restored in spite of damage to its
# pack.
assert_restores_twins() {
    local document pack id
    rm -r store state
    mkdir store
    sync_damageable
    mv store/web/1/snapshots documents
    rm -r state
    sync_damageable
    mv documents/* store/web/1/snapshots/
    for document in store/web/1/snapshots/*; do
        pack=store/web/1/packs/$(jq -r '.packs[0].pack' "$document").zst
        id=$(jq -r .id "$document")
        flip_byte "$pack" 1000
        run -0 --separate-stderr zlsnap restore "web/1@$id" store back
        assert_said 'warning: web/1: once more, with all packs of the name'
        compare_trees tree back
        rm -r back
        flip_byte "$pack" 1000
        mv "$pack" kept
        run -0 --separate-stderr zlsnap restore "web/1@$id" store back
        assert_said "warning: web/1: ${document#store/web/1/} is broken: ${pack#store/web/1/} is missing"
        compare_trees tree back
        rm -r back
        mv kept "$pack"
        mv "${pack%.zst}.index.zst" kept
        run -0 --separate-stderr zlsnap restore "web/1@$id" store back
        compare_trees tree back
        rm -r back
        mv kept "${pack%.zst}.index.zst"
    done
}

@test "restore takes contents of a damaged or missing pack, or index, from other packs of the name" {
    assert_restores_twins
}

@test "restore takes them from packs that it has to fetch" {
    export ZLSNAP_SEAL=cat ZLSNAP_OPEN=cat # so that nothing is read in place
    assert_restores_twins
}

@test "restore of what no pack has" {
    flip_byte "$(object pack 0)" 1000
    run --separate-stderr zlsnap restore "web/1@$(id 0)" store back
    [ "$status" = 3 ] || [ "$status" = 4 ]
    assert_not_exists back
}
