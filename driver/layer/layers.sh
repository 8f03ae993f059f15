# shellcheck shell=bash
#
# The layers of driver/image.sh, one by one: verified, copied, compressed otherwise, unpacked. The pipes
# are for what run() runs; they return their verdict, and layer_blame() says which layer it was.

part core/pipe core/progress layer/layer

# decompress TYPE: as a stage of a pipe.
decompress() {
    case $1 in
    zstd) stage_to_end stage_unzstd ;;
    gzip) stage_to_end stage gzip -dc ;;
    tar) stage cat ;;
    esac
}

# compress TYPE: likewise.
compress() {
    case $1 in
    zstd) stage zstd -q -c "${zstd_options[@]}" ;;
    gzip) stage gzip -nc ;;
    esac
}

# layer_copy I OUT: copies the blob of layer I to the file OUT and leaves what was measured in the
# spool, as blob.digest and tar.digest; for zstd blob.digest has both. What is known of the digests is
# held against them.
layer_copy() {
    local file=${layer_files[$1]} blob=${layer_blobs[$1]} diff_id=${layer_diff_ids[$1]}
    progress_expect_file "$file"
    attempt rm -f -- "$spool/tar.digest"
    if [[ ${layer_types[$1]} == zstd ]]; then
        (stage_from "$file" stage "$shasum_tee" "${progress[@]}" --zstd --json -o "$spool/blob.digest" \
            ${blob:+--expect="$blob"}) >"$2"
        verdict "$?" shasum-tee
    else
        stage_from "$file" stage "$shasum_tee" "${progress[@]}" --json -o "$spool/blob.digest" \
            ${blob:+--expect="$blob"} |
            stage tee -- "$2" | decompress "${layer_types[$1]}" |
            stage "$shasum_tee" -q --json -o "$spool/tar.digest" ${diff_id:+--expect="$diff_id"} \
                >/dev/null
        verdict "${PIPESTATUS[*]}" shasum-tee tee "${layer_types[$1]}" shasum-tee
    fi
}

# layer_convert I TYPE OUT: the same for a blob that is compressed in another way than layer I's is.
layer_convert() {
    local file=${layer_files[$1]} blob=${layer_blobs[$1]} diff_id=${layer_diff_ids[$1]}
    progress_expect_file "$file"
    stage_from "$file" stage "$shasum_tee" "${progress[@]}" -o /dev/null ${blob:+--expect="$blob"} |
        decompress "${layer_types[$1]}" |
        stage "$shasum_tee" -q --json -o "$spool/tar.digest" ${diff_id:+--expect="$diff_id"} |
        compress "$2" |
        stage "$shasum_tee" -q --json -o "$spool/blob.digest" >"$3"
    verdict "${PIPESTATUS[*]}" shasum-tee "${layer_types[$1]}" shasum-tee "$2" shasum-tee
}

# layer_verify I [OPTION...]: checks the digests, and with tarunpack and these options the structure;
# prints the number of entries.
layer_verify() {
    local i=$1
    shift
    local frames=()
    [[ ${layer_types[i]} != zstd ]] || frames=(--zstd)
    progress_expect_file "${layer_files[i]}"
    {
        stage_from "${layer_files[i]}" stage "$shasum_tee" "${progress[@]}" "${frames[@]}" -o /dev/null \
            --expect="${layer_blobs[i]}" 4>&- |
            decompress "${layer_types[i]}" 4>&- |
            stage "$tarunpack" -q --list "$@" --expect="${layer_diff_ids[i]}" 4>&- |
            wc -l >&4
        verdict "${PIPESTATUS[*]}" "shasum-tee ${frames[*]}" "${layer_types[i]}" tarunpack wc
    } 4>&1
}

# layer_unpack I DIR [OPTION...]: both digests are the gate; that a decompressor complains, of junk
# behind what it decompressed, is a warning then.
layer_unpack() {
    local i=$1 dir=$2 statuses
    shift 2
    progress_expect_file "${layer_files[i]}"
    stage_from "${layer_files[i]}" stage "$shasum_tee" "${progress[@]}" -o /dev/null \
        --expect="${layer_blobs[i]}" |
        decompress "${layer_types[i]}" |
        stage "$tarunpack" ${option[quiet]+-q} "$@" --expect="${layer_diff_ids[i]}" -- "$dir"
    statuses=("${PIPESTATUS[@]}")
    if [[ ${statuses[0]}${statuses[2]} == 00 && ${statuses[1]} != 0 ]]; then
        warn "${layer_names[i]}: ${layer_types[i]} complained, but the digests are the expected ones"
        return 0
    fi
    verdict "${statuses[*]}" shasum-tee "${layer_types[i]}" tarunpack
}

# layer_learn I: enters what layer_copy() or layer_convert() measured. Returns a status.
layer_learn() {
    local blob size diff_id
    blob=$(measured blob.digest digest) || exit
    size=$(measured blob.digest size) || exit
    if [[ -e $spool/tar.digest ]]; then
        diff_id=$(measured tar.digest digest) || exit
    else
        diff_id=$(measured blob.digest diff_id) || exit
    fi
    # Unless it was converted.
    if [[ ${layer_blobs[$1]} == "$blob" && ${layer_sizes[$1]} != "$size" ]]; then
        say "${layer_names[$1]}: its blob has $size bytes, not ${layer_sizes[$1]}"
        return 4
    fi
    if [[ ${layer_diff_ids[$1]:-$diff_id} != "$diff_id" ]]; then
        say "${layer_names[$1]}: its tar has the digest $diff_id, not ${layer_diff_ids[$1]}"
        return 4
    fi
    layer_blobs[$1]=$blob
    layer_sizes[$1]=$size
    layer_diff_ids[$1]=$diff_id
}

# layer_blame I STATUS: returns the status, and says which layer it was if that failed.
layer_blame() {
    case $2 in
    0 | 2) ;;
    3) say "${layer_names[$1]}: is malformed" ;;
    4) say "${layer_names[$1]}: a digest does not match" ;;
    *) say "${layer_names[$1]}: failed" ;;
    esac
    return "$2"
}

# layer_add FILE: adds the layer that zlsnap create has written to a file.
layer_add() {
    local layer layer_json
    layer_expect "$1"
    metadata=()
    [[ ! -e $layer_json ]] || metadata_read "$layer_json"
    layer_names+=("$(printable "$1")")
    layer_files+=("$layer")
    layer_types+=(zstd)
    layer_blobs+=("${metadata[compressed_digest]-}")
    layer_sizes+=("${metadata[compressed_size_bytes]-}")
    layer_diff_ids+=("${metadata[digest]-}")
    layer_created+=("")
    ! is_date "${metadata[created_at]-}" || layer_created[-1]=${metadata[created_at]}
    layer_annotations+=("${metadata[annotations]-"{}"}")
}

# Its layers, and those of files that are to be layers of an image; the lowest is first. What is not
# known yet is empty.
layer_names=()       # for messages
layer_files=()       # where the blob is
layer_types=()       # how it is compressed: zstd, gzip, or tar for not at all
layer_blobs=()       # its digest
layer_sizes=()       # its size
layer_diff_ids=()    # the digest of the tar
layer_created=()     # when it was made, for the history of a new image
layer_annotations=() # of its descriptor, as JSON
