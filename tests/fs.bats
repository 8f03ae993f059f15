#!/usr/bin/env bats
# Round trip, --replace and --merge on each common file system, with syncing, which other tests skip.

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    requires_root
    mkdir place
}

# make_mixed_tree DIR: makes entries of each type, with metadata.
make_mixed_tree() {
    mkdir -p "$1"/{dir/sub,opaque,ro}
    seq 20000 >"$1/dir/numbers"
    truncate -s 3M "$1/dir/hole"
    echo end >>"$1/dir/hole"
    ln "$1/dir/numbers" "$1/link"
    ln -s "$(printf 'long%.0s' {1..100})" "$1/symlink"
    mkfifo "$1/dir/fifo"
    mknod "$1/dir/null" c 1 3
    ln "$1/dir/fifo" "$1/dir/sub/fifo"
    echo x >"$1/ro/suid"
    chown 123:456 "$1/ro/suid"
    chmod 4711 "$1/ro/suid"
    setfattr -n user.attribute -v value "$1/dir/sub"
    setfattr -n trusted.attribute -v value "$1/dir/numbers"
    setcap cap_net_raw+ep "$1/dir/hole"
    setfacl -m u:1:rwx,d:g:2:r "$1/dir/sub"
    chmod 555 "$1/ro"
    touch -hd @1234567890.123456789 "$1/symlink" "$1/dir" "$1"
}

# make_change DIR: makes DIR and its "layer.tar", a layer that changes make_mixed_tree's tree.
make_change() {
    mkdir -p "$1"/{dir,opaque,new}
    touch "$1"/{.wh.ro,dir/.wh.fifo,opaque/.wh..wh..opq,new/file}
    echo other >"$1/dir/numbers"
    ln "$1/dir/numbers" "$1/new/link"
    ln -s new "$1/link"
    chmod 2770 "$1/dir"
    setfattr -n user.now -v 1 "$1/dir"
    TAR_OPTIONS=--xattrs archive "$1" . .wh.ro dir dir/numbers dir/.wh.fifo opaque opaque/.wh..wh..opq new new/file \
        new/link link >layer.tar
}

# works_on PLACE: packs, unpacks, replaces and merges in PLACE, which is on the file system to test.
works_on() {
    make_mixed_tree tree
    cp -a tree "$1/tree"
    # The file system does not change the bytes.
    cmp <(tarpack tree) <(tarpack "$1/tree")
    tarpack tree >tree.tar
    local digest other
    digest=$(sha256sum <tree.tar | cut -c -64)
    other=$(sha256sum </dev/null | cut -c -64)

    tarunpack -e "$digest" "$1/new" <tree.tar
    compare_trees "$1/tree" "$1/new"

    mkdir -p "$1/standing/old/tree"
    run -4 tarunpack -e "$other" --replace "$1/standing" <tree.tar
    assert_exists "$1/standing/old/tree"
    tarunpack -e "$digest" --replace "$1/standing" <tree.tar
    compare_trees "$1/tree" "$1/standing"
    tarunpack --replace "$1/standing" <tree.tar
    compare_trees "$1/tree" "$1/standing"

    make_change change
    mkdir "$1/merged"
    tarunpack --merge "$1/merged" <tree.tar
    compare_trees "$1/tree" "$1/merged"
    tarunpack --merge "$1/merged" <layer.tar
    assert_equal "$(cd "$1/merged" && find . -printf '%P %y\n' | sort)" "$(printf '%s\n' ' d' 'dir d' \
        'dir/hole f' 'dir/null c' 'dir/numbers f' 'dir/sub d' 'dir/sub/fifo p' 'link l' 'new d' \
        'new/file f' 'new/link f' 'opaque d' 'symlink l')"
    assert_equal "$(getfattr -d "$1/merged/dir" | xargs)" "# file: $1/merged/dir user.now=1"
    refute_leftovers "$1"

    # Whiteouts in the form for this file system, packed again as the same layer.
    tarunpack "$1/upper" <layer.tar
    tarpack "$1/upper" | tar -t | sort >names
    diff names <(tar -tf layer.tar | sort)
    mkdir elsewhere
    tarunpack elsewhere/upper <layer.tar
    cmp <(tarpack "$1/upper") <(tarpack elsewhere/upper)
}

@test "ext4" {
    requires_fs ext4
    loop_fs ext4 64M place
    works_on place
}

@test "xfs" {
    requires_fs xfs
    loop_fs xfs 300M place
    works_on place
}

@test "btrfs" {
    requires_fs btrfs
    loop_fs btrfs 110M place
    works_on place
}

@test "tmpfs" {
    mount -t tmpfs none place
    works_on place
}

@test "overlayfs" {
    requires_overlay
    mkdir lower upper work
    mount_overlay lower upper work place
    works_on place
}

# rename(2) can't cross subvolumes.
@test "btrfs: a subvolume is packed; a merge that would rename into it changes nothing" {
    requires_fs btrfs
    requires_command btrfs
    loop_fs btrfs 110M place
    mkdir -p place/root layer/sub
    btrfs -q subvolume create place/root/sub
    touch place/root/sub/old layer/sub/new
    tarpack place/root >packed.tar
    run -0 tarunpack -t <packed.tar
    assert_output $'./\nsub/\nsub/old'
    run -1 tarunpack --merge place/root < <(archive layer sub/new)
    assert_output --partial "sub/: cannot merge: something is mounted there"
    refute_leftovers place/root
    assert_equal "$(ls -A place/root place/root/sub)" $'place/root:\nsub\n\nplace/root/sub:\nold'
}

@test "a full disk is status 1, and DIR does not change" {
    mount -t tmpfs -o size=1M none place
    mkdir -p place/dir tree
    touch place/dir/old
    head -c 2M /dev/urandom >tree/large
    local before
    before=$(stands place/dir)
    run -1 tarunpack --replace place/dir < <(tarpack tree)
    assert_output --partial 'large: cannot write: No space left on device'
    run -1 tarunpack --merge place/dir < <(tarpack tree)
    assert_output --partial 'large: cannot write: No space left on device'
    assert_equal "$(stands place/dir | cut -d ' ' -f -4)" "$(cut -d ' ' -f -4 <<<"$before")"
    refute_leftovers place
}

# left_out_on PLACE: unpacks foreign.tar there, and prints the warnings.
left_out_on() {
    run -0 tarunpack "$1/out" <foreign.tar
    assert_exists "$1/out/d/small"
    run -1 tarunpack --strict "$1/strict" <foreign.tar
    assert_not_exists "$1/strict"
    run -0 tarunpack --merge "$1/out" <foreign.tar
}

@test "a file system without attributes or ACLs: they are left out with a warning" {
    mount -t ramfs none place
    mkdir -p tree/d
    touch tree/d/small
    setfattr -n user.k -v 1 tree/d/small
    setfattr -n user.k -v 1 tree/d
    setfattr -n trusted.k -v 1 tree
    setcap cap_net_raw+ep tree/d/small
    setfacl -m u:1:rwx,d:g:2:r tree/d
    tarpack tree >foreign.tar
    left_out_on place
    assert_output "tarunpack: warning: 2 ACLs were left out: this file system does not hold them
tarunpack: warning: 1 attribute security.capability was left out: this file system does not hold it
tarunpack: warning: 1 attribute trusted.* was left out: this file system does not hold it
tarunpack: warning: 2 attributes user.* were left out: this file system does not hold them"
    assert_equal "$(getcap place/out/d/small | xargs)" ''
}

@test "attributes that are too large for a file system are left out, but not if the disk is full" {
    requires_fs ext4
    loop_fs ext4 64M place
    tar_with d:d "x:SCHILY.xattr.user.big=$(printf 'v%.0s' {1..20000})" x:SCHILY.xattr.user.k=v f:d/small >foreign.tar
    left_out_on place
    assert_output 'tarunpack: warning: 1 attribute user.* was left out: this file system does not hold it'
    assert_equal "$(getfattr -d place/out/d/small | sed 1d)" 'user.k="v"'
    head -c 64M /dev/zero >place/full 2>/dev/null || :
    tar_with "x:SCHILY.xattr.user.k=$(printf 'v%.0s' {1..2000})" f:file >fits.tar
    run -1 tarunpack --no-sync place/no <fits.tar
    assert_output --partial 'No space left on device'
}

@test "times that a file system does not hold become the nearest, with a warning" {
    requires_fs ext4
    local inodes latest
    tar_with d:d x:mtime=-62135596800 f:a x:mtime=253402300799 f:b x:mtime=1.123456789 f:c x:mtime=5 f:d/small \
        >foreign.tar
    for inodes in 128 256; do
        latest=$((inodes == 128 ? 2147483647 : 15032385535))
        truncate -s 16M image
        mkfs.ext4 -q -F -I "$inodes" image 2>/dev/null
        mount image place
        left_out_on place
        assert_output "tarunpack: warning: $((inodes == 128 ? 3 : 2)) modification times were changed to the \
nearest that this file system holds"
        assert_equal "$(cd place/out && stat -c %Y a b c d/small | xargs)" "-2147483648 $latest 1 5"
        umount place
    done
}

@test "a read-only file system is an error for existing and for new targets" {
    mount -t tmpfs none place
    mkdir place/dir
    mount -o remount,ro place
    run -1 tarunpack place/new </dev/null
    assert_output --partial 'Read-only file system'
    run -1 tarunpack --merge place/dir </dev/null
    assert_output --partial 'Read-only file system'
}

@test "XFS shows root each ACL twice; the second form of a directory's is not inherited" {
    requires_fs xfs
    requires_command setfacl
    loop_fs xfs 300M "$PWD/xfs"
    mkdir -p xfs/tree/d
    setfacl -d -m u:1234:rwx xfs/tree/d
    install -m 640 /dev/null xfs/tree/d/f
    setfacl -b xfs/tree/d/f
    chmod 640 xfs/tree/d/f
    tar --xattrs --xattrs-include='*' -C xfs/tree -cf both.tar .
    tar -xOf both.tar >/dev/null
    grep -qa SGI_ACL both.tar
    tarunpack xfs/copy <both.tar
    assert_equal "$(cd xfs/copy && getfacl -nR .)" "$(cd xfs/tree && getfacl -nR .)"
}
