#!/usr/bin/env bats
# zlsnap clean removes what killed runs left on this machine.
# shellcheck disable=SC2030,SC2031,SC2154

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
}

@test "removes the directories of killed runs, not those of live ones" {
    mkdir -p dir other state/sync/0123456789abcdef/web/1
    seq 100000 | zstd -q >large
    local left=(dir/.a.zlsnap-abcdef "$TMPDIR/.b.zlsnap-ABCDEF"
        state/sync/0123456789abcdef/web/1/.sync.zlsnap-123456)
    mkdir -m 700 "${left[@]}" dir/.live.zlsnap-abcdef other/.a.zlsnap-abcdef
    touch "${left[@]/%//.zlsnap-spool}" dir/.live.zlsnap-abcdef/.zlsnap-spool
    exec 5<dir/.live.zlsnap-abcdef
    flock -n 5
    run -0 zlsnap clean --state=state dir
    assert_output ''
    run -0 --separate-stderr zlsnap clean --older-than=0 --dry-run --state=state dir
    assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "${left[@]/#state/$PWD/state}" | sort)"
    [ -d dir/.a.zlsnap-abcdef ]
    local found=$output
    run -0 --separate-stderr zlsnap clean --older-than=0 --state=state dir
    assert_equal "$output" "$found"
    [ ! -e "${left[0]}" ] && [ ! -e "${left[1]}" ] && [ ! -e "${left[2]}" ]
    [ -d dir/.live.zlsnap-abcdef ] && [ -d other/.a.zlsnap-abcdef ]
    exec 5<&-
}

@test "removes everything that a killed push or pull left" {
    random_file tree/random 12M
    zlsnap create tree layer >/dev/null
    s3_killed 'partNumber=2&' zlsnap push --part-size=5 layer "$url"
    run -0 zlsnap clean --older-than=0 .
    assert_output --regexp "^$TMPDIR/\.zlsnap-push\.zlsnap-......\$"
    object=$(zlsnap push layer "$url")
    s3_killed 'GET .*tar.zst' zlsnap pull "$object" back
    run -0 zlsnap clean --older-than=0 .
    assert_output --regexp '^\./\.back\.zlsnap-[0-9a-f]{6}$'
    assert_equal "$(entries): $(entries "$TMPDIR")" 'layer layer.json tree: '
}

@test "usage errors and a bad directory" {
    run -2 --separate-stderr zlsnap clean --older-than=soon
    assert_one_line "'--older-than' takes an age"
    run -1 --separate-stderr zlsnap clean none
    assert_one_line 'none: is not a directory'
}
