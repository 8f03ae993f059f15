# shellcheck shell=bash
#
# zlsnap info: what LAYER.json says, for people. The layer is not read.

usage_info() {
    cat <<'END'
Usage: zlsnap info [OPTION]... LAYER
Show what LAYER.json says about a layer: digests, sizes, ratio, entries, when and how it
was made. The layer is not read; zlsnap verify does that.

      --json            print the object of LAYER.json
END
}

command_info() {
    options_read 'json' "$@"
    operands_expect LAYER
    local layer size shown
    layer_expect "${operands[0]}"
    programs_expect jq
    metadata_read "$layer.json"
    size=$(attempt stat -L -c %s -- "$layer") || exit
    shown=$(printable "$layer")
    [[ $size == "${metadata[compressed_size_bytes]}" ]] ||
        warn "$shown has $size bytes, LAYER.json says ${metadata[compressed_size_bytes]}"
    if [[ ${option[json]-} ]]; then
        jq . <"$layer.json"
    else
        jq -r --arg layer "$shown" "$info_filter" <"$layer.json"
    fi 2>/dev/null || die 1 'cannot write to standard output'
}

info_filter='
    def tenths: . * 10 | round / 10;
    def size: if . < 1024 then "\(.) bytes"
        else . as $bytes
            | {n: ., unit: -1} | until(.n < 1024; {n: (.n / 1024), unit: (.unit + 1)})
            | "\($bytes) bytes (\(.n | tenths) \(["KiB", "MiB", "GiB", "TiB", "PiB"][.unit]))"
        end;
    "layer        " + $layer,
    "digest       " + .digest,
    "size         " + (.size_bytes | size),
    "blob digest  " + .compressed_digest,
    "blob size    " + (.compressed_size_bytes | size)
        + if .size_bytes > 0 then ", \(100 * .compressed_size_bytes / .size_bytes | tenths) %"
          else "" end,
    "entries      \(.file_count)",
    "created      " + .created_at,
    "compression  " + ([.compression.program, .compression.version] + .compression.options
        | join(" ")),
    "media type   " + .media_type'
