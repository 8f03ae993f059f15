# shellcheck shell=bash
#
# How the programs of a pipe ended, and what that says: whether the archive is bad, or the system failed.

# Where stage_unzstd() puts what zstd says, a pipe that nobody has to read at once; and what was in it.
complaints=
complaint=

# Opens the pipe. Without /proc there is none, and zstd's messages go where the others' go.
complaints_open() {
    local made
    [[ ! $complaints ]] || return 0
    # bash makes a pipe for the word.
    { exec {made}<<<'' && [[ -p /proc/self/fd/$made ]] && exec {complaints}<>"/proc/self/fd/$made" &&
        read -r -u "$complaints" _ && exec {made}<&-; } 2>/dev/null || complaints=$messages
}

# Reads what zstd has said into `complaint`.
complaints_take() {
    [[ $complaints != "$messages" ]] && read -r -t 0 -u "$complaints" || return 0
    read -r -d '' -t 0.01 -u "$complaints" complaint
    complaint=${complaint%$'\n'}
}

# stage_unzstd: becomes the zstd that decompresses.
stage_unzstd() {
    exec zstd -q -dc 2>&"$complaints" {messages}>&-
}

# end_text STATUS: prints how a process ended that did not tell by its status what is wrong.
end_text() {
    local signal
    case $1 in
    # 254 is bash's where it can't fork; before it starts one of ours, it tries for 15 seconds.
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

# status_judge NAME STATUS: sets `judged` to what the status of a program means: "done"; "closed" where
# its reader went away, whose status tells why; "damaged" where its input is, or it had no memory; 1 to
# 4 as our programs have it; or "broken", which is said: it was killed, or ended in a way that it does
# not have. That tells nothing about the archive.
status_judge() {
    case $1:$2 in
    *:0) judged='done' ;;
    *:141 | zstd:70) judged=closed ;; # zstd ends so where SIGPIPE is ignored
    zstd:1 | gzip:1) judged=damaged ;;
    jq:[245]) judged=damaged ;; # which of them differs between its versions
    gzip:2) judged=3 ;; # junk behind what it decompressed
    tarpack:[1-4] | shasum-tee:[1-4] | tarunpack:[1-4]) judged=$2 ;;
    [!ts]*:[1-9] | tee:1 | split:1) judged=1 ;; # what others say by it is not known here
    *)
        say "$1 $(end_text "$2")"
        judged=broken
        ;;
    esac
}

# Set by verdict(): that a program was killed, or failed in an unknown way.
broken=

# verdict STATUSES NAME...: returns the exit status of a pipe whose programs NAME... ended with
# STATUSES, one word each, and says what the programs could not say. It is the gravest of our own; but
# what a program finds wrong with its input does not count where one before it failed, nor where one
# was killed or failed in an unknown way: then `broken` is set, and the status is 1. Of shasum-tee,
# --zstd may be a part of the name: where that finds the frames sound, a failure of zstd is its own.
verdict() {
    local statuses status name judged worst=0 closed='' failed='' sound=''
    broken=
    read -ra statuses <<<"$1"
    shift
    complaints_take
    for name; do
        status=${statuses[0]}
        statuses=("${statuses[@]:1}")
        status_judge "${name% *}" "$status"
        if [[ $judged == damaged ]]; then
            judged=1
            if [[ $sound || $complaint == *'not enough memory'* ]]; then
                say "$name $(end_text "$status")"
                judged=broken
            fi
        elif [[ $judged == 1 ]]; then
            failed=yes
        fi
        case $judged in
        done) [[ $name != *--zstd ]] || sound=yes ;;
        closed) closed=$name failed= ;; # what is behind it ended first
        broken) broken=yes ;;
        [34]) ((judged <= worst)) || [[ $failed ]] || worst=$judged ;;
        *) ((judged <= worst)) || worst=$judged ;;
        esac
    done
    [[ ! $broken ]] || return 1
    if [[ $closed && $worst -eq 0 ]]; then
        say "what ${closed% *} wrote was not read to its end"
        worst=1
    fi
    return "$worst"
}
