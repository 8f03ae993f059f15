#!/usr/bin/env bats
# tests/run counts the results of all test files, even if one of them hangs or is killed.

load helpers
load driver

setup() {
    enter_work
    mkdir tmp
    given=()
    printf '@test "%s" { true; }\n' one two three >sound.bats
}

# suite FILE: writes standard input to FILE, with @test for TEST, since bats would find @test here.
suite() {
    sed 's/^TEST/@test/' >"$1"
}

# run_tests FILE...: runs tests/run without the variables of this bats, but with those in `given`.
run_tests() {
    env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" TMPDIR="$PWD/tmp" ZLSNAP_UNIT="$PWD" "${given[@]}" \
        "$PROJECT/tests/run" "${@/#/$PWD/}" 3>&-
}

# assert_nothing_left: no process, no directory, no mount.
assert_nothing_left() {
    assert_equal "$(ls -A tmp)" ''
    run -1 grep -F "$PWD/tmp" /proc/self/mountinfo
    assert_equal "$(waiting)" ''
}

# waiting: prints the processes that set LEFT.
waiting() {
    grep -lszx "LEFT=$PWD" /proc/[0-9]*/environ || :
}

# Makes a program with the output of a unit test.
unit_test() {
    printf '#!/bin/sh\n%s\n' "$2" >"$1"
    chmod +x "$1"
    : >"$1.c"
}

@test "a file that hangs is killed and named, with its processes and output, and its results are counted" {
    suite hangs.bats <<'END'
TEST "before" { true; }
TEST "fails before" { false; }
TEST "waits for ever" {
    export LEFT=${TMPDIR%/tmp/*}
    echo 'about to wait'
    if [ "$EUID" -eq 0 ]; then
        mkdir "$BATS_TEST_TMPDIR/a mount"
        mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/a mount"
    fi
    (setsid sleep 1001 3>&- >/dev/null 2>&1 &)
    env -i LEFT="$LEFT" sleep 1002
}
TEST "never begun" { true; }
END
    printf '@test "slow %s" { sleep 1; }\n' 1 2 3 4 >slow.bats
    given=(PATIENCE=3)
    run -1 run_tests hangs.bats slow.bats sound.bats
    assert_line --regexp '^ok 1 before '
    assert_line "failed: $PWD/hangs.bats: hangs in test 3 of 4, waits for ever"
    assert_line --regexp "^failed: $PWD/hangs.bats: 2 fails before"
    assert_line --regexp '^#  .* sleep 1001$'
    assert_line --regexp '^#  .* sleep 1002$'
    assert_line '#   about to wait'
    assert_line --regexp '^ok 4 slow 4 '
    assert_line '8 passed, 2 failed'
    assert_nothing_left
}

@test "a file that dies in the middle is a failure, and its results are counted" {
    suite dies.bats <<'END'
TEST "before" { true; }
TEST "dies" {
    (LEFT=${TMPDIR%/tmp/*} exec setsid sleep 1001 3>&- >/dev/null 2>&1) &
    kill -KILL "$PPID" $$
}
TEST "never begun" { true; }
END
    run -1 run_tests sound.bats dies.bats
    assert_line --regexp '^ok 1 before '
    assert_line --regexp "^failed: $PWD/dies.bats: ended after 1 of 3 tests with status "
    assert_line '4 passed, 1 failed'
    assert_nothing_left
}

@test "fewer results than planned, none at all, and a status without a failed test are failures" {
    unit_test test_few 'printf "1..3\nok 1 - a\nok 2 - b\n"'
    unit_test test_none 'exit 0'
    unit_test test_status 'printf "1..1\nok 1 - a\n"; exit 3'
    unit_test test_sound 'printf "1..1\nok 1 - a\n"'
    echo 'a mistake (' >broken.bats
    run -1 run_tests test_few.c test_none.c test_status.c test_sound.c test_missing.c broken.bats
    assert_line "failed: $PWD/test_few.c: ended after 2 of 3 tests with status 0"
    assert_line "failed: $PWD/test_none.c: ended after 0 of ? tests with status 0"
    assert_line "failed: $PWD/test_status.c: all tests passed, but the exit status is 3"
    assert_line "failed: $PWD/test_missing.c: ended after 0 of ? tests with status 127"
    assert_line "failed: $PWD/broken.bats: ended after 0 of 0 tests with status 0"
    assert_line '4 passed, 5 failed'
    assert_nothing_left
}

@test "a skipped test is counted; with CI=true it is a failure" {
    printf '@test "left out" { skip "needs luck"; }\n' >skips.bats
    run -0 run_tests skips.bats sound.bats
    assert_line '3 passed, 0 failed, 1 skipped'
    given=(CI=true)
    run -1 run_tests skips.bats sound.bats
    assert_line --regexp "^failed: $PWD/skips.bats: 1 left out .*# skip needs luck\$"
    assert_line '3 passed, 1 failed'
}

@test "SLOTS files run at a time, and their results are not mixed" {
    local name
    mkdir running
    for name in a b c d; do
        suite "$name.bats" <<END
TEST "$name 1" { mkdir '$PWD/running/$name'; sleep 1; ls '$PWD/running' | wc -l >>'$PWD/counts'; }
TEST "$name 2" { sleep 0.2; rmdir '$PWD/running/$name'; }
END
    done
    given=(SLOTS=2)
    run -0 run_tests a.bats b.bats c.bats d.bats
    assert_line '8 passed, 0 failed'
    assert_equal "$(sort -n counts | tail -n 1)" 2
    run -0 grep -oE '^(ok . . .|# .*)' <<<"$output"
    for name in a b c d; do
        assert_output --partial "# $PWD/$name.bats"$'\n'"ok 1 $name 1"$'\n'"ok 2 $name 2"
    done
}

@test "a signal ends all processes, and no files remain" {
    printf '@test "waits" { LEFT=${TMPDIR%%/tmp/*} sleep 1003; }\n' | tee one.bats >two.bats
    run_tests one.bats two.bats >out 2>&1 &
    local tests=$! status=0
    both_wait() { [ "$(waiting | wc -l)" -ge 2 ]; }
    wait_until both_wait
    kill -TERM "$(child_of "$tests")" # $tests is a shell of this file
    wait "$tests" || status=$?
    assert_equal "$status" 143
    assert_nothing_left
}

@test "tests get HUP, INT and QUIT also if tests/run was started with these signals ignored" {
    suite signals.bats <<'SUITE'
TEST "none is ignored" {
    local ignored
    ignored=0x$(awk '/^SigIgn/ { print $2 }' /proc/self/status)
    [ $((ignored & 7)) -eq 0 ]
}
SUITE
    given=(env '--ignore-signal=HUP,INT,QUIT')
    run -0 run_tests signals.bats
    assert_line '1 passed, 0 failed'
}
