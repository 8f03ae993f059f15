# Functions for tests of stores: `load store` after `load helpers` and `load driver`. They use the directories "tree"
# and "store", and the name web/1.
# shellcheck disable=SC2154 # set by run

# store_setup: changes to a new directory with a small tree; the store is not made yet.
store_setup() {
    enter_work
    export HOME=$PWD/home
    unset XDG_STATE_HOME STATE_DIRECTORY
    mkdir tree home
    echo first >tree/file
    STATE=$HOME/.local/state/zlsnap
}

# web_sync [OPTION...]
web_sync() {
    zlsnap sync "$@" web/1 tree store
}

# synced [OPTION...]: a sync that prints nothing but its result; prints the ID.
synced() {
    run -0 --separate-stderr web_sync "$@"
    assert_stderr 0 ''
    assert_output --regexp '^web/1 synced [0-9a-f]{12}$'
    id=${output##* }
}

# store_facts DIR...: prints all files with their times, and their digests.
store_facts() {
    find "$@" -printf '%p %s %T@ %C@ %i\n' | sort
    find "$@" -type f -exec sha256sum {} + | sort
}

# assert_unchanged [OPTION...]: a sync says so, and does not touch the store.
assert_unchanged() {
    store_facts store >before
    run -0 --separate-stderr web_sync "$@"
    assert_stderr 0 ''
    assert_output --regexp '^web/1 unchanged [0-9a-f]{12}$'
    store_facts store >after
    run -0 diff before after
}

# assert_snapshot [WHICH] [TREE]: the snapshot is restored to what is in TREE.
assert_snapshot() {
    rm -rf back
    run -0 --separate-stderr zlsnap restore "web/1${1:+@$1}" store back
    assert_stderr 0 ''
    compare_trees --no-sockets "${2-tree}" back
    rm -rf back
}

# assert_all_restore: each snapshot is complete and restores to the directory ID, or to "tree" if there is none.
assert_all_restore() {
    local id
    run -0 zlsnap snapshots --json web/1 store
    run -0 jq -r 'if .state == "complete" then .id else "BROKEN" end' <<<"$output"
    for id in "${lines[@]}"; do
        [ "$id" != BROKEN ] || fail 'a snapshot is broken'
        [ -d "kept/$id" ] || continue
        assert_snapshot "$id" "kept/$id"
    done
}

# tree_keep ID: copies the tree for assert_all_restore.
tree_keep() {
    # rsync leaves the time of a directory that it made in the same second.
    mkdir -p kept
    cp -a --sparse=always tree "kept/$1"
}

# last_document: prints the last document.
last_document() {
    cat "$(document_path)"
}

document_path() {
    find store/web/1/snapshots -name '*.json' | sort | tail -n 1
}

# stored_bytes: prints the bytes of all objects of web/1.
stored_bytes() {
    find store/web/1/{packs,manifests,snapshots} -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# packs_count: prints the number of packs.
packs_count() {
    find store/web/1/packs -name '*.zst' ! -name '*.index.zst' | wc -l
}

# state_of: prints the state directory of web/1.
state_of() {
    find "$STATE" -path '*/web/1' -type d
}

# refute_debris: no file is left in the state and the store that does not belong there.
refute_debris() {
    run -0 find "$(state_of)" store/web/1 \( -name '.*' -o -path '*/incoming/*/*' \)
    assert_output ''
}
