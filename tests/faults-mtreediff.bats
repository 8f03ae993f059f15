# mtreediff with failing system calls and allocations; see faults.bash.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load faultfiles

# make_delta: makes old.mtree, new.mtree, which has a renamed directory, and new.delta.
make_delta() {
    cp "$FILES/manifest" old.mtree
    sed 's,\./dir\b,./d,g; /fifo/s/uid=0/uid=5/' old.mtree >new.mtree
    mtreediff old.mtree new.mtree >new.delta
    prepare() { :; }
}

# made FILE: the run failed with a message, or its output is this file.
made() {
    case $status in
    0) cmp -s out "$1" ;;
    1) says mtreediff ;;
    *) false ;;
    esac
}

@test "faults: mtreediff, every system call and every allocation" {
    requires_command strace
    make_delta
    judge() { made new.delta; }
    each_call_fails mtreediff old.mtree new.mtree
    each_allocation_fails mtreediff old.mtree new.mtree
}

@test "faults: mtreediff --apply, every system call and every allocation" {
    requires_command strace
    make_delta
    judge() { made new.mtree; }
    input=$PWD/new.delta
    each_call_fails mtreediff --apply old.mtree
    each_allocation_fails mtreediff --apply old.mtree
}

@test "faults: mtreediff --format, every system call and every allocation" {
    requires_command strace
    make_delta
    mtreediff --format=json old.mtree new.mtree >wanted
    judge() { made wanted && { ((status != 0)) || [ -s counts ]; }; }
    each_call_fails mtreediff --format=json --summary=counts old.mtree new.mtree
    each_allocation_fails mtreediff --format=json --summary=counts old.mtree new.mtree
}
