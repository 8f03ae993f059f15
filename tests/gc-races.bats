#!/usr/bin/env bats
# sync, forget, gc and what copies objects into a store may run at once: every snapshot that is kept can be restored.
# One of them is stopped before each access to the store, while others run.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver

# The programs by which the driver accesses a directory store.
setup_file() {
    local program
    mkdir "$BATS_FILE_TMPDIR/holds"
    for program in find mv rm cp; do
        cat >"$BATS_FILE_TMPDIR/holds/$program" <<END
#!/bin/bash
# Stops before the access number \$HOLD until it is released.
if [[ \${HOLD-} && (\$PWD == */store || "\$* " == *store/*) ]]; then
    echo "\${0##*/} \$*" >>"\$HOLDS/calls"
    if ((\$(wc -l <"\$HOLDS/calls") == HOLD)); then
        echo >"\$HOLDS/held"
        read -r _ <"\$HOLDS/release"
    fi
fi
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
    echo >"$HOLDS/release" 2>/dev/null &
    end_test
}

# three: three snapshots in "store", three days old. The directory "tree" is again as in the first one. Each
# snapshot has a copy, copies/ID.
three() {
    export HOME=$PWD/home
    mkdir -p home copies tree
    seq 1 2000 >tree/first
    keep
    mv tree/first first
    seq 3000 5000 >tree/second
    keep
    seq 6000 7000 >tree/third
    keep
    rm tree/second
    mv first tree
    age
}

# keep: syncs the tree, and copies it.
keep() {
    local said
    said=$(zlsnap sync --state="$HOME/state" web/1 tree store)
    cp -a tree "copies/${said##* }"
}

# age: all of the store is three days old.
age() {
    find store -exec touch -d '3 days ago' {} +
}

# held NUMBER COMMAND...: starts the command, and stops it before this access to the store. Fails if it ends before.
held() {
    rm -f "$HOLDS"/*
    mkfifo "$HOLDS/release"
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

# assert_restorable: no snapshot is broken, and all can be restored.
assert_restorable() {
    local ids id
    ids=$(zlsnap snapshots --json web/1 store | jq -r 'if .state == "broken" then "broken" elif .state == "complete" then .id else empty end')
    [ -n "$ids" ]
    for id in $ids; do
        rm -rf back
        zlsnap restore -q "web/1@$id" store back || fail "$id cannot be restored"
        diff -r "copies/$id" back
    done
}

@test "sync is stopped, while the snapshot it builds on is forgotten and gc runs" {
    local step id
    for ((step = 1; ; step++)); do
        rm -rf store home copies
        cp -a "$BATS_FILE_TMPDIR/three/." .
        echo "$step" >tree/new
        held "$step" zlsnap sync --state="$HOME/state" web/1 tree store || break
        zlsnap forget "web/1@$(first)" store >/dev/null
        zlsnap gc store >/dev/null
        released || { cat "$HOLDS/messages"; fail "sync failed at $step"; }
        read -r _ _ id <"$HOLDS/output"
        cp -a tree "copies/$id"
        age
        zlsnap gc store >/dev/null
        age
        zlsnap gc store >/dev/null
        assert_restorable
    done
    ((step > 5))
}
