# tarunpack with failing system calls and allocations; see faults.bash.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load faultfiles

# unpacked BEFORE AFTER: judges a run by the listing_of its target before and after. A message must name every
# staging directory that remains.
unpacked() {
    local now='' left
    [ ! -e work/target ] || now=$(listing_of work/target)
    for left in work/.*.zlsnap-*; do
        [ ! -e "$left" ] || grep -qF "${left#work/}" errors || return
    done
    case $status in
    0) [ "$now" = "$2" ] ;;
    1) says tarunpack && [[ $now == "$1" || $now == "$2" ]] ;;
    *) false ;;
    esac
}

# merged BEFORE AFTER: likewise for --merge. A message may also say that DIR is only partly merged, or name the
# files left in it; then the same command completes the merge.
merged() {
    local left
    left=$(find work/target -maxdepth 1 -name '.merge.zlsnap-*')
    if [ "$status" -eq 1 ] && grep -qF -e 'only partly merged' -e 'whether it is partly merged' \
        -e 'cannot restore its time' ${left:+-e "${left##*/}"} errors; then
        tarunpack -q -j 1 --merge work/target <"$input" && [ "$(listing_of work/target)" = "$2" ]
    else
        unpacked "$@"
    fi
}

@test "faults: tarunpack, every system call and every allocation" {
    requires_command strace
    local wanted
    wanted=$(listing_of "$FILES/tree")
    judge() { unpacked '' "$wanted"; }
    input=$FILES/layer.tar
    each_call_fails tarunpack -j 1 --expect="$digest" work/target
    each_allocation_fails tarunpack -j 1 --expect="$digest" work/target
}

@test "faults: tarunpack --replace, every system call and every allocation: the old tree or the new one" {
    requires_command strace
    local wanted old
    wanted=$(listing_of "$FILES/tree")
    cp -a "$FILES/standing" work/target
    old=$(listing_of work/target)
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

# If the list of mounts were read only in part, the mount in the tree could be missing from it.
@test "faults: tarunpack --replace refuses a tree with a mount in it after any failure" {
    requires_command strace
    local before number
    cp -a "$FILES/standing" work/target
    mount -t tmpfs none work/target/dir
    before=$(listing_of work/target)
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
            assert_equal "$(listing_of work/target)" "$before"
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
    old=$(listing_of work/target)
    tarunpack -q --merge work/target <"$input"
    wanted=$(listing_of work/target)
    judge() { merged "$old" "$wanted"; }
    each_call_fails tarunpack -j 1 --merge work/target
    each_allocation_fails tarunpack -j 1 --merge work/target
}

@test "faults: tarunpack PATH..., every system call and every allocation" {
    requires_command strace
    local wanted
    prepare() {
        rm -rf work
        mkdir work
    }
    mkdir -p links/{a,b}
    echo content >links/a/first
    ln links/a/first links/b/second
    ln links/a/first links/b/third
    tarpack links >links.tar
    input=$PWD/links.tar
    prepare
    tarunpack -q -j 1 work/target b <"$input" # reads twice
    wanted=$(listing_of work/target)
    judge() { unpacked '' "$wanted"; }
    each_call_fails tarunpack -j 1 work/target b
    each_allocation_fails tarunpack -j 1 work/target b
}

# On an overlay, whiteouts are files with an attribute; reading it can fail.
@test "faults: tarunpack onto an overlay, every lookup of an existing entry: the right tree, or an error" {
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

# Every entry of the layer occurs twice, with different types.
@test "faults: a system error is not reported as a bad archive, and the full path is named" {
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
        STEP=3 these_calls_fail openat:EMFILE openat2:ENOMEM newfstatat:EIO unlinkat:EIO getdents64:EIO \
            linkat:EIO mkdirat:ENOSPC fchmod:EIO utimensat:EIO -- \
            tarunpack -q -j 1 --no-sync $how work/target
    done
}

@test "faults: if its privileges can't be determined, nothing is omitted without a message" {
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

@test "faults: an attribute that does not fit on a full disk is an error, not a warning about privileges" {
    requires_root
    requires_command strace
    local error
    mkdir tree
    touch tree/file
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/file
    tarpack tree >tree.tar
    chmod 777 .
    for error in ENOSPC EIO ENOMEM EDQUOT; do
        run -1 as_user strace -f --seccomp-bpf -qq -o /dev/null -e trace=fsetxattr \
            -e inject=fsetxattr:error=$error tarunpack -q --no-sync target <tree.tar
        assert_output --partial 'tarunpack: file: cannot set the attribute security.capability: '
        assert_not_exists target
    done
    run -0 as_user tarunpack --no-sync target <tree.tar
    assert_output --partial '1 attribute security.capability was left out: this user may not set it'
}

@test "faults: a hard link to an entry of DIR replaces an earlier entry of the layer, or there is an error" {
    requires_command strace
    # strace counts the calls of each process; the first child makes the most before the link.
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

@test "faults: --merge needs a lock on DIR, unless its file system has no locks" {
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

@test "faults: a link target that can't be examined is not reported as missing" {
    requires_command strace
    local option call number
    mkdir layer
    echo new >layer/first
    ln layer/first layer/second
    tarpack layer >layer.tar
    for option in --replace --merge; do
        prepare
        mkdir work/target
        strace -f --seccomp-bpf -qq -o calls -e trace=newfstatat,openat2 tarunpack -j 1 $option work/target <layer.tar
        # The first match is the process that unpacks.
        awk '{ call = $2; sub(/\(.*/, "", call); count[$1, call]++ }
            /"first"/ && (!process || process == $1) { process = $1; print call, count[$1, call] }' \
            calls >list
        [ -s list ]
        while read -r call number; do
            prepare
            mkdir work/target
            echo old >work/target/first
            status=0
            strace -f --seccomp-bpf -qq -o /dev/null -e trace="$call" -e inject="$call:error=EIO:when=$number" \
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
