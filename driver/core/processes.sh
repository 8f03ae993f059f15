# shellcheck shell=bash
#
# How pipes are run: in the background, so that a signal acts at once, and in a process group of
# their own, so that it reaches all of their processes and no others.

part core/verdict

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
