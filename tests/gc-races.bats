#!/usr/bin/env bats
# sync, forget, gc and what copies objects into a store may run at once: every snapshot that is kept can be restored.
# One of them is stopped before each access to the store, while others run.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver

# The programs by which the driver accesses a directory store: a listing, a copy out of it, the last step of a put,
# and a deletion.
setup_file() {
    local program
    mkdir "$BATS_FILE_TMPDIR/holds"
    for program in find mv rm cp; do
        cat >"$BATS_FILE_TMPDIR/holds/$program" <<END
#!/bin/bash
# Stops before the access number \$HOLD until it is released.
case \${HOLD:+\${0##*/} }\$*/ in
find*-printf* | mv\ *' '*store/web/1/*/ | rm\ *store/web/1/* | cp\ *store/web/1/*)
    if [[ "\${*: -1} \$1" != *.put-* && \${*: -1} != *incoming* ]]; then
        echo "\${0##*/} \$*" >>"\$HOLDS/calls"
        if ((\$(wc -l <"\$HOLDS/calls") == HOLD)); then
            echo >"\$HOLDS/held"
            until [[ -e \$HOLDS/release ]]; do sleep 0.02; done
        fi
    fi
    ;;
esac
exec $(type -P "$program") "\$@"
END
        chmod +x "$BATS_FILE_TMPDIR/holds/$program"
    done
}

setup() {
    enter_work
    enter_memory
    export HOME=$PWD/home TMPDIR=$PWD HOLDS=$PWD/holds
    mkdir "$HOME" "$HOLDS"
    made_once three
}

teardown() {
    released || :
    end_test
}

# three: three snapshots in "store", three days old. The directory "tree" is again as in the first one. Each
# snapshot has a copy, copies/ID.
three() {
    export HOME=$PWD/home
    mkdir -p home copies tree
    seq 1 2000 >tree/first
    sync_kept
    mv tree/first first
    seq 3000 5000 >tree/second
    sync_kept
    seq 6000 7000 >tree/third
    sync_kept
    rm tree/second
    mv first tree
    age_all
}

# sync_kept: syncs the tree, and copies it.
sync_kept() {
    local said
    said=$(zlsnap sync web/1 tree store)
    cp -a tree "copies/${said##* }"
}

# age_all: all of the store is three days old.
age_all() {
    find store -exec touch -d '3 days ago' {} +
}

# stopped_at NUMBER COMMAND...: starts the command, and stops it before this access to the store. Fails if it ends before.
stopped_at() {
    rm -f "$HOLDS"/*
    HOLD=$1 PATH=$BATS_FILE_TMPDIR/holds:$PATH "${@:2}" >"$HOLDS/output" 2>"$HOLDS/messages" 3>&- &
    driver=$!
    wait_until is_held_or_ended
    [ -e "$HOLDS/held" ]
}

is_held_or_ended() {
    [ -e "$HOLDS/held" ] || ! kill -0 "$driver" 2>/dev/null
}

# released: lets it continue, and returns its status.
released() {
    echo >"$HOLDS/release"
    wait "$driver"
}

# first: prints the ID of the first snapshot.
first() {
    (cd store/web/1/snapshots && printf '%s\n' *) | sed -n '1s/.*-\(.*\).json/\1/p'
}

# assert_complete: no snapshot is broken, and the last one, of the ID, can be restored.
assert_complete() {
    local states
    states=$(zlsnap snapshots --json web/1 store | jq -r .state | sort -u | xargs)
    [[ $states =~ ^complete( forgotten)?$ ]] || fail "at $step: $states"
    rm -rf back
    zlsnap restore -q "web/1@$1" store back
    diff -r "copies/$1" back
}

# finished: what a sync that was released says; sets `id`, and copies the tree.
finished() {
    read -r _ _ id <"$HOLDS/output"
    cp -a tree "copies/$id"
}

# begin: everything is as in three().
begin() {
    rm -rf store home copies tree
    cp -a "$BATS_FILE_TMPDIR/three/." .
}

# collect: gc runs after everything has become three days old.
collect() {
    age_all
    zlsnap gc store >>"$HOLDS/collected"
}

# Each loop ends when the command ends before it is stopped. Unless FAULTS=all is given, only every fourth step is
# tried, or for the few steps of forget every second.
stride=4
[ "${FAULTS-}" != all ] || stride=1

@test "sync is stopped, while the snapshot it builds on is forgotten and gc runs" {
    local step id
    for ((step = 1; ; step += stride)); do
        begin
        echo "$step" >tree/new
        stopped_at "$step" zlsnap sync web/1 tree store || break
        zlsnap forget "web/1@$(first)" store >/dev/null
        zlsnap gc store >/dev/null
        released || { cat "$HOLDS/messages" && fail "sync failed at $step"; }
        finished
        collect
        collect
        assert_complete "$id"
    done
    ((step > 5))
}

@test "sync is stopped for longer than the grace period: it fails, or its snapshot is complete" {
    local step id
    for ((step = 2; ; step += stride)); do
        begin
        echo "$step" >tree/new
        stopped_at "$step" zlsnap sync web/1 tree store || break
        zlsnap forget "web/1@$(first)" store >/dev/null
        collect
        collect
        if ! released; then
            grep -q '^zlsnap: ' "$HOLDS/messages"
            zlsnap sync web/1 tree store >"$HOLDS/output"
        fi
        finished
        zlsnap restore -q "web/1@$id" store back
        diff -r tree back
        rm -r back
    done
    ((step > 5))
}

@test "gc is stopped, while sync, forget and another gc run" {
    local step id
    for ((step = 1; ; step += stride)); do
        begin
        echo "$step" >tree/new
        zlsnap forget "web/1@$(first)" store >/dev/null
        age_all
        zlsnap gc store >/dev/null
        age_all
        stopped_at "$step" zlsnap gc store || break
        zlsnap sync web/1 tree store >"$HOLDS/synced"
        zlsnap forget --keep-last=1 web/1 store >/dev/null
        zlsnap gc store >/dev/null
        # What another gc deletes cannot be read.
        released || grep -q 'is listed, but could not be read; nothing was changed' "$HOLDS/messages"
        mv "$HOLDS/synced" "$HOLDS/output"
        finished
        collect
        collect
        assert_complete "$id"
        # Those that were made elsewhere, by three(), are of another directory.
        assert_equal "$(entries store/web/1/snapshots | wc -w)" 2
    done
    ((step > 5))
}

@test "forget is stopped, while sync and gc run" {
    local step id
    for ((step = 1; ; step += (stride + 1) / 2)); do
        begin
        echo "$step" >tree/new
        stopped_at "$step" zlsnap forget --keep-last=1 web/1 store || break
        zlsnap sync web/1 tree store >"$HOLDS/synced"
        zlsnap gc store >/dev/null
        released
        mv "$HOLDS/synced" "$HOLDS/output"
        finished
        collect
        collect
        assert_complete "$id"
        assert_equal "$(entries store/web/1/snapshots | wc -w)" 2
    done
    ((step >= 3))
}

# copied: copies a snapshot from another store.
copied() {
    local dir
    for dir in packs manifests snapshots; do
        cp other/web/1/$dir/* store/web/1/$dir/ || return
    done
}

@test "a copy from another store is stopped, while gc dooms what it has put" {
    local step id struck=''
    seq 9000 9999 >tree/other
    zlsnap sync web/1 tree other >said
    read -r _ _ id <said
    cp -a tree "copies/$id"
    cp -a copies kept
    for step in 1 2 3; do
        begin
        cp -a kept/* copies
        stopped_at "$step" copied
        collect
        released
        zlsnap gc store >/dev/null
        collect
        struck+=$(grep -c 'struck off' "$HOLDS/collected" || :)
        collect
        assert_complete "$id"
    done
    [[ $struck != *000 ]]
}
