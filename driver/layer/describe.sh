# shellcheck shell=bash
#
# zlsnap describe: writes LAYER.json for a layer that a pipe made.

part core/options layer/layer layer/layers layer/pack

usage_describe() {
    cat <<'END'
Usage: zlsnap describe [OPTION]... LAYER
Write LAYER.json for a layer that was made without it, by tarpack | zstd for example. The
layer is read once and checked as by verify; it is not changed. LAYER.json is also printed
to standard output. It is an error if LAYER.json exists.

  -e, --expect=DIGEST   expect this digest of the tar
      --progress[=WHEN]     draw a progress line and print a summary: auto (the default:
                            on a terminal), always or never
END
    usage_limits
}

command_describe() {
    local expected
    options_read "expect: $progress_option $limit_options" "$@"
    operands_expect LAYER
    progress_read
    ! is_input "${operands[0]}" || usage_error 'describe needs a file as LAYER'
    layer_open "${operands[0]}"
    describe_is_new
    [[ ${option[expect]+given} ]] || option['no-verify']=yes
    expected_read expected
    output_read "$layer"
    programs_expect zstd flock
    programs_find shasum-tee tarunpack
    layer_add "$layer"
    spool_make "$output_place" "$output_name"
    run describe_layer "$expected" || exit
    result_print
}

describe_is_new() {
    [[ ! -e $layer_json ]] || die 1 "$(printable "$layer_json"): exists; verify compares the layer with it"
}

# describe_layer EXPECTED: measures the layer, and publishes its LAYER.json unless the layer has changed meanwhile.
describe_layer() {
    local before after
    path_of before describe_identity
    layer_verify 0 "$1" wc_entries "${passed[@]}"
    layer_blame 0 "$?" || return
    metadata_store "$(created_at)" "$compression_unknown"
    attempt cp -- "$spool/json" "$spool/result"
    attempt sync -- "$spool/json"
    output_lock
    path_of after describe_identity
    [[ $after == "$before" ]] || die 1 "$(printable "$layer"): changed while it was read"
    describe_is_new
    attempt mv -fT -- "$spool/json" "$layer_json"
    attempt sync -- "$output_place"
    create_summary say "$layer"
}

# Prints what is different if the layer was replaced or changed.
describe_identity() {
    stat -L -c '%d %i %s %y %z' -- "$layer"
}
