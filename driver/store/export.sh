# shellcheck shell=bash
#
# zlsnap pull of a snapshot: a snapshot of a store becomes a LAYER and LAYER.json.
#
#   manifest, chunk map, indexes | tarjoin | shasum-tee | zstd | shasum-tee

part core/options layer/pack store/join

export_snapshot() {
    operands_expect SERVICE/INSTANCE STORE LAYER
    reference_read_which "${operands[0]}"
    target_open "${operands[1]}"
    output_read "${operands[2]}"
    snapshot_expect_check
    zstd_options_read
    source_date_check
    programs_expect zstd jq awk flock sha256sum
    programs_find tarunpack tarjoin mtreediff shasum-tee
    spool_make "$output_place" "$output_name"
    run export_file || exit
    measured_take
    create_finish
}

# Writes the layer and its LAYER.json to the spool.
export_file() {
    snapshot_open
    join_prepare
    join_arguments+=(--summary="$spool/summary")
    progress_expect "${snapshot[size]}"
    layer_pipe tarjoin stage_from "$spool/manifest" join_stage >"$spool/layer" || return
    : "${SOURCE_DATE_EPOCH:=$(date -d "${snapshot[time]}" +%s)}"
    create_metadata
}
