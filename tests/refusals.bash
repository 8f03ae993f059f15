# What gate.bats, badinput.bats and hostile.bats share: `load refusals` behind `load helpers`.

# refused STATUS LINE COMMAND...: the command fails so, prints nothing on standard output and this
# one line on standard error. LINE is a pattern, in which * stands for whatever differs.
refused() {
    local expected=$1 line=$2 status=0
    shift 2
    "$@" >"$BATS_TEST_TMPDIR/.stdout" 2>"$BATS_TEST_TMPDIR/.stderr" || status=$?
    assert_refusal "$line" && assert_equal "$status" "$expected" &&
        assert_equal "$(cat "$BATS_TEST_TMPDIR/.stdout")" ''
}

# assert_refusal LINE: what `refused` found on standard error is that, one line, with its end.
assert_refusal() {
    local stderr
    stderr=$(cat "$BATS_TEST_TMPDIR/.stderr" && echo .)
    # shellcheck disable=SC2053 # a pattern
    [[ $stderr == $1$'\n.' && $stderr != *$'\n'*$'\n'* ]] ||
        batslib_print_kv_multi expected "$1" actual "${stderr%.}" |
        batslib_decorate 'standard error differs' | fail
}

# facts DIR: all that stat tells of it and of what is below, the times of change included. Equal
# facts before and after mean that nothing was touched. An absent DIR has none.
facts() {
    [ ! -e "$1" ] ||
        find "$1" -printf '%P %y %i %n %#m %U:%G %s %T@ %C@ %l\n' | LC_ALL=C sort
}

# staged TARGET: there is a staging directory for it, made and locked.
staged() {
    local name
    for name in "$(dirname "$1")/.$(basename "$1").zlsnap-"??????; do
        [ -e "$name/tree" ] && return
    done
    return 1
}

# held_as TARGET COMMAND...: starts a command, which unpacks to TARGET, in the background on a
# standard input that goes on until `let_go`. Its process is $held; what it prints is in the file
# `held`.
held_as() {
    local target=$1
    shift
    rm -f input
    mkfifo -m 666 input
    "$@" <input >held 2>&1 3>&- &
    held=$!
    exec 9>input
    wait_until staged "$target"
}

# held TARGET OPTION...: the same with tarunpack. The shell has commands in the background ignore
# SIGINT and SIGQUIT.
held() {
    held_as "$1" env --default-signal=INT,QUIT tarunpack --no-sync "$@"
}

# let_go: ends the input of `held`, and waits for it; its status is left in $status.
let_go() {
    status=0
    exec 9>&-
    wait "$held" || status=$?
}

# without_reader COMMAND...: runs it with standard output into a pipe that nobody reads.
without_reader() {
    exec 8> >(:)
    wait $!
    "$@" >&8
}

# child_of PID: the process that it started.
child_of() {
    pgrep -P "$1"
}

# is_gone PID: the process has ended, whether or not its parent has looked.
is_gone() {
    local state
    state=$(ps -o stat= -p "$1") || true
    [[ $state == '' || $state == Z* ]]
}
