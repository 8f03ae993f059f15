# shellcheck shell=bash
#
# What the driver says. Each message is one line on standard error.

# The command that is run; empty until it is known.
command=

# Whether a progress line is drawn; see driver/progress.sh.
drawn=

# Where a progress line stands, a message takes its place.
say() {
    printf '%szlsnap: %s\n' "${drawn:+$'\r\e[K'}" "$1" >&"$messages"
}

warn() {
    [[ ${option[quiet]-} ]] || say "warning: $1"
}

# The status where the system failed.
trouble=1

# die STATUS MESSAGE
die() {
    say "$2"
    exit $(($1 == 1 ? trouble : $1))
}

usage_error() {
    die 2 "$1; try 'zlsnap ${command:+$command }--help'"
}

# Prints a line of data on standard output.
print() {
    printf '%s\n' "$1" 2>/dev/null || die 1 'cannot write to standard output'
}

# tell FUNCTION: prints what the function does, which is all that was asked for.
tell() {
    "$1" 2>/dev/null || die 1 'cannot write to standard output'
    exit
}

# Prints a name as it is fit for a message: as it is, or quoted if it would act on the terminal.
printable() {
    if [[ $1 == *[[:cntrl:]]* ]]; then
        printf '%q' "$1"
    else
        printf '%s' "$1"
    fi
}

# attempt COMMAND...: prints what the command prints. Where it fails, the first line of that is the
# message with which the driver, or the subshell that this runs in, ends.
attempt() {
    local output
    output=$("$@" 2>&1) || attempt_failed "$1" "$output"
    printf '%s' "$output"
}

# store FILE: writes standard input to it; ends as attempt() does.
store() {
    local output
    output=$(tee -- "$1" 2>&1 >/dev/null) || attempt_failed tee "$output"
}

# path_of VARIABLE COMMAND...: stores the path that the command prints, with newlines at its end, which
# $(...) would take away; ends as attempt() does.
path_of() {
    local output
    output=$({ "${@:2}" && echo .; } 2>&1) || attempt_failed "$2" "$output"
    printf -v "$1" '%s' "${output%$'\n.'}"
}

# attempt_failed PROGRAM OUTPUT
attempt_failed() {
    local line=${2%%$'\n'*}
    line=${line#"${1##*/}: "}
    die 1 "$(printable "${line:-${1##*/} failed}")"
}
