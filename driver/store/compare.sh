# shellcheck shell=bash
#
# zlsnap diff of a snapshot in a store with another one, or with a directory.

part layer/diff store/current store/view

# The directory of the second operand; empty if that is a snapshot.
compare_dir=

# The two snapshots, set by compare_read(): `reference` and `reference_which` of each. The second one may have
# none.
compare_names=()
compare_whiches=()

compare_snapshots() {
    trouble=2 # as in diff(1)
    compare_read
    programs_expect zstd jq awk sort sha256sum
    programs_find tarpack tarunpack mtreediff shasum-tee
    view_run compare_print
}

# Reads the operands.
compare_read() {
    local other=
    if ((${#operands[@]} == 3)); then
        operands_expect SERVICE/INSTANCE OTHER STORE
        other=${operands[1]}
        [[ ! -d $other ]] || compare_dir=$other
    fi
    target_open "${operands[-1]}"
    reference_read_which "${operands[0]}"
    compare_add
    [[ ! $compare_dir ]] || { compare_dir_check && return; }
    [[ ! ${passed[*]} ]] || usage_error "a snapshot does not have the option '${passed[0]%%=*}'"
    options_refuse 'a snapshot' fresh-options
    [[ $other ]] || return 0
    [[ $other != @* ]] || other=${operands[0]%@*}$other
    [[ $other == ?*/?* ]] ||
        usage_error "'$(printable "$other")' is neither a directory nor a snapshot, SERVICE/INSTANCE[@ID] or @ID"
    reference_read_which "$other"
    compare_add
}

compare_add() {
    compare_names+=("$reference")
    compare_whiches+=("$reference_which")
}

compare_dir_check() {
    local word
    for word in "${passed[@]}"; do
        [[ $word != --max-* ]] || usage_error "neither a snapshot nor a directory has the option '${word%%=*}'"
    done
    excludes_check twice
    options_shaping
    state_find "$compare_dir"
}

# Prints the differences, and returns 1 if there are any.
compare_print() {
    local status
    compare_manifests
    status=$?
    ((status == 0)) || compare_failed "$status"
    diff_print
}

# compare_failed STATUS: as diff(1) does; a bad manifest and a wrong digest have their own status.
compare_failed() {
    (($1 == 3 || $1 == 4)) && exit "$1"
    exit "$trouble"
}

# Writes both manifests to the spool.
compare_manifests() {
    compare_load 0
    if [[ $compare_dir ]]; then
        snapshot_choose
        signature_verify
        compare_manifest 0 || return
        current_options
        (current_manifest "$compare_dir" "--manifest${option[time]+=time}") >"$spool/1"
        verdict "$?" tarpack
    elif ((${#compare_names[@]} == 1)); then
        compare_with_last
    else
        snapshot_choose
        signature_verify
        compare_manifest 0 || return
        compare_load 1
        snapshot_choose
        signature_verify
        compare_manifest 1
    fi
}

# compare_load SIDE: reads the documents of the name of this side.
compare_load() {
    reference=${compare_names[$1]} reference_which=${compare_whiches[$1]}
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
}

# Compares the snapshot that is meant, or the last but one, with the last one.
compare_with_last() {
    local keys
    mapfile -t keys < <(tail -n 2 -- "$spool/complete")
    if [[ $reference_which ]]; then
        snapshot_choose
        signature_verify
    else
        ((${#keys[@]} == 2)) || snapshot_missing 'has only one complete snapshot'
        snapshot_warn
        snapshot_read "${keys[0]}"
        signature_verify
    fi
    compare_manifest 0 || return
    snapshot_read "${keys[-1]}"
    signature_verify
    compare_manifest 1
}

# compare_manifest SIDE: writes the manifest of the snapshot to SIDE in the spool, without times unless they
# are compared.
compare_manifest() {
    snapshot_manifest manifest "$spool/manifest"
    (stage_from "$spool/manifest" stage "$tarunpack" --from-manifest "--manifest${option[time]+=time}") >"$spool/$1"
    verdict "$?" tarunpack
}
