#!/usr/bin/env bats
# The restored tree equals the packed one, and memory is bounded.
# shellcheck disable=SC2154,SC2164 # run sets stderr; bats stops where cd fails

load helpers
load trees

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR"
}

# round_trip A B: packs A and restores it as B, which is equal to A and packs to the same bytes.
round_trip() {
    local digest
    tarpack "$1" >layer.tar
    digest=$(sha256sum <layer.tar)
    tarunpack --no-sync --expect "${digest%  -}" "$2" <layer.tar
    compare_trees --no-sockets "$1" "$2"
    tarpack "$2" | cmp - layer.tar
    refute_leftovers "$(dirname "$2")"
}

# Gives the root of a tree all kinds of metadata.
dress_root() {
    chown 2097152:7 "$1"
    chmod 3751 "$1"
    setfattr -n user.note -v text "$1"
    setfattr -n trusted.note -v text "$1"
    setfacl -m u:7:rx,d:u:7:rwx "$1"
    touch -d @-1.5 "$1"
}

# round_trip_on DIR: makes a tree with everything below DIR, and packs and restores it there.
round_trip_on() {
    make_parts "$1/a" "${ROOT_PARTS[@]}"
    dress_root "$1/a"
    round_trip "$1/a" "$1/b"
}

# --------------------------------------------------------------------------- complete trees

@test "everything is restored on the file system of the tests" {
    round_trip_on .
}

@test "everything is restored on tmpfs" {
    mkdir tmpfs
    mount -t tmpfs tmpfs tmpfs
    LARGE_XATTR=61440 LONG_LINK=4095 LARGE_DEVICE='4095 1048575' round_trip_on tmpfs
}

@test "everything is restored on ext4" {
    requires_fs ext4
    loop_fs ext4 320M ext4
    round_trip_on ext4
}

@test "everything is restored on xfs" {
    requires_fs xfs
    loop_fs xfs 320M xfs
    LARGE_XATTR=61440 LONG_LINK=1023 round_trip_on xfs
}

@test "everything is restored on btrfs" {
    requires_fs btrfs
    loop_fs btrfs 320M btrfs
    LARGE_XATTR=16000 LONG_LINK=4095 round_trip_on btrfs
}

@test "everything is restored on another file system" {
    make_tree a "${ROOT_PARTS[@]}"
    dress_root a
    mkdir tmpfs
    mount -t tmpfs tmpfs tmpfs
    round_trip a tmpfs/b
}

@test "everything of an ordinary user is restored" {
    install -d -o 65534 -g 65534 own
    make_user_tree own/a
    as_user chmod 2555 own/a
    {
        as_user tarpack own/a >layer.tar
        as_user tarunpack --no-sync own/b <layer.tar
    } 2>messages
    run -0 cat messages
    assert_output ''
    compare_trees own/a own/b
    as_user tarpack own/b | cmp - layer.tar
    refute_leftovers own
}

# ZLSNAP_TEST_TREES='/usr /home' tests/run tests/roundtrip.bats uses larger ones.
@test "real trees of this machine are restored" {
    local tree
    for tree in ${ZLSNAP_TEST_TREES:-/etc /usr/sbin /usr/share/zoneinfo}; do
        [ -d "$tree" ] || continue
        round_trip "$(realpath "$tree")" b
        rm -r b
    done
}

# --------------------------------------------------------------------------- single properties

@test "the tree does not depend on the umask, nor on the parent's default ACL and setgid bit" {
    make_tree a types modes acls
    mkdir above
    chown 0:7 above
    chmod 2777 above
    setfacl -d -m u:7:rwx,g:9:rwx,m:rwx above
    umask 077
    round_trip a above/b
}

@test "replaces an existing empty directory and its metadata" {
    make_tree a types
    dress_root a
    mkdir -m 700 b
    setfattr -n user.old -v text b
    round_trip a b
}

@test "leaves out only sockets, with a warning for each" {
    make_tree a types
    local name
    for name in a/one a/types/t$'\n'wo; do
        /usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$name"
    done
    ln a/one a/one-too
    run -0 --separate-stderr tarpack --manifest a
    assert_equal "${#stderr_lines[@]}" 3
    assert_equal "${stderr_lines[0]}" 'tarpack: warning: one: socket left out'
    assert_equal "${stderr_lines[1]}" 'tarpack: warning: one-too: socket left out'
    assert_equal "${stderr_lines[2]}" 'tarpack: warning: types/t\012wo: socket left out'
    run -0 --separate-stderr tarpack --quiet --manifest a
    assert_equal "$stderr" ''
    round_trip a b
}

@test "a file with another hard link outside the tree is restored as a separate file" {
    mkdir a
    echo content >outside
    ln outside a/inside
    round_trip a b
    run -0 stat -c %h b/inside
    assert_output 1
}

# blocks DIR: syncs, and prints the blocks of each file. A map of many extents takes a block only after a sync.
blocks() {
    sync -f "$1"
    (cd "$1" && find . -type f -printf '%p %b\n' | sort)
}

@test "holes are restored: no file has more blocks than before" {
    make_tree a sparse
    round_trip a b
    blocks a >a.blocks
    run -0 diff a.blocks <(blocks b)
    # The file system supports holes.
    run -0 grep -c ' 0$' a.blocks
    assert_output 2
}

@test "long runs of zeros become holes, but not with --no-holes" {
    mkdir a
    head -c 4M /dev/zero >a/zeros
    tarpack a >a.tar
    tarunpack --no-sync b <a.tar
    compare_trees a b
    run -0 stat -c %b b/zeros
    assert_output 0
    tarunpack --no-sync --no-holes b-full <a.tar
    compare_trees a b-full
    run -0 stat -c %b b-full/zeros
    assert [ "$output" -ge 8192 ]
}

# bytes_read COMMAND...: prints how many bytes it read from all files.
bytes_read() {
    bash -c '
        so_far() { awk "/^rchar/ { print \$2 }" /proc/$$/io; }
        before=$(so_far)
        "$@" >/dev/null
        echo $(($(so_far) - before))' - "$@"
}

@test "holes are not read" {
    mkdir a
    truncate -s 64M a/hole
    run -0 bytes_read cat a/hole
    assert [ "$output" -ge 67108864 ]
    run -0 bytes_read tarpack a
    assert [ "$output" -lt 1000000 ]
}

# XFS shows root each ACL a second time, as trusted.SGI_ACL_*.
@test "an ACL on XFS is packed only once" {
    requires_fs xfs
    loop_fs xfs 320M xfs
    make_parts xfs/a acls
    tarpack xfs/a >layer.tar
    tarunpack --no-sync b <layer.tar
    run -0 getfattr -R -d -m SGI b
    assert_output ''
    tarpack b | cmp - layer.tar
    # The layer's root has no ACL, which removes that of the directory.
    mkdir -p xfs/onto c
    setfacl -m u:7:r,d:u:7:r xfs/onto
    tarpack c | tarunpack --no-sync --merge xfs/onto
    compare_trees c xfs/onto
}

# --------------------------------------------------------------------------- bounds

# make_deep DIR DEPTH: makes nested directories, every fifth with a long name, and a file in the last one.
make_deep() {
    /usr/bin/python3 - "$@" <<'END'
import os, sys
os.mkdir(sys.argv[1])
os.chdir(sys.argv[1])
for level in range(int(sys.argv[2])):
    name = str(level).ljust(1 if level % 5 else 200, 'd')
    os.mkdir(name, 0o700 | level % 64)
    os.chdir(name)
with open('file', 'w') as file:
    file.write('content')
END
}

# compare_deep A B: like compare_trees, for paths longer than PATH_MAX.
compare_deep() {
    /usr/bin/python3 - "$@" <<'END'
import os, sys
a, b = (os.open(root, os.O_RDONLY) for root in sys.argv[1:])
levels = 0
while True:
    names, facts = os.listdir(a), [os.fstat(fd) for fd in (a, b)]
    assert names == os.listdir(b), f'names at level {levels}'
    assert len({(f.st_mode, f.st_uid, f.st_gid, f.st_mtime_ns) for f in facts}) == 1, levels
    if names == ['file']:
        break
    below = [os.open(names[0], os.O_RDONLY, dir_fd=fd) for fd in (a, b)]
    os.close(a), os.close(b)
    a, b = below
    levels += 1
assert os.read(os.open('file', os.O_RDONLY, dir_fd=b), 99) == b'content'
print(levels)
END
}

@test "restores any depth, far beyond PATH_MAX, with few descriptors" {
    make_deep a 1200
    # At most 100 for each program, including those of the pipe.
    run -0 bash -o pipefail -c '
        ulimit -n 100
        tarpack "$1" | shasum-tee --oci -o "$1.digest" | tarunpack --no-sync "$2"' - a b
    assert_output ''
    run -0 compare_deep a b
    assert_output 1200
    run -0 bash -o pipefail -c 'tarpack "$1" | shasum-tee --oci -o /dev/fd/2 >/dev/null' - b
    assert_output "$(cat a.digest)"
}

# peak_memory COMMANDLINE: prints the peak memory of its largest process in kilobytes. The shell executes python
# afterwards, since a parent that is python would be the largest.
peak_memory() {
    sh -c '
        eval "$1" >/dev/null 2>&1
        exec "$2" -c "import resource as r; print(r.getrusage(r.RUSAGE_CHILDREN).ru_maxrss)"' \
        - "$1" "$(/usr/bin/python3 -c 'import sys; print(sys.executable)')"
}

# assert_no_more COMMANDLINE COMMANDLINE: the second needs at most 1 MiB more memory than the first.
assert_no_more() {
    local least most more=1024
    [[ $ZLSNAP_BIN != *address* && $ZLSNAP_BIN != *thread* ]] || more=16384 # for the sanitizers
    least=$(peak_memory "$1")
    most=$(peak_memory "$2")
    [ "$most" -lt $((least + more)) ] ||
        batslib_print_kv_single 10 "$least kB" "$1" "$most kB" "$2" | batslib_decorate \
            'more memory is taken' | fail
}

@test "memory does not grow with the size of a file" {
    mkdir a a/small a/large
    head -c 1M /dev/urandom >a/small/file
    head -c 24M /dev/urandom >a/large/file
    truncate -s 64M a/large/hole
    cd a
    assert_no_more 'tarpack small' 'tarpack large'
    assert_no_more 'tarpack --manifest small' 'tarpack --manifest large'
    tarpack small >small.tar
    tarpack large | tee large.tar | assert_no_more 'tarunpack -t --manifest <small.tar' \
        'tarunpack -t --manifest'
    assert_no_more 'tarunpack --no-sync a <small.tar' 'tarunpack --no-sync b <large.tar'
    compare_trees large b
}

@test "memory does not grow with the number of files" {
    make_many() {
        mkdir "$1"
        (cd "$1" && seq "$2" | xargs touch)
    }
    enter_memory
    make_many small 3000
    make_many large 12000
    assert_no_more 'tarpack small >small.tar' 'tarpack large >large.tar'
    assert_no_more 'tarunpack --no-sync a <small.tar' 'tarunpack --no-sync b <large.tar'
}

@test "memory does not grow with the files that threads have not written yet" {
    requires_command strace
    make_files() {
        mkdir "$1"
        head -c $(($2 * 60000)) /dev/urandom | split -b 60000 -a 3 - "$1/"
        tarpack "$1" >"$1.tar"
    }
    enter_memory
    make_files small 200
    make_files large 500
    # Slow threads fill the queue.
    slow() {
        echo "strace -f -qq -o /dev/null --seccomp-bpf -e trace=pwrite64 -e inject=pwrite64:delay_enter=1000 \
            tarunpack --no-sync -j 2 $1.copy <$1.tar"
    }
    assert_no_more "$(slow small)" "$(slow large)"
    compare_trees large large.copy
}
