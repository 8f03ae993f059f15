# shellcheck shell=bash
#
# Times for people: in local time with its offset, a form that NAME@TIME takes, too. JSON has them in UTC.

times_form=%Y-%m-%dT%H:%M:%S%:z

# times_local: turns times, of the form 20261129T114900Z or 2026-11-29T11:49:00Z, one a line, into local ones. If one is
# invalid, all stay in UTC.
times_local() {
    local times converted
    times=$(sed -E 's/^(....)-?(..)-?(..)T(..):?(..):?(..)Z$/\1-\2-\3T\4:\5:\6Z/')
    [[ ! $times ]] || converted=$(date -f - +"$times_form" 2>/dev/null <<<"$times") || converted=$times
    printf '%s' "${converted-}${times:+$'\n'}"
}

# time_local TIME: prints it as times_local() does; TIME may be empty, or seconds since the epoch after an @.
time_local() {
    if [[ $1 == @* ]]; then date -d "$1" +"$times_form"; else times_local <<<"$1"; fi
}
