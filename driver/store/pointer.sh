# shellcheck shell=bash
#
# References and pointers.

part core/names layer/metadata store/s3

# So many earlier layers a pointer knows: more would make it larger than metadata_limit.
history_limit=1000

# What reference_read() found.
reference=     # SERVICE/INSTANCE, both encoded
reference_key= # of the pointer

# What pointer_read() found, by key.
declare -gA pointer=()

# reference_read WORD: takes SERVICE/INSTANCE apart; the instance may have more slashes.
reference_read() {
    [[ $1 == ?*/?* ]] || usage_error "'$(printable "$1")' is no SERVICE/INSTANCE"
    reference=$(name_encode "${1%%/*}")/$(name_encode "${1#*/}")
    [[ ! $reference =~ [^/]{201} ]] || usage_error "'$(printable "$1")' is too long a name"
    reference_key=refs/$reference.json
}

# reference_print ENCODED: prints it as people know it.
reference_print() {
    local name
    name=$(name_decode "$1" && echo .) # a newline may be its last character
    printable "${name%.}"
}

# Reads a pointer; prints "ok" and the values that the driver uses, one a line, or what is wrong.
pointer_filter='
    def history: type == "array" and all(type == "object" and (.compressed_digest | digest));
    problem(wrong("reference"; text), wrong("tree_digest"; digest), wrong("updated_at"; text),
        wrong("history"; history), wrong("layer"; type == "object"),
        (.layer | objects | metadata_wrong))
    // ("ok", (.[0] | .reference, .tree_digest, .updated_at, .layer.digest,
        .layer.compressed_digest, ([.history[].compressed_digest] | join(" ")),
        .layer.compressed_size_bytes))'

pointer_values() {
    jq -rs "$metadata_library $pointer_filter" 2>/dev/null
}

# pointer_get REFERENCE FILE: fetches its pointer to the file and reads it. Returns 1 if there is none.
pointer_get() {
    local lines key=refs/$1.json
    pointer=()
    s3_get "$key" "$2" || return
    json_read pointer_values "$2" "$s3_url$key"
    # One that was copied there from elsewhere, say.
    [[ ${lines[1]} == "$1" ]] ||
        die 4 "$s3_url$key: is the pointer of $(printable "${lines[1]}"), not of $1"
    pointer=(
        [tree]=${lines[2]} [updated_at]=${lines[3]} [digest]=${lines[4]} [hex]=${lines[5]#sha256:}
        [history]=${lines[6]//sha256:/} [size]=${lines[7]}
    )
}

# pointer_make TREE JSON OLD: prints the pointer to the layer whose LAYER.json is in the file JSON; OLD is
# the pointer that it replaces, or an empty file.
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

# Takes those layers out of the history that s3_look '' has not found in the store: gc removed them.
pointer_forget() {
    local hex standing=()
    for hex in ${pointer[history]}; do
        [[ ! ${object_sizes[$hex$layer_suffix]-} ]] || standing+=("$hex")
    done
    pointer[history]=${standing[*]}
}

# pointer_print FILE: prints the pointer in the file on one line, with the history that `pointer` has.
pointer_print() {
    jq -c --arg history "${pointer[history]}" '($history / " " | map({key: "sha256:\(.)", value: true})
        | from_entries) as $standing | .history |= map(select($standing[.compressed_digest]))' "$1"
}

# references_list: prints all references, encoded; what else may lie there is not ours.
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
    die 1 "$s3_url$reference_key: there is no such pointer; zlsnap refs lists those that there are"
}
