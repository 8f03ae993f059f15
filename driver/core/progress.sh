# shellcheck shell=bash
#
# Progress for a terminal: a line that the first shasum-tee of a pipe draws, and a summary at the end.

# The option, for options_read().
progress_option='progress::'

usage_progress() {
    cat <<'END'

      --progress[=WHEN]        draw a progress line: auto (the default: on a terminal),
                               always or never
END
}

# When the command began, in microseconds.
command_began=${EPOCHREALTIME/./}

# The options for the first shasum-tee of a pipe.
progress=(-q)

# Tells our other programs that a line is drawn, which their messages must erase; see lib/diag.h.
unset ZLSNAP_DRAWN
# Tells them the name of the file that their standard output becomes.
unset ZLSNAP_OUTPUT

# Reads the option and sets `drawn`.
progress_read() {
    case ${option[progress]-auto} in
    always) drawn=yes ;;
    auto | yes) [[ ! -t $messages || ${TERM:-dumb} == dumb ]] || drawn=yes ;;
    never) ;;
    *) usage_error "option '--progress' takes auto, always or never, not '$(printable "${option[progress]}")'" ;;
    esac
    [[ ! ${option[quiet]-} ]] || drawn=
    [[ $drawn ]] || return 0
    export ZLSNAP_DRAWN=1
}

# progress_expect SIZE: sets the number of bytes for the next pipe's line, 0 if unknown.
progress_expect() {
    [[ ! $drawn ]] || progress=(--progress=always "--size=$1")
}

# progress_expect_file FILE: sets it to the size of the file; "-" is standard input.
progress_expect_file() {
    local size=0
    [[ $drawn ]] || return 0
    [[ $1 == - ]] || size=$(stat -L -c %s -- "$1" 2>/dev/null)
    progress_expect "${size:-0}"
}

# summary_say NAME ENTRIES FROM TO DIGEST: sums up a command that turned FROM bytes into TO, if a line is drawn. ENTRIES,
# TO and DIGEST may be empty.
summary_say() {
    [[ ! $drawn ]] || say "$(summary_text "$@")"
}

# summary_text NAME ENTRIES FROM TO DIGEST: prints the text of summary_say().
summary_text() {
    printf '%s: %s%s' "$(printable "$1")" "${2:+$(count_text "$2" entry entries), }" "$(size_text "$3")"
    [[ ! $4 ]] || printf ' to %s (%s %%)' "$(size_text "$4")" "$(ratio_text "$3" "$4")"
    printf ' in %s%s' "$(elapsed_text)" "${5:+, $5}"
}

# count_text NUMBER NOUN [NOUNS]: prints "1 object" or "2 objects".
count_text() {
    local nouns=${3-${2}s}
    (($1 != 1)) || nouns=$2
    printf '%s %s' "$1" "$nouns"
}

# summary_time TEXT: the same for a command with another text; the time follows it.
summary_time() {
    [[ ! $drawn ]] || say "$1 in $(elapsed_text)"
}

# Prints how long the command has been running.
elapsed_text() {
    printf '%s s' "$(tenths_text $(((${EPOCHREALTIME/./} - command_began) / 100000)))"
}

# phase_say TEXT: draws what is being done, where a line is drawn.
phase_say() {
    [[ ! $drawn ]] || printf '\r\e[K%s' "$1" >&"$messages"
}

# ratio_text BYTES BYTES: prints the smaller number as a percentage of the larger.
ratio_text() {
    local small=$1 large=$2
    ((small <= large)) || small=$2 large=$1
    tenths_text $((small * 1000 / (large ? large : 1)))
}

# A function of awk: size(BYTES) is a size with a suitable unit, all of the same width.
awk_size='
    function size(bytes,  unit) {
        for (unit = 0; bytes >= 1024 && unit < 5; unit++)
            bytes /= 1024
        return sprintf(unit ? "%.1f %s" : "%d %s", bytes, substr("bytesKiB  MiB  GiB  TiB  PiB", unit * 5 + 1, 5))
    }'

# size_text BYTES: prints a size with a suitable unit.
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
