# Bad input and system failures: one line on standard error, the right exit status, no files left.

load helpers
load refusals

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir tree
    seq 500 >tree/numbers
    ln -s numbers tree/link
    tarpack tree >layer.tar
    # An ordinary user can't write into these directories, and can't read one of them.
    mkdir -p stubborn/full stubborn/shut
    touch stubborn/full/file stubborn/shut/file
    tar --format=pax --owner=0 --group=0 --mode=a-w -C stubborn -cf stubborn.tar .
    chmod a+rX . layer.tar stubborn.tar
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    TREE=$BATS_FILE_TMPDIR/tree
    LAYER=$BATS_FILE_TMPDIR/layer.tar
    mkdir work
}

teardown() {
    # A failed test may leave a process waiting.
    [ -z "${held-}" ] || kill -KILL "$held" 2>/dev/null || true
    end_test
}

# refuses_target LINE TARGET: tarunpack prints LINE, reads no input and changes nothing.
refuses_target() {
    local before
    before=$(facts work)
    { refused 1 "$1" tarunpack --no-sync "$2" && wc -c >unread; } <"$LAYER"
    assert_equal "$(cat unread)" "$(stat -c %s "$LAYER")"
    assert_equal "$(facts work)" "$before"
}

# --------------------------------------------------------------------------- tarpack: input

@test "tarpack: a file, a fifo or a device as DIR is refused" {
    touch file
    mkfifo fifo
    local name
    for name in file fifo /dev/null; do
        refused 1 "tarpack: $name: not a directory" tarpack "$name"
        refused 1 "tarpack: $name: not a directory" tarpack --manifest "$name"
    done
}

@test "tarpack: a missing directory is named" {
    refused 1 'tarpack: none: cannot open directory: No such file or directory' tarpack none
    refused 1 'tarpack: none/: cannot open directory: No such file or directory' tarpack none/
    refused 1 'tarpack: : cannot open directory: No such file or directory' tarpack ''
    ln -s none dangling
    refused 1 'tarpack: dangling: cannot open directory: *' tarpack dangling
    ln -s loop loop
    refused 1 'tarpack: loop: cannot open directory: *ymbolic link*' tarpack loop
}

@test "tarpack: control characters in a name are escaped" {
    refused 1 'tarpack: \\033\[2J\\012evil\\377: cannot open directory: No such file or directory' \
        tarpack $'\e[2J\nevil\xff'
}

@test "tarpack: an unreadable file is named, and the archive stays incomplete" {
    requires_root
    mkdir -m 755 tree
    touch tree/a
    install -m 600 /dev/null tree/secret
    local status=0
    as_user tarpack -q tree >out 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarpack: secret: cannot open: Permission denied'
    refused 3 'tarunpack: *' tarunpack work/target <out
    status=0
    as_user tarpack -q --manifest tree >out 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarpack: secret: cannot open: Permission denied'
}

@test "tarpack: an unreadable directory is named, at the top and below" {
    requires_root
    mkdir -m 755 tree
    mkdir -m 700 tree/shut
    local status=0
    as_user tarpack -q tree >out 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarpack: shut: cannot open directory: Permission denied'
    status=0
    as_user tarpack -q tree/shut >out 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarpack: tree/shut: cannot open directory: Permission denied'
    assert_equal "$(stat -c %s out)" 0
}

# --------------------------------------------------------------------------- tarpack: output

@test "tarpack: does not write binary data to a terminal" {
    requires_command script
    local status=0
    script -qec "tarpack '$TREE'" /dev/null </dev/null >out || status=$?
    assert_equal "$status" 2
    assert_equal "$(tr -d '\r' <out)" "tarpack: standard output is a terminal; redirect it to a \
file or a pipe; try 'tarpack --help'"
    # A manifest is text.
    script -qec "tarpack --manifest '$TREE'" /dev/null </dev/null >out
    assert_equal "$(head -n 1 out | tr -d '\r')" '#mtree'
}

@test "tarpack: a full disk and a closed standard output are errors" {
    local option
    for option in --live --manifest; do
        local status=0
        tarpack $option "$TREE" >/dev/full 2>err || status=$?
        assert_equal "$status" 1
        assert_equal "$(cat err)" 'tarpack: cannot write to standard output: No space left on device'
        status=0
        tarpack $option "$TREE" >&- 2>err || status=$?
        assert_equal "$status" 1
        assert_equal "$(cat err)" 'tarpack: cannot write to standard output: Bad file descriptor'
    done
}

@test "tarpack: -X with a closed standard input is an error, whatever its name is" {
    local file
    for file in - /dev/stdin //dev/stdin /dev/fd/0 /proc/self/fd/0; do
        refused 1 "tarpack: @(standard input|$file): cannot read: *" tarpack -X "$file" "$TREE" <&-
    done
}

@test "tarpack: works with standard input and standard error closed" {
    tarpack "$TREE" <&- 2>&- >out
    cmp out "$LAYER"
    local status=0
    tarpack none <&- 2>&- >out || status=$?
    assert_equal "$status" 1
    assert_equal "$(stat -c %s out)" 0
}

@test "tarpack: ends by SIGPIPE when the reader is gone, or with an error if SIGPIPE is ignored" {
    local status=0
    without_reader env --default-signal=PIPE tarpack "$TREE" 2>err || status=$?
    assert_equal "$status" 141
    assert_equal "$(cat err)" ''
    status=0
    without_reader env --ignore-signal=PIPE tarpack "$TREE" 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarpack: cannot write to standard output: Broken pipe'
}

@test "tarpack: a bad option: one line, status 2" {
    local options
    for options in --none -Z --whiteouts --whiteouts= --whiteouts=evil --manifest=evil --quiet=yes \
        --help=yes --mtime=evil --mtime= --time-precision=m --owner=root --owner=4294967295 \
        --group=-1 --uid-map=1:2 --uid-map=0:0:0 --gid-map=0:4294967295:1 --jobs=0 --jobs=x \
        --no --xattrs=1 -qZ --exclude --summary; do
        refused 2 "tarpack: *; try 'tarpack --help'" tarpack "$options" </dev/full
    done
    refused 2 "tarpack: missing operand DIR; try 'tarpack --help'" tarpack
    refused 2 "tarpack: missing operand DIR; try 'tarpack --help'" tarpack --
    refused 2 "tarpack: extra operand 'b'; try 'tarpack --help'" tarpack a b
    refused 2 "tarpack: unknown option '--\\\\033\[2J'; try 'tarpack --help'" tarpack $'--\e[2J'
    refused 1 'tarpack: --help: cannot open directory: *' tarpack -- --help
}

# --------------------------------------------------------------------------- tarunpack: targets

@test "tarunpack: a target that is not empty is refused" {
    mkdir work/target
    touch work/target/.hidden
    refuses_target 'tarunpack: work/target: is not empty*' work/target
    refuses_target 'tarunpack: work/target/: is not empty*' work/target/
}

@test "tarunpack: a target that is a file, a fifo or a socket is refused" {
    touch work/file
    mkfifo work/fifo
    local name
    for name in file fifo; do
        refuses_target "tarunpack: work/$name: is not a directory" "work/$name"
        refuses_target "tarunpack: work/$name/: is not a directory" "work/$name/"
    done
    refused 1 'tarunpack: /dev/null: is not a directory' tarunpack /dev/null <"$LAYER"
}

@test "tarunpack: a symbolic link as the last component is refused, and its target is named" {
    mkdir work/dir
    ln -s dir work/link
    ln -s none work/dangling
    ln -s $'\e[2J' work/evil
    refuses_target 'tarunpack: work/link: is a symbolic link to dir; name that directory itself' \
        work/link
    refuses_target 'tarunpack: work/link//: is a symbolic link to dir; *' work/link//
    refuses_target 'tarunpack: work/dangling: is a symbolic link to none; *' work/dangling
    refuses_target 'tarunpack: work/evil: is a symbolic link to \\033\[2J; *' work/evil
}

@test "tarunpack: symbolic links in the path to the target are followed" {
    mkdir work/dir
    ln -s dir work/link
    tarunpack --no-sync work/link/target <"$LAYER"
    compare_trees "$TREE" work/dir/target
}

@test "tarunpack: a path that can't be replaced atomically is refused; the message suggests --merge" {
    mkdir work/dir
    local name
    for name in . .. / // ./ work/. work/dir/.. work/dir/../; do
        refuses_target "tarunpack: $name: has no name *cannot be replaced (--merge *" "$name"
    done
}

@test "tarunpack: a mount point is refused; the message suggests --merge" {
    requires_root
    mkdir work/mounted work/bound work/source
    mount -t tmpfs tmpfs work/mounted
    mount --bind work/source work/bound
    local name
    for name in work/mounted work/bound/; do
        refuses_target "tarunpack: $name: is a mount point and cannot be replaced (--merge *" \
            "$name"
    done
    tarunpack --no-sync work/mounted/target <"$LAYER"
    compare_trees "$TREE" work/mounted/target
}

@test "tarunpack: a missing parent, a file as parent and impossible names are errors" {
    touch work/file
    refuses_target 'tarunpack: work/none/target: cannot open its parent directory: No such *' \
        work/none/target
    refuses_target 'tarunpack: work/file/target: cannot open its parent directory: Not a *' \
        work/file/target
    refuses_target 'tarunpack: *: cannot unpack there: File name too long' \
        "work/$(printf '%0256d' 0)"
    refuses_target 'tarunpack: : an empty name is not a directory' ''
}

@test "tarunpack: accepts a name of 255 bytes and unusual names" {
    local name
    for name in "$(printf '%0255d' 0)" $'new\nline' '-' '.hidden' ' '; do
        tarunpack --no-sync -- "work/$name" <"$LAYER"
        compare_trees "$TREE" "work/$name"
        rm -r "work/$name"
    done
    assert_equal "$(entries work)" ''
}

@test "tarunpack: a read-only parent directory is refused before any input is read" {
    requires_root
    mkdir -m 755 work/his
    local status=0
    { as_user tarunpack work/his/target 2>err || status=$? && wc -c >unread; } <"$LAYER"
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarunpack: cannot create a staging directory beside target '\
'(--merge works inside the directory): Permission denied'
    assert_equal "$(cat unread)" "$(stat -c %s "$LAYER")"
    assert_equal "$(entries work/his)" ''
}

@test "tarunpack: a read-only file system is refused" {
    requires_root
    mkdir work/target
    mount -t tmpfs -o ro tmpfs work/target
    refused 1 'tarunpack: cannot create a staging directory beside x (--merge *): Read-only *' \
        tarunpack work/target/x <"$LAYER"
}

@test "tarunpack: a target directory that can't be read is refused" {
    requires_root
    install -d -o 65534 -g 65534 work/his
    install -d -m 700 work/his/target
    local status=0
    as_user tarunpack work/his/target 2>err <"$LAYER" || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarunpack: work/his/target: cannot read directory: Permission denied'
    assert_equal "$(entries work/his)" target
}

# --------------------------------------------------------------------------- tarunpack: streams

@test "tarunpack: does not read an archive from a terminal" {
    requires_command script
    local status=0
    script -qec 'tarunpack work/target' /dev/null </dev/null >out || status=$?
    assert_equal "$status" 2
    assert_equal "$(tr -d '\r' <out)" "tarunpack: standard input is a terminal; pipe an \
archive into it; try 'tarunpack --help'"
    assert_equal "$(entries work)" ''
}

@test "tarunpack: a read error is an error" {
    refused 1 'tarunpack: cannot read standard input: Is a directory' tarunpack work/target <work
    refused 1 'tarunpack: cannot read standard input: Bad file descriptor' \
        tarunpack work/target <&-
    refused 1 'tarunpack: cannot read standard input: Is a directory' tarunpack --list <work
    refused 1 'tarunpack: cannot read standard input: Bad file descriptor' tarunpack -t <&-
    assert_equal "$(entries work)" ''
}

@test "tarunpack: input that is not a tar archive is refused" {
    seq 1000 >text
    refused 3 'tarunpack: this is not a tar archive' tarunpack work/target <text
    refused 3 'tarunpack: this is not a tar archive' tarunpack --list <text
    head -c 10000 /dev/urandom >noise
    refused 3 'tarunpack: this is *' tarunpack work/target <noise
    refused 3 'tarunpack: the input is empty' tarunpack work/target </dev/null
    refused 3 'tarunpack: the input is empty' tarunpack --list </dev/null
    assert_equal "$(entries work)" ''
}

@test "tarunpack: an archive ends with two blocks of zeros; these alone are an empty archive" {
    local content=$(($(stat -c %s "$LAYER") - 1024))
    head -c 512 /dev/zero >end
    refused 3 'tarunpack: the archive is truncated after 512 bytes' tarunpack work/target <end
    head -c "$content" "$LAYER" | cat - end >archive
    refused 3 "tarunpack: the archive is truncated after $((content + 512)) bytes" \
        tarunpack work/target <archive
    head -c "$content" "$LAYER" | cat - end "$LAYER" >archive
    refused 3 "tarunpack: a single zero block before byte $((content + 512))" \
        tarunpack work/target <archive
    cat end end | tarunpack work/target
    assert_equal "$(find work/target)" work/target
}

@test "tarunpack: zeros of any length may follow the archive, and nothing else" {
    local length
    for length in 1 511 512 8192 1000000; do
        { cat "$LAYER" && head -c "$length" /dev/zero; } >archive
        tarunpack --no-sync work/target <archive
        compare_trees "$TREE" work/target
        rm -r work/target
        printf x >>archive
        refused 3 'tarunpack: there is data after the end of the archive (--expect=DIGEST allows it)' \
            tarunpack work/target <archive
    done
    cat "$LAYER" "$LAYER" >archive
    refused 3 'tarunpack: there is data after the end of the archive (--expect=DIGEST allows it)' tarunpack -q work/target \
        <archive
    assert_equal "$(entries work)" ''
}

@test "tarunpack: reads a stream that arrives in pieces of any size" {
    local size
    for size in 1 511 513; do
        dd if="$LAYER" bs="$size" status=none | tarunpack --no-sync work/target
        compare_trees "$TREE" work/target
        rm -r work/target
    done
}

@test "tarunpack: each limit accepts exactly its value, and refuses one more" {
    local limit option number line
    mkdir tree
    touch -d @1000000000 tree/a tree/b
    printf 12345678 >tree/c
    touch -d @1000000000.5 tree/c
    setfattr -n user.x -v 123456 tree/a
    touch -d @1000000000 tree
    tarpack tree >archive
    local -A messages=(
        [max-stream=$(stat -c %s archive)]="the stream is longer than * bytes (--max-stream)"
        [max-entries=4]="the archive has more than 3 entries (--max-entries)"
        [max-size=8]="c: the files have more than 7 bytes in total (--max-size)"
        [max-path=1]="*: the path is longer than 0 bytes (--max-path)"
        [max-pax=30]="the extended headers of an entry are longer than 29 bytes (--max-pax)"
        [max-xattr=6]="a: the attribute user.x is longer than 5 bytes (--max-xattr)"
    )
    for limit in "${!messages[@]}"; do
        option=${limit%=*} number=${limit#*=} line=${messages[$limit]}
        tarunpack --no-sync "--$option=$number" work/target <archive
        compare_trees tree work/target
        rm -r work/target
        refused 3 "tarunpack: $line" tarunpack "--$option=$((number - 1))" work/target <archive
        run -3 --separate-stderr tarunpack --manifest "--$option=$((number - 1))" <archive
    done
    assert_equal "$(entries work)" ''
}

@test "tarunpack: --max-entries counts directories that the archive only implies" {
    mkdir -p tree/a/b/c
    touch tree/a/b/c/file tree/a/other
    tar --format=posix -C tree -cf archive a/b/c/file a/other
    tarunpack --no-sync --max-entries=5 work/target <archive
    assert_equal "$(cd work/target && find . -type f | sort)" $'./a/b/c/file\n./a/other'
    rm -r work/target
    refused 3 'tarunpack: the archive has more than 4 entries (--max-entries)' \
        tarunpack --max-entries=4 work/target <archive
}

# --------------------------------------------------------------------------- tarunpack: output

@test "tarunpack: a write error of the listing is an error" {
    local option
    for option in -t -tv --manifest; do
        local status=0
        tarunpack $option <"$LAYER" >/dev/full 2>err || status=$?
        assert_equal "$status" 1
        assert_equal "$(cat err)" 'tarunpack: cannot write to standard output: No space left on device'
        status=0
        tarunpack $option <"$LAYER" >&- 2>err || status=$?
        assert_equal "$status" 1
        assert_equal "$(cat err)" 'tarunpack: cannot write to standard output: Bad file descriptor'
    done
}

@test "tarunpack: --list ends when its reader is gone" {
    local status=0
    without_reader env --default-signal=PIPE tarunpack -t 2>err <"$LAYER" || status=$?
    assert_equal "$status" 141
    assert_equal "$(cat err)" ''
    status=0
    without_reader env --ignore-signal=PIPE tarunpack -t 2>err <"$LAYER" || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarunpack: cannot write to standard output: Broken pipe'
}

@test "tarunpack: works with standard output and standard error closed, and prints no message into a file" {
    tarunpack --no-sync work/target <"$LAYER" >&- 2>&-
    compare_trees "$TREE" work/target
    # This prints a warning while files are open.
    tar -cPf absolute.tar "$TREE/numbers" "$TREE/link"
    tarunpack --no-sync work/other <absolute.tar >&- 2>&-
    cmp "$TREE/numbers" "work/other/$TREE/numbers"
    local status=0
    tarunpack --no-sync work/third </dev/null >&- 2>&- || status=$?
    assert_equal "$status" 3
    assert_equal "$(entries work)" 'other target'
}

@test "tarunpack: a bad option: one line, status 2, no file made" {
    local options
    for options in --none -Z --expect --expect= --whiteouts --whiteouts=evil --manifest=evil \
        --list=yes --quiet=1 --no --no-same --max-stream --max-stream= --max-stream=x \
        --max-stream=-1 --max-stream=1X --max-stream=99999999999999999999 --max-size=16777216T \
        --max-entries=1.5 --max-path=0x10 --max-pax=' 1' --max-xattr=K -qZ -t=x \
        --uid-map=1 --gid-map=0:0:x --jobs=0 --summary; do
        refused 2 "tarunpack: *; try 'tarunpack --help'" tarunpack "$options" </dev/full
    done
    refused 2 "tarunpack: missing operand DIR; try 'tarunpack --help'" tarunpack </dev/full
    refused 2 "tarunpack: extra operand 'b'; try 'tarunpack --help'" \
        tarunpack --clean work/a b </dev/full
    refused 2 "tarunpack: --same-owner and --no-same-owner cannot be combined; *" \
        tarunpack --same-owner --no-same-owner work/a </dev/full
    refused 2 "tarunpack: --replace and --merge cannot be combined; *" \
        tarunpack --replace --merge work/a </dev/full
    refused 2 "tarunpack: '../a': no entry can have this path: *" tarunpack work/a b ../a </dev/full
    refused 2 "tarunpack: '': no entry can have this path: *" tarunpack -t '' </dev/full
    assert_equal "$(entries work)" ''
}

# --------------------------------------------------------------------------- tarunpack: no space

# fills DIR: a layer of 8 MB does not fit into DIR's file system, and nothing of it remains.
fills() {
    head -c 8000000 /dev/urandom >tree-of-8-mb
    tar --format=pax -cf large.tar -C "$TREE" numbers -C "$PWD" tree-of-8-mb
    refused 1 'tarunpack: tree-of-8-mb: cannot write: No space left on device' \
        tarunpack "$1/target" <large.tar
    assert_equal "$(entries "$1")" ''
    mkdir "$1/empty"
    refused 1 'tarunpack: tree-of-8-mb: cannot write: No space left on device' \
        tarunpack "$1/empty" <large.tar
    assert_equal "$(entries "$1")" empty
    tarunpack "$1/target" <"$LAYER"
    compare_trees "$TREE" "$1/target"
}

@test "tarunpack: leaves no files on a full ext4" {
    requires_fs ext4
    loop_fs ext4 4M work
    fills work
}

@test "tarunpack: leaves no files on a full tmpfs" {
    requires_root
    mount -t tmpfs -o size=4M tmpfs work
    fills work
}

@test "tarunpack: leaves no files when inodes run out, at whichever entry" {
    requires_root
    local inodes
    for inodes in 1 2 3 4; do
        mount -t tmpfs -o nr_inodes="$inodes" tmpfs work
        refused 1 'tarunpack: *: No space left on device' tarunpack work/target <"$LAYER"
        assert_equal "$(entries work)" ''
        umount work
    done
    mount -t tmpfs -o nr_inodes=6 tmpfs work
    tarunpack work/target <"$LAYER"
    compare_trees "$TREE" work/target
}

@test "tarunpack: leaves no files at a file size limit, and with too few descriptors" {
    # SIGXFSZ would kill. Threads block all signals; with one job the main thread writes.
    mkdir large
    head -c 20M /dev/zero | tr '\0' x >large/file
    tarpack large >large.tar
    local jobs layer
    for jobs in 1 4; do
        for layer in "$LAYER" large.tar; do
            refused 1 'tarunpack: *: cannot write: File too large' env --default-signal=XFSZ \
                bash -c "ulimit -f 1; exec tarunpack --jobs=$jobs work/target" <"$layer"
        done
    done
    refused 1 'tarunpack: cannot create a staging directory beside target: *' \
        bash -c 'exec 3>&-; ulimit -n 4; exec tarunpack work/target' <"$LAYER"
    assert_equal "$(entries work)" ''
}

# --------------------------------------------------------------------------- signals

@test "tarunpack: a killed child is an error, and its files are removed" {
    local signal
    for signal in KILL TERM USR1; do
        held work/target
        cat "$LAYER" >&9
        kill -s "$signal" "$(child_of "$held")"
        wait_until is_gone "$held"
        let_go
        assert_equal "$status" 1
        mv held .stderr
        assert_refusal "tarunpack: the child process was killed by signal $(kill -l $signal) (*)"
        assert_equal "$(entries work)" ''
    done
}

@test "tarunpack: a terminating signal kills it and its child, and no files remain" {
    local signal child
    for signal in TERM INT HUP QUIT; do
        held work/target
        cat "$LAYER" >&9
        child=$(child_of "$held")
        kill -s "$signal" "$held"
        wait_until is_gone "$held"
        is_gone "$child"
        let_go
        assert_equal "$signal: $status" "$signal: $((128 + $(kill -l "$signal")))"
        assert_equal "$(cat held)" ''
        assert_equal "$(entries work)" ''
    done
}

@test "tarunpack: Ctrl-C, which kills the child too, is not reported as a failure of the child" {
    held_as work/target setsid env --default-signal=INT tarunpack --no-sync work/target
    kill -INT -- "-$held"
    wait_until is_gone "$held"
    let_go
    assert_equal "$status" 130
    assert_equal "$(cat held)" ''
    assert_equal "$(entries work)" ''
}

@test "tarunpack: a signal that was ignored at the start stays ignored" {
    held_as work/target env --ignore-signal=HUP tarunpack --no-sync work/target
    kill -HUP "$held"
    cat "$LAYER" >&9
    let_go
    assert_equal "$status" 0
    compare_trees "$TREE" work/target
}

@test "tarunpack: its child dies with it, and the next run removes the staging directory" {
    held work/target
    local child
    child=$(child_of "$held")
    cat "$LAYER" >&9
    kill -KILL "$held"
    wait_until is_gone "$child" # although its input has not ended
    let_go
    assert_equal "$status" 137
    assert_not_exists work/target
    staged work/target
    # A run for another target leaves it alone.
    tarunpack --no-sync work/tar <"$LAYER"
    staged work/target
    run -0 tarunpack -v --no-sync work/target <"$LAYER"
    assert_output --regexp '^tarunpack: \.target\.zlsnap-......: removed, left by a killed run$'
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" 'tar target'
}

@test "tarunpack: removes nothing that only resembles a staging directory" {
    requires_root
    mkdir work/.target.zlsnap-short work/.target.zlsnap-toolong work/.target.zlsnap-bad-ch \
        work/.other.zlsnap-AbCdEf work/target.zlsnap-AbCdEf
    touch work/.target.zlsnap-aFILE1
    ln -s ../elsewhere work/.target.zlsnap-aLINK1
    install -d -o 65534 work/.target.zlsnap-OTHER1
    mkdir -p elsewhere/tree
    local before
    before=$(entries work)
    tarunpack --no-sync work/target <"$LAYER"
    rm -r work/target
    assert_equal "$(entries work)" "$before"
    assert_exists elsewhere/tree
}

@test "tarunpack: does not enter a mount in a dead run's staging directory" {
    requires_root
    mkdir -p work/.target.zlsnap-AbCdEf/tree/mounted
    mount -t tmpfs tmpfs work/.target.zlsnap-AbCdEf/tree/mounted
    touch work/.target.zlsnap-AbCdEf/tree/mounted/mine
    tarunpack --no-sync work/target <"$LAYER" 2>err
    grep -q 'something is mounted there' err
    assert_exists work/.target.zlsnap-AbCdEf/tree/mounted/mine
    compare_trees "$TREE" work/target
}

# --------------------------------------------------------------------------- ordinary users

@test "tarunpack: removes directories that their owner can't write, as an ordinary user" {
    requires_root
    local stubborn=$BATS_FILE_TMPDIR/stubborn.tar
    install -d -o 65534 -g 65534 work/his
    as_user tarunpack --no-sync work/his/target <"$stubborn" 2>err
    assert_equal "$(stat -c %A work/his/target/full)" dr-xr-xr-x
    rm -r work/his/target
    # Fails after all modes are set, since the target is no longer empty.
    install -d -o 65534 -g 65534 work/his/target
    held_as work/his/target as_user tarunpack --no-sync work/his/target
    touch work/his/target/mine
    cat "$stubborn" >&9
    let_go
    assert_equal "$status" 1
    assert_equal "$(grep -v warning held)" 'tarunpack: work/his/target: is no longer empty'
    assert_equal "$(entries work/his)" target
}

@test "tarunpack: removes directories that their owner can't write, as root without CAP_DAC_OVERRIDE" {
    requires_root
    mkdir work/target
    held_as work/target setpriv --inh-caps=-dac_override,-dac_read_search \
        --bounding-set=-dac_override,-dac_read_search tarunpack --no-sync work/target
    touch work/target/mine
    cat "$BATS_FILE_TMPDIR/stubborn.tar" >&9
    let_go
    assert_equal "$status" 1
    assert_equal "$(cat held)" 'tarunpack: work/target: is no longer empty'
    assert_equal "$(entries work)" target
}

@test "tarunpack: names a file that it can't remove, and the reason" {
    requires_root
    mkdir -p work/target
    touch work/target/file
    chattr +i work/target/file 2>/dev/null || skip 'needs a file system with immutable files'
    run -1 tarunpack --no-sync --replace work/target <"$LAYER"
    chattr -i work/.target.zlsnap-*/tree/file
    assert_line --regexp '^tarunpack: \.target\..*/file: cannot remove: Operation not permitted$'
    compare_trees "$TREE" work/target
}

@test "tarunpack: with --same-owner, an owner that can't be restored is an error" {
    requires_root
    install -d -o 65534 -g 65534 work/his
    local status=0
    as_user tarunpack --same-owner work/his/target <"$LAYER" 2>err || status=$?
    assert_equal "$status" 1
    assert_equal "$(cat err)" 'tarunpack: link: cannot set its owner: Operation not permitted'
    assert_equal "$(entries work/his)" ''
}
