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
        die 4 "$(target_name "$reference/${snapshot[key]}"): has the tree digest ${snapshot[tree]}, not the expected one"
}

# Chooses the snapshot of `reference` and `reference_which`.
snapshot_find() {
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
    snapshot_choose
    snapshot_verify
}

# Chooses the snapshot, and writes its manifest and its chunk map to the spool, and meanwhile the indexes of its packs
# to "known" there.
snapshot_open() {
    local indexes status
    snapshot_find
    (messages_join && join_indexes) >"$spool/indexes.said" &
    indexes=$!
    snapshot_manifest manifest "$spool/manifest"
    snapshot_manifest chunks "$spool/chunks"
    wait "$indexes"
    status=$?
    [[ ! -s $spool/indexes.said ]] || cat -- "$spool/indexes.said" >&"$messages"
    ((status == 0)) || exit "$status"
}

# Fetches the indexes of the packs of the snapshot.
join_indexes() {
    attempt mkdir -p -- "$spool/known"
    snapshot_lines pack 1 4 >"$spool/wanted"
    indexes_fetch "$spool/wanted" "$spool/known"
}

# join_prepare PATH...: fetches the packs that these paths need; all if there is none.
join_prepare() {
    local pack packs path names=() indexes=()
    join_arguments=(--indexes="$spool/known")
    [[ ! -s $spool/chunks ]] || join_arguments+=(--chunks="$spool/chunks")
    for path; do
        join_arguments+=(--path="$path")
    done
    target_place packs "$reference/packs"
    if [[ ! $packs ]]; then
        packs=$spool/packs
        attempt mkdir -p -- "$packs"
        join_needs || exit
        # Where several packs have a content, only the one that is fetched counts.
        attempt mv -T -- "$spool/known" "$spool/indexes" && attempt mkdir -- "$spool/known"
        while read -r pack _; do
            names+=("packs/$pack.zst")
            indexes+=("$spool/indexes/$pack.index")
        done <"$spool/needs"
        ((${#names[@]} == 0)) || attempt mv -- "${indexes[@]}" "$spool/known/"
        ((${#names[@]} == 0)) || target_get "$reference" "$packs" "${names[@]}"
    fi
    join_arguments+=(--packs="$packs")
}

# Writes the packs that are needed to "needs". If an index is missing, other packs of the name may have its
# contents.
join_needs() {
    local status
    (stage_from "$spool/manifest" exec "$tarjoin" --needs "${join_arguments[@]}") >"$spool/needs" 2>"$spool/said"
    status=$?
    if ((status == 3)) && join_offer_all; then
        (stage_from "$spool/manifest" stage "$tarjoin" --needs "${join_arguments[@]}") >"$spool/needs"
        status=$?
    else
        cat -- "$spool/said" >&"$messages"
    fi
    verdict "$status" tarjoin
}

# Adds the indexes of all packs of the name, also those of other snapshots, to known/ in the spool; returns 1
# if there are no others.
join_offer_all() {
    local kept=("$spool/indexes"/*.index)
    [[ ! -e ${kept[0]} ]] || attempt mv -- "${kept[@]}" "$spool/known/"
    (cd -- "$spool/known" && printf '%s\n' *.index) | awk -F '\t' '
        FILENAME == "-" { offered[substr($1, 1, 64)]; next }
        FILENAME == ARGV[2] { listed[$1]; next }
        $2 == "pack" && !($3 in offered) && ("packs/" $3 ".zst") in listed && ("packs/" $3 ".index.zst") in listed {
            print $3, $6
        }' - "$spool/listing" "$spool/table" | sort -u >"$spool/others"
    [[ -s $spool/others ]] || return 1
    indexes_fetch "$spool/others" "$spool/known" 2>/dev/null
}

# join_elsewhere: after tarjoin has failed, lets it take contents from all packs of the name; returns 1 if it
# failed for another reason, or there are no other packs. join_prepare() was called with its arguments.
join_elsewhere() {
    local packs names
    [[ $join_status == [34] ]] && join_offer_all || return
    target_place packs "$reference/packs"
    [[ ! $packs ]] || return 0
    (stage_from "$spool/manifest" exec "$tarjoin" -q --needs "${join_arguments[@]}") 2>/dev/null >"$spool/needs"
    mapfile -t names < <({ cut -d ' ' -f 1 -- "$spool/needs" && join_substitutes; } | sort -u | sed 's|.*|packs/&.zst|')
    for packs in "${!names[@]}"; do
        [[ ! -e $spool/${names[packs]} ]] || unset "names[$packs]"
    done
    ((${#names[@]} == 0)) || target_get "$reference" "$spool/packs" "${names[@]}"
}

# Prints the packs that have contents of those packs that were fetched and are damaged, or missing.
join_substitutes() {
    local pack digest damaged=()
    while read -r pack _; do
        digest=$(sha256sum <"$spool/packs/$pack.zst")
        [[ ${digest:0:64} == "$pack" ]] || damaged+=("$spool/known/$pack.index")
    done <"$spool/needs"
    ((${#damaged[@]} == 0)) || first=${#damaged[@]} awk '
        FNR == 1 { file++; pack = $2; next }
        file <= ENVIRON["first"] { contents[$1] }
        $1 in contents { print pack; nextfile }' "${damaged[@]}" "$spool/known"/*.index
}

# The status of the last run of tarjoin, for join_elsewhere().
join_status=

# The stage that writes the tar of the manifest on its standard input.
join_stage() {
    stage "$tarjoin" ${option[quiet]+-q} --expect="${snapshot[tree]}" "${join_arguments[@]}"
}
