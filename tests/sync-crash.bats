#!/usr/bin/env bats
# zlsnap sync that is killed at any step: every snapshot that is listed is complete, the next sync succeeds, what was finished
# is not made again, and nothing is left behind.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load helpers
load driver
load s3
load store

make_first() {
    mkdir tree home
    random_file tree/large 3M
    seq 20000 >tree/numbers
    web_sync -q --state=state
    tree_keep "$(zlsnap snapshots --json web/1 store | jq -r .id)"
}

setup() {
    enter_work
    export HOME=$PWD/home
    unset XDG_STATE_HOME STATE_DIRECTORY
    made_once make_first
    documents_here
    # incoming/ of this path.
    rm -r state
    web_sync -q --state=state
}

# killing NAME NUMBER: the program kills all processes of the driver in its call NUMBER, half of them before it runs.
killing() {
    local real
    real=$(PATH=${PATH#"$BATS_TEST_TMPDIR/fakes:"} && type -P "$1")
    rm -f calls
    # shellcheck disable=SC2016 # for bash
    fake "$1" 'echo >>'"$PWD"'/calls
        if [ "$(wc -l <'"$PWD"'/calls)" -eq '"$2"' ]; then
            ((RANDOM % 2)) || '"$real"' "$@"
            touch '"$PWD"'/killed
            grep -lszx "ZLSNAP_TEST='"$BATS_TEST_TMPDIR"'" /proc/[0-9]*/environ | cut -d / -f 3 | xargs kill -KILL
        fi
        exec '"$real"' "$@"'
}

# kill_at NAME NUMBER: syncs a changed tree and is killed; returns 1 if there was no such call.
kill_at() {
    rm -f killed
    echo "$1 $2" >>tree/numbers
    head -c 20000 /dev/urandom >"tree/new-$1-$2"
    killing "$1" "$2"
    start zlsnap sync --state=state web/1 tree store
    wait "$driver" 2>/dev/null || :
    wait_until none_survives
    rm "$BATS_TEST_TMPDIR/fakes/$1"
    hash -r
    [ -e killed ]
}

# assert_recovers: after a kill.
assert_recovers() {
    assert_all_restore
    run -0 --separate-stderr web_sync --state=state
    assert_stderr 0 ''
    assert_snapshot
    run -0 find state store \( -name '.*' -o -path '*/incoming/*/*' -o -name sent \)
    assert_output ''
}

check_kills() {
    local name number
    for name; do
        for number in $(few 3 1 9); do
            kill_at "$name" "$number" || break
            echo "$name $number" >&2
            assert_recovers
        done
        rm -f tree/new-*
    done
}

@test "killed at a call of mv, cp or sync" { check_kills mv cp sync; }
@test "killed at a call of zstd or jq" { check_kills zstd jq; }
@test "killed at a call of tarpack, tarstore, tarjoin, mtreediff or shasum-tee" {
    check_kills tarpack tarstore tarjoin mtreediff shasum-tee
}
@test "killed at a call of awk, find or sha256sum" { check_kills awk find sha256sum; }
@test "killed at a call of mkdir, rm or touch" { check_kills mkdir rm touch; }

@test "killed at any time" {
    local number
    for number in {1..8}; do
        head -c 300000 /dev/urandom >tree/random
        start zlsnap sync --state=state web/1 tree store
        sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
        # shellcheck disable=SC2046
        kill -KILL $(survivors | cut -d / -f 3) 2>/dev/null || :
        wait "$driver" 2>/dev/null || :
        wait_until none_survives
    done
    assert_recovers
}

@test "killed after the packs were sent: their contents are not sent again" {
    local before name
    for name in mtreediff jq; do
        before=$(packs_count)
        head -c 900000 /dev/urandom >"tree/new-$name"
        killing "$name" 1
        # The manifest is made before, and the packs are moved.
        [ "$name" = jq ] || killing sync 2
        start zlsnap sync --state=state web/1 tree store
        wait "$driver" 2>/dev/null || :
        wait_until none_survives
        rm "$BATS_TEST_TMPDIR"/fakes/{jq,sync,mtreediff} 2>/dev/null || :
        hash -r
        assert_recovers
        assert_equal "$(packs_count)" $((before + 1))
    done
}

@test "finished packs of a killed walk are not made again" {
    local before
    random_file tree/new 70M
    random_file tree/newer 20M
    # Killed when one pack is finished.
    # shellcheck disable=SC2016 # for bash
    fake tarstore '(until compgen -G "${!#}/*.index"; do sleep 0.05; done
        grep -lszx "ZLSNAP_TEST='"$BATS_TEST_TMPDIR"'" /proc/[0-9]*/environ | cut -d / -f 3 | xargs kill -KILL) >/dev/null 2>&1 &
        exec '"$ZLSNAP_BIN"'/tarstore "$@"'
    start zlsnap sync --state=state web/1 tree store
    wait "$driver" 2>/dev/null || :
    wait_until none_survives
    exists_like 'store/web/1/incoming/*/*.index'
    fake tarstore 'tee >(wc -c >'"$PWD"'/counted) | '"$ZLSNAP_BIN"'/tarstore "$@"'
    run -0 web_sync --state=state
    (($(<counted) < 40000000)) || fail "$(<counted)"
    assert_snapshot
}

@test "a signal: the status is that of the signal, and the spool is removed" {
    local signal
    for signal in TERM INT HUP; do
        random_file tree/new 300000
        fake tarstore "touch '$PWD/reached'; sleep 60"
        rm -f reached
        start zlsnap sync --state=state web/1 tree store
        wait_until test -e reached
        kill -s "$signal" "$driver"
        status=0
        wait "$driver" || status=$?
        assert_equal "$status" $((128 + $(kill -l "$signal")))
        wait_until none_survives
        run -0 find state store -name '.*'
        assert_output ''
        rm "$BATS_TEST_TMPDIR/fakes/tarstore"
        hash -r
        assert_recovers
    done
}

@test "Ctrl-C at any time: when the driver has ended nothing of it runs, and the next sync works" {
    local number pid
    for number in {1..10}; do
        head -c 300000 /dev/urandom >tree/random
        start zlsnap sync --state=state web/1 tree store
        sleep "0.$((number / 4))$((RANDOM % 10))"
        kill -s INT "$driver" 2>/dev/null || :
        wait "$driver" || :
        for pid in $(survivors | cut -d / -f 3); do
            # The watcher of the driver may be about to end. It has no lock.
            is_gone "$pid" || ! compgen -G "/proc/$pid/fd/*" >/dev/null || ! readlink "/proc/$pid"/fd/* | grep /state/ ||
                fail "$(tr '\0' ' ' <"/proc/$pid/cmdline") still runs"
        done
        run -0 --separate-stderr zlsnap sync -q --state=state web/1 tree store
        assert_stderr 0 ''
    done
    assert_recovers
}
