# Functions for all .bats files, which start with `load helpers`.
# They look at trees only with tools that are not part of this project.

PROJECT=${BASH_SOURCE[0]%/tests/*} # bats loads files by absolute names
ZLSNAP_BIN=${ZLSNAP_BIN:-$PROJECT/build/bin}
ZLSNAP_PRELOAD=${ZLSNAP_PRELOAD:-$PROJECT/build/preload} # see the .c files in tests/preload
export PROJECT ZLSNAP_BIN ZLSNAP_PRELOAD PATH=$ZLSNAP_BIN:$PATH

# For the same messages and bytes on every machine. A test that needs other values sets them.
export LC_ALL=C TZ=UTC
unset SOURCE_DATE_EPOCH
umask 022

# Where Debian and Alpine (the first), Fedora and manual installations have bats' libraries.
BATS_LIB_PATH=${BATS_LIB_PATH:+$BATS_LIB_PATH:}/usr/lib/bats:/usr/share/bats
BATS_LIB_PATH+=:/usr/share:/usr/local/lib/bats:/usr/local/lib
bats_require_minimum_version 1.7.0

# load_libraries: loads them for each test. Their own load.bash would start a process for each part.
load_libraries() {
    local library path part
    local -a paths
    IFS=: read -ra paths <<<"$BATS_LIB_PATH"
    for library in bats-support bats-assert bats-file; do
        for path in "${paths[@]}" ''; do
            [ ! -f "$path/$library/load.bash" ] || break
        done
        if [ -z "$path" ]; then
            echo "helpers.bash: $library is in none of $BATS_LIB_PATH" >&2
            exit 1
        fi
        for part in "$path/$library"/src/*.bash; do
            # shellcheck disable=SC1090 # not ours
            source "$part"
        done
    done
}
load_libraries

# --------------------------------------------------------------------------- where a test fails

# bats notes the place before each command, which takes as long as a fifth of a program start. Here, it learns
# the place when a command fails; and none for `exit`, or in a teardown function, where bash has no ERR trap.
# shellcheck disable=SC2034 # for bats
bats_debug_trap() {
    trap - DEBUG
    BATS_DEBUG_LAST_STACK_TRACE=() BATS_DEBUG_LASTLAST_STACK_TRACE=()
}

bats_error_trap() {
    bats_check_status_from_trap
    [ -n "$BATS_DEBUG_LAST_STACK_TRACE_IS_VALID" ] || bats_capture_stack_trace
    BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
}

# --------------------------------------------------------------------------- run

# run [!|-STATUS] [--separate-stderr] COMMAND...: bats' run in half the time. A test that fails shows its
# last three commands, their statuses and outputs. A command that is not found is a failure unless the
# test expects -127.
# shellcheck disable=SC2034 # for bats
run() {
    local expected='' flags=$-
    set +eET # bats' traps would look at each command of run_and_note
    run_and_note "$@"
    set "-$flags"
    case $expected:$status in
    127:127) return ;;
    *:127) BATS_ERROR_SUFFIX=', command not found' ;;
    :* | "$status:"*) return ;;
    !:0) BATS_ERROR_SUFFIX=', expected a failure' ;;
    !:*) return ;;
    *) BATS_ERROR_SUFFIX=", expected exit code $expected, got $status" ;;
    esac
    return 1
}

# run_and_note ARGUMENT...: the body of run; also sets its `expected`.
# shellcheck disable=SC2034 # what the tests look at
run_and_note() {
    local file='' command
    while true; do
        case $1 in
        ! | -[0-9]*) expected=${1#-} ;;
        --separate-stderr) file=$BATS_RUN_TMPDIR/stderr.$BASHPID ;;
        *) break ;;
        esac
        shift
    done
    if [ -n "$file" ]; then
        output=$("$@" 2>"$file") && status=0 || status=$?
        read -rd '' stderr <"$file"
        IFS=$'\n' read -rd '' -a stderr_lines <<<"$stderr"
    else
        output=$("$@" 2>&1) && status=0 || status=$?
    fi
    IFS=$'\n' read -rd '' -a lines <<<"$output"
    {
        printf -v command ' %q' "$@"
        printf '$%s\n[status %d]\n' "${command:0:400}" "$status"
        [ -z "$output" ] || printf '%s\n' "${output:0:4000}"
        [ -z "$file" ] || [ -z "$stderr" ] || printf 'stderr: %s\n' "${stderr:0:4000}"
    } >"$BATS_RUN_TMPDIR/run.$BATS_SUITE_TEST_NUMBER.$((runs % 3))"
    runs=$((runs + 1))
}
runs=0

# show_runs: prints the last three commands of run.
show_runs() {
    local number file
    for ((number = runs; number < runs + 3; number++)); do
        file=$BATS_RUN_TMPDIR/run.$BATS_SUITE_TEST_NUMBER.$((number % 3))
        [ ! -e "$file" ] || cat "$file"
    done
}

# --------------------------------------------------------------------------- after a test

# A file that defines its own teardown calls end_test there; in teardown_file, cleanup_mounts.
teardown() {
    end_test
}

end_test() {
    [ -n "$BATS_TEST_COMPLETED" ] || [ -n "$BATS_TEST_SKIPPED" ] || show_runs
    cleanup_mounts "$BATS_TEST_TMPDIR"
}

teardown_file() {
    cleanup_mounts "$BATS_FILE_TMPDIR"
}

# --------------------------------------------------------------------------- what a test needs

# Each skips the test and gives the reason. With CI=true, tests/run counts a skipped test as failed.

requires_root() {
    [ "$EUID" -eq 0 ] || skip "needs root"
}

# requires_command NAME...
requires_command() {
    local name
    for name; do
        command -v "$name" >/dev/null || skip "needs $name"
    done
}

# is_sanitized: whether the programs were built with a sanitizer, whose allocator aborts when memory runs out.
is_sanitized() {
    nm -D "$(command -v tarunpack)" | grep -Eq '__(a|t)san_'
}

requires_overlay() {
    requires_root
    local probe=$BATS_TEST_TMPDIR/.overlay-probe
    mkdir -p "$probe"/{lower,upper,work,merged}
    mount_overlay "$probe"/{lower,upper,work,merged} 2>/dev/null ||
        skip "needs to mount an overlay on $BATS_TEST_TMPDIR"
    umount "$probe/merged"
    rm -rf "$probe"
}

# requires_fs ext4|xfs|btrfs: for loop_fs.
requires_fs() {
    requires_root
    requires_command "mkfs.$1"
    grep -qw "$1" /proc/filesystems || modprobe "$1" 2>/dev/null || skip "needs $1 in the kernel"
    losetup -f >/dev/null 2>&1 || skip "needs loop devices"
}

# --------------------------------------------------------------------------- mounts

# mount_overlay LOWER UPPER WORK MERGED [OPTION,...]
mount_overlay() {
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3${5:+,$5}" "$4"
}

# loop_fs ext4|xfs|btrfs SIZE MOUNTPOINT: mounts a new, empty file system from a sparse file. mkfs needs
# at least 300M for xfs and 110M for btrfs.
loop_fs() {
    local type=$1 size=$2 mountpoint=$3
    local image
    image=$(mktemp "$BATS_TEST_TMPDIR/.$type-XXXXXX")
    truncate -s "$size" "$image"
    case $type in
    ext4) mkfs.ext4 -q -F "$image" ;;
    xfs | btrfs) "mkfs.$type" -q -f "$image" ;;
    *) echo "loop_fs: no such type: $type" >&2 && return 1 ;;
    esac
    mkdir -p "$mountpoint"
    mount -o loop "$image" "$mountpoint"
    rm "$image" # freed when it is unmounted
    find "$mountpoint" -mindepth 1 -maxdepth 1 -name lost+found -exec rmdir {} +
}

# enter_memory: makes the directory "memory" and changes to it. For root it is a tmpfs if that supports
# user attributes. On a disk, tests that create and remove thousands of files mostly wait for it.
enter_memory() {
    mkdir memory
    if [ "$EUID" -eq 0 ] && mount -t tmpfs tmpfs memory; then
        setfattr -n user.test memory 2>/dev/null || umount memory
    fi
    cd memory || return
}

# cleanup_mounts DIR: unmounts everything below DIR, the deepest mount first.
cleanup_mounts() {
    local mountpoint mounts
    # Most tests leave no mount; this check starts no process.
    read -rd '' mounts </proc/self/mountinfo || :
    [[ $mounts == *" ${1// /\\040}/"* ]] || return 0
    findmnt --raw --noheadings --output TARGET | sort -r | while read -r mountpoint; do
        mountpoint=$(printf '%b' "$mountpoint")
        case $mountpoint in
        "$1"/*) umount "$mountpoint" || umount --lazy "$mountpoint" ;;
        esac
    done
}

# --------------------------------------------------------------------------- other users

# as_user COMMAND...: runs it as nobody, without groups and capabilities, or unchanged if the tests do not
# run as root. Make directories that it may write with `install -d -o 65534 -g 65534 DIR`. If the command
# cannot run, the status is 99, which none of our programs returns.
as_user() {
    if [ "$EUID" -ne 0 ]; then
        "$@"
        return
    fi
    chmod a+x "$BATS_RUN_TMPDIR" # mktemp made it root's alone
    local as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
    local bin=$ZLSNAP_BIN
    if ! "${as_nobody[@]}" test -x "$bin"; then # a checkout below /root
        bin=$BATS_RUN_TMPDIR/installed/bin
        [ -e "$bin" ] || install_programs "$BATS_RUN_TMPDIR/installed" || return 99
    fi
    "${as_nobody[@]}" env HOME=/nonexistent PATH="$bin:$PATH" "$@"
}

# install_programs PREFIX: runs make install on the existing build, whatever its flags.
install_programs() {
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" \
        DESTDIR= PREFIX="$1" install && ln -sf zlsnap "$1/bin/zlsnap.sh"
}

# --------------------------------------------------------------------------- waiting

# wait_until COMMAND...: repeats the command until it succeeds; fails after ten seconds.
wait_until() {
    local count silence=$BATS_RUN_TMPDIR/silence
    [ -p "$silence" ] || mkfifo "$silence"
    for ((count = 0; count < 500; count++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        read -rt 0.02 <>"$silence" || : # a sleep that is no process
    done
    fail "waited in vain for: $*"
}

# child_of PID: prints the ids of its children, the oldest first; fails if it has none.
child_of() {
    local children=()
    read -ra children <"/proc/$1/task/$1/children" || :
    [ ${#children[@]} -gt 0 ] && printf '%s\n' "${children[@]}"
} 2>/dev/null

# is_gone PID: the process has ended; it may still be a zombie.
is_gone() {
    local stat
    read -r stat <"/proc/$1/stat" || return 0
    [[ ${stat##*)} == ' Z '* ]]
} 2>/dev/null

# --------------------------------------------------------------------------- looking at trees

# entries [DIR]: prints the sorted names of its entries on one line.
entries() (
    cd "${1-.}" && shopt -s dotglob nullglob && set -- * && printf '%s\n' "$*"
)

# few NUMBER FIRST LAST: prints NUMBER of the numbers from FIRST to LAST, evenly spread; with FAULTS=all, all.
few() {
    local count=$(($3 - $2 + 1)) number
    if [ "${FAULTS-}" = all ] || [ $count -le "$1" ]; then
        seq "$2" "$3"
    else
        for ((number = 0; number < $1; number++)); do
            echo $(($2 + number * (count - 1) / ($1 - 1)))
        done
    fi
}

# refute_leftovers DIR: fails if a staging directory or temporary file is left in DIR or below.
refute_leftovers() {
    local found
    found=$(find "$1" -name '.*.zlsnap-*')
    [ -z "$found" ] || batslib_print_kv_multi 'left behind' "$found" | batslib_decorate \
        'something was left behind' | fail
}

# compare_trees [--upper] [--no-sockets] A B
# Fails and prints the differences unless B equals A, including the roots: names, types, contents, modes,
# owners, times to the nanosecond, sizes, link targets, devices, xattrs (with capabilities and ACLs) and
# hard links.
#   --upper       A is the upper directory of an overlay. Ignores its bookkeeping xattrs (opaque is not
#                 one of them) and whiteouts below an opaque directory, where they have no effect, and
#                 compares other whiteouts by name only
#   --no-sockets  ignores sockets
compare_trees() {
    local upper='' sockets=yes # these and `work` are seen by the functions below
    while [[ ${1-} == --* ]]; do
        case $1 in
        --upper) upper=yes ;;
        --no-sockets) sockets='' ;;
        *) fail "compare_trees: no such option: $1" || return ;;
        esac
        shift
    done
    local -x LC_ALL=C
    local work differences
    work=$(mktemp -d "$BATS_RUN_TMPDIR/compare-XXXXXX")
    # An error message of one of the tools counts as a difference.
    differences=$({
        (cd "$1" && tree_facts "$work/names-a" "$work/left-out-a") >"$work/a"
        (cd "$2" && tree_facts "$work/names-b" "$work/left-out-b") >"$work/b"
        diff -U 0 --label "$1" --label "$2" "$work/a" "$work/b"
        rsync_differences "$1" "$2"
    } 2>&1 | head -n 100)
    rm -r "$work"
    [ -z "$differences" ] ||
        printf '%s\n' "$differences" | batslib_decorate "trees differ: $1 $2" | fail
}

# tree_facts NAMES LEFT-OUT: prints everything but contents that compare_trees compares in the current
# directory, one fact a line. Writes its names, NUL-terminated, to the file NAMES, and the ignored ones to
# LEFT-OUT. Each tool handles as many names in one process as fit.
tree_facts() {
    local names=$1 left_out=$2
    if [ -n "$upper" ] || [ -z "$sockets" ]; then
        {
            [ -n "$sockets" ] || find . -type s -print0
            [ -z "$upper" ] || whiteouts .
        } | sort -z >"$left_out"
        find . -print0 | sort -z | comm -z -23 - "$left_out" >"$names"
        [ -z "$upper" ] || [ ! -s "$left_out" ] || whiteout_facts
    else
        find . -print0 | sort -z >"$names"
    fi
    xargs -0r stat --format='%f %d:%i %s|%F %a %u:%g %.9Y device %t:%T|%N' <"$names" | stat_facts
    xargs -0r getfattr -h -d -m - -e hex -- <"$names" | xattr_facts
}

# Reads "MODE DEVICE:INODE SIZE|FACTS|NAME"; prints a line for each name, with its size unless it is
# a directory, and one for each inode that has several names.
stat_facts() {
    awk -F '|' '
        {
            split($1, id, " ")
            name = substr($0, length($1) + length($2) + 3)
            if (id[1] ~ /^4/) {
                print name ": " $2
                next
            }
            print name ": " $2 " size " id[3]
            names[id[2]] = names[id[2]] " " name
            links[id[2]]++
        }
        END { for (inode in links) if (links[inode] > 1) print "one file:" names[inode] | "sort" }'
}

# The kernel's own attributes in an upper directory.
OVERLAY_BOOKKEEPING=(impure index metacopy nlink origin protattr redirect upper uuid)

# Reads what getfattr prints; prints a line for each attribute.
xattr_facts() {
    awk -v left_out="${upper:+${OVERLAY_BOOKKEEPING[*]}}" '
        BEGIN {
            count = split(left_out, names)
            for (i = 1; i <= count; i++)
                skip["trusted.overlay." names[i]] = skip["user.overlay." names[i]] = 1
        }
        /^# file: / { file = substr($0, 9); next }
        $0 != "" { name = $0; sub(/=.*/, "", name); if (!(name in skip)) print file ": " $0 }'
}

# whiteouts DIR: prints the names of its whiteouts, NUL-terminated.
whiteouts() {
    find "$1" -type c -print0 | xargs -0r stat --printf='%t:%T %n\0' | sed -z -n 's/^0:0 //p'
}

# Prints a line for each whiteout that is not below an opaque directory.
whiteout_facts() {
    local dir
    find . -type d -print0 | while IFS= read -r -d '' dir; do
        if [ "$(getfattr -h --only-values -n trusted.overlay.opaque "$dir" 2>/dev/null)" = y ]; then
            whiteouts "$dir"
        fi
    done | sort -zu >"$left_out-hidden"
    whiteouts . | sort -z | comm -z -23 - "$left_out-hidden" |
        xargs -0r stat --format='%N: whiteout'
}

# rsync_differences FROM TO: prints the changes, also of contents, that rsync would make to TO.
rsync_differences() {
    local name
    local -a without=()
    for name in ${upper:+"${OVERLAY_BOOKKEEPING[@]}"}; do
        without+=(--filter="-x trusted.overlay.$name" --filter="-x user.overlay.$name")
    done
    if compgen -G "$work/left-out-[ab]" >/dev/null; then
        # rsync takes a name with a wildcard for a pattern; a backslash quotes the wildcard.
        sed -z 's/^\.//; /[[*?]/ s/[[*?\]/\\&/g' "$work"/left-out-[ab] >"$work/exclude"
        without+=(--from0 --exclude-from="$work/exclude")
    fi
    rsync --dry-run --archive --checksum --itemize-changes --hard-links --acls --xattrs --delete \
        "${without[@]}" "$1/" "$2/"
}
