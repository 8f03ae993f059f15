# shellcheck shell=bash
#
# zlsnap info: shows what a layer contains, from one pass over it, or what LAYER.json says; or what a snapshot in a
# store contains.

part core/options core/spool core/progress layer/layer layer/layers store/signature store/target

usage_info() {
    cat <<'END'
Usage: zlsnap info [OPTION]... LAYER
   or: zlsnap info [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE [PATH]...
Show the digests and sizes of a layer, when and how it was made, the number of entries of
each type, and its ten largest files. The layer is read and checked as by verify; see the
exit status. If LAYER is '-', it is read from standard input.

Or show the same of a snapshot in a store, and the packs that it needs. No contents are
read. With PATH, count only these entries, everything below them and the directories above
them.

      --metadata               show only what LAYER.json says, without reading the layer
      --json                   print one JSON object: LAYER.json, and what was measured
      --progress[=WHEN]        draw a progress line: auto (the default: on a terminal),
                               always or never
  -e, --expect=DIGEST          expect this tree digest of the snapshot
END
    usage_signature
    usage_limits
    usage_target_read
}

command_info() {
    options_read "metadata json expect: $progress_option $signature_options $target_read_options $limit_options" "$@"
    progress_read
    if ((${#operands[@]} > 1)); then
        part store/info
        info_snapshot
        return
    fi
    operands_expect LAYER
    target_options_refuse "$signature_options $target_read_options"
    options_refuse 'a layer' expect
    local size shown
    layer_open "${operands[0]}"
    programs_expect jq
    shown=$(printable "$layer")
    [[ ! ${option[metadata]-} || $layer_json ]] ||
        usage_error "standard input has no LAYER.json: '--metadata' is for a file"
    if [[ ${option[metadata]-} || -e $layer_json ]]; then
        metadata_read "$layer_json"
        file_size size "$layer"
        [[ $size == "${metadata[compressed_size_bytes]}" ]] ||
            warn "$shown has $size bytes, but LAYER.json says ${metadata[compressed_size_bytes]}"
    else
        compression_check
    fi
    if [[ ${option[metadata]-} ]]; then
        info_show "$layer_json" /dev/null
    else
        info_measure
    fi
}

# Reads the layer and shows its contents.
info_measure() {
    local known=/dev/null
    programs_expect zstd awk
    programs_find shasum-tee tarunpack
    [[ ! -e $layer_json ]] || known=$layer_json
    layer_add "$layer" "$layer_json"
    spool_make "$(temporary_place)" zlsnap-info
    run info_pipe || exit
    info_show "$known" "$spool/measured"
    spool_remove
}

info_pipe() {
    layer_verify 0 "${layer_diff_ids[0]}" awk_entries --json --summary="$spool/summary" "${passed[@]}" || return
    {
        printf '{"digest":"%s","size_bytes":%s,"compressed_digest":"%s","compressed_size_bytes":%s}\n' \
            "${measured[digest]}" "${measured[size_bytes]}" "${measured[compressed_digest]}" \
            "${measured[compressed_size_bytes]}"
        cat -- "$spool/summary" "$spool/largest"
    } | store "$spool/measured"
}

# awk_entries: writes the ten largest files of a list that tarunpack wrote as JSON, the largest first, to
# the spool; prints the number of entries. Quotes in names are escaped there, so that no name can match.
awk_entries() {
    : >"$spool/largest" && largest=$spool/largest stage awk '
        match($0, /","type":"file","mode":"[0-7]*","uid":[0-9]*,"gid":[0-9]*,"size":[0-9]*,/) {
            size = substr($0, RSTART, RLENGTH - 1)
            sub(/.*:/, "", size)
            for (i = 10; i > 0 && (i > count || size + 0 > sizes[i]); i--) {
                sizes[i + 1] = sizes[i]
                lines[i + 1] = lines[i]
            }
            if (++i <= 10 && size > 0) {
                sizes[i] = size + 0
                lines[i] = $0
                count += count < 10
            }
        }
        END {
            for (i = 1; i <= count; i++)
                print lines[i] >ENVIRON["largest"]
            print NR
        }'
}

# info_show METADATA MEASURED: prints the information; either file may be empty.
info_show() {
    info_print "$info_object" "$info_text" --arg layer "$(printable "$layer")" \
        --slurpfile metadata "$1" --slurpfile measured "$2"
}

# info_print OBJECT TEXT ARGUMENT...: prints the object that the filter OBJECT of jq makes, as JSON or by the filter TEXT.
info_print() {
    local filter=. meaning form=-nar
    [[ ${option[json]-} ]] || filter="$info_definitions $2" form=-nr
    jq "$form" "${@:3}" "$1 | $filter" 2>/dev/null
    status_judge meaning jq "$?"
    [[ $meaning == done ]] || die 1 'cannot write to standard output'
}

# How a summary of tarunpack, and its JSON of a file, become parts of the object.
info_facts='
    def entries_by_type: {files, directories, symlinks, hardlinks, devices, fifos, whiteouts, opaques};
    def largest_file: {path, size} + if .path_base64 then {path_base64} else {} end;
'

info_object=$info_facts'
    $measured as [$digests, $summary]
    | ($metadata[0] // {})
    + if $digests == null then {} else $digests + {
        file_count: $summary.entries, content_bytes: $summary.content_bytes,
        entries: ($summary | entries_by_type), largest: ($measured[2:] | map(largest_file))
    } end'

# What the text forms share. Control characters in names are replaced.
info_definitions='
    def tenths: . * 10 | round / 10;
    def unit: {n: ., unit: -1} | until(.n < 1024; {n: (.n / 1024), unit: (.unit + 1)})
        | "\(.n | tenths) \(if .unit < 0 then "bytes" else ["KiB", "MiB", "GiB", "TiB", "PiB"][.unit] end)";
    def size: if . < 1024 then unit else "\(.) bytes (\(unit))" end;
    def count($noun): "\(.) \($noun)" + if . == 1 then "" else "s" end;
    def pad($n): tostring | . + " " * ($n - length);
    def left($n): tostring | " " * ($n - length) + .;
    def name: gsub("(?<c>[\\p{Cc}\\p{Zl}\\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"; "?");
    def entries: "entries      \(.file_count)",
        ((.entries // {}) | to_entries[] | select(.value > 0) | "  \(.key | pad(13))\(.value)"),
        (if .content_bytes then "content      " + (.content_bytes | size) else empty end);
    def largest: (if (.largest // []) != [] then "largest" else empty end),
        ((.largest // [])[] | "  \(.size | unit | left(10))  \(.path | name)");
'

info_text='
    "layer        " + $layer,
    "digest       " + .digest,
    "size         " + (.size_bytes | size),
    "blob digest  " + .compressed_digest,
    "blob size    " + (.compressed_size_bytes | size)
        + if .size_bytes > 0 then ", \(100 * .compressed_size_bytes / .size_bytes | tenths) %"
          else "" end,
    entries,
    (if .created_at then "created      " + .created_at else empty end),
    (if .compression then "compression  " + ([.compression.program, .compression.version]
        + .compression.options | join(" ")) else empty end),
    (if .media_type then "media type   " + .media_type else empty end),
    largest'
