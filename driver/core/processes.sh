# shellcheck shell=bash
#
# Jobs. A pipe runs in the background, so that signals act at once, and in its own process group, so that
# they reach all of its processes and no others.

part core/verdict

# Called once before the driver exits, also on a signal.
at_end=:

# run COMMAND...: runs a function or a program as a job and returns its status. Messages of bash about
# killed processes are dropped: verdict() writes them.
run() {
    local status
    signals_take
    zstd_messages_open
    set -m
    (
        set +m
        lifeline_tell "$BASHPID"
        [[ ! $lifeline ]] || exec {lifeline}>&-
        # The job must outlive the last process of its pipe.
        trap 'exit 1' TERM INT HUP QUIT
        # What it has in the background may still write to the spool.
        trap wait EXIT
        # The job is not in the terminal's foreground group: writing there must not stop it.
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

# end_by SIGNAL: ends the running jobs, waits for them (tarunpack removes its staging directory), and
# dies of the signal. A second signal kills the jobs.
end_by() {
    local signal=$1 leader leaders
    leaders=$(jobs -p)
    trap 'signal_running KILL' TERM INT HUP QUIT
    signal_running TERM
    signal_running CONT
    # Repeated, since a process that is just being forked may miss a signal. signal_running() fails when
    # bash lists a job that has already ended.
    while [[ $(jobs -pr) ]] && signal_running TERM; do
        sleep 0.02
    done 2>/dev/null
    for leader in $leaders; do
        group_end "$leader"
    done
    lifeline_tell ''
    "$at_end"
    trap - EXIT "$signal"
    kill -s "$signal" "$BASHPID"
    exit $((128 + $(kill -l "$signal"))) # bash ignores SIGQUIT itself
}

# group_end GROUP: ends what is left of a job after its first process has ended, such as what that one had put into
# the background. Not for ever, since a command of the user may have left a process that is to stay.
group_end() {
    local tries
    for ((tries = 0; tries < 250; tries++)); do
        kill -s TERM -- "-$1" 2>/dev/null && group_runs "$1" || return 0
        sleep 0.02
    done
}

# group_runs GROUP: whether a process of the group runs, other than those that only wait for their parent.
group_runs() {
    local file line form="[)] ([A-Za-z]) [0-9]+ $1 "
    for file in /proc/[0-9]*/stat; do
        { read -r -d '' line; } 2>/dev/null <"$file"
        [[ ! $line =~ $form || ${BASH_REMATCH[1]} == [ZX] ]] || return 0
    done 2>/dev/null
    return 1
}

# Ctrl-Z stops the jobs, too.
suspend() {
    signal_running STOP
    kill -s STOP "$BASHPID"
    signal_running CONT
    resumed=yes
}

# signal_running SIGNAL: sends it to all jobs; returns 1 if none is running. It asks bash for the jobs,
# since a signal may come before a variable is set.
signal_running() {
    local leader reached=1
    for leader in $(jobs -p); do
        kill -s "$1" -- "-$leader" 2>/dev/null && reached=0
    done
    return "$reached"
}

# Installs the traps, as soon as there is a job to end or a directory to remove. Not earlier: bash 5.2
# fails to parse a trap if the signal comes while it parses a $(...).
signals_take() {
    local signal
    lifeline_start
    trap 'ended; "$at_end"' EXIT
    for signal in TERM INT HUP QUIT USR1 USR2 ALRM VTALRM PROF XCPU; do
        # shellcheck disable=SC2064 # expanded now
        trap "end_by $signal" "$signal"
    done
    trap suspend TSTP
}

# The driver holds the only write end of this pipe: end of file tells lifeline_watch() that it is dead.
lifeline=

lifeline_start() {
    [[ ! $lifeline ]] || return 0
    # The watcher has a process group of its own: who kills the driver's group, as timeout(1) does, does
    # not reach it. Fails without /proc: then nothing watches.
    { exec {lifeline}> >(set -m; lifeline_watch <&0 >/dev/null &); } 2>/dev/null || lifeline=
}

# lifeline_tell PROCESS: tells the watcher which process group runs now, '' for none.
lifeline_tell() {
    [[ $lifeline ]] || return 0
    trap '' PIPE
    printf '%s\n' "$1" >&"$lifeline"
    trap - PIPE
} 2>/dev/null

# Ends the running job if the driver was killed. Signals are repeated as in end_by().
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
