# What the .bats files share: `load helpers` as their first line.
# Everything that looks at a tree here is a tool that is not ours.

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ZLSNAP_BIN=${ZLSNAP_BIN:-$PROJECT/build/bin}
ZLSNAP_PRELOAD=${ZLSNAP_PRELOAD:-$PROJECT/build/preload} # see the .c files in tests/preload
export PROJECT ZLSNAP_BIN ZLSNAP_PRELOAD PATH=$ZLSNAP_BIN:$PATH

# The same messages and the same bytes on every machine; a test that wants others sets them itself.
export LC_ALL=C TZ=UTC
unset SOURCE_DATE_EPOCH
umask 022

# Debian and Alpine have bats' libraries in the first place, Fedora and hand-made set-ups elsewhere.
BATS_LIB_PATH=${BATS_LIB_PATH:+$BATS_LIB_PATH:}/usr/lib/bats:/usr/share/bats
BATS_LIB_PATH+=:/usr/share:/usr/local/lib/bats:/usr/local/lib
bats_require_minimum_version 1.7.0

# load_libraries: what their load.bash loads, which starts a process for each part; it is loaded
# anew for every test.
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

# --------------------------------------------------------------------------- run

# run [!|-STATUS] [--separate-stderr] COMMAND...: bats' run, in half its time. It notes the command, its
# status and its output, which bats prints if the test fails. A command that is not found is a failure
# unless -127 was asked for.
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

# Sets `expected` of run.
# shellcheck disable=SC2034 # what the tests look at
run_and_note() {
    local file=''
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
        printf '$'
        printf ' %q' "$@"
        printf '\n[status %d]\n' "$status"
        [ -z "$output" ] || printf '%s\n' "${output:0:4000}"
        [ -z "$file" ] || [ -z "$stderr" ] || printf 'stderr: %s\n' "${stderr:0:4000}"
    } >>"$BATS_OUT"
}

# --------------------------------------------------------------------------- after a test

# A file with teardowns of its own calls cleanup_mounts in them.
teardown() {
    cleanup_mounts "$BATS_TEST_TMPDIR"
}

teardown_file() {
    cleanup_mounts "$BATS_FILE_TMPDIR"
}

# --------------------------------------------------------------------------- what a test needs

# Each skips the test, with the reason; where CI=true, tests/run counts that as a failure.

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

# Whether the programs have an allocator of their own, which gives up when it gets no memory.
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

# loop_fs ext4|xfs|btrfs SIZE MOUNTPOINT: mounts a new, empty file system that lies in a file.
# The smallest that mkfs takes: xfs 300M, btrfs 110M; the file is sparse.
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
    rm "$image" # it lives on until it is unmounted
    find "$mountpoint" -mindepth 1 -maxdepth 1 -name lost+found -exec rmdir {} +
}

# enter_memory: makes the directory "memory" and goes there; where root can mount one that has user's
# attributes, it is a tmpfs. Some disks' file systems take most of the time of a test that makes and
# removes files by the thousands.
enter_memory() {
    mkdir memory
    if [ "$EUID" -eq 0 ] && mount -t tmpfs tmpfs memory; then
        setfattr -n user.test memory 2>/dev/null || umount memory
    fi
    cd memory || return
}

# cleanup_mounts DIR: unmounts all that is mounted below DIR, the deepest first.
cleanup_mounts() {
    local mountpoint
    # After most tests nothing is, which can be seen without starting a process.
    [[ $(</proc/self/mountinfo) == *" ${1// /\\040}/"* ]] || return 0
    findmnt --raw --noheadings --output TARGET | sort -r | while read -r mountpoint; do
        mountpoint=$(printf '%b' "$mountpoint")
        case $mountpoint in
        "$1"/*) umount "$mountpoint" || umount --lazy "$mountpoint" ;;
        esac
    done
}

# --------------------------------------------------------------------------- other users

# as_user COMMAND...: runs it as nobody, in no group, without capabilities; as it is when the tests
# do not run as root. What it may write is made with `install -d -o 65534 -g 65534 DIR`. Where the command
# can't be run, the status is one that no program of ours has.
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

# install_programs PREFIX: make install of what is built, with whatever flags it was built.
install_programs() {
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" \
        DESTDIR= PREFIX="$1" install && ln -sf zlsnap "$1/bin/zlsnap.sh"
}

# --------------------------------------------------------------------------- waiting

# wait_until COMMAND...: for what another process is about to do; fails after ten seconds.
wait_until() {
    local count
    for ((count = 0; count < 500; count++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.02
    done
    fail "waited in vain for: $*"
}

# --------------------------------------------------------------------------- looking at trees

# entries [DIR]: the names of all that is in it, sorted, on one line.
entries() (
    cd "${1-.}" && shopt -s dotglob nullglob && set -- * && printf '%s\n' "$*"
)

# untraced: bats looks at each command, which takes it as long as a tenth of starting a program; no
# longer, in the subshell that calls this. A failure is shown where the subshell was called.
untraced() {
    trap - DEBUG
}

# few NUMBER FIRST LAST: of the numbers from FIRST to LAST, so many, evenly spread.
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

# refute_leftovers DIR: nothing of a staging directory or a temporary file is in DIR or below.
refute_leftovers() {
    local found
    found=$(find "$1" -name '.*.zlsnap-*')
    [ -z "$found" ] || batslib_print_kv_multi 'left behind' "$found" | batslib_decorate \
        'something was left behind' | fail
}

# compare_trees [--upper] [--no-sockets] A B
# Fails, and prints what differs, unless B is A entry by entry: names, types, contents, modes,
# owners, times to the nanosecond, sizes, link targets, devices, xattrs (capabilities and ACLs are
# xattrs) and which names are hard links of each other; the roots themselves included.
#   --upper       A is the upper directory of an overlay: its bookkeeping xattrs are left out
#                 (opaque is none of them), a whiteout is compared by its name only, and whiteouts
#                 below an opaque directory, where they mean nothing, are left out
#   --no-sockets  sockets are left out
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
    # Whatever one of the tools complains about is a difference too.
    differences=$({
        untraced
        (cd "$1" && tree_facts "$work/names-a" "$work/left-out-a") >"$work/a"
        (cd "$2" && tree_facts "$work/names-b" "$work/left-out-b") >"$work/b"
        diff -U 0 --label "$1" --label "$2" "$work/a" "$work/b"
        rsync_differences "$1" "$2"
    } 2>&1 | head -n 100)
    rm -r "$work"
    [ -z "$differences" ] ||
        printf '%s\n' "$differences" | batslib_decorate "trees differ: $1 $2" | fail
}

# tree_facts NAMES LEFT-OUT: all that compare_trees compares but the contents, of the current
# directory, one fact a line. Its names, each ended by a NUL, go to the file NAMES, those that are
# left out of them to LEFT-OUT. Each tool looks at all names in one process, as far as they fit.
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

# What the kernel keeps in an upper directory for itself.
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

# whiteouts DIR: the names of the whiteouts in it, each ended by a NUL.
whiteouts() {
    find "$1" -type c -print0 | xargs -0r stat --printf='%t:%T %n\0' | sed -z -n 's/^0:0 //p'
}

# Prints a line for each whiteout that deletes something, so none below an opaque directory.
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

# rsync_differences FROM TO: what rsync would do to make TO equal to FROM, contents included.
rsync_differences() {
    local name
    local -a without=()
    for name in ${upper:+"${OVERLAY_BOOKKEEPING[@]}"}; do
        without+=(--filter="-x trusted.overlay.$name" --filter="-x user.overlay.$name")
    done
    if compgen -G "$work/left-out-[ab]" >/dev/null; then
        # A name with a wildcard in it is a pattern, in which a backslash quotes.
        sed -z 's/^\.//; /[[*?]/ s/[[*?\]/\\&/g' "$work"/left-out-[ab] >"$work/exclude"
        without+=(--from0 --exclude-from="$work/exclude")
    fi
    rsync --dry-run --archive --checksum --itemize-changes --hard-links --acls --xattrs --delete \
        "${without[@]}" "$1/" "$2/"
}
