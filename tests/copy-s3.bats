#!/usr/bin/env bats
# zlsnap copy and check with a real S3 store on the loopback.
# shellcheck disable=SC2154 # set by run

load helpers
load driver
load s3

setup_file() {
    requires_s3
    s3_start
}

teardown_file() {
    s3_stop
}

setup() {
    enter_work
    s3_ready
    s3_environment
    url=$S3_URL/$BATS_TEST_NUMBER
}

@test "from a directory to S3, and back" {
    mkdir tree store
    seq 300000 >tree/large
    echo first >tree/file
    zlsnap sync web/1 tree store
    echo second >tree/file
    zlsnap sync web/1 tree store
    run -0 --separate-stderr zlsnap copy --all web/1 store "$url"
    assert_equal "${#lines[@]}" 2
    assert_equal "$stderr" ''
    run -0 zlsnap copy --all web/1 store "$url"
    refute_output --partial copied
    run -0 --separate-stderr zlsnap check --read-data "$url"
    assert_output "$url: snapshots 2, broken 0, packs 2, manifests 3, unused objects 0, foreign objects 0, problems 0"
    assert_equal "$stderr" ''
    run -0 zlsnap copy --all web/1 "$url" other
    diff -r --exclude=incoming store other
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
    refute_leftovers "$TMPDIR"
}

@test "check finds a damaged pack in S3, and the next sync repairs it" {
    local pack
    mkdir tree
    seq 300000 >tree/large
    zlsnap sync web/1 tree "$url"
    pack=$(s3_ ls --recursive "$url/" | grep -o 's3:.*/packs/[0-9a-f]*[.]zst$')
    s3_ get "$pack" pack
    flip_byte pack 1000
    s3_ put pack "$pack"
    run -0 zlsnap check "$url"
    run -4 --separate-stderr zlsnap check --read-data "$url"
    assert_line --index 0 --regexp "^web/1: packs/${pack##*/}: is damaged: its digest is not its name; breaks snapshot "
    run -0 zlsnap sync web/1 tree "$url"
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
}
