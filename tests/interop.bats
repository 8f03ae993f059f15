#!/usr/bin/env bats
# GNU tar, bsdtar and Python's tarfile read our archives, and we read theirs.
# shellcheck disable=SC2154,SC2164 # run sets stderr; bats stops where cd fails

load helpers
load trees

setup() {
    requires_root
    requires_command bsdtar python3
    cd "$BATS_TEST_TMPDIR"
}

# listed_by FORM SOURCE: prints the entries of SOURCE; see entries.py.
listed_by() {
    /usr/bin/python3 "$PROJECT/tests/entries.py" "$@"
}

# assert_listed FORM: the listing of a.tar by this tool is the tree a.
assert_listed() {
    listed_by tree a >expected
    listed_by "$1" a.tar >actual
    diff -u expected actual
}

# whole_seconds DIR: truncates the times in a tree to seconds, for tools that store no fractions.
whole_seconds() {
    find "$1" -depth -print0 | /usr/bin/python3 -c '
import os, sys
for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
    seconds = os.lstat(path).st_mtime_ns // 10**9
    os.utime(path, (seconds, seconds), follow_symlinks=False)'
}

# restore_and_compare REFERENCE: tarunpack restores x.tar as the tree REFERENCE.
restore_and_compare() {
    tarunpack --no-sync restored <x.tar
    compare_trees "$1" restored
    rm -r restored
}

# --------------------------------------------------------------------------- other tools list our archives

# The parts with names that every tool prints on one line.
LISTED=(types modes hardlinks paths symlinks sizes sparse devices owners unreadable)

make_listed_tree() {
    make_tree a "${LISTED[@]}"
    rm a/symlinks/to-{odd,bytes}
    touch -d @0 a/types/file
    touch -d @8589934592 a/types/fifo
    touch -d @1234567890.000000001 a/types/directory/full
}

@test "Python lists what is in the tree" {
    make_listed_tree
    tarpack a >a.tar
    assert_listed python
}

@test "GNU tar lists what is in the tree" {
    make_listed_tree
    tarpack a >a.tar
    assert_listed gnu
}

@test "bsdtar lists what is in the tree" {
    make_listed_tree
    whole_seconds a
    tarpack a >a.tar
    assert_listed bsd
}

# --------------------------------------------------------------------------- other tools extract our archives

@test "GNU tar extracts everything in our archives" {
    make_tree a "${ROOT_PARTS[@]}"
    tarpack a >a.tar
    mkdir b
    tar --xattrs --xattrs-include='*' --numeric-owner --warning=no-timestamp \
        --warning=no-unknown-keyword -xpf a.tar -C b
    compare_trees a b
}

# bsdtar sets the root's mtime itself, reads ACLs only as text, does not decode names of attributes, and has no
# fractions in times before 1970.
@test "bsdtar extracts what it supports of our archives" {
    make_tree a types modes hardlinks names paths symlinks sparse sizes devices unreadable owners \
        system_xattrs capabilities
    setfacl -b a/devices/loop
    tarpack a >a.tar
    mkdir b
    bsdtar --numeric-owner --xattrs -xpf a.tar -C b
    touch -r a b
    compare_trees a b
}

@test "Python extracts what it supports of our archives" {
    make_tree a types modes hardlinks names paths symlinks sizes sparse unreadable owners
    find a -exec touch -h -d @1234567890 {} +
    tarpack a >a.tar
    /usr/bin/python3 -c '
import tarfile
tarfile.open("a.tar").extractall("b", numeric_owner=True)'
    find b -type l -exec touch -h -d @1234567890 {} + # Python does not set their times
    setfattr -x user.note a/hardlinks/attributed
    rm {a,b}/hardlinks/b/symlink # Python copies hard links of symbolic links
    touch -r a/hardlinks {a,b}/hardlinks/b
    compare_trees a b
}

# --------------------------------------------------------------------------- GNU tar's

# gnu_tar FORMAT OPTION...: packs the tree a as x.tar.
gnu_tar() {
    tar --format="$1" "${@:2}" --numeric-owner -cf x.tar -C a .
}

# gnu_extract OPTION...: extracts x.tar with GNU tar.
gnu_extract() {
    mkdir reference
    tar "$@" --numeric-owner --warning=no-timestamp -xpf x.tar -C reference
}

# v7 has names of at most 100 bytes, small numbers, and only files, directories and links.
@test "GNU tar's v7 format" {
    make_tree a modes sizes
    rm a/modes/fifo-*
    ln a/modes/file-0400 a/sizes/linked
    ln -s target a/symlink
    gnu_tar v7
    gnu_extract
    restore_and_compare reference
    whole_seconds a
    restore_and_compare a
}

@test "GNU tar's ustar format" {
    make_tree a types modes hardlinks sizes sparse devices
    mkdir "a/$(repeat 99 d)"
    touch "a/$(repeat 99 d)/$(repeat 100 f)"
    gnu_tar ustar
    gnu_extract
    restore_and_compare reference
}

@test "GNU tar's gnu and oldgnu formats: long names and links, numbers in base 256" {
    make_tree a types modes hardlinks names paths symlinks sizes devices owners unreadable times
    local format
    for format in gnu oldgnu; do
        gnu_tar "$format"
        gnu_extract
        restore_and_compare reference
        rm -r reference
    done
}

# make_fragments: makes files with more extents than one block of any sparse map holds.
make_fragments() {
    /usr/bin/python3 -c '
with open("file", "wb") as file:
    for block in range(0, 600, 3):
        file.seek(block * 4096)
        file.write(b"%04d" % block * 1024)
    file.truncate(3000000)'
}

@test "GNU tar's sparse files, in its own formats and in those of pax" {
    make_tree a sparse fragments
    local format
    for format in oldgnu gnu 'posix --sparse-version='{0.0,0.1,1.0}; do
        # shellcheck disable=SC2086
        gnu_tar $format --sparse
        run -0 stat -c %s x.tar
        assert [ "$output" -lt 1500000 ] # so it wrote maps
        gnu_extract
        restore_and_compare reference
        rm -r reference
    done
    restore_and_compare a # only the last format keeps fractions of seconds
}

@test "GNU tar's pax format with attributes, ACLs and capabilities" {
    make_tree a "${ROOT_PARTS[@]}"
    rm a/devices/null-too a/hardlinks/a/fifo # it makes hard links only of files and symbolic links
    gnu_tar posix --xattrs --xattrs-include='*' --acls
    gnu_extract --xattrs --xattrs-include='*' --acls
    restore_and_compare reference
    restore_and_compare a
}

@test "GNU tar's volume labels and global headers" {
    make_tree a types hardlinks
    gnu_tar gnu --label=volume
    run -0 tar -tvf x.tar
    assert_line --regexp '^V.* volume--Volume Header--$'
    gnu_extract
    restore_and_compare reference
    gnu_tar posix --pax-option=comment=text,mtime=1234567890,delete=mtime
    rm -r reference
    gnu_extract
    restore_and_compare reference
    run -0 stat -c %Y reference/types/file
    assert_output 1234567890
}

# --------------------------------------------------------------------------- bsdtar's

# bsd_tar FORMAT OPTION...: packs the tree a as x.tar, and extracts that, both with bsdtar.
bsd_tar() {
    bsdtar --format="$1" --numeric-owner "${@:2}" -cf x.tar -C a .
    mkdir reference
    bsdtar --numeric-owner --acls --xattrs -xpf x.tar -C reference
    touch -r a reference # bsdtar does not set the root's mtime
}

# Without entries that bsdtar changes: fractions of seconds before 1970, hard links of devices, ids in ACLs from
# 2^31 on, which it writes as 0, and attributes whose names its two encodings spell differently.
@test "bsdtar's pax format with attributes, ACLs and sparse files" {
    make_tree a "${ROOT_PARTS[@]}" fragments
    find a/times -name '*-*.*' -delete
    touch -h -d @-1 a/times/symlink
    rm a/devices/null-too
    setfacl -x u:4294967294 a/acls/masked
    setfattr -x $'user.new\nline \xff' a/xattrs/file
    bsd_tar pax 2>/dev/null # warns about names that are not UTF-8, but writes them
    restore_and_compare a
    setfattr -x user.a%3Db reference/xattrs/file # as bsdtar reads the name
    setfattr -x user.100%25 reference/xattrs/file
    setfattr -x user.%253D%2525%2541 reference/xattrs/file
    restore_and_compare reference
}

@test "bsdtar's ustar, gnutar and v7 formats" {
    make_tree a types modes hardlinks sizes
    find a -type p -delete # not in v7
    setfattr -x user.note a/hardlinks/attributed
    whole_seconds a
    local format
    for format in ustar gnutar v7; do
        bsd_tar "$format"
        restore_and_compare reference
        restore_and_compare a
        rm -r reference
    done
}

@test "bsdtar's gnutar format: long names and links, numbers in base 256" {
    make_tree a names paths symlinks owners
    whole_seconds a
    bsd_tar gnutar
    restore_and_compare reference
}

# --------------------------------------------------------------------------- Python's

# python_tar FORMAT: packs the tree a as x.tar.
python_tar() {
    /usr/bin/python3 -c '
import sys, tarfile
with tarfile.open("x.tar", "w", format=getattr(tarfile, sys.argv[1])) as tar:
    tar.add("a", ".")' "$1"
}

# make_python_tree PART...: makes the tree a without attributes, fractions of seconds and hard links of anything
# but files, which Python does not write.
make_python_tree() {
    make_tree a hardlinks devices "$@"
    setfattr -x trusted.note a/devices/null
    setfacl -b a/devices/loop
    setfattr -x user.note a/hardlinks/attributed
    rm a/devices/null-too a/hardlinks/a/fifo a/hardlinks/b/symlink
    whole_seconds a
}

@test "Python's USTAR format" {
    make_python_tree types modes sizes
    python_tar USTAR_FORMAT
    restore_and_compare a
}

@test "Python's GNU and PAX formats: long names and links, large numbers" {
    make_python_tree types names paths symlinks owners unreadable
    python_tar GNU_FORMAT
    restore_and_compare a
    python_tar PAX_FORMAT
    restore_and_compare a
}
