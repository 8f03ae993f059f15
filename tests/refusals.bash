# Functions for gate.bats, badinput.bats and hostile.bats: `load refusals` after `load helpers`.

# refused STATUS LINE COMMAND...: the command fails with STATUS, prints nothing on standard output and one line
# on standard error that matches the pattern LINE.
refused() {
    local expected=$1 line=$2 status=0
    shift 2
    "$@" >"$BATS_TEST_TMPDIR/.stdout" 2>"$BATS_TEST_TMPDIR/.stderr" || status=$?
    assert_refusal "$line" && assert_equal "$status" "$expected" &&
        assert_equal "$(cat "$BATS_TEST_TMPDIR/.stdout")" ''
}

# assert_refusal LINE: the standard error that `refused` read is this one line with its newline.
assert_refusal() {
    local stderr
    stderr=$(cat "$BATS_TEST_TMPDIR/.stderr" && echo .)
    # shellcheck disable=SC2053 # a pattern
    [[ $stderr == $1$'\n.' && $stderr != *$'\n'*$'\n'* ]] ||
        batslib_print_kv_multi expected "$1" actual "${stderr%.}" |
        batslib_decorate 'standard error differs' | fail
}

# facts DIR: prints the stat data, with change times, of DIR and everything below it. Equal facts before and
# after mean that nothing changed. An absent DIR has none.
facts() {
    [ ! -e "$1" ] ||
        find "$1" -printf '%P %y %i %n %#m %U:%G %s %T@ %C@ %l\n' | LC_ALL=C sort
}

# staged TARGET: its staging directory exists and is locked.
staged() {
    local name
    for name in "$(dirname "$1")/.$(basename "$1").zlsnap-"??????; do
        [ -e "$name/tree" ] && return
    done
    return 1
}

# held_as TARGET COMMAND...: starts a command that unpacks to TARGET in the background. Its standard input
# continues until `let_go`. Sets $held to its process id; the file `held` has its output.
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

# held TARGET OPTION...: likewise with tarunpack. Background commands of a shell ignore SIGINT and SIGQUIT.
held() {
    held_as "$1" env --default-signal=INT,QUIT tarunpack --no-sync "$@"
    wait_until child_of "$held"
}

# let_go: ends the input of `held`, waits for it and sets $status.
let_go() {
    status=0
    exec 9>&-
    wait "$held" || status=$?
}

# without_reader COMMAND...: runs it with a pipe without a reader as standard output.
without_reader() {
    exec 8> >(:)
    wait $!
    "$@" >&8
}
