# shellcheck shell=bash
#
# The verdict on a pipe: whether the archive is bad or the system failed, by the exit statuses of its
# programs.

# The descriptor of a pipe that collects zstd's messages, and the messages that zstd_messages_take() read.
zstd_messages=
zstd_message=

# Opens the pipe. Without /proc this fails, and zstd writes to standard error.
zstd_messages_open() {
    local made
    [[ ! $zstd_messages ]] || return 0
    # bash makes a pipe for the here-string.
    { exec {made}<<<'' && [[ -p /proc/self/fd/$made ]] && exec {zstd_messages}<>"/proc/self/fd/$made" &&
        read -r -u "$zstd_messages" _ && exec {made}<&-; } 2>/dev/null || zstd_messages=$messages
}

# Reads zstd's messages into `zstd_message`.
zstd_messages_take() {
    [[ $zstd_messages != "$messages" ]] && read -r -t 0 -u "$zstd_messages" || return 0
    read -r -d '' -t 0.01 -u "$zstd_messages" zstd_message
    zstd_message=${zstd_message%$'\n'}
}

# zstd_message_tell NAME STATUS: prints zstd's message about the input NAME. If that is truncated, tarunpack, which ended
# with STATUS, may have said so.
zstd_message_tell() {
    local text=${zstd_message//$'\n'/; }
    [[ $text && ($2 != [34] || $text != *'premature end'*) ]] || return 0
    text=${text//'/*stdin*\ : '/}
    text=${text//'/*stdin*\: '/}
    say "$(printable "$1"): zstd: $(printable "${text//zstd: /}")"
}

# stage_unzstd: a stage of a pipe that decompresses with zstd.
stage_unzstd() {
    exec zstd -q -dc 2>&"$zstd_messages" {messages}>&-
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
    zstd:1 | gzip:1 | xz:1 | bzip2:2) judged=damaged ;;
    jq:[245]) judged=damaged ;; # depends on the version of jq
    gzip:2) judged=3 ;; # trailing garbage
    tarpack:[1-4] | tarstore:[1-4] | tarjoin:[1-4] | tarunpack:[1-4] | shasum-tee:[1-4] | mtreediff:[1-4]) judged=$3 ;;
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

# verdict STATUSES NAME...: returns the exit status for a pipe of the programs NAME..., whose statuses are
# words of STATUSES, and says what the programs could not say themselves. It is the highest of these results:
#
#   meaning  condition                                        result
#   done                                                      0
#   1, 2                                                      1, 2
#   3, 4     a program before it had 1: the input was cut     none
#            otherwise                                        3, 4
#   damaged  the input is sound, or memory ran out            broken; a message says so
#            otherwise                                        1, unless tarunpack or shasum-tee says 3 or 4
#   closed   a result is not 0, which is why                  none
#            otherwise                                        1; a message says so
#   broken                                                    1, whatever the others are; `broken` is set
#
# The input is known to be sound if it passed "shasum-tee --zstd", a NAME that says that shasum-tee checked
# the frames. A program that was closed did not read a cut input to its end, so 1 before it does not count for
# 3 and 4 after it.
verdict() {
    local statuses status name meaning worst=0 closed='' failed='' sound=''
    broken=
    read -ra statuses <<<"$1"
    shift
    zstd_messages_take
    for name; do
        status=${statuses[0]}
        statuses=("${statuses[@]:1}")
        status_judge meaning "${name% *}" "$status"
        if [[ $meaning == damaged ]]; then
            meaning=1
            if [[ $sound || $zstd_message == *'not enough memory'* ]]; then
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

# unpack_verdict LAYER EXPECTED STATUSES NAME...: verdict() for a pipe that ends with a decompressor and
# tarunpack. If only the decompressor failed, at trailing garbage for instance, that is a warning, provided that
# the tar has the expected digest.
unpack_verdict() {
    local decompressor=${*: -2:1}
    zstd_messages_take
    [[ $3 != *' 141' ]] || return 141 # the reader of a list closed the pipe
    zstd_message_tell "$1" "${3##* }"
    if [[ ! $3 =~ ^((0|141)\ )?[1-9][0-9]*\ 0$ ]]; then
        verdict "${@:3}"
    elif [[ $2 ]]; then
        warn "$(printable "$1"): $decompressor failed, but the digest is the expected one"
    else
        verdict "${@:3}"
        [[ ! $broken ]] || return 1
        say "$(printable "$1"): $decompressor failed, and there is no expected digest to check the content"
        return 3
    fi
}
