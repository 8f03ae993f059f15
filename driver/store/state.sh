# shellcheck shell=bash
#
# The state directory, in which sync keeps for each name of each store:
#
#   lock            held while a sync runs
#   cache, chunks   of tarpack: the digests of files, and the chunk map of the last run
#   table           the documents that were read
#   known/          the indexes of the packs that the last sync built on
#   manifests/      manifests that later ones will be deltas of
#   plan            what the last sync knew; see store/known
#   sealed          there if the name is sealed
#   incoming/       finished packs that are not in the store yet
#
# Nothing in it is needed to restore, and what is wrong in it is made again.

part core/names core/processes store/name store/target

# The directory for all names, set by state_root(); empty if there is none. And the one for this name in this
# store, set by state_find().
state_all=
state=

# Sets state_all.
state_root() {
    state_all=${option[state]-${STATE_DIRECTORY-}}
    state_all=${state_all%%:*} # systemd may list several
    [[ $state_all ]] || state_all=${XDG_STATE_HOME:-${HOME:+$HOME/.local/state}}
    [[ ! $state_all || ${option[state]-}${STATE_DIRECTORY-} ]] || state_all+=/zlsnap
    [[ ! $state_all || $state_all == /* ]] || state_all=$PWD/$state_all
}

# state_find DIR: sets `state`, if there is a directory for all names; it must not be in DIR, which is synced.
state_find() {
    local url=$target_url there
    state_root
    [[ $state_all ]] || return 0
    [[ $target_kind != directory ]] || path_resolve url "$target_url"
    url=$(attempt sha256sum <<<"$url") || exit
    state=$state_all/sync/${url:0:16}/$reference
    closest_directory there "$state"
    if is_within "$there" "$1"; then
        usage_error "$(printable "$state_all"), the state directory, is inside of $(printable "$1") and \
would change with each run"
    fi
}

# state_open DIR: sets `state`, and creates the directory.
state_open() {
    state_find "$1"
    [[ $state ]] || usage_error 'neither HOME nor XDG_STATE_HOME is set: use --state=DIR'
    [[ -d $state ]] || attempt mkdir -p -m 700 -- "$state"
    # Through links that another user has made there, a sync would overwrite other files.
    [[ -O $state && ! -L $state ]] || die 1 "$(printable "$state"): belongs to another user; use --state=DIR"
}

# Locks the state directory until the driver and all of its jobs have ended, and removes the spools of killed
# runs.
state_lock() {
    local lock left
    # What watches the driver is not a job, and must not hold the lock.
    lifeline_start
    { exec {lock}>>"$state/lock"; } 2>/dev/null ||
        die 1 "$(printable "$state"): cannot be written"
    flock -n "$lock" || die 1 "$(reference_print "$reference"): another sync of this name is running"
    for left in "$state"/.sync.zlsnap-*; do
        [[ ! -d $left || -L $left || ! -O $left ]] || rm -rf -- "$left"
    done
}
