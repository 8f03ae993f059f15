# Each program that zlsnap runs to write files fails once, or zlsnap is killed while it runs. LAYER and
# LAYER.json still belong together.

load helpers
load driver

setup() {
    requires_command jq flock
    export SOURCE_DATE_EPOCH=0 # makes LAYER.json reproducible
    enter_work
    mkdir tree
    echo old >tree/file
    zlsnap create tree layer >/dev/null
    cp layer old
    cp layer.json old.json
    seq 5000 >tree/file
    zlsnap create tree new >/dev/null
    zlsnap verify -q new
    helper_fakes mktemp flock tee sync rm mv
}

# helper_fakes NAME...: replaces these programs. The fakes count their runs; run $AT of the program $WHAT fails,
# or kills zlsnap.
helper_fakes() {
    local name
    for name; do
        fake "$name" 'PATH=/usr/bin:/bin name=${0##*/}
            echo >>"$COUNTS/$name"
            if [ "$name" = "$WHAT" ] && [ "$(wc -l <"$COUNTS/$name")" -eq "$AT" ]; then
                [ "$HOW" = fail ] || kill -KILL "$DRIVER"
                echo "$name: No space left on device" >&2
                exit 1
            fi
            exec "$name" "$@"'
    done
    export COUNTS=$BATS_TEST_TMPDIR/counts HOW=fail WHAT=none AT=0
    mkdir "$COUNTS"
}

# create_once: runs create over the old layer, with its messages in ../errors, and sets $status.
create_once() {
    rm -rf .layer.* layer* "${COUNTS:?}"/*
    cp old layer
    cp old.json layer.json
    status=0
    bash -c 'export DRIVER=$$; exec zlsnap create tree layer' >../out 2>../errors || status=$?
    # The children of a killed driver may still run.
    wait_until nothing_runs
}

# nothing_runs: no process of the driver and of its pipe exists.
nothing_runs() {
    local process command
    while read -r process command; do
        [[ $command != *"$PWD/.layer"* && $(readlink "/proc/$process/cwd") != "$PWD" ]] || return
    done < <(pgrep -af "zlsnap create tree layer|$PWD/\.layer")
}

# each_helper_fails: lets each run of each program fail as $HOW says, and calls `judge` after it.
each_helper_fails() {
    local calls tried=0
    WHAT=none create_once
    assert_equal "$status" 0
    cp -r "$COUNTS" ../calls
    for WHAT in mktemp flock tee sync rm mv; do
        calls=$(wc -l <"../calls/$WHAT")
        for ((AT = 1; AT <= calls; AT++)); do
            create_once
            judge || fail "$WHAT $AT: $status: $(cat ../errors), $(find . -maxdepth 1)"
            tried=$((tried + 1))
        done
    done
    [ $tried -ge 8 ]
}

# belong_together: LAYER is the old or the new one, and LAYER.json is absent or belongs to it.
belong_together() {
    if cmp -s layer old; then
        [ ! -e layer.json ] || cmp -s layer.json old.json
    elif cmp -s layer new; then
        [ ! -e layer.json ] || cmp -s layer.json new.json
    else
        false
    fi
}

@test "a program that create runs fails: status 1, one line, and LAYER.json matches LAYER" {
    judge() {
        belong_together || return
        case $WHAT.$status in
        rm.0 | flock.0) cmp -s layer new ;;
        *.1) [ "$(wc -l <../errors)" -eq 1 ] && { [ "$WHAT" = rm ] || [ -z "$(compgen -G '.layer.*')" ]; } ;;
        *) false ;;
        esac
    }
    each_helper_fails
}

@test "create is killed at any step: LAYER.json matches LAYER, and the next create succeeds" {
    HOW="kill"
    judge() {
        [ "$status" -eq 137 ] && belong_together && WHAT=none zlsnap create tree layer >/dev/null &&
            cmp -s layer new && cmp -s layer.json new.json
    }
    each_helper_fails
}

@test "a temporary directory can't be made, or vanishes: status 1, one line" {
    local status=0
    WHAT=mktemp AT=1 zlsnap create tree other 2>../errors || status=$?
    assert_equal "$status: $(cat ../errors)" '1: zlsnap: ./: no directory can be made there: No space left on device'
    fake tee 'rm -rf "${2%/*}"; exit 1'
    run -1 --separate-stderr zlsnap create tree other
    assert_equal "$(compgen -G '*other*')" ''
}

@test "no process can be started: status 1, one line" {
    requires_root # RLIMIT_NPROC applies only to ordinary users
    install -d -o 65534 -g 65534 "$BATS_TEST_TMPDIR/theirs"
    chmod 755 "$BATS_TEST_TMPDIR" .
    run -1 --separate-stderr as_user bash -c 'ulimit -u 1; exec zlsnap create tree "$1"' - \
        "$BATS_TEST_TMPDIR/theirs/layer"
    assert_one_line 'no process could be started'
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/theirs")" ''
}

@test "a stage of a pipe could not be started: status 1, one line, no verdict" {
    fake shasum-tee 'exit 254' # the status of a bash that could not start it
    run -1 --separate-stderr zlsnap verify old
    assert_said 'zlsnap: shasum-tee could not be started'
    assert_output ''
    fake shasum-tee 'kill -KILL $PPID' # the shell of the pipe
    run -1 --separate-stderr zlsnap digest tree
    assert_one_line 'the pipe was killed by signal KILL'
}
