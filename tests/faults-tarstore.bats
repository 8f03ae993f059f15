# tarstore: every system call fails once, and every allocation: the packs are right, or there is an error, and
# what stands is whole. FAULTS=all tries all of them, not a sample.
#
# Each test sets its own variables, and tests/faults.bash calls its functions.
# shellcheck disable=SC2030,SC2031,SC2034,SC2094,SC2154,SC2317

load helpers
load faults
load packs

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR" || return
    enter_memory
    seq 30000 >file-1
    echo x >file-2
    head -c 50000 /dev/urandom >chunk-1
    contents file-1 file-2 chunk-1 >contents
    sha256sum file-1 file-2 chunk-1 | cut -d ' ' -f 1 | sort >digests
    input=$PWD/contents
    mkdir work
    prepare() {
        rm -rf work
        mkdir work
    }
    # Packs that are printed stand. An index has its pack; without one, a pack is whole.
    judge() {
        local file pack size
        while read -r pack size; do
            [ -f "work/$pack.index" ] || return
        done <out
        for file in work/*.zst; do
            [ ! -e "$file" ] || [ "$(sha256sum <"$file")" = "$(basename "$file" .zst)  -" ] || return
            [ ! -e "$file" ] || [ -e "${file%.zst}.index" ] || rm "$file"
        done
        case $status in
        0) packs_check work | cmp -s - digests ;;
        1) says tarstore && packs_check work >/dev/null ;;
        *) false ;;
        esac
    }
}

@test "faults: tarstore, every system call" {
    requires_command strace
    each_call_fails tarstore -j 1 --pack-size=1 work
}

@test "faults: tarstore, every allocation" {
    each_allocation_fails tarstore -j 1 work
}

@test "faults: tarstore with threads, calls of the threads" {
    requires_command strace
    these_calls_fail fsync:EIO linkat:EIO openat:EMFILE getrandom:EIO clone3:EAGAIN -- \
        tarstore -j 3 --pack-size=1 work
}

@test "faults: tarstore with threads, every allocation" {
    each_allocation_fails tarstore -j 3 work
}
