# shellcheck shell=bash
#
# The verdict on a pipe: whether the archive is bad or the system failed, by the exit statuses of its
# programs.

# The descriptor of a pipe that collects zstd's messages, and the messages that complaints_take() read.
complaints=
complaint=

# Opens the pipe. Without /proc this fails, and zstd writes to standard error.
complaints_open() {
    local made
    [[ ! $complaints ]] || return 0
    # bash makes a pipe for the here-string.
    { exec {made}<<<'' && [[ -p /proc/self/fd/$made ]] && exec {complaints}<>"/proc/self/fd/$made" &&
        read -r -u "$complaints" _ && exec {made}<&-; } 2>/dev/null || complaints=$messages
}

# Reads zstd's messages into `complaint`.
complaints_take() {
    [[ $complaints != "$messages" ]] && read -r -t 0 -u "$complaints" || return 0
    read -r -d '' -t 0.01 -u "$complaints" complaint
    complaint=${complaint%$'\n'}
}

# stage_unzstd: a stage of a pipe that decompresses with zstd.
stage_unzstd() {
    exec zstd -q -dc 2>&"$complaints" {messages}>&-
}

# end_text STATUS: prints how a program ended whose status does not say what failed.
end_text() {
    local signal
    case $1 in
    # bash exits with 254 if it cannot fork; before, it tries for 15 seconds.
    126 | 127 | 254) printf 'could not be started; are there too many processes, or too little memory?' ;;
    *)
        if (($1 > 128)) && signal=$(kill -l "$(($1 - 128))" 2>/dev/null); then
            printf 'was killed by signal %s' "$signal"
        else
            printf 'failed with status %s' "$1"
        fi
        ;;
    esac
}

# status_judge VARIABLE NAME STATUS: sets the variable to the meaning of a program's exit status:
#   done     success
#   closed   its reader closed the pipe; the reader's status says why
#   damaged  its input is damaged, or it ran out of memory
#   1 to 4   as defined for our programs
#   broken   killed, or failed in an unknown way; a message says so. This says nothing about the archive.
status_judge() {
    local judged
    case $2:$3 in
    *:0) judged='done' ;;
    *:141 | zstd:70) judged=closed ;; # zstd exits with 70 if SIGPIPE is ignored
    zstd:1 | gzip:1) judged=damaged ;;
    jq:[245]) judged=damaged ;; # depends on the version of jq
    gzip:2) judged=3 ;; # trailing garbage
    tarpack:[1-4] | shasum-tee:[1-4] | tarunpack:[1-4]) judged=$3 ;;
    [!ts]*:[1-9] | tee:1 | split:1) judged=1 ;; # other programs: some system error
    *)
        say "$2 $(end_text "$3")"
        judged=broken
        ;;
    esac
    printf -v "$1" '%s' "$judged"
}

# Not empty if the last verdict() found a program that was killed or failed in an unknown way.
broken=

# verdict STATUSES NAME...: returns the exit status for a pipe of the programs NAME..., whose statuses
# are words of STATUSES, and says what the programs could not say themselves. The highest of our statuses
# counts, but
#   - a program's verdict on its input is ignored if a program before it failed;
#   - if a program is broken, so is the pipe: `broken` is set and the status is 1.
# shasum-tee may be given as "shasum-tee --zstd": if it found the zstd frames sound, a failure of zstd
# has another cause.
verdict() {
    local statuses status name meaning worst=0 closed='' failed='' sound=''
    broken=
    read -ra statuses <<<"$1"
    shift
    complaints_take
    for name; do
        status=${statuses[0]}
        statuses=("${statuses[@]:1}")
        status_judge meaning "${name% *}" "$status"
        if [[ $meaning == damaged ]]; then
            meaning=1
            if [[ $sound || $complaint == *'not enough memory'* ]]; then
                say "$name $(end_text "$status")"
                meaning=broken
            fi
        elif [[ $meaning == 1 ]]; then
            failed=yes
        fi
        case $meaning in
        done) [[ $name != *--zstd ]] || sound=yes ;;
        closed) closed=$name failed= ;; # the next program ended first
        broken) broken=yes ;;
        [34]) ((meaning <= worst)) || [[ $failed ]] || worst=$meaning ;;
        *) ((meaning <= worst)) || worst=$meaning ;;
        esac
    done
    [[ ! $broken ]] || return 1
    if [[ $closed && $worst -eq 0 ]]; then
        say "the output of ${closed% *} was not read to its end"
        worst=1
    fi
    return "$worst"
}
