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

declare -A option_letters=(
    [e]=expect [h]=help [j]=jobs [l]=level [o]=output [q]=quiet [T]=threads [v]=verbose [V]=version
    [x]=one-file-system [X]=exclude-from
)

# What options_read() found.
declare -A option=() # by name, without what is handed on; a flag's value is "yes"
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

# What tarpack reads as standard input, as stage_from() takes it.
excludes=/dev/null

# excludes_check [TWICE]: sets `excludes` where tarpack is to read patterns from standard input; with an
# argument, ends the driver where they are in what can be read only once, and not twice.
excludes_check() {
    local word file
    for word in "${passed[@]}"; do
        [[ $word == --exclude-from=* ]] || continue
        file=${word#*=}
        if is_input "$file"; then
            input_take 'patterns are'
            excludes=-
        fi
        # A descriptor is read on from where it stands.
        [[ ! ${1-} || (-f $file && $file != /dev/* && $file != /proc/*) || ! ($file == - || -e $file) ]] ||
            usage_error "'--exclude-from=$(printable "$file")' is read more than once here: it has to be a file"
    done
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
