# Makes every system call and every allocation of a program fail, one in each run. After each run the result
# must be right, or there must be an error message and no result. FAULTS=all tries all of them, not a sample.
#
# A test defines two functions: `prepare` makes the files for the command, and `judge` checks $status, the
# command's messages in the file `errors`, and the files. $input is the command's standard input.
# shellcheck shell=bash disable=SC2154

# listing_of DIR: prints the facts by which two trees are compared here.
listing_of() (
    cd "$1" || return
    find . -type d -printf '%P %y %m %T@\n' -o \
        -printf '%P %y %m %n %s %T@ %l\n' -type f -exec sha256sum {} + | sort
)

# says PROGRAM: there is a message, all of it is the program's, and none of its processes crashed.
says() {
    local line said=''
    while IFS= read -r line || [ -n "$line" ]; do
        [[ $line == "$1: "* && $line != *'killed by signal'* ]] || return
        said=yes
    done <errors
    [ -n "$said" ]
}

# --------------------------------------------------------------------------- faults

# calls COMMAND...: prints the system calls of COMMAND and its children that can fail, as "NAME FIRST LAST". The
# numbers count the calls with this name in one process. Calls before fcntl(0) are the loader's.
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

# errors_of CALL: prints the errors to inject into CALL.
errors_of() {
    case $1 in
    open* | dup* | memfd_create | pipe*) echo EMFILE ;;
    mkdir* | mknod* | link* | symlink* | fallocate | ftruncate | rename*) echo ENOSPC ;;
    write | pwrite64) echo ENOSPC EIO ;;
    mmap | brk | clone*) echo ENOMEM ;;
    *) echo EIO ;;
    esac
}

# tried_with FAULT COMMAND...: runs `prepare`, COMMAND and `judge`. FAULT is for the message.
tried_with() {
    local fault=$1
    shift
    status=0
    prepare
    timeout 30 "$@" <"$input" >out 2>errors || status=$?
    judge || fail "$fault: $status: $(cat errors)"
    tried=$((tried + 1))
}

# each_call_fails COMMAND...: runs COMMAND once for each of its system calls, and makes that call fail.
each_call_fails() (
    local name first last number error tried=0
    calls "$@" >list
    while read -r name first last; do
        for number in $(few 3 "$first" "$last"); do
            for error in $(errors_of "$name"); do
                tried_with "$error from $name $number" strace -f --seccomp-bpf -qq -o /dev/null \
                    -e trace="$name" -e inject="$name:error=$error:when=$number" "$@"
            done
        done
    done <list
    echo "# $tried faults" >&3
    [ $tried -gt 15 ]
)

# these_calls_fail CALL:ERROR... -- COMMAND...: the same for all calls with these names, or with STEP=N for every
# Nth unless FAULTS=all.
these_calls_fail() (
    local fault name number tried=0 step=${STEP:-1} begin=0
    local -a faults=()
    [ "${FAULTS-}" != all ] || step=1
    while [ "$1" != -- ]; do
        faults+=("$1")
        shift
    done
    shift
    for fault in "${faults[@]}"; do
        name=${fault%:*}
        begin=$((begin % step + 1)) # begins with another number for each name
        for ((number = begin; ; number += step)); do
            status=0
            prepare
            timeout 30 strace -f --seccomp-bpf -qq -o calls -e trace="$name" \
                -e inject="$name:error=${fault#*:}:when=$number" "$@" <"$input" >out 2>errors || status=$?
            grep -q INJECTED calls || break
            [ $status -eq 127 ] || judge || fail "${fault#*:} from $name $number: $status: $(cat errors)"
            tried=$((tried + 1))
        done
    done
    echo "# $tried faults" >&3
    [ $tried -gt 15 ]
)

# each_allocation_fails COMMAND...: the same for all allocations of COMMAND but those of libcrypto. Of these, nearly
# all of which are made when it starts, a sample fails, also with FAULTS=all: they are the same in all programs.
each_allocation_fails() (
    local count number tried=0 sample=10
    if is_sanitized; then
        echo '# no allocations: with sanitizers' >&3
        return
    fi
    allocations_count '' "$@"
    [ "$count" -gt 1 ]
    for number in $(few 40 1 "$count"); do
        allocation_fails '' "$number" "$@"
    done
    echo "# $tried of $count allocations" >&3
    allocations_count libcrypto "$@"
    [ "${FAULTS-}" != all ] || sample=100
    for number in $(unset FAULTS && few "$sample" 1 "$count"); do
        allocation_fails libcrypto "$number" "$@"
    done
)

# allocations_count OF COMMAND...: sets $count. OF is "libcrypto", or empty for all others.
allocations_count() {
    export FAULTS_COUNT=$PWD/count
    rm -f count
    prepare
    FAULTS_OF=$1 FAULTS_ALLOCATION=0 LD_PRELOAD=$ZLSNAP_PRELOAD/allocation.so "${@:2}" <"$input" >out
    count=$(od -An -tu4 count)
}

# allocation_fails OF NUMBER COMMAND...
allocation_fails() {
    rm count
    tried_with "allocation $2${1:+ of $1}" env FAULTS_OF="$1" FAULTS_ALLOCATION="$2" \
        LD_PRELOAD="$ZLSNAP_PRELOAD/allocation.so" "${@:3}"
}
