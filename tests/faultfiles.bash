# The setup of faults*.bats: trees, archives and digests for the programs.
# shellcheck shell=bash disable=SC2034 # the tests use the variables

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p tree/{dir/deep,shut,old} standing/{dir,gone}
    seq 40000 >tree/dir/large
    seq 100 >tree/dir/small
    seq 99 >tree/dir/other
    truncate -s 300000 tree/dir/deep/hole
    echo end >>tree/dir/deep/hole
    ln tree/dir/small tree/dir/deep/link
    ln -s ../small tree/dir/deep/symlink
    mkfifo tree/fifo
    setfattr -n user.name -v value tree/dir tree/dir/small 2>/dev/null || true
    touch tree/shut/file
    touch -d @1000000000.123456789 tree/shut/file tree/dir/deep
    chmod 500 tree/shut
    touch standing/{dir/small,dir/mine,gone/file,fifo}
    tarpack tree >layer.tar
    tarpack --manifest tree >manifest
    mkdir layer
    cp -a tree/. layer
    touch layer/{.wh.gone,old/.wh..wh..opq}
    tar --format=posix --xattrs -cf merge.tar -C layer .
    sha256sum <layer.tar >layer.sha256
}

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR" || return
    enter_memory # syncing a disk is slow
    FILES=$BATS_FILE_TMPDIR
    input=/dev/null
    read -r digest _ <"$FILES/layer.sha256"
    mkdir work
    # The default; a test may define its own.
    # shellcheck disable=SC2317
    prepare() {
        rm -rf work
        mkdir work
    }
}
