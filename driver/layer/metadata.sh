# shellcheck shell=bash
#
# LAYER.json: what was measured when LAYER was made.

part core/json

media_type=application/vnd.oci.image.layer.v1.tar+zstd

# What the filters of jq share. Of one LAYER.json metadata_wrong gives the keys that are missing or
# wrong; of all that is in a file metadata_problem tells what is wrong with it, if anything is.
metadata_library='
    def digest: type == "string" and test("\\Asha256:[0-9a-f]{64}\\z");
    def count: type == "number" and (tostring | test("\\A[0-9]{1,15}\\z"));
    def text: type == "string" and test("\\A[ -~]*\\z");
    def wrong($key; check): if .[$key] | check then empty else $key end;
    def metadata_wrong:
        wrong("digest"; digest), wrong("size_bytes"; count),
        wrong("compressed_digest"; digest), wrong("compressed_size_bytes"; count),
        wrong("media_type"; text), wrong("created_at"; text), wrong("file_count"; count),
        wrong("compression"; type == "object" and (.program | text) and (.version | text)
            and (.options | type == "array" and all(text)));
    def problem(wrong):
        if length != 1 or (.[0] | type) != "object" then "it is not one JSON object"
        elif .[0].schema_version != 1 then "its schema_version is not 1"
        else [.[0] | wrong] | if . == [] then null else "it has no valid \(.[0])" end
        end;
    def metadata_problem: problem(metadata_wrong);'

# metadata_make CREATED COMPRESSION: prints the object for the layer in the spool, from what the
# programs of the pipe have left beside it. Fails, with a message of jq's, where that would be no valid
# one.
metadata_make() {
    jq -n --arg media_type "$media_type" --arg created_at "$1" --argjson compression "$2" \
        --slurpfile tar "$spool/tar.digest" --slurpfile blob "$spool/blob.digest" \
        --slurpfile summary "$spool/summary" "$metadata_library"'{
            schema_version: 1,
            digest: $tar[0].digest,
            size_bytes: $tar[0].size,
            compressed_size_bytes: $blob[0].size,
            compressed_digest: $blob[0].digest,
            media_type: $media_type,
            created_at: $created_at,
            file_count: $summary[0].entries,
            compression: $compression
        }
        | [.] as $all
        | ($all | metadata_problem) as $problem
        | if $problem then error("the pipe ended well, but of its LAYER.json, \($problem)") else . end'
}

# compression_made OPTION...: prints what LAYER.json says of a compression by zstd with these options,
# none of which has characters that JSON would want escaped.
compression_made() {
    local options
    printf -v options ',"%s"' "$@"
    printf '{"program":"zstd","version":"%s","options":[%s]}' "$(zstd_version)" "${options:1}"
}

# The time of now or SOURCE_DATE_EPOCH, as RFC 3339 has it.
created_at() {
    local -x TZ=UTC0
    local epoch=-1 # now
    [[ ! ${SOURCE_DATE_EPOCH-} ]] || epoch=$((10#$SOURCE_DATE_EPOCH))
    printf '%(%Y-%m-%dT%H:%M:%SZ)T' "$epoch"
}

# is_date TEXT: whether it is one of RFC 3339.
is_date() {
    [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$ ]]
}

# Ends the driver unless SOURCE_DATE_EPOCH is a date of RFC 3339, whose years have four digits.
source_date_check() {
    local epoch=${SOURCE_DATE_EPOCH-}
    [[ $epoch ]] || return
    [[ $epoch =~ ^[0-9]{1,12}$ && $((10#$epoch)) -le 253402300799 ]] ||
        usage_error "SOURCE_DATE_EPOCH: '$(printable "$epoch")' is no number of seconds"
}

zstd_version() {
    local text
    text=$(zstd -V)
    [[ $text =~ v([0-9]+(\.[0-9]+)*) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# Reads a LAYER.json; prints "ok" and the values that the driver uses, one a line, or what is wrong.
metadata_filter='metadata_problem // ("ok", (.[0] | .digest, .size_bytes, .compressed_digest,
    .compressed_size_bytes, .file_count, .created_at,
    ({"org.zlsnap.compression": (.compression | tojson)} | tojson)))'

metadata_values() {
    jq -rs "$metadata_library $metadata_filter" 2>/dev/null
}

# What metadata_read() found, by key.
declare -gA metadata=()

# metadata_read FILE [NAME]: ends the driver where FILE can't be read or is malformed; in messages it is
# NAME.
metadata_read() {
    local lines
    json_read metadata_values "$1" "${2-$1}"
    metadata=(
        [digest]=${lines[1]} [size_bytes]=${lines[2]} [compressed_digest]=${lines[3]}
        [compressed_size_bytes]=${lines[4]} [file_count]=${lines[5]} [created_at]=${lines[6]}
        [annotations]=${lines[7]} # of the layer's descriptor in an image
    )
}

# metadata_equal KEY VALUE
metadata_equal() {
    [[ ${metadata[$1]} == "$2" ]] && return
    say "$(printable "$layer"): $1 is $2, but ${metadata[$1]} in LAYER.json"
    return 1
}
