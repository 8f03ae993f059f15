# shellcheck shell=bash
#
# Names in an S3 store and their pointers. A name, SERVICE/INSTANCE, points to the layer to restore; its
# pointer is a JSON document:
#
#   s3://BUCKET/PREFIX/refs/SERVICE/INSTANCE.json
#
# The pointer holds the layer's LAYER.json, its tree digest, and the earlier layers of the name, the latest
# first. It is replaced atomically, after the layer is complete.

part core/names layer/metadata store/s3

# The maximum number of earlier layers: more would make a pointer larger than metadata_limit.
history_limit=1000

# The name, set by reference_read(): SERVICE/INSTANCE with both parts encoded, and the key of its pointer.
reference=
reference_key=

# The values that pointer_get() read, by key.
declare -gA pointer=()

# reference_read WORD: reads SERVICE/INSTANCE; the instance may contain slashes.
reference_read() {
    [[ $1 == ?*/?* ]] || usage_error "'$(printable "$1")' is not a name, SERVICE/INSTANCE"
    reference=$(name_encode "${1%%/*}")/$(name_encode "${1#*/}")
    [[ ! $reference =~ [^/]{201} ]] || usage_error "'$(printable "$1")' is too long"
    reference_key=refs/$reference.json
}

# reference_print ENCODED: prints a name as the user wrote it, for messages.
reference_print() {
    local name
    name=$(name_decode "$1" && echo .) # it may end in a newline
    printable "${name%.}"
}

# Prints "ok" and the values that the driver uses, a line each; or the first error.
pointer_filter='
    def history: type == "array" and all(type == "object" and (.compressed_digest | digest));
    problem(wrong("reference"; text), wrong("tree_digest"; digest), wrong("updated_at"; text),
        wrong("history"; history), wrong("layer"; type == "object"),
        (.layer | objects | metadata_wrong))
    // ("ok", (.[0] | .reference, .tree_digest, .updated_at, .layer.digest,
        .layer.compressed_digest, ([.history[].compressed_digest] | join(" ")),
        .layer.compressed_size_bytes))'

pointer_values() {
    jq -rs "$metadata_definitions $pointer_filter" 2>/dev/null
}

# pointer_get REFERENCE FILE: fetches the pointer of a name to the file, and reads it. Returns 1 if there is
# none.
pointer_get() {
    local lines key=refs/$1.json
    pointer=()
    s3_get "$key" "$2" || return
    json_read lines pointer_values "$2" "$s3_url$key"
    # It may have been copied from another key.
    [[ ${lines[1]} == "$1" ]] ||
        die 4 "$s3_url$key: belongs to $(printable "${lines[1]}"), not to $1"
    pointer=(
        [tree]=${lines[2]} [updated_at]=${lines[3]} [digest]=${lines[4]} [hex]=${lines[5]#sha256:}
        [history]=${lines[6]//sha256:/} [size]=${lines[7]}
    )
}

# pointer_make TREE JSON OLD: prints a pointer to the layer with this tree digest and, in the file JSON, this
# LAYER.json. OLD is the file of the pointer that it replaces, or empty.
pointer_make() {
    jq -n --arg reference "$reference" --arg tree "$1" --arg now "$(created_at)" \
        --argjson limit "$history_limit" --slurpfile layer "$2" --slurpfile old "$3" '
        ($old[0] // {history: []}) as $old
        | {
            schema_version: 1,
            reference: $reference,
            tree_digest: $tree,
            updated_at: $now,
            layer: $layer[0],
            history: ([$old | select(.layer and .layer.compressed_digest != $layer[0].compressed_digest)
                | .layer | {digest, compressed_digest, replaced_at: $now}] + $old.history)[:$limit]
        }'
}

# Removes from the history the layers that s3_look '' did not find: gc has removed them.
pointer_forget() {
    local hex standing=()
    for hex in ${pointer[history]}; do
        [[ ! ${object_sizes[$hex$layer_suffix]-} ]] || standing+=("$hex")
    done
    pointer[history]=${standing[*]}
}

# pointer_print FILE: prints the pointer in the file on one line, with the history in `pointer`.
pointer_print() {
    jq -c --arg history "${pointer[history]}" '($history / " " | map({key: "sha256:\(.)", value: true})
        | from_entries) as $standing | .history |= map(select($standing[.compressed_digest]))' "$1"
}

# Prints all names, encoded. Other objects are ignored.
references_list() {
    local status listing url name
    listing=$(s3 ls --recursive -- "${s3_url}refs/")
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url"
    while read -r _ _ _ url; do
        name=${url#"${s3_url}refs/"}
        name=${name%.json}
        [[ $url == "${s3_url}refs/$name.json" && $name =~ ^([A-Za-z0-9._-]|%[0-9A-F]{2})+/([A-Za-z0-9._-]|%[0-9A-F]{2})+$ ]] &&
            printf '%s\n' "$name"
    done <<<"$listing"
    return 0
}

reference_missing() {
    die 1 "$s3_url$reference_key: no such name; zlsnap refs lists the names"
}
