# shellcheck shell=bash
#
# Paths, and names that become part of a path or a key.

# is_image OPERAND: whether it is an image that can be read, not a LAYER.
is_image() {
    [[ $1 == oci:* ]] || is_archive "$1"
}

is_archive() {
    [[ $1 == oci-archive:* || $1 == docker-archive:* ]]
}

# path_split PLACE NAME PATH: sets the variable PLACE to the directory of PATH, with a slash at its end,
# and NAME to the last component.
path_split() {
    printf -v "$2" '%s' "${3##*/}"
    if [[ $3 == */* ]]; then
        printf -v "$1" '%s' "${3%/*}/"
    else
        printf -v "$1" ./
    fi
}

# is_within DIR TREE: whether DIR is the directory TREE or below it, whatever paths are given.
is_within() {
    local up=$1
    until [[ $up -ef $2 ]]; do
        [[ -d $up/.. && ! $up -ef $up/.. ]] || return 1
        up=$up/..
    done
}

# closest_directory VARIABLE PATH: sets the variable to the directory, or the closest one above it that exists.
closest_directory() {
    local closest=$2
    [[ -d $closest/ ]] || path_of closest realpath -m -- "$2"
    until [[ -d $closest/ ]]; do
        closest=${closest%/*}
    done
    printf -v "$1" '%s' "$closest/"
}

# path_resolve VARIABLE PATH: sets the variable to the absolute path without symbolic links, of what may not exist.
path_resolve() {
    local resolved
    # Of a directory, bash finds it itself.
    if [[ -d $2 && $2 != - && $2 != *//* ]] && resolved=$(cd -P -- "$2" && printf '%s.' "$PWD"); then
        printf -v "$1" '%s' "${resolved%.}"
    else
        path_of "$1" realpath -m -- "$2"
    fi
}

# is_utf8 TEXT. It matches the encoded form: byte ranges in a pattern depend on the C library.
is_utf8() {
    local byte='%[89AB].'
    [[ $(name_encode "$1") =~ ^([^%]|%[0-7].|%(C[2-9A-F]|D.)$byte|%(E0%[AB].|E[1-9A-CEF]$byte|ED%[89].)$byte|%(F0%[9AB].|F[1-3]$byte|F4%8.)$byte$byte)*$ ]]
}

# is_plain TEXT: whether it is UTF-8 without control characters, U+0080 to U+009F among them.
is_plain() {
    is_utf8 "$1" && [[ ! $(name_encode "$1") =~ %([01].|7F|C2%[89].) ]]
}

# name_encode TEXT: prints it for use as a component of a key or a path: letters, digits, - _ and . as
# they are, all other bytes and a leading dot as %XX. No two names have the same encoding.
name_encode() {
    local i char encoded=
    for ((i = 0; i < ${#1}; i++)); do
        char=${1:i:1}
        if [[ $char != [A-Za-z0-9._-] || $i$char == 0. ]]; then
            printf -v char '%d' "'$char"
            printf -v char '%%%02X' $((char & 255))
        fi
        encoded+=$char
    done
    printf '%s' "$encoded"
}

# name_decode TEXT
name_decode() {
    printf '%b' "${1//%/\\x}"
}
