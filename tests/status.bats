#!/usr/bin/env bats
# zlsnap status: the state of a name in a store, and whether a directory has changed.

load helpers
load driver

setup() {
    enter_work
    export HOME=$BATS_TEST_TMPDIR
    made_once make_kept
}

# make_kept: makes the snapshots 0 and 1 of web/1 in "store", of "tree".
make_kept() {
    mkdir tree
    seq 1000 >tree/numbers
    zlsnap sync -q --exclude=none web/1 tree store 2>/dev/null
    echo more >>tree/numbers
    touch -d @1000000000 tree/numbers tree
    zlsnap sync -q web/1 tree store 2>/dev/null
}

# json FILTER [OPERAND...]: prints the output of the jq filter for the status of web/1.
json() {
    zlsnap status --json web/1 "${@:2}" store | jq -c "$1"
}

@test "shows the last snapshot and what the store has" {
    run -0 --separate-stderr zlsnap status web/1 store
    assert_stderr 0 ''
    assert_line 'name         web/1'
    assert_line --regexp '^snapshot     [0-9a-f]{12}, number 1$'
    assert_line "directory    $(uname -n):$BATS_FILE_TMPDIR/make_kept.part/tree"
    assert_line 'options      --exclude=none'
    assert_line "tree digest  sha256:$(tarpack --manifest=time tree | sha256sum | cut -d ' ' -f 1)"
    assert_line 'entries      2'
    assert_line 'snapshots    2'
    refute_line --regexp '^(compared|broken) '
    assert_equal "$(json '[.snapshots, .packs, .stored_bytes, .broken_later, .changed]')" \
        "[{\"complete\":2,\"damaged\":0,\"broken\":0,\"forgotten\":0},2,$(find store -type f -printf '%s\n' | paste -sd +  | bc),[],null]"
    assert_equal "$(json .snapshot | jq -S .)" \
        "$(zlsnap snapshots --json web/1 store | tail -n 1 | jq -S 'del(.key, .state, .name)')"
}

@test "another snapshot than the last one, by its ID or a time" {
    local first
    first=$(zlsnap snapshots --json web/1 store | jq -r .id | head -n 1)
    run -0 zlsnap status "web/1@$first" store
    assert_line "snapshot     $first, number 0"
    assert_line 'snapshots    2'
    run -0 zlsnap status "web/1@$first" tree store
    assert_line 'compared     tree: changed'
    run -0 zlsnap status "web/1@$(date +%F)" store
    assert_line --regexp ', number 1$'
    run -1 --separate-stderr zlsnap status web/1@ffff store
    assert_one_line 'web/1: has no complete snapshot ffff'
    rm "store/web/1/$(zlsnap snapshots --json web/1 store | jq -r .key | head -n 1 | sed 's/snapshots.*/manifests/')"/*
    run -1 zlsnap status "web/1@$first" store
}

@test "with a directory: says whether it has changed, also in its times only" {
    run -0 --separate-stderr zlsnap status web/1 tree store
    assert_line 'compared     tree: unchanged'
    assert_said "^tarpack: warning: .*'none'.* excludes nothing"
    touch tree/numbers
    run -0 zlsnap status web/1 tree store
    assert_line 'compared     tree: changed'
    assert_equal "$(json .changed tree)" true
    touch -d @1000000000 tree/numbers
    assert_equal "$(json .changed tree)" false
    HOME='' run -0 zlsnap status web/1 tree store
    assert_line 'compared     tree: unchanged'
    run -1 --separate-stderr zlsnap status web/1 none store
    assert_one_line 'none: no such directory'
}

@test "a directory is compared with the options of the snapshot, unless others are given" {
    mkdir tree/skip
    zlsnap sync -q --exclude=skip --owner=7 web/1 tree store
    run -0 --separate-stderr zlsnap status web/1 tree store
    assert_stderr 0 ''
    assert_line 'compared     tree: unchanged'
    run -0 zlsnap status --fresh-options web/1 tree store
    assert_line 'compared     tree: changed'
    run -0 --separate-stderr zlsnap status --owner=7 web/1 tree store
    assert_stderr 1 'options differ from those of the last snapshot'
    assert_line 'compared     tree: changed'
}

@test "the cache of sync is used, and stays as it is" {
    local state
    zlsnap sync -q web/1 tree store
    state=$(echo "$HOME"/.local/state/zlsnap/sync/*/web/1)
    # Of the same status, but not what was read.
    printf 'X' | dd of=tree/numbers conv=notrunc status=none
    find "$state" -type f -exec sha256sum {} + >before
    strace -f --seccomp-bpf -qq -e trace=openat -o trace zlsnap status web/1 tree store
    find "$state" -type f -exec sha256sum {} + | diff before -
    grep -q '"numbers"' trace
    touch -d @1000000000 tree/numbers
    sleep 2.1 # the cache does not record files that are newer than two seconds
    zlsnap sync -q web/1 tree store
    strace -f --seccomp-bpf -qq -e trace=openat -o trace zlsnap status web/1 tree store
    run ! grep '"numbers"' trace
    zlsnap sync web/1 tree store >printed
    grep unchanged printed
}

@test "a later snapshot that is broken: shown, and status 1" {
    jq -r '.packs[-1].pack' store/web/1/snapshots/00000001-* >pack
    rm "store/web/1/packs/$(<pack).zst"
    run -1 --separate-stderr zlsnap status web/1 store
    assert_stderr 0 ''
    assert_line --regexp '^snapshot .* number 0$'
    assert_line --regexp "^broken       snapshots/00000001-.*: packs/$(<pack).zst is missing\$"
    assert_line 'snapshots    1, 1 broken'
    assert_equal "$(json '.broken_later | length' || :)" 1
    # An earlier one that is broken does not matter.
    zlsnap sync -q web/1 tree store
    run -0 zlsnap status web/1 store
    assert_line 'snapshots    2, 1 broken'
    assert_equal "$(json '[.snapshots, .broken_later]')" '[{"complete":2,"damaged":0,"broken":1,"forgotten":0},[]]'
}

@test "a last snapshot that needs an object that check found damaged: shown, and status 1" {
    local pack
    pack=$(jq -r '.packs[-1].pack' store/web/1/snapshots/00000001-*)
    mkdir store/web/1/bad
    echo '{}' >"store/web/1/bad/$pack.json"
    run -1 --separate-stderr zlsnap status web/1 store
    assert_stderr 0 ''
    assert_line --regexp '^snapshot .* number 1$'
    assert_line --regexp "^damaged      snapshots/00000001-.*: packs/$pack.zst was found damaged by an earlier check\$"
    assert_line 'snapshots    1, 1 damaged'
    assert_equal "$(json '[.snapshots.complete, .snapshots.damaged, (.damaged_later | length)]' || :)" '[1,1,1]'
    assert_equal "$(zlsnap snapshots --json web/1 store | jq -c .state | xargs)" 'complete damaged'
    run -0 zlsnap snapshots web/1 store
    assert_line --regexp "  damaged: packs/$pack.zst was found damaged by an earlier check\$"
    # An earlier one that is damaged does not matter.
    zlsnap sync -q web/1 tree store
    run -0 zlsnap status web/1 store
    assert_line 'snapshots    2, 1 damaged'
}

@test "no complete snapshot: status 1; a name that does not exist, and a store: one line" {
    run -1 --separate-stderr zlsnap status web/2 store
    assert_one_line 'web/2: store has no such name; zlsnap snapshots lists the names'
    run -1 --separate-stderr zlsnap status web/1 nowhere
    assert_one_line 'nowhere: cannot be opened'
    rm store/web/1/manifests/*
    run -1 --separate-stderr zlsnap status web/1 tree store
    assert_stderr 0 ''
    assert_line 'snapshot     none that is complete'
    assert_equal "$(json .snapshot || :)" null
}

@test "a forgotten snapshot is counted, not shown" {
    local last
    last=$(cd store/web/1 && echo snapshots/00000001-*)
    mkdir store/web/1/doomed
    jq -nc --arg last "$last" '{schema_version: 1, name: "web/1", time: "2026-11-29T12:00:00Z", objects: [$last]}' \
        >store/web/1/doomed/00000000-20261129T120000Z-0123456789ab.json
    run -0 zlsnap status web/1 store
    assert_line --regexp 'number 0$'
    assert_line 'snapshots    1, 1 forgotten'
}

@test "wrong command lines, and --expect" {
    local words
    for words in web/1 'web store' '--owner=1 web/1 store' 'web/1 tree store extra' '--expect=1 web/1 store' \
        "--state=tree/state web/1 tree store"; do
        # shellcheck disable=SC2086 # words
        run -2 --separate-stderr zlsnap status $words
        assert_said "try 'zlsnap status --help'"
    done
    assert_not_exists tree/state
    zlsnap status --expect="$(json .snapshot.tree_digest | jq -r .)" web/1 store
    run -4 --separate-stderr zlsnap status --expect="$(printf '%064d' 0)" web/1 store
    assert_one_line 'not the expected one'
}
