# All programs: close(2) fails, reads and writes are short or interrupted.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load faultfiles

# unclosed FILE PROGRAM OPTION...: close(2) of FILE, or of standard output, fails. Some file systems report lost
# data only there.
unclosed() {
    local file=$1
    shift
    rm -f out file
    : >"$file"
    run -1 --separate-stderr bash -c 'input=$1 file=$2 && shift 2 && exec strace -f -qq -o /dev/null \
        -P "$file" -e trace=close -e inject=close:error=EIO "$@" <"$input" >out' - \
        "$input" "$PWD/$file" "$@"
    # shellcheck disable=SC2154 # set by run
    assert_regex "$stderr" "^$1: [^"$'\n'"]*: I(nput)?/(output|O) error\$"
}

@test "faults: a failed close is an error" {
    requires_command strace
    unclosed out tarpack "$FILES/tree"
    unclosed out tarpack --manifest "$FILES/tree"
    unclosed file tarpack --summary=file "$FILES/tree"
    input=$FILES/layer.tar
    unclosed out shasum-tee
    unclosed file shasum-tee -o file
    unclosed out tarunpack --list
    unclosed out tarunpack --list --manifest
    unclosed file tarunpack --list --summary=file
    unclosed file tarunpack --summary=file work/target
    unclosed out tarpack --help
}

# disturbed COMMAND...: standard input arrives slowly in pieces, and reads and writes are short.
disturbed() {
    LD_PRELOAD=$ZLSNAP_PRELOAD/short.so "$@"
}

# interrupted COMMAND...: every second of these calls in each process fails with EINTR, but not the first calls,
# which are the loader's.
interrupted() {
    strace -f -qq -o /dev/null -e inject=read,pread64:error=EINTR:when=11+2 \
        -e inject=preadv2,write,pwrite64,poll,rt_sigtimedwait:error=EINTR:when=1+2 "$@"
}

@test "faults: short reads and writes do not change the result" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    disturbed tarpack "$FILES/tree" | disturbed shasum-tee -o digest | cat >out
    cmp out "$FILES/layer.tar"
    assert_equal "$(cut -c1-64 digest)" "$digest"
    dd if=out bs=1M status=none | disturbed tarunpack --expect="$digest" work/target
    compare_trees "$FILES/tree" work/target
}

@test "faults: interrupted system calls do not change the result" {
    requires_command strace
    interrupted tarpack "$FILES/tree" | interrupted shasum-tee -o digest | cat >out
    cmp out "$FILES/layer.tar"
    assert_equal "$(cut -c1-64 digest)" "$digest"
    dd if=out bs=1M status=none | interrupted tarunpack --expect="$digest" work/target
    compare_trees "$FILES/tree" work/target
}
