# shellcheck shell=bash
#
# zlsnap push and pull, docker://: skopeo between a registry and an image layout in the spool. skopeo holds blobs
# against their digests, but never looks at diffIDs, and does not read a blob that the registry has
# already: all layers are verified here, before the first byte is sent, or before anything appears.

part image/oci layer/pack

push_to_registry() {
    local annotations architecture shasum_tee
    remote_check
    image_options_read
    if [[ $source == oci:* ]]; then
        [[ ! ${option[compression]-}${option[arch]-}${passed[*]} ]] || usage_error \
            "an image is pushed as it is: '--compression', '--arch' and '--annotation' are for a LAYER"
    else
        ! is_input "$source" || usage_error 'a LAYER that is pushed is a file: it is read twice'
        (layer_expect "$source") || exit
    fi
    registry_options_read dest
    programs_expect zstd jq flock
    skopeo_expect
    shasum_tee=$(program shasum-tee) || exit
    spool_make "$(temporary_place)" zlsnap-push
    run push_all || exit
    result_print
}

pull_from_registry() {
    local layer place name shasum_tee tarunpack zstd_options
    remote_check
    registry_options_read src
    source_date_check
    programs_expect zstd jq flock
    if [[ $target == oci:* ]]; then
        layout_place "$target"
    else
        layer=$target
        layer_place
        layer_check
    fi
    skopeo_expect
    shasum_tee=$(program shasum-tee) || exit
    tarunpack=$(program tarunpack) || exit
    spool_make "$place" "$name"
    run pull_all || exit
    result_print
}

# Ends the driver unless `remote` is a reference to an image in a registry.
remote_check() {
    [[ $remote =~ ^docker://[A-Za-z0-9][A-Za-z0-9.:_-]*(/[A-Za-z0-9._-]+)+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})?$ ]] ||
        usage_error "'$(printable "$remote")' is no image in a registry, docker://HOST/NAME:TAG"
}

# Sets skopeo_options; names of files are absolute in them.
registry_options_read() {
    local file=${option[authfile]-${REGISTRY_AUTH_FILE-}} dir
    number_check retries "${option[retries]-3}" 0 100
    [[ ${option[tls-verify]-true} =~ ^(true|false)$ ]] ||
        usage_error "option '--tls-verify' takes true or false"
    skopeo_options=(--retry-times="${option[retries]-3}"
        "--$1-tls-verify=${option[tls-verify]-true}")
    if [[ $file ]]; then
        [[ -r $file ]] || die 1 "$(printable "$file"): there is no such file of credentials"
        path_of file realpath -- "$file"
        skopeo_options+=(--authfile="$file")
    fi
    if [[ ${option[cert-dir]-} ]]; then
        path_of dir realpath -m -- "${option[cert-dir]}"
        skopeo_options+=("--$1-cert-dir=$dir")
    fi
}

skopeo_expect() {
    type -P skopeo >/dev/null ||
        die 1 'skopeo not found on the PATH; push and pull need it: install the package skopeo'
}

# All of a push: skopeo copies from an image layout of links to the verified blobs.
push_all() {
    local i descriptor layout=$remote
    if [[ $source == oci:* ]]; then
        image_open "$source"
    else
        layer_add "$source"
    fi
    decompressors_expect
    layout_start
    for i in "${!layer_files[@]}"; do
        layout_add_layer "$i" symlink "${option[compression]-}" || return
    done
    if [[ $source == oci:* ]]; then
        descriptor=$(layout_add_read_image) || exit
    else
        descriptor=$(layout_add_image "$architecture" '' 0 "$annotations") || exit
    fi
    layout_index "$descriptor" image </dev/null |
        store "$spool/layout/index.json" || exit
    skopeo_copy --preserve-digests oci:layout:image "$remote"
    result_write "$descriptor"
}

# All of a pull: skopeo copies to an image layout in the spool.
pull_all() {
    local image image_dir=$spool/pulled i descriptor
    skopeo_copy --dest-oci-accept-uncompressed-layers "$remote" oci:pulled:image
    image=$(printable "$remote")
    layout_expect
    image_find image
    image_read
    decompressors_expect
    if [[ $target != oci:* ]]; then
        pull_layer
        return
    fi
    layout_start
    for i in "${!layer_files[@]}"; do
        layout_add_layer "$i" link || return
    done
    descriptor=$(layout_add_read_image) || exit
    result_write "$descriptor"
    layout_publish "$descriptor"
}

# The one layer of the image that was pulled becomes LAYER. One that is not compressed by zstd is
# compressed anew.
pull_layer() {
    local compression entries created
    ((${#layer_files[@]} == 1)) ||
        die 1 "$image: has ${#layer_files[@]} layers, and a LAYER is one; to oci:DIR all can be pulled"
    if [[ ${layer_types[0]} == zstd ]]; then
        compression=$(compression_told) || die 1 "$image: its annotations cannot be read"
        layer_copy 0 /dev/null && tar_digest_write &&
            attempt mv -fT -- "${layer_files[0]}" "$spool/layer"
    else
        zstd_options_read
        compression=$(compression_made "${zstd_options[@]}")
        layer_convert 0 zstd "$spool/layer"
    fi
    layer_blame 0 "$?" || return
    layer_learn 0 || return
    layer_files[0]=$spool/layer layer_types[0]=zstd
    entries=$(layer_verify 0)
    layer_blame 0 "$?" || return
    printf '{"entries":%d}\n' "$entries" | store "$spool/summary" || exit
    created=$(image_created) || exit
    create_metadata "$created" "$compression" | store "$spool/result" ||
        exit
    publish
}

# What shasum-tee --zstd measured of the tar gets a file of its own, as the other pipes leave it.
tar_digest_write() {
    printf '{"digest":"%s","size":%s}\n' "$(measured blob.digest diff_id)" \
        "$(measured blob.digest diff_size)" | store "$spool/tar.digest" || exit
}

# What zlsnap oci wrote down of how the layer was compressed, or that it is not known.
compression_told() {
    jq -c 'def text: type == "string" and test("\\A[ -~]*\\z");
        try (.["org.zlsnap.compression"] | fromjson | {program, version, options}
            | select((.program | text) and (.version | text)
                and (.options | type == "array" and all(text)))) catch empty
        // {program: "zstd", version: "unknown", options: []}' <<<"${layer_annotations[0]}"
}

# Prints when the image's last layer was made, if the config says so, or now.
image_created() {
    local date
    date=$(document_print 'the config' "$image_config" |
        jq -r '[.history[]?.created?, .created?] | map(strings) | first // ""') ||
        die 1 "$image: the config cannot be read"
    if is_date "$date" && [[ ! ${SOURCE_DATE_EPOCH-} ]]; then
        printf '%s' "$date"
    else
        created_at
    fi
}

# skopeo_copy OPTION... FROM TO: runs skopeo in the spool, since no name of a directory that it takes
# may have a colon. What it says last is the message.
skopeo_copy() {
    local said policy=() problem status=1
    # Debian's has a policy, others' users have to write one before skopeo does anything.
    [[ -e ${HOME-}/.config/containers/policy.json || -e /etc/containers/policy.json ]] ||
        policy=(--insecure-policy)
    said=$(cd -- "$spool" && skopeo "${policy[@]}" copy -q "${skopeo_options[@]}" "$@" 2>&1 >/dev/null) &&
        return
    problem=${said##*$'\n'}
    [[ ! $problem =~ msg=\"(.*)\"$ ]] || problem=${BASH_REMATCH[1]}
    problem=${problem//\\\"/\"}
    case $problem in
    *'connection refused' | *'no such host' | *'i/o timeout' | *'network is unreachable' | \
        *'no route to host') problem=${problem##*dial tcp} problem=${problem#:} problem="no server:$problem" ;;
    *'Digest did not match'*) problem="a digest does not match, sha256:${problem##*sha256:}" status=4 ;;
    '') problem='skopeo failed without a word' ;;
    *'gave HTTP response to HTTPS client'*)
        problem='the server speaks no TLS (--tls-verify=false does without)' ;;
    *'x509: '*) problem="TLS: ${problem##*x509: } (--cert-dir, --tls-verify=false)" ;;
    *unauthorized* | *'authentication required'* | *'access to the resource is denied'*)
        problem='the credentials are missing or wrong (--authfile, skopeo login)' ;;
    *'manifest unknown'*) problem='there is no such image' ;;
    *'name unknown'*) problem='there is no such repository' ;;
    *'no space left on device'*) problem="no space left: ${problem##*: }" ;;
    esac
    die "$status" "$remote: $(printable "$problem")"
}
