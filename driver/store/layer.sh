# shellcheck shell=bash
#
# zlsnap push and pull, s3://: a layer in an S3 store consists of two objects, whose keys are the blob digest.
# So an object never has to change.
#
#   s3://BUCKET/PREFIX/DIGEST.tar.zst     the layer
#   s3://BUCKET/PREFIX/DIGEST.meta.json   LAYER.json
#
# The second one is sent when the first one is complete.

part core/options core/pipe core/progress layer/layer layer/layers layer/pack store/s3

# The ETag of the layer that s3_push() sends.
s3_etag=

# push_to_s3 LAYER URL
push_to_s3() {
    s3_url_read "$2"
    [[ $1 != oci:* ]] || usage_error 'an S3 store has no images: push a LAYER'
    ! is_input "$1" || usage_error 'push needs a file as LAYER: it is read twice'
    layer_open "$1"
    s3_push_options_read
    programs_expect zstd jq flock split md5sum
    programs_find shasum-tee
    s3_expect
    spool_make "$(temporary_place)" zlsnap-push
    run s3_push "$layer" || exit
    result_print
}

# s3_push LAYER: verifies and sends the layer; its URL is the result.
s3_push() {
    local lock status=0 hex
    # The lock keeps a second push of the layer from beginning another upload. The open file stays the same
    # if LAYER is replaced.
    { exec {lock}<"$1"; } 2>/dev/null || die 1 "$(printable "$1"): cannot be opened"
    flock "$lock"
    [[ -e $1.json ]] || die 1 "$(printable "$1.json"): no such file"
    layer_add "/proc/self/fd/$lock" "$1.json" "$1"
    attempt cp -- "$1.json" "$spool/json"
    s3_part_size_for s3_part_size "${layer_sizes[0]}" "${layer_names[0]}"
    s3_measure || status=$?
    case $status in
    0) ;;
    3) say "${layer_names[0]}: not sent: it is malformed" ;;
    4) say "${layer_names[0]}: not sent: it does not match its LAYER.json" ;;
    esac
    ((status == 0)) || exit "$status"
    hex=${layer_blobs[0]#sha256:}
    s3_look "$hex."
    s3_has_layer "$hex$layer_suffix" || s3_send "$hex$layer_suffix"
    s3_send_meta "$hex$meta_suffix"
    printf '%s\n' "$s3_url$hex$layer_suffix" | store "$spool/result"
}

# Reads the layer once, compares it with its LAYER.json, and sets s3_etag. Nearly all stores use the MD5 of
# an object as its ETag; of one that was sent in parts, the MD5 of the parts' MD5s, and their number.
s3_measure() {
    local parts
    progress_expect_file "${layer_files[0]}"
    blob_measure 0 "$spool/blob.digest" |
        SHELL=/bin/sh stage split -b "$((s3_part_size * 1048576))" --filter='exec md5sum' - >"$spool/md5"
    verdict "${PIPESTATUS[*]}" shasum-tee split || return
    measured_take
    layer_compare 0 compressed_size_bytes size_bytes digest || return 4
    parts=$(wc -l <"$spool/md5")
    if ((parts == 1)); then
        s3_etag=$(cut -d ' ' -f 1 "$spool/md5")
    else
        # Of the MD5s in binary form.
        s3_etag=$(printf '%b' "$(sed 's/ .*//; s/../\\x&/g' "$spool/md5" | tr -d '\n')" | md5sum)
        s3_etag=${s3_etag%% *}-$parts
    fi
}

# s3_has_layer KEY: whether the store has the layer. A different ETag may come from other part sizes, or from
# a store that encrypts: then the object is read.
s3_has_layer() {
    [[ ${object_sizes[$1]-} == "${layer_sizes[0]}" ]] || return
    [[ ${object_etags[$1]} == "$s3_etag" ]] || s3_read_back "$1"
}

# s3_read_back KEY: whether the object has the blob digest.
s3_read_back() {
    local statuses status
    s3 get -- "$s3_url$1" - |
        stage "$shasum_tee" -q -o /dev/null --expect="${layer_blobs[0]}" >/dev/null 2>&1
    statuses=("${PIPESTATUS[@]}")
    ((statuses[0] == 0)) || s3_failed "${statuses[0]}" "$s3_url$1"
    verdict "${statuses[1]}" shasum-tee
    status=$?
    ((status == 0 || status == 4)) || die 1 "$s3_url$1: cannot be checked"
    return "$status"
}

# s3_send KEY: sends the layer, then looks whether the store has it.
s3_send() {
    if [[ $s3_etag == *-* ]]; then
        s3_put_parts "${layer_files[0]}" "$1" application/zstd "$s3_part_size"
    else
        s3_put "${layer_files[0]}" "$1" application/zstd
    fi
    unset "object_sizes[$1]"
    s3_look "$1"
    s3_has_layer "$1" && return
    s3_delete "$1"
    die 4 "$s3_url$1: the store has other bytes than were sent, and they were removed; did ${layer_names[0]} \
change meanwhile?"
}

# s3_send_meta KEY: sends LAYER.json, unless the store has it and it is fresh; see meta_fresh.
s3_send_meta() {
    local sum sent=${object_times[$1]-0}
    sum=$(md5sum <"$spool/json")
    if [[ ${object_etags[$1]-} != "${sum%% *}" ]] || ((sent + meta_fresh < $(date +%s))); then
        s3_put "$spool/json" "$1" application/json
    fi
}

# pull_from_s3 URL/DIGEST LAYER
pull_from_s3() {
    local hex
    [[ $2 != oci:* ]] || usage_error 'an S3 store has no images: pull to a LAYER'
    [[ $1 =~ ^(.*)/([0-9a-f]{64})($layer_suffix)?$ ]] || usage_error \
        "'$(printable "$1")' is not a layer in an S3 store, s3://BUCKET/PREFIX/DIGEST.tar.zst"
    hex=${BASH_REMATCH[2]}
    s3_url_read "${BASH_REMATCH[1]}"
    output_read "$2"
    programs_expect zstd jq flock
    programs_find shasum-tee
    s3_expect
    spool_resume "$output_place" "$output_name" "${hex:0:6}" "$hex"
    run s3_pull "$hex" || exit
    result_print
}

# s3_pull HEX: fetches the layer with this blob digest. An incomplete one is kept for the next run.
s3_pull() {
    local key=$1$layer_suffix meta=$1$meta_suffix
    s3_look "$1."
    [[ ${object_sizes[$key]-} ]] || die 1 "$s3_url$key: no such layer"
    s3_get "$meta" "$spool/json" || die 1 "$s3_url$meta: the layer is there, but its metadata is missing"
    metadata_read "$spool/json" "$s3_url$meta"
    [[ ${metadata[compressed_digest]} == "sha256:$1" ]] ||
        die 4 "$s3_url$meta: belongs to another layer"
    [[ ${metadata[compressed_size_bytes]} == "${object_sizes[$key]}" ]] ||
        die 4 "$s3_url$key: has ${object_sizes[$key]} bytes, not ${metadata[compressed_size_bytes]} as its \
metadata says"
    s3_fetch "$key" "$spool/$1" "${object_sizes[$key]}"
    layer_add "$spool/$1" "$spool/json" "$s3_url$key"
    s3_pulled_check || exit
    attempt mv -T -- "$spool/$1" "$spool/layer"
    attempt cp -- "$spool/json" "$spool/result"
    publish
}

# s3_fetch KEY FILE SIZE: fetches what the file lacks of an object of this size.
s3_fetch() {
    local status size
    [[ -e $2 ]] || : | store "$2" || exit
    file_size size "$2"
    ((size < $3)) || return 0
    s3 get --continue -- "$s3_url$1" "$(s3_file "$2")" >/dev/null
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url$1"
}

# Checks both digests, the sizes and the frames of the layer in the spool. A wrong layer is removed: it must
# not be resumed.
s3_pulled_check() {
    local status=0
    layer_copy 0 /dev/null || status=$?
    ((status)) || layer_compare 0 size_bytes digest || status=4
    case $status in
    3 | 4)
        attempt rm -f -- "${layer_files[0]}"
        say "${layer_names[0]}: is not the expected layer"
        ;;
    esac
    return "$status"
}
