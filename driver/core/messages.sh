# shellcheck shell=bash
#
# Messages: one line each, on standard error.

part core/names

# The command that runs; empty until it is known.
command=

# messages_join: in this subshell, messages go to standard output.
messages_join() {
    # Not 1 itself, which stage() would close.
    exec {messages}>&1
}

# Not empty where a progress line is drawn; see core/progress.sh.
drawn=

# A message replaces the progress line.
say() {
    printf '%szlsnap: %s\n' "${drawn:+$'\r\e[K'}" "$1" >&"$messages"
}

warn() {
    [[ ${option[quiet]-} ]] || say "warning: $1"
}

# The exit status for a system error.
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

# tell FUNCTION: runs a function that prints help or a version, and exits; without a message if the reader has closed
# the pipe.
tell() {
    local status
    "$1" 2>/dev/null
    status=$?
    ((status == 0 || status == 141)) || die 1 'cannot write to standard output'
    exit "$status"
}

# Prints a name for a message, quoted if it contains control characters or is not UTF-8.
printable() {
    # In the C locale, a byte beyond ASCII is not [:print:].
    if [[ $1 == *[![:print:]]* ]] && ! is_plain "$1"; then
        printf '%q' "$1"
    else
        printf '%s' "$1"
    fi
}

# attempt PROGRAM ARGUMENT...: prints the output of the program. If it fails, the first line of its output
# becomes an error message, and the driver or the current subshell exits.
attempt() {
    local output
    output=$(exec "$@" 2>&1) || attempt_failed "$1" "$output"
    printf '%s' "$output"
}

# file_size VARIABLE FILE: sets the variable to the size of the file; fails like attempt().
file_size() {
    local output
    output=$(exec stat -L -c %s -- "$2" 2>&1) || attempt_failed stat "$output"
    printf -v "$1" '%s' "$output"
}

# store FILE: writes standard input to the file; fails like attempt().
store() {
    local output
    output=$(tee -- "$1" 2>&1 >/dev/null) || attempt_failed tee "$output"
}

# path_of VARIABLE COMMAND...: sets the variable to the path that the command prints, including any
# newlines at its end, which $(...) would remove; fails like attempt().
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
