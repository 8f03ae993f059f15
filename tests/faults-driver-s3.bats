#!/usr/bin/env bats
# The S3 server is killed with SIGKILL at the steps of sync and gc, and the server together with the client at those of
# copy. Every snapshot that is listed is complete, and the next run does what is left.
# shellcheck disable=SC2030,SC2031,SC2154 # set by run

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
    s3_setup
    mkdir tree
    seq 3000 >tree/numbers
    echo first >tree/file
    zlsnap sync -q web/1 tree "$url"
}

# server_killed REGEX COMMAND...: runs a command, and kills the server in the middle of a matching request. The command
# succeeds later, since s3cmd tries again, or fails with one line; gc, which goes on with what is left of killed uploads,
# with two.
server_killed() {
    local status=0
    s3_hold "$1"
    start "${@:2}" >/dev/null 2>said
    s3_held
    s3_stop
    s3_release
    s3_start
    wait "$driver" || status=$?
    ((status == 0)) || assert_equal "$status $(cut -c -8 said | uniq)" '1 zlsnap: '
    (($(wc -l <said) <= ${lines_said:-1}))
}

# both_killed REGEX COMMAND...: kills the server and all processes of the command.
both_killed() {
    s3_hold "$1"
    start "${@:2}" >/dev/null 2>&1
    s3_held
    # shellcheck disable=SC2046
    kill -KILL $(survivors | cut -d / -f 3)
    s3_stop
    wait "$driver" 2>/dev/null || :
    wait_until none_survives
    s3_release
    s3_start
}

# assert_complete: every snapshot that is listed.
assert_complete() {
    run -0 zlsnap snapshots --json "$@" "$url"
    refute_output --partial broken
    run -0 zlsnap check --quiet "$@" "$url"
    assert_output ''
}

@test "sync: the server is killed in any kind of request" {
    local step
    for step in 'GET .*prefix' 'PUT .*/packs/' 'PUT .*/snapshots/'; do
        echo "$step" >>tree/file
        server_killed "$step" zlsnap sync web/1 tree "$url"
        assert_complete web/1
        run -0 --separate-stderr zlsnap sync web/1 tree "$url"
        assert_equal "$stderr" ''
        run -0 zlsnap restore --replace web/1 "$url" back
        diff -r tree back
    done
}

@test "gc: the server is killed in any kind of request" {
    local step lines_said=2
    for step in 'PUT .*/doomed/' '^POST |^DELETE .*/(packs|snapshots)/'; do
        head -c 20000 /dev/urandom | tee tree/file >tree/numbers
        zlsnap sync -q web/1 tree "$url"
        zlsnap forget -q --keep-last=1 web/1 "$url"
        server_killed "$step" zlsnap gc -q --grace=0 "$url"
        assert_complete web/1
        run -0 zlsnap gc --grace=0 "$url"
        run -0 zlsnap check --read-data "$url"
        assert_output --partial 'snapshots 1, broken 0, packs 1, '
        assert_output --partial 'unused objects 0, '
    done
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
}

@test "copy: client and server are killed in puts of packs and documents" {
    local step
    zlsnap copy -q web/1 "$url" store
    for step in packs snapshots; do
        url=$S3_URL/$BATS_TEST_NUMBER/$step
        both_killed "PUT .*/$step/" zlsnap copy web/1 store "$url"
        run -0 zlsnap copy web/1 store "$url"
        assert_output --regexp '^web/1 (copied|has) '
        assert_complete web/1
    done
    run -0 zlsnap check --read-data "$url"
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
}
