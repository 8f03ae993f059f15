# shellcheck shell=bash
#
# The state directory.

part core/names store/pointer

# Sets `state_all`: where all state is; empty where nothing tells.
state_root() {
    state_all=${option[state]-${STATE_DIRECTORY-}}
    state_all=${state_all%%:*} # systemd may give several
    [[ $state_all ]] || state_all=${XDG_STATE_HOME:-${HOME:+$HOME/.local/state}}
    [[ ! $state_all || ${option[state]-}${STATE_DIRECTORY-} ]] || state_all+=/zlsnap
    [[ ! $state_all || $state_all == /* ]] || state_all=./$state_all
}

# Sets `state` to the directory of this reference in this store; makes it where it is missing.
state_open() {
    local state_all url there
    state_root
    [[ $state_all ]] || usage_error \
        'neither HOME nor XDG_STATE_HOME is set: --state=DIR tells where the cache is kept'
    url=$(sha256sum <<<"$s3_url")
    state=$state_all/sync/${url:0:16}/$reference
    # The directory in which the first one would be made.
    path_of there realpath -m -- "$state"
    until [[ -d $there/ ]]; do
        there=${there%/*}
    done
    if is_within "$there/" "$dir"; then
        usage_error "$(printable "$state_all"), the state directory, is inside of $(printable "$dir") and \
would change with each run"
    fi
    attempt mkdir -p -m 700 -- "$state"
}

# The lock is held until the driver ends, by whatever of it runs the longest.
state_lock() {
    local lock
    { exec {lock}>>"$state/lock"; } 2>/dev/null ||
        die 1 "$(printable "$state"): cannot be written"
    flock -n "$lock" || die 1 "$(reference_print "$reference"): another sync of it is running"
}
