# shellcheck shell=bash
#
# Looking for programs, and for commands of the user: the filters of --seal, --open, --sign and --verify.

part core/verdict

# The paths of our programs, set by programs_find().
tarpack= tarunpack= shasum_tee= mtreediff= tarstore= tarjoin=

# programs_find NAME...: finds some of our programs and sets their variables; ends the driver if one is
# missing.
programs_find() {
    local name
    for name; do
        program "${name/-/_}" "$name"
    done
}

# programs_expect NAME...: ends the driver unless these programs are on the PATH.
programs_expect() {
    local name
    for name; do
        type -P -- "$name" >/dev/null || die 1 "$name not found on the PATH; it has to be installed"
    done
}

# The command of the user that filter_expect() found last.
filter_found=

# filter_expect COMMAND OPTION OF: ends the driver if the command of this option cannot be started: it would be one line
# of sh and one of ours. OF names what it is for. Only a simple command is looked at: of others, sh says it.
filter_expect() {
    local word=${1%%[[:blank:]]*}
    [[ $1 != "$filter_found" && $word =~ ^[A-Za-z0-9_./+-]+$ && $1 != *[';&|()'$'\n']* ]] || return 0
    if [[ $word != */* || ! -e $word ]]; then
        # shellcheck disable=SC2016 # expanded by sh
        sh -c 'command -v -- "$1"' sh "$word" >/dev/null 2>&1 || die 1 "$3: $(filter_end_text "$2" 127)"
    elif [[ ! -f $word || ! -x $word ]]; then
        die 1 "$3: $(filter_end_text "$2" 126)"
    fi
    filter_found=$1
}

# filter_end_text OPTION STATUS: prints how the command of this option ended.
filter_end_text() {
    case $2 in
    126) printf 'the command of %s cannot be run' "$1" ;;
    127) printf 'the command of %s was not found' "$1" ;;
    *) printf 'the command of %s %s' "$1" "$(end_text "$2")" ;;
    esac
}
