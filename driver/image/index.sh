# shellcheck shell=bash
#
# Which image of an index is meant. An index lists images, other indexes, and artifacts: attestations, signatures,
# lists of packages. All images below index.json are collected; one is chosen by its name and its platform,
# OS/ARCH[/VARIANT], with the preferences of containerd.

part core/programs core/json image/image

# The platform that is wanted, as JSON, set by platform_read(): {os, architecture, variant, given}. "given" is
# whether the user named it; if not, 386 will do for amd64, and arm for arm64.
platform=

# At most so many indexes are read, and manifests of images without a platform.
index_limit=64

# platform_read: sets the platform to that of --platform, or to this machine's.
platform_read() {
    local wanted=${option[platform]-} variant='' given=false
    machine_read
    if [[ ${option[platform]+given} ]]; then
        [[ $wanted =~ ^[a-z0-9]+/[a-z0-9_-]+(/[a-z0-9.]+)?$ ]] || usage_error \
            "option '--platform' takes OS/ARCH or OS/ARCH/VARIANT, not '$(printable "$wanted")'"
        given=true
    else
        case $machine:$(uname -m) in
        arm:armv[5-7]*) variant=$(uname -m) variant=/${variant:3:2} ;;
        arm:*) variant=/v7 ;;
        esac
        wanted=linux/$machine$variant
    fi
    variant=${wanted#*/*/}
    [[ $wanted == */*/* ]] || variant=
    wanted=${wanted%"/$variant"}
    platform="{\"os\":\"${wanted%/*}\",\"architecture\":\"${wanted#*/}\",\"variant\":\"$variant\",\"given\":$given}"
}

# Platforms as text, OS/ARCH/VARIANT, in one spelling: amd64/v1 is amd64, arm64/v8 is arm64, arm is arm/v7.
platform_definitions='
    def string: select(type == "string");
    # They are printed in lines, among digests that are checked.
    def strings_of: with_entries(select(.value | type == "string"))
        | check(all(.os, .architecture, .variant; . == null or . == "" or word); "has a malformed platform");
    def spelled:
        ((.os // "") | ascii_downcase | if . == "macos" then "darwin" else . end) as $os
        | (.architecture // "") as $name
        | ($name | {"i386": "386", "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm",
            "armel": "arm"}[.] // .) as $architecture
        | ((.variant // "") | ascii_downcase | if test("\\A[0-9]") then "v\(.)" else . end) as $variant
        | if $architecture == "arm" and $variant == "" then if $name == "armel" then "v6" else "v7" end
          elif "\($architecture)/\($variant)" | IN("amd64/v1", "arm64/v8", "arm64/v8.0") then ""
          else $variant end
        | "\($os)/\($architecture)" + if . == "" then "" else "/\(.)" end;
    def downto($n): [range(.; $n - 1; -1)];
    def minors($major; $minor): [$minor | downto(0)[] | if . == 0 then "v\($major)" else "v\($major).\(.)" end];
    # The variants that run where this one does, the best first.
    def variants:
        (.variant | capture("\\Av(?<major>[0-9]{1,2})([.](?<minor>[0-9]{1,2}))?\\z") // {major: null}) as $v
        | (($v.major // 0) | tonumber) as $major | (($v.minor // 0) | tonumber) as $minor
        | if .architecture == "amd64" and $major > 1 then [$major | downto(1)[] | "v\(.)"]
          elif .architecture == "arm" and $major > 5 then [$major | downto(5)[] | "v\(.)"]
          elif .architecture == "arm64" and $major == 8 then minors(8; $minor)
          elif .architecture == "arm64" and $major == 9 then minors(9; $minor) + minors(8; [$minor + 5, 9] | min)
          else [.variant] end;
    # The platforms that will do, the best first.
    def wanted:
        . as $platform | spelled / "/" | {os: .[0], architecture: .[1], variant: (.[2] // "")}
        | [{os, architecture, variant: variants[]}]
            + if $platform.given then []
              elif .architecture == "amd64" then [{os, architecture: "386"}]
              elif .architecture == "arm64" then [{os, architecture: "arm", variant: ("v8", "v7", "v6", "v5")}]
              else [] end
        | map(spelled);
'

# Prints the descriptors in an index, a line each, followed by an object: the name, the platform, whether it is an
# artifact, the digests of the indexes above. $above is this object of the index itself. Only index.json has names.
index_filter=$platform_definitions'
    def annotation($key): .annotations | objects | .[$key] | string;
    def name: annotation("org.opencontainers.image.ref.name") // null;
    def is_called($tag): any(annotation("org.opencontainers.image.ref.name", "io.containerd.image.name"); . == $tag);
    def is_selected($tag; $at): $tag == "" or is_called($tag) or $tag == "@\($at)" or ($tag | startswith("@sha256:"));
    def is_readable: .mediaType | is_image or is_index;
    def is_artifact: (is_readable | not) or any(.platform | objects | .os, .architecture; . == "unknown")
        or (.artifactType | type == "string" and (is_config | not))
        or any(annotation("vnd.docker.reference.type"); true);
    object
    | check(.schemaVersion == 2; "has no schemaVersion 2")
    | check((.mediaType == null or .mediaType == $type) and .layers == null and .config == null;
        "is not what its media type says")
    | (.manifests // []) as $manifests
    | check(($manifests | type) == "array" and all($manifests[]; type == "object"
            and if is_readable then is_descriptor else true end); "has no valid list of manifests")
    | $manifests | to_entries[] | .key as $at | .value
    | select(is_descriptor and is_selected($tag; $at))
    | "\(descriptor_words) \({
        name: ($above.name // name),
        platform: (if (.platform | type) == "object" and (.platform.architecture | type) == "string"
            then .platform | strings_of | spelled else $above.platform end),
        artifact: is_artifact,
        zstd: any(annotation("io.github.containers.compression.zstd"); . == "true"),
        above: $above.above
    })"'

# Chooses one of the images in $input, which have the keys of index_filter, and type, digest and size. Prints its
# platform, its descriptor and the digests of all documents down to it; or nothing, if the manifests of those without a platform have to be read, which
# $read says was done.
choice_filter=$platform_definitions'
    def or_list: join(", ");
    ($platform | wanted) as $wanted
    | (if $tag | startswith("@sha256:") then $tag[1:] else null end) as $digest
    | [$input[] | select($digest == null or .digest == $digest or any(.above[]; . == $digest))] as $input
    | check($input != []; "!has no image" + if $tag == "" then "" else " called \($tag)" end)
    | [$input[] | select(.artifact | not)] as $images
    | check($images != []; "is not an image but \($input[0].type)")
    | ($images | group_by(.digest) | map(.[0])) as $distinct
    | if ($distinct | length) == 1 and ($digest == $images[0].digest
            or ($images[0].above == [] and ($platform.given | not))) then $images[:1]
      else
        [$images[] | .platform as $has | .rank = if $has == null then 1000 else $wanted | index($has) end
            | select(.rank != null)]
        | check(. != []; "!has no image for \($wanted[0]), but for "
            + ([$images[].platform | string] | unique | or_list) + " (--platform=OS/ARCH[/VARIANT])")
        | if $tag == "" and any(.[]; .name == "latest") then map(select(.name == "latest")) else . end
        | check(([.[].name] | unique | length) == 1 or ([.[].digest] | unique | length) == 1;
            "!has \([.[].name] | unique | length) images: choose one by its tag, oci:DIR:TAG ("
            + ([.[].name | string] | unique | or_list) + ")")
        | (map(.rank) | min) as $best | map(select(.rank == $best))
        | if ([.[].zstd] | unique | length) == 2 then map(select(.zstd)) else . end
      end
    | unique_by(.digest)
    | if length > 1 and .[0].rank == 1000 and ($read | not) then empty
      else check(length == 1; "!has \(length) images for \(.[0].platform // "any platform"): choose one by its digest, "
            + "oci:DIR:@DIGEST (" + ([.[].digest] | or_list) + ")")
        | .[0] | .platform // "unknown", "\(.type) \(.digest) \(.size)", .above[], .digest
      end'

# What the manifest and the config of an image say about its platform: prints the keys that change.
leaf_filter=$platform_definitions'
    object | {artifact: ((.config | is_descriptor and (.mediaType | is_config) | not)
        or (.artifactType | type == "string" and (is_config | not))
        or any(.layers[]?; objects | .mediaType | is_layer | not)),
        config: (.config | if is_descriptor then descriptor_words else null end)}'
leaf_platform_filter=$platform_definitions'
    object | if (.architecture | type) == "string" then strings_of | spelled else null end'

# Whether the config is of an image for the platform, if it says so.
config_platform_filter=$platform_definitions'
    object | (if (.architecture | type) == "string" then strings_of | spelled else null end) as $has
    | ($platform | wanted) as $wanted
    | check($has == null or ($wanted | index($has)) != null; "!is of an image for \($has), not for \($wanted[0])")
    | empty'

# image_find TAG: sets image_manifest, image_digests and image_platform.
image_find() {
    local leaves chosen
    platform_read
    leaves=$(index_leaves "$1") || exit
    chosen=$(index_choose "$1" "$leaves" false) || exit
    if [[ ! $chosen ]]; then
        leaves=$(leaves_look <<<"$leaves") || exit
        chosen=$(index_choose "$1" "$leaves" true) || exit
    fi
    { read -r image_platform && read -r image_manifest && image_digests=$(cat); } <<<"$chosen"
}

# index_leaves TAG: prints all images and artifacts below index.json that TAG may mean.
index_leaves() {
    local queue line type digest size above seen=' ' count=0
    queue=$(layout_parse "$index_filter" --arg tag "$1" --argjson above '{"above":[]}' \
        --arg type application/vnd.oci.image.index.v1+json) || exit
    while [[ $queue ]]; do
        line=${queue%%$'\n'*}
        queue=${queue:${#line}+1}
        read -r type digest size above <<<"$line"
        case $type in
        application/vnd.oci.image.index.v1+json | application/vnd.docker.distribution.manifest.list.v2+json) ;;
        *)
            printf '%s\n' "$line"
            continue
            ;;
        esac
        # An index that is listed twice is read once.
        [[ $above != *'"artifact":true'* && $seen != *" $digest "* ]] || continue
        seen+="$digest "
        [[ $(jq '.above | length' <<<"$above") -lt 8 ]] || die 3 "$image: its indexes are nested too deeply"
        ((++count <= index_limit)) || die 3 "$image: it has more than $index_limit indexes"
        line=$(document_read 'an index' "$type $digest $size" "$index_filter" --arg tag '' --arg type "$type" \
            --argjson above "$(jq -c --arg digest "$digest" '.above += [$digest]' <<<"$above")") || exit
        queue=$line${line:+$'\n'}$queue
    done
}

# index_choose TAG LEAVES READ: applies choice_filter. There may be more leaves than an argument can hold.
index_choose() {
    documents_parse 'the index' "($leaves_parse) as \$input | of(\"the index\"; $choice_filter)" --null-input \
        --raw-input --arg tag "$1" --argjson platform "$platform" --argjson read "$3" <<<"$2"
}

leaves_parse='[inputs | select(. != "") | (. / " ") as $w | ($w[3:] | join(" ") | fromjson)
    + {type: $w[0], digest: $w[1], size: ($w[2] | tonumber)}]'

# leaves_look: copies the leaves from standard input; of images without a platform, what their manifest and config say
# is added. Those whose manifest is not there are left out.
leaves_look() {
    local line type digest size above count=0 looked config found
    while read -r type digest size above; do
        line="$type $digest $size"
        if [[ $above == *'"platform":null'* && $above != *'"artifact":true'* && $type ]]; then
            ((++count <= index_limit)) || die 3 "$image: it has more than $index_limit images without a platform"
            [[ -e $image_dir/blobs/${digest/://} ]] || continue
            looked=$(document_read 'a manifest' "$line" "$leaf_filter") || exit
            config=$(jq -r 'select(.artifact | not) | .config // empty' <<<"$looked")
            found=null
            [[ ! $config ]] || found=$(document_read 'a config' "$config" "$leaf_platform_filter | tojson") || exit
            above=$(jq -c --argjson looked "$looked" --argjson platform "${found:-null}" \
                '.artifact = $looked.artifact | .platform = $platform' <<<"$above")
        fi
        printf '%s\n' "$line $above"
    done
}
