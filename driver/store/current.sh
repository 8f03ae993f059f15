# shellcheck shell=bash
#
# A directory as it is now, as a snapshot of it would be.

part core/pipe layer/tree store/shaping store/state

# Takes the options of the snapshot for the directory, if none are given.
current_options() {
    options_take "${snapshot[options]}"
    options_compare
}

# current_manifest DIR FORM: a stage of a pipe that prints the manifest of the directory; FORM is --manifest
# or --manifest=time. Uses a copy of sync's cache, if there is one: its places belong to sync's packs.
current_manifest() {
    local cache=()
    ! cp --reflink=auto -- "${state:-/dev/null}/cache" "$spool/cache" 2>/dev/null || cache=(--cache="$spool/cache")
    stage_from "$excludes" stage "$tarpack" "${passed[@]}" "${shaping[@]}" ${option[quiet]+-q} "$2" "${cache[@]}" -- "$1"
}
