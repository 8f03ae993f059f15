# shellcheck shell=bash
#
# The layers of an image; a LAYER is handled like an image with one layer. The functions that run pipes are
# for jobs of run() and return the pipe's verdict.

part core/programs core/pipe core/progress layer/metadata layer/measured

# The layers, the lowest first. An unknown value is empty.
layer_names=()       # for messages
layer_files=()       # the blob; "-" is standard input
layer_types=()       # its compression: zstd, gzip, xz, bzip2, or tar for none
layer_blobs=()       # the blob digest
layer_sizes=()       # the size of the blob
layer_diff_ids=()    # the diffID
layer_tar_sizes=()   # the size of the tar
layer_entries=()     # the number of entries
layer_sources=()     # where these values are from, for messages
layer_created=()     # the creation date, for the history of an image
layer_annotations=() # the annotations of its descriptor, as JSON

# layer_add FILE [LAYER_JSON [NAME]]: adds a LAYER and what its LAYER.json, if there is one, says. NAME is
# the layer's name for messages.
layer_add() {
    if [[ ${2-} && -e $2 ]]; then
        metadata_read "$2"
    else
        metadata=()
    fi
    layer_names+=("$(printable "${3-$1}")")
    layer_files+=("$1")
    layer_types+=(zstd)
    layer_blobs+=("${metadata[compressed_digest]-}")
    layer_sizes+=("${metadata[compressed_size_bytes]-}")
    layer_diff_ids+=("${metadata[digest]-}")
    layer_tar_sizes+=("${metadata[size_bytes]-}")
    layer_entries+=("${metadata[file_count]-}")
    layer_sources+=(LAYER.json)
    layer_created+=('')
    ! is_date "${metadata[created_at]-}" || layer_created[-1]=${metadata[created_at]}
    layer_annotations+=("${metadata[annotations]-"{}"}")
}

# decompress TYPE: a stage of a pipe that reads all of its input.
decompress() {
    case $1 in
    zstd) stage_to_end stage_unzstd ;;
    gzip | xz | bzip2) stage_to_end stage "$1" -dc ;;
    tar) stage cat ;;
    esac
}

# Ends the driver if the decompressor of a layer is missing.
decompressors_expect() {
    local type
    for type in "${layer_types[@]}"; do
        [[ $type == tar ]] || programs_expect "$type"
    done
}

# compress TYPE: a stage of a pipe.
compress() {
    case $1 in
    zstd) stage zstd -q -c "${zstd_options[@]}" ;;
    gzip) stage gzip -nc ;;
    esac
}

# blob_measure I REPORT: a stage of a pipe that copies the blob of layer I, checks its digest, and writes a
# report, with the values of the tar if the compression is zstd.
blob_measure() {
    local blob=${layer_blobs[$1]} frames=()
    [[ ${layer_types[$1]} != zstd ]] || frames=(--zstd)
    stage_from "${layer_files[$1]}" stage "$shasum_tee" "${progress[@]}" "${frames[@]}" --json -o "$2" \
        ${blob:+--expect="$blob"}
}

# layer_verify I EXPECTED COUNT [OPTION...]: reads layer I once: checks its frames and, by tarunpack --list
# with these options, its structure; then compares it with the known values. EXPECTED is the digest of
# the tar, or empty. COUNT is the stage that counts the entries: a function called PROGRAM_entries.
layer_verify() {
    local i=$1 expected=$2 count=$3 name=shasum-tee keys=(compressed_size_bytes size_bytes) status output
    local line report='' entries=''
    shift 3
    [[ ${layer_types[i]} != zstd ]] || name+=' --zstd'
    progress_expect_file "${layer_files[i]}"
    output=$(
        {
            blob_measure "$i" /dev/fd/4 | decompress "${layer_types[i]}" 4>&- |
                stage "$tarunpack" -q --list "$@" ${expected:+--expect="$expected"} 4>&- |
                "$count" >&4
            verdict "${PIPESTATUS[*]}" "$name" "${layer_types[i]}" tarunpack "${count%_entries}"
        } 4>&1
    )
    status=$?
    while read -r line; do # in any order
        [[ $line == {* ]] && report=$line || entries=$line
    done <<<"$output"
    measured_read "$report"
    measured[file_count]=$entries
    ((status == 0 || status > 2)) || return "$status" # nothing is known of the layer
    # If they are the same, tarunpack has said it.
    [[ $expected == "${layer_diff_ids[i]}" ]] || keys+=(digest)
    ((status)) || keys+=(file_count)
    layer_compare "$i" "${keys[@]}" || status=4
    return "$status"
}

wc_entries() {
    stage wc -l
}

# layer_copy I OUT: copies the blob of layer I to the file OUT, checks it and measures it.
layer_copy() {
    local diff_id=${layer_diff_ids[$1]} type=${layer_types[$1]}
    progress_expect_file "${layer_files[$1]}"
    if [[ $type == zstd ]]; then
        (blob_measure "$1" "$spool/blob.digest") >"$2"
        verdict "$?" shasum-tee || return
    else
        blob_measure "$1" "$spool/blob.digest" | stage tee -- "$2" | decompress "$type" |
            stage "$shasum_tee" -q --json -o "$spool/tar.digest" ${diff_id:+--expect="$diff_id"} >/dev/null
        verdict "${PIPESTATUS[*]}" shasum-tee tee "$type" shasum-tee || return
    fi
    measured_take
}

# layer_convert I TYPE OUT: the same, but OUT has another compression than layer I.
layer_convert() {
    local diff_id=${layer_diff_ids[$1]} type=${layer_types[$1]} blob=${layer_blobs[$1]}
    progress_expect_file "${layer_files[$1]}"
    stage_from "${layer_files[$1]}" stage "$shasum_tee" "${progress[@]}" -o /dev/null \
        ${blob:+--expect="$blob"} |
        decompress "$type" |
        stage "$shasum_tee" -q --json -o "$spool/tar.digest" ${diff_id:+--expect="$diff_id"} |
        compress "$2" |
        stage "$shasum_tee" -q --json -o "$spool/blob.digest" >"$3"
    verdict "${PIPESTATUS[*]}" shasum-tee "$type" shasum-tee "$2" shasum-tee || return
    measured_take
}

# layer_unpack I DIR [OPTION...]: unpacks layer I if both of its digests hold.
layer_unpack() {
    local i=$1 dir=$2
    shift 2
    progress_expect_file "${layer_files[i]}"
    stage_from "${layer_files[i]}" stage "$shasum_tee" "${progress[@]}" -o /dev/null \
        --expect="${layer_blobs[i]}" |
        decompress "${layer_types[i]}" |
        stage "$tarunpack" ${option[quiet]+-q} "$@" --expect="${layer_diff_ids[i]}" -- "$dir"
    unpack_verdict "${layer_names[i]}" "${layer_diff_ids[i]}" "${PIPESTATUS[*]}" \
        shasum-tee "${layer_types[i]}" tarunpack
}

# layer_compare I KEY...: compares these measured values with the known ones of layer I; returns 1 if one
# is different.
layer_compare() {
    local i=$1 key result=0
    local -A known=(
        [digest]=${layer_diff_ids[i]} [size_bytes]=${layer_tar_sizes[i]}
        [compressed_size_bytes]=${layer_sizes[i]} [file_count]=${layer_entries[i]}
    )
    for key in "${@:2}"; do
        [[ ${known[$key]} && ${measured[$key]-} && ${known[$key]} != "${measured[$key]}" ]] || continue
        say "${layer_names[i]}: $key is ${measured[$key]}, but ${known[$key]} in ${layer_sources[i]}"
        result=1
    done
    return "$result"
}

# layer_learn I: compares layer I with what layer_copy() or layer_convert() measured, which then replaces
# what was known. Returns an exit status.
layer_learn() {
    local keys=(digest)
    # It is another one if it was converted.
    [[ ${layer_blobs[$1]} != "${measured[compressed_digest]}" ]] || keys+=(compressed_size_bytes)
    layer_compare "$1" "${keys[@]}" || return 4
    layer_blobs[$1]=${measured[compressed_digest]}
    layer_sizes[$1]=${measured[compressed_size_bytes]}
    layer_diff_ids[$1]=${measured[digest]}
}

# layer_blame I STATUS: says which layer failed; returns the status.
layer_blame() {
    case $2 in
    0 | 2) ;;
    3) say "${layer_names[$1]}: is malformed" ;;
    4) say "${layer_names[$1]}: a digest does not match" ;;
    *) say "${layer_names[$1]}: failed" ;;
    esac
    return "$2"
}
