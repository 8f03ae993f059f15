#!/usr/bin/env bats
# zlsnap, or a process of one of its pipes, receives a signal.

load helpers
load driver

setup() {
    enter_work
}

# make_endless_tree: makes a tree that takes an hour to pack.
make_endless_tree() {
    mkdir endless
    truncate -s 8T endless/zeros
}

# start_create: starts to create "layer" from an endless tree, and returns when the layer is being written.
start_create() {
    make_endless_tree
    start zlsnap create endless layer >created 2>errors
    wait_until stages_are tarpack shasum-tee zstd shasum-tee
    wait_until exists_like '.layer.zlsnap-*/layer'
}

# start_reading COMMAND [DIR]: starts to extract, verify or list a layer from a fifo, and returns after writing
# half of the layer into it.
start_reading() {
    local digest
    made_once make_layer
    digest=$(jq -r .digest layer.json)
    mkfifo fifo
    start zlsnap "$1" -e "$digest" fifo "${@:2}" >output 2>errors
    exec {fifo}>fifo
    head -c "$(($(stat -c %s layer) / 2))" layer >&"$fifo"
}

# end_reading: writes the other half.
end_reading() {
    tail -c +"$(($(stat -c %s layer) / 2 + 1))" layer >&"$fifo" || true
    exec {fifo}>&-
}

# stages: prints the processes in the pipe of $driver in their order, as "PID NAME", without tarunpack's child.
# shellcheck disable=SC2154
stages() {
    local shell process name
    shell=$(child_of "$driver") && for process in $(child_of "${shell##*$'\n'}"); do
        ! read -r name <"/proc/$process/comm" || echo "$process $name"
    done 2>/dev/null
}

stages_are() {
    [ "$(stages | awk '{ print $2 }' | xargs)" = "$*" ]
}

# assert_ends STATUS: the driver exits with STATUS within a second. None of its processes and files remain.
assert_ends() {
    local before=$EPOCHREALTIME status=0 milliseconds
    wait "$driver" || status=$?
    milliseconds=$(((${EPOCHREALTIME/./} - ${before/./}) / 1000))
    assert_equal "$status" "$1"
    assert [ "$milliseconds" -lt 1000 ]
    # Its orphans may take longer.
    wait_until none_survives
    refute_leftovers .
}

@test "a signal ends create at once, and no files remain" {
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

@test "unusual signals end create, too" {
    local signal
    for signal in USR1 USR2 ALRM VTALRM PROF XCPU; do
        rm -rf endless
        start_create
        (ulimit -c 0 && kill -s "$signal" "$driver")
        assert_ends $((128 + $(kill -l "$signal")))
        assert_equal "$(ls)" $'created\nendless\nerrors'
    done
}

@test "kill -9 of zlsnap ends the pipe, and nothing is published" {
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
    refute exists_like '.copy.zlsnap-*' # removed by tarunpack, which was not killed
}

# As `timeout -s KILL` and `kill -9 %1` do.
@test "kill -9 of zlsnap's process group ends the pipe, and nothing is published" {
    mkdir tree
    head -c 3M /dev/urandom >tree/file
    zlsnap create -q tree layer >/dev/null
    mkfifo input
    exec {feed}<>input
    head -c 20000 layer >&"$feed"
    run timeout -s KILL 1 zlsnap extract -e "$(jq -r .digest layer.json)" - copy <input {feed}>&- 3>&-
    assert_equal "$status" 137
    wait_until eval '! exists_like ".copy.zlsnap-*"' # removed by tarunpack
    exec {feed}>&-
    assert_not_exists copy
}

@test "kill -9 while zlsnap waits for a lock or is stopped: nothing is published" {
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

@test "a signal during create keeps the old layer" {
    made_once make_layer
    cp layer before
    start_create
    kill -s TERM "$driver"
    assert_ends 143
    cmp layer before
    zlsnap verify layer
}

@test "a signal ends extract at once, and no files remain" {
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

@test "a signal ends verify, list, mtree and digest at once" {
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

@test "a signal ends create while it waits for another run to publish" {
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

@test "a signal at any moment leaves a complete layer or none" {
    local before microseconds round rounds=16 made=0
    [ "${FAULTS-}" != all ] || rounds=64
    export SOURCE_DATE_EPOCH=0 # makes LAYER.json reproducible
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
        assert_equal "$(<errors)" ''
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

@test "after a signal zlsnap waits for a slow pipe; a second signal ends the wait" {
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

@test "sends the signal again to a program that missed it during its start" {
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

@test "Ctrl-Z stops the pipe, and fg continues it" {
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

# equal TEXT COMMAND...: the command prints exactly TEXT.
equal() {
    [ "$("${@:2}")" = "$1" ]
}

# stages_in STATE: prints how many stages are in this state, a letter of ps.
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

@test "stty tostop does not stop the pipe" {
    requires_command script
    made_once make_layer
    run -0 timeout 20 script -qec 'stty tostop; zlsnap list layer' /dev/null </dev/null
    assert_line --partial sub/numbers
}

@test "any stage of create is killed: status 1, one line, and no files remain" {
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

@test "a stage of extract is killed: status 1, and nothing is published" {
    start_reading extract copy
    wait_until stages_are zstd tarunpack
    wait_until exists_like '.copy.zlsnap-*'
    kill -s KILL "$(stages | awk '/zstd/ { print $1 }')"
    assert_ends 1 # tarunpack may also report a truncated archive
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

@test "tarunpack is killed: no process remains, and nothing is published" {
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

@test "the pipe ends when its shell is killed" {
    start_create
    kill -s KILL "$(child_of "$driver" | tail -n 1)"
    assert_ends 1
    assert_equal "$(cat errors)" 'zlsnap: the pipe was killed by signal KILL'
}

# --------------------------------------------------------------------------- exit status

# assert_extract STATUS REGEX ZSTD TARUNPACK [OPTION...]: if zstd and tarunpack end with these statuses, extract
# ends with STATUS and a message that matches REGEX.
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

@test "extract has the most severe exit status of its programs" {
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
    assert_extract 1 '^$' 4 1 # status 4 has this meaning only for zlsnap's own programs
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

@test "extract with a progress line: a failure of shasum-tee is not one of zstd" {
    made_once make_layer
    fake shasum-tee 'cat; exit 1'
    assert_extract 1 '^$' 0 0 --progress=always
    assert_extract 1 '^$' 0 0 --progress=always --no-verify
    assert_extract 1 '^$' 1 0 --progress=always
    fake shasum-tee 'kill -PIPE $$'
    assert_extract 0 'warning: layer: zstd failed' 1 0 --progress=always
}

@test "-q hides warnings, but not errors" {
    made_once make_layer
    assert_extract 0 '^$' 1 0 -q
    assert_extract 3 'zstd failed' 1 0 -q --no-verify
}

# assert_create STATUS REGEX TARPACK SHASUM-TEE ZSTD: likewise for create.
assert_create() {
    fake tarpack "$(ends_with "$3")"
    fake shasum-tee "$(ends_with "$4")"
    fake zstd "$(ends_with "$5")"
    run "-$1" --separate-stderr zlsnap create tree layer
    assert_said "$2"
    assert_output ''
    assert_equal "$(ls -A)" tree
}

@test "create has the most severe exit status of its programs" {
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

@test "digest has tarpack's exit status, and prints no digest after a failure" {
    mkdir tree
    fake tarpack 'exit 1'
    run -1 --separate-stderr zlsnap digest tree
    assert_output ''
    fake tarpack 'kill -KILL $$'
    run -1 --separate-stderr zlsnap digest tree
    assert_one_line 'tarpack was killed by signal KILL'
    assert_output ''
}

@test "list prints no message when its reader has closed the pipe" {
    made_once make_layer
    mkdir many
    (cd many && seq --format="$(printf 'x%.0s' {1..240})%g" 600 | xargs touch)
    zlsnap create many layer >/dev/null
    run -0 --separate-stderr bash -c 'zlsnap list --names layer | head -n 1; echo "${PIPESTATUS[0]}"'
    assert_output $'./\n141'
    assert_stderr 0 ''
}

@test "the exit statuses are the same if SIGPIPE is ignored" {
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

@test "commands with files as operands do not read standard input" {
    made_once make_layer
    run -0 bash -c 'echo mine | { zlsnap verify -q layer; zlsnap extract layer copy;
        zlsnap create tree layer >/dev/null; cat; }'
    assert_output mine
    fake tarpack "cat; exec '$ZLSNAP_BIN/tarpack' \"\$@\""
    run -0 bash -c 'echo mine | { zlsnap digest tree >/dev/null; cat; }'
    assert_output mine
}
