#!/usr/bin/env bats
# tarunpack --adopt publishes a tree that several runs have built.
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

@test "publishes the tree as a new DIR, in place of an empty one and with --replace" {
    cp -a "$staging" .empty.zlsnap-abcdef
    cp -a "$staging" .out.zlsnap-ABC123
    exec {second}<.out.zlsnap-ABC123
    flock -n "$second"
    cp -a "$staging/tree" expected
    tarunpack --adopt="$staging" out </dev/null
    compare_trees expected out
    mkdir empty
    tarunpack --no-sync --adopt=.empty.zlsnap-abcdef empty </dev/null
    compare_trees expected empty
    rm -r out/sub
    tarunpack --replace --adopt=.out.zlsnap-ABC123 out </dev/null
    compare_trees expected out
    assert_equal "$(ls -A)" "$(printf '%s\n' empty expected out)"
}

@test "removes the staging directories of dead runs, but none that is locked" {
    mkdir -m 700 .out.zlsnap-dead01 .out.zlsnap-live01
    exec {live}<.out.zlsnap-live01
    flock -n "$live"
    tarunpack --adopt="$staging" out </dev/null
    assert_equal "$(ls -A)" "$(printf '%s\n' .out.zlsnap-live01 out)"
}

@test "keeps the staging directory if DIR can't be published" {
    mkdir full
    touch full/file
    run -1 --separate-stderr tarunpack --adopt="$staging" full
    assert_equal "$stderr" 'tarunpack: full: is not empty (--replace replaces it)'
    ln -s full link
    run -1 --separate-stderr tarunpack --adopt="$staging" link
    assert_exists "$staging/tree/sub/file"
    assert_exists full/file
}

@test "refuses anything but a staging directory of this user, and does not change it" {
    local bad
    mkdir -m 700 .out.zlsnap-notree .out.zlsnap-more00 .out.zlsnap-wide00 .out.zlsnap-others other
    mkdir {.out.zlsnap-{more00,wide00,others},other}/tree
    touch .out.zlsnap-more00/file
    chmod 755 .out.zlsnap-wide00
    ln -s "$staging" .out.zlsnap-link00
    [ "$EUID" -ne 0 ] || chown 65534 .out.zlsnap-others
    for bad in .out.zlsnap-{none00,notree,more00,wide00,link00,others} "../${PWD##*/}/$staging" other file \
        . .. ''; do
        if [ "$bad" = .out.zlsnap-others ] && [ "$EUID" -ne 0 ]; then
            continue
        fi
        run -1 --separate-stderr tarunpack --adopt="$bad" out </dev/null
        assert_equal "${#stderr_lines[@]}" 1
        assert_not_exists out
    done
    run -1 tarunpack --adopt=. other/tree
    run -1 tarunpack --adopt=.. other/tree/x
    assert_exists "$staging/tree/sub/file"
    assert_exists .out.zlsnap-more00/file
    assert_exists other/tree
}

@test "does not publish again after a run was killed during the exchange or after it" {
    requires_command strace
    local call
    for call in renameat2:signal=KILL:when=1 unlinkat:signal=KILL:when=1; do
        rm -rf out "$staging"
        mkdir -p out "$staging/tree"
        chmod 700 "$staging"
        echo old >out/file
        echo new >"$staging/tree/file"
        strace -f -qqq -o /dev/null -e inject="$call" \
            tarunpack --replace --adopt="$staging" out </dev/null || :
        run -1 --separate-stderr tarunpack --replace --adopt="$staging" out </dev/null
        assert_equal "${#stderr_lines[@]}" 1
        [[ $(cat out/file) == @(old|new) ]]
    done
}

@test "options that need an archive are usage errors" {
    local option
    for option in --merge --list --summary=x "--expect=$(sha256sum </dev/null | cut -d' ' -f1)"; do
        run -2 --separate-stderr tarunpack "$option" --adopt="$staging" out
        assert_equal "${#stderr_lines[@]}" 1
    done
    assert_exists "$staging/tree/sub/file"
}
