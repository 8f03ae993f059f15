# shellcheck shell=bash
#
# What a sync sends: packs, manifest and chunk map, and at last the document. The walk left the manifest in
# the spool, the chunk map in the state, and packs in incoming/.

part core/pipe layer/metadata store/known store/object store/readback store/signature store/snapshot store/state

# The number of the new snapshot.
number=

# The digest of its chunk map; empty if no file is large.
chunks_digest=

# The status of send_snapshot() if nothing was sent because an index in the state, or a pack, was damaged.
send_again=75

# send_snapshot DIR
send_snapshot() {
    local needs name
    rm -rf -- "$spool/new"
    document_number number snapshots
    document_number_check "$number" snapshots 'not synced'
    (needs_find) &
    needs=$!
    attempt mkdir -- "$spool/new"
    objects_make manifest "$spool/manifest" "$tree"
    chunks_make
    readback_wanted=
    wait "$needs" || return
    phase_say sending
    packs_send
    manifests_send
    name=$(document_write "$1") || exit
    documents_add "$name"
    target_put "$reference/snapshots" "$spool/$name"
    document_expect "snapshots/$name"
    send_compare
    send_remember
    name=${name%.json}
    sync_result synced "${name##*-}"
    sync_sum "$(added_bytes)"
}

# Lists the store and compares it with "expected". Ends the driver if an object is missing, so that a document
# appears only with all that it names.
send_compare() {
    local problem
    phase_say 'comparing'
    target_list "$reference" "$spool/listing"
    problem=$(awk -F '\t' '
        FILENAME == ARGV[1] { sizes[$1] = $2; next }
        sizes[$1] != $2 { print $1; exit }' "$spool/listing" "$spool/expected") ||
        die 1 'the listing cannot be compared: awk failed'
    [[ ! $problem ]] || die 1 "$target_url/$reference/$problem: is missing or has another size than was sent; not synced, \
run it again"
    send_doomed
}

# A sync that lasts longer, in seconds, does not rely on the grace period of gc.
send_long=1800

# Ends the driver if gc has meanwhile doomed what the snapshot needs, and this sync lasts so long that gc may be
# about to delete it. After a shorter one, gc will find that the document names it.
send_doomed() {
    local keys problem
    ((SECONDS > send_long)) || return 0
    mapfile -t keys < <(awk -F '\t' '
        FILENAME == ARGV[1] { if ($2 == "document") read[$1]; next }
        $1 ~ "^doomed/" && !($1 in read) { print $1 }' "$spool/table" "$spool/listing")
    ((${#keys[@]})) || return 0
    documents_fetch "$reference" "${keys[@]}"
    problem=$(keys=" ${keys[*]} " awk -F '\t' '
        FILENAME == ARGV[1] { needed[$1]; next }
        $2 == "doomed" && $3 in needed && index(ENVIRON["keys"], " " $1 " ") { print $3; exit }
        ' "$spool/expected" "$spool/table") || die 1 'the documents cannot be compared: awk failed'
    [[ ! $problem ]] ||
        die 1 "$target_url/$reference/$problem: gc has begun to delete it meanwhile; not synced, run it again"
}

# --------------------------------------------------------------------------- packs

# Writes the packs that the manifest needs to "needs": PACK LIVE TOTAL. Where several packs have a content,
# the newest index decides: one of a new pack, or else of a pack that the last snapshot uses.
needs_find() {
    local pack used reader status preferred=() new=("$incoming"/*.index)
    while read -r pack _ _ _ _ used; do
        [[ $used != 1 || ! -e $state/known/$pack.index ]] || preferred+=("$state/known/$pack.index")
    done <"$spool/known"
    ((${#preferred[@]} == 0)) || attempt touch -- "${preferred[@]}"
    [[ ! -e ${new[0]} ]] || attempt cp -- "${new[@]}" "$state/known/"
    known_verify || {
        known_return
        exit "$send_again"
    }
    ([[ ! $readback_wanted ]] || readback) &
    reader=$!
    (stage_from "$spool/manifest" stage "$tarjoin" --needs --indexes="$state/known" --chunks="$state/chunks") \
        >"$spool/needs"
    status=$?
    known_return
    wait "$reader" || exit
    ((status == 0)) || die 1 "$(reference_print "$reference"): not synced, run it again"
}

# Sends the packs that wait in incoming/ and are needed, with their indexes. Writes what the document says of
# all needed packs to "packs": PACK SIZE INDEX_SIZE INDEX_DIGEST LIVE TOTAL. Until the document is there, the
# state has the sizes of those that were sent, and incoming/ their indexes: if this run is killed, the next
# one does not send their contents again.
packs_send() {
    local pack rest files=() packs=()
    unsent=$spool/unsent awk -F '\t' -v OFS=' ' '
        FILENAME == ARGV[1] {
            split($0, field, " ")
            live[field[1]] = field[2]
            total[field[1]] = field[3]
            next
        }
        FILENAME == ARGV[2] {
            complete[$1]
            next
        }
        $2 == "pack" && $1 in complete && $3 in live {
            print $3, $4, $5, $6, live[$3], $8
            delete live[$3]
        }
        END {
            for (pack in live)
                print pack, live[pack], total[pack] | ("sort >" "\"$unsent\"")
        }' "$spool/needs" "$spool/complete" "$spool/table" >"$spool/packs" || die 1 'the packs cannot be listed: awk failed'
    if [[ -s $spool/unsent ]]; then
        while read -r pack rest; do
            files+=("$incoming/$pack")
            [[ ! -e $incoming/$pack.zst ]] || packs+=("$incoming/$pack.zst")
        done <"$spool/unsent"
        attempt zstd -q --output-dir-flat "$spool/new" -- "${files[@]/%/.index}"
        packs_measure "${files[@]}" >>"$spool/packs" || exit
        target_move "$reference/packs" "${packs[@]}" "$spool/new"/*.index.zst
        attempt rm -f -- "$spool/new"/*.index.zst
    fi
}

# packs_measure FILE...: prints the lines for "packs" of packs in incoming/; they are in the order of
# "unsent".
packs_measure() {
    local digests lines='' sizes index_sizes i pack live total
    ((${#packs[@]} == 0)) || lines=$(cd -- "$incoming" && attempt stat -c '%n %s' -- "${packs[@]##*/}") || exit
    printf '%s\n' "${lines//.zst / }" | cat "$spool/resumed" - >"$spool/sent" || die 1 'the spool cannot be written'
    attempt cp -- "$spool/sent" "$state/sent"
    lines=$(awk 'FILENAME == ARGV[1] { size[$1] = $2; next } { print size[$1] }' "$spool/sent" "$spool/unsent")
    [[ $lines =~ ^([0-9]+($|$'\n'))+$ ]] || die 1 "$(printable "$incoming"): a pack is gone; not synced, run it again"
    # Names with a backslash or a newline would be quoted.
    digests=$(cd -- "$incoming" && printf '%s.index\n' "${@##*/}" | attempt xargs sha256sum --) &&
        index_sizes=$(cd -- "$spool/new" && printf '%s.index.zst\n' "${@##*/}" | attempt xargs stat -c %s --) || exit
    mapfile -t digests <<<"$digests"
    mapfile -t sizes <<<"$lines"
    mapfile -t index_sizes <<<"$index_sizes"
    i=0
    while read -r pack live total; do
        printf '%s %s %s sha256:%s %s %s\n' "$pack" "${sizes[i]}" "${index_sizes[i]}" "${digests[i]:0:64}" "$live" "$total"
        i=$((i + 1))
    done <"$spool/unsent"
}

# --------------------------------------------------------------------------- the document

# Makes the object of the chunk map.
chunks_make() {
    : >"$spool/chunks.objects"
    chunks_digest=
    # Its first line is a header.
    { read -r _ && read -r _; } <"$state/chunks" || return 0
    chunks_digest=$(attempt sha256sum <"$state/chunks") || exit
    chunks_digest=sha256:${chunks_digest:0:64}
    objects_make chunks "$state/chunks" "$chunks_digest"
}

# Sends the objects of the manifest and the chunk map, and compares the store with what the document will
# name.
manifests_send() {
    local files=("$spool/new"/*.zst)
    attempt cp -- "$spool/listing" "$spool/listing.before"
    [[ ! -e ${files[0]} ]] || target_put "$reference/manifests" "${files[@]}"
    sizes_replace
    awk -v OFS='\t' '
        NF == 2 { print $1, $2; next }
        { print "packs/" $1 ".zst", $2; print "packs/" $1 ".index.zst", $3 }
        ' "$spool/manifest.objects" "$spool/chunks.objects" "$spool/packs" >"$spool/expected" ||
        die 1 'awk failed'
    send_compare
}

# document_write DIR: writes the document to the spool; prints its name.
document_write() {
    local time id name directory
    time=$(created_at)
    document_id id
    path_of directory realpath -- "$1"
    document_file name "$number" "$time" "$id"
    : >"$spool/signature"
    [[ ! $signing ]] || signature_text "$reference" "$number" "$time" "$id" "$tree" "$chunks_digest" \
        "$shaping_json" | signature_make "$signing" "$spool/signature" || exit
    jq -nc --arg name "$reference" --argjson sequence "$number" --arg time "$time" --arg id "$id" --arg host "$HOSTNAME" \
        --arg directory "$directory" --argjson options "$shaping_json" --arg tree "$tree" --arg chunks "$chunks_digest" \
        --argjson entries "$tree_entries" --argjson size "$tree_bytes" --argjson added "$(added_bytes)" \
        --rawfile manifest "$spool/manifest.objects" --rawfile map "$spool/chunks.objects" \
        --rawfile packs "$spool/packs" --rawfile signature "$spool/signature" '
        def lines: split("\n") | map(select(. != "") | split(" "));
        def objects: lines | map({object: .[0], size_bytes: (.[1] | tonumber)});
        {schema_version: 1, name: $name, sequence: $sequence, time: $time, id: $id, host: $host, directory: $directory,
            options: $options, tree_digest: $tree, chunks_digest: (if $chunks == "" then null else $chunks end),
            entries: $entries, size_bytes: $size, added_bytes: $added,
            manifest: ($manifest | objects), chunks: ($map | objects),
            packs: ($packs | lines | map({pack: .[0], size_bytes: (.[1] | tonumber),
                index_size_bytes: (.[2] | tonumber), index_digest: .[3], live_bytes: (.[4] | tonumber),
                total_bytes: (.[5] | tonumber)}))}
        + if $signature == "" then {} else {signature: $signature} end
        ' >"$spool/$name" || die 1 'the document cannot be written by jq'
    echo "$name"
}

# Replaces the sizes of objects that were sealed by those of the sealed ones.
sizes_replace() {
    local list
    [[ -e $spool/sealed.sizes ]] || return 0
    for list in manifest.objects chunks.objects packs; do
        prefix=$reference/ awk '
            FILENAME == ARGV[1] { sizes[substr($1, length(ENVIRON["prefix"]) + 1)] = $2; next }
            NF == 2 && $1 in sizes { $2 = sizes[$1] }
            NF > 2 && "packs/" $1 ".zst" in sizes {
                $2 = sizes["packs/" $1 ".zst"]
                $3 = sizes["packs/" $1 ".index.zst"]
            }
            { print }' "$spool/sealed.sizes" "$spool/$list" >"$spool/replaced" ||
            die 1 'the spool cannot be written'
        attempt mv -T -- "$spool/replaced" "$spool/$list"
    done
}

# document_expect KEY: adds the document, with the size that it has in the store, to "expected" and to the table.
document_expect() {
    local size
    if [[ -e $spool/sealed.sizes ]]; then
        size=$(awk -v key="$reference/$1" '$1 == key { print $2 }' "$spool/sealed.sizes")
    else
        file_size size "$spool/${1##*/}"
    fi
    printf '%s\t%s\n' "$1" "$size" >>"$spool/expected"
    printf '%s\tdocument\t%s\n' "$1" "$size" >>"$spool/table"
}

# documents_add NAME: adds the lines of the new document to the table; ends the driver if it is malformed.
documents_add() {
    name=$reference kind=snapshots documents_lines "$spool/$1" >"$spool/lines" || die 1 'the document cannot be read by jq'
    [[ $(<"$spool/lines") != *$'\tmalformed\t'* ]] ||
        die 1 "the new document would be malformed: $(cut -f 3 -- "$spool/lines")"
    grep -v $'\tdocument$' "$spool/lines" >>"$spool/table" || die 1 'the spool cannot be written'
}

# Prints the bytes of the objects that this sync stored.
added_bytes() {
    awk -F '\t' '
        FILENAME == ARGV[1] { before[$1]; next }
        !($1 in before) { sum += $2 }
        END { printf "%d\n", sum }' "$spool/listing.before" "$spool/expected"
}

# --------------------------------------------------------------------------- afterwards

# Keeps what the next sync can use: the documents, the plan, and the manifest if later ones will be deltas of
# it.
send_remember() {
    documents_keep
    known_extend
    sync_clean
    ((number % 8 == 0)) || return 0
    attempt mkdir -p -- "$state/manifests"
    manifests_forget
    manifest_keep "$spool/manifest" "$tree"
    [[ ! $chunks_digest ]] || manifest_keep "$state/chunks" "$chunks_digest"
}
