#!/usr/bin/env bats
# tarunpack --clean: what dead runs left in a directory, and nothing else.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver

setup() {
    enter_work
    umask 022
}

teardown() {
    cleanup_mounts "$BATS_TEST_TMPDIR"
}

# stale NAME...: makes staging directories as dead runs leave them.
stale() {
    local name
    for name; do
        mkdir -m 700 "$name"
        mkdir -p "$name/tree/sub"
        echo content >"$name/tree/sub/file"
    done
}

# spool NAME: makes a spool as a dead run of zlsnap leaves it.
spool() {
    mkdir -m 700 "$1"
    touch "$1/.zlsnap-spool" "$1/layer"
}

@test "staging directories and spools of all names are removed, and printed" {
    stale .a.zlsnap-abcdef '.b c.zlsnap-ABC123' $'.d\ne.zlsnap-000000'
    spool ..zlsnap-.zlsnap-aaaaaa
    # That of a tree that stepped out of its wrapper, and an empty one.
    mkdir -m 555 .f.zlsnap-abcdef
    run -0 tarunpack --clean --dry-run .
    assert_output '..zlsnap-.zlsnap-aaaaaa
.a.zlsnap-abcdef
.b c.zlsnap-ABC123
.d\012e.zlsnap-000000
.f.zlsnap-abcdef'
    [ -e .a.zlsnap-abcdef/tree/sub/file ] && [ -e ..zlsnap-.zlsnap-aaaaaa/layer ]
    local seen=$output
    run -0 tarunpack --clean .
    assert_output "$seen"
    assert_equal "$(find . -mindepth 1)" ''
    run -0 tarunpack --clean .
    assert_output ''
}

@test "what has another name, is no directory, is a link or another user's stays" {
    stale zlsnap-abcdef .zlsnap-abcdef .a.zlsnap-abcde .a.zlsnap-abcdefg .a.zlsnap-abcd-f a.zlsnap-abcdef \
        .a.zlsnop-abcdef kept
    touch .file.zlsnap-abcdef
    ln -s kept .link.zlsnap-abcdef
    mkfifo .fifo.zlsnap-abcdef
    if [ "$EUID" -eq 0 ]; then
        stale .theirs.zlsnap-abcdef
        chown 12:34 .theirs.zlsnap-abcdef
    fi
    find . | sort >../before
    run -0 tarunpack --clean .
    assert_output ''
    find . | sort | cmp ../before
}

@test "what a live run holds stays" {
    stale .a.zlsnap-abcdef .b.zlsnap-abcdef
    exec 5<.a.zlsnap-abcdef
    flock -n 5
    run -0 tarunpack --clean .
    assert_output .b.zlsnap-abcdef
    [ -e .a.zlsnap-abcdef/tree/sub/file ]
    exec 5<&-
    run -0 tarunpack --clean .
    assert_output .a.zlsnap-abcdef
}

@test "a merge that was interrupted stays, which is a warning" {
    stale .merge.zlsnap-abcdef
    touch .merge.zlsnap-abcdef/begun
    run -0 --separate-stderr tarunpack --clean .
    assert_output ''
    assert_stderr 1 '^tarunpack: warning: \.merge\.zlsnap-abcdef: stays: a merge was interrupted'
    [ -e .merge.zlsnap-abcdef/tree/sub/file ]
    run -0 --separate-stderr tarunpack --clean -q .
    assert_equal "$stderr" ''
}

@test "where others may rename, only what is known by what it holds is removed" {
    chmod 777 .
    stale .a.zlsnap-abcdef .other.zlsnap-abcdef .open.zlsnap-abcdef
    touch .other.zlsnap-abcdef/mine
    chmod 755 .open.zlsnap-abcdef
    spool .spool.zlsnap-abcdef
    spool .shared.zlsnap-abcdef
    chmod 750 .shared.zlsnap-abcdef
    spool .link.zlsnap-abcdef
    ln -sf layer .link.zlsnap-abcdef/.zlsnap-spool
    run -0 tarunpack --clean .
    assert_output '.a.zlsnap-abcdef
.spool.zlsnap-abcdef'
    assert_equal "$(find . -mindepth 1 -maxdepth 1 | wc -l)" 4
    chmod 755 .
    run -0 tarunpack --clean .
    assert_equal "${#lines[@]}" 4
}

@test "--older-than: by when it was last changed" {
    stale .a.zlsnap-abcdef
    run -0 tarunpack --clean --older-than=100 .
    assert_output ''
    touch -d @1000000000 .a.zlsnap-abcdef # its ctime is now
    run -0 tarunpack --clean --older-than=100 .
    assert_output ''
    sleep 1.1
    run -0 tarunpack --clean --older-than=1 .
    assert_output .a.zlsnap-abcdef
}

@test "a mount in it: nothing behind it is removed, and the exit status is 1" {
    requires_root
    stale .a.zlsnap-abcdef .b.zlsnap-abcdef
    mkdir elsewhere
    touch elsewhere/file
    mount --bind elsewhere .a.zlsnap-abcdef/tree/sub
    run -1 --separate-stderr tarunpack --clean .
    assert_output .b.zlsnap-abcdef
    assert_stderr 1 '^tarunpack: '
    [ -e elsewhere/file ]
    umount .a.zlsnap-abcdef/tree/sub
    run -0 tarunpack --clean .
    assert_output .a.zlsnap-abcdef
}

@test "deep trees, and directories that their owner may not write" {
    stale .a.zlsnap-abcdef
    (
        cd .a.zlsnap-abcdef/tree || exit
        for _ in {1..300}; do
            mkdir ddddddddddddddddddddd && cd ddddddddddddddddddddd || exit
        done
    )
    chmod 000 .a.zlsnap-abcdef/tree/sub
    if [ "$EUID" -eq 0 ]; then
        chown -R 1234:1234 .
        run -0 setpriv --reuid=1234 --regid=1234 --clear-groups "$ZLSNAP_BIN/tarunpack" --clean .
    else
        run -0 tarunpack --clean .
    fi
    assert_output .a.zlsnap-abcdef
    assert_equal "$(ls -A)" ''
}

@test "a cleaner that is killed leaves what the next one removes" {
    stale .a.zlsnap-abcdef
    mkdir .a.zlsnap-abcdef/tree/{1..20}
    touch .a.zlsnap-abcdef/tree/{1..20}/{1..20}
    local count
    for count in 10 200; do
        strace -qq -e inject=unlinkat:signal=KILL:when=$count -o /dev/null tarunpack --clean . || true
    done
    [ -d .a.zlsnap-abcdef ]
    run -0 tarunpack --clean .
    assert_output .a.zlsnap-abcdef
    assert_equal "$(ls -A)" ''
}

@test "command lines and directories that are wrong" {
    run -2 tarunpack --clean --list
    run -2 tarunpack --clean --merge .
    run -2 tarunpack --clean --expect="$(printf '0%.0s' {1..64})" .
    run -2 tarunpack --clean
    run -2 tarunpack --clean --older-than=1d .
    run -2 --separate-stderr tarunpack --dry-run .
    assert_stderr 1 'go with --clean only'
    run -1 --separate-stderr tarunpack --clean none
    assert_stderr 1 '^tarunpack: none: cannot read the directory: No such file or directory$'
    touch file
    run -1 tarunpack --clean file
    stale .a.zlsnap-abcdef
    run -1 --separate-stderr bash -c 'tarunpack --clean --dry-run . >/dev/full'
    assert_stderr 1 'cannot write to standard output'
}
