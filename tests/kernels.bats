# Kernels without a system call that the programs use, and containers whose seccomp filter forbids it: the programs
# use another call with the same result, or print one line that says what they need. strace injects the errors.
# shellcheck disable=SC2154 # bats' stderr

load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p tree/dir/deep
    seq 20000 >tree/dir/file
    ln tree/dir/file tree/dir/deep/hard
    ln -s ../file tree/dir/deep/symbolic
    mkfifo tree/fifo
    truncate -s 300000 tree/hole
    echo end >>tree/hole
    touch -d @1000000000.123456789 tree/dir/file tree/dir
    tarpack tree >layer.tar
    zstd -q layer.tar
    tarpack --manifest tree >manifest
}

setup() {
    requires_command strace
    cd "$BATS_TEST_TMPDIR" || return
    ORIGINAL=$BATS_FILE_TMPDIR
}

# answering CALL ERROR COMMAND...: runs the command; all CALLs fail with ERROR.
answering() {
    local call=$1 error=$2
    shift 2
    strace -f --seccomp-bpf -qq -o /dev/null -e trace="$call" -e inject="$call:error=$error" "$@"
}

# unpack_answered CALL ERROR OPTION...: likewise, tarunpack with the archive and the directory "target".
unpack_answered() {
    local call=$1 error=$2
    shift 2
    answering "$call" "$error" tarunpack "$@" target <"$ORIGINAL/layer.tar"
}

# stand: makes "target" a directory with a file.
stand() {
    rm -rf target
    mkdir target
    echo old >target/old
}

# --------------------------------------------------------------------------- required

@test "without openat2 tarunpack fails, and names the first kernel that has it" {
    local option
    stand
    for option in '' --replace --merge --clean; do
        run -1 --separate-stderr unpack_answered openat2 ENOSYS ${option:+"$option"}
        assert_equal "$stderr" 'tarunpack: the kernel has no openat2(2): Linux 5.6 or later is needed'
    done
    assert_equal "$(ls -A target)" old
    refute_leftovers .
}

@test "if a filter forbids openat2, tarunpack fails and names seccomp" {
    local option
    stand
    for option in '' --replace --merge --clean; do
        run -1 --separate-stderr unpack_answered openat2 EPERM ${option:+"$option"}
        assert_equal "$stderr" "tarunpack: openat2(2) is not permitted;\
 the container's seccomp profile must allow it"
    done
    assert_equal "$(ls -A target)" old
    refute_leftovers .
}

@test "listing, packing and hashing do not need openat2" {
    answering openat2 ENOSYS tarunpack --manifest <"$ORIGINAL/layer.tar" | cmp - "$ORIGINAL/manifest"
    answering openat2 ENOSYS tarpack "$ORIGINAL/tree" | cmp - "$ORIGINAL/layer.tar"
    answering openat2 ENOSYS shasum-tee --zstd -o digests <"$ORIGINAL/layer.tar.zst" >copy
    cmp copy "$ORIGINAL/layer.tar.zst"
}

@test "--replace fails if the kernel or the file system can't exchange directories" {
    local error
    for error in EINVAL ENOSYS; do
        stand
        run -1 --separate-stderr unpack_answered renameat2 $error --replace
        assert_equal "$stderr" "tarunpack: target: not replaced: the file system cannot exchange\
 directories"
        assert_equal "$(ls -A target)" old
    done
    refute_leftovers .
}

# --------------------------------------------------------------------------- optional

@test "without Landlock the tree is unpacked unconfined, and -v says why" {
    local case call=landlock_create_ruleset
    for case in \
        "ENOSYS:the kernel does not have it; Linux 5.19 or later, built with it, is needed" \
        "EOPNOTSUPP:disabled in the kernel; see the boot parameter lsm=" \
        'EPERM:Operation not permitted'; do
        rm -rf target
        run -0 --separate-stderr unpack_answered $call "${case%%:*}"
        assert_equal "$stderr" ''
        compare_trees "$ORIGINAL/tree" target
        rm -r target
        run -0 --separate-stderr unpack_answered $call "${case%%:*}" -v
        assert_equal "$stderr" "tarunpack: not confined by Landlock: ${case#*:}"
    done
}

@test "without Landlock -tv prints only the list" {
    local call=landlock_create_ruleset
    run -0 --separate-stderr answering $call ENOSYS tarunpack -tv <"$ORIGINAL/layer.tar"
    assert_equal "$stderr" ''
    assert_equal "$output" "$(tarunpack -tv <"$ORIGINAL/layer.tar")"
    run -0 --separate-stderr answering $call ENOSYS tarunpack --manifest -v <"$ORIGINAL/layer.tar"
    assert_equal "$stderr" "tarunpack: not confined by Landlock: the kernel does not have it;\
 Linux 5.19 or later, built with it, is needed"
}

@test "with a Landlock that does not support links the tree is unpacked unconfined, and -v says why" {
    run -0 --separate-stderr strace -f --seccomp-bpf -qq -o calls -e trace=/landlock \
        -e inject=landlock_create_ruleset:retval=1 tarunpack -v target <"$ORIGINAL/layer.tar"
    assert_equal "$stderr" "tarunpack: not confined by Landlock: the kernel's version of it is too\
 old; Linux 5.19 or later is needed"
    assert_equal "$(grep -c landlock calls)" 1
    compare_trees "$ORIGINAL/tree" target
}

@test "if landlock_restrict_self fails, the tree is unpacked unconfined, and -v says why" {
    run -0 --separate-stderr unpack_answered landlock_restrict_self E2BIG -v
    assert_equal "$stderr" 'tarunpack: not confined by Landlock: Argument list too long'
    compare_trees "$ORIGINAL/tree" target
}

# landlock_version: prints the kernel's Landlock version, 0 without Landlock.
landlock_version() {
    strace -f --seccomp-bpf -qq -o version -e trace=landlock_create_ruleset tarunpack --list \
        <"$ORIGINAL/layer.tar" >/dev/null
    sed -n 's/.*VERSION) = \([0-9]*\).*/\1/p' version | grep . || echo 0
}

# out_of_reach VERSION: prints the output of tests/preload/probe.c in a sandbox of this version.
out_of_reach() {
    local net='Permission denied' scoped='Operation not permitted'
    [ "$1" -ge 4 ] || net='done'
    [ "$1" -ge 6 ] || scoped='done'
    echo "probe: connect: ${net/done/Connection refused}"
    echo "probe: bind: $net"
    echo "probe: abstract: $scoped"
    echo "probe: signal: $scoped"
}

# probed COMMAND...: prints the messages of COMMAND.
probed() {
    "$@" <"$ORIGINAL/layer.tar" 2>&1 >/dev/null
}

@test "Landlock also prevents TCP, signals and abstract sockets, if its version supports it" {
    local library=$ZLSNAP_PRELOAD/probe.so kernel version command
    kernel=$(landlock_version)
    for command in '--list' '-j 1 target'; do
        # shellcheck disable=SC2086 # words
        assert_equal "$(probed env LD_PRELOAD="$library" tarunpack $command)" "$(out_of_reach "$kernel")"
        rm -rf target
        # Older versions get fewer restrictions.
        for ((version = 2; version <= kernel; version++)); do
            # shellcheck disable=SC2086
            assert_equal "$version: $(probed strace -f --seccomp-bpf -qq -o /dev/null -E LD_PRELOAD="$library" \
                -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:retval=$version:when=1 \
                tarunpack $command)" "$version: $(out_of_reach "$version")"
            rm -rf target
        done
        # shellcheck disable=SC2086
        assert_equal "$(probed answering landlock_create_ruleset ENOSYS env LD_PRELOAD="$library" \
            tarunpack $command)" "$(out_of_reach 0)"
        rm -rf target
    done
}

@test "if Landlock fails for lack of memory or descriptors, nothing is unpacked or listed" {
    local error text command
    [ "$(landlock_version)" -ge 2 ] || skip 'needs Landlock version 2 in the kernel'
    for error in 'ENOMEM:Cannot allocate memory' 'EMFILE:Too many open files' \
        'ENFILE:Too many open files in system'; do
        text="tarunpack: cannot confine the process with Landlock: ${error#*:}"
        for command in --list target '--replace target' '--merge .'; do
            # shellcheck disable=SC2086 # words
            run -1 strace -f --seccomp-bpf -qq -o /dev/null -e trace=landlock_create_ruleset \
                -e inject=landlock_create_ruleset:error="${error%:*}":when=2 tarunpack $command \
                <"$ORIGINAL/layer.tar"
            assert_output "$text"
            assert_equal "$(ls -A)" version
        done
    done
}

@test "tarunpack makes the same tree without optional system calls" {
    local call error option
    for call in statx sync_file_range sched_getaffinity clone3 madvise capget prctl fadvise64 faccessat2; do
        for error in ENOSYS EPERM; do
            for option in '' --replace --merge; do
                rm -rf target
                [ -z "$option" ] || mkdir target
                run -0 --separate-stderr unpack_answered $call $error --no-sync ${option:+"$option"}
                assert_equal "$stderr" ''
                compare_trees "$ORIGINAL/tree" target
            done
        done
    done
}

@test "tarpack writes the same archive without optional system calls" {
    local call error
    for call in preadv2 fadvise64 sched_getaffinity capget lseek; do
        for error in ENOSYS EPERM EOPNOTSUPP; do
            answering $call $error tarpack -j 2 "$ORIGINAL/tree" 2>errors | cmp - "$ORIGINAL/layer.tar"
            assert_equal "$(cat errors)" ''
        done
    done
}

@test "a tree with a read-only root is published also if renameat2 supports no flags" {
    local error
    mkdir read-only ours
    touch read-only/file
    chmod 555 read-only
    tarpack read-only >read-only.tar
    chmod 777 . ours
    for error in EINVAL ENOSYS; do
        as_user strace -f --seccomp-bpf -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:error=$error \
            tarunpack -q "ours/$error" <read-only.tar
        assert_equal "$(stat -c %a "ours/$error")" 555
        assert_exists "ours/$error/file"
    done
    refute_leftovers ours
    chmod 755 read-only ours/* # so that bats can remove them
}
