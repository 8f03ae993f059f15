# shellcheck shell=bash
#
# A snapshot of a store as a tar: what has to be fetched, and the stage of a pipe that writes it.

part core/pipe store/documents store/signature store/snapshot

# The arguments of tarjoin, set by join_prepare().
join_arguments=()

# Ends the driver if --expect is not a tree digest.
snapshot_expect_check() {
    [[ ! ${option[expect]+given} || ${option[expect]} =~ ^(sha256:)?[0-9a-f]{64}$ ]] ||
        usage_error "option '--expect' takes a tree digest, HEX or sha256:HEX in lower case"
}

# Verifies the signature of the snapshot, and compares its tree digest with that of --expect.
snapshot_verify() {
    local expected=${option[expect]-}
    signature_verify
    [[ ! $expected || sha256:${expected#sha256:} == "${snapshot[tree]}" ]] ||
        die 4 "$target_url/$reference/${snapshot[key]}: has the tree digest ${snapshot[tree]}, not the expected one"
}

# Chooses the snapshot of `reference` and `reference_which`.
snapshot_find() {
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
    snapshot_choose
    snapshot_verify
}

# Chooses the snapshot, and writes its manifest and its chunk map to the spool.
snapshot_open() {
    snapshot_find
    snapshot_manifest manifest "$spool/manifest"
    snapshot_manifest chunks "$spool/chunks"
}

# join_prepare PATH...: fetches the indexes, and the packs that these paths need; all if there is none.
join_prepare() {
    local pack packs path names=() indexes=()
    attempt mkdir -p -- "$spool/known"
    snapshot_lines pack | cut -f 1,4 >"$spool/wanted"
    indexes_fetch "$spool/wanted" "$spool/known"
    join_arguments=(--indexes="$spool/known")
    [[ ! -s $spool/chunks ]] || join_arguments+=(--chunks="$spool/chunks")
    for path; do
        join_arguments+=(--path="$path")
    done
    target_place packs "$reference/packs"
    if [[ ! $packs ]]; then
        (stage_from "$spool/manifest" stage "$tarjoin" --needs "${join_arguments[@]}") >"$spool/needs"
        verdict "$?" tarjoin || exit
        # Where several packs have a content, only the one that is fetched counts.
        attempt mv -T -- "$spool/known" "$spool/indexes" && attempt mkdir -- "$spool/known"
        while read -r pack _; do
            names+=("packs/$pack.zst")
            indexes+=("$spool/indexes/$pack.index")
        done <"$spool/needs"
        ((${#names[@]} == 0)) || attempt mv -- "${indexes[@]}" "$spool/known/"
        packs=$spool/packs
        attempt mkdir -- "$packs"
        ((${#names[@]} == 0)) || target_get "$reference" "$packs" "${names[@]}"
    fi
    join_arguments+=(--packs="$packs")
}

# The stage that writes the tar of the manifest on its standard input.
join_stage() {
    stage "$tarjoin" ${option[quiet]+-q} --expect="${snapshot[tree]}" "${join_arguments[@]}"
}
