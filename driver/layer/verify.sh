# shellcheck shell=bash
#
# zlsnap verify: a layer is read once, and everything that is known of it is held against it.

part core/options layer/layer

usage_verify() {
    cat <<'END'
Usage: zlsnap verify [OPTION]... LAYER
   or: zlsnap verify [OPTION]... oci:DIR[:TAG]
Check a layer: the digests, sizes and number of entries in LAYER.json, the zstd frames,
the structure of the tar; or all that is in an image of an OCI image layout. Nothing is
written. Prints 'LAYER: OK' or 'LAYER: FAILED'. With '-' as LAYER, standard input is
checked, against --expect.

  -e, --expect=DIGEST   this is the digest of the tar; LAYER.json, if there is one, is
                        checked too
  -q, --quiet           do not print OK
      --progress[=WHEN]     draw a line while it works, and sum up: auto, the default,
                            on a terminal; always; never

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

command_verify() {
    options_read "expect: $progress_option $limit_options" "$@"
    operands_expect LAYER
    progress_read
    if [[ ${operands[0]} == oci:* ]]; then
        part image/verify
        verify_image
        return
    fi
    local layer layer_json expected shasum_tee tarunpack status
    layer_expect "${operands[0]}"
    programs_expect zstd jq
    expected_read 'give the digest with --expect'
    [[ ! -e $layer_json ]] || metadata_read "$layer_json"
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
    local measured status report entries blob=${metadata[compressed_digest]-}
    progress_expect_file "$layer"
    measured=$(
        {
            stage_from "$layer" stage "$shasum_tee" "${progress[@]}" --zstd --json -o /dev/fd/4 \
                ${blob:+--expect="$blob"} |
                stage_to_end stage_unzstd 4>&- |
                stage "$tarunpack" -q --list "${passed[@]}" --expect="$expected" 4>&- |
                wc -l >&4
            verdict "${PIPESTATUS[*]}" 'shasum-tee --zstd' zstd tarunpack wc
        } 4>&1
    )
    status=$?
    measured_split "$measured"
    ((status == 0 || status > 2)) || return "$status" # nothing is known of the layer
    if [[ ${metadata[digest]-} ]]; then
        metadata_compare "$status" || status=4
    fi
    ((status)) || summary_say "$layer" "$entries" "$(reported "$report" size)" \
        "$(reported "$report" diff_size)" "$(reported "$report" diff_id)"
    return "$status"
}

# measured_split TEXT: sets `report`, what shasum-tee reported, which is nothing where the frames are not
# sound, and `entries`, how many tarunpack listed; each is a line, in whichever order.
measured_split() {
    local line
    report='' entries=''
    while read -r line; do
        [[ $line == {* ]] && report=$line || entries=$line
    done <<<"$1"
}

# metadata_compare STATUS: holds LAYER.json against what measured_split() found. The blob's digest was
# compared by shasum-tee, and the tar's by tarunpack unless the user gave one.
metadata_compare() {
    local equal=0
    [[ $report ]] || return 0
    metadata_equal compressed_size_bytes "$(reported "$report" size)" || equal=1
    metadata_equal size_bytes "$(reported "$report" diff_size)" || equal=1
    [[ ! ${option[expect]-} ]] || metadata_equal digest "$(reported "$report" diff_id)" || equal=1
    (($1)) || metadata_equal file_count "$entries" || equal=1
    return "$equal"
}
