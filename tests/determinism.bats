#!/usr/bin/env bats
# The same tree is always packed to the same bytes.
# shellcheck disable=SC2154,SC2164 # run sets stderr; bats stops where cd fails

load helpers
load trees

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR"
}

# make_original: makes the tree a and its a.tar and a.mtree.
make_original() {
    make_tree a "${ROOT_PARTS[@]}"
    rm a/devices/null-too a/hardlinks/a/fifo # copy_backwards can't link them
    tarpack a >a.tar
    tarpack --manifest a >a.mtree
}

# assert_same DIR: DIR packs to the same bytes as the original.
assert_same() {
    tarpack "$1" | cmp - a.tar
    tarpack --manifest "$1" | cmp - a.mtree
}

# copy_backwards FROM TO: copies a tree, but creates its files in reverse order. GNU tar's posix format keeps
# everything.
copy_backwards() {
    mkdir "$2"
    (cd "$1" && find . -print0 | sort -zr) |
        tar --format=posix --xattrs --xattrs-include='*' --numeric-owner -C "$1" -cf - \
            --null --no-recursion -T - |
        tar --xattrs --xattrs-include='*' --numeric-owner --warning=no-timestamp -xpf - -C "$2"
}

@test "the same bytes on every file system and for every order of creation" {
    make_original
    copy_backwards a here
    assert_same here
    mkdir tmpfs
    mount -t tmpfs tmpfs tmpfs
    copy_backwards a tmpfs/b
    assert_same tmpfs/b
    local type
    for type in ext4 xfs btrfs; do
        requires_fs "$type"
        loop_fs "$type" 320M "$type"
        copy_backwards a "$type/b"
        assert_same "$type/b"
        umount "$type"
    done
}

@test "the same bytes with any umask, time zone, locale, working directory and path of the tree" {
    make_original
    (umask 000 && assert_same a)
    (umask 777 && tarpack a | cmp - a.tar)
    TZ=Asia/Tokyo assert_same a
    LC_ALL=C.UTF-8 assert_same a
    LC_ALL='' LANG=de_DE.UTF-8 LC_COLLATE=tr_TR.UTF-8 assert_same a
    SOURCE_DATE_EPOCH=1 assert_same a
    assert_same "$PWD/a/"
    assert_same ./a/.
    ln -s a link
    assert_same link
    cd a
    tarpack . | cmp - ../a.tar
}

@test "the same bytes with any number of threads" {
    make_original
    local jobs
    for jobs in 1 2 7; do
        tarpack --jobs="$jobs" a | cmp - a.tar
        tarpack --jobs="$jobs" --manifest a | cmp - a.mtree
    done
}

@test "the same bytes for root and an ordinary user" {
    make_tree a types times xattrs hardlinks names paths symlinks sparse sizes devices owners \
        capabilities
    setfattr -x trusted.note a/devices/null # he can't see it
    chmod a+r a/devices/setuid
    tarpack a >a.tar
    tarpack --manifest a >a.mtree
    as_user tarpack --quiet a | cmp - a.tar
    as_user tarpack --quiet --manifest a | cmp - a.mtree
}

@test "the same bytes after changes that were undone" {
    make_original
    touch -r a root
    touch -r a/types/directory/empty directory
    (cd a/types/directory/empty && seq 500 | xargs touch && seq 500 | xargs rm) # a larger directory
    touch -r directory a/types/directory/empty
    touch -a -d @1 a/types/file a/types/directory a
    chmod u+s a/types/file && chmod u-s a/types/file # another ctime
    ln a/types/file outside
    cp -a --sparse=never a/sparse full # no holes
    rm -r a/sparse
    mv full a/sparse
    touch -r root a
    assert_same a
}

# --------------------------------------------------------------------------- golden digests

# These digests never change. If one does, the digest of every layer changes.
make_golden() (
    umask 022
    mkdir -p golden/directory golden/opaque
    cd golden
    echo content >file
    printf 'more content\n' >directory/file
    ln file directory/linked
    ln -s file symlink
    ln -s "$(repeat 101 t)" long-link
    mkfifo fifo
    mknod device c 1 3
    mknod gone c 0 0
    touch 'odd name'$'\n\xff' "$(repeat 101 n)"
    setfattr -n user.a=b -v 0x000102 file
    setfattr -n trusted.overlay.opaque -v y opaque
    setfacl -m u:7:r directory
    chmod 4711 file
    chown -h 2097152:1000 symlink
    find . -mindepth 1 -exec touch -h -d @1234567890 {} +
    touch -d @1234567890.123456789 directory
    touch -d @-0.5 fifo
    touch -d @8589934592 .
)

@test "the golden tar" {
    make_golden
    run -0 bash -o pipefail -c 'tarpack golden | sha256sum'
    assert_output 'd6b12807f732cccecd392f1a070d6ac67abc6a0cecf30ad3a2d5635071b8be97  -'
}

@test "the golden manifest" {
    make_golden
    tarpack --manifest=time golden | grep -ve ttttt -e nnnnn >actual
    cat >expected <<'END'
#mtree
. type=dir mode=0755 uid=0 gid=0 time=8589934592.000000000
./device type=char mode=0644 uid=0 gid=0 device=native,1,3 time=1234567890.000000000
./directory type=dir mode=0755 uid=0 gid=0 time=1234567890.123456789 tags=xattr.system.posix_acl_access=AgAAAAEABwD/////AgAEAAcAAAAEAAUA/////xAABQD/////IAAFAP////8=
./directory/file type=file mode=0644 uid=0 gid=0 size=13 sha256digest=6b39b79a1921f2fe1f498877f0018a07a865252314531c70fd680e7ebf59979c time=1234567890.000000000
./directory/linked type=file mode=4711 uid=0 gid=0 size=8 sha256digest=434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53 time=1234567890.000000000 tags=xattr.user.a\075b=AAEC
./fifo type=fifo mode=0644 uid=0 gid=0 time=-1.500000000
./file type=file mode=4711 uid=0 gid=0 time=1234567890.000000000 tags=hardlink=./directory/linked
./.wh.gone type=file mode=0000 uid=0 gid=0 size=0 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 time=0.000000000 tags=whiteout
./odd\040name\012\377 type=file mode=0644 uid=0 gid=0 size=0 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 time=1234567890.000000000
./opaque type=dir mode=0755 uid=0 gid=0 time=1234567890.000000000
./opaque/.wh..wh..opq type=file mode=0000 uid=0 gid=0 size=0 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 time=0.000000000 tags=opaque
./symlink type=link mode=0777 uid=2097152 gid=1000 link=file time=1234567890.000000000
END
    diff -u expected actual
    run -0 bash -o pipefail -c 'tarpack --manifest golden | sha256sum'
    assert_output 'e6dda8499b68eae8cace27a3c5d706bb3424fb97fefdca8d796d46362da66942  -'
}

@test "the example of FORMAT.md" {
    mkdir example
    ln -s x example/l
    touch -h -d @1700000000.5 example/l
    touch -d @1700000000 example
    chmod 755 example
    run -0 bash -o pipefail -c 'tarpack example | sha256sum'
    assert_output '9757fbf0394a59cc17d94f77907aa3c0e4e2ab28b36c09140e4c51c1675e97a6  -'
    run -0 grep -c "${output%  -}" "$PROJECT/doc/FORMAT.md"
}

@test "a packer written from FORMAT.md alone writes the same bytes" {
    make_tree a "${ROOT_PARTS[@]}"
    tarpack a >a.tar
    /usr/bin/python3 "$PROJECT/tests/canonical.py" a | cmp - a.tar
    make_golden
    tarpack golden >a.tar
    /usr/bin/python3 "$PROJECT/tests/canonical.py" golden | cmp - a.tar
}
