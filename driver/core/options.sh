# shellcheck shell=bash
#
# Command lines: GNU long options, letters, `--`, operands anywhere.

# Options are declared like those of getopt(1): NAME is a flag, NAME: has a value, NAME:: may have one.
# An option after a + is passed on to tarpack or tarunpack, which checks its value.
tarpack_options='+whiteouts: +exclude: +exclude-from: +one-file-system +mtime: +clamp-mtime::
    +time-precision: +owner: +group: +uid-map: +gid-map: +xattrs-include: +xattrs-exclude:
    +no-xattrs +live +jobs: +verbose'
limit_options='+max-stream: +max-size: +max-entries: +max-path: +max-depth: +max-pax: +max-xattr:'
tarunpack_options="+replace +merge +whiteouts: +userxattr +same-owner +no-same-owner +uid-map:
    +gid-map: +strict +no-devices +xattrs-include: +no-xattrs +no-holes +no-sync +summary: +jobs: +verbose
    $limit_options"
common_options='help version quiet'

usage_tarpack() {
    cat <<'END'

For tarpack:
      --whiteouts=oci|raw, --exclude=GLOB, -X, --exclude-from=FILE,
      -x, --one-file-system, --mtime=DATE, --clamp-mtime[=DATE], --time-precision=ns|s,
      --owner=UID, --group=GID, --uid-map=IN:OUT:N, --gid-map=IN:OUT:N,
      --xattrs-include=GLOB, --xattrs-exclude=GLOB, --no-xattrs, --live, -j, --jobs=N,
      -v, --verbose
END
}

# Without the options about times, which digest and diff do not need.
usage_tarpack_content() {
    cat <<'END'

For tarpack:
      --whiteouts=oci|raw, --exclude=GLOB, -X, --exclude-from=FILE,
      -x, --one-file-system, --owner=UID, --group=GID, --uid-map=IN:OUT:N,
      --gid-map=IN:OUT:N, --xattrs-include=GLOB, --xattrs-exclude=GLOB, --no-xattrs,
      --live, -j, --jobs=N, -v, --verbose
END
}

usage_limits() {
    cat <<'END'

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

declare -gA option_letters=(
    [e]=expect [h]=help [j]=jobs [l]=level [n]=dry-run [o]=output [q]=quiet [T]=threads [v]=verbose [V]=version
    [x]=one-file-system [X]=exclude-from
)

# The result of options_read().
declare -gA option=() # our options by name; the value of a flag is "yes"
passed=()             # options to pass on, one word each
operands=()

# options_read OPTIONS ARGUMENT...: parses the arguments of a command. --help, --version and wrong
# arguments end the driver.
options_read() {
    local word name
    local -A kinds=() # what is left of each declaration without its name
    for word in $1 $common_options; do
        name=${word#+}
        name=${name%%:*}
        kinds[$name]=${word/"$name"/}
    done
    shift
    while (($#)); do
        case $1 in
        --) operands+=("${@:2}") && break ;;
        --*=*) option_take kinds "${1%%=*}" "${1#*=}" && shift ;;
        --*)
            name=${1#--}
            if [[ ${kinds[$name]-} =~ ^\+?:$ ]]; then
                (($# > 1)) || usage_error "option '$1' needs a value"
                option_take kinds "$1" "$2" && shift
            else
                option_take kinds "$1"
            fi
            shift
            ;;
        -?*) # replaced by its long form
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

# option_take KINDS --NAME [VALUE]: stores an option; KINDS is the array of options_read().
option_take() {
    local -n declared=$1
    local name=${2#--} kind
    [[ $name && ${declared[$name]+known} ]] || usage_error "unknown option '$(printable "$2")'"
    kind=${declared[$name]}
    [[ $# -eq 2 || $kind == *: ]] || usage_error "option '$2' takes no value"
    if [[ $kind == +* ]]; then
        passed+=("$2${3+=$3}")
    else
        option[$name]=${3-yes}
    fi
}

# operands_expect NAME...: ends the driver unless there is an operand for each name.
operands_expect() {
    local i names=("$@")
    ((${#operands[@]} >= $#)) || usage_error "missing operand ${names[${#operands[@]}]}"
    ((${#operands[@]} <= $#)) || usage_error "extra operand '$(printable "${operands[$#]}")'"
    for i in "${!names[@]}"; do
        [[ ${operands[i]} ]] || usage_error "the operand ${names[i]} is empty"
    done
}

# options_refuse PLACE NAME...: ends the driver if one of these options was given: PLACE does not have it.
options_refuse() {
    local name
    for name in "${@:2}"; do
        [[ ! ${option[$name]+given} ]] || usage_error "$1 does not have the option '--$name'"
    done
}

# number_check OPTION VALUE LEAST MOST: ends the driver unless the value is a number in this range.
number_check() {
    [[ $2 =~ ^(0|[1-9][0-9]{0,4})$ && $2 -ge $3 && $2 -le $4 ]] ||
        usage_error "option '--$1' takes a number from $3 to $4, not '$(printable "$2")'"
}

# age_read VARIABLE OPTION TEXT: sets the variable to an age in seconds.
age_read() {
    local -A units=([s]=1 [m]=60 [h]=3600 [d]=86400)
    [[ $3 =~ ^([0-9]{1,9})([smhd]?)$ ]] ||
        usage_error "option '--$2' takes an age such as 90m, 12h or 7d, not '$(printable "$3")'"
    printf -v "$1" '%d' $((10#${BASH_REMATCH[1]} * ${units[${BASH_REMATCH[2]:-s}]}))
}
