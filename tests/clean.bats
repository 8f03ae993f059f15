#!/usr/bin/env bats
# tarunpack --clean removes the files of dead runs from a directory, and nothing else.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load modes

setup() {
    enter_work
    umask 022
}

teardown() {
    end_test
}

# stale NAME...: makes staging directories like those of dead runs.
stale() {
    local name
    for name; do
        mkdir -m 700 "$name"
        mkdir -p "$name/tree/sub"
        echo content >"$name/tree/sub/file"
    done
}

# spool NAME: makes a spool like that of a dead run of zlsnap.
spool() {
    mkdir -m 700 "$1"
    touch "$1/.zlsnap-spool" "$1/layer"
}

@test "removes staging directories and spools, and prints their names" {
    stale .a.zlsnap-abcdef '.b c.zlsnap-ABC123' $'.d\ne.zlsnap-000000'
    spool ..zlsnap-.zlsnap-aaaaaa
    # Empty: its tree has already been published.
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

@test "keeps other names, files, links and other users' directories" {
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

@test "DIR may be a symbolic link; --dry-run changes nothing" {
    local before
    stale .a.zlsnap-abcdef
    spool .b.zlsnap-abcdef
    ln -s . link
    before=$(find . -printf '%P %i %m %T@ %C@\n' | sort)
    run -0 tarunpack --clean --dry-run link
    assert_output $'.a.zlsnap-abcdef\n.b.zlsnap-abcdef'
    assert_equal "$(find . -printf '%P %i %m %T@ %C@\n' | sort)" "$before"
    run -0 tarunpack --clean link/
    assert_equal "$(ls -A)" link
}

@test "keeps the directories of live runs" {
    stale .a.zlsnap-abcdef .b.zlsnap-abcdef
    exec 5<.a.zlsnap-abcdef
    flock -n 5
    run -0 tarunpack --clean .
    assert_output .b.zlsnap-abcdef
    [ -e .a.zlsnap-abcdef/tree/sub/file ]
    run -0 tarunpack --clean -v --dry-run .
    assert_output 'tarunpack: .a.zlsnap-abcdef: kept: it is in use'
    exec 5<&-
    run -0 tarunpack --clean .
    assert_output .a.zlsnap-abcdef
}

@test "keeps an interrupted merge, with a warning" {
    stale .merge.zlsnap-abcdef
    touch .merge.zlsnap-abcdef/begun
    run -0 --separate-stderr tarunpack --clean .
    assert_output ''
    assert_stderr 1 '^tarunpack: warning: \.merge\.zlsnap-abcdef: kept: a merge was interrupted'
    [ -e .merge.zlsnap-abcdef/tree/sub/file ]
    run -0 --separate-stderr tarunpack --clean -q .
    assert_equal "$stderr" ''
}

@test "keeps a running merge, without a warning" {
    stale .merge.zlsnap-abcdef
    touch .merge.zlsnap-abcdef/begun
    exec 5<.
    flock -n 5
    run -0 tarunpack --clean .
    assert_output ''
    run -0 tarunpack --clean -v .
    assert_output 'tarunpack: .merge.zlsnap-abcdef: kept: it is in use'
    exec 5<&-
    [ -e .merge.zlsnap-abcdef/tree/sub/file ]
}

# If the cleaner held the lock of the staging directory, a merge would take the interrupted run for a live one.
@test "a merge of another layer is refused also while --clean examines the interrupted merge" {
    requires_command strace
    mkdir dir first second
    touch first/first second/second
    tarpack first >first.tar
    tarpack second >second.tar
    (cd dir && stale .merge.zlsnap-abcdef)
    printf 'sha256:%s' "$(sha256sum <first.tar | cut -c -64)" >dir/.merge.zlsnap-abcdef/begun
    strace -qq -o calls -e trace=flock -e inject=flock:delay_exit=2000000 tarunpack --clean dir 2>said 3>&- &
    local cleaner=$!
    wait_until eval '[ -s calls ]'
    run -1 tarunpack --no-sync --merge dir <second.tar
    [ ! -e dir/second ]
    wait "$cleaner"
    grep 'kept: a merge was interrupted' said
    tarunpack --no-sync --merge dir <first.tar
    assert_equal "$(ls -A dir)" first
}

@test "where other users can rename, removes only directories with the expected mode and content" {
    chmod 777 .
    stale .a.zlsnap-abcdef .other.zlsnap-abcdef .open.zlsnap-abcdef
    touch .other.zlsnap-abcdef/mine
    chmod 755 .open.zlsnap-abcdef
    spool .spool.zlsnap-abcdef
    spool .shared.zlsnap-abcdef
    chmod 750 .shared.zlsnap-abcdef
    spool .link.zlsnap-abcdef
    ln -sf layer .link.zlsnap-abcdef/.zlsnap-spool
    spool .forged.zlsnap-abcdef
    if [ "$EUID" -eq 0 ]; then
        chown 12 .forged.zlsnap-abcdef/.zlsnap-spool
    else
        rm .forged.zlsnap-abcdef/.zlsnap-spool
    fi
    run -0 tarunpack --clean .
    assert_output '.a.zlsnap-abcdef
.spool.zlsnap-abcdef'
    assert_equal "$(find . -mindepth 1 -maxdepth 1 | wc -l)" 5
    chmod 755 .
    run -0 tarunpack --clean .
    assert_equal "${#lines[@]}" 5
}

@test "--older-than compares the time of the last change, mtime or ctime" {
    stale .a.zlsnap-abcdef
    run -0 tarunpack --clean --older-than=100 .
    assert_output ''
    touch -d @1000000000 .a.zlsnap-abcdef # its ctime is now
    run -0 tarunpack --clean --older-than=100 .
    assert_output ''
    stale .b.zlsnap-abcdef
    touch -d @9000000000 .b.zlsnap-abcdef
    sleep 1.1
    run -0 tarunpack --clean --older-than=1 .
    assert_output .a.zlsnap-abcdef
    run -0 tarunpack --clean .
    assert_output .b.zlsnap-abcdef
}

@test "without file locks, age decides" {
    requires_command strace
    local unlocked=(strace -qq -o /dev/null -e trace=flock -e inject=flock:error=ENOLCK)
    stale .a.zlsnap-abcdef
    sleep 1.1
    run -0 "${unlocked[@]}" tarunpack --clean .
    assert_output ''
    run -0 "${unlocked[@]}" tarunpack --clean --older-than=1000 .
    assert_output ''
    run -0 "${unlocked[@]}" tarunpack --clean --older-than=1 .
    assert_output .a.zlsnap-abcdef
    # With file locks, a locked directory is in use, however old it is.
    stale .a.zlsnap-abcdef
    exec 5<.a.zlsnap-abcdef
    flock -n 5
    sleep 1.1
    run -0 tarunpack --clean --older-than=1 .
    assert_output ''
    exec 5<&-
}

@test "does not remove files on a file system that is mounted inside a staging directory: status 1" {
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

@test "does not remove files on a file system that is mounted on a staging directory: status 1" {
    requires_root
    mkdir .a.zlsnap-abcdef elsewhere
    stale .b.zlsnap-abcdef
    touch elsewhere/file
    mount --bind elsewhere .a.zlsnap-abcdef
    run -1 --separate-stderr tarunpack --clean .
    assert_output .b.zlsnap-abcdef
    assert_stderr 1 '^tarunpack: \.a\.zlsnap-abcdef: cannot remove: something is mounted there'
    # The next run for this target does not remove them either.
    mkdir tree
    tarunpack --no-sync a < <(tarpack tree)
    [ -e elsewhere/file ]
}

@test "a staging directory that its owner can't open is an error; another user's is ignored" {
    install -d -o 65534 -g 65534 home
    as_user mkdir -m 000 home/.a.zlsnap-abcdef
    [ "$EUID" -ne 0 ] || mkdir -m 700 home/.b.zlsnap-abcdef
    run -1 --separate-stderr as_user tarunpack --clean home
    assert_output ''
    assert_stderr 1 '^tarunpack: \.a\.zlsnap-abcdef: cannot open: Permission denied$'
}

@test "removes deep trees, and directories that their owner can't write" {
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

@test "the next --clean removes what a killed one left" {
    requires_command strace
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

@test "the same where other users can rename, after a kill at every removal" {
    requires_command strace
    local count=0
    mkdir -m 777 shared
    while true; do
        count=$((count + 1))
        (cd shared && rm -rf .?* && spool .a.zlsnap-abcdef && stale .b.zlsnap-abcdef && touch .b.zlsnap-abcdef/links)
        strace -qq -e trace=unlinkat -e inject=unlinkat:signal=KILL:when=$count -o calls \
            tarunpack --clean shared >/dev/null || true
        grep -q KILL calls || break
        run -0 tarunpack --clean shared
        assert_equal "$(ls -A shared)" ''
    done
    [ "$count" -gt 8 ]
}

@test "usage errors and bad directories" {
    run -2 tarunpack --clean --list
    run -2 tarunpack --clean --merge .
    run -2 tarunpack --clean --expect="$(printf '0%.0s' {1..64})" .
    run -2 tarunpack --clean
    run -2 tarunpack --clean --older-than=1d .
    run -0 tarunpack --clean --older-than=999999999999 .
    run -2 --separate-stderr tarunpack --dry-run .
    assert_stderr 1 'need --clean'
    run -1 --separate-stderr tarunpack --clean none
    assert_stderr 1 '^tarunpack: none: cannot read the directory: No such file or directory$'
    touch file
    run -1 tarunpack --clean file
    run -1 --separate-stderr tarunpack --clean ''
    assert_stderr 1 '^tarunpack: : cannot read the directory: '
}

@test "stops removing when it can't print what it removed" {
    stale .a.zlsnap-abcdef .b.zlsnap-abcdef .c.zlsnap-abcdef
    run -1 --separate-stderr bash -c 'tarunpack --clean --dry-run . >/dev/full'
    assert_stderr 1 'cannot write to standard output'
    run -1 --separate-stderr bash -c 'tarunpack --clean . >/dev/full'
    assert_stderr 1 'cannot write to standard output'
    assert_equal "$(ls -A)" $'.b.zlsnap-abcdef\n.c.zlsnap-abcdef'
}
