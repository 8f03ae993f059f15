# shellcheck shell=bash
#
# The stages of a pipe. A pipe runs in a function that run() starts, and ends in a call of verdict().

part core/programs core/verdict

# stage COMMAND...: becomes the command; its messages reach the user.
stage() {
    exec "$@" 2>&"$messages" {messages}>&-
}

# stage_after COMMAND...: becomes the command, the last of a pipe. Its messages are kept for after_tell().
stage_after() {
    exec "$@" 2>"$spool/after" {messages}>&-
}

# after_tell STATUSES: prints the messages of stage_after(), whose status is the last one. If a stage before it
# failed they are dropped: its input was cut, and that stage has said why.
after_tell() {
    local status
    for status in ${1% *}; do
        ((status == 0 || status == 141)) || return 0
    done
    [[ ! -s $spool/after ]] || cat -- "$spool/after" >&"$messages"
}

# stage_to_end COMMAND...: runs a stage, then reads what it left unread, so that the stage before it
# can check its whole input.
stage_to_end() {
    local status
    ("$@")
    status=$?
    cat >/dev/null
    return "$status"
}

# stage_from FILE STAGE...: runs a stage whose standard input is the file; "-" is the driver's standard
# input, which input_take() must have saved.
stage_from() {
    if [[ $1 == - ]]; then
        "${@:2}" <&"$input"
    else
        "${@:2}" <"$1"
    fi
}

# A copy of the driver's standard input: the jobs that run() starts have an empty one.
input=

# input_take WHAT: saves standard input for stage_from(). WHAT is for the message.
input_take() {
    [[ ! $input ]] || return 0
    [[ ! -t 0 ]] || usage_error "standard input is a terminal; $1 read from a file or a pipe"
    { exec {input}<&0; } 2>/dev/null || die 1 'standard input is closed'
}

# path_simplify VARIABLE PATH: sets the variable to the path without "//" and "/./".
path_simplify() {
    local simplified=$2
    while [[ $simplified == *//* || $simplified == */./* ]]; do
        simplified=${simplified//'//'/'/'}
        simplified=${simplified//'/./'/'/'}
    done
    printf -v "$1" '%s' "$simplified"
}

# is_input LAYER: whether the operand names standard input. A job could not open these paths: they would
# name its own, empty standard input.
is_input() {
    local plain
    path_simplify plain "$1"
    case $plain in
    - | /dev/stdin | /dev/fd/0 | /proc/self/fd/0) ;;
    *) return 1 ;;
    esac
}
