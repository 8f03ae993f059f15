# shellcheck shell=bash
#
# How pipes are run: in the background, so that a signal acts at once, and in a process group of
# their own, so that it reaches all of their processes and no others.

# program NAME: prints where one of our programs is: beside the driver, where it was built or
# installed, or on the PATH.
program() {
    local dir
    for dir in "$beside" "$home" "$built"; do
        if [[ -f $dir/$1 && -x $dir/$1 ]]; then
            printf '%s' "$dir/$1"
            return
        fi
    done
    type -P -- "$1" || die 1 "$1 not found: neither beside zlsnap nor on the PATH"
}

# programs_expect NAME...: ends the driver unless they are on the PATH.
programs_expect() {
    local name
    for name; do
        type -P -- "$name" >/dev/null || die 1 "$name not found on the PATH; it has to be installed"
    done
}

# run COMMAND...: runs a function or a program in the background and returns its status. What bash
# itself would say of a killed process is left to verdict().
run() {
    local status
    signals_take
    complaints_open
    set -m
    (
        set +m
        lifeline_tell "$BASHPID"
        [[ ! $lifeline ]] || exec {lifeline}>&-
        # Not before the last process of the pipe has ended.
        trap 'exit 1' TERM INT HUP QUIT
        # A process group that is not the terminal's may be stopped for writing to it.
        trap '' TTOU
        "$@"
    ) </dev/null 2>/dev/null &
    set +m
    while
        resumed=
        wait "$!" 2>/dev/null
        status=$?
        [[ $resumed ]]
    do :; done
    if ((status > 128 && status != 141)); then
        kill -TERM -- "-$!" 2>/dev/null
        die 1 "the pipe $(end_text "$status")"
    fi
    lifeline_tell ''
    return "$status"
}

# stage COMMAND...: becomes the command, with standard error where the user sees it.
stage() {
    exec "$@" 2>&"$messages" {messages}>&-
}

# stage_to_end COMMAND...: runs the command, one that becomes a program, and if that gives up early,
# reads what is left: so the stage before it can read, and judge, all of its input.
stage_to_end() {
    local status
    ("$@")
    status=$?
    cat >/dev/null
    return "$status"
}

# stage_from FILE STAGE...: a stage that reads the file; "-" is the driver's standard input, see
# input_take().
stage_from() {
    if [[ $1 == - ]]; then
        "${@:2}" <&"$input"
    else
        "${@:2}" <"$1"
    fi
}

# The driver's standard input, for the jobs that run() starts, whose own is empty.
input=

# input_take WHAT: keeps standard input for stage_from(), which reads that from it.
input_take() {
    [[ ! $input ]] || return 0
    [[ ! -t 0 ]] || usage_error "standard input is a terminal; $1 read from a file or a pipe"
    { exec {input}<&0; } 2>/dev/null || die 1 'standard input is closed'
}

# Where a spool is put that nothing is renamed from.
temporary_place() {
    local dir=${TMPDIR:-/tmp}
    printf '%s' "${dir%/}/"
}

# What is to be removed when the driver ends, whichever way: empty, or a directory of ours; and a
# descriptor of it, on which its lock is.
spool=
spool_fd=

# The file in it that is not removed, where anything is in it: a next run continues it.
spool_keep=

# What tells a spool from other directories of ours where others could have given it its name.
spool_mark=.zlsnap-spool

# Ends the driver where /proc is missing: a spool is held, and emptied, by its descriptor's name there.
proc_expect() {
    [[ -d /proc/self/fd ]] || die 1 '/proc is not mounted, which this command needs'
}

# spool_make PLACE NAME: makes the directory in which everything is written first, in PLACE (which ends
# in a slash), beside what is to be called NAME, so that a rename is all that is left to do; and locks
# it as long as we live, so that others can tell it from a dead one's.
spool_make() {
    local tries made
    proc_expect
    signals_take
    for ((tries = 0; tries < 5; tries++)); do
        spool_fd=
        # A signal must not come between making it and knowing its name.
        spool=$(
            trap '' TERM INT HUP QUIT
            made=$(mktemp -d -- "$1.${2:0:240}.zlsnap-XXXXXX" 2>&1) ||
                die 1 "$(printable "$1"): no directory can be made there: ${made##*: }"
            printf '%s' "$made"
        ) || exit
        # Where others may rename, what has its name by now may be anything of ours, which is not to
        # be emptied in the end.
        spool_hold "$spool" && spool_is_empty && spool_prepare && return
        # Whoever cleaned up took it for a dead run's before it was locked.
        spool=
    done
    die 1 "$(printable "$1"): a directory that was made there is replaced or removed by somebody"
}

# spool_resume PLACE NAME SUFFIX FILE: the same, but its name ends in SUFFIX, of six characters, each
# time, and FILE in it stays until it is complete.
spool_resume() {
    local name=$1.${2:0:240}.zlsnap-$3
    proc_expect
    signals_take
    [[ -d $name ]] || attempt mkdir -m 700 -- "$name"
    spool_hold "$name" || die 1 "$(printable "$name"): is in use by another run, or is not ours"
    [[ -f /proc/self/fd/$spool_fd/$spool_mark ]] || spool_is_empty ||
        die 1 "$(printable "$name"): is not what an interrupted run has left"
    spool=$name spool_keep=$4
    spool_prepare || die 1 "$(printable "$name"): cannot be written"
}

# spool_hold DIR: opens and locks what was made, or found.
spool_hold() {
    { exec {spool_fd}<"$1"; } 2>/dev/null || return
    flock -n "$spool_fd" 2>/dev/null
    [[ $? -ne 1 && -O $1 && ! -L $1 && $1 -ef /proc/self/fd/$spool_fd ]]
}

spool_is_empty() {
    [[ ! $(find "/proc/self/fd/$spool_fd/" -mindepth 1 -print -quit 2>&1) ]]
}

# Of a parent with a setgid bit or a default ACL it has more than it should.
spool_prepare() {
    attempt chmod -- u=rwx,g-s,go= "/proc/self/fd/$spool_fd/."
    { : >"/proc/self/fd/$spool_fd/$spool_mark"; } 2>/dev/null
}

# What is in it is removed through the descriptor, whatever has its name by now.
spool_remove() {
    [[ $spool ]] || return 0
    if [[ $spool_fd ]]; then
        # If not at once: a tree whose directories their owner may not write.
        (cd "/proc/self/fd/$spool_fd" && { spool_empty || { chmod -R u+rwX . && spool_empty; }; }) \
            2>/dev/null
    fi
    # Nothing but what is empty: it may be another one that has the name by now.
    rmdir -- "$spool" 2>/dev/null
    spool=
}

spool_empty() {
    if [[ $spool_keep && -s $spool_keep ]]; then
        find . -mindepth 1 -maxdepth 1 ! -name "$spool_keep" ! -name "$spool_mark" -exec rm -rf -- {} +
    else
        find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
    fi
}

# Ends everything that run() started, waits for it (tarunpack removes its staging directory), and
# dies of the same signal. A second signal does not wait.
end_by() {
    local signal=$1
    trap 'signal_running KILL' TERM INT HUP QUIT
    signal_running TERM
    signal_running CONT
    # Again and again: one that comes just as bash starts a process may be lost to that process. But
    # then bash may also take for running what has ended.
    while [[ $(jobs -pr) ]] && signal_running TERM; do
        sleep 0.02
    done 2>/dev/null
    spool_remove
    trap - EXIT "$signal"
    kill -s "$signal" "$BASHPID"
    exit $((128 + $(kill -l "$signal"))) # bash ignores SIGQUIT itself
}

# Ctrl-Z stops what run() started too.
suspend() {
    signal_running STOP
    kill -s STOP "$BASHPID"
    signal_running CONT
    resumed=yes
}

# signal_running SIGNAL: to all that runs. Returns 1 if nothing does.
# Not by a variable: a signal may come before one is set.
signal_running() {
    local leader reached=1
    for leader in $(jobs -p); do
        kill -s "$1" -- "-$leader" 2>/dev/null && reached=0
    done
    return "$reached"
}

# From here on there is something to end or to remove. Before, a signal may do what it does by
# itself; and bash 5.2 can't parse a trap's text where the signal comes just as it parses a $(...).
signals_take() {
    local signal
    lifeline_start
    trap 'ended; spool_remove' EXIT
    for signal in TERM INT HUP QUIT USR1 USR2 ALRM VTALRM PROF XCPU; do
        # shellcheck disable=SC2064 # now
        trap "end_by $signal" "$signal"
    done
    trap suspend TSTP
}

# A pipe that only the driver holds open: its end tells lifeline_watch() that the driver is dead.
lifeline=

lifeline_start() {
    [[ ! $lifeline ]] || return 0
    # Without /proc there is none.
    { exec {lifeline}> >(lifeline_watch >/dev/null); } 2>/dev/null || lifeline=
}

# lifeline_tell PROCESS: which process group runs now, or '' for none.
lifeline_tell() {
    [[ $lifeline ]] || return 0
    trap '' PIPE
    printf '%s\n' "$1" >&"$lifeline"
    trap - PIPE
} 2>/dev/null

# Ends what run() started where the driver was killed and could not do it. As in end_by(), again and
# again.
lifeline_watch() {
    local line group='' tries
    trap '' TERM INT HUP QUIT USR1 USR2 ALRM VTALRM PROF XCPU TSTP
    while read -r line; do
        group=$line
    done
    [[ $group ]] || return
    for ((tries = 0; tries < 100; tries++)); do
        kill -s TERM -- "-$group" && kill -s CONT -- "-$group" || return
        sleep 0.02
    done
}
