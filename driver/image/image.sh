# shellcheck shell=bash
#
# An OCI image that is read from an image layout, perhaps in an archive: a directory with index.json and blobs. index.json leads
# to the manifest, and that to the config and the layers; each document is checked against the digest in
# its descriptor. This follows the OCI image specification 1.0 (image-layout, image-index, manifest,
# config); manifests and configs of Docker, schema 2, are read, too.

part core/programs core/json layer/layers image/index

# The image, set by image_open(), which also adds its layers to those in layer/layers.sh.
image=           # its name for messages
image_dir=       # the layout
image_manifest=  # the descriptor of the manifest: media type, digest and size, as words
image_config=    # the descriptor of the config
image_id=        # of docker-archive: the digest of its config
image_platform=  # its platform in the index, or "unknown"
image_created=   # when its first layer was made, as its config says
image_digests='' # the digests of the manifest and of the indexes above it, a line each

# The maximum size of a document: registries accept none that is larger.
document_limit=4194304

# This machine's architecture as images name it, GOARCH of the Go language; set by machine_read().
machine=

machine_read() {
    [[ ! $machine ]] || return 0
    machine=$(uname -m)
    case $machine in
    x86_64) machine=amd64 ;;
    i?86) machine=386 ;;
    aarch64) machine=arm64 ;;
    arm*) machine=arm ;;
    loongarch64) machine=loong64 ;;
    esac
}

# reference_split DIR TAG REFERENCE: sets the variable DIR to the directory in oci:DIR[:TAG], and TAG to
# the tag or nothing. As with skopeo, DIR ends at the first colon.
reference_split() {
    # Names that no caller gives to its variables.
    local split_rest=${3#oci:} split_dir split_tag=
    split_dir=${split_rest%%:*}
    [[ $split_rest != *:* ]] || split_tag=${split_rest#*:}
    [[ $split_dir ]] || usage_error "'$(printable "$3")' names no directory"
    [[ $split_dir != -* ]] || split_dir=./$split_dir
    [[ $split_rest != *:* || $split_tag =~ ^$tag_characters+$ ]] ||
        usage_error "'$(printable "$split_tag")' is not a valid tag"
    printf -v "$1" '%s' "$split_dir"
    printf -v "$2" '%s' "$split_tag"
}

# The characters of a tag, the annotation org.opencontainers.image.ref.name.
tag_characters='[A-Za-z0-9._:@/+-]'

# The definitions of the filters for documents. A filter is applied to an array of the documents in a file.
document_definitions=$json_definitions'
    def is_descriptor:
        type == "object" and (.digest | digest) and (.size | count) and (.mediaType | word);
    def is_image: IN("application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json");
    def is_index: IN("application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json");
    # Docker 1.10 gave no other type to configs than octet-stream.
    def is_config: IN("application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json", "application/octet-stream");
    def is_layer: type == "string" and test("\\Aapplication/vnd[.](oci[.]image[.]layer([.]nondistributable)?[.]v1[.]tar"
        + "|docker[.]image[.]rootfs([.]foreign)?[.]diff[.]tar)([.+](gzip|zstd|xz|bzip2))?\\z");
    def strings_only: if type == "object" and all(.[]; type == "string") then . else {} end;
    def check(condition; $problem): if condition then . else error($problem) end;
    # Other clients ignore the case of keys, and would read another image.
    def is_ambiguous: [., (.config, .rootfs, (.layers, .manifests | arrays | .[]),
            (.manifests | arrays | .[] | objects | .platform))
        | objects | keys_unsorted | map(ascii_downcase) | length != (unique | length)] | any;
    def object:
        check(length == 1 and (.[0] | type) == "object"; "is not one JSON object")
        | .[0] | check(is_ambiguous | not; "has keys that differ in case only");
    # Errors that begin with an exclamation mark are about a valid document. What is tried is put into an array,
    # since try catches the errors of later filters, too (jq 1.6).
    def of($what; filter): [try [filter]
        catch if startswith("!") then "!\($what) \(.[1:])" else "\($what) \(.)" end][0]
        | if type == "array" then .[] else error end;
    def documents: [try [fromjson] catch test("\\A(Unexpected extra JSON|Expected JSON value \\()")][0]
        | if . == true then [] elif . == false then error("is not JSON") else . end;
    def layout: of("oci-layout"; documents | object
        | check(.imageLayoutVersion | word and startswith("1."); "is of no known version"));
'

# Prints the descriptors of the config and of the layers, the latter with their annotations.
manifest_filter='
    object
    | check(.schemaVersion == 2; "has no schemaVersion 2")
    | check((.mediaType == null or .mediaType == $type) and .manifests == null;
        "is not what its media type says")
    | check(.config | is_descriptor; "has no valid config")
    | check(.config.mediaType | is_config; "is not of a container image")
    | (if has("layers") then .layers // [] else null end) as $layers
    | check(($layers | type) == "array" and all($layers[]; is_descriptor); "has no valid list of layers")
    | (.config | descriptor_words), ($layers[] | "\(descriptor_words) \(.mediaType | is_layer) \(.annotations | strings_only)")'

# Prints the first date in a config, and its diffIDs; it has to have $layers of them.
config_filter='
    object
    # An image without layers may have no list of them.
    | check($layers == 0 or .rootfs != null; "has no valid rootfs")
    | (.rootfs // {type: "layers"}) as $rootfs
    | check(($rootfs | type) == "object" and ($rootfs.type == "layers" or ($layers == 0 and $rootfs.type == null));
        "has no valid rootfs")
    | ($rootfs.diff_ids // []) as $diff_ids
    | check(($diff_ids | type) == "array" and all($diff_ids[]; digest); "has no valid rootfs")
    | check(.history == null or ((.history | type) == "array" and all(.history[]; type == "object"));
        "has no valid history")
    | check((.config | type | . == "object" or . == "null")
        and all(.architecture, .os, .created; type == "string" or . == null); "is malformed")
    | check(($diff_ids | length) == $layers; "has \($diff_ids | length) layers, and the manifest \($layers)")
    | ([(.history[]?, .) | .created | select(type == "string")][0] | if text then . else "" end),
        $diff_ids[]'

# documents_parse WHAT FILTER [JQ-OPTION...]: prints the strings that the filter gives, a line each. Its errors
# end the driver, or the subshell: with 3, or with 1 if they begin with an exclamation mark. WHAT is what cannot be
# parsed if jq fails.
documents_parse() {
    local output status name
    output=$(jq -rc "${@:3}" "$document_definitions try ($2) catch \"problem: \\(.)\"" 2>/dev/null)
    status=$?
    ((status == 0)) || for name in oci-layout index.json; do # jq does not say so
        [[ ! -e $image_dir/$name ]] || cat -- "$image_dir/$name" >/dev/null 2>&1 || die 1 "$image: $name cannot be read"
    done
    json_judge "$status" "$image" "$1 is not JSON"
    case $output in
    'problem: !'*) die 1 "$image: $(printable "${output#problem: !}")" ;;
    'problem: '*) die 3 "$image: $(printable "${output#problem: }")" ;;
    esac
    printf '%s\n' "$output"
}

# layout_parse FILTER [JQ-OPTION...]: applies the filter to index.json, if oci-layout is valid.
layout_parse() {
    documents_parse 'the layout' "\$layout | layout | \$index | of(\"index.json\"; documents | $1)" \
        --null-input --rawfile layout "$image_dir/oci-layout" --rawfile index "$image_dir/index.json" "${@:2}"
}

# blob_expect WHAT FILE SIZE: ends the driver, or the subshell, unless the blob can be read and has this
# size.
blob_expect() {
    local size
    [[ -e $2 ]] || die 1 "$image: $1 is missing: there is no $(printable "$2")"
    [[ -f $2 ]] || die 3 "$image: $1: $(printable "$2") is not a regular file"
    [[ -r $2 ]] || die 1 "$(printable "$2"): permission denied"
    file_size size "$2"
    [[ $size == "$3" ]] || die 4 "$image: $1 has $size bytes, not $3 as its descriptor says"
}

# document_print WHAT DESCRIPTOR: prints the document that a descriptor refers to; ends the driver, or the
# subshell, unless it has the size and the digest in the descriptor.
document_print() {
    local digest size file status
    read -r _ digest size <<<"$2"
    # bash would evaluate other text as an expression.
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ && $size =~ ^[0-9]{1,18}$ ]] ||
        die 3 "$image: $1 has a malformed descriptor"
    file=$image_dir/blobs/${digest/://}
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
    documents_parse "$what" "of(\$what; $3)" --slurp --arg what "$what" "${@:4}" <<<"$text"
}

# image_open REFERENCE: reads the image oci:DIR[:TAG], or one in an archive, and adds its layers. An error ends the
# driver, or the subshell.
image_open() {
    local image_tag
    image=$(printable "$1")
    if is_archive "$1"; then
        archive_open "$1" image_tag
    else
        reference_split image_dir image_tag "$1"
    fi
    layout_expect
    image_find "$image_tag"
    image_read
}

# document_expect_small FILE NAME: ends the driver if the file is too large for jq; NAME is for messages.
document_expect_small() {
    local size
    file_size size "$1"
    ((size <= document_limit)) || die 3 "$image: $2 is larger than 4 MiB"
}

# Ends the driver unless the directory is an image layout.
layout_expect() {
    [[ -d $image_dir ]] || die 1 "$image: there is no directory $(printable "$image_dir")"
    [[ -f $image_dir/oci-layout && -f $image_dir/index.json ]] ||
        die 1 "$image: $(printable "$image_dir") is not an OCI image layout"
    document_expect_small "$image_dir/oci-layout" oci-layout
    document_expect_small "$image_dir/index.json" index.json
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
    [[ ! ${option[platform]+given} || $image_platform != unknown ]] || document_read 'the config' "$image_config" "$config_platform_filter" \
        --argjson platform "$platform" >/dev/null || exit
    diff_ids=$(document_read 'the config' "$image_config" "$config_filter" \
        --argjson layers "${#descriptors[@]}") || exit
    { read -r image_created && mapfile -t diff_ids; } <<<"$diff_ids"
    for i in "${!descriptors[@]}"; do
        image_layer_add "$((i + 1))" "${#descriptors[@]}" "${diff_ids[i]}" "${descriptors[i]}"
    done
}

# image_layer_add NUMBER COUNT DIFF_ID DESCRIPTOR
image_layer_add() {
    local media_type digest size known annotations file compression
    read -r media_type digest size known annotations <<<"$4"
    file=$image_dir/blobs/${digest/://}
    [[ $media_type != *+encrypted ]] || die 3 "$image: layer $1 is encrypted, and zlsnap has no keys"
    [[ $known == true ]] || die 3 "$image: layer $1 is of an unknown type, $media_type"
    blob_expect "layer $1" "$file" "$size"
    compression_read compression "$file"
    layer_names+=("$image: layer $1 of $2")
    layer_files+=("$file")
    layer_types+=("$compression")
    layer_blobs+=("$digest")
    layer_sizes+=("$size")
    layer_diff_ids+=("$3")
    layer_tar_sizes+=('')
    layer_entries+=('')
    layer_sources+=('the image')
    layer_created+=('')
    layer_annotations+=("$annotations")
}

# compression_read VARIABLE FILE: sets the variable to the compression of the file, by its first bytes, as other
# clients do: media types are sometimes wrong.
compression_read() {
    local bytes
    bytes=$(head -c 262 -- "$2" | od -An -v -tx1 | tr -d ' \n') || die 1 "$(printable "$2"): cannot be read"
    case $bytes in
    *7573746172) printf -v "$1" tar ;; # "ustar" at 257
    1f8b*) printf -v "$1" gzip ;;
    28b52ffd* | 5?2a4d18*) printf -v "$1" zstd ;;
    fd377a585a00*) printf -v "$1" xz ;;
    425a68*) printf -v "$1" bzip2 ;;
    *) printf -v "$1" tar ;;
    esac
}
