# shellcheck shell=bash
#
# References in an S3 store: SERVICE/INSTANCE leads to the layer that is to be restored, by a document
# that is called the pointer:
#
#   s3://BUCKET/PREFIX/refs/SERVICE/INSTANCE.json
#
# It holds the LAYER.json of the layer, the digest of the tree that is in it, and the layers that it
# led to before, the last one first. It is replaced at once, and only when its layer stands.

# So many earlier layers a pointer knows: more would make it larger than metadata_limit.
history_limit=1000

# What reference_read() found.
reference=     # SERVICE/INSTANCE, both encoded
reference_key= # of the pointer

# What pointer_read() found, by key.
declare -A pointer=()

usage_refs() {
    cat <<'END'
Usage: zlsnap refs [OPTION]... s3://BUCKET[/PREFIX]
List what zlsnap sync keeps there: SERVICE/INSTANCE, when its layer last changed, the size
of the layer and its digest, tabs between them.

      --json                   one JSON object a line: the pointers, without those
                           earlier layers that gc removed
END
    usage_s3
}

usage_status() {
    cat <<'END'
Usage: zlsnap status [OPTION]... SERVICE/INSTANCE [DIR] s3://BUCKET[/PREFIX]
Show which layer SERVICE/INSTANCE has there, and whether it is there with its size; with
DIR, also whether DIR is what is in it.

      --state=DIR              as for zlsnap sync
END
    usage_s3
    cat <<'END'

For tarpack: as for zlsnap sync.
END
}

# name_encode TEXT: prints it with all bytes but letters, digits, - _ and . as %XX, as is the first
# where it is a dot: a part of a key and a file's name, of which no two are the same.
name_encode() {
    local i char encoded=
    for ((i = 0; i < ${#1}; i++)); do
        char=${1:i:1}
        if [[ $char != [A-Za-z0-9._-] || $i$char == 0. ]]; then
            printf -v char '%d' "'$char"
            printf -v char '%%%02X' $((char & 255))
        fi
        encoded+=$char
    done
    printf '%s' "$encoded"
}

# name_decode TEXT
name_decode() {
    printf '%b' "${1//%/\\x}"
}

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

command_refs() {
    options_read "config: json" "$@"
    operands_expect URL
    s3_url_read "${operands[0]}"
    programs_expect jq
    s3_expect
    spool_make "$(temporary_place)" zlsnap-refs
    run refs_all
}

# One that is malformed does not hide the others.
refs_all() {
    local references name worst=0
    references=$(references_list) || exit
    [[ ! ${option[json]-} ]] || s3_look ''
    for name in $references; do
        (refs_one "$name") || worst=$?
    done
    return "$worst"
}

refs_one() {
    local line
    pointer_get "$1" "$spool/pointer" || return 0 # removed meanwhile
    if [[ ${option[json]-} ]]; then
        pointer_forget
        line=$(attempt pointer_print "$spool/pointer") || exit
        print "$line"
    else
        print "$(reference_print "$1")"$'\t'"${pointer[updated_at]}"$'\t'"${pointer[size]}"$'\t'"${pointer[digest]}"
    fi
}

command_status() {
    options_read "config: state: $tarpack_options" "$@"
    local dir='' tarpack shasum_tee state
    if ((${#operands[@]} == 3)); then
        dir=${operands[1]}
        operands=("${operands[0]}" "${operands[2]}")
    fi
    operands_expect SERVICE/INSTANCE URL
    reference_read "${operands[0]}"
    s3_url_read "${operands[1]}"
    excludes_check
    programs_expect jq
    # shellcheck disable=SC2034 # for digest_pipe()
    { tarpack=$(program tarpack) && shasum_tee=$(program shasum-tee); } || exit
    s3_expect
    state=
    [[ ! $dir ]] || state_open
    spool_make "$(temporary_place)" zlsnap-status
    run status_show
}

status_show() {
    local tree='' layer meta text
    pointer_get "$reference" "$spool/pointer" || reference_missing
    if [[ ${pointer[history]} ]]; then
        s3_look ''
        pointer_forget
    else
        s3_look "${pointer[hex]}."
    fi
    layer=$(object_state "${pointer[hex]}$layer_suffix" "${pointer[size]}")
    meta=$(object_state "${pointer[hex]}$meta_suffix")
    if [[ $dir ]]; then
        tree=$(digest_pipe --cache="$state/cache") || return
        [[ $tree == "${pointer[tree]}" ]] && tree='unchanged' || tree='changed'
        tree="directory    $(printable "$dir"): $tree"$'\n'
    fi
    text="reference    $(reference_print "$reference")
updated      ${pointer[updated_at]}
tree digest  ${pointer[tree]}
digest       ${pointer[digest]}
layer        $s3_url${pointer[hex]}$layer_suffix: $layer
metadata     $s3_url${pointer[hex]}$meta_suffix: $meta
${tree}earlier      $(wc -w <<<"${pointer[history]}") layers"
    print "$text"
    [[ $layer == there* ]]
}

# object_state KEY [SIZE]: prints what s3_look() saw of it.
object_state() {
    local size=${object_sizes[$1]-}
    if [[ ! $size ]]; then
        printf 'missing'
    elif [[ $size != "${2-$size}" ]]; then
        printf 'wrong, of %s bytes instead of %s' "$size" "$2"
    else
        printf 'there, %s bytes' "$size"
    fi
}

reference_missing() {
    die 1 "$s3_url$reference_key: there is no such pointer; zlsnap refs lists those that there are"
}
