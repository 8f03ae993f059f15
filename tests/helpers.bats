#!/usr/bin/env bats
# The helpers that all tests rely on: compare_trees must see each thing that can differ.

load helpers

setup_file() {
    [ "$EUID" -eq 0 ] || return 0
    local A=$BATS_FILE_TMPDIR/a
    mkdir -p "$A/dir/sub"
    echo content >"$A/file"
    echo content >"$A/dir/it's a \\ [name]"$'\n'"with * and "$'\xff'
    ln "$A/file" "$A/link"
    ln -s file "$A/symlink"
    mkfifo "$A/fifo"
    mknod "$A/device" c 1 3
    /usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$A/so*ket"
    setfattr -n user.note -v text "$A/dir"
    setfacl -m u:7:r "$A/file"
    cp /bin/true "$A/capable"
    setcap cap_net_raw+ep "$A/capable"
}

setup() {
    requires_root
    A=$BATS_TEST_TMPDIR/a B=$BATS_TEST_TMPDIR/b
    cp -a "$BATS_FILE_TMPDIR/a" "$A"
    cp -a "$A" "$B"
}

# assert_seen COMMAND...: the trees are equal, and differ after the command.
assert_seen() {
    compare_trees "$A" "$B"
    "$@"
    run -1 compare_trees "$A" "$B"
    assert_output --partial 'trees differ'
    run -1 compare_trees "$B" "$A"
}

@test "compare_trees: a copy with everything is equal" {
    compare_trees "$A" "$B"
}

@test "compare_trees sees a mode" {
    assert_seen chmod u+s "$B/file"
}

@test "compare_trees sees the mode of the root" {
    assert_seen chmod 700 "$B"
}

@test "compare_trees sees an owner" {
    assert_seen chown -h 5 "$B/symlink"
}

@test "compare_trees sees a group" {
    assert_seen chgrp 5 "$B/fifo"
}

@test "compare_trees sees a time that differs by a nanosecond" {
    touch -d '2001-02-03 04:05:06.000000001' "$A/file" "$B/file"
    assert_seen touch -d '2001-02-03 04:05:06.000000002' "$B/file"
}

@test "compare_trees sees the time of a directory" {
    assert_seen touch -d '2001-02-03' "$B/dir/sub"
}

@test "compare_trees sees an xattr of another value" {
    assert_seen setfattr -n user.note -v other "$B/dir"
}

@test "compare_trees sees an xattr too many" {
    assert_seen setfattr -h -n trusted.note -v text "$B/symlink"
}

@test "compare_trees sees an ACL" {
    assert_seen setfacl -m u:7:rx "$B/file"
}

@test "compare_trees sees a default ACL" {
    assert_seen setfacl -d -m u:7:rx "$B/dir"
}

@test "compare_trees sees a capability" {
    assert_seen setcap cap_net_admin+ep "$B/capable"
}

break_hard_link() {
    cp -a "$B/link" "$B/copy"
    mv "$B/copy" "$B/link"
    touch -r "$A" "$B"
}

@test "compare_trees sees a hard link that became a file" {
    assert_seen break_hard_link
}

swap_hard_links() {
    ln "$A/fifo" "$A/x" && ln "$A/device" "$A/y"
    ln "$B/fifo" "$B/x" && ln "$B/device" "$B/y"
    touch -r "$A" "$B"
}

@test "compare_trees accepts hard links of other types" {
    swap_hard_links
    compare_trees "$A" "$B"
}

replace_device() {
    rm "$B/device"
    mknod "$B/device" "$@"
    touch -r "$A/device" "$B/device"
    touch -r "$A" "$B"
}

@test "compare_trees sees a device number" {
    assert_seen replace_device c 1 5
}

@test "compare_trees sees a device of another type" {
    assert_seen replace_device b 1 3
}

@test "compare_trees sees a fifo where a device was" {
    assert_seen replace_device p
}

retarget_symlink() {
    ln -sfn link "$B/symlink"
    touch -hr "$A/symlink" "$B/symlink"
    touch -r "$A" "$B"
}

@test "compare_trees sees the target of a symlink" {
    assert_seen retarget_symlink
}

change_content() {
    printf Content | dd of="$B/capable" conv=notrunc status=none
    setcap cap_net_raw+ep "$B/capable" # the write took it
    touch -r "$A/capable" "$B/capable"
}

@test "compare_trees sees contents of equal size and time" {
    assert_seen change_content
}

remove_name() {
    rm "$B/$1"
    touch -r "$A" "$B"
}

@test "compare_trees sees a name that is missing" {
    assert_seen remove_name fifo
}

@test "compare_trees sees a socket that is missing" {
    assert_seen remove_name 'so*ket'
}

@test "compare_trees --no-sockets leaves sockets out, and only them" {
    remove_name 'so*ket'
    compare_trees --no-sockets "$A" "$B"
    remove_name fifo
    run -1 compare_trees --no-sockets "$A" "$B"
    refute_output --partial 'so*ket'
}

@test "compare_trees sees a directory that is missing" {
    assert_seen rmdir "$B/dir/sub"
}

@test "compare_trees fails where a tree is missing" {
    run -1 compare_trees "$A" "$B/none"
    run -1 compare_trees "$B/none" "$B/none"
}

# --------------------------------------------------------------------------- upper directories

# An upper directory in A, and in B what restoring its layer makes of it.
make_upper_and_copy() {
    rm -rf "$A" "$B"
    mkdir -p "$A/opaque"
    setfattr -n trusted.overlay.opaque -v y "$A/opaque"
    mknod "$A/gone" c 0 0
    ln "$A/gone" "$A/gone too"
    echo content >"$A/file"
    cp -a "$A" "$B"
    ln "$A/gone" "$A/opaque/gone"
    touch -r "$A/opaque" "$B/opaque"
    rm "$B/gone"*
    mknod -m 0 "$B/gone" c 0 0
    mknod -m 0 "$B/gone too" c 0 0
    setfattr -n trusted.overlay.impure -v y "$A"
    setfattr -n trusted.overlay.origin -v text "$A/file"
    touch -r "$A" "$B"
}

@test "compare_trees --upper: what a layer can't carry is left out" {
    make_upper_and_copy
    run -1 compare_trees "$A" "$B"
    compare_trees --upper "$A" "$B"
}

@test "compare_trees --upper sees a whiteout that is missing" {
    make_upper_and_copy
    compare_trees --upper "$A" "$B"
    remove_name 'gone too'
    run -1 compare_trees --upper "$A" "$B"
    assert_output --partial 'whiteout'
}

@test "compare_trees --upper sees a file where a whiteout was" {
    make_upper_and_copy
    rm "$B/gone"
    touch -r "$A/gone" "$B/gone"
    touch -r "$A" "$B"
    run -1 compare_trees --upper "$A" "$B"
}

@test "compare_trees --upper sees a directory that is no longer opaque" {
    make_upper_and_copy
    rm "$A/opaque/gone"
    touch -r "$A/opaque" "$B/opaque"
    compare_trees --upper "$A" "$B"
    setfattr -x trusted.overlay.opaque "$B/opaque"
    run -1 compare_trees --upper "$A" "$B"
}

# --------------------------------------------------------------------------- the others

@test "refute_leftovers finds a staging directory beside and below" {
    refute_leftovers "$BATS_TEST_TMPDIR"
    mkdir "$A/dir/.x.zlsnap-AbCdEf"
    run -1 refute_leftovers "$BATS_TEST_TMPDIR"
    assert_output --partial '.x.zlsnap-AbCdEf'
}

@test "a function that test files share has one definition" {
    local name shared
    cd "$PROJECT/tests"
    mapfile -t shared < <(sed -nE 's/^([a-z_0-9]+)\(\) [({].*/\1/p' ./*.bash)
    for name in "${shared[@]}"; do
        [[ $name != @(setup|teardown)* ]] || continue # the hooks of bats: a file may have its own
        run -0 grep -lE "^$name\(\) [({]" ./*.bash ./*.bats package/*.bats
        assert_equal "$name: ${#lines[@]}" "$name: 1"
    done
}

@test "as_user has no privileges, no groups, and the programs on its path" {
    run -0 as_user id -u
    assert_output 65534
    run -0 as_user id -G
    assert_output 65534
    run -0 as_user grep CapEff /proc/self/status
    assert_output --regexp '0000000000000000$'
    install -d -o 65534 -g 65534 "$A/own"
    as_user touch "$A/own/file"
    run as_user touch "$A/file"
    assert_failure
    run -0 as_user env tarpack --version
}

@test "mount_overlay mounts, and cleanup_mounts unmounts the deepest first" {
    requires_overlay
    mkdir -p "$A"/{lower,upper,work,'a merged'}
    mount_overlay "$A/lower" "$A/upper" "$A/work" "$A/a merged"
    touch "$A/a merged/file"
    assert_exists "$A/upper/file"
    mkdir "$A/a merged/below"
    mount -t tmpfs tmpfs "$A/a merged/below"
    cleanup_mounts "$A"
    run ! mountpoint -q "$A/a merged"
}

@test "loop_fs makes an empty file system of each type" {
    local type
    for type in ext4 xfs btrfs; do
        requires_fs "$type"
        loop_fs "$type" 320M "$A/$type"
        run -0 stat -f -c %T "$A/$type"
        assert_output --regexp "$type|ext2/ext3"
        run -0 ls -A "$A/$type"
        assert_output ''
    done
    cleanup_mounts "$A"
    run ! mountpoint -q "$A/xfs"
}

@test "run: a test that fails shows its commands, their statuses and what they printed" {
    sed 's/^TEST/@test/' >"$A.bats" <<END # bats would find a @test here
load $PROJECT/tests/helpers.bash
TEST "passes" {
    run -0 echo unseen
}
TEST "fails" {
    run -0 echo first
    run -0 echo second
    run -3 --separate-stderr bash -c 'echo one; echo two >&2; exit 3'
    run -4 false
}
END
    run -1 env -i PATH="${PATH//"$BATS_LIBEXEC:"/}" TMPDIR="$BATS_TEST_TMPDIR" bats --tap "$A.bats" 3>&-
    refute_output --partial unseen
    refute_output --partial first
    assert_output --partial "#   \`run -4 false' failed, expected exit code 4, got 1
# \$ echo second
# [status 0]
# second
# \$ bash -c echo\\ one\\;\\ echo\\ two\\ \\>\\&2\\;\\ exit\\ 3
# [status 3]
# one
# stderr: two
# \$ false
# [status 1]"
}

# fails_as SUFFIX ARGUMENT...: run fails, and bats is to say why.
fails_as() {
    (
        trap - ERR
        set +e
        run "${@:2}" 2>/dev/null
        [ $? -eq 1 ] && [ "$BATS_ERROR_SUFFIX" = ", $1" ]
    )
}

@test "run: a status that was not asked for, or a command that is not found, is a failure" {
    fails_as 'expected exit code 1, got 0' -1 true
    fails_as 'expected exit code 0, got 1' -0 false
    fails_as 'expected a failure' ! true
    fails_as 'command not found' no-such-command
    fails_as 'command not found' ! no-such-command
    run -127 no-such-command
    run false
    run ! false
}

# shellcheck disable=SC2154 # set by run
@test "run: standard error apart, or as a part of the output, and the lines of both" {
    run -0 --separate-stderr bash -c 'printf "a\n\nb\n\n"; printf "c\nd\n" >&2'
    assert_equal "$output" $'a\n\nb'
    assert_equal "${lines[*]}" 'a b'
    assert_equal "$stderr" $'c\nd'
    assert_equal "${stderr_lines[*]}" 'c d'
    run -2 bash -c 'echo a; echo b >&2; exit 2'
    assert_equal "$status $output" $'2 a\nb'
}
