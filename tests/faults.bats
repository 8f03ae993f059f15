# Every system call fails once, every allocation, reads and writes stop short and are interrupted:
# the result is right, or there is an error and none. FAULTS=all tries all of them, not a sample.
#
# What a test sets is its own.
# shellcheck disable=SC2030,SC2031,SC2317

load helpers
load faults

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
    FILES=$BATS_FILE_TMPDIR
    input=/dev/null
    digest=$(cut -d' ' -f1 "$FILES/layer.sha256")
    mkdir work
}

# What a tree is told apart by here.
listing() (
    cd "$1" || return
    find . -printf '%P %y %m %n %s %T@ %l\n' | sort
    find . -type f -exec sha256sum {} + | sort
)

# --------------------------------------------------------------------------- what may become of it

prepare() {
    rm -rf work
    mkdir work
}

# What judge() calls: for a status of 1 the archive may be anything, it is not to be used.
packed() {
    case $status in
    0) cmp -s out "$FILES/layer.tar" ;;
    1) says tarpack ;;
    *) false ;;
    esac
}

# unpacked BEFORE AFTER: these listings. What stays of a staging directory is named.
unpacked() {
    local now='' left
    [ ! -e work/target ] || now=$(listing work/target)
    left=$(find work -maxdepth 1 -name '.*.zlsnap-*')
    [ -z "$left" ] || grep -qF "${left#work/}" errors || return
    case $status in
    0) [ "$now" = "$2" ] ;;
    1) says tarunpack && [[ $now == "$1" || $now == "$2" ]] ;;
    *) false ;;
    esac
}

# merged BEFORE AFTER: DIR is as it was, or as it is to be; or the message says that it is only partly
# merged, or what is left in it, and the same command completes it.
merged() {
    local left
    left=$(find work/target -maxdepth 1 -name '.merge.zlsnap-*')
    if [ "$status" -eq 1 ] && grep -qF -e 'only partly merged' -e 'cannot restore its time' \
        ${left:+-e "${left##*/}"} errors; then
        tarunpack -q -j 1 --merge work/target <"$input" && [ "$(listing work/target)" = "$2" ]
    else
        unpacked "$@"
    fi
}

# copied DIGEST
copied() {
    case $status in
    0) cmp -s out "$input" && [ "$(head -c 64 digest)" = "$1" ] ;;
    1) says shasum-tee ;;
    *) false ;;
    esac
}

# --------------------------------------------------------------------------- tarpack

@test "faults: tarpack, every system call and every allocation" {
    requires_command strace
    judge() { packed; }
    each_call_fails tarpack -j 1 "$FILES/tree"
    each_allocation_fails tarpack -j 1 "$FILES/tree"
}

@test "faults: tarpack, an upper directory, every system call: no mark of an opaque directory is lost" {
    requires_command strace
    mkdir -p upper/{marked,dotted,plain}
    touch upper/marked/.wh..wh..opq upper/dotted/.wh..opq upper/plain/file
    tarpack upper >wanted.tar
    assert_equal "$(tarunpack -t <wanted.tar | grep -c 'opq$')" 2
    judge() {
        case $status in
        0) cmp -s out wanted.tar ;;
        1) says tarpack ;;
        *) false ;;
        esac
    }
    FAULTS=all each_call_fails tarpack -j 1 upper
}

@test "faults: tarpack --cache, every system call and every allocation: the manifest is right" {
    requires_command strace
    cp -a "$FILES/tree" copy
    tarpack --manifest copy >wanted
    sleep 2.1
    tarpack --manifest --cache=good copy >/dev/null
    prepare() {
        rm -rf work
        mkdir work
        cp good work/cache
    }
    judge() {
        case $status in
        0) cmp -s out wanted ;;
        1) says tarpack ;;
        *) false ;;
        esac && ! grep -q damaged errors &&
            tarpack --manifest --cache=work/cache copy 2>later | cmp -s - wanted &&
            ! grep -qv 'by a user who sees other attributes$' later && [ "$(ls -A work)" = cache ]
    }
    touch copy/dir/other # so that a new cache has to be written
    each_call_fails tarpack -j 1 --manifest --cache=work/cache copy
    each_allocation_fails tarpack -j 1 --manifest --cache=work/cache copy
}

@test "faults: tarpack -X, every system call and every allocation: nothing that is excluded is packed" {
    requires_command strace
    seq -f 'not-there-%g' 5 >patterns
    printf '%s\n' /dir/large other "$(printf 'x%.0s' {1..5000})" '*link' >>patterns
    tarpack -q -X patterns "$FILES/tree" >wanted.tar
    assert_equal "$(tarunpack -t <wanted.tar | grep -Ec 'large|other|link')" 0
    judge() {
        case $status in
        0) cmp -s out wanted.tar ;;
        1) says tarpack ;;
        *) false ;;
        esac
    }
    each_call_fails tarpack -q -j 1 -X patterns "$FILES/tree"
    each_allocation_fails tarpack -q -j 1 -X patterns "$FILES/tree"
}

# --------------------------------------------------------------------------- tarunpack

@test "faults: tarunpack, every system call and every allocation" {
    requires_command strace
    local wanted
    wanted=$(listing "$FILES/tree")
    judge() { unpacked '' "$wanted"; }
    input=$FILES/layer.tar
    each_call_fails tarunpack -j 1 --expect="$digest" work/target
    each_allocation_fails tarunpack -j 1 --expect="$digest" work/target
}

@test "faults: tarunpack --replace, every system call and every allocation: the old tree or the new one" {
    requires_command strace
    local wanted old
    wanted=$(listing "$FILES/tree")
    cp -a "$FILES/standing" work/target
    old=$(listing work/target)
    prepare() {
        rm -rf work
        mkdir work
        cp -a "$FILES/standing" work/target
    }
    judge() { unpacked "$old" "$wanted"; }
    input=$FILES/layer.tar
    each_call_fails tarunpack -j 1 --replace work/target
    each_allocation_fails tarunpack -j 1 --replace work/target
}

# A list of mounts that ends early, without the newest, would be one in which nothing is in the way.
@test "faults: tarunpack --replace of a tree with a mount in it: refused, whatever fails" {
    requires_command strace
    local before number
    cp -a "$FILES/standing" work/target
    mount -t tmpfs none work/target/dir
    before=$(listing work/target)
    run -1 strace -qq -o calls -e trace=read,openat tarunpack --replace work/target <"$input"
    number=$(sed '/mountinfo/,$d' calls | grep -c '^read')
    for number in $((number + 1)) $((number + 2)); do
        run -1 strace -qq -o /dev/null -e inject=read:error=EIO:when=$number \
            tarunpack --replace work/target <"$input"
        assert_output 'tarunpack: work/target: cannot tell what is mounted there: Input/output error'
    done
    if ! is_sanitized; then
        export FAULTS_COUNT=$PWD/count
        FAULTS_ALLOCATION=0 LD_PRELOAD=$ZLSNAP_PRELOAD/allocation.so run -1 tarunpack --replace work/target <"$input"
        for ((number = $(od -An -tu4 count); number > 0; number--)); do
            rm count
            FAULTS_ALLOCATION=$number LD_PRELOAD=$ZLSNAP_PRELOAD/allocation.so \
                run -1 tarunpack --replace work/target <"$input"
            assert_equal "$(listing work/target)" "$before"
        done
    fi
    umount work/target/dir
}

@test "faults: tarunpack --merge, every system call and every allocation" {
    requires_command strace
    local old wanted
    prepare() {
        rm -rf work
        mkdir work
        cp -a "$FILES/standing" work/target
    }
    input=$FILES/merge.tar
    prepare
    old=$(listing work/target)
    tarunpack -q --merge work/target <"$input"
    wanted=$(listing work/target)
    judge() { merged "$old" "$wanted"; }
    each_call_fails tarunpack -j 1 --merge work/target
    each_allocation_fails tarunpack -j 1 --merge work/target
}

# There whiteouts are files with an attribute, and to look at one can fail.
@test "faults: tarunpack onto an overlay, every look at what stands there: the same tree, or an error" {
    requires_overlay
    requires_command strace
    local wanted
    mkdir -p layer/{opaque,turned,dir} lower upper over merged
    touch layer/{.wh.turned,dir/.wh.gone,opaque/{.wh.gone,.wh..wh..opq},turned/new,file}
    ln layer/file layer/link
    tar --format=posix --no-recursion -cf layer.tar -C layer .wh.turned turned/new dir/.wh.gone \
        opaque/.wh.gone opaque/.wh..wh..opq file link
    mount_overlay lower upper over merged
    prepare() { rm -rf merged/target; }
    overlay_listing() {
        find merged/target -printf '%P %y %m %n %s\n' | sort
        getfattr -R -h -d -m trusted.overlay merged/target
    }
    input=layer.tar
    tarunpack -q -j 1 --no-sync merged/target <"$input"
    wanted=$(overlay_listing)
    judge() {
        case $status in
        0) [ "$(overlay_listing)" = "$wanted" ] ;;
        1) says tarunpack ;;
        *) false ;;
        esac
    }
    these_calls_fail lgetxattr:EIO lgetxattr:ENOMEM newfstatat:EIO -- \
        tarunpack -q -j 1 --no-sync merged/target
}

# A layer in which everything is written twice, as something else.
@test "faults: a system that fails is not told as a bad archive, and the whole path is named" {
    requires_command strace
    local how
    mkdir -p layer/a/b/c{1..3} second/a/b
    touch layer/a/b/{c1/.wh.x,c2/file} second/a/b/{c1,file,l}
    ln second/a/b/{file,hard}
    tar --format=posix --no-recursion -cf layer.tar -C layer a/b/c1/.wh.x a/b/c2 a/b/c3 a/b/c2/file
    tar --format=posix --no-recursion -rf layer.tar -C second a/b/c1 a/b/file a/b/file a/b/hard a/b/hard
    input=layer.tar
    prepare() {
        rm -rf work
        mkdir -p work/target/old
        touch work/target/old/file
    }
    judge() {
        [ "$status" -eq 0 ] || {
            [ "$status" -eq 1 ] && says tarunpack && ! grep -Fq -e // errors &&
                ! grep -Eq '^tarunpack: (b|c[1-3]|file|hard): ' errors
        }
    }
    for how in --merge '--replace --whiteouts=apply'; do
        # shellcheck disable=SC2086 # words
        these_calls_fail openat:EMFILE openat2:ENOMEM newfstatat:EIO unlinkat:EIO getdents64:EIO \
            linkat:EIO mkdirat:ENOSPC fchmod:EIO utimensat:EIO -- \
            tarunpack -q -j 1 --no-sync $how work/target
    done
}

@test "faults: where it can't be told what this process may do, nothing is left out in silence" {
    requires_command strace
    mkdir -p tree/{c,d,e}
    touch tree/{a,b}
    chown 7:8 tree/a
    setfattr -n trusted.name -v value tree/{b,c,d,e}
    tarpack tree >tree.tar
    prepare() {
        rm -rf target
        mkdir target
    }
    input=tree.tar
    judge() {
        case $status in
        0) compare_trees tree target ;;
        1) says tarunpack ;;
        *) false ;;
        esac
    }
    these_calls_fail newfstatat:EIO newfstatat:ENOMEM capget:EFAULT -- \
        tarunpack -q -j 1 --no-sync --replace target
    these_calls_fail newfstatat:EIO capget:EFAULT -- tarunpack -q -j 1 --no-sync --merge target
}

@test "faults: an attribute that a full disk has no room for is not told as one that may not be set" {
    requires_root
    requires_command strace
    local error
    mkdir tree
    touch tree/file
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/file
    tarpack tree >tree.tar
    chmod 777 .
    for error in ENOSPC EIO ENOMEM EDQUOT; do
        run -1 as_user strace -f -qq -o /dev/null -e trace=fsetxattr \
            -e inject=fsetxattr:error=$error tarunpack -q --no-sync target <tree.tar
        assert_output --partial 'tarunpack: file: cannot set the attribute security.capability: '
        assert_not_exists target
    done
    run -0 as_user tarunpack --no-sync target <tree.tar
    assert_output --partial 'trusted.* and security.* attributes were left out'
}

@test "faults: a file that may be the input is not emptied for a result" {
    requires_command strace
    local number
    for ((number = 1; number < 20; number++)); do
        cp "$FILES/layer.tar" input.tar
        # shellcheck disable=SC2094 # that is what is tried
        strace -qq -o calls -e trace=newfstatat -e inject=newfstatat:error=EIO:when=$number \
            shasum-tee -o input.tar <input.tar >/dev/null 2>&1 || true
        cmp input.tar "$FILES/layer.tar"
        grep -q INJECTED calls || break
    done
    [ "$number" -gt 3 ]
}

@test "faults: a hard link to an entry of DIR replaces what the layer had there, or there is an error" {
    requires_command strace
    # Calls are counted for each process: the way there takes the first child more than the others.
    mkdir -p layer/{a,b}
    touch layer/{link,target,{a,b}/file}
    # shellcheck disable=SC2046 # words
    tar --format=posix -cf layer.tar -C layer $(printf 'a/file b/file %.0s' {1..6}) link
    ln -f layer/{target,link}
    tar --format=posix -cf link.tar -C layer target link
    tar --delete -f link.tar target
    tar --concatenate -f layer.tar link.tar
    prepare() {
        rm -rf work
        mkdir -p work/target
        touch work/target/target
    }
    judge() {
        case $status in
        0) [ work/target/target -ef work/target/link ] ;;
        1) says tarunpack ;;
        *) false ;;
        esac
    }
    input=layer.tar
    these_calls_fail newfstatat:EIO -- \
        tarunpack -q -j 1 --no-sync --merge work/target
}

@test "faults: a DIR that can't be locked is not merged onto, unless its file system has no locks" {
    requires_command strace
    local error
    mkdir target
    for error in EIO ENOMEM; do
        run -1 strace -qq -o /dev/null -e trace=flock -e inject=flock:error=$error:when=1 \
            tarunpack --no-sync --merge target <"$FILES/layer.tar"
        assert_output --partial 'tarunpack: target: cannot lock: '
        assert_equal "$(ls -A target)" ''
    done
    for error in ENOLCK ENOSYS EOPNOTSUPP; do
        strace -qq -o /dev/null -e trace=flock -e inject=flock:error=$error:when=1 \
            tarunpack --no-sync --merge target <"$FILES/layer.tar"
        compare_trees "$FILES/tree" target
    done
}

@test "faults: tarunpack: a link's target that can't be looked at is not taken for missing" {
    requires_command strace
    local option call number
    mkdir layer
    echo new >layer/first
    ln layer/first layer/second
    tarpack layer >layer.tar
    for option in --replace --merge; do
        prepare
        mkdir work/target
        strace -f -qq -o calls -e trace=newfstatat,openat2 tarunpack -j 1 $option work/target <layer.tar
        # Of the process that unpacks, which comes first.
        awk '{ call = $2; sub(/\(.*/, "", call); count[$1, call]++ }
            /"first"/ && (!process || process == $1) { process = $1; print call, count[$1, call] }' \
            calls >list
        [ -s list ]
        while read -r call number; do
            prepare
            mkdir work/target
            echo old >work/target/first
            status=0
            strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:error=EIO:when=$number" \
                tarunpack -j 1 $option work/target <layer.tar 2>errors || status=$?
            if [ $status -eq 0 ]; then
                compare_trees layer work/target
            else
                assert_equal $status 1
            fi
        done <list
    done
}

@test "faults: tarunpack --manifest, every system call" {
    requires_command strace
    judge() {
        case $status in
        0) cmp -s out "$FILES/manifest" ;;
        1) says tarunpack ;;
        *) false ;;
        esac
    }
    input=$FILES/layer.tar
    each_call_fails tarunpack --manifest
}

# --------------------------------------------------------------------------- shasum-tee

@test "faults: shasum-tee, every system call and every allocation" {
    requires_command strace
    prepare() { rm -f digest; }
    judge() { copied "$digest"; }
    input=$FILES/layer.tar
    each_call_fails shasum-tee -o digest
    each_allocation_fails shasum-tee -o digest
}

@test "faults: shasum-tee --zstd, every system call and every allocation" {
    requires_command strace
    zstd -q "$FILES/layer.tar" -o layer.zst
    digest=$(sha256sum <layer.zst | cut -d' ' -f1)
    prepare() { rm -f digest; }
    judge() { copied "$digest"; }
    input=$PWD/layer.zst
    each_call_fails shasum-tee --zstd -o digest
    each_allocation_fails shasum-tee --zstd -o digest
}

# unclosed FILE PROGRAM OPTION...: FILE, a name or the standard output, can't be closed: that is
# where some file systems tell that what was written is lost.
unclosed() {
    local file=$1
    shift
    rm -f out file
    : >"$file"
    run -1 --separate-stderr bash -c 'input=$1 file=$2 && shift 2 && exec strace -f -qq -o /dev/null \
        -P "$file" -e trace=close -e inject=close:error=EIO "$@" <"$input" >out' - \
        "$input" "$PWD/$file" "$@"
    # shellcheck disable=SC2154 # set by run
    assert_regex "$stderr" "^$1: [^"$'\n'"]*: I(nput)?/(output|O) error\$"
}

@test "faults: what can't be closed is not taken for written" {
    requires_command strace
    unclosed out tarpack "$FILES/tree"
    unclosed out tarpack --manifest "$FILES/tree"
    unclosed file tarpack --summary=file "$FILES/tree"
    input=$FILES/layer.tar
    unclosed out shasum-tee
    unclosed file shasum-tee -o file
    unclosed out tarunpack --list
    unclosed out tarunpack --list --manifest
    unclosed file tarunpack --list --summary=file
    unclosed file tarunpack --summary=file work/target
    unclosed out tarpack --help
}

# --------------------------------------------------------------------------- short and interrupted

# disturbed COMMAND...: standard input in pieces that come slowly, reads and writes that stop short.
disturbed() {
    LD_PRELOAD=$ZLSNAP_PRELOAD/short.so "$@"
}

# interrupted COMMAND...: every other one of these calls ends with EINTR, of each process; of the first,
# which the loader uses too, not its.
interrupted() {
    strace -f -qq -o /dev/null -e inject=read,pread64:error=EINTR:when=11+2 \
        -e inject=preadv2,write,pwrite64,poll,rt_sigtimedwait:error=EINTR:when=1+2 "$@"
}

@test "faults: reads and writes that stop short change nothing" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    disturbed tarpack "$FILES/tree" | disturbed shasum-tee -o digest | cat >out
    cmp out "$FILES/layer.tar"
    assert_equal "$(cut -c1-64 digest)" "$digest"
    dd if=out bs=1M status=none | disturbed tarunpack --expect="$digest" work/target
    compare_trees "$FILES/tree" work/target
}

@test "faults: interrupted system calls change nothing" {
    requires_command strace
    interrupted tarpack "$FILES/tree" | interrupted shasum-tee -o digest | cat >out
    cmp out "$FILES/layer.tar"
    assert_equal "$(cut -c1-64 digest)" "$digest"
    dd if=out bs=1M status=none | interrupted tarunpack --expect="$digest" work/target
    compare_trees "$FILES/tree" work/target
}
