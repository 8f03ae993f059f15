#!/usr/bin/env bats
# tarpack reads a tree that other processes change at the same time.

load helpers
load modes

# More than a pipe and tarpack's buffer hold together, so tarpack is still reading the file while its reader pauses.
LARGE=6M

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir tree
}

# large FILE: makes a file of that size.
large() {
    head -c "$LARGE" /dev/zero | tr '\0' x >"$1"
}

# while_packing CHANGE [OPTION...]: packs "tree" to "out.tar". Runs CHANGE while tarpack is in the first large file.
# Sets $packed to tarpack's status; its messages are in the file "said".
while_packing() {
    local change=$1
    shift
    mkfifo pipe
    sleep 0.02 # the kernel's clock may tick only 100 times a second: the change needs another time
    tarpack "$@" tree >pipe 2>said &
    exec {out}<pipe
    head -c 4096 <&"$out" >out.tar
    eval "$change"
    cat <&"$out" >>out.tar
    exec {out}<&-
    rm pipe
    packed=0
    wait $! || packed=$?
}

# assert_torn: out.tar has no end of an archive, and readers refuse it.
assert_torn() {
    ! tail -c 1024 out.tar | cmp -s - <(head -c 1024 /dev/zero) || fail 'it ends with two zero blocks'
    run -3 tarunpack -t <out.tar
}

# assert_whole: out.tar is a complete archive.
assert_whole() {
    run -0 tarunpack -t <out.tar
}

# --------------------------------------------------------------------------- while a file is read

@test "a file that grows: status 1; with --live it is truncated to its old size" {
    large tree/a
    cp tree/a before
    while_packing 'echo more >>tree/a'
    assert_equal "$packed" 1
    assert_equal "$(cat said)" 'tarpack: a: grew while it was being read; --live makes this a warning'
    assert_torn
    cp before tree/a
    while_packing 'echo more >>tree/a' --live
    assert_equal "$packed" 0
    assert_equal "$(cat said)" 'tarpack: warning: a: grew while it was being read'
    assert_whole
    tar -xOf out.tar a | cmp - before
}

@test "a file that shrinks is status 1, with --live too, since its header has the old size" {
    local live
    for live in '' --live; do
        large tree/a
        while_packing 'truncate -s 100 tree/a' $live
        assert_equal "$packed" 1
        assert_equal "$(cat said)" 'tarpack: a: shrank while it was being read'
        assert_torn
    done
}

@test "a sparse file that shrinks is status 1, with --live too" {
    local live
    for live in '' --live; do
        truncate -s "$LARGE" tree/a
        while_packing 'truncate -s 100 tree/a' $live
        assert_equal "$packed" 1
        assert_equal "$(cat said)" 'tarpack: a: shrank while it was being read'
        run -3 tarunpack -t <out.tar # which ends in zeros, but of the file
    done
}

@test "a file that is overwritten or touched: status 1; with --live a warning" {
    local change
    for change in 'echo y | dd of=tree/a bs=1 count=1 seek=5M conv=notrunc status=none' \
        'touch -d @5 tree/a' 'chmod 600 tree/a' \
        'echo y | dd of=tree/a bs=1 conv=notrunc status=none; touch -r kept tree/a'; do
        large tree/a
        cp -p tree/a kept
        while_packing "$change"
        assert_equal "$packed" 1
        assert_equal "$(cat said)" 'tarpack: a: changed while it was being read; --live makes this a warning'
        assert_torn
        large tree/a
        while_packing "$change" --live
        assert_equal "$packed" 0
        assert_equal "$(cat said)" 'tarpack: warning: a: changed while it was being read'
        assert_whole
    done
}

@test "a file that is removed or replaced while it is read: with --live its old content is packed" {
    large tree/a
    cp -p tree/a kept
    while_packing 'echo other >new; mv new tree/a' --live
    assert_equal "$packed" 0
    tar -xOf out.tar a | cmp - kept
    # Without --live this is an error, since the link count changed.
    cp -p kept tree/a
    while_packing 'rm tree/a'
    assert_equal "$packed" 1
    assert_torn
}

@test "a read that fails names the file: EIO, ESTALE" {
    requires_command strace
    local error
    large tree/a
    for error in EIO ESTALE; do
        run -1 --separate-stderr bash -c \
            'strace -o /dev/null -e inject=pread64:error=$1:when=3 tarpack tree >out.tar' - $error
        # shellcheck disable=SC2154
        assert_regex "$stderr" '^tarpack: a: cannot read: (I(nput)?/(output|O) error|Stale file handle)$'
        assert_torn
        run -1 --separate-stderr bash -c \
            'strace -o /dev/null -e inject=pread64:error=$1:when=3 tarpack --live tree >out.tar' - $error
        assert_torn
    done
}

@test "a file that a network file system loses after it was read: with --live a warning" {
    requires_command strace
    echo content >tree/a
    run -1 --separate-stderr strace -o /dev/null -P tree/a -e inject=fstat,newfstatat:error=ESTALE:when=2 \
        bash -c 'exec tarpack tree >out.tar'
    assert_equal "${stderr##*$'\n'}" 'tarpack: a: cannot read: Stale file handle'
    assert_torn
    run -0 --separate-stderr strace -o /dev/null -P tree/a -e inject=fstat,newfstatat:error=ESTALE:when=2 \
        bash -c 'exec tarpack --live tree >out.tar'
    assert_equal "${stderr##*$'\n'}" 'tarpack: warning: a: vanished while it was being read'
    assert_whole
    tar -xOf out.tar a | cmp - tree/a
}

# --------------------------------------------------------------------------- before the entry is read

# changes_before_its_turn CHANGE: changes tree/b while tree/a is read. That is an error that names b, or with --live
# a warning, and b is left out.
changes_before_its_turn() {
    rm -rf tree
    mkdir -p tree/b/sub
    touch tree/b/sub/file tree/c
    [ "${2-}" != file ] || { rm -r tree/b && echo content >tree/b; }
    large tree/a
    cp -a tree before
    while_packing "$1"
    assert_equal "$packed" 1
    assert_regex "$(cat said)" '^tarpack: b: '
    assert_torn
    rm -rf tree
    cp -a before tree
    while_packing "$1" --live
    assert_equal "$packed" 0
    assert_equal "$(cat said)" 'tarpack: warning: b: vanished or was replaced while it was being read'
    assert_whole
    # shellcheck disable=SC2154
    assert_output $'./\na\nc'
    rm -rf before
}

@test "an entry that vanishes before it is read: status 1; with --live a warning" {
    changes_before_its_turn 'rm tree/b' file
    changes_before_its_turn 'rm -r tree/b'
}

@test "a file that became another type is not followed, opened or waited for" {
    mkdir outside
    echo secret >outside/file
    changes_before_its_turn 'rm tree/b; ln -s ../outside/file tree/b' file
    changes_before_its_turn 'rm tree/b; mkfifo tree/b' file
    changes_before_its_turn 'rm tree/b; mkdir tree/b' file
    [ "$EUID" -ne 0 ] || changes_before_its_turn 'rm tree/b; mknod tree/b c 1 5' file
    run -1 grep -a secret out.tar
}

@test "a directory that became a symlink, a file or a fifo is not entered" {
    mkdir outside
    echo secret >outside/file
    changes_before_its_turn 'rm -r tree/b; ln -s ../outside tree/b'
    changes_before_its_turn 'rm -r tree/b; echo x >tree/b'
    changes_before_its_turn 'rm -r tree/b; mkfifo tree/b'
    run -1 grep -a secret out.tar
}

@test "a symlink or fifo that became a file or a directory is packed with its new type" {
    large tree/a
    ln -s nowhere tree/b
    mkfifo tree/c
    while_packing 'rm tree/[bc]; echo content >tree/b; mkdir tree/c; touch tree/c/new'
    assert_equal "$packed" 0
    assert_whole
    assert_output $'./\na\nb\nc/\nc/new'
    tar -xOf out.tar b | cmp - tree/b
}

@test "a directory that is replaced by a symlink while it is walked: the walk stays in the directory" {
    mkdir -p tree/dir/sub outside/sub
    echo inside | tee tree/dir/b tree/dir/sub/file >/dev/null
    echo secret | tee outside/b outside/sub/file >/dev/null
    large tree/dir/a
    while_packing 'mv tree/dir moved; ln -s ../outside tree/dir'
    assert_equal "$packed" 0
    assert_whole
    assert_output $'./\ndir/\ndir/a\ndir/b\ndir/sub/\ndir/sub/file'
    run -1 grep -a secret out.tar
}

@test "a deep directory that is moved while it is walked: the walk never leaves the tree" {
    local deep
    deep=tree$(printf '/d%.0s' {1..200})
    mkdir -p "$deep" outside
    large "$deep/a"
    echo secret >outside/z
    while_packing 'mv tree/d/d outside' --live
    # The levels above are closed and can't be reopened, which is an error.
    assert_equal "$packed" 1
    assert_regex "$(tail -n 1 said)" 'cannot return to the directory above: Stale file handle$'
    assert_torn
    run -1 grep -a secret out.tar
}

@test "new entries in a directory that was already read are ignored" {
    large tree/a
    mkdir tree/b
    while_packing 'touch tree/aa tree/b/new' --live
    assert_equal "$packed" 0
    assert_whole
    assert_output $'./\na\nb/\nb/new'
}

@test "--live: a name that was replaced by another file is not packed as a hard link" {
    large tree/a
    echo one >tree/b
    ln tree/b tree/d
    large tree/c
    # b and d are one inode when b is packed; while c is read, d becomes another file.
    while_packing 'echo longer >new && ln new other && mv new tree/d' --live
    assert_equal "$packed" 0
    assert_whole
    tar -xOf out.tar d | cmp - <(echo longer)
}

# without_a_trace NAME: tree/NAME vanishes just before tarpack reads it. That is an error, or with --live
# a warning, and the archive does not contain it.
without_a_trace() {
    local -x FAULTS_VANISH=$1
    cp -a tree before
    run -1 env LD_PRELOAD="$ZLSNAP_PRELOAD/vanish.so" bash -c 'tarpack tree >out.tar'
    assert_output --regexp "^tarpack: $1: cannot read .*: No such file or directory\$"
    assert_torn
    rm -rf tree
    cp -a before tree
    run -0 env LD_PRELOAD="$ZLSNAP_PRELOAD/vanish.so" bash -c 'tarpack --live tree >out.tar'
    assert_output "tarpack: warning: $1: vanished or was replaced while it was being read"
    assert_whole
    rm -rf tree
    mv before tree
}

@test "a fifo or a symlink that vanishes between two system calls: the same" {
    mkfifo tree/fifo
    touch tree/z
    without_a_trace fifo
    assert_output $'./\nz'
    rm tree/fifo
    ln -s target tree/symlink
    without_a_trace symlink
    assert_output $'./\nz'
    # tarpack reads the attributes before the link target.
    ln tree/symlink tree/y
    local -x FAULTS_VANISH=symlink
    run -0 env LD_PRELOAD="$ZLSNAP_PRELOAD/vanish.so" \
        bash -c 'tarpack --live --no-xattrs --whiteouts=raw tree >out.tar'
    assert_output 'tarpack: warning: symlink: vanished or was replaced while it was being read'
    assert_whole
    # y is not a hard link to the missing entry.
    assert_output $'./\ny\nz'
    assert_equal "$(tar -tvf out.tar | grep -c 'y -> target')" 1
    FAULTS_VANISH=y
    run -1 env LD_PRELOAD="$ZLSNAP_PRELOAD/vanish.so" \
        bash -c 'tarpack --no-xattrs --whiteouts=raw tree >out.tar'
    assert_output 'tarpack: y: cannot read the link: No such file or directory'
    assert_torn
}

@test "directories that vanish while they are walked: status 1; with --live a warning for each" {
    rmdir tree
    mkdir before before/d{1000..3999}
    cp -a before tree
    while_packing 'rm -rf tree/d*'
    assert_equal "$packed" 1
    assert_regex "$(cat said)" '^tarpack: d[0-9]{4}: cannot read directory: No such file or directory$'
    assert_torn
    rm -rf tree
    cp -a before tree
    while_packing 'rm -rf tree/d*' --live
    assert_equal "$packed" 0
    run grep -Ev '^tarpack: warning: d[0-9]{4}: vanished or was replaced while it was being read$' said
    assert_output ''
    assert_whole
    # Each directory is packed or reported; the one that vanished after its header, both.
    assert_equal "$((${#lines[@]} - 1 + $(wc -l <said)))" 3001
}

@test "--live: a failed read of an entry that still exists is an error" {
    requires_command strace
    mkdir tree/dir
    mkfifo tree/fifo
    local fault
    for fault in llistxattr:error=ENOENT readlinkat:error=ENOENT getdents64:error=EIO:when=3 \
        llistxattr:error=ESTALE readlinkat:error=EINVAL; do
        rm -f tree/symlink
        [[ $fault != readlinkat* ]] || ln -s target tree/symlink
        run -1 --separate-stderr strace -o /dev/null -e inject="$fault" \
            bash -c 'exec tarpack --live tree >out.tar'
        assert_regex "$stderr" '^tarpack: (fifo|symlink|dir): cannot read [a-z ]*: '
    done
}

# --------------------------------------------------------------------------- unreadable entries

@test "an unreadable file or directory is an error, with --live too" {
    install -d -o 65534 -g 65534 home
    # shellcheck disable=SC2016 # for the other shell
    as_user bash -c 'mkdir -p home/{file,directory,closed}/sub && touch home/{file,closed}/sub/x &&
        chmod 0 home/file/sub/x home/directory/sub && chmod 400 home/closed/sub'
    local tree name live
    for live in '' --live; do
        for tree in file:sub/x directory:sub closed:sub/x; do
            name=${tree#*:}
            # shellcheck disable=SC2016
            run -1 as_user bash -c 'tarpack $2 "home/$1" >/dev/null' - "${tree%:*}" $live
            assert_line --index 0 --regexp "^tarpack: $name: cannot open.*: Permission denied\$"
            as_user tarpack $live "home/${tree%:*}" >out.tar 2>/dev/null || :
            assert_torn
        done
    done
    run -1 tarpack absent
    run -1 tarpack home/closed/sub/x
}

@test "fifos, devices, sockets and symlinks are never opened" {
    requires_command strace
    mkfifo tree/fifo
    ln -s fifo tree/symlink
    ln -s /dev/zero tree/zero-link
    touch tree/file
    if [ "$EUID" -eq 0 ]; then
        mknod tree/zero c 1 5
        mknod tree/loop b 7 0
        mknod tree/whiteout c 0 0
    fi
    strace -f --seccomp-bpf -o calls -e trace=open,openat,openat2 tarpack tree >out.tar
    assert_whole
    run -1 grep -E '"(fifo|symlink|zero-link|zero|loop|whiteout)"' calls
    run -0 grep -E '"file"' calls
    assert_equal "$(grep -c '"file".*O_NOFOLLOW' calls)" 1
}

@test "warns an ordinary user once that trusted.* attributes of other users' entries are hidden" {
    requires_root
    mkdir tree/{a,b}
    setfattr -n trusted.overlay.opaque -v y tree/a
    # shellcheck disable=SC2016
    run -0 --separate-stderr as_user bash -c 'tarpack tree | tarunpack -t'
    assert_output $'./\na/\nb/'
    # shellcheck disable=SC2154
    assert_equal "${#stderr_lines[@]}" 1
    assert_regex "$stderr" '^tarpack: warning: .*trusted\.\*'
    run -0 --separate-stderr as_user bash -c 'tarpack -q tree | tarunpack -t'
    assert_equal "$stderr" ''
    # The same for root of a user namespace.
    if unshare -Ur true; then
        run -0 --separate-stderr as_user unshare -Ur bash -c 'tarpack tree | tarunpack -t'
        assert_regex "$stderr" '^tarpack: warning: .*trusted\.\*'
    fi
    # No warning for the user's own entries, and none for root.
    install -d -o 65534 -g 65534 home
    as_user touch home/file
    run -0 --separate-stderr as_user bash -c 'tarpack home | tarunpack -t'
    assert_equal "$stderr" ''
    run -0 --separate-stderr bash -c 'tarpack tree | tarunpack -t'
    assert_equal "$stderr" ''
    assert_output $'./\na/\na/.wh..wh..opq\nb/'
}

@test "checks its privileges once, not for each entry of another user" {
    requires_root
    requires_command strace
    touch tree/{1..99}
    chown -R 65534 tree
    strace -f --seccomp-bpf -o calls -e trace=capget,/stat tarpack tree >out.tar
    assert_whole
    [ "$(grep -c capget calls)" -le 2 ]
    [ "$(grep -c /proc/self/ns/user calls)" -le 2 ]
}

# --------------------------------------------------------------------------- output

@test "ends by SIGPIPE or with a write error when its reader is gone" {
    large tree/a
    run -0 --separate-stderr bash -c 'tarpack tree | head -c 512 >/dev/null; echo "${PIPESTATUS[0]}"'
    [[ $output == 141 || $output == 1 ]] || fail "status $output"
    run -0 bash -c 'trap "" PIPE; tarpack tree | head -c 512 >/dev/null; echo "${PIPESTATUS[0]}"'
    assert_output $'tarpack: cannot write to standard output: Broken pipe\n1'
    run -1 bash -c 'tarpack tree >/dev/full'
    assert_output 'tarpack: cannot write to standard output: No space left on device'
}
