#!/usr/bin/env bats
# zlsnap digest

load helpers
load driver

setup() {
    enter_work
    mkdir tree
    echo content >tree/file
    seq 1000 >tree/numbers
}

@test "digest is the SHA-256 of the manifest" {
    run -0 --separate-stderr zlsnap digest tree
    assert_output "sha256:$(tarpack --manifest tree | sha256sum | cut -d ' ' -f 1)"
    assert_stderr 0 ''
}

@test "depends on names, types, modes and contents, not on times" {
    local before
    before=$(zlsnap digest tree)
    touch -d '2001-01-01' tree/file tree
    assert_equal "$(zlsnap digest tree)" "$before"
    cp -a tree copy
    assert_equal "$(zlsnap digest copy)" "$before"

    local change
    for change in 'chmod 600 tree/file' 'mv tree/file tree/name' 'echo Content >tree/file' \
        'ln -sf numbers tree/file' 'ln -f tree/numbers tree/file' 'mkdir tree/sub' 'chmod 700 tree'; do
        rm -rf tree
        cp -a copy tree
        eval "$change"
        refute [ "$(zlsnap digest tree)" = "$before" ]
    done
}

@test "passes tarpack's options on" {
    assert_equal "$(zlsnap digest --exclude=num* tree)" \
        "sha256:$(tarpack --manifest --exclude=num* tree | sha256sum | cut -d ' ' -f 1)"
    assert_equal "$(zlsnap digest --owner 5 -q tree)" \
        "sha256:$(tarpack --manifest --owner=5 tree | sha256sum | cut -d ' ' -f 1)"
}

@test "a restored layer has the digest of the tree that was packed" {
    zlsnap create tree layer >/dev/null
    zlsnap extract layer copy
    assert_equal "$(zlsnap digest copy)" "$(zlsnap digest tree)"
    assert_equal "sha256:$(zlsnap mtree layer | sha256sum | cut -d ' ' -f 1)" "$(zlsnap digest tree)"
}

@test "an unreadable directory: no digest is printed" {
    run -1 --separate-stderr zlsnap digest nowhere
    assert_stderr 1 '^tarpack: nowhere: '
    assert_output ''
    run -1 --separate-stderr zlsnap digest tree/file
    assert_stderr 1 '^tarpack: tree/file: '
    assert_output ''
    requires_root
    chmod 700 tree/numbers
    chmod 755 "$BATS_TEST_TMPDIR" .
    run -1 --separate-stderr as_user zlsnap digest tree
    assert_stderr 2 'tarpack: numbers: cannot open: Permission denied$' # and a warning about hidden attributes
    assert_output ''
}

@test "names with dashes and newlines" {
    local expected name
    expected=$(zlsnap digest tree)
    for name in -tree $'new\nline'; do
        cp -a tree "./$name"
        assert_equal "$(zlsnap digest -- "$name")" "$expected"
    done
}
