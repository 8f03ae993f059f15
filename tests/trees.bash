# Trees that several .bats files pack: `load trees` after `load helpers`.
# shellcheck disable=SC2034,SC2103,SC2164 # the tests use the variables, and bats ends them where cd fails

# make_tree DIR PART...: makes DIR with a directory for each PART, which the function make_PART fills. A part is
# made once a test file and copied for each test.
make_tree() (
    local dir=$1 part parts=$BATS_FILE_TMPDIR/parts
    shift
    mkdir -p "$parts" "$dir"
    for part; do
        [ -e "$parts/$part" ] || make_parts "$parts" "$part"
    done
    cp -a "${@/#/$parts/}" "$dir"
)

# make_parts DIR PART...: likewise, without copies.
make_parts() (
    local part
    mkdir -p "$1"
    cd "$1"
    shift
    for part; do
        mkdir "$part"
        cd "$part"
        "make_$part"
        cd ..
    done
)

# The parts that any user can make, and those that need root.
USER_PARTS=(types modes times xattrs acls hardlinks names paths symlinks sparse sizes)
ROOT_PARTS=("${USER_PARTS[@]}" devices unreadable owners system_xattrs capabilities)

# make_user_tree DIR: makes USER_PARTS as nobody, in a directory that belongs to nobody.
make_user_tree() {
    declare -px USER_PARTS LARGE_XATTR LONG_LINK >"$BATS_TEST_TMPDIR/parts"
    declare -f make_parts "${USER_PARTS[@]/#/make_}" repeat >>"$BATS_TEST_TMPDIR/parts"
    as_user bash -c 'set -e; source "$1"; make_parts "$2" "${USER_PARTS[@]}"' - \
        "$BATS_TEST_TMPDIR/parts" "$1"
}

# The largest attribute, link target and device number that every file system accepts. A test that knows its
# file system sets larger ones.
LARGE_XATTR=700 LONG_LINK=1000 LARGE_DEVICE='511 262143'

# repeat N TEXT: prints TEXT N times.
repeat() {
    local text
    printf -v text "%$1s" ''
    printf %s "${text// /$2}"
}

make_types() {
    echo content >file
    mkdir -p directory/empty directory/full/of/directories
    : >directory/full/of/nothing
    mkfifo fifo
    ln -s file symlink
    ln -s /nowhere/at/all dangling
    ln -s . directory/circle
}

make_modes() {
    local mode
    for mode in 0400 0444 0640 0755 0777 1644 2755 4755 6711 7777; do
        echo "$mode" >"file-$mode"
        chmod "$mode" "file-$mode"
    done
    mkfifo fifo-0000 fifo-7777
    chmod 0000 fifo-0000
    chmod 7777 fifo-7777
    for mode in 0500 0555 0700 1777 2775 3777 7777; do
        mkdir "dir-$mode"
        echo "$mode" >"dir-$mode/file"
        chmod "$mode" "dir-$mode"
    done
}

# Times before 1970, beyond an octal field and with fractions, also of a directory and a link.
make_times() {
    local time
    for time in 0 1 0.000000001 0.1 999999999.999999999 1234567890.5 8589934591 8589934592 \
        8589934592.123456789 15000000000.25 -1 -0.000000001 -0.5 -1.000000001 -2000000000.75; do
        echo "$time" >"file$time"
        mkdir "dir$time"
        touch -d "@$time" -- "file$time" "dir$time"
    done
    ln -s file0 symlink
    touch -h -d @-1.25 symlink
    mkfifo fifo
    touch -d @8589934592.5 fifo
}

make_xattrs() {
    local large
    touch file another
    mkdir directory
    setfattr -n user.text -v 'some text' file
    setfattr -n user.empty file
    setfattr -n user.binary -v 0x00ff0a3d000a2500 file
    setfattr -n 'user.a=b' -v '=' file
    setfattr -n 'user.100%' -v '%' file
    setfattr -n 'user.%3D%25%41' -v '%3D' file
    setfattr -n $'user.new\nline \xff' -v text file
    setfattr -n "user.$(repeat 200 n)" -v text another
    setfattr -n user.text -v "$(repeat 50 'line '$'\n')" directory
    touch large
    large=$(repeat "$((LARGE_XATTR / 4))" 00ff3d0a)
    setfattr -n user.large -v "0x$large" large
    # Sets attributes before it removes the write permission.
    mkdir readonly-directory
    touch readonly readonly-setuid
    setfattr -n user.text -v text readonly readonly-setuid readonly-directory
    chmod 0444 readonly
    chmod 4555 readonly-setuid
    chmod 0555 readonly-directory
}

make_acls() {
    touch file masked
    mkdir directory
    setfacl -m u:7:rw,g:8:r file
    setfacl -m u:4294967294:rwx,m:r masked
    chmod 4751 masked
    setfacl -m u:7:rwx directory
    setfacl -d -m u:7:rwx,g:9:---,o:--- directory
    # Inherits the default ACL, unlike restored entries.
    mkdir directory/inherits
    mkdir directory/none
    setfacl -b directory/none
    chmod 700 directory/none
    touch directory/none/file
    mkfifo fifo
    setfacl -m u:7:rw fifo
}

# The first name in byte order carries the data, in any directory.
make_hardlinks() {
    mkdir a b b/c
    echo content >b/c/first
    ln b/c/first a/second
    ln b/c/first z
    echo another >a/within
    ln a/within a/within-too
    ln -s target symlink
    ln symlink b/symlink
    mkfifo fifo
    ln fifo a/fifo
    truncate -s 1M sparse
    ln sparse b/sparse
    : >empty
    ln empty b/empty
    touch attributed
    setfattr -n user.note -v text attributed
    ln attributed a/attributed
}

make_names() {
    local name high
    local -a names directories=()
    high=$(repeat 255 $'\xe4')
    names=($'new\nline' 'back\slash' ' spaces  ' -rf --help $'\xff\xfe' $'\x01\x1b[31m\x7f' \
        '*?[a-z]' '%41%' '=' '"quoted"' "it's" ümlaut $'cut\xc3' '#comment' '\101' '~' .wh .whx .a ... \
        A B a- a.b "$(repeat 255 n)" "$high")
    for name in "${names[@]}"; do
        directories+=("./d${name::254}")
    done
    mkdir "${directories[@]}"
    for name in "${names[@]}"; do
        echo "$name" >"./$name"
        echo "$name" >"./d${name::254}/$name" # a path that may not fit into ustar
        ln -s -- "$name" "./s${name::254}"
    done
    ln "./d${high::254}/$high" link
}

# Lengths at the limits of ustar's name and prefix.
make_paths() {
    local length prefix
    for length in 92 93 94 95 96; do # with "paths/" in front: 98 to 102
        echo "$length" >"$(repeat "$length" f)"
        mkdir "$(repeat "$length" d)"
        ln -s target "$(repeat "$length" s)"
        mkfifo "$(repeat "$length" p)"
        ln "$(repeat "$length" f)" "$(repeat "$length" l)"
    done
    prefix=$(repeat 80 a)/$(repeat 67 b) # 148 and the part's 6
    mkdir -p "$prefix" "${prefix}b" "${prefix}bb"
    for length in 98 99 100 101; do
        echo "$length" >"$prefix/$(repeat "$length" f)"
        echo "$length" >"${prefix}b/$(repeat "$length" f)"
        echo "$length" >"${prefix}bb/$(repeat "$length" f)"
        ln "$prefix/$(repeat "$length" f)" "link-$length"
        mkdir "${prefix}b/$(repeat "$length" d)"
    done
}

make_symlinks() {
    local length
    for length in 1 99 100 101 255 256 "$LONG_LINK"; do
        ln -s "$(repeat "$length" t)" "to-$length"
    done
    ln -s "$(repeat 120 $'\xe4')" to-bytes
    ln -s $'line\nand \\ \xff' to-odd
    ln -s ../../../../../../../../etc/passwd to-outside
    ln -s /etc/shadow to-root
    touch -h -d @1234567890.123456789 to-root
}

# Data at the start, in the middle, at the end or nowhere, and sizes that are not whole blocks.
make_sparse() {
    truncate -s 4M hole
    truncate -s 1000001 odd-hole
    truncate -s 4M start && printf 'data' | dd of=start conv=notrunc status=none
    truncate -s 4M middle &&
        printf 'data' | dd of=middle bs=1M seek=2 conv=notrunc status=none
    truncate -s 3M end && printf 'data' >>end
    truncate -s 16M many
    local at
    for at in 0 1 5 64 65 66 2000 2049 4095; do # a block of 4096 bytes each
        repeat 4096 d | dd of=many bs=4096 seek="$at" conv=notrunc status=none
    done
}

make_sizes() {
    local size
    for size in 0 1 511 512 513 1023 1024 1025 4095 4096 4097 65536 262143 262144 262145 1048577; do
        head -c "$size" /dev/urandom >"file-$size"
    done
}

make_devices() {
    mknod null c 1 3
    mknod loop b 7 0
    # shellcheck disable=SC2086 # major and minor
    mknod large c $LARGE_DEVICE
    mknod setuid b 8 1
    chown 5:6 setuid
    chmod 4711 setuid
    ln null null-too
    setfattr -n trusted.note -v text null
    setfacl -m u:7:rw loop
}

make_unreadable() {
    echo content >file
    chmod 0000 file
    mkdir none execute
    echo content >none/file
    chmod 0000 none
    chmod 0111 execute
}

# ustar's seven octal digits end at 2097151.
make_owners() {
    local id
    for id in 0 1 65534 2097151 2097152 4294967294; do
        echo "$id" >"user-$id"
        echo "$id" >"group-$id"
        mkdir "dir-$id"
        ln -s target "link-$id"
        chown -h "$id:1" "user-$id" "link-$id"
        chown "1:$id" "group-$id" "dir-$id"
    done
    echo content >setuid
    chown 2097152:7 setuid
    chmod 6755 setuid
    mkfifo fifo
    chown 5:6 fifo
    chmod 2644 fifo
}

make_system_xattrs() {
    touch file
    setfattr -n trusted.binary -v 0x00ff00 file
    setfattr -n trusted.empty file
    setfattr -n security.note -v text file
    ln -s target symlink
    setfattr -h -n trusted.note -v text symlink
    setfattr -h -n security.note -v text symlink
    mkfifo fifo
    setfattr -n trusted.note -v text fifo
    mkdir directory
    setfattr -n trusted.note -v text directory
}

make_capabilities() {
    cp /bin/true program
    setcap cap_net_raw,cap_net_admin+ep program
    cp /bin/true namespaced
    setcap -n 100000 cap_chown+ep namespaced
    cp /bin/true owned
    chown 5:6 owned
    setcap cap_chown+ep owned
    ln program linked
}

# archive_moving OLD NEW: writes a layer to stdout that deletes OLD and makes NEW a hard link to its file.
archive_moving() {
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import os, sys, tarfile
old, new = sys.argv[1:]
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    archive.addfile(tarfile.TarInfo(os.path.join(os.path.dirname(old), ".wh." + os.path.basename(old))))
    link = tarfile.TarInfo(new)
    link.type, link.linkname = tarfile.LNKTYPE, old
    archive.addfile(link)
PYTHON
}
