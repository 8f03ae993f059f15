# shellcheck shell=bash
#
# What the programs of a pipe measured, from their reports.

part core/json

# What a pipe measured, by the keys of LAYER.json.
declare -gA measured=()

# measured_read BLOB [TAR]: sets `measured` from shasum-tee's reports on the blob and on the tar; the
# former has both if it was made with --zstd. An empty report measures nothing.
measured_read() {
    measured=()
    json_value "measured[compressed_digest]" "$1" digest
    json_value "measured[compressed_size_bytes]" "$1" size
    if [[ $1 == *diff_id* ]]; then
        json_value "measured[digest]" "$1" diff_id
        json_value "measured[size_bytes]" "$1" diff_size
    else
        json_value "measured[digest]" "${2-}" digest
        json_value "measured[size_bytes]" "${2-}" size
    fi
}

# Sets `measured` from the reports that a pipe left in the spool: blob.digest, tar.digest, summary.
measured_take() {
    local blob='' tar='' summary=''
    {
        read -rd '' blob <"$spool/blob.digest"
        read -rd '' tar <"$spool/tar.digest"
        read -rd '' summary <"$spool/summary"
    } 2>/dev/null
    measured_read "$blob" "$tar"
    json_value "measured[file_count]" "$summary" entries
    [[ ${measured[size_bytes]-} ]] || die 1 'the pipe succeeded, but left no tar.digest'
    [[ ${measured[compressed_size_bytes]-} ]] || die 1 'the pipe succeeded, but left no blob.digest'
}
