#!/usr/bin/env bats
# zlsnap sync: the state directory is a cache. Whatever happens to it, and wherever else the name is synced, the next sync
# is right.
# shellcheck disable=SC2030,SC2031,SC2119,SC2120,SC2154

load helpers
load driver
load s3
load store

# Two syncs of a tree with a large file, an index and a manifest in the state.
make_synced() {
    mkdir tree home
    random_file tree/large 3M
    seq 20000 >tree/numbers
    echo first >tree/file
    HOME=$PWD/home zlsnap sync -q --state=state web/1 tree store
    echo second >tree/file
    HOME=$PWD/home zlsnap sync -q --state=state web/1 tree store
}

setup() {
    enter_work
    made_once make_synced
    export HOME=$PWD/home
    unset XDG_STATE_HOME STATE_DIRECTORY
    # The state is that of another path of the store.
    rm -r state
    zlsnap sync -q --state=state web/1 tree store
    state=$(find state -path '*/web/1' -type d)
}

# assert_right: after a change, and without one, a sync is right, and sends no content again.
assert_right() {
    local before
    before=$(stored_bytes)
    echo "$RANDOM" >tree/file
    run -0 --separate-stderr zlsnap sync --state=state web/1 tree store
    assert_output --partial synced
    (($(stored_bytes) - before < ${1-5000})) || fail "$(($(stored_bytes) - before)) bytes"
    assert_snapshot
    run -0 --separate-stderr zlsnap sync --state=state web/1 tree store
    assert_stderr 0 ''
    assert_output --partial unchanged
    run -0 find state store \( -name '.*' -o -path '*/incoming/*/*' \)
    assert_output ''
}

@test "state: deleted, or copied to another place" {
    rm -r state
    assert_right
    cp -a state copy
    echo more >>tree/numbers
    zlsnap sync -q --state=state web/1 tree store
    rm -r state
    mv copy state
    assert_right
}

# damage HOW FILE
damage() {
    local size
    size=$(stat -c %s "$2")
    case $1 in
    empty) : >"$2" ;;
    cut) truncate -s $((size / 2)) "$2" ;;
    flip) flip_byte "$2" $((size / 2)) ;;
    flop) flip_byte "$2" $((size - 2)) ;;
    junk) head -c 300 /dev/urandom >"$2" ;;
    esac
}

@test "state: each of its files is emptied, cut, damaged or replaced" {
    local file how number=0
    mapfile -t files < <(find "$state" -type f -size +1c ! -name 'lock' | sort)
    ((${#files[@]} >= 7)) || fail "${files[*]}"
    local hows=(empty cut flip flop junk)
    for how in "${hows[@]}"; do
        for file in "${files[@]}"; do
            damage "$how" "$file"
        done
        assert_right
        mapfile -t files < <(find "$state" -type f -size +1c ! -name 'lock' | sort)
    done
    for file in "${files[@]}"; do
        [ -e "$file" ] || continue
        how=${hows[number++ % ${#hows[@]}]}
        damage "$how" "$file"
        echo "$file $how" >&2
        assert_right
    done
}

@test "state: a damaged index is said, and replaced" {
    for index in "$state"/known/*.index; do
        flip_byte "$index" 10
    done
    echo third >tree/file
    run -0 --separate-stderr zlsnap sync --state=state web/1 tree store
    assert_said "/known: had damaged indexes, which are fetched again"
    assert_right
}

@test "state: of an older run, after other machines have synced" {
    local number
    cp -a state old
    for number in 1 2 3 4 5 6 7 8 9; do
        echo "$number" >tree/file
        random_file "tree/random-$number" 30000
        zlsnap sync -q --state=$((number % 2)) web/1 tree store
    done
    rm -r state
    mv old state
    assert_right
}

@test "another machine continues, and sends nothing twice" {
    local before
    random_file tree/new 2M
    rm -rf copied
    cp -a tree copied
    zlsnap sync -q --state=state web/1 tree store
    before=$(stored_bytes)
    run -0 --separate-stderr zlsnap sync -q --state=other web/1 copied store
    assert_stderr 0 ''
    (($(stored_bytes) - before < 5000)) || fail "$(($(stored_bytes) - before)) bytes"
    assert_snapshot '' copied
}

@test "two machines at once: two snapshots, and both come back" {
    cp -a tree other
    random_file tree/mine 300000
    random_file other/theirs 300000
    fake jq 'case " $* " in *" sequence "*) touch "reached-$SYNCER"
        until [ -e reached-1 ] && [ -e reached-2 ]; do sleep 0.02; done ;; esac; exec /usr/bin/jq "$@"'
    SYNCER=1 zlsnap sync --state=state web/1 tree store >printed-1 &
    SYNCER=2 zlsnap sync --state=other-state web/1 other store >printed-2
    wait
    assert_snapshot "$(cut -d ' ' -f 3 printed-1)" tree
    assert_snapshot "$(cut -d ' ' -f 3 printed-2)" other
    rm "$BATS_TEST_TMPDIR/fakes/jq"
    run -0 zlsnap snapshots web/1 store
    assert_equal "${#lines[@]}" 4
    assert_right
}

@test "a document that is damaged in the store is noticed by the state that knows it" {
    : >"$(document_path)"
    assert_equal "$(zlsnap snapshots web/1 store | grep -c broken)" 1
    run -0 --separate-stderr zlsnap sync --state=state web/1 tree store
    assert_output --partial synced
    assert_snapshot
}

@test "a document that was malformed, and is replaced by the right one" {
    local path
    path=$(document_path)
    cp "$path" good
    sed 's/web/xxx/' good >"$path"
    rm -r state
    zlsnap sync --state=state web/1 tree store
    state=$(find state -path '*/web/1' -type d)
    assert_equal "$(zlsnap snapshots web/1 store | grep -c broken)" 1
    cp good "$path"
    run -0 zlsnap sync --state=state web/1 tree store
    assert_equal "$(zlsnap snapshots web/1 store | grep -c broken)" 0
    assert_unchanged --state=state
}

@test "the state keeps few manifests" {
    local number
    for number in {1..18}; do
        echo "$number" >tree/file
        zlsnap sync -q --state=state web/1 tree store
    done
    # Of the manifest and of the chunk map: 0, 8 or 16.
    run -0 ls "$state/manifests"
    ((${#lines[@]} <= 2)) || fail "$output"
}

@test "the documents that sync remembers are those that it would read" {
    local dir=$'odd "name"\\\n\xc3\xa9\xff' table
    mkdir "$dir"
    random_file "$dir/large" 3M
    printf '%s\n' 'cat >/dev/null; printf "%s\\n" "a \"signature\"" second' >sign
    odd_sync() { zlsnap sync -q --state=state --exclude='a"*' --sign='sh sign' odd/1 "$dir" store; }
    odd_sync
    echo more >"$dir/file"
    odd_sync
    table=$(find state -path '*/odd/1/table')
    zstd -q -dc "$table" | LC_ALL=C sort >remembered
    rm "$table"
    odd_sync
    zstd -q -dc "$table" | LC_ALL=C sort | cmp remembered -
    assert_equal "$(grep -c $'\tsigned$' remembered)" 2
}
