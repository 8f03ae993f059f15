#!/usr/bin/env bats
# zlsnap, or a process of one of its pipes, receives a signal.

load helpers
load driver

setup() {
    enter_work
}

# An hour's work: packing it does not end while a test runs.
make_endless_tree() {
    mkdir endless
    truncate -s 8T endless/zeros
}

# start_create: starts to create "layer" from an endless tree; returns when it is in the midst of it.
start_create() {
    make_endless_tree
    start zlsnap create endless layer >created 2>errors
    wait_until stages_are tarpack shasum-tee zstd shasum-tee
    wait_until exists_like '.layer.zlsnap-*/layer'
}

# start_reading COMMAND [DIR]: starts to extract, verify or list a layer that comes slowly through a
# fifo; returns when its first half has come.
start_reading() {
    local digest
    made_once make_layer
    digest=$(jq -r .digest layer.json)
    mkfifo fifo
    start zlsnap "$1" -e "$digest" fifo "${@:2}" >output 2>errors
    exec {fifo}>fifo
    head -c "$(($(stat -c %s layer) / 2))" layer >&"$fifo"
}

# end_reading: the layer's other half comes.
end_reading() {
    tail -c +"$(($(stat -c %s layer) / 2 + 1))" layer >&"$fifo" || true
    exec {fifo}>&-
}

# The pipe's processes, where $driver is zlsnap's, first to last, as "PID NAME"; without
# tarunpack's own child.
# shellcheck disable=SC2154
stages() {
    local shell
    shell=$(pgrep -n -P "$driver") && ps -o pid=,comm= --ppid "$shell" | sort -n
}

stages_are() {
    [ "$(stages | awk '{ print $2 }' | xargs)" = "$*" ]
}

# assert_ends STATUS: the driver ends so, within a second, and nothing of it is left.
assert_ends() {
    local before=$EPOCHREALTIME status=0 milliseconds
    wait "$driver" || status=$?
    milliseconds=$(((${EPOCHREALTIME/./} - ${before/./}) / 1000))
    assert_equal "$status" "$1"
    assert [ "$milliseconds" -lt 1000 ]
    # An orphan's last moments are not the driver's.
    wait_until none_survives
    refute_leftovers .
}

@test "a signal in the middle of create ends it at once and leaves nothing" {
    local signal
    for signal in TERM INT HUP QUIT; do
        rm -rf endless
        start_create
        kill -s "$signal" "$driver"
        assert_ends $((128 + $(kill -l "$signal")))
        assert_equal "$(ls)" $'created\nendless\nerrors'
        assert [ ! -s created ]
        assert [ ! -s errors ]
    done
}

@test "signals that programs seldom get end it as well" {
    local signal
    for signal in USR1 USR2 ALRM VTALRM PROF XCPU; do
        rm -rf endless
        start_create
        (ulimit -c 0 && kill -s "$signal" "$driver")
        assert_ends $((128 + $(kill -l "$signal")))
        assert_equal "$(ls)" $'created\nendless\nerrors'
    done
}

@test "where zlsnap is killed the pipe ends, and nothing appears" {
    start_create
    kill -s KILL "$driver"
    wait "$driver" || true
    wait_until none_survives
    assert_equal "$(ls)" $'created\nendless\nerrors'

    rm -rf endless
    start_reading extract copy
    wait_until exists_like '.copy.zlsnap-*'
    kill -s KILL "$driver"
    wait "$driver" || true
    wait_until none_survives
    end_reading
    assert_not_exists copy
    refute exists_like '.copy.zlsnap-*' # tarunpack had the time to remove it
}

# As timeout -s KILL does, and kill -9 %1 in a shell.
@test "where zlsnap's process group is killed the pipe ends, and nothing appears" {
    mkdir tree
    head -c 3M /dev/urandom >tree/file
    zlsnap create -q tree layer >/dev/null
    mkfifo input
    exec {feed}<>input
    head -c 20000 layer >&"$feed"
    run timeout -s KILL 1 zlsnap extract -e "$(jq -r .digest layer.json)" - copy <input {feed}>&- 3>&-
    assert_equal "$status" 137
    wait_until eval '! exists_like ".copy.zlsnap-*"' # tarunpack has removed it
    exec {feed}>&-
    assert_not_exists copy
}

@test "where zlsnap is killed while it waits to publish, or while it is stopped, nothing appears" {
    mkdir tree
    exec {lock}<.
    flock "$lock"
    start zlsnap create tree layer >/dev/null {lock}<&-
    wait_until exists_like '.layer.zlsnap-*/json'
    wait_until stages_are flock
    kill -s KILL "$driver"
    wait "$driver" || true
    wait_until none_survives
    exec {lock}<&-
    assert_equal "$(ls)" tree

    start_create
    kill -s TSTP "$driver"
    wait_until equal 4 stages_in T
    kill -s KILL "$driver"
    wait "$driver" || true
    wait_until none_survives
    assert_not_exists layer
}

@test "a signal in the middle of create leaves the old layer as it was" {
    made_once make_layer
    cp layer before
    start_create
    kill -s TERM "$driver"
    assert_ends 143
    cmp layer before
    zlsnap verify layer
}

@test "a signal in the middle of extract ends it at once and leaves nothing" {
    local signal
    for signal in TERM INT HUP QUIT; do
        rm -rf fifo tree
        start_reading extract copy
        wait_until exists_like '.copy.zlsnap-*'
        kill -s "$signal" "$driver"
        assert_ends $((128 + $(kill -l "$signal")))
        exec {fifo}>&-
        assert_not_exists copy
        assert [ ! -s errors ]
    done
}

@test "a signal in the middle of verify, list, mtree and digest ends them at once" {
    local command
    for command in verify list mtree; do
        rm -rf fifo tree
        start_reading "$command"
        wait_until stages
        kill -s TERM "$driver"
        assert_ends 143
        exec {fifo}>&-
    done
    make_endless_tree
    start zlsnap digest endless >output
    wait_until stages
    kill -s TERM "$driver"
    assert_ends 143
    assert [ ! -s output ]
}

@test "a signal while a LAYER of the same name is being published ends the wait for it" {
    mkdir tree
    exec {lock}<.
    flock "$lock"
    start zlsnap create tree layer >/dev/null {lock}<&-
    wait_until exists_like '.layer.zlsnap-*/json'
    sleep 0.2
    kill -s TERM "$driver"
    assert_ends 143
    assert_not_exists layer
}

@test "a signal at any moment leaves a layer that is whole, or none" {
    local before microseconds round rounds=16 made=0
    [ "${FAULTS-}" != all ] || rounds=64
    export SOURCE_DATE_EPOCH=0 # so that what is whole is always the same
    mkdir tree
    seq 1000 >tree/numbers
    before=$EPOCHREALTIME
    zlsnap create tree whole >/dev/null
    microseconds=$((${EPOCHREALTIME/./} - ${before/./}))
    zlsnap verify -q whole
    for ((round = 0; round < rounds; round++)); do
        rm -f layer layer.json
        start zlsnap create tree layer >/dev/null 2>errors
        sleep "$((microseconds * round * 4 / 3 / rounds))e-6"
        kill -s TERM "$driver" 2>/dev/null || true
        wait "$driver" || true
        wait_until none_survives
        refute_leftovers .
        assert [ ! -s errors ]
        if [ -e layer.json ]; then
            cmp layer whole
            cmp layer.json whole.json
            made=$((made + 1))
        else
            assert_not_exists layer
        fi
    done
    echo "# $made of $round were made" >&3
}

@test "a signal to a pipe that is slow to go waits for it, a second one does not" {
    made_once make_layer
    fake tarunpack 'trap "echo cleaning >&2" TERM; : >started; while :; do sleep 0.1; done'
    start zlsnap extract layer copy 2>errors
    wait_until test -e started
    kill -s TERM "$driver"
    wait_until grep -q cleaning errors
    sleep 0.3
    kill -0 "$driver"
    kill -s TERM "$driver"
    assert_ends 143
}

@test "a signal that a program has missed as it began reaches it later" {
    fake zstd '[ "$1" != --version ] || exec /usr/bin/zstd --version
        trap "trap - TERM" TERM
        : >begun
        while :; do sleep 0.01; done'
    make_endless_tree
    start zlsnap create endless layer >created 2>errors
    wait_until test -e begun
    kill -TERM "$driver"
    assert_ends 143
}

@test "Ctrl-Z stops the pipe too, and fg goes on" {
    start_create
    kill -s TSTP "$driver"
    wait_until equal 4 stages_in T
    sleep 0.2
    local before
    before=$(stat -c %s .layer.zlsnap-*/layer)
    sleep 0.3
    assert_equal "$(stat -c %s .layer.zlsnap-*/layer)" "$before"
    kill -s CONT "$driver"
    wait_until equal 0 stages_in T
    kill -s TERM "$driver"
    assert_ends 143
}

# equal TEXT COMMAND...: whether the command prints just that.
equal() {
    [ "$("${@:2}")" = "$1" ]
}

# stages_in STATE: how many stages are in the state, a letter of ps.
stages_in() {
    stages | awk '{ print $1 }' | xargs ps -o stat= -p | grep -c "^$1"
}

@test "Ctrl-C at a terminal ends the whole pipe" {
    requires_command script
    make_endless_tree
    mkfifo keys
    start bash -c 'exec script -qec "exec zlsnap create endless layer" /dev/null <keys' >screen
    exec {keys}>keys
    wait_until exists_like '.layer.zlsnap-*/layer'
    printf '\003' >&"$keys"
    wait_until none_survives
    exec {keys}>&-
    refute_leftovers .
    assert_equal "$(ls)" $'endless\nkeys\nscreen'
}

@test "a terminal that stops who writes from the background does not stop the pipe" {
    requires_command script
    made_once make_layer
    run -0 timeout 20 script -qec 'stty tostop; zlsnap list layer' /dev/null </dev/null
    assert_line --partial sub/numbers
}

@test "whichever stage of create is killed: status 1, one line, and nothing is left" {
    local stage
    for stage in '1 tarpack' '2 shasum-tee' '3 zstd' '4 shasum-tee'; do
        rm -rf endless
        start_create
        kill -s KILL "$(stages | sed -n "${stage% *} { s/^ *//; s/ .*//; p }")"
        assert_ends 1
        assert_equal "$(cat errors)" "zlsnap: ${stage#* } was killed by signal KILL"
        assert_equal "$(ls)" $'created\nendless\nerrors'
    done
}

@test "a killed stage of extract: no success, and nothing appears" {
    start_reading extract copy
    wait_until stages_are zstd tarunpack
    wait_until exists_like '.copy.zlsnap-*'
    kill -s KILL "$(stages | awk '/zstd/ { print $1 }')"
    assert_ends 1 # that tarunpack sees a stream that is cut, and says so, is a consequence
    assert_regex "$(cat errors)" 'zlsnap: zstd was killed by signal KILL'
    assert_not_exists copy
    exec {fifo}>&-

    rm -rf fifo tree
    start_reading extract copy
    wait_until exists_like '.copy.zlsnap-*'
    pkill -KILL -P "$(stages | awk '/tarunpack/ { print $1 }')"
    end_reading
    assert_ends 1
    assert_not_exists copy
}

@test "a tarunpack that is killed leaves no process, and nothing under the name of the directory" {
    start_reading extract copy
    wait_until stages_are zstd tarunpack
    wait_until exists_like '.copy.zlsnap-*'
    kill -s KILL "$(stages | awk '/tarunpack/ { print $1 }')"
    local status=0
    end_reading
    wait "$driver" || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat errors)" 'zlsnap: tarunpack was killed by signal KILL'
    wait_until none_survives
    assert_not_exists copy
}

@test "where the shell of the pipe is killed, the pipe ends too" {
    start_create
    kill -s KILL "$(pgrep -n -P "$driver")"
    assert_ends 1
    assert_equal "$(cat errors)" 'zlsnap: the pipe was killed by signal KILL'
}

# --------------------------------------------------------------------------- exit status

# assert_extract STATUS REGEX ZSTD TARUNPACK [OPTION...]: with programs that end with these statuses.
assert_extract() {
    fake zstd "$(ends_with "$3")"
    fake tarunpack "cat >/dev/null; $(ends_with "$4")"
    run "-$1" --separate-stderr zlsnap extract "${@:5}" layer copy
    assert_said "$2"
}

ends_with() {
    case $1 in
    KILL | TERM | PIPE) echo "kill -$1 \$\$" ;;
    *) echo "exit $1" ;;
    esac
}

@test "the exit status of extract is the gravest of the programs'" {
    made_once make_layer
    assert_extract 0 '^$' 0 0
    assert_extract 1 '^$' 0 1
    assert_extract 2 '^$' 0 2
    assert_extract 3 '^$' 0 3
    assert_extract 4 '^$' 0 4
    assert_extract 1 'tarunpack failed with status 5$' 0 5
    assert_extract 1 'tarunpack was killed by signal KILL$' 0 KILL
    assert_extract 1 'tarunpack was killed by signal TERM$' 0 TERM
    assert_extract 3 '^$' 1 3
    assert_extract 4 '^$' 1 4
    assert_extract 1 '^$' 4 1 # of ours only the statuses mean something
    assert_extract 1 'zstd was killed by signal KILL$' KILL 4
    assert_extract 1 'zstd was killed by signal KILL$' KILL 3
    assert_extract 1 'zstd failed with status 104$' 104 4
    assert_extract 1 'zstd was killed by signal KILL$' KILL 0 --no-verify
    assert_extract 4 '^$' 70 4
    assert_extract 3 '^$' PIPE 3
    assert_extract 1 '^$' PIPE 1
    assert_extract 0 'warning: layer: zstd failed' 1 0
    assert_extract 3 'zstd failed' 1 0 --no-verify
    assert_extract 0 '^$' 0 0 --no-verify
}

@test "a warning is not said with -q, and what is no warning is" {
    made_once make_layer
    assert_extract 0 '^$' 1 0 -q
    assert_extract 3 'zstd failed' 1 0 -q --no-verify
}

# assert_create STATUS REGEX TARPACK SHASUM-TEE ZSTD
assert_create() {
    fake tarpack "$(ends_with "$3")"
    fake shasum-tee "$(ends_with "$4")"
    fake zstd "$(ends_with "$5")"
    run "-$1" --separate-stderr zlsnap create tree layer
    assert_said "$2"
    assert_output ''
    assert_equal "$(ls -A)" tree
}

@test "the exit status of create is the gravest of the programs'" {
    mkdir tree
    assert_create 1 'left no tar.digest' 0 0 0
    assert_create 1 '^$' 1 0 0
    assert_create 2 '^$' 2 0 0
    assert_create 2 '^$' 2 1 1
    assert_create 1 'zstd failed with status 11' 0 0 11
    assert_create 1 '^$' PIPE 1 70
    assert_create 1 'zstd was killed by signal KILL' PIPE PIPE KILL
    assert_create 1 'the output of tarpack was not read to its end' PIPE 0 0
    assert_create 1 'the output of zstd was not read to its end' 0 0 70
    assert_create 1 'tarpack failed with status 99' 99 0 0
}

@test "the exit status of digest is the gravest of the programs', and no digest is printed then" {
    mkdir tree
    fake tarpack 'exit 1'
    run -1 --separate-stderr zlsnap digest tree
    assert_output ''
    fake tarpack 'kill -KILL $$'
    run -1 --separate-stderr zlsnap digest tree
    assert_one_line 'tarpack was killed by signal KILL'
    assert_output ''
}

@test "a reader of the list that has seen enough is no error to speak of" {
    made_once make_layer
    mkdir many
    (cd many && seq --format="$(printf 'x%.0s' {1..240})%g" 600 | xargs touch)
    zlsnap create many layer >/dev/null
    run -0 --separate-stderr bash -c 'zlsnap list --names layer | head -n 1; echo "${PIPESTATUS[0]}"'
    assert_output $'./\n141'
    assert_stderr 0 ''
}

@test "where SIGPIPE is ignored the statuses are the same" {
    made_once make_layer
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    run -4 bash -c 'trap "" PIPE; zlsnap extract layer copy'
    run -4 bash -c 'trap "" PIPE; zlsnap verify layer'
    mkdir full
    touch full/file
    run -1 bash -c 'trap "" PIPE; zlsnap extract layer full'
    bash -c 'trap "" PIPE; zlsnap create tree layer' >/dev/null
    zlsnap verify layer
    run -1 bash -c 'trap "" PIPE; zlsnap create nowhere layer'
    refute_leftovers .
}

@test "standard input is left alone" {
    made_once make_layer
    run -0 bash -c 'echo mine | { zlsnap verify -q layer; zlsnap extract layer copy;
        zlsnap create tree layer >/dev/null; cat; }'
    assert_output mine
    fake tarpack "cat; exec '$ZLSNAP_BIN/tarpack' \"\$@\""
    run -0 bash -c 'echo mine | { zlsnap digest tree >/dev/null; cat; }'
    assert_output mine
}
