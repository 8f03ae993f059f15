#!/usr/bin/env bats
# zlsnap restore: which snapshot, which parts of it, and where to.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154

load helpers
load driver
load s3
load store

make_three() {
    mkdir -p tree/dir home
    local day
    for day in 05 06 07; do
        echo "$day" >tree/file
        echo "$day" >tree/dir/file
        SOURCE_DATE_EPOCH=$(date -u -d "2026-03-$day 12:00:30" +%s) web_sync -q
    done
}

setup() {
    enter_work
    export HOME=$PWD/home
    unset XDG_STATE_HOME STATE_DIRECTORY
    made_once make_three
}

# restored WHICH CONTENT
restored() {
    run -0 --separate-stderr zlsnap restore "web/1$1" store back
    assert_stderr 0 ''
    assert_equal "$(<back/file)" "$2"
    rm -r back
}

@test "restore: the last snapshot, and those of an ID, a time and a day" {
    local ids
    mapfile -t ids < <(zlsnap snapshots --json web/1 store | jq -r .id)
    restored '' 07
    restored "@${ids[0]}" 05
    restored "@${ids[1]:0:11}" 06
    restored @2026-03-06 06
    restored @2026-03-06T12:00:30Z 06
    restored @2026-03-06T12:00:29Z 05
    restored '@2026-03-06 12:00' 06
    restored @2026-03-06T11:59 05
    restored @2026-03-06T13:00:30+01:00 06
    restored @2026-03-06T13:00:29+01:00 05
    restored "@$(date -u +%Y-%m-%d)" 07
    for time in never monday tomorrow yesterday 2026-03-32 2026-03-06T25:00 '2026-03-06 12:00 UTC' 2026-03-06T12; do
        run -2 --separate-stderr zlsnap restore "web/1@$time" store back
        assert_one_line "'$time' is neither the ID of a snapshot nor a time"
    done
    for time in 9999-01-01 "$(date -u -d '+2 minutes' +%Y-%m-%dT%H:%M)"; do
        run -2 --separate-stderr zlsnap restore "web/1@$time" store back
        assert_one_line "the time '$time' is in the future"
    done
    run -1 --separate-stderr zlsnap restore web/1@2026-03-04 store back
    assert_one_line 'web/1: has no complete snapshot of 2026-03-04 or before'
    run -1 --separate-stderr zlsnap restore web/1@ffffffffffff store back
    assert_one_line 'web/1: has no complete snapshot ffffffffffff'
    # Two that begin alike.
    local other=store/web/1/snapshots/00000009-20260309T120000Z-${ids[0]:0:11}x.json
    other=${other/x.json/$([[ ${ids[0]:11} == 0 ]] && echo 1 || echo 0).json}
    jq -c --arg id "$(basename "$other" .json | tail -c 13)" '.sequence = 9 | .time = "2026-03-09T12:00:00Z" | .id = $id' \
        "$(find store/web/1/snapshots -name '00000000-*')" >"$other"
    run -1 --separate-stderr zlsnap restore "web/1@${ids[0]:0:11}" store back
    assert_one_line 'several snapshots begin so'
    assert_not_exists back
}

@test "restore: a path that no entry can have is a usage error" {
    local long path
    printf -v long '%256s' ''
    for path in '' .. ../etc/passwd dir/../file dir/.. "dir/${long// /x}"; do
        run -2 --separate-stderr zlsnap restore web/1 store back "$path"
        assert_one_line "zlsnap: '$path': no entry of a snapshot can have this path; try 'zlsnap restore --help'"
        assert_not_exists back
    done
    run -0 zlsnap restore web/1 store back ./dir//file
    cmp tree/dir/file back/dir/file
}

@test "restore: parts into a directory that has something" {
    mkdir live
    echo kept >live/other
    echo old >live/file
    run -1 --separate-stderr zlsnap restore web/1 store live dir
    assert_one_line 'live: is not empty (--merge adds PATH to it)'
    run -2 --separate-stderr zlsnap restore --replace web/1 store live dir
    assert_one_line '--replace would remove everything but PATH; use --merge, or a new directory'
    assert_equal "$(cd live && find . | sort | xargs)" '. ./file ./other'
    run -0 --separate-stderr zlsnap restore --merge web/1 store live dir
    assert_stderr 0 ''
    assert_equal "$(cd live && find . | sort | xargs)" '. ./dir ./dir/file ./file ./other'
    assert_equal "$(<live/file) $(<live/other)" 'old kept'
    cmp tree/dir/file live/dir/file
}

@test "restore: parts, an expected digest, and a directory that is not empty" {
    local digest
    run -0 zlsnap restore web/1 store back dir
    assert_equal "$(cd back && find . | sort | xargs)" '. ./dir ./dir/file'
    run -1 --separate-stderr zlsnap restore web/1 store back
    assert_stderr 1 'back'
    run -0 zlsnap restore --replace web/1 store back
    compare_trees tree back
    digest=$(last_document | jq -r .tree_digest)
    run -0 zlsnap restore --replace -e "$digest" web/1 store back
    run -4 --separate-stderr zlsnap restore --replace -e "$digest" web/1@2026-03-06 store back
    assert_one_line 'not the expected one'
    compare_trees tree back
    run -2 --separate-stderr zlsnap restore -e 12 web/1 store back
    assert_one_line "option '--expect' takes a tree digest"
    run -1 --separate-stderr zlsnap restore web/1 store other none
    assert_said 'none'
}

@test "restore: draws a line and prints a summary with --progress; without it, shasum-tee copies nothing" {
    export TERM=vt100
    run -0 --separate-stderr zlsnap restore --progress=always web/1 store drawn
    [[ $stderr == *zlsnap:\ drawn:\ *\ entries,\ *,\ sha256:* ]]
    fake shasum-tee 'exit 1'
    run -1 --separate-stderr zlsnap restore --progress=always web/1 store back
    assert_not_exists back
    restored '' 07
    diff -r drawn tree
}
