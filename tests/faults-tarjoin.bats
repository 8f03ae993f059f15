# tarjoin: every system call fails once, and every allocation: the tar is right, or there is an error, and the tar
# has no end. FAULTS=all tries all of them, not a sample. Also the sandbox, which is tried with a preloaded library.
#
# Each test sets its own variables, and tests/faults.bash calls its functions.
# shellcheck disable=SC2034,SC2154,SC2317

load helpers
load faults
load packs

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR" || return
    enter_memory
    mkdir -p tree/a packs
    seq 30000 >tree/a/numbers
    head -c 2000000 /dev/urandom >tree/a/large
    ln tree/a/large tree/link
    ln tree/a/numbers tree/numbers
    tarpack --manifest=time --contents=3 --chunks=chunks tree 3>&1 >manifest |
        tarstore --no-sync --pack-size=1 packs >/dev/null
    input=$PWD/manifest
    prepare() {
        :
    }
    tarpack tree >expected
    # The tar has an end only if nothing but its last write or close failed.
    is_closed() {
        grep -q '^tarjoin: write error' errors && cmp -s out expected
    }
    judge() {
        case $status in
        0) cmp -s out expected ;;
        1) says tarjoin && { ! tarunpack --list <out >/dev/null 2>&1 || is_closed; } ;;
        *) false ;;
        esac
    }
}

@test "faults: tarjoin, every system call" {
    requires_command strace
    each_call_fails tarjoin -j 1 --packs=packs --chunks=chunks
}

@test "faults: tarjoin, every allocation" {
    each_allocation_fails tarjoin -j 1 --packs=packs --chunks=chunks
}

@test "faults: tarjoin with threads, calls of the threads" {
    requires_command strace
    these_calls_fail openat:EMFILE pread64:EIO write:EIO clone3:EAGAIN newfstatat:EIO fstat:EIO -- \
        tarjoin -j 3 --packs=packs --chunks=chunks
}

@test "faults: tarjoin with threads, every allocation" {
    each_allocation_fails tarjoin -j 3 --packs=packs --chunks=chunks
}

@test "faults: tarjoin --path, every system call and every allocation" {
    requires_command strace
    tarjoin --packs=packs --chunks=chunks --path=link --path=numbers <manifest >expected
    each_call_fails tarjoin -j 1 --packs=packs --chunks=chunks --path=link --path=numbers
    each_allocation_fails tarjoin -j 1 --packs=packs --chunks=chunks --path=link --path=numbers
}

@test "faults: tarjoin --needs, every system call and every allocation" {
    requires_command strace
    tarjoin --indexes=packs --chunks=chunks --needs <manifest >expected
    judge() {
        case $status in
        0) cmp -s out expected ;;
        1) says tarjoin ;;
        *) false ;;
        esac
    }
    each_call_fails tarjoin --indexes=packs --chunks=chunks --needs
    each_allocation_fails tarjoin --indexes=packs --chunks=chunks --needs
}

@test "faults: tarjoin --path, calls that copy a manifest from a pipe" {
    requires_command strace
    tarjoin --packs=packs --chunks=chunks --path=link <manifest >expected
    mkfifo fifo
    input=$PWD/fifo
    prepare() {
        cat manifest >fifo 2>/dev/null &
    }
    these_calls_fail dup3:EIO openat:EMFILE write:ENOSPC lseek:EIO read:EIO -- \
        tarjoin -j 1 --packs=packs --chunks=chunks --path=link
}

@test "faults: tarjoin, short and interrupted reads and writes" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    local jobs
    for jobs in 1 3; do
        LD_PRELOAD=$ZLSNAP_PRELOAD/short.so tarjoin -j $jobs --packs=packs --chunks=chunks <manifest | cmp - expected
    done
}

@test "tarjoin: with Landlock, nothing outside of the packs can be read" {
    requires_landlock
    ! is_sanitized || skip 'needs a build without sanitizers'
    local jobs
    mkdir -p outside/directory
    touch outside/file
    for jobs in 1 3; do
        FAULTS_ESCAPE=$PWD/outside LD_PRELOAD=$ZLSNAP_PRELOAD/escape.so \
            tarjoin -j $jobs --packs=packs --chunks=chunks <manifest | cmp - expected
    done
    mkdir indexes
    mv packs/*.index indexes
    FAULTS_ESCAPE=$PWD/outside LD_PRELOAD=$ZLSNAP_PRELOAD/escape.so \
        tarjoin --packs=packs --indexes=indexes --chunks=chunks <manifest | cmp - expected
    assert_equal "$(find outside | sort | tr '\n' ' ')" 'outside outside/directory outside/file '
}
