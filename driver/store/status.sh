# shellcheck shell=bash
#
# zlsnap status: the state of a name in a store, and whether a directory is still what the last snapshot has.

part core/options core/spool store/info store/current

usage_status() {
    cat <<'END'
Usage: zlsnap status [OPTION]... SERVICE/INSTANCE[@ID|@TIME] [DIR] STORE
Show the last complete snapshot of a name, or the one with this ID or not after this time,
and how many snapshots, packs and bytes the name has in the store. With DIR, say whether
the directory has changed since, also in its times. The exit status is 1 if there is no
complete snapshot, if a later one is broken, or if it needs an object that check has found
damaged.

The options for tarpack are those of the snapshot if none are given.

      --json                   print one JSON object
  -e, --expect=DIGEST          expect this tree digest of the snapshot
      --fresh-options          use no options of the snapshot
      --state=DIR              where sync keeps the cache of digests, with which unchanged
                               files are not read
END
    usage_signature
    usage_target_read
    usage_tarpack
}

command_status() {
    options_read "json expect: fresh-options state: $signature_options $target_read_options $tarpack_options" "$@"
    local dir=
    if ((${#operands[@]} == 3)); then
        dir=${operands[1]}
        operands_expect SERVICE/INSTANCE DIR STORE
    else
        operands_expect SERVICE/INSTANCE STORE
        [[ ! ${passed[*]} ]] || usage_error "option '${passed[0]%%=*}' needs a DIR"
        options_refuse 'a snapshot' fresh-options state
    fi
    reference_read_which "${operands[0]}"
    target_open "${operands[-1]}"
    snapshot_expect_check
    programs_expect jq awk sha256sum
    if [[ $dir ]]; then
        [[ -d $dir ]] || die 1 "$(printable "$dir"): no such directory"
        excludes_check twice
        options_shaping
        programs_find tarpack shasum-tee
        state_find "$dir"
    fi
    view_run status_print "$dir"
}

# status_print DIR: DIR may be empty. Returns 1 if the last snapshot is not complete, or damaged.
status_print() {
    local changes=null facts=null last sound chosen name
    reference_decode name "$reference"
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
    last=$(tail -n 1 -- "$spool/complete")
    if [[ $reference_which ]]; then snapshot_choose; else snapshot_read "$last"; fi
    chosen=${snapshot[key]}
    [[ $chosen || -s $spool/broken || -s $spool/forgotten ]] || snapshot_missing 'has no snapshot'
    if [[ $chosen ]]; then
        snapshot_verify
        facts=$(snapshot_facts) || exit
        [[ ! $1 ]] || changes=$(status_compare "$1") || exit
    fi
    last=$last awk -F '\t' '$1 > ENVIRON["last"] && $1 ~ "^snapshots/"' "$spool/broken" >"$spool/later"
    documents_sound >"$spool/sound" || spool_failed 'the spool cannot be written'
    sound=$(tail -n 1 -- "$spool/sound")
    sound=$sound awk -F '\t' '$1 > ENVIRON["sound"]' "$spool/damaged" >"$spool/damaged.later"
    info_print "$status_object" "$snapshot_text $status_text" --arg shown "$(reference_print "$reference")" \
        --arg name "$name" --arg when "$(time_local "${snapshot[time]-}")" --argjson snapshot "$facts" \
        --rawfile later "$spool/later" --argjson complete "$(status_count "$spool/sound")" \
        --rawfile damaged_later "$spool/damaged.later" --argjson damaged "$(status_count "$spool/damaged")" \
        --argjson broken "$(grep '^snapshots/' -- "$spool/broken" | status_count)" \
        --argjson forgotten "$(status_count "$spool/forgotten")" --argjson stored "$(status_stored)" \
        --arg dir "$(printable "$1")" --argjson changes "$changes"
    [[ $last && ! -s $spool/later && ! -s $spool/damaged.later ]] && grep -qxF -- "$chosen" "$spool/complete"
}

# status_compare DIR: prints whether the directory differs from the snapshot: true or false.
status_compare() {
    local tree
    current_options
    current_manifest "$1" --manifest=time | stage "$shasum_tee" -q --oci -o "$spool/tree" >/dev/null
    verdict "${PIPESTATUS[*]}" tarpack shasum-tee || exit
    read -r tree <"$spool/tree"
    if [[ $tree == "${snapshot[tree]}" ]]; then echo false; else echo true; fi
}

# status_count [FILE]: prints the number of lines.
status_count() {
    awk 'END { print NR }' "$@"
}

# Prints the number of packs that the name has, and the bytes of all of its objects, as [PACKS,BYTES].
status_stored() {
    awk -F '\t' '
        $1 ~ "^packs/" && $1 !~ "[.]index[.]zst$" { packs++ }
        { bytes += $2 }
        END { printf "[%d,%.0f]\n", packs, bytes }' "$spool/listing"
}

status_object='
    def problems: split("\n") | map(select(. != "") | split("\t") | {key: .[0], problem: .[1]});
    {name: $name, snapshot: ($snapshot | if . then del(.name) else . end),
        broken_later: ($later | problems), damaged_later: ($damaged_later | problems),
        snapshots: {complete: $complete, damaged: $damaged, broken: $broken, forgotten: $forgotten},
        packs: $stored[0], stored_bytes: $stored[1]}
    + if $changes == null then {} else {changed: $changes} end'

status_text='
    "name         " + $shown,
    (if .snapshot == null then "snapshot     none that is complete"
     else .snapshot | snapshot_text, "entries      \(.entries)", "content      " + (.size_bytes | size),
        "added        " + (.added_bytes | size) end),
    (.broken_later[] | "broken       \(.key): \(.problem)"),
    (.damaged_later[] | "damaged      \(.key): \(.problem)"),
    "snapshots    \(.snapshots.complete)"
        + (if .snapshots.damaged > 0 then ", \(.snapshots.damaged) damaged" else "" end)
        + (if .snapshots.broken > 0 then ", \(.snapshots.broken) broken" else "" end)
        + (if .snapshots.forgotten > 0 then ", \(.snapshots.forgotten) forgotten" else "" end),
    "stored       " + (.packs | count("pack")) + ", " + (.stored_bytes | size),
    (if .changed == null then empty
     else "compared     \($dir): " + (if .changed then "changed" else "unchanged" end) end)'
