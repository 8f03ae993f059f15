# Each program that zlsnap runs to write files fails, or zlsnap is killed while it runs. The files LAYER
# and LAYER.json still belong together.

load helpers
load driver

setup() {
    requires_command jq flock
    export SOURCE_DATE_EPOCH=0 # the same tree has the same LAYER.json
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

# helper_fakes NAME...: these count how often they run, and the $AT-th run of the one called $WHAT
# fails, or kills zlsnap.
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

# create_once: over the old layer; sets $status and writes what it said to ../errors.
create_once() {
    rm -rf .layer.* layer* "${COUNTS:?}"/*
    cp old layer
    cp old.json layer.json
    status=0
    bash -c 'export DRIVER=$$; exec zlsnap create tree layer' >../out 2>../errors || status=$?
    # What a driver that was killed had started runs on.
    wait_until nothing_runs
}

# Whether no part of the driver, which are processes of its name, and no pipe of it is left.
nothing_runs() {
    local process
    ! pgrep -f "$PWD/.layer" >/dev/null || return
    for process in $(pgrep -f 'zlsnap create tree layer'); do
        [ "$(readlink "/proc/$process/cwd")" != "$PWD" ] || return
    done
}

# Calls judge after each failure of each helper, $HOW it fails.
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

# Old or new, and no LAYER.json of another LAYER.
belong_together() {
    if cmp -s layer old; then
        [ ! -e layer.json ] || cmp -s layer.json old.json
    elif cmp -s layer new; then
        [ ! -e layer.json ] || cmp -s layer.json new.json
    else
        false
    fi
}

@test "a helper of create that fails: status 1, one line, and nothing of two layers is mixed" {
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

@test "create that is killed at any of its steps leaves no mixture, and the next one completes" {
    HOW="kill"
    judge() {
        [ "$status" -eq 137 ] && belong_together && WHAT=none zlsnap create tree layer >/dev/null &&
            cmp -s layer new && cmp -s layer.json new.json
    }
    each_helper_fails
}

@test "a temporary directory that can't be made, or vanishes: status 1 and one line" {
    local status=0
    WHAT=mktemp AT=1 zlsnap create tree other 2>../errors || status=$?
    assert_equal "$status: $(cat ../errors)" '1: zlsnap: ./: no directory can be made there: No space left on device'
    fake tee 'rm -rf "${2%/*}"; exit 1'
    run -1 --separate-stderr zlsnap create tree other
    assert_equal "$(compgen -G '*other*')" ''
}

@test "where no process can be started: status 1 and one line" {
    requires_root # a user's processes are counted, root's are not
    install -d -o 65534 -g 65534 "$BATS_TEST_TMPDIR/theirs"
    chmod 755 "$BATS_TEST_TMPDIR" .
    run -1 --separate-stderr as_user bash -c 'ulimit -u 1; exec zlsnap create tree "$1"' - \
        "$BATS_TEST_TMPDIR/theirs/layer"
    assert_one_line 'no process could be started'
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/theirs")" ''
}

@test "a stage of a pipe that could not be started: status 1, one line, no verdict" {
    fake shasum-tee 'exit 254' # as bash ends that can't start it
    run -1 --separate-stderr zlsnap verify old
    assert_said 'zlsnap: shasum-tee could not be started'
    assert_output ''
    fake shasum-tee 'kill -KILL $PPID' # the pipe's own shell, which had nothing to say
    run -1 --separate-stderr zlsnap digest tree
    assert_one_line 'the pipe was killed by signal KILL'
}
