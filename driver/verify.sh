# shellcheck shell=bash
#
# zlsnap verify: a layer is read once, and everything that is known of it is held against it.

usage_verify() {
    cat <<'END'
Usage: zlsnap verify [OPTION]... LAYER
Check a layer: the digests and sizes that LAYER.json tells, the zstd frames, the structure of the tar.
Nothing is written. Prints 'LAYER: OK' or 'LAYER: FAILED'.

  -e, --expect=DIGEST   this is the digest of the tar; what else LAYER.json tells, if there is one, is
                        checked too
  -q, --quiet           do not print OK
END
}

command_verify() {
    options_read 'expect:' "$@"
    operands_expect LAYER
    local layer expected shasum_tee tarunpack status
    layer_expect "${operands[0]}"
    programs_expect zstd jq
    expected_read
    [[ ! -e $layer.json ]] || metadata_read "$layer.json"
    shasum_tee=$(program shasum-tee) || exit
    tarunpack=$(program tarunpack) || exit
    run verify_pipe
    status=$?
    case $status in
    0) [[ ${option[quiet]-} ]] || print "$(printable "$layer"): OK" ;;
    3 | 4) print "$(printable "$layer"): FAILED" ;;
    esac
    return "$status"
}

verify_pipe() {
    local report status blob=${metadata[compressed_digest]-} size diff_id diff_size
    report=$(
        {
            stage "$shasum_tee" -q --zstd --json -o /dev/fd/4 ${blob:+--expect="$blob"} <"$layer" |
                stage_to_end zstd -qq -dc 4>&- |
                stage "$tarunpack" -q --list --expect="$expected" >/dev/null 4>&-
            verdict "${PIPESTATUS[*]}" shasum-tee zstd tarunpack
        } 4>&1
    )
    status=$?
    # There is none where the frames are not sound.
    if [[ $report && ${metadata[digest]-} ]]; then
        read -r size diff_id diff_size <<<"$(jq -r '"\(.size) \(.diff_id) \(.diff_size)"' <<<"$report")"
        metadata_compare compressed_size_bytes "$size" || status=4
        metadata_compare size_bytes "$diff_size" || status=4
        # The blob's digest, and the tar's unless the user gave one, were the programs' to compare.
        [[ ! ${option[expect]-} ]] || metadata_compare digest "$diff_id" || status=4
    fi
    return "$status"
}

metadata_compare() {
    [[ ${metadata[$1]} == "$2" ]] && return
    say "$(printable "$layer"): $1 is $2, but ${metadata[$1]} in LAYER.json"
    return 1
}
