#!/usr/bin/env bats
# The manifest is the same for a tree and its tar, and other programs can read it.
# shellcheck disable=SC2154,SC2164 # run sets stderr; bats stops where cd fails

load helpers
load trees

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR"
}

# line PATH: prints the entry's line in the manifest m, without the path.
line() {
    sed -n "s|^$1 ||p" m
}

# --------------------------------------------------------------------------- equality

@test "tarpack and tarunpack write the same manifest, with and without times" {
    make_tree a "${ROOT_PARTS[@]}"
    tarpack a >a.tar
    local form
    for form in --manifest --manifest=time; do
        tarpack "$form" a >m
        run -0 wc -l <m
        assert [ "$output" -gt 250 ]
        tarunpack --list "$form" <a.tar | cmp - m
        tarunpack "$form" <a.tar | cmp - m # it means --list
    done
}

@test "the manifest of an upper directory, from the tree and from the tar" {
    mkdir -p a/opaque/below a/dir
    setfattr -n trusted.overlay.opaque -v y a/opaque
    setfattr -n trusted.overlay.origin -v text a/dir
    mknod a/gone c 0 0
    ln a/gone a/dir/gone
    ln a/gone a/opaque/gone
    tarpack --manifest a >m
    tarpack a | tarunpack --list --manifest | cmp - m
    run -0 cut -d ' ' -f 1 m
    assert_output $'#mtree\n.\n./dir\n./dir/.wh.gone\n./.wh.gone\n./opaque\n./opaque/.wh..wh..opq\n./opaque/below'
    run -0 line ./.wh.gone
    assert_output --regexp '^type=file mode=0000 uid=0 gid=0 size=0 sha256digest=e3b0c4.* tags=whiteout$'
    run -0 line ./opaque/.wh..wh..opq
    assert_output --regexp ' tags=opaque$'
    run -1 grep overlay m
}

@test "the manifest of another tool's archive is the same as that of its tree" {
    make_tree a types modes hardlinks names paths symlinks sparse sizes devices owners unreadable
    rm a/devices/null-too a/hardlinks/a/fifo
    (cd a && find . -print0 | LC_ALL=C sort -z) |
        tar --format=posix --sparse --xattrs --xattrs-include='*' --numeric-owner -C a -cf a.tar \
            --null --no-recursion -T -
    tarpack --manifest=time a | sort >expected
    tarunpack --list --manifest=time <a.tar | sort >actual
    # GNU tar sorts full paths, so another of a file's names may come first.
    diff <(grep -ve hardlink -e ./hardlinks expected) <(grep -ve hardlink -e ./hardlinks actual)
}

@test "times change the manifest only with =time" {
    make_tree a types
    tarpack --manifest a >m
    tarpack --manifest=time a >m-time
    touch -d @1 a/types/file
    tarpack --manifest a | cmp - m
    run -1 cmp -s m-time <(tarpack --manifest=time a)
    run -0 grep -c time= m-time
    assert_output "$(($(wc -l <m) - 1))"
    run -1 grep -q time= m
}

@test "the manifest of a broken archive ends at the error, and the exit status is not 0" {
    make_tree a types
    tarpack a | head -c -1024 >cut.tar
    run -3 --separate-stderr tarunpack --list --manifest <cut.tar
    assert_equal "$(printf '%s\n' "$output")" "$(tarpack --manifest a)"
    assert_equal "${#stderr_lines[@]}" 1
}

# --------------------------------------------------------------------------- content

@test "digests and sizes are those that sha256sum and stat print" {
    make_tree a types sizes sparse
    tarpack --manifest a >m
    (cd a && find . -type f -exec stat -c '%n %s' {} + | sort) >sizes
    (cd a && find . -type f -exec sha256sum {} + | awk '{ print $2, $1 }' | sort) >digests
    sed -nE 's/^([^ ]+) type=file .* size=([0-9]+) .*/\1 \2/p' m | sort | diff sizes -
    sed -nE 's/^([^ ]+) type=file .* sha256digest=([^ ]+).*/\1 \2/p' m | sort | diff digests -
}

@test "a line of each type" {
    mkdir -m 2755 a a/dir
    printf content >a/file
    chown 2097152:7 a/file
    chmod 4711 a/file
    ln -s 'to here' a/link
    mknod -m 600 a/block b 8 1
    mknod -m 666 a/char c 1 3
    mkfifo -m 0 a/fifo
    tarpack --manifest a >m
    diff - m <<END
#mtree
. type=dir mode=2755 uid=0 gid=0
./block type=block mode=0600 uid=0 gid=0 device=native,8,1
./char type=char mode=0666 uid=0 gid=0 device=native,1,3
./dir type=dir mode=2755 uid=0 gid=0
./fifo type=fifo mode=0000 uid=0 gid=0
./file type=file mode=4711 uid=2097152 gid=7 size=7 sha256digest=$(printf content | sha256sum | cut -d ' ' -f 1)
./link type=link mode=0777 uid=0 gid=0 link=to\\040here
END
}

@test "names: all bytes but letters, digits and ._/+- are escaped as three octal digits" {
    mkdir a
    touch $'a/ \n\\"#*,=\xff' a/plain._+-09AZ
    tarpack --manifest a >m
    run -0 cut -d ' ' -f 1 m
    assert_output '#mtree
.
./\040\012\134\042\043\052\054\075\377
./plain._+-09AZ'
}

@test "a hard link names the first entry and has no content of its own" {
    mkdir a
    echo content >a/first
    ln a/first a/then
    mkfifo 'a/a fifo'
    ln 'a/a fifo' a/fifo
    setfattr -n user.note -v text a/first
    tarpack --manifest a >m
    run -0 line ./then
    assert_output 'type=file mode=0644 uid=0 gid=0 tags=hardlink=./first'
    run -0 line ./fifo
    assert_output 'type=file mode=0644 uid=0 gid=0 tags=hardlink=./a\040fifo'
}

@test "attributes are tags: in byte order, names escaped, values in base64" {
    mkdir a
    touch a/file
    setfattr -n user.empty a/file
    setfattr -n user.b -v 0x00ff a/file
    setfattr -n 'user.a,=%' -v text a/file
    setfattr -n trusted.note -v a a/file
    tarpack --manifest a >m
    run -0 sed -n 's/^.file .* tags=//p' m
    assert_output ''
    run -0 sed -n 's/^\.\/file .* tags=//p' m
    assert_output 'xattr.trusted.note=YQ==,xattr.user.a\054\075\045=dGV4dA==,xattr.user.b=AP8=,xattr.user.empty='
}

@test "every change of the tree changes the manifest" {
    mkdir a
    echo content >a/file
    local previous change
    previous=$(tarpack --manifest a)
    for change in 'chmod 600 a/file' 'chown 7 a/file' 'chgrp 7 a/file' 'touch a/new' \
        'ln a/file a/linked' 'setfattr -n user.note -v a a/file' 'setfattr -n user.note -v b a/file' \
        'setfacl -m u:7:r a/file' 'ln -s a a/symlink' 'ln -sfn b a/symlink' 'mkfifo a/fifo' \
        'mknod a/device c 1 3' 'chmod 1755 a' 'sh -c "echo Content >a/file"' 'rm a/new' \
        'truncate -s 9 a/file'; do
        eval "$change"
        run -0 tarpack --manifest a
        refute_output "$previous"
        previous=$output
    done
}

# --------------------------------------------------------------------------- other programs

@test "bsdtar reads the manifest, and sees the same tree" {
    requires_command bsdtar
    make_tree a types modes paths symlinks devices owners unreadable times sizes
    rm a/devices/null-too
    setfacl -b a/devices/loop # bsdtar takes an ACL's mask for the mode of the group
    tarpack --manifest=time a >m
    bsdtar -cf listed.tar --format=mtree --options='!all,type,mode,uid,gid,time,link,device' @m
    (cd a && bsdtar -cf ../walked.tar --format=mtree \
        --options='!all,type,mode,uid,gid,time,link,device' .)
    sort listed.tar >listed
    sort walked.tar >walked
    diff listed walked
    run -0 bsdtar -tf m
    assert_equal "${#lines[@]}" "$(($(wc -l <m) - 1))"
}

@test "bsdtar makes the tree's archive from the manifest and the files" {
    requires_command bsdtar
    make_tree a types modes symlinks sizes times
    tarpack --manifest=time a >m
    (cd a && bsdtar -cf ../from-manifest.tar --format=pax @../m)
    mkdir b
    bsdtar --numeric-owner -xpf from-manifest.tar -C b
    (cd a && find . -printf '%p %y %m %U:%G %s %l\n' | grep -v ' d ' | sort) >expected
    (cd b && find . -printf '%p %y %m %U:%G %s %l\n' | grep -v ' d ' | sort) >actual
    diff expected actual
}
