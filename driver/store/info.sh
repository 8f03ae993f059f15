# shellcheck shell=bash
#
# zlsnap info of a snapshot in a store: what its document says, and what its manifest contains.

part core/times layer/info store/view

# The first lines of a snapshot's text form, for an object with snapshot_facts(); $when is its time.
snapshot_text='
    def snapshot_text:
        "snapshot     \(.id), number \(.sequence)",
        "time         " + $when,
        "directory    " + (.host + ":" + .directory | name),
        (if .options != [] then "options      " + (.options | join(" ") | name) else empty end),
        "tree digest  " + .tree_digest;
'

info_snapshot() {
    options_refuse 'a snapshot' metadata
    view_read
    view_run info_snapshot_print
}

info_snapshot_print() {
    view_open
    view_list --json --summary="$spool/summary" | awk_entries >/dev/null
    verdict "${PIPESTATUS[*]}" tarunpack awk || return
    info_print "$info_facts $snapshot_object" "$snapshot_text $snapshot_info" \
        --arg shown "$(reference_print "$reference")" --arg when "$(time_local "${snapshot[time]}")" \
        --argjson snapshot "$(snapshot_facts)" \
        --slurpfile summary "$spool/summary" --slurpfile largest "$spool/largest" \
        --argjson manifest "$(snapshot_sum manifest 2)" --argjson chunks "$(snapshot_sum chunks 2)" \
        --argjson packs "$(snapshot_sum pack 2 3)" --argjson live "$(snapshot_sum pack 5)" \
        --argjson total "$(snapshot_sum pack 6)"
}

# Prints what the document says of the snapshot, as a JSON object.
snapshot_facts() {
    local name
    reference_decode name "$reference"
    jq -nc --arg name "$name" --arg time "${snapshot[time]}" --arg id "${snapshot[id]}" \
        --arg tree "${snapshot[tree]}" --argjson sequence "${snapshot[sequence]}" --argjson host "${snapshot[host]}" \
        --argjson directory "${snapshot[directory]}" --argjson options "${snapshot[options]}" \
        --argjson entries "${snapshot[entries]}" --argjson size "${snapshot[size]}" \
        --argjson added "${snapshot[added]}" '{name: $name, sequence: $sequence, time: $time, id: $id, host: $host,
            directory: $directory, options: $options, tree_digest: $tree, entries: $entries, size_bytes: $size,
            added_bytes: $added}' || die 1 'jq failed'
}

# snapshot_sum KIND FIELD...: prints how many lines of this kind the snapshot has, and the sum of these
# fields, as [COUNT,SUM].
snapshot_sum() {
    snapshot_lines "$@" | awk '
        { for (i = 1; i <= NF; i++) sum += $i }
        END { printf "[%d,%.0f]\n", NR, sum }'
}

snapshot_object='
    def sum: {count: .[0], size_bytes: .[1]};
    $snapshot
    + {file_count: $summary[0].entries, content_bytes: $summary[0].content_bytes,
        entries: ($summary[0] | entries_by_type), largest: ($largest | map(largest_file)),
        manifest: ($manifest | sum), chunks: ($chunks | sum),
        packs: (($packs | sum) + {live_bytes: $live[1], total_bytes: $total[1]})}
    | del(.size_bytes)'

snapshot_info='
    "name         " + $shown,
    snapshot_text,
    entries,
    "added        " + (.added_bytes | size),
    "manifest     " + (.manifest.size_bytes + .chunks.size_bytes | size)
        + " in " + (.manifest.count + .chunks.count | count("object")),
    "packs        \(.packs.count), " + (.packs.size_bytes | size)
        + (if .packs.total_bytes > 0 then ", \(100 * .packs.live_bytes / .packs.total_bytes | tenths) % used"
          else "" end),
    largest'
