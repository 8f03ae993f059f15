# shellcheck shell=bash
#
# What the driver says. Each message is one line on standard error.

# Standard error once more: run() takes descriptor 2 away from the shell, not from us.
[[ -e /dev/fd/2 ]] || exec 2>/dev/null
exec {messages}>&2

# The command that is run; empty until it is known.
command=

say() {
    printf 'zlsnap: %s\n' "$1" >&"$messages"
}

warn() {
    [[ ${option[quiet]-} ]] || say "warning: $1"
}

# die STATUS MESSAGE
die() {
    say "$2"
    exit "$1"
}

usage_error() {
    die 2 "$1; try 'zlsnap ${command:+$command }--help'"
}

# Prints a line of data on standard output.
print() {
    printf '%s\n' "$1" 2>/dev/null || die 1 'cannot write to standard output'
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
    if ! output=$("$@" 2>&1); then
        output=${output%%$'\n'*}
        die 1 "$(printable "${output#"${1##*/}: "}")"
    fi
    printf '%s' "$output"
}
