# shellcheck shell=bash
#
# The stages of a pipe.

part core/programs core/verdict

# stage COMMAND...: becomes the command, with standard error where the user sees it.
stage() {
    exec "$@" 2>&"$messages" {messages}>&-
}

# stage_to_end COMMAND...: runs the command, one that becomes a program, and if that gives up early,
# reads what is left: so the stage before it can read, and judge, all of its input.
stage_to_end() {
    local status
    ("$@")
    status=$?
    cat >/dev/null
    return "$status"
}

# stage_from FILE STAGE...: a stage that reads the file; "-" is the driver's standard input, see
# input_take().
stage_from() {
    if [[ $1 == - ]]; then
        "${@:2}" <&"$input"
    else
        "${@:2}" <"$1"
    fi
}

# The driver's standard input, for the jobs that run() starts, whose own is empty.
input=

# input_take WHAT: keeps standard input for stage_from(), which reads that from it.
input_take() {
    [[ ! $input ]] || return 0
    [[ ! -t 0 ]] || usage_error "standard input is a terminal; $1 read from a file or a pipe"
    { exec {input}<&0; } 2>/dev/null || die 1 'standard input is closed'
}

# is_input LAYER: whether it is a name of standard input. In a job, whose own is empty, /dev/stdin would
# name that.
is_input() {
    case $1 in
    - | /dev/stdin | /dev/fd/0 | /proc/self/fd/0) ;;
    *) return 1 ;;
    esac
}
