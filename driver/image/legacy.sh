# shellcheck shell=bash
#
# Archives of docker save before Docker 1.10: no manifest, but a file "repositories", {NAME: {TAG: ID}}, and for each
# layer ID/json, with the ID of its parent, and ID/layer.tar. They have no digests.

part image/archive

legacy_filter='
    check(length == 1 and (.[0] | type) == "object" and all(.[0][]; type == "object" and all(.[];
        type == "string" and test("\\A[0-9a-f]{64}\\z"))); "is malformed")
    | [.[0] | to_entries[] | .key as $name | .value | to_entries[] | {name: "\($name):\(.key)", id: .value}]
    | map(select($tag == "" or .name == $tag or .name == "\($tag):latest"))
    | check(. != []; "!has no image" + if $tag == "" then "" else " called \($tag)" end)
    | check((map(.id) | unique | length) == 1; "!has \(length) images: choose one by its tag, docker-archive:FILE:TAG ("
        + (map(.name) | join(", ")) + ")")
    | .[0].id'

legacy_parent_filter='object | .parent // "" | check(type == "string" and test("\\A([0-9a-f]{64})?\\z"); "is malformed")'

# The config of the image: that of its last layer, with the digests of all.
legacy_config_filter='object | del(.id, .parent, .layer_id, .Size, .throwaway)
    | .rootfs = {type: "layers", diff_ids: ($diff_ids / " ")} | tojson'

# legacy_convert TAG: makes an image layout of the archive.
legacy_convert() {
    local document id ids=() layers=() diff_ids=() first file config
    archive_document document repositories
    id=$(documents_parse repositories "of(\"repositories\"; $legacy_filter)" --slurp --arg tag "$1" <<<"$document") ||
        exit
    first=$id
    while [[ $id ]]; do
        [[ ${#ids[@]} -lt 127 && " ${ids[*]} " != *" $id "* ]] || die 3 "$image: its layers have no end"
        ids=("$id" "${ids[@]}")
        archive_document document "$id/json"
        id=$(documents_parse "$id/json" "of(\"$id/json\"; $legacy_parent_filter)" --slurp <<<"$document") || exit
    done
    for id in "${ids[@]}"; do
        archive_file file "$id/layer.tar"
        archive_blob config tar "$file"
        read -r _ id _ <<<"$config"
        diff_ids+=("$id")
        layers+=("${file#"$(realpath -- "$spool/archive")"/}")
    done
    archive_document document "$first/json"
    documents_parse "$first/json" "of(\"$first/json\"; $legacy_config_filter)" --slurp \
        --arg diff_ids "${diff_ids[*]}" <<<"$document" | store "$spool/converted/config" || exit
    archive_blob config "$config_media_type" "$spool/converted/config"
    archive_manifest "$config" "${layers[@]}"
}
