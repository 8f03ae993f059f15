# shellcheck shell=bash disable=SC2034,SC2154
#
# Part of bench/comparison.sh: makes a tree with everything that an upper directory can contain.

# tree_make DIR [REVERSED]: makes the tree, with REVERSED in the opposite order.
tree_make() {
    local makers=(modes owners attributes links nodes sparse names whiteouts bulk) i
    [[ ! ${2-} ]] || makers=(bulk whiteouts names sparse nodes links attributes owners modes)
    mkdir -p "$1"
    for i in "${makers[@]}"; do
        (cd "$1" && "make_$i") || die "cannot make the tree in $1"
    done
    (
        cd "$1" || exit
        chmod 0751 . && chown 12:34 . && setfattr -n user.root -v yes .
        find . -depth -print0 | xargs -0 touch -h -d '2001-02-03 04:05:06.123456789Z'
    )
}

make_modes() {
    install -m 4755 /bin/true setuid && mkdir odd sticky && chmod 2511 odd && chmod 1777 sticky
    echo text >plain && chmod 0604 plain
}
make_owners() {
    echo text >owned && chown 1234:5678 owned && echo text >big && chown 3000000:4000000 big
}
make_attributes() {
    echo text >noted && setfattr -n user.note -v 'a text' noted && mkdir noted-dir
    setfattr -n user.note -v 'another' noted-dir
    cp /bin/true capable && setcap cap_net_raw+ep capable
    echo text >acl && setfacl -m u:1234:rw- acl && mkdir acl-dir
    setfacl -m u:1234:rwx,d:u:1234:r-x acl-dir
}
make_links() {
    echo text >link-a && ln link-a link-b && ln -s link-a symlink && ln symlink symlink-b
}
make_nodes() {
    mknod char c 1 3 && mknod block b 7 99 && mkfifo fifo && chmod 0640 char block fifo
}
make_sparse() {
    truncate -s 64M sparse && echo end | dd of=sparse bs=1M seek=63 conv=notrunc status=none
}
make_names() {
    echo text >$'not-utf8-\xff\xfe' && echo text >$'new\nline' && echo text >./-rf
    echo text >"$(printf 'long-%0195d' 0)"
}
# Incompressible data, so that half of a layer is larger than a buffer.
make_bulk() {
    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(8 << 20))' >bulk
}
make_whiteouts() {
    mknod -m 0 gone c 0 0 && mkdir opaque && echo text >opaque/new
    setfattr -n trusted.overlay.opaque -v y opaque
}
