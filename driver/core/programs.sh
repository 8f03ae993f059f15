# shellcheck shell=bash
#
# Looking for programs.

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
