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

# reference_read_id WORD: reads SERVICE/INSTANCE[@ID].
reference_read_id() {
    reference_read_which "$1"
    [[ $reference_which =~ ^[0-9a-f]{0,12}$ ]] || usage_error "'$(printable "$1")': the @ must be followed by an ID"
}

# reference_print ENCODED: prints a name as the user wrote it, for messages.
reference_print() {
    local name
    name=$(name_decode "$1" && echo .) # it may end in a newline
    printable "${name%.}"
}
