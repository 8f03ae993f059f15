# Documents of snapshots in the directory "store": `load snapshots` after `load helpers` and `load driver`.

# hex_name LETTER [COUNT]: prints the letter 64 times.
hex_name() {
    local text
    printf -v text "%${2-64}s" ''
    printf '%s' "${text// /$1}"
}

# manifest_put LETTER: stores an object of 8 bytes that is called like a manifest; prints its key.
manifest_put() {
    mkdir -p store/web/1/manifests
    echo content >"store/web/1/manifests/$(hex_name "$1").zst"
    printf 'manifests/%s.zst' "$(hex_name "$1")"
}

# pack_put LETTER: stores two objects of 8 bytes that are called like a pack and its index.
pack_put() {
    mkdir -p store/web/1/packs
    echo content >"store/web/1/packs/$(hex_name "$1").zst"
    echo content >"store/web/1/packs/$(hex_name "$1").index.zst"
}

# document_put SEQUENCE TIME LETTER [PACK...]: stores the document of a snapshot of web/1 whose ID is the letter twelve
# times, and its manifest, which has the name of the letter. $HOST and $DIRECTORY may be set.
document_put() {
    local time=${2//[-:]/} path packs='' pack
    for pack in "${@:4}"; do
        pack_put "$pack"
        packs+=${packs:+,}'{"pack":"'$(hex_name "$pack")'","size_bytes":8,"index_size_bytes":8,"index_digest":"sha256:'$(
            hex_name 0
        )'","live_bytes":1,"total_bytes":1}'
    done
    printf -v path 'snapshots/%08d-%s-%s.json' "$1" "$time" "$(hex_name "$3" 12)"
    mkdir -p store/web/1/snapshots
    printf '{"schema_version":1,"name":"web/1","sequence":%d,"time":"%s","id":"%s","host":"%s","directory":"%s",%s%s%s}\n' \
        "$1" "$2" "$(hex_name "$3" 12)" "${HOST-host}" "${DIRECTORY-/srv}" \
        '"options":[],"tree_digest":"sha256:'"$(hex_name 0)"'","chunks_digest":null,"entries":1,"size_bytes":1,"added_bytes":1,' \
        '"manifest":[{"object":"'"$(manifest_put "$3")"'","size_bytes":8}],"chunks":[],"packs":['"$packs]" '' >"store/web/1/$path"
}

# doomed SEQUENCE KEY...: stores a document that dooms these objects.
doomed() {
    local path
    printf -v path 'store/web/1/doomed/%08d-20260101T000000Z-%012x.json' "$1" "$1"
    mkdir -p store/web/1/doomed
    jq -nc '{schema_version: 1, name: "web/1", time: "2026-01-01T00:00:00Z", objects: $ARGS.positional}' \
        --args "${@:2}" >"$path"
}

# snapshot_key LETTER: prints the key of this snapshot.
snapshot_key() {
    (cd store/web/1 && echo snapshots/*-"$(hex_name "$1" 12).json")
}

# put_at TIME PATH...: the files, and those in these directories, were put at this time, such as '2 days ago'.
put_at() {
    find "${@:2}" -exec touch -d "$1" {} +
}

# stored_letters [DIR]: prints the first letters of the names of the objects, by directory.
stored_letters() {
    (cd store/web/1 && find packs manifests bad -type f 2>/dev/null | sed -E 's|^(.*)/(.)\2*|\1/\2|; s|[.]zst$||' |
        LC_ALL=C sort | xargs)
}

# listed [STATE]: prints the first letters of the IDs of the snapshots, by state.
listed() {
    zlsnap snapshots --json web/1 store | jq -r "select(.state == \"${1-complete}\") | .key[-17:-16]" | xargs
}
