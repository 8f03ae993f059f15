# shasum-tee with failing system calls and allocations; see faults.bash.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317

load helpers
load faults
load faultfiles

# copied DIGEST: judges a run that copies $input.
copied() {
    case $status in
    0) cmp -s out "$input" && [ "$(head -c 64 digest)" = "$1" ] ;;
    1) says shasum-tee ;;
    *) false ;;
    esac
}

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

@test "faults: does not empty an output file that may be the input" {
    requires_command strace
    local number
    for ((number = 1; number < 20; number++)); do
        cp "$FILES/layer.tar" input.tar
        # shellcheck disable=SC2094 # on purpose
        strace -qq -o calls -e trace=newfstatat -e inject=newfstatat:error=EIO:when=$number \
            shasum-tee -o input.tar <input.tar >/dev/null 2>&1 || true
        cmp input.tar "$FILES/layer.tar"
        grep -q INJECTED calls || break
    done
    [ "$number" -gt 3 ]
}
