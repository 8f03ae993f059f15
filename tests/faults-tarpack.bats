# tarpack with failing system calls and allocations; see faults.bash.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load faultfiles

# packed: judges a run. With status 1, nobody may use its output, so it can be anything.
packed() {
    case $status in
    0) cmp -s out "$FILES/layer.tar" ;;
    1) says tarpack ;;
    *) false ;;
    esac
}

@test "faults: tarpack, every system call and every allocation" {
    requires_command strace
    judge() { packed; }
    each_call_fails tarpack -j 1 "$FILES/tree"
    each_allocation_fails tarpack -j 1 "$FILES/tree"
}

@test "faults: tarpack, an upper directory, every system call: no opaque directory is lost" {
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
    touch copy/dir/other # so that the cache has to be written
    each_call_fails tarpack -j 1 --manifest --cache=work/cache copy
    each_allocation_fails tarpack -j 1 --manifest --cache=work/cache copy
}

@test "faults: tarpack -X, every system call and every allocation: no excluded file is packed" {
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
