# shellcheck shell=bash
#
# zlsnap verify: a layer is read once, and everything that is known of it is held against it.

part core/options core/progress layer/layer layer/layers

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
    local name status
    options_read "expect: $progress_option $limit_options" "$@"
    operands_expect LAYER
    progress_read
    programs_find shasum-tee tarunpack
    if [[ ${operands[0]} == oci:* ]]; then
        part image/extract
        name=${operands[0]}
        verify_image "$name"
    else
        layer_open "${operands[0]}"
        name=$layer
        verify_layer
    fi
    status=$?
    case $status in
    0) [[ ${option[quiet]-} ]] || print "$(printable "$name"): OK" ;;
    3 | 4) print "$(printable "$name"): FAILED" ;;
    esac
    return "$status"
}

verify_layer() {
    local expected
    programs_expect zstd jq
    expected_read expected 'give the digest with --expect'
    layer_add "$layer" "$layer_json"
    run verify_pipe "$expected"
}

# verify_pipe EXPECTED
verify_pipe() {
    layer_verify 0 "$1" wc_entries "${passed[@]}" || return
    summary_say "$layer" "${measured[file_count]}" "${measured[compressed_size_bytes]}" \
        "${measured[size_bytes]}" "${measured[digest]}"
}
