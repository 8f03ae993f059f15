# shellcheck shell=bash
#
# OCI image layouts that are written: built in the spool, then made the directory that is to appear,
# or moved into the layout that stands, index.json last.

part core/names image/image layer/metadata

layer_media_type=application/vnd.oci.image.layer.v1
config_media_type=application/vnd.oci.image.config.v1+json
manifest_media_type=application/vnd.oci.image.manifest.v1+json

# Where the new image goes, as layout_place() found.
layout=     # oci:DIR:TAG, for messages
layout_dir= # DIR
layout_tag=
layout_stands= # DIR is there

# layout_place REFERENCE: takes oci:DIR[:TAG] apart, and sets `place` and `name` for the spool: in DIR if
# that is there, else beside it. Ends the driver where no layout can be written.
layout_place() {
    local image image_dir image_tag
    image=$(printable "$1")
    reference_split "$1"
    while [[ $image_dir == *?/ ]]; do
        image_dir=${image_dir%/}
    done
    layout=$image layout_dir=$image_dir layout_tag=${image_tag:-latest}
    if [[ -d $layout_dir ]]; then
        layout_may_take
        layout_stands=yes place=$layout_dir/ name=oci
    elif [[ -e $layout_dir || -L $layout_dir ]]; then
        die 1 "$layout: $(printable "$layout_dir") is not a directory"
    else
        path_split "$layout_dir"
        [[ -d $place ]] || die 1 "$layout: the directory above it does not exist"
    fi
}

# Ends the driver unless the directory that stands is an image layout or empty.
layout_may_take() {
    if [[ -e $image_dir/index.json ]]; then
        layout_expect
        document_parse index.json 'object
            | check(.schemaVersion == 2 and (.manifests | type) == "array"
                and all(.manifests[]; type == "object"); "is malformed") | 0' \
            <"$image_dir/index.json" >/dev/null || exit
        # Without it: what a run has left that did not come to its end.
    elif [[ $(attempt find "$image_dir/" -mindepth 1 -maxdepth 1 ! -name '.*.zlsnap-??????' \
        ! -name blobs ! -name oci-layout -print -quit) ]]; then
        die 1 "$image: $(printable "$image_dir") is neither an OCI image layout nor empty"
    fi
}

layout_start() {
    attempt mkdir -p -- "$spool/layout/blobs/sha256"
    printf '{"imageLayoutVersion":"1.0.0"}\n' | store "$spool/layout/oci-layout" ||
        exit
}

# layout_path DIGEST: prints where the blob lies in the new layout.
layout_path() {
    printf '%s/layout/blobs/%s/%s' "$spool" "${1%%:*}" "${1#*:}"
}

# layout_add_layer I copy|link|symlink [COMPRESSION]: verifies layer I and brings its blob to the new
# layout, as a copy or a link. With gzip as COMPRESSION, what zstd compressed is compressed by gzip,
# which every client reads. Returns a status.
layout_add_layer() {
    local i=$1 how=$2 blob file
    [[ ${3-} != gzip || ${layer_types[i]} != zstd ]] || how=convert
    case $how in
    convert) layer_convert "$i" gzip "$spool/blob" ;;
    copy) layer_copy "$i" "$spool/blob" ;;
    *) layer_copy "$i" /dev/null ;;
    esac
    layer_blame "$i" "$?" || return
    layer_learn "$i" || return
    blob=$(layout_path "${layer_blobs[i]}")
    case $how in
    copy | convert) attempt mv -fT -- "$spool/blob" "$blob" ;;
    link) [[ $blob -ef ${layer_files[i]} ]] || attempt ln -fT -- "${layer_files[i]}" "$blob" ;;
    symlink)
        path_of file realpath -- "${layer_files[i]}"
        attempt ln -sfT -- "$file" "$blob"
        ;;
    esac
    [[ $how != convert ]] || layer_types[i]=gzip layer_annotations[i]="{}"
}

# Stores the manifest and the config of the image that was read, as they are; prints the manifest's
# descriptor.
layout_add_read_image() {
    local type
    read -r type _ <<<"$image_config"
    document_print 'the config' "$image_config" | layout_add_document "$type" >/dev/null || exit
    read -r type _ <<<"$image_manifest"
    document_print 'the manifest' "$image_manifest" | layout_add_document "$type" || exit
}

# layout_add_document MEDIA-TYPE: stores standard input as a blob and prints its descriptor.
layout_add_document() {
    local digest size
    store "$spool/document"
    "$shasum_tee" -q --json -o "$spool/document.digest" <"$spool/document" >/dev/null || exit
    digest=$(measured document.digest digest) || exit
    size=$(measured document.digest size) || exit
    attempt mv -fT -- "$spool/document" "$(layout_path "$digest")"
    printf '%s\n' "$1 $digest $size"
}

# layers_json CREATED: prints the layers as a JSON array. Those that have no date of their own, and all
# of them where SOURCE_DATE_EPOCH is set, have that of the image.
layers_json() {
    local i date
    for i in "${!layer_files[@]}"; do
        date=${layer_created[i]:-$1}
        [[ ! ${SOURCE_DATE_EPOCH-} ]] || date=$1
        printf '%s\n' "${layer_types[i]}" "${layer_blobs[i]}" "${layer_sizes[i]}" \
            "${layer_diff_ids[i]}" "$date" "${layer_annotations[i]}"
    done | jq -Rn '[inputs] as $lines
        | [range(0; $lines | length; 6) as $i | $lines[$i:$i + 6]
            | {type: .[0], blob: .[1], size: (.[2] | tonumber), diff_id: .[3], created: .[4],
                annotations: (.[5] | fromjson)}]'
}

# layout_add_image ARCHITECTURE BASE-CONFIG BASE-LAYERS ANNOTATIONS: stores the config and the
# manifest for the layers; prints the manifest's descriptor. BASE-CONFIG is that of the image that
# the first BASE-LAYERS layers are from, or empty.
layout_add_image() {
    local created layers config
    created=$(created_at)
    layers=$(layers_json "$created") || die 1 "$layout: the layers can't be described"
    config=$(
        printf '%s\n' "${2:-null}" "$layers" |
            jq -sc --arg created "$created" --arg architecture "$1" --argjson kept "$3" \
                "$config_made" |
            layout_add_document "$config_media_type"
    ) || die 1 "$layout: the config can't be written"
    printf '%s\n' "$layers" |
        jq -c --arg created "$created" --argjson annotations "$4" --arg config "$config" \
            --arg type "$manifest_media_type" --arg layer_type "$layer_media_type" \
            "$descriptor_made $manifest_made" |
        layout_add_document "$manifest_media_type" || die 1 "$layout: the manifest can't be written"
}

# The history of the layers that a base image has is kept; where it tells of fewer, what is missing
# is empty, for the number has to be that of the layers.
config_made='
    .[0] as $base | .[1] as $layers
    | [$base.history[]? | select(.empty_layer | not)] as $told
    | ($base // {})
    | .created = $created
    | .architecture = ($base.architecture // $architecture)
    | .os = ($base.os // "linux")
    | .config = ($base.config // {})
    | .rootfs = {type: "layers", diff_ids: [$layers[].diff_id]}
    | .history = ([$base.history[]?] + [range($told | length; $kept) | {}]
        + [$layers[$kept:][] | {created, created_by: "zlsnap"}])'

# From words to JSON.
descriptor_made='
    def descriptor: (. / " ") | {mediaType: .[0], digest: .[1], size: (.[2] | tonumber)};'

manifest_made='{
    schemaVersion: 2,
    mediaType: $type,
    config: ($config | descriptor),
    layers: [.[]
        | {mediaType: ($layer_type + {tar: ".tar", gzip: ".tar+gzip", zstd: ".tar+zstd"}[.type]),
            digest: .blob, size}
        + if .annotations == {} then {} else {annotations} end],
    annotations: ({"org.opencontainers.image.created": $created} + $annotations)
}'

# layout_index DESCRIPTOR TAG: reads an index, or nothing; prints it with the image under this name.
layout_index() {
    jq -sc --arg image "$1" --arg tag "$2" "$descriptor_made"'
        "org.opencontainers.image.ref.name" as $name
        | (.[0] // {schemaVersion: 2, manifests: []})
        | .manifests = [.manifests[]
                | select(((.annotations | objects | .[$name]) // null) != $tag)]
            + [($image | descriptor) + {annotations: {($name): $tag}}]' ||
        die 1 "$layout: jq failed on index.json"
}

# layout_lock DIR: locks it until the driver, or the subshell, ends.
layout_lock() {
    local lock
    { exec {lock}<"$1" && flock "$lock"; } 2>/dev/null ||
        warn "$layout: cannot be locked: of two images that are added at once one may be lost"
}

# layout_publish DESCRIPTOR: makes the image in the spool one of the layout. What has begun is
# finished, also when a signal comes.
layout_publish() {
    [[ $layout_stands ]] || layout_lock "$place"
    # Another one may have made it meanwhile.
    if [[ -d $layout_dir ]]; then
        layout_stands=yes
        layout_lock "$layout_dir"
        image=$layout image_dir=$layout_dir layout_may_take
    fi
    (
        trap '' TERM INT HUP QUIT
        if [[ $layout_stands ]]; then
            layout_extend "$1"
        else
            layout_appear "$1"
        fi
    )
}

# layout_appear DESCRIPTOR: a layout of its own appears, whole.
layout_appear() {
    layout_index "$1" "$layout_tag" </dev/null | store "$spool/layout/index.json" ||
        exit
    attempt find "$spool/layout" -exec sync -- {} +
    attempt mv -T -- "$spool/layout" "$layout_dir"
    attempt sync -- "$place"
}

# layout_extend DESCRIPTOR: blobs first, so that at every instant what index.json names is there.
layout_extend() {
    local blob to
    # All that needs room comes first.
    if [[ -e $layout_dir/index.json ]]; then
        layout_index "$1" "$layout_tag" <"$layout_dir/index.json"
    else
        layout_index "$1" "$layout_tag" </dev/null
    fi | store "$spool/index.json" || exit
    attempt find "$spool/layout" "$spool/index.json" -exec sync -- {} +
    to=$layout_dir/blobs/sha256
    attempt mkdir -p -- "$to"
    for blob in "$spool/layout/blobs/sha256"/*; do
        attempt mv -fT -- "$blob" "$to/${blob##*/}"
    done
    [[ -e $layout_dir/oci-layout ]] ||
        attempt mv -fT -- "$spool/layout/oci-layout" "$layout_dir/oci-layout"
    attempt sync -- "$to" "$layout_dir/blobs"
    attempt mv -fT -- "$spool/index.json" "$layout_dir/index.json"
    attempt sync -- "$layout_dir"
}
