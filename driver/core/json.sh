# shellcheck shell=bash
#
# JSON documents, by jq.

part core/verdict

# The user's own definitions, in ~/.jq, are not for our filters.
jq() {
    HOME=/dev/null command jq "$@"
}

# json_read VALUES FILE NAME: stores in `lines` what the function VALUES prints of FILE; ends the driver
# where that is not "ok" first.
json_read() {
    local file=$2 name size values
    name=$(printable "$3")
    [[ -e $file ]] || die 1 "$name: no such file"
    [[ -f $file ]] || die 1 "$name: not a regular file"
    [[ -r $file ]] || die 1 "$name: permission denied"
    size=$(attempt stat -L -c %s -- "$file") || exit
    ((size <= metadata_limit)) || die 3 "$name: malformed: it is larger than 1 MiB"
    values=$("$1" <"$file")
    json_judge "$?" "$name" 'malformed: it is not JSON'
    mapfile -t lines <<<"$values"
    [[ ${lines[0]} == ok ]] || die 3 "$name: malformed: ${lines[0]}"
}

# json_judge STATUS NAME PROBLEM: ends the driver, or the subshell, unless jq, which read NAME, ended well:
# with the problem where it is no JSON.
json_judge() {
    local judged
    status_judge jq "$1"
    case $judged in
    done) ;;
    damaged) die 3 "$2: $3" ;;
    *) die 1 "$2: cannot be read by jq" ;;
    esac
}

# More than a LAYER.json ever is; jq would take any size into memory.
metadata_limit=1048576

# measured NAME KEY: prints the value from what shasum-tee --json has left in the spool under this name.
measured() {
    [[ -s $spool/$1 ]] || die 1 "the pipe ended well, but has left no $1"
    reported "$(<"$spool/$1")" "$2" || die 1 "the pipe ended well, but has left no $2 in $1"
}

# reported TEXT KEY: prints the value from an object that one of our programs has written; nothing if it
# is not there.
reported() {
    [[ $1 =~ \"$2\":\ ?\"?([a-z0-9:]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}
