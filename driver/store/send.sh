# shellcheck shell=bash
#
# What a sync sends: packs, manifest and chunk map, and at last the document. The walk left the manifest in
# the spool, the chunk map in the state, and packs in incoming/.

part core/pipe layer/metadata store/known store/object store/readback store/signature store/snapshot store/state

# The number of the new snapshot, the bytes of the objects that it adds, and the size of its document.
number=
added=
document_size=

# The digest of its chunk map; empty if no file is large.
chunks_digest=

# The status of send_snapshot() if nothing was sent because an index in the state, or a pack, was damaged.
send_again=75

# Sends the snapshot that sync_compare() has compared with the last one.
send_snapshot() {
    local finder said text reader keeper name
    document_number number snapshots
    document_number_check "$number" snapshots 'not synced'
    # Its messages wait in a pipe: if both fail, on a full disk for instance, one message is enough.
    coproc finding { messages_join && packs_find; }
    finder=$!
    exec {said}<&"${finding[0]}"
    objects_begin
    objects_make manifest "$spool/manifest" "$tree"
    chunks_make
    read -r -d '' -u "$said" text
    exec {said}<&-
    [[ ! $text ]] || printf '%s' "$text" >&"$messages"
    wait "$finder" || return
    ([[ ! $readback_wanted ]] || readback) &
    reader=$!
    readback_wanted=
    # From a remote store it fetches: if that fails, the puts would fail, too.
    [[ $target_kind == directory ]] || wait "$reader" || return
    phase_say sending
    packs_send
    ((${#objects_new[@]} == 0)) || target_put "$reference/manifests" "${objects_new[@]}"
    wait "$reader" || return
    sizes_replace
    document_write name
    send_compare
    target_put "$reference/snapshots" "$spool/$name"
    document_expect "snapshots/$name"
    (documents_keep && known_extend) &
    keeper=$!
    send_compare
    wait "$keeper" || exit
    sync_clean
    manifests_keep
    name=${name%.json}
    sync_result synced "${name##*-}"
    sync_sum $((added + document_size))
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
    [[ ! $problem ]] || die 1 "$(target_name "$reference/$problem"): is missing or has another size than was sent; not synced, \
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
        die 1 "$(target_name "$reference/$problem"): gc has begun to delete it meanwhile; not synced, run it again"
}

# --------------------------------------------------------------------------- packs

# Writes what the document says of the packs that the manifest needs to "packs": PACK SIZE INDEX_SIZE INDEX_DIGEST LIVE
# TOTAL; and those of them that are not in a document yet to "unsent". Exits with send_again if an index in the
# state is damaged.
packs_find() {
    packs_prefer
    packs_measure
    needs_find && packs_judge && return
    known_verify || exit "$send_again"
    cat -- "$spool/needs.said" >&"$messages"
    die 1 "$(reference_print "$reference"): not synced, run it again"
}

# Compresses the indexes of the packs that wait in incoming/. Writes the sizes of what is new to "sizes": NAME SIZE.
packs_measure() {
    local indexes=("$incoming"/*.index)
    : >"$spool/sizes"
    [[ -e ${indexes[0]} ]] || return 0
    attempt zstd -q -f --output-dir-flat "$spool" -- "${indexes[@]}"
    attempt cp -- "${indexes[@]}" "$state/known/"
    find "$incoming" "$spool" -ignore_readdir_race -maxdepth 1 -name '*.zst' -type f -printf '%f %s\n' >"$spool/sizes" ||
        die 1 "$(printable "$incoming"): cannot be listed"
}

# Where several packs have a content, the newest index decides: one of a new pack, or else of a pack that the last
# snapshot uses.
packs_prefer() {
    local pack used other='' preferred=()
    while read -r pack _ _ _ _ used; do
        if [[ $used != 1 ]]; then
            other=yes
        elif [[ -e $state/known/$pack.index ]]; then
            preferred+=("$state/known/$pack.index")
        fi
    done <"$spool/known"
    if [[ $other && ${#preferred[@]} -ne 0 ]]; then
        attempt touch -- "${preferred[@]}"
    fi
}

# Writes the packs that the manifest needs to "needs": PACK LIVE TOTAL INDEX_DIGEST.
needs_find() {
    local status
    (stage_from "$spool/manifest" exec "$tarjoin" --needs --indexes="$state/known" --chunks="$state/chunks") \
        >"$spool/needs" 2>"$spool/needs.said"
    status=$?
    known_return
    return "$status"
}

# Compares "needs" with what is known, and writes "packs" and "unsent". Until the document is there, the state has the
# sizes of the packs that are sent, and incoming/ their indexes: if this run is killed, the next one does not
# send their contents again. Returns 1 if the index of a known pack is not that of its document.
packs_judge() {
    : >"$spool/unsent"
    unsent=$spool/unsent sent=$state/sent awk '
        pass == 1 { size[$1] = $2 }
        pass == 2 { size[$1 ".zst"] = $2 }
        pass == 3 { digest[$1] = $2 }
        pass == 4 { complete[$1] }
        pass == 5 && $2 == "pack" && $1 in complete { stored[$3] = $4 " " $5 }
        pass != 6 { next }
        $1 in digest && digest[$1] != $4 { exit status = 1 }
        $1 in stored { print $1, stored[$1], $4, $2, $3; next }
        !(($1 ".zst") in size && ($1 ".index.zst") in size) { exit status = 4 }
        {
            print $1, size[$1 ".zst"], size[$1 ".index.zst"], $4, $2, $3
            print $1 >ENVIRON["unsent"]
            print $1, size[$1 ".zst"] >ENVIRON["sent"]
        }' pass=1 "$spool/sizes" pass=2 "$spool/resumed" pass=3 "$spool/known" pass=4 "$spool/complete" \
        FS='\t' pass=5 "$spool/table" FS=' ' pass=6 "$spool/needs" >"$spool/packs"
    case $? in
    0) ;;
    1) return 1 ;;
    4) die 1 "$(printable "$incoming"): a pack is gone; not synced, run it again" ;;
    *) spool_failed 'the packs cannot be listed: awk failed' ;;
    esac
}

# Sends the packs of "unsent", those of them that a killed run has not sent, with their indexes.
packs_send() {
    local pack packs=() indexes=()
    while read -r pack; do
        indexes+=("$spool/$pack.index.zst")
        [[ ! -e $incoming/$pack.zst ]] || packs+=("$incoming/$pack.zst")
    done <"$spool/unsent"
    ((${#indexes[@]} == 0)) || target_move "$reference/packs" "${packs[@]}" "${indexes[@]}"
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

# document_write VARIABLE: writes the document to the spool, sets the variable to its name, and sets `added`. Adds its
# lines to the table, and writes what it names to "expected".
document_write() {
    local time id file host here fields chunks=null
    time=$(created_at)
    document_id id
    document_file file "$number" "$time" "$id"
    json_text here "$directory"
    json_text host "$HOSTNAME"
    [[ ! $chunks_digest ]] || chunks="\"$chunks_digest\""
    fields=(schema_version 1 name "\"$reference\"" sequence "$number" time "\"$time\"" id "\"$id\"" host "$host"
        directory "$here" options "$shaping_json" tree_digest "\"$tree\"" chunks_digest "$chunks"
        entries "$tree_entries" size_bytes "$tree_bytes")
    if [[ $signing ]]; then
        signature_text "$reference" "$number" "$time" "$id" "$tree" "$chunks_digest" "$shaping_json" |
            signature_make "$signing" "$spool/signature" || exit
        fields+=(signature "$(jq -Rs . <"$spool/signature")") || die 1 'jq failed'
    fi
    printf '%s\t%s\n' "${fields[@]}" >"$spool/fields" || spool_failed 'the spool cannot be written'
    key=snapshots/$file table=$spool/table expected=$spool/expected sum=$spool/sum awk -f "$parts/store/document.awk" \
        FS='\t' pass=1 "$spool/listing" pass=2 "$spool/fields" FS=' ' pass=3 "$spool/manifest.objects" \
        pass=4 "$spool/chunks.objects" pass=5 "$spool/packs" >"$spool/$file" || die 1 'the document cannot be written by awk'
    read -r added document_size <"$spool/sum"
    printf -v "$1" '%s' "$file"
}

# Keeps the manifest and the chunk map if later ones will be deltas of them.
manifests_keep() {
    ((number % 8 == 0)) || return 0
    [[ -d $state/manifests ]] || attempt mkdir -- "$state/manifests"
    manifests_forget
    attempt mv -fT -- "$spool/manifest" "$state/manifests/${tree#sha256:}"
    [[ ! $chunks_digest ]] || attempt cp --reflink=auto -- "$state/chunks" "$state/manifests/${chunks_digest#sha256:}"
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
            spool_failed 'the spool cannot be written'
        attempt mv -T -- "$spool/replaced" "$spool/$list"
    done
}

# document_expect KEY: adds the document, with the size that it has in the store, to "expected" and to the table.
document_expect() {
    [[ ! -e $spool/sealed.sizes ]] || document_size=$(awk -v key="$reference/$1" '$1 == key { print $2 }' "$spool/sealed.sizes")
    printf '%s\t%s\n' "$1" "$document_size" >>"$spool/expected"
    printf '%s\tdocument\t%s\n' "$1" "$document_size" >>"$spool/table"
}
