# shellcheck shell=bash
#
# zlsnap copy: snapshots of one store become the same snapshots of another: the same objects under the same
# names, and at last the document. Some snapshots at a time, the oldest first:
#
#   get, verify and put the objects that the other store lacks, list and compare, put the documents, list and compare again
#
# Objects keep their names, so one that gc is about to delete in the other store must not be relied on: gc
# would delete it in spite of the new document, if it looked before. Such a snapshot is not copied until gc
# has done so.

part core/options core/pipe store/snapshot

usage_copy() {
    cat <<'END'
Usage: zlsnap copy [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE STORE
Copy a snapshot from the first store to the second: the last one, or the one with this ID
or not after this time.
Objects that the second store has are not sent again, so an interrupted copy resumes. All
objects are verified before they are sent. Prints the name, 'copied', 'repaired' or 'has',
and the ID of each snapshot.

      --all                    copy all complete snapshots of the name
  -q, --quiet                  print nothing on success
END
    usage_target
}

# The two stores as the user wrote them.
copy_from=
copy_to=

# The command that opens sealed objects. They are copied as they are stored, so that their sizes stay those in
# the documents, and opened only to be read or verified.
copy_open=

# How many snapshots are copied at a time, and about how many bytes of objects are fetched at a time.
copy_snapshots=16
copy_batch=268435456

command_copy() {
    options_read "all $target_options" "$@"
    operands_expect SERVICE/INSTANCE FROM-STORE TO-STORE
    reference_read_which "${operands[0]}"
    [[ ! ${option[all]-} || ! $reference_which ]] || usage_error "'$(printable "${operands[0]}")': --all takes a name without an ID or a time"
    copy_from=${operands[1]} copy_to=${operands[2]}
    target_open "$copy_to"
    target_open "$copy_from"
    [[ $copy_from != "$copy_to" && ! ($target_kind == directory && $copy_from -ef $copy_to) ]] ||
        usage_error 'the two stores are the same'
    programs_expect zstd jq sha256sum awk sort
    spool_make "$(temporary_place)" zlsnap-copy
    run copy_all || exit
    spool_remove
}

copy_all() {
    local keys status=0
    spool_empty_files refused unsound failed
    copy_look_from
    copy_look_to
    mapfile -t keys <"$spool/chosen"
    while ((${#keys[@]})); do
        copy_some "${keys[@]:0:copy_snapshots}"
        keys=("${keys[@]:copy_snapshots}")
    done
    [[ ! -s $spool/forgone ]] ||
        warn "$(reference_print "$reference"): snapshots that were forgotten in $(target_name '') are not copied: $(wc -l <"$spool/forgone")"
    [[ ! -s $spool/failed ]] || status=$(sort -n -- "$spool/failed" | tail -n 1)
    return "$status"
}

# copy_raw STORE: from now on, objects of this store are got and put as they are stored.
copy_raw() {
    target_open "$1"
    target_unseal='' target_seal=''
}

# Writes "from.listing" and "from.table", and the keys of the snapshots to be copied to "chosen".
copy_look_from() {
    local key problem
    target_open "$copy_from"
    copy_open=$target_unseal
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
    if [[ ${option[all]-} ]]; then
        [[ -s $spool/complete ]] || snapshot_missing 'has no complete snapshot'
        while IFS=$'\t' read -r key problem; do
            warn "$(reference_print "$reference"): $key is broken and not copied: $problem"
        done <"$spool/broken"
        attempt cp -- "$spool/complete" "$spool/chosen"
    else
        snapshot_choose
        grep -qxF -- "${snapshot[key]}" "$spool/complete" || exit 1
        printf '%s\n' "${snapshot[key]}" >"$spool/chosen"
    fi
    attempt mv -- "$spool/listing" "$spool/from.listing"
    attempt mv -- "$spool/table" "$spool/from.table"
}

# Reads the listing and the documents of the other store; those that it has from this one are not fetched.
copy_look_to() {
    target_open "$copy_to"
    target_create 'NAME FROM TO'
    target_list "$reference" "$spool/listing"
    copy_known "$spool/from.table"
    documents_load "$reference"
}

# copy_known TABLE: the documents in this table are not fetched again.
copy_known() {
    documents_known=$spool/known.zst
    attempt zstd -q -f -1 -o "$documents_known" -- "$1"
}

# Lists the other store again, and reads what gc has written meanwhile: a copy may take days.
copy_look_again() {
    copy_known "$spool/table"
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
}

# copy_failed STATUS KEY PROBLEM: says why a snapshot is not copied.
copy_failed() {
    local id=${2%.json}
    say "$(reference_print "$reference")@${id##*-}: $3"
    printf '%s\n' "$1" >>"$spool/failed"
}

# copy_some KEY...: copies these snapshots.
copy_some() {
    local key keys=() new=() objects
    copy_refuse "$@"
    mapfile -t keys < <(printf '%s\n' "$@" | grep -vxF -f "$spool/refused")
    ((${#keys[@]})) || return 0
    copy_needs "${keys[@]}"
    if [[ -s $spool/lacks ]]; then
        copy_objects
        copy_look_again
        copy_refuse "${keys[@]}"
        mapfile -t keys < <(printf '%s\n' "${keys[@]}" | grep -vxF -f "$spool/refused")
    fi
    for key in "${keys[@]}"; do
        if copy_is_whole "$key" && ! copy_has "$key"; then
            new+=("$key")
        fi
    done
    ((${#new[@]} == 0)) || copy_documents "${new[@]}"
    for key in "${keys[@]}"; do
        copy_say "$key" "${new[*]}"
    done
}

# copy_refuse KEY...: writes to "refused" the keys of snapshots that are forgotten in the other store, or need
# an object that gc is about to delete there. An object of a complete snapshot of that store is safe.
copy_refuse() {
    local key object
    printf '%s\n' "$@" | awk -F '\t' -v OFS='\t' '
        function need(object, size, digest) {
            if (FILENAME == ARGV[3])
                safe[object]
            else if (object in doomed && !(object in safe) && !($1 in refused)) {
                refused[$1]
                print $1, object
            }
        }
        FILENAME == "-" { chosen[$1]; next }
        FILENAME == ARGV[2] { complete[$1]; next }
        FILENAME == ARGV[3] && $2 == "doomed" { doomed[$3] }
        FILENAME == ARGV[3] ? !($1 in complete) : !($1 in chosen) { next }
        FILENAME == ARGV[4] && $2 == "snapshot" { need($1) }
        '"$documents_needs"'
        ' - "$spool/complete" "$spool/table" "$spool/from.table" >"$spool/refused.new" || die 1 'the documents cannot be compared: awk failed'
    while IFS=$'\t' read -r key object; do
        printf '%s\n' "$key" >>"$spool/refused"
        if [[ $object != snapshots/* ]]; then
            copy_failed 1 "$key" "$(target_name '') is about to delete $object, which it needs; run gc there, then copy again"
        elif [[ ${option[all]-} ]]; then
            printf '%s\n' "$key" >>"$spool/forgone"
        else
            copy_failed 1 "$key" "was forgotten in $(target_name ''); run gc there, then copy again"
        fi
    done <"$spool/refused.new"
}

# copy_needs KEY...: writes what the snapshots need to "needs": KEY OBJECT SIZE, and INDEX_DIGEST for an
# index; and what of it the other store lacks, or has damaged, to "lacks": OBJECT SIZE INDEX_DIGEST, each
# once.
copy_needs() {
    printf '%s\n' "$@" | lacks=$spool/lacks awk -F '\t' -v OFS='\t' '
        function need(object, size, digest,  hex) {
            digest = digest == "" ? "-" : digest
            print $1, object, size
            hex = substr(object, index(object, "/") + 1, 64)
            if (!(object in seen) && ((sizes[object] "") != size || ("bad/" hex ".json") in sizes))
                print object, size, digest >ENVIRON["lacks"]
            seen[object]
        }
        BEGIN { printf "" >ENVIRON["lacks"] }
        FILENAME == "-" { chosen[$1]; next }
        FILENAME == ARGV[2] { sizes[$1] = $2; next }
        !($1 in chosen) { next }
        '"$documents_needs"'
        ' - "$spool/listing" "$spool/from.table" >"$spool/needs" || die 1 'the objects cannot be listed: awk failed'
}

# --------------------------------------------------------------------------- objects

# Copies the objects in "lacks", as many at a time as fit.
copy_objects() {
    local object size digest bytes=0 room batch=()
    room=$(copy_room) || exit
    while IFS=$'\t' read -r object size digest; do
        if ((bytes && bytes + size > room || ${#batch[@]} >= target_batch)); then
            copy_batch_send "${batch[@]}"
            bytes=0 batch=()
        fi
        bytes=$((bytes + size))
        batch+=("$object"$'\t'"$digest")
    done <"$spool/lacks"
    copy_batch_send "${batch[@]}"
}

# Prints how many bytes may be fetched at a time.
copy_room() {
    local blocks block
    read -r blocks block < <(attempt stat -f -c '%a %S' -- "$spool")
    ((blocks)) || die 1 "$(printable "$spool"): no space left"
    ((blocks * block / 2 < copy_batch)) && echo $((blocks * block / 2)) || echo "$copy_batch"
}

# copy_batch_send LINE...: lines OBJECT INDEX_DIGEST.
copy_batch_send() {
    local at dir object digest line objects=() sound
    copy_raw "$copy_from"
    target_place at "$reference"
    at=${at:-$spool}
    objects=("${@%%$'\t'*}")
    if [[ $at == "$spool" ]]; then
        copy_get "${objects[@]}"
    fi
    for line; do
        object=${line%%$'\t'*} digest=${line#*$'\t'}
        copy_verify "$at/$object" "$digest" || printf '%s\n' "$object" >>"$spool/unsound"
    done
    copy_raw "$copy_to"
    for dir in manifests packs; do
        mapfile -t sound < <(printf '%s\n' "${objects[@]}" | grep "^$dir/" | copy_without_unsound)
        ((${#sound[@]} == 0)) || target_put "$reference/$dir" "${sound[@]/#/"$at/"}"
        rm -rf -- "${spool:?}/$dir"
    done
    copy_unnote "${objects[@]}"
    target_open "$copy_to"
}

# copy_get OBJECT...: fetches them to directories of the spool.
copy_get() {
    local dir names
    for dir in manifests packs; do
        attempt mkdir -p -- "$spool/$dir"
        mapfile -t names < <(printf '%s\n' "$@" | grep "^$dir/")
        ((${#names[@]} == 0)) || target_get "$reference" "$spool/$dir" "${names[@]}"
    done
}

# copy_verify FILE INDEX_DIGEST: whether it has its name, or INDEX_DIGEST unless that is "-", as digest.
copy_verify() {
    local digest dir=${1%/*} name=${1##*/} status=4 problem='is damaged: its digest is wrong'
    if [[ ! -e $1 ]]; then
        status=1 problem='is missing'
    elif ! digest=$(sh -c "${copy_open:-cat}" <"$1" 2>"$spool/said" | if [[ $2 == - ]]; then cat; else zstd -q -dc; fi | sha256sum); then
        problem="is damaged: zstd${copy_open:+, or the command of --open,} fails"
    elif [[ ${digest:0:64} == "${name%.zst}" || sha256:${digest:0:64} == "$2" ]]; then
        return 0
    fi
    say "$(target_name "$reference/${dir##*/}/$name"): $problem"
    printf '%s\n' "$status" >>"$spool/failed"
    return 1
}

# Passes on the lines that are not in "unsound".
copy_without_unsound() {
    if [[ -s $spool/unsound ]]; then grep -vxF -f "$spool/unsound"; else cat; fi
}

# copy_unnote OBJECT...: objects that a check had found damaged in the other store are sound now.
copy_unnote() {
    local notes
    mapfile -t notes < <(printf '%s\n' "$@" | copy_without_unsound | grep -oE '[0-9a-f]{64}' | sort -u |
        sed 's|.*|bad/&.json|' | grep -xF -f <(cut -f 1 -- "$spool/listing"))
    ((${#notes[@]} == 0)) || target_delete "$reference" "${notes[@]}"
}

# --------------------------------------------------------------------------- documents

# copy_is_whole KEY: whether the other store has all that the snapshot needs, sound as far as is known; else
# says which object it does not have.
copy_is_whole() {
    local object
    object=$(key=$1 awk -F '\t' '
        FILENAME == ARGV[1] { sizes[$1] = $2; next }
        FILENAME == ARGV[2] { delete sizes[$1]; next }
        $1 == ENVIRON["key"] && (sizes[$2] "") != $3 { print $2; exit }' "$spool/listing" "$spool/unsound" "$spool/needs") ||
        die 1 'the listing cannot be compared: awk failed'
    [[ $object ]] || return 0
    copy_failed 1 "$1" "not copied: $(target_name '') cannot get $object"
    return 1
}

# copy_has KEY: whether the other store has the document, with its size.
copy_has() {
    awk -F '\t' -v key="$1" '$1 == key { print $2 }' "$spool/from.listing" "$spool/listing" | uniq -c | grep -q '^ *2 '
}

# copy_documents KEY...: puts these documents, and compares the listing again. Ends the driver if something
# was lost meanwhile.
copy_documents() {
    local key dir=$spool/snapshots
    copy_raw "$copy_from"
    attempt mkdir -p -- "$dir"
    copy_documents_get "$@"
    copy_raw "$copy_to"
    target_put "$reference/snapshots" "${@/#snapshots/"$dir"}"
    target_open "$copy_to"
    rm -rf -- "$dir"
    target_list "$reference" "$spool/listing"
    for key; do
        copy_is_whole "$key" || exit 1
        copy_has "$key" || die 1 "$(target_name "$reference/$key"): was put, but is not there; run it again"
    done
}

# copy_documents_get KEY...: fetches them to $dir, as they are stored, and compares them with what was read
# before.
copy_documents_get() {
    local key
    target_get "$reference" "$dir" "$@"
    for key; do
        [[ -e $dir/${key##*/} ]] || die 1 "$(target_name "$reference/$key"): is gone"
        attempt mkdir -p -- "$spool/opened"
        sh -c "${copy_open:-cat}" <"$dir/${key##*/}" 2>&"$messages" | store "$spool/opened/${key##*/}"
        name=$reference kind=snapshots documents_lines "$spool/opened/${key##*/}" | awk -F '\t' '$2 != "document"' |
            cmp -s - <(key=$key awk -F '\t' '$1 == ENVIRON["key"] && $2 != "document"' "$spool/from.table") ||
            die 1 "$(target_name "$reference/$key"): has changed; run it again"
        rm -rf -- "$spool/opened"
    done
}

# copy_say KEY COPIED: prints what became of a snapshot; COPIED are the keys of the new ones.
copy_say() {
    local id=${1%.json} word=has
    [[ ! ${option[quiet]-} ]] || return 0
    copy_has "$1" || return 0
    if [[ " $2 " == *" $1 "* ]]; then
        word=copied
    elif copy_lacked "$1"; then
        word=repaired
    fi
    print "$(reference_print "$reference") $word ${id##*-}"
}

# copy_lacked KEY: whether the other store lacked an object that the snapshot needs.
copy_lacked() {
    [[ $(key=$1 awk -F '\t' '
        FILENAME == ARGV[1] { lacked[$1]; next }
        $1 == ENVIRON["key"] && $2 in lacked { print; exit }' "$spool/lacks" "$spool/needs") ]]
}
