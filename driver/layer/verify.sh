# shellcheck shell=bash
#
# zlsnap verify: reads a layer once and compares it with LAYER.json.

part core/options core/names core/progress layer/layer layer/layers

usage_verify() {
    cat <<'END'
Usage: zlsnap verify [OPTION]... LAYER
   or: zlsnap verify [OPTION]... oci:DIR[:TAG]
   or: zlsnap verify [OPTION]... oci-archive:FILE[:TAG]|docker-archive:FILE[:TAG]
Check a layer: the digests, the sizes and the number of entries in LAYER.json, the zstd
frames and the structure of the tar; or all layers of an image. Nothing is written. Prints
'LAYER: OK' or 'LAYER: FAILED'. If LAYER is '-', it is read from standard input; this
needs --expect.

  -e, --expect=DIGEST   expect this digest of the tar; LAYER.json is checked, too, if it
                        exists; of an image, the digest of the manifest; of
                        docker-archive, the image ID
      --platform=OS/ARCH[/VARIANT]
                        of an image for several platforms, take the one for this
                        platform (default: that of this machine)
  -q, --quiet           do not print OK
      --progress[=WHEN]     draw a progress line and print a summary: auto (the default:
                            on a terminal), always or never
END
    usage_limits
}

command_verify() {
    local name status
    options_read "expect: platform: $progress_option $limit_options" "$@"
    operands_expect LAYER
    progress_read
    is_image "${operands[0]}" || options_refuse 'a layer' platform
    programs_find shasum-tee tarunpack
    if is_image "${operands[0]}"; then
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
    run verify_pipe "$expected" || digest_recognise "$?"
}

# verify_pipe EXPECTED
verify_pipe() {
    layer_verify 0 "$1" wc_entries "${passed[@]}" || return
    summary_say "$layer" "${measured[file_count]}" "${measured[compressed_size_bytes]}" \
        "${measured[size_bytes]}" "${measured[digest]}"
}
