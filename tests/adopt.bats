#!/usr/bin/env bats
# tarunpack --adopt: a tree that several runs have made is published as one.
# shellcheck disable=SC2154

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir work
    cd work || return
    staging=.out.zlsnap-abcdef
    mkdir -m 700 "$staging"
    mkdir -p "$staging/tree/sub"
    echo content >"$staging/tree/sub/file"
    exec {lock}<"$staging"
    flock -n "$lock"
}

@test "the tree becomes DIR, absent, empty or replaced, and the staging directory goes" {
    cp -a "$staging" again
    cp -a "$staging" thrice
    cp -a "$staging/tree" expected
    tarunpack --adopt="$staging" out </dev/null
    compare_trees expected out
    mkdir empty
    tarunpack --no-sync --adopt=again empty </dev/null
    compare_trees expected empty
    rm -r out/sub
    tarunpack --replace --adopt=thrice out </dev/null
    compare_trees expected out
    assert_equal "$(ls -A)" "$(printf '%s\n' empty expected out)"
}

@test "a dead run's staging directory beside it is removed, one that is locked is not" {
    mkdir -m 700 .out.zlsnap-dead01 .out.zlsnap-live01
    exec {live}<.out.zlsnap-live01
    flock -n "$live"
    tarunpack --adopt="$staging" out </dev/null
    assert_equal "$(ls -A)" "$(printf '%s\n' .out.zlsnap-live01 out)"
}

@test "where DIR can't be published, nothing changes, and the staging directory stays" {
    mkdir full
    touch full/file
    run -1 --separate-stderr tarunpack --adopt="$staging" full
    assert_equal "$stderr" 'tarunpack: full: is not empty (--replace would replace it)'
    ln -s full link
    run -1 --separate-stderr tarunpack --adopt="$staging" link
    assert_exists "$staging/tree/sub/file"
    assert_exists full/file
}

@test "what is no staging directory, or somebody else's, is refused and left as it is" {
    local bad
    mkdir -m 700 no-tree more wide others
    mkdir {more,wide,others}/tree
    touch more/file
    chmod 755 wide
    ln -s "$staging" link
    [ "$EUID" -ne 0 ] || chown 65534 others
    for bad in none no-tree more wide link "../work/$staging" file ''; do
        run -1 --separate-stderr tarunpack --adopt="$bad" out </dev/null
        assert_equal "${#stderr_lines[@]}" 1
        assert_not_exists out
    done
    if [ "$EUID" -eq 0 ]; then
        run -1 tarunpack --adopt=others out </dev/null
    fi
    assert_exists "$staging/tree/sub/file"
    assert_exists more/file
}

@test "it goes with no archive" {
    local option
    for option in --merge --list --summary=x "--expect=$(sha256sum </dev/null | cut -d' ' -f1)"; do
        run -2 --separate-stderr tarunpack "$option" --adopt="$staging" out
        assert_equal "${#stderr_lines[@]}" 1
    done
    assert_exists "$staging/tree/sub/file"
}
