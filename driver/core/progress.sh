# shellcheck shell=bash
#
# What a person sees of long work, and a log does not: the line that the first shasum-tee of a pipe
# draws, and one that sums up what was done.

# The option, as options_read() takes it.
progress_option='progress::'

usage_progress() {
    cat <<'END'

      --progress[=WHEN]        draw a line while it works: auto, the default, on a
                               terminal; always; never
END
}

# Whether they are shown: empty, or yes; and since when, in microseconds.
drawn=
drawn_since=0

# What the first shasum-tee of the pipe is told of it.
progress=(-q)

# For our other programs: a message is to take the line away. See lib/diag.h.
unset ZLSNAP_DRAWN

# Reads the option.
progress_read() {
    case ${option[progress]-auto} in
    always) drawn=yes ;;
    auto | yes) [[ ! -t $messages || ${TERM:-dumb} == dumb ]] || drawn=yes ;;
    never) ;;
    *) usage_error "option '--progress' takes auto, always or never, not '$(printable "${option[progress]}")'" ;;
    esac
    [[ ! ${option[quiet]-} ]] || drawn=
    [[ $drawn ]] || return 0
    drawn_since=${EPOCHREALTIME/./}
    export ZLSNAP_DRAWN=1
}

# progress_expect SIZE: so many bytes will go through the next pipe; 0 where that is not known.
progress_expect() {
    [[ ! $drawn ]] || progress=(--progress=always "--size=$1")
}

# progress_expect_file FILE: all of a file will, or of standard input.
progress_expect_file() {
    local size=0
    [[ $drawn ]] || return 0
    [[ $1 == - ]] || size=$(stat -L -c %s -- "$1" 2>/dev/null)
    progress_expect "${size:-0}"
}

# summary_say NAME ENTRIES FROM TO DIGEST: the last word of a command: how many bytes became how many.
# ENTRIES, TO and DIGEST are empty where they are not known.
summary_say() {
    [[ $drawn ]] || return 0
    local text tenths=$(((${EPOCHREALTIME/./} - drawn_since) / 100000))
    text="${2:+$2 entries, }$(size_text "$3")"
    [[ ! $4 ]] || text+=" to $(size_text "$4") ($(ratio_text "$3" "$4") %)"
    say "$(printable "$1"): $text in $(tenths_text "$tenths") s${5:+, $5}"
}

# ratio_text BYTES BYTES: prints how many percent of the larger number the smaller one is.
ratio_text() {
    local small=$1 large=$2
    ((small <= large)) || small=$2 large=$1
    tenths_text $((small * 1000 / (large ? large : 1)))
}

# size_text BYTES: prints it with a unit that fits.
size_text() {
    local tenths=$(($1 * 10)) unit
    (($1 >= 1024)) || { printf '%d bytes' "$1" && return; }
    for unit in KiB MiB GiB TiB PiB; do
        tenths=$(((tenths + 512) / 1024))
        ((tenths >= 10240)) || break
    done
    printf '%s %s' "$(tenths_text "$tenths")" "$unit"
}

tenths_text() {
    printf '%d.%d' $(($1 / 10)) $(($1 % 10))
}
