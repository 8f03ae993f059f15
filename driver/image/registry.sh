# shellcheck shell=bash
#
# zlsnap push and pull, docker://: skopeo copies between a registry and an image layout in the spool. skopeo
# checks blob digests, but no diffIDs, and it does not read a blob that the registry already has. So all
# layers are verified here, before anything is sent or appears.

part core/options core/spool image/oci image/archive layer/pack

# The options for skopeo and for its copying; file names in them are absolute.
skopeo_general=()
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
        options_refuse 'a layer' platform
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
    if [[ $1 == src && ${option[platform]+given} ]]; then
        platform_read
        skopeo_general=("--override-os=${option[platform]%%/*}" "--override-arch=$(cut -d / -f 2 <<<"${option[platform]}")")
        [[ ${option[platform]} != */*/* ]] || skopeo_general+=("--override-variant=${option[platform]##*/}")
    fi
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
    skopeo_copy "$2" --preserve-digests oci:layout "$2"
    result_write "$descriptor"
}

# pull_all REMOTE IMAGE|LAYER: skopeo copies to a directory in the spool, where it changes nothing.
pull_all() {
    local i descriptor pulled_index=
    skopeo_copy "$1" --preserve-digests "$1" dir:pulled
    image=$(printable "$1")
    pull_layout "$@"
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
    if [[ $pulled_index ]]; then
        read -r i _ <<<"$pulled_index"
        descriptor=$(document_print 'the index' "$pulled_index" | layout_add_document "$i") || exit
    fi
    result_write "$descriptor"
    layout_publish "$descriptor"
}

# The media type of a manifest, which OCI does not require to be in it.
manifest_type='(.mediaType | select(type == "string" and word)) // (if .schemaVersion == 1 then "application/vnd.docker.distribution.manifest.v1+json"
    elif .manifests then "application/vnd.oci.image.index.v1+json" else "application/vnd.oci.image.manifest.v1+json" end)'

# pull_layout REMOTE IMAGE|LAYER: makes an image layout of what skopeo copied, and sets image_dir, image_manifest and
# image_digests. An image of Docker that was asked for by its digest keeps it; else its manifest becomes that of OCI.
# Of an index that was asked for by its digest, only the image for the platform was copied; the index is kept, too, as
# pulled_index.
pull_layout() {
    local blob digest wanted=${1##*@} type
    image_dir=$spool/converted
    attempt mkdir -p -- "$image_dir/blobs/sha256"
    printf '{"imageLayoutVersion":"1.0.0"}\n' | store "$image_dir/oci-layout" || exit
    type=$(pulled_type "$spool/pulled/manifest.json") || exit
    archive_blob blob "$type" "$spool/pulled/manifest.json"
    read -r _ digest _ <<<"$blob"
    if [[ $type == *docker*.v1+* || ($type == *docker* && $wanted == "$1" && $2 == oci:*) ]]; then
        pull_converted "$1" "$digest"
        return
    fi
    attempt find "$spool/pulled" -type f -regextype posix-extended -regex '.*/[0-9a-f]{64}' \
        -exec ln -f -t "$image_dir/blobs/sha256" -- {} +
    if [[ $wanted != "$1" && $wanted != "$digest" ]]; then
        skopeo_inspect "$1" >"$spool/index" || exit
        archive_blob pulled_index "$(pulled_type "$spool/index")" "$spool/index"
        read -r _ blob _ <<<"$pulled_index"
        [[ $blob == "$wanted" ]] || die 4 "$image: a digest does not match, $wanted"
        blob=$pulled_index
    fi
    index_make "$blob" image | store "$image_dir/index.json" || exit
    image_find "@$digest"
}

# pull_converted REMOTE DIGEST: lets skopeo convert the manifest, which had this digest, to that of OCI.
pull_converted() {
    skopeo_copy "$1" --dest-oci-accept-uncompressed-layers dir:pulled oci:oci:image
    image_dir=$spool/oci
    layout_expect
    image_find image
    [[ ${image_digests##*$'\n'} == "$2" ]] || warn "$image: its manifest is not one of OCI: in the registry the digest \
is $2, here it is ${image_digests##*$'\n'} (pull it by @DIGEST to keep it)"
}

# pulled_type FILE: prints the media type of a manifest or an index.
pulled_type() {
    document_expect_small "$1" 'its manifest'
    documents_parse 'the manifest' "of(\"the manifest\"; object | $manifest_type)" --slurp <"$1"
}

# skopeo_inspect REMOTE: prints its manifest or index.
skopeo_inspect() {
    local policy=() said
    skopeo_policy
    skopeo "${policy[@]}" inspect --raw "${skopeo_options[@]/--src-/--}" "$1" 2>"$spool/said" || {
        said=$(<"$spool/said")
        die 1 "$image: $(printable "${said##*$'\n'}")"
    }
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
    layer_verify 0 "${layer_diff_ids[0]}" wc_entries
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

# Sets the caller's array policy: skopeo needs a policy, and not every distribution installs one.
skopeo_policy() {
    [[ -e ${HOME-}/.config/containers/policy.json || -e /etc/containers/policy.json ]] ||
        policy=(--insecure-policy)
}

# skopeo_copy REMOTE OPTION... FROM TO: runs skopeo in the spool, since it accepts no colon in the name of a
# directory. REMOTE is for messages.
skopeo_copy() {
    local said policy=() problem status=1
    skopeo_policy
    said=$(cd -- "$spool" && skopeo "${policy[@]}" "${skopeo_general[@]}" copy -q "${skopeo_options[@]}" "${@:2}" 2>&1 >/dev/null) &&
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
