# shellcheck shell=bash
#
# Names and paths.

# path_split PATH: sets `place`, the directory that it is in, which ends in a slash, and `name`.
path_split() {
    name=${1##*/}
    place=./
    [[ $1 != */* ]] || place=${1%/*}/
}

# is_within DIR TREE: whether DIR is TREE or below it, however the two are named.
is_within() {
    local up=$1
    until [[ $up -ef $2 ]]; do
        [[ -d $up/.. && ! $up -ef $up/.. ]] || return 1
        up=$up/..
    done
}

# is_utf8 TEXT: by its encoded form, as what a range of bytes is in a pattern depends on the C library.
is_utf8() {
    local byte='%[89AB].'
    [[ $(name_encode "$1") =~ ^([^%]|%[0-7].|%(C[2-9A-F]|D.)$byte|%(E0%[AB].|E[1-9A-CEF]$byte|ED%[89].)$byte|%(F0%[9AB].|F[1-3]$byte|F4%8.)$byte$byte)*$ ]]
}

# name_encode TEXT: prints it with all bytes but letters, digits, - _ and . as %XX, as is the first
# where it is a dot: a part of a key and a file's name, of which no two are the same.
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
