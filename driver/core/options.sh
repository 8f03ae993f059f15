# shellcheck shell=bash
#
# Command lines: GNU long options, letters, `--`, operands anywhere.

# Options are written as for getopt(1): NAME is a flag, NAME: has a value, NAME:: may have one. A +
# before it: not ours, but handed on as it is to the program that does the work.
# Which of them there are in the end, that program says.
tarpack_options='+whiteouts: +exclude: +exclude-from: +one-file-system +mtime: +clamp-mtime::
    +time-precision: +owner: +group: +uid-map: +gid-map: +xattrs-include: +xattrs-exclude:
    +no-xattrs +live +jobs: +verbose'
limit_options='+max-stream: +max-size: +max-entries: +max-path: +max-depth: +max-pax: +max-xattr:'
tarunpack_options="+replace +merge +whiteouts: +userxattr +same-owner +no-same-owner +uid-map:
    +gid-map: +no-devices +no-xattrs +no-holes +no-sync +summary: +jobs: +verbose $limit_options"
common_options='help version quiet'

declare -gA option_letters=(
    [e]=expect [h]=help [j]=jobs [l]=level [o]=output [q]=quiet [T]=threads [v]=verbose [V]=version
    [x]=one-file-system [X]=exclude-from
)

# What options_read() found.
declare -gA option=() # by name, without what is handed on; a flag's value is "yes"
passed=()            # to hand on, each option one word
operands=()

# options_read OPTIONS ARGUMENT...: sorts a command's arguments. --help and --version end the driver
# here, and so does a command line that is wrong.
options_read() {
    local word name
    local -A kinds=() # by name: +, : and :: of the notation
    for word in $1 $common_options; do
        name=${word#+}
        name=${name%%:*}
        kinds[$name]=${word/"$name"/}
    done
    shift
    while (($#)); do
        case $1 in
        --) operands+=("${@:2}") && break ;;
        --*=*) option_take "${1%%=*}" "${1#*=}" && shift ;;
        --*)
            name=${1#--}
            if [[ ${kinds[$name]-} =~ ^\+?:$ ]]; then
                (($# > 1)) || usage_error "option '$1' needs a value"
                option_take "$1" "$2" && shift
            else
                option_take "$1"
            fi
            shift
            ;;
        -?*) # rewritten as the long option that it stands for
            name=${option_letters[${1:1:1}]-}
            [[ $name && ${kinds[$name]+known} ]] ||
                usage_error "unknown option '$(printable "${1:0:2}")'"
            if [[ ${#1} -eq 2 ]]; then
                set -- "--$name" "${@:2}"
            elif [[ ${kinds[$name]} == *: ]]; then
                set -- "--$name=${1:2}" "${@:2}"
            else
                set -- "--$name" "-${1:2}" "${@:2}"
            fi
            ;;
        *) operands+=("$1") && shift ;;
        esac
    done
    [[ ! ${option[help]-} ]] || tell "usage_$command"
    [[ ! ${option[version]-} ]] || tell version
}

# option_take --NAME [VALUE]: puts it where it belongs; `kinds` is that of options_read().
option_take() {
    local name=${1#--} kind
    [[ $name && ${kinds[$name]+known} ]] || usage_error "unknown option '$(printable "$1")'"
    kind=${kinds[$name]}
    [[ $# -eq 1 || $kind == *: ]] || usage_error "option '$1' takes no value"
    if [[ $kind == +* ]]; then
        passed+=("$1${2+=$2}")
    else
        option[$name]=${2-yes}
    fi
}

# operands_expect NAME...: ends the driver unless there is one operand for each name.
operands_expect() {
    local names="$*" operand
    names=${names// / and }
    ((${#operands[@]} >= $#)) || usage_error "expected $names"
    ((${#operands[@]} <= $#)) || usage_error "unexpected operand '$(printable "${operands[$#]}")'"
    for operand in "${operands[@]}"; do
        [[ $operand ]] || usage_error "an empty name is no $names"
    done
}

# number_check OPTION VALUE LEAST MOST
number_check() {
    [[ $2 =~ ^(0|[1-9][0-9]{0,4})$ && $2 -ge $3 && $2 -le $4 ]] ||
        usage_error "option '--$1' takes a number from $3 to $4, not '$(printable "$2")'"
}
