# shellcheck shell=bash
#
# Names in a store, SERVICE/INSTANCE, and the prefix of their objects.

part core/messages core/names

# The name, set by reference_read(): SERVICE/INSTANCE with both parts encoded. It is the prefix of its
# objects. And the snapshot that is meant, behind an "@"; empty for the last one.
reference=
reference_which=

# reference_read WORD: reads SERVICE/INSTANCE; the instance may contain slashes. What follows the last one
# contains no "@".
reference_read() {
    [[ $1 == ?*/?* ]] || usage_error "'$(printable "$1")' is not a name, SERVICE/INSTANCE"
    [[ ${1##*/} != *@* ]] || usage_error "'$(printable "$1")': a snapshot cannot be given here, and no name has an @ after its last /"
    reference=$(name_encode "${1%%/*}")/$(name_encode "${1#*/}")
    [[ ! $reference =~ [^/]{201} ]] || usage_error "'$(printable "$1")' is too long"
}

# reference_read_which WORD: reads SERVICE/INSTANCE[@ID|@TIME].
reference_read_which() {
    reference_which=
    if [[ ${1##*/} != *@* ]]; then
        reference_read "$1"
        return
    fi
    reference_which=${1##*@}
    [[ $reference_which ]] || usage_error "'$(printable "$1")': an ID or a time must follow the @"
    reference_read "${1%@*}"
}

# reference_decode VARIABLE ENCODED: sets the variable to a name as the user wrote it.
reference_decode() {
    local decoded
    decoded=$(name_decode "$2" && echo .) # it may end in a newline
    printf -v "$1" '%s' "${decoded%.}"
}

# reference_print ENCODED: prints a name as the user wrote it, for messages.
reference_print() {
    local shown
    reference_decode shown "$1"
    printable "$shown"
}
