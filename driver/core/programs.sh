# shellcheck shell=bash
#
# Where the programs are.

# programs_expect NAME...: ends the driver unless they are on the PATH.
programs_expect() {
    local name
    for name; do
        type -P -- "$name" >/dev/null || die 1 "$name not found on the PATH; it has to be installed"
    done
}
