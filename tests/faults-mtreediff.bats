# mtreediff: every system call fails once, and every allocation: the result is right, or there is an error.
# FAULTS=all tries all of them, not a sample.
#
# Each test sets its own variables, and tests/faults.bash calls its functions.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults

setup_file() {
    fault_files
    mv tree/dir tree/renamed
    seq 7 >tree/renamed/small
    tarpack --manifest tree >new
    mtreediff manifest new >new.delta
    mv tree/renamed tree/dir
}

setup() {
    fault_setup
    prepare() { :; }
}

# made FILE: the run failed with a message, or it made this file.
made() {
    case $status in
    0) cmp -s out "$1" ;;
    1) says mtreediff ;;
    *) false ;;
    esac
}

@test "faults: mtreediff, every system call and every allocation" {
    requires_command strace
    judge() { made "$FILES/new.delta"; }
    each_call_fails mtreediff "$FILES/manifest" "$FILES/new"
    each_allocation_fails mtreediff "$FILES/manifest" "$FILES/new"
}

@test "faults: mtreediff --apply, every system call and every allocation" {
    requires_command strace
    judge() { made "$FILES/new"; }
    input=$FILES/new.delta
    each_call_fails mtreediff --apply "$FILES/manifest"
    each_allocation_fails mtreediff --apply "$FILES/manifest"
}

@test "faults: mtreediff --format, every system call and every allocation" {
    requires_command strace
    mtreediff --format=json "$FILES/manifest" "$FILES/new" >wanted
    judge() { made wanted && { ((status != 0)) || [ -s counts ]; }; }
    each_call_fails mtreediff --format=json --summary=counts "$FILES/manifest" "$FILES/new"
    each_allocation_fails mtreediff --format=json --summary=counts "$FILES/manifest" "$FILES/new"
}
