# shellcheck shell=bash
#
# zlsnap push and pull, docker://: skopeo copies between a registry and an image layout in the spool. skopeo
# checks blob digests, but no diffIDs, and it does not read a blob that the registry already has. So all
# layers are verified here, before anything is sent or appears.

part core/options core/spool image/oci layer/pack

# The options for skopeo; file names in them are absolute.
skopeo_options=()

# push_to_registry IMAGE|LAYER REMOTE
push_to_registry() {
    remote_check "$2"
    image_options_read
    if is_image "$1"; then
        [[ ! ${option[compression]-}${option[arch]-}${passed[*]} ]] || usage_error \
            "an image is pushed as it is: '--compression', '--arch' and '--annotation' are for a LAYER"
        archive_expect "$1"
    else
        ! is_input "$1" || usage_error 'push needs a file as LAYER: it is read twice'
        layer_open "$1"
    fi
    registry_options_read dest
    programs_expect zstd jq flock
    skopeo_expect
    programs_find shasum-tee
    spool_make "$(temporary_place)" zlsnap-push
    run push_all "$1" "$2" || exit
    result_print
}

# pull_from_registry REMOTE IMAGE|LAYER
pull_from_registry() {
    local place name
    remote_check "$1"
    registry_options_read src
    source_date_check
    programs_expect zstd jq flock
    if [[ $2 == oci:* ]]; then
        layout_read "$2"
        place=$layout_place name=$layout_name
    else
        output_read "$2"
        place=$output_place name=$output_name
    fi
    skopeo_expect
    programs_find shasum-tee tarunpack
    spool_make "$place" "$name"
    run pull_all "$1" "$2" || exit
    result_print
}

# remote_check REMOTE: ends the driver unless it is a reference to an image in a registry.
remote_check() {
    [[ $1 =~ ^docker://[A-Za-z0-9][A-Za-z0-9.:_-]*(/[A-Za-z0-9._-]+)+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})?$ ]] ||
        usage_error "'$(printable "$1")' is not an image in a registry, docker://HOST/NAME:TAG"
}

# registry_options_read src|dest: sets skopeo_options.
registry_options_read() {
    local file=${option[authfile]-${REGISTRY_AUTH_FILE-}} dir
    number_check retries "${option[retries]-3}" 0 100
    [[ ${option[tls-verify]-true} =~ ^(true|false)$ ]] ||
        usage_error "option '--tls-verify' takes true or false"
    skopeo_options=(--retry-times="${option[retries]-3}"
        "--$1-tls-verify=${option[tls-verify]-true}")
    if [[ $file ]]; then
        [[ -r $file ]] || die 1 "$(printable "$file"): this file of credentials cannot be read"
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

# push_all IMAGE|LAYER REMOTE: skopeo copies from a layout with links to the verified blobs.
push_all() {
    local i descriptor
    layout=$2
    if is_image "$1"; then
        image_open "$1"
    else
        layer_add "$layer" "$layer_json" "$1"
    fi
    decompressors_expect
    layout_start
    for i in "${!layer_files[@]}"; do
        layout_add_layer "$i" symlink "${option[compression]-}" || return
    done
    if is_image "$1"; then
        descriptor=$(layout_add_read_image) || exit
    else
        descriptor=$(layout_add_image "$image_architecture" '' 0 "$image_annotations") || exit
    fi
    index_make "$descriptor" image | store "$spool/layout/index.json" || exit
    skopeo_copy "$2" --preserve-digests oci:layout:image "$2"
    result_write "$descriptor"
}

# pull_all REMOTE IMAGE|LAYER: skopeo copies to a layout in the spool.
pull_all() {
    local i descriptor
    skopeo_copy "$1" --dest-oci-accept-uncompressed-layers "$1" oci:pulled:image
    image=$(printable "$1") image_dir=$spool/pulled
    layout_expect
    image_find image
    image_read
    decompressors_expect
    if [[ $2 != oci:* ]]; then
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

# Makes LAYER of the single layer of the image. If zstd did not compress it, it is converted.
pull_layer() {
    local compression created=$image_created
    ((${#layer_files[@]} == 1)) ||
        die 1 "$image: the image has ${#layer_files[@]} layers; pull it to oci:DIR instead"
    if [[ ${layer_types[0]} == zstd ]]; then
        compression=$(compression_annotated) || die 1 "$image: its annotations cannot be read"
        attempt mv -fT -- "${layer_files[0]}" "$spool/layer"
    else
        zstd_options_read
        compression=$(compression_made "${zstd_options[@]}")
        layer_convert 0 zstd "$spool/layer"
        layer_blame 0 "$?" || return
        layer_learn 0 || return
    fi
    layer_files[0]=$spool/layer layer_types[0]=zstd
    layer_verify 0 '' wc_entries
    layer_blame 0 "$?" || return
    is_date "$created" && [[ ! ${SOURCE_DATE_EPOCH-} ]] || created=$(created_at)
    metadata_store "$created" "$compression"
    attempt cp -- "$spool/json" "$spool/result"
    publish
}

# Prints how the layer was compressed, as zlsnap oci recorded it, or that this is unknown.
compression_annotated() {
    jq --argjson unknown "$compression_unknown" "$json_definitions"'
        try (.["org.zlsnap.compression"] | fromjson | {program, version, options} | select(compression))
            catch empty
        // $unknown' <<<"${layer_annotations[0]}"
}

# skopeo_copy REMOTE OPTION... FROM TO: runs skopeo in the spool, since it accepts no colon in the name of a
# directory. REMOTE is for messages.
skopeo_copy() {
    local said policy=() problem status=1
    # skopeo needs a policy, and not every distribution installs one.
    [[ -e ${HOME-}/.config/containers/policy.json || -e /etc/containers/policy.json ]] ||
        policy=(--insecure-policy)
    said=$(cd -- "$spool" && skopeo "${policy[@]}" copy -q "${skopeo_options[@]}" "${@:2}" 2>&1 >/dev/null) &&
        return
    problem=${said##*$'\n'}
    [[ ! $problem =~ msg=\"(.*)\"$ ]] || problem=${BASH_REMATCH[1]}
    problem=${problem//\\\"/\"}
    case $problem in
    *'connection refused' | *'no such host' | *'i/o timeout' | *'network is unreachable' | \
        *'no route to host') problem=${problem##*dial tcp} problem=${problem#:} problem="cannot connect:$problem" ;;
    *'Digest did not match'*) problem="a digest does not match, sha256:${problem##*sha256:}" status=4 ;;
    '') problem='skopeo failed without a message' ;;
    *'gave HTTP response to HTTPS client'*)
        problem='the server does not use TLS (--tls-verify=false allows that)' ;;
    *'x509: '*) problem="TLS: ${problem##*x509: } (--cert-dir, --tls-verify=false)" ;;
    *unauthorized* | *'authentication required'* | *'access to the resource is denied'*)
        problem='the credentials are missing or wrong (--authfile, skopeo login)' ;;
    *'manifest unknown'*) problem='no such image' ;;
    *'name unknown'*) problem='no such repository' ;;
    *'no space left on device'*) problem="no space left: ${problem##*: }" ;;
    esac
    die "$status" "$1: $(printable "$problem")"
}
