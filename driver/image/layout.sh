# shellcheck shell=bash
#
# An OCI image layout that is written: it is built in the spool, and then renamed, or moved into an existing
# layout, index.json last.

part core/spool core/names image/image layer/metadata

layer_media_type=application/vnd.oci.image.layer.v1
config_media_type=application/vnd.oci.image.config.v1+json
manifest_media_type=application/vnd.oci.image.manifest.v1+json

# The layout for the new image, set by layout_read().
layout=        # oci:DIR:TAG, for messages
layout_dir=    # DIR
layout_tag=    # TAG
layout_exists= # not empty if DIR exists
layout_place=  # where the spool has to be, and its name: in DIR, or beside it
layout_name=

# layout_read REFERENCE: ends the driver if the image cannot be stored as oci:DIR[:TAG].
layout_read() {
    image=$(printable "$1")
    reference_split image_dir layout_tag "$1"
    while [[ $image_dir == *?/ ]]; do
        image_dir=${image_dir%/}
    done
    layout=$image layout_dir=$image_dir layout_tag=${layout_tag:-latest}
    if [[ -d $layout_dir ]]; then
        layout_expect_own
        [[ ! -e $image_dir/index.json ]] || layout_parse "$index_own | empty" >/dev/null || exit
        layout_exists=yes layout_place=$layout_dir/ layout_name=oci
    elif [[ -e $layout_dir || -L $layout_dir ]]; then
        die 1 "$layout: $(printable "$layout_dir") is not a directory"
    else
        path_split layout_place layout_name "$layout_dir"
        [[ -d $layout_place ]] || die 1 "$layout: the directory above it does not exist"
    fi
}

# Ends the driver unless the existing directory, image_dir, is an image layout or empty.
layout_expect_own() {
    if [[ -e $image_dir/index.json ]]; then
        layout_expect
        # Without index.json, it may be what an interrupted run left.
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

# layout_add_layer I copy|link|symlink [COMPRESSION]: verifies layer I and adds its blob to the new layout.
# If COMPRESSION is gzip, a layer that zstd compressed is converted, for clients that cannot read zstd. For xz and
# bzip2, OCI has no media types: such a layer is converted if it is copied. Returns an exit status.
layout_add_layer() {
    local i=$1 how=$2 blob file
    [[ ${3-} != gzip || ${layer_types[i]} != zstd ]] || how=convert
    [[ $how != copy || ${layer_types[i]} != [xb]* ]] || how=convert
    case $how in
    convert) layer_convert "$i" gzip "$spool/blob" ;;
    copy) layer_copy "$i" "$spool/blob" ;;
    *) layer_copy "$i" /dev/null ;;
    esac
    layer_blame "$i" "$?" || return
    layer_learn "$i" || return
    blob=$spool/layout/blobs/${layer_blobs[i]/://}
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

# Adds the manifest and the config of the image that was read, unchanged; prints the manifest's descriptor.
layout_add_read_image() {
    local type
    read -r type _ <<<"$image_config"
    document_print 'the config' "$image_config" | layout_add_document "$type" >/dev/null || exit
    read -r type _ <<<"$image_manifest"
    document_print 'the manifest' "$image_manifest" | layout_add_document "$type" || exit
}

# layout_add_document MEDIA-TYPE: adds standard input as a blob; prints its descriptor.
layout_add_document() {
    local report
    store "$spool/document"
    report=$("$shasum_tee" -q --json -o /dev/fd/3 <"$spool/document" 3>&1 >/dev/null) || exit
    measured_read "$report"
    attempt mv -fT -- "$spool/document" "$spool/layout/blobs/${measured[compressed_digest]/://}"
    printf '%s\n' "$1 ${measured[compressed_digest]} ${measured[compressed_size_bytes]}"
}

# layers_print CREATED: prints six lines for each layer. CREATED is the date of the image, and of the layers
# that have none; with SOURCE_DATE_EPOCH, of all layers.
layers_print() {
    local i date
    for i in "${!layer_files[@]}"; do
        date=${layer_created[i]:-$1}
        [[ ! ${SOURCE_DATE_EPOCH-} ]] || date=$1
        printf '%s\n' "${layer_types[i]}" "${layer_blobs[i]}" "${layer_sizes[i]}" \
            "${layer_diff_ids[i]}" "$date" "${layer_annotations[i]}"
    done
}

# layout_add_image ARCHITECTURE BASE-CONFIG BASE-LAYERS ANNOTATIONS: adds a config and a manifest for the
# layers; prints the manifest's descriptor. BASE-CONFIG is the config of the base image, whose layers are
# the first BASE-LAYERS, or empty.
layout_add_image() {
    local created documents config
    created=$(created_at)
    documents=$({ layers_print "$created" && printf '%s\n' "${2:-null}"; } |
        jq -nRrc --arg created "$created" --arg architecture "$1" --argjson kept "$3" \
            --argjson annotations "$4" --argjson count "${#layer_files[@]}" --arg type "$manifest_media_type" \
            --arg layer_type "$layer_media_type" "$image_made") ||
        die 1 "$layout: the layers cannot be described"
    config=$(layout_add_document "$config_media_type" <<<"${documents%%$'\n'*}") || exit
    config=$(descriptor_json "$config")
    documents=${documents#*$'\n'}
    layout_add_document "$manifest_media_type" <<<"${documents/'"config":null'/"\"config\":$config"}"
}

# Prints the config, and the manifest without the descriptor of the config. The history of the base image is
# kept. It has to have an entry for each layer: missing ones are added, as empty objects.
image_made='
    [inputs] as $lines
    | [range(0; 6 * $count; 6) as $i | $lines[$i:$i + 6]
        | {type: .[0], blob: .[1], size: (.[2] | tonumber), diff_id: .[3], created: .[4],
            annotations: (.[5] | fromjson)}] as $layers
    | ($lines[6 * $count:] | join("\n") | fromjson) as $base
    | [$base.history[]? | select(.empty_layer | not)] as $told
    | (($base // {})
        | .created = $created
        | .architecture = ($base.architecture // $architecture)
        | .os = ($base.os // "linux")
        | .config = ($base.config // {})
        | .rootfs = {type: "layers", diff_ids: [$layers[].diff_id]}
        | .history = ([$base.history[]?] + [range($told | length; $kept) | {}]
            + [$layers[$kept:][] | {created, created_by: "zlsnap"}])),
    {
        schemaVersion: 2,
        mediaType: $type,
        config: null,
        layers: [$layers[]
            | {mediaType: ($layer_type + {tar: ".tar", gzip: ".tar+gzip", zstd: ".tar+zstd"}[.type]),
                digest: .blob, size}
            + if .annotations == {} then {} else {annotations} end],
        annotations: ({"org.opencontainers.image.created": $created} + $annotations)
    }'

# descriptor_json DESCRIPTOR [TAG]: prints a descriptor of ours as JSON; with TAG, one for an index.
descriptor_json() {
    local type digest size
    read -r type digest size <<<"$1"
    printf '{"mediaType":"%s","digest":"%s","size":%s%s}' "$type" "$digest" "$size" \
        "${2:+,\"annotations\":{\"org.opencontainers.image.ref.name\":\"$2\"\}}"
}

# An index that an image can be added to, and how it is added.
index_own='object | .manifests |= (. // [])
    | check(.schemaVersion == 2 and (.manifests | type) == "array"
        and all(.manifests[]; type == "object"); "is malformed")'
index_add='.manifests |= map(select(((.annotations | objects | .["org.opencontainers.image.ref.name"]) // null)
        != $image.annotations["org.opencontainers.image.ref.name"])) + [$image]'

# index_make DESCRIPTOR TAG: prints an index with this image only.
index_make() {
    printf '{"schemaVersion":2,"manifests":[%s]}\n' "$(descriptor_json "$1" "$2")"
}

# layout_lock DIR: locks the directory until the driver, or the subshell, ends.
layout_lock() {
    local lock
    { exec {lock}<"$1" && flock "$lock"; } 2>/dev/null ||
        warn "$layout: cannot be locked: of two images that are added at the same time, one may be lost"
}

# layout_publish DESCRIPTOR: moves the image from the spool to its place. A signal does not interrupt this.
layout_publish() {
    [[ $layout_exists ]] || layout_lock "$layout_place"
    # Another process may have created it meanwhile.
    if [[ -d $layout_dir ]]; then
        layout_exists=yes
        layout_lock "$layout_dir"
        image=$layout image_dir=$layout_dir
        layout_expect_own
    fi
    (
        trap '' TERM INT HUP QUIT
        if [[ $layout_exists ]]; then
            layout_extend "$1"
        else
            layout_appear "$1"
        fi
    )
}

# layout_appear DESCRIPTOR: publishes a new layout by one rename.
layout_appear() {
    index_make "$1" "$layout_tag" | store "$spool/layout/index.json" || exit
    attempt find "$spool/layout" -exec sync -- {} +
    attempt mv -T -- "$spool/layout" "$layout_dir"
    attempt sync -- "$layout_place"
}

# layout_extend DESCRIPTOR: adds the image to an existing layout. index.json comes last: at every moment, all
# that it refers to exists.
layout_extend() {
    local blob to
    # What needs space comes first.
    if [[ -e $layout_dir/index.json ]]; then
        layout_parse "$index_own | $index_add" --argjson image "$(descriptor_json "$1" "$layout_tag")"
    else
        index_make "$1" "$layout_tag"
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
