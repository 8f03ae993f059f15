#!/usr/bin/env bats
# tarunpack refuses what readers of tar see differently: GNU tar, libarchive (bsdtar), Python, BusyBox and node-tar,
# as far as this machine has them. What it accepts, all of them see alike.

load helpers

setup_file() {
    requires_command python3
    "$PROJECT/tests/data/make-differentials" "$BATS_FILE_TMPDIR/archives"
}

# compare WHICH: see differentials.py.
compare() {
    run -0 "$PROJECT/tests/differentials.py" "$1" "$BATS_FILE_TMPDIR/archives"
    assert_output ''
}

@test "what readers see differently is refused with its reason" {
    compare refused
}

@test "what is accepted, all readers see alike" {
    compare accepted
}

@test "the readers of Debian are compared" {
    requires_command busybox bsdtar
    run -0 /usr/bin/python3 -B -c '
import sys
sys.path.insert(0, sys.argv[1])
import readers
print(*sorted(readers.present()))' "$PROJECT/tests"
    assert_output 'bsdtar busybox gnu python'
}
