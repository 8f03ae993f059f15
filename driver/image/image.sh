# shellcheck shell=bash
#
# An OCI image that is read from an image layout: a directory with index.json and blobs. index.json leads
# to the manifest, and that to the config and the layers; each document is checked against the digest in
# its descriptor. This follows the OCI image specification 1.0 (image-layout, image-index, manifest,
# config); manifests and configs of Docker, schema 2, are read, too.

part core/programs core/json layer/layers

# The image, set by image_open(), which also adds its layers to those in layer/layers.sh.
image=           # its name for messages
image_dir=       # the layout
image_manifest=  # the descriptor of the manifest: media type, digest and size, as words
image_config=    # the descriptor of the config
image_digests='' # the digests of the manifest and of the indexes above it, a line each

# The maximum size of a document: registries accept none that is larger.
document_limit=4194304

# Prints this machine's architecture as images name it: GOARCH of the Go language.
machine_architecture() {
    local machine
    machine=$(uname -m)
    case $machine in
    x86_64) echo amd64 ;;
    i?86) echo 386 ;;
    aarch64) echo arm64 ;;
    arm*) echo arm ;;
    loongarch64) echo loong64 ;;
    *) echo "$machine" ;;
    esac
}

# reference_split DIR TAG REFERENCE: sets the variable DIR to the directory in oci:DIR[:TAG], and TAG to
# the tag or nothing. As with skopeo, DIR ends at the first colon.
reference_split() {
    local rest=${3#oci:} directory tag=
    directory=${rest%%:*}
    [[ $rest != *:* ]] || tag=${rest#*:}
    [[ $directory ]] || usage_error "'$(printable "$3")' names no directory"
    [[ $directory != -* ]] || directory=./$directory
    [[ $rest != *:* || $tag =~ ^$tag_characters+$ ]] ||
        usage_error "'$(printable "$tag")' is not a valid tag"
    printf -v "$1" '%s' "$directory"
    printf -v "$2" '%s' "$tag"
}

# The characters of a tag, the annotation org.opencontainers.image.ref.name.
tag_characters='[A-Za-z0-9._:@/+-]'

# The definitions of the filters for documents.
document_definitions=$json_definitions'
    def is_descriptor:
        type == "object" and (.digest | digest) and (.size | count) and (.mediaType | word);
    def strings_only: if type == "object" and all(.[]; type == "string") then . else {} end;
    def check(condition; $problem): if condition then . else error($problem) end;
    # Other clients ignore the case of keys, and would read another image.
    def is_ambiguous: [., (.config, .rootfs, (.layers, .manifests | arrays | .[]),
            (.manifests | arrays | .[] | objects | .platform))
        | objects | keys_unsorted | map(ascii_downcase) | length != (unique | length)] | any;
    def object:
        check(length == 1 and (.[0] | type) == "object"; "is not one JSON object")
        | .[0] | check(is_ambiguous | not; "has keys that differ in case only");
'

# Prints the descriptor of the image called $tag in an index. Without a tag, it is the only image, or the
# one called "latest". Of an image for several machines, it is the one for this machine.
index_filter='
    def name: .annotations["org.opencontainers.image.ref.name"]?;
    def fits: .platform == null
        or (.platform | .os? == "linux" and .architecture? == $architecture);
    object
    | check(.schemaVersion == 2; "has no schemaVersion 2")
    | check((.mediaType == null or .mediaType == $type) and .layers == null and .config == null;
        "is not what its media type says")
    | check((.manifests | type) == "array" and all(.manifests[]; is_descriptor);
        "has no valid list of manifests")
    | [.manifests[] | select($tag == "" or name == $tag)] as $named
    | check($named != []; "!has no image" + if $tag == "" then "" else " called \($tag)" end)
    | [$named[] | select(fits)] as $fitting
    | check($fitting != []; "!has no image for linux/\($architecture)")
    | [$fitting[] | select(name == "latest")] as $latest
    | check(($fitting | length) == 1 or ($latest | length) == 1
        or ($nested and all($fitting[]; .platform != null));
        "!has \($fitting | length) images: choose one by its tag, oci:DIR:TAG")
    | if ($latest | length) == 1 then $latest[0] else $fitting[0] end
    | descriptor_words'

# Prints the descriptors of the config and of the layers, the latter with their annotations.
manifest_filter='
    object
    | check(.schemaVersion == 2; "has no schemaVersion 2")
    | check((.mediaType == null or .mediaType == $type) and .manifests == null;
        "is not what its media type says")
    | check(.config | is_descriptor; "has no valid config")
    | check(.config.mediaType | . == "application/vnd.oci.image.config.v1+json"
        or . == "application/vnd.docker.container.image.v1+json"; "is not of a container image")
    | check((.layers | type) == "array" and all(.layers[]; is_descriptor); "has no valid list of layers")
    | (.config | descriptor_words), (.layers[] | "\(descriptor_words) \(.annotations | strings_only)")'

# Prints the diffIDs in a config, which has to have $layers of them.
config_filter='
    object
    | check((.rootfs | type) == "object" and .rootfs.type == "layers"
        and (.rootfs.diff_ids | type) == "array" and all(.rootfs.diff_ids[]; digest);
        "has no valid rootfs")
    | check(.history == null or ((.history | type) == "array" and all(.history[]; type == "object"));
        "has no valid history")
    | check((.config | type | . == "object" or . == "null")
        and all(.architecture, .os, .created; type == "string" or . == null); "is malformed")
    | check((.rootfs.diff_ids | length) == $layers;
        "has \(.rootfs.diff_ids | length) layers, and the manifest \($layers)")
    | .rootfs.diff_ids[]'

# document_parse WHAT FILTER [JQ-OPTION...]: applies the filter to the document on standard input and prints
# the strings that it gives, a line each. Errors of the filter end the driver, or the subshell: with 3, or
# with 1 if they begin with an exclamation mark, since then the document is valid.
document_parse() {
    local what=$1 filter=$2 output
    shift 2
    output=$(jq -rs "$@" "$document_definitions try ($filter) catch \"problem: \\(.)\"" 2>/dev/null)
    json_judge "$?" "$image" "$what is not JSON"
    case $output in
    'problem: !'*) die 1 "$image: $what $(printable "${output#problem: !}")" ;;
    'problem: '*) die 3 "$image: $what $(printable "${output#problem: }")" ;;
    esac
    printf '%s\n' "$output"
}

# blob_path DIGEST: prints the path of a blob of the image.
blob_path() {
    printf '%s/blobs/%s/%s' "$image_dir" "${1%%:*}" "${1#*:}"
}

# blob_expect WHAT FILE SIZE: ends the driver, or the subshell, unless the blob can be read and has this
# size.
blob_expect() {
    local size
    [[ -e $2 ]] || die 1 "$image: $1 is missing: there is no $(printable "$2")"
    [[ -f $2 ]] || die 3 "$image: $1: $(printable "$2") is not a regular file"
    [[ -r $2 ]] || die 1 "$(printable "$2"): permission denied"
    size=$(attempt stat -L -c %s -- "$2") || exit
    [[ $size == "$3" ]] || die 4 "$image: $1 has $size bytes, not $3 as its descriptor says"
}

# document_print WHAT DESCRIPTOR: prints the document that a descriptor refers to; ends the driver, or the
# subshell, unless it has the size and the digest in the descriptor.
document_print() {
    local digest size file status
    read -r _ digest size <<<"$2"
    file=$(blob_path "$digest")
    ((size <= document_limit)) || die 3 "$image: $1 is larger than 4 MiB"
    blob_expect "$1" "$file" "$size"
    "$shasum_tee" -q -o /dev/null --expect="$digest" <"$file" 2>/dev/null
    status=$?
    case $status in
    0) ;;
    4) die 4 "$image: $1 does not have the digest $digest" ;;
    *) die 1 "$image: $1 cannot be read" ;;
    esac
}

# document_read WHAT DESCRIPTOR FILTER [JQ-OPTION...]: document_parse() of such a document.
document_read() {
    local what=$1 text
    text=$(document_print "$1" "$2") || exit
    shift 2
    document_parse "$what" "$@" <<<"$text"
}

# image_open REFERENCE: reads the image oci:DIR[:TAG] and adds its layers. An error ends the driver, or the
# subshell.
image_open() {
    local image_tag
    image=$(printable "$1")
    reference_split image_dir image_tag "$1"
    layout_expect
    image_find "$image_tag"
    image_read
}

# document_expect_small NAME: ends the driver if a file of the layout is too large for jq.
document_expect_small() {
    local size
    size=$(attempt stat -L -c %s -- "$image_dir/$1") || exit
    ((size <= document_limit)) || die 3 "$image: $1 is larger than 4 MiB"
}

# Ends the driver unless the directory is an image layout.
layout_expect() {
    [[ -d $image_dir ]] || die 1 "$image: there is no directory $(printable "$image_dir")"
    [[ -f $image_dir/oci-layout && -f $image_dir/index.json ]] ||
        die 1 "$image: $(printable "$image_dir") is not an OCI image layout"
    document_expect_small oci-layout
    document_expect_small index.json
    document_parse oci-layout '
        object | check(.imageLayoutVersion | word and startswith("1."); "is of no known version")
    ' <"$image_dir/oci-layout" >/dev/null || exit
}

# image_find TAG: sets image_manifest and image_digests. An index may lead to another index, which has an
# image for each of several machines.
image_find() {
    local options=() architecture type digest depth=0
    architecture=$(machine_architecture)
    options=(--arg architecture "$architecture" --arg tag) # the tag follows
    image_manifest=$(document_parse index.json "$index_filter" "${options[@]}" "$1" \
        --argjson nested false --arg type application/vnd.oci.image.index.v1+json \
        <"$image_dir/index.json") || exit
    while
        read -r type digest _ <<<"$image_manifest"
        image_digests+=${image_digests:+$'\n'}$digest
        [[ $type == application/vnd.oci.image.index.v1+json ||
            $type == application/vnd.docker.distribution.manifest.list.v2+json ]]
    do
        ((++depth <= 8)) || die 3 "$image: its indexes are nested too deeply"
        image_manifest=$(document_read 'an index' "$image_manifest" "$index_filter" \
            "${options[@]}" '' --argjson nested true --arg type "$type") || exit
    done
}

# Reads the manifest and the config, and adds the layers.
image_read() {
    local type descriptors diff_ids i
    read -r type _ <<<"$image_manifest"
    case $type in
    application/vnd.oci.image.manifest.v1+json) ;;
    application/vnd.docker.distribution.manifest.v2+json) ;;
    *) die 3 "$image: it is not an image but $type" ;;
    esac
    descriptors=$(document_read 'the manifest' "$image_manifest" "$manifest_filter" \
        --arg type "$type") || exit
    mapfile -t descriptors <<<"$descriptors"
    image_config=${descriptors[0]}
    descriptors=("${descriptors[@]:1}")
    diff_ids=$(document_read 'the config' "$image_config" "$config_filter" \
        --argjson layers "${#descriptors[@]}") || exit
    mapfile -t diff_ids <<<"$diff_ids"
    for i in "${!descriptors[@]}"; do
        image_layer_add "$((i + 1))" "${#descriptors[@]}" "${diff_ids[i]}" "${descriptors[i]}"
    done
}

# image_layer_add NUMBER COUNT DIFF_ID DESCRIPTOR
image_layer_add() {
    local media_type digest size annotations type
    read -r media_type digest size annotations <<<"$4"
    blob_expect "layer $1" "$(blob_path "$digest")" "$size"
    type=$(layer_compression "$media_type") || die 3 "$image: layer $1 is of an unknown type, $media_type"
    layer_names+=("$image: layer $1 of $2")
    layer_files+=("$(blob_path "$digest")")
    layer_types+=("$type")
    layer_blobs+=("$digest")
    layer_sizes+=("$size")
    layer_diff_ids+=("$3")
    layer_tar_sizes+=('')
    layer_entries+=('')
    layer_sources+=('the image')
    layer_created+=('')
    layer_annotations+=("$annotations")
}

# layer_compression MEDIA-TYPE: prints it as in layer_types.
layer_compression() {
    case $1 in
    application/vnd.oci.image.layer.v1.tar+zstd | \
        application/vnd.oci.image.layer.nondistributable.v1.tar+zstd | \
        application/vnd.docker.image.rootfs.diff.tar.zstd) echo zstd ;;
    application/vnd.oci.image.layer.v1.tar+gzip | \
        application/vnd.oci.image.layer.nondistributable.v1.tar+gzip | \
        application/vnd.docker.image.rootfs.diff.tar.gzip | \
        application/vnd.docker.image.rootfs.foreign.diff.tar.gzip) echo gzip ;;
    application/vnd.oci.image.layer.v1.tar | \
        application/vnd.oci.image.layer.nondistributable.v1.tar | \
        application/vnd.docker.image.rootfs.diff.tar) echo tar ;;
    *) return 1 ;;
    esac
}
