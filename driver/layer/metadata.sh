# shellcheck shell=bash
#
# LAYER.json, the metadata file that is written with a LAYER.

part core/json

media_type=application/vnd.oci.image.layer.v1.tar+zstd

# metadata_wrong gives the invalid keys of a LAYER.json; see problem() in core/json.sh.
metadata_definitions=$json_definitions'
    def metadata_wrong:
        wrong("digest"; digest), wrong("size_bytes"; count),
        wrong("compressed_digest"; digest), wrong("compressed_size_bytes"; count),
        wrong("media_type"; text), wrong("created_at"; text), wrong("file_count"; count),
        wrong("compression"; compression);'

# metadata_store CREATED COMPRESSION: writes a LAYER.json with what was measured to the spool, in the form that
# jq would give it.
metadata_store() {
    local key
    for key in digest compressed_digest; do
        [[ ${measured[$key]} =~ ^sha256:[0-9a-f]{64}$ ]] || metadata_refuse "$key"
    done
    for key in size_bytes compressed_size_bytes file_count; do
        [[ ${measured[$key]} =~ ^(0|[1-9][0-9]{0,15})$ && ${measured[$key]} -le 9007199254740992 ]] ||
            metadata_refuse "$key"
    done
    store "$spool/json" <<END
{
  "schema_version": 1,
  "digest": "${measured[digest]}",
  "size_bytes": ${measured[size_bytes]},
  "compressed_size_bytes": ${measured[compressed_size_bytes]},
  "compressed_digest": "${measured[compressed_digest]}",
  "media_type": "$media_type",
  "created_at": "$1",
  "file_count": ${measured[file_count]},
  "compression": ${2//$'\n'/$'\n'  }
}
END
}

metadata_refuse() {
    die 1 "the pipe succeeded, but its LAYER.json is invalid: it has no valid $1"
}

# compression_made OPTION...: prints the value of "compression" for zstd with these options, none of which
# needs escaping in JSON.
compression_made() {
    local options
    printf -v options ',\n    "%s"' "$@"
    printf '{\n  "program": "zstd",\n  "version": "%s",\n  "options": [%s\n  ]\n}' "$(zstd_version)" "${options:1}"
}

# The value of "compression" if nobody knows how the layer was compressed.
compression_unknown='{
  "program": "zstd",
  "version": "unknown",
  "options": []
}'

# Prints the time, or SOURCE_DATE_EPOCH, in the format of RFC 3339.
created_at() {
    local -x TZ=UTC0
    local epoch=-1 # now
    [[ ! ${SOURCE_DATE_EPOCH-} ]] || epoch=$((10#$SOURCE_DATE_EPOCH))
    printf '%(%Y-%m-%dT%H:%M:%SZ)T' "$epoch"
}

# is_date TEXT: whether it is a date in the format of RFC 3339.
is_date() {
    [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$ ]]
}

# Ends the driver if SOURCE_DATE_EPOCH is not a number, or a date beyond the year 9999.
source_date_check() {
    local epoch=${SOURCE_DATE_EPOCH-}
    [[ $epoch ]] || return 0
    [[ $epoch =~ ^[0-9]{1,12}$ && $((10#$epoch)) -le 253402300799 ]] ||
        usage_error "SOURCE_DATE_EPOCH: '$(printable "$epoch")' is not a number of seconds"
}

zstd_version() {
    local text
    text=$(zstd -V)
    [[ $text =~ v([0-9]+(\.[0-9]+)*) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# Prints "ok" and the values that the driver uses, a line each; or the first error.
metadata_filter='problem(metadata_wrong) // ("ok", (.[0] | .digest, .size_bytes, .compressed_digest,
    .compressed_size_bytes, .file_count, .created_at,
    ({"org.zlsnap.compression": (.compression | tojson)} | tojson)))'

metadata_values() {
    jq -rs "$metadata_definitions $metadata_filter" 2>/dev/null
}

# The values that metadata_read() read, by key.
declare -gA metadata=()

# metadata_read FILE [NAME]: reads a LAYER.json, which messages call NAME. Ends the driver if it cannot be read or
# is malformed. Of the same FILE, the second call in a row reads nothing: it must not have been replaced.
metadata_read() {
    local lines
    [[ ${metadata[file]-} != "$1" ]] || return 0
    json_read lines metadata_values "$1" "${2-$1}"
    metadata=(
        [file]=$1 [digest]=${lines[1]} [size_bytes]=${lines[2]} [compressed_digest]=${lines[3]}
        [compressed_size_bytes]=${lines[4]} [file_count]=${lines[5]} [created_at]=${lines[6]}
        [annotations]=${lines[7]} # for the layer's descriptor in an image
    )
}
