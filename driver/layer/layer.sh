# shellcheck shell=bash
#
# A LAYER that is read: the operand, the expected digest, and how it is unpacked.

part core/programs core/processes core/pipe core/progress layer/metadata

# The LAYER, set by layer_open(): its path, or "-" for standard input; and the path of its LAYER.json,
# which may not exist, empty for standard input.
layer=
layer_json=

# layer_open LAYER: ends the driver unless the LAYER can be read.
layer_open() {
    local shown
    layer=$1 layer_json=
    if is_input "$layer"; then
        layer=-
        input_take 'a layer is'
        [[ ! -d /proc/self/fd/$input ]] || die 1 "$1: is a directory, not a layer"
        return
    fi
    shown=$(printable "$layer")
    [[ ! $layer =~ ^(oci|oci-archive|docker-archive):|^docker:// ]] ||
        usage_error "LAYER must be a file, not an image: '$shown'"
    [[ $layer != -* ]] || layer=./$layer
    layer_json=$layer.json
    [[ -e $layer ]] || die 1 "$shown: no such file"
    [[ ! -d $layer ]] || die 1 "$shown: is a directory, not a layer"
    [[ -r $layer ]] || die 1 "$shown: permission denied"
}

# expected_read VARIABLE [ADVICE]: sets the variable to the expected digest of the tar, from --expect or
# LAYER.json; empty with --no-verify. If there is none, ADVICE says what to do.
expected_read() {
    local digest=${option[expect]-}
    if [[ ${option[no-verify]-} ]]; then
        [[ ! ${option[expect]+given} ]] ||
            usage_error '--expect and --no-verify exclude each other'
        compression_check
    elif [[ ${option[expect]+given} ]]; then # even if empty
        digest_check
    else
        [[ -e $layer_json ]] || digest_missing "${@:2}"
        programs_expect jq
        metadata_read "$layer_json"
        digest=${metadata[digest]}
    fi
    printf -v "$1" '%s' "$digest"
}

# Returns 4 if the layer is shorter than LAYER.json says, which explains more than the digests of a part would.
truncation_check() {
    local size
    [[ ${metadata[compressed_size_bytes]-} =~ ^[0-9]+$ && -f $layer ]] || return 0
    file_size size "$layer"
    ((size < metadata[compressed_size_bytes])) || return 0
    say "$(printable "$layer"): is truncated: it has $size bytes, but ${metadata[compressed_size_bytes]} in LAYER.json"
    return 4
}

# Ends the driver if the layer does not begin as a compressed one does: the messages of zstd and tarunpack
# would not say what the file is. Only a regular file can be read twice.
compression_check() {
    local shown magic
    [[ $layer != - && -f $layer ]] || return 0
    shown=$(printable "$layer")
    magic=$(head -c 4 -- "$layer" | od -An -v -tx1 | tr -d ' \n') || die 1 "$shown: cannot be read"
    case $magic in
    28b52ffd | 5?2a4d18) ;;
    1f8b*) ;; # gzip, which zstd may be built to read
    '') die 3 "$shown: is empty; a layer is a tar that zstd compressed" ;;
    *) die 3 "$shown: is not a layer: zstd did not compress it (for a plain tar, use tarunpack --list <FILE)" ;;
    esac
}

# digest_missing [ADVICE]
digest_missing() {
    local why='standard input has no LAYER.json'
    [[ ! $layer_json ]] || why="there is no $(printable "$layer_json")"
    usage_error "$why${1+: $1}"
}

digest_check() {
    [[ ${option[expect]} =~ ^(sha256:)?[0-9a-f]{64}$ ||
        ${option[expect]} =~ ^sha384:[0-9a-f]{96}$ ||
        ${option[expect]} =~ ^sha512:[0-9a-f]{128}$ ]] ||
        usage_error "option '--expect' takes a digest, HEX or sha256:HEX in lower case"
}

# digest_recognise STATUS: if the digest in --expect does not match, says which other digest of the layer it is.
# Returns the status.
digest_recognise() {
    local kind='' hex=${option[expect]-}
    hex=${hex#sha256:}
    if [[ $1 -eq 4 && ${#hex} -eq 64 && $layer != - && -f $layer ]]; then
        case $hex in
        "$(digest_of cat)") kind='of the compressed file' ;;
        "$(digest_of digest_stage --manifest)") kind='that zlsnap digest prints, of the tree' ;;
        "$(digest_of digest_stage --manifest=time)") kind='that zlsnap digest --time prints, of the tree' ;;
        esac
        [[ ! $kind ]] || say "$hex is the digest $kind; --expect takes that of the tar"
    fi
    return "$1"
}

# digest_of COMMAND...: prints the SHA-256 of what the command prints of the layer.
digest_of() {
    "$@" <"$layer" 2>/dev/null | sha256sum | cut -d ' ' -f 1
}

# digest_stage --manifest[=time]
digest_stage() {
    zstd -q -dc | "$tarunpack" -q --list "$1"
}

# unpack EXPECTED ARGUMENT...: decompresses the layer into a tarunpack with these arguments; the last one
# is the directory, for the summary.
unpack() {
    local pipe=unpack_pipe
    truncation_check || return
    programs_expect zstd
    programs_find tarunpack
    if [[ $drawn ]]; then
        programs_find shasum-tee
        pipe=unpack_pipe_drawn
    fi
    run "$pipe" "$1" ${option[quiet]+-q} ${1:+--expect="$1"} "${@:2}"
}

# unpack_pipe EXPECTED ARGUMENT...
unpack_pipe() {
    stage_from "$layer" stage_unzstd | stage "$tarunpack" "${@:2}"
    unpack_verdict "$layer" "$1" "${PIPESTATUS[*]}" zstd tarunpack
}

# unpack_pipe_drawn EXPECTED ARGUMENT...: the same with the progress line and the summary.
unpack_pipe_drawn() {
    local reports key entries='' size='' bytes=''
    progress_expect_file "$layer"
    reports=$(
        {
            stage_from "$layer" stage "$shasum_tee" "${progress[@]}" --json -o /dev/fd/5 |
                stage_unzstd 5>&- |
                stage "$tarunpack" --summary=/dev/fd/5 "${@:2}"
            printf '%s\n' "${PIPESTATUS[*]}" >&5
        } 5>&1 >/dev/null
    )
    unpack_verdict "$layer" "$1" "${reports##*$'\n'}" shasum-tee zstd tarunpack || return
    for key in entries size bytes; do
        json_value "$key" "$reports" "$key"
    done
    summary_say "${!#}" "$entries" "$size" "$bytes" "$1"
}
