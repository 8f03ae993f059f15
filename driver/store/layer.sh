# shellcheck shell=bash
#
# zlsnap push and pull, s3://: a layer and its LAYER.json as two objects, called by the digest of the
# compressed layer, so that an object never has to change:
#
#   s3://BUCKET/PREFIX/DIGEST.tar.zst     the layer
#   s3://BUCKET/PREFIX/DIGEST.meta.json   LAYER.json
#
# The second is sent when the first stands whole.

part core/options core/pipe core/progress layer/layer layer/pack store/s3

push_to_s3() {
    local layer layer_json shasum_tee part_size max_parts
    s3_url_read "$remote"
    [[ $source != oci:* ]] || usage_error 'an S3 store takes a LAYER, not an image'
    ! is_input "$source" || usage_error 'a LAYER that is pushed is a file: it is read twice'
    layer_expect "$source"
    s3_push_options_read
    programs_expect zstd jq flock split md5sum
    shasum_tee=$(program shasum-tee) || exit
    s3_expect
    spool_make "$(temporary_place)" zlsnap-push
    run s3_push "$layer" || exit
    result_print
}

# Sets part_size, in MiB, and max_parts.
s3_push_options_read() {
    part_size=${option[part-size]-64} max_parts=${option[max-parts]-1000}
    number_check part-size "$part_size" "$s3_part_least" "$s3_part_most"
    number_check max-parts "$max_parts" 1 10000
}

# s3_push LAYER: verifies and sends it; leaves the layer's URL in the spool, as the result.
s3_push() {
    local layer=$1 lock file hex status=0 key
    # Two of one layer at once would begin two uploads. Whatever has the layer's name later, it is this
    # one that is sent.
    { exec {lock}<"$layer"; } 2>/dev/null || die 1 "$(printable "$layer"): cannot be opened"
    flock "$lock"
    file=/proc/self/fd/$lock
    metadata_read "$layer.json"
    attempt cp -- "$layer.json" "$spool/json"
    s3_parts_choose
    s3_measure "$file" || status=$?
    ((status == 0)) || layer_refuse "$status"
    hex=${metadata[compressed_digest]#sha256:}
    key=$hex$layer_suffix
    s3_look "$hex."
    s3_stands "$key" || s3_send "$file" "$key"
    s3_send_meta
    printf '%s\n' "$s3_url$key" | store "$spool/result"
}

# layer_refuse STATUS: ends the subshell after s3_measure() has said what is wrong.
layer_refuse() {
    case $1 in
    3) say "$(printable "$layer"): is not sent: it is malformed" ;;
    4) say "$(printable "$layer"): is not sent: it is not what its LAYER.json says" ;;
    esac
    exit "$1"
}

# Makes parts larger where there would be too many of them.
s3_parts_choose() {
    local least=$(((metadata[compressed_size_bytes] + max_parts * 1048576 - 1) / (max_parts * 1048576)))
    ((part_size >= least)) || part_size=$least
    ((part_size <= s3_part_most)) ||
        die 1 "$(printable "$layer"): is larger than $max_parts parts of $s3_part_most MiB"
}

# s3_measure FILE: reads the layer once, and holds it against its LAYER.json; sets `etag` to the ETag
# that the object of these bytes has. That is, nowhere specified and nearly everywhere so, the MD5 of
# the bytes; of an object that was sent in parts, the MD5 of the parts' MD5s and their number.
s3_measure() {
    local blob=${metadata[compressed_digest]} bytes=$((part_size * 1048576)) parts
    progress_expect_file "$1"
    stage "$shasum_tee" "${progress[@]}" --zstd --json -o "$spool/blob.digest" --expect="$blob" <"$1" |
        SHELL=/bin/sh stage split -b "$bytes" --filter='exec md5sum' - >"$spool/md5"
    verdict "${PIPESTATUS[*]}" shasum-tee split || return
    metadata_equal compressed_size_bytes "$(measured blob.digest size)" &&
        metadata_equal size_bytes "$(measured blob.digest diff_size)" &&
        metadata_equal digest "$(measured blob.digest diff_id)" || return 4
    parts=$(wc -l <"$spool/md5")
    if ((parts == 1)); then
        etag=$(cut -d ' ' -f 1 "$spool/md5")
    else
        # The parts' MD5s as bytes, not as text.
        etag=$(printf '%b' "$(sed 's/ .*//; s/../\\x&/g' "$spool/md5" | tr -d '\n')" | md5sum)
        etag=${etag%% *}-$parts
    fi
}

# s3_stands KEY: whether the layer is there already. An ETag that is another one may be that of other
# parts, or of a store that encrypts: then what is stored is read.
s3_stands() {
    [[ ${object_sizes[$1]-} == "${metadata[compressed_size_bytes]}" ]] || return
    [[ ${object_etags[$1]} != "$etag" ]] || return 0
    s3_read_back "$1"
}

# s3_read_back KEY: whether what is stored has the digest.
s3_read_back() {
    local statuses status
    s3 get -- "$s3_url$1" - |
        stage "$shasum_tee" -q -o /dev/null --expect="${metadata[compressed_digest]}" \
            >/dev/null 2>&1
    statuses=("${PIPESTATUS[@]}")
    ((statuses[0] == 0)) || s3_failed "${statuses[0]}" "$s3_url$1"
    verdict "${statuses[1]}" shasum-tee
    status=$?
    ((status == 0 || status == 4)) || die 1 "$s3_url$1: cannot be checked"
    return "$status"
}

# s3_send FILE KEY: sends the layer, and does not believe that it is there before it is listed.
s3_send() {
    if [[ $etag == *-* ]]; then
        s3_put_parts "$1" "$2" application/zstd "$part_size"
    else
        s3_put "$1" "$2" application/zstd
    fi
    unset "object_sizes[$2]"
    s3_look "$2"
    s3_stands "$2" && return
    s3_delete "$2"
    die 4 "$s3_url$2: what was stored is not what was sent, and is removed; did $(printable "$layer") \
change meanwhile?"
}

# LAYER.json, unless it is there as it is.
s3_send_meta() {
    local key=$hex$meta_suffix sum sent
    sum=$(md5sum <"$spool/json")
    sent=${object_times[$key]-0}
    if [[ ${object_etags[$key]-} != "${sum%% *}" ]] || ((sent + meta_fresh < $(date +%s))); then
        s3_put "$spool/json" "$key" application/json
    fi
}

pull_from_s3() {
    local layer=$target place name shasum_tee hex expected
    [[ $target != oci:* ]] || usage_error 'from an S3 store a LAYER is pulled, not an image'
    [[ $remote =~ ^(.*)/([0-9a-f]{64})($layer_suffix)?$ ]] || usage_error \
        "'$(printable "$remote")' is no layer in an S3 store, s3://BUCKET/PREFIX/DIGEST.tar.zst"
    hex=${BASH_REMATCH[2]}
    s3_url_read "${BASH_REMATCH[1]}"
    layer_place
    layer_check
    programs_expect zstd jq flock
    shasum_tee=$(program shasum-tee) || exit
    s3_expect
    spool_resume "$place" "$name" "${hex:0:6}" "$hex"
    run s3_pull || exit
    result_print
}

# All of a pull. What has arrived is kept where more of it is to come.
s3_pull() {
    local key=$hex$layer_suffix meta=$hex$meta_suffix
    s3_look "$hex."
    [[ ${object_sizes[$key]-} ]] || die 1 "$s3_url$key: there is no such layer"
    s3_get "$meta" "$spool/json" || die 1 "$s3_url$meta: the layer is there, but not its metadata"
    metadata_read "$spool/json" "$s3_url$meta"
    [[ ${metadata[compressed_digest]} == "sha256:$hex" ]] ||
        die 4 "$s3_url$meta: is that of another layer"
    [[ ${metadata[compressed_size_bytes]} == "${object_sizes[$key]}" ]] ||
        die 4 "$s3_url$key: has ${object_sizes[$key]} bytes, not ${metadata[compressed_size_bytes]} as its \
metadata says"
    s3_fetch "$key" "$spool/$hex" "${object_sizes[$key]}"
    s3_pulled_check || exit
    attempt mv -T -- "$spool/$hex" "$spool/layer"
    attempt cp -- "$spool/json" "$spool/result"
    publish
}

# s3_fetch KEY FILE SIZE: fetches an object, from where FILE ends.
s3_fetch() {
    local status size
    [[ -e $2 ]] || : | store "$2" || exit
    size=$(attempt stat -c %s -- "$2") || exit
    ((size < $3)) || return 0
    s3 get --continue -- "$s3_url$1" "$(s3_file "$2")" >/dev/null
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url$1"
}

# Both digests and the frames, in one pass. What does not hold is not to be continued.
s3_pulled_check() {
    local status=0 layer=$s3_url$hex$layer_suffix # for messages
    progress_expect_file "$spool/$hex"
    (stage "$shasum_tee" "${progress[@]}" --zstd --json -o "$spool/blob.digest" --expect="sha256:$hex") \
        <"$spool/$hex" >/dev/null
    verdict "$?" shasum-tee || status=$?
    if ((status == 0)); then
        metadata_equal size_bytes "$(measured blob.digest diff_size)" &&
            metadata_equal digest "$(measured blob.digest diff_id)" || status=4
    fi
    case $status in
    3 | 4)
        attempt rm -f -- "$spool/$hex"
        say "$layer: is not the layer that it should be"
        ;;
    esac
    return "$status"
}

registry_options='authfile: cert-dir: tls-verify: retries:'
s3_push_options='config: part-size: max-parts:'
