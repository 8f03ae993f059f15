# tarpack --contents: every system call fails once, and every allocation: the contents are right, or there is an
# error. FAULTS=all tries all of them, not a sample.
#
# Each test sets its own variables, and tests/faults.bash calls its functions.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load packs

# The tree has files in packs, new ones, large ones that are known and one that is not.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p tree/d good
    seq 100 >tree/known
    seq 250000 >tree/known-large
    seq 99 >tree/d/changed
    truncate -s 1100000 tree/hole
    tarpack --manifest=time --contents=3 --chunks=good/last tree 3>stream >/dev/null
    mkdir good/packs
    tarstore good/packs <stream >/dev/null
    sleep 2.1 # the cache does not record files that are newer than two seconds
    tarpack --manifest=time --cache=good/cache --known=good/packs --contents=3 --chunks=good/last tree \
        3>/dev/null >/dev/null
    seq 98 >tree/d/changed
    seq 260000 >tree/new-large
    tarpack --manifest=time tree >manifest
    tarpack --manifest=time --contents=3 --chunks=chunks --known=good/packs tree 3>stream >/dev/null
}

setup() {
    requires_root
    FILES=$BATS_FILE_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return
    enter_memory
    input=/dev/null
    prepare() {
        rm -rf work
        cp -a "$FILES/good" work
        exec 9>stream
    }
    # With status 1 the cache is the old one; else what it says is right.
    judge() {
        exec 9>&-
        [[ $(entries work) =~ ^cache(\ chunks)?\ last\ packs$ ]] || return
        case $status in
        0) cmp -s out "$FILES/manifest" && cmp -s work/chunks "$FILES/chunks" && cmp -s stream "$FILES/stream" &&
            tarpack --manifest=time --cache=work/cache "$FILES/tree" 2>/dev/null | cmp -s - "$FILES/manifest" ;;
        1) says tarpack && cmp -s work/cache "$FILES/good/cache" ;;
        *) false ;;
        esac
    }
}

@test "faults: tarpack --contents, every system call" {
    requires_command strace
    each_call_fails tarpack -q -j 1 --manifest=time --cache=work/cache --known=work/packs --known-chunks=work/last \
        --contents=9 --chunks=work/chunks "$FILES/tree"
}

@test "faults: tarpack --contents, every allocation" {
    each_allocation_fails tarpack -q -j 1 --manifest=time --cache=work/cache --known=work/packs \
        --known-chunks=work/last --contents=9 --chunks=work/chunks "$FILES/tree"
}

@test "faults: tarpack --contents with a second thread, every allocation, and no thread" {
    requires_command strace
    each_allocation_fails tarpack -q -j 2 --manifest=time --cache=work/cache --known=work/packs \
        --known-chunks=work/last --contents=9 --chunks=work/chunks "$FILES/tree"
    these_calls_fail clone3:EAGAIN openat:EMFILE -- \
        tarpack -q -j 2 --manifest=time --cache=work/cache --known=work/packs --known-chunks=work/last \
        --contents=9 --chunks=work/chunks "$FILES/tree"
}
