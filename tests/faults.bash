# For tests that make system calls and allocations fail.
#
# A test defines `prepare`, which makes what the command works on, and `judge`, which looks at
# $status, `errors` and what is there; $input is the command's standard input.
# shellcheck shell=bash disable=SC2154

# calls COMMAND...: the system calls that may fail of the program in COMMAND and its children, as
# "NAME FIRST LAST": the numbers among calls of that name, counted for each process. What the loader
# does comes before the first look at standard input and is not the program's; brk(2) has no errors.
calls() {
    prepare
    strace -f -qq -o calls "$@" <"$input" >out
    awk '{ process = $1; $1 = ""; sub(/^ /, ""); name = $0; sub(/\(.*/, "", name) }
        !/^[a-z0-9_]+\(/ { next }
        { count[process, name]++; number = count[process, name] }
        /^fcntl\(0,/ { begun = 1 }
        !begun { loader[name] = number; next }
        number > last[name] { last[name] = number }
        END { for (name in last) print name, loader[name] + 1, last[name] }' calls |
        grep -Ev '^(exit|exit_group|brk|futex|rt_sig.*|munmap|get[a-z]*id|sched_.*|set_.*|umask) ' |
        awk '$2 <= $3' | sort | if is_sanitized; then grep -v '^mmap '; else cat; fi
}

# errors_of CALL: what it is made to fail with.
errors_of() {
    case $1 in
    open* | dup* | memfd_create | pipe*) echo EMFILE ;;
    mkdir* | mknod* | link* | symlink* | fallocate | ftruncate | rename*) echo ENOSPC ;;
    write | pwrite64) echo ENOSPC EIO ;;
    mmap | brk | clone*) echo ENOMEM ;;
    *) echo EIO ;;
    esac
}

# each_call_fails COMMAND...: COMMAND, with the function `prepare` before it, once for each of its
# calls, which fails; after that the function `judge` looks at $status, `errors` and what is there.
each_call_fails() (
    untraced
    local name first last number error tried=0
    calls "$@" >list
    while read -r name first last; do
        for number in $(few 3 "$first" "$last"); do
            for error in $(errors_of "$name"); do
                status=0
                prepare
                timeout 30 strace -f --seccomp-bpf -qq -o /dev/null -e trace="$name" \
                    -e inject="$name:error=$error:when=$number" "$@" \
                    <"$input" >out 2>errors || status=$?
                judge || fail "$error from $name $number: $status: $(cat errors)"
                tried=$((tried + 1))
            done
        done
    done <list
    echo "# $tried faults" >&3
    [ $tried -gt 15 ]
)

# these_calls_fail CALL:ERROR... -- COMMAND...: the same for every one of these calls, the loader's left
# out.
these_calls_fail() (
    untraced
    local name error number tried=0
    local -a faults=()
    while [ "$1" != -- ]; do
        faults+=("$1")
        shift
    done
    shift
    for name in "${faults[@]}"; do
        error=${name#*:} name=${name%:*}
        for ((number = 1; ; number++)); do
            status=0
            prepare
            timeout 30 strace -f -qq -o calls -e trace="$name" \
                -e inject="$name:error=$error:when=$number" "$@" <"$input" >out 2>errors || status=$?
            grep -q INJECTED calls || break
            [ $status -eq 127 ] || judge || fail "$error from $name $number: $status: $(cat errors)"
            tried=$((tried + 1))
        done
    done
    echo "# $tried faults" >&3
    [ $tried -gt 15 ]
)

# each_allocation_fails COMMAND...: the same for its allocations.
each_allocation_fails() (
    untraced
    local count number tried=0
    if is_sanitized; then
        echo '# no allocations: with sanitizers' >&3
        return
    fi
    export FAULTS_COUNT=$PWD/count
    prepare
    FAULTS_ALLOCATION=0 LD_PRELOAD=$ZLSNAP_PRELOAD/allocation.so "$@" <"$input" >out
    count=$(od -An -tu4 count)
    [ "$count" -gt 20 ]
    for number in $(few 40 1 "$count"); do
        rm count
        status=0
        prepare
        timeout 30 env FAULTS_ALLOCATION="$number" LD_PRELOAD="$ZLSNAP_PRELOAD/allocation.so" "$@" \
            <"$input" >out 2>errors || status=$?
        judge || fail "allocation $number: $status: $(cat errors)"
        tried=$((tried + 1))
    done
    echo "# $tried of $count allocations" >&3
)

# says PROGRAM: there is a message, all of it is the program's, and none of its processes crashed.
says() {
    [ -s errors ] && ! grep -qv "^$1: " errors && ! grep -q 'killed by signal' errors
}
