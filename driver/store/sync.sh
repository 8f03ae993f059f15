# shellcheck shell=bash
#
# zlsnap sync: keeps snapshots of a directory under a name in a store.
#
#   tarpack --contents | tarstore     new contents become packs in incoming/; the manifest and the chunk map, files in the spool
#   tarjoin --needs                   which packs the manifest needs
#   mtreediff | zstd                  the manifest as a delta
#   put packs, put manifests, list and compare, put the document, list and compare again
#
# At every moment, each document in the store belongs to a complete snapshot.

part core/options core/progress layer/metadata layer/tree store/documents store/known store/snapshot store/state

usage_sync() {
    cat <<'END'
Usage: zlsnap sync [OPTION]... SERVICE/INSTANCE DIR STORE
Keep a snapshot of the directory DIR in a store under the name SERVICE/INSTANCE. Only what
the store does not have yet is compressed and sent. If nothing has changed since the last
snapshot, nothing is written. Prints the name, 'synced' or 'unchanged', and the ID of the
snapshot. STORE is a directory, s3://BUCKET[/PREFIX], or rclone:REMOTE:PATH.

The options for tarpack are kept in the snapshot, and the next sync uses them if it is
given none.

      --fresh-options          use no options of the last snapshot
  -l, --level=N                the compression level of zstd, 1 to 22 (default 3)
      --state=DIR              where the cache of digests is kept (default:
                               $STATE_DIRECTORY, or zlsnap in $XDG_STATE_HOME or
                               ~/.local/state)
  -n, --dry-run                only print what would be read and stored
  -q, --quiet                  print nothing on success
END
    usage_target
    usage_tarpack
    usage_progress
}

command_sync() {
    options_read "level: state: fresh-options dry-run $target_options $progress_option $tarpack_options" "$@"
    operands_expect SERVICE/INSTANCE DIR STORE
    local dir=${operands[1]}
    reference_read "${operands[0]}"
    target_open "${operands[2]}"
    number_check level "${option[level]-3}" 1 22
    excludes_check twice
    progress_read
    source_date_check
    [[ -e $dir ]] || die 1 "$(printable "$dir"): no such directory"
    [[ -d $dir ]] || die 1 "$(printable "$dir"): is not a directory"
    sync_store_check "$dir"
    programs_expect zstd jq flock sort join sha256sum
    programs_find tarpack tarstore tarjoin mtreediff shasum-tee
    sync_options_read
    state_open "$dir"
    state_lock
    spool_make "$state/" sync
    run sync_all "$dir" || exit
    [[ ! ${option[quiet]-} ]] || { spool_remove && return; }
    result_print
}

# sync_store_check DIR: a store in the directory would be stored in itself.
sync_store_check() {
    local there
    [[ $target_kind == directory ]] || return 0
    closest_directory there "$directory_path"
    is_within "$there" "$1" || return 0
    usage_error "$(printable "$target_url"), the store, is inside of $(printable "$1") and would change with each run"
}

# sync_all DIR
sync_all() {
    local incoming
    target_create
    target_incoming incoming "$reference" "$state"
    target_list "$reference" "$spool/listing"
    attempt cp -- "$spool/listing" "$spool/listing.before"
    documents_known=$state/table
    documents_load "$reference"
    state_replace table "$spool/table"
    snapshot_read "$(tail -n 1 -- "$spool/complete")"
    sync_options_take
    known_choose
    known_prepare
    sync_walk "$1" || return
    if sync_is_unchanged; then
        sync_result unchanged "${snapshot[id]}"
        return
    fi
    if known_compact; then
        known_prepare "$spool/left"
        sync_walk "$1" || return
    fi
    known_verify || die 1 "$(reference_print "$reference"): not synced; run it again"
    sync_send "$1"
}

# --------------------------------------------------------------------------- the walk

# The options for tarpack that a snapshot depends on.
sync_options_form='^--(whiteouts|exclude|exclude-from|one-file-system|mtime|clamp-mtime|time-precision|owner|group|uid-map|gid-map|xattrs-include|xattrs-exclude|no-xattrs)(=|$)'

# The options that the snapshot will have, as JSON; first those that are given, then those that are taken.
shaping='[]'

# Reads the options that are given into `shaping`.
sync_options_read() {
    local word file given=()
    for word in "${passed[@]}"; do
        [[ $word =~ $sync_options_form ]] || continue
        if [[ $word == --exclude-from=* ]]; then
            path_of file realpath -- "${word#*=}"
            word=--exclude-from=$file
        fi
        is_utf8 "$word" || usage_error \
            "'$(printable "$word")' is not UTF-8, and cannot be kept in a snapshot; use --exclude-from"
        given+=("$word")
    done
    shaping=$(jq -nc '$ARGS.positional' --args -- "${given[@]}") || die 1 'jq failed'
}

# Takes the options of the last snapshot if none are given, and says if others are.
sync_options_take() {
    local word last=()
    [[ ${snapshot[options]} != "$shaping" ]] || return 0
    mapfile -d '' -t last < <(jq -j '.[] | . + "\u0000"' <<<"${snapshot[options]}")
    if [[ $shaping == '[]' && ! ${option[fresh-options]-} ]]; then
        for word in "${last[@]}"; do
            # A document is written by whoever may write to the store.
            [[ $word =~ $sync_options_form ]] || die 3 "$target_url/$reference/${snapshot[key]}: has the option \
'$(printable "$word")', which is none of a snapshot"
        done
        passed+=("${last[@]}")
        shaping=${snapshot[options]}
    elif [[ ${snapshot[key]} ]]; then
        warn "the options differ from those of the last snapshot, which had: $(printable "${last[*]:-none}")"
    fi
}

# sync_walk DIR: writes the manifest, its digest and the summary to the spool, the chunk map to the state, and packs of new
# contents to incoming/.
sync_walk() {
    local known_chunks=() statuses
    sync_resume
    [[ ! -e $state/chunks ]] || known_chunks=(--known-chunks="$state/chunks")
    {
        sync_contents "$1" | stage_after "$tarstore" ${option[quiet]+-q} --level="${option[level]-3}" -- "$incoming" \
            >"$spool/stored"
        printf '%s\n' "${PIPESTATUS[*]}" >"$spool/statuses"
    } 4>&1 | stage "$shasum_tee" "${progress[@]}" --oci -o "$spool/tree" >"$spool/manifest"
    statuses="$(<"$spool/statuses") ${PIPESTATUS[1]}"
    after_tell "${statuses% *}"
    verdict "$statuses" tarpack tarstore shasum-tee || return
    state_replace chunks "$spool/chunks"
}

# sync_contents DIR: writes contents to standard output and the manifest to descriptor 4.
sync_contents() {
    local contents
    exec {contents}>&1 >&4 4>&-
    stage_from "$excludes" stage "$tarpack" "${passed[@]}" ${option[quiet]+-q} --manifest=time --cache="$state/cache" \
        --contents="$contents" --chunks="$spool/chunks" --known="$state/known" "${known_chunks[@]}" \
        --summary="$spool/summary" -- "$1"
}

# Lets the finished packs that wait in incoming/ be known. One whose digest is not its name was damaged by a crash.
sync_resume() {
    local pack digest
    for pack in "$incoming"/*.index; do
        [[ -e $pack ]] || continue
        digest=$(sha256sum <"${pack%.index}.zst" 2>/dev/null)
        if [[ ${digest%% *} == "$(basename -- "$pack" .index)" ]]; then
            attempt cp -- "$pack" "$state/known/"
        else
            attempt rm -f -- "$pack" "${pack%.index}.zst"
        fi
    done
}

# Whether the snapshot would be the last one, and the last one does not have to be repaired.
sync_is_unchanged() {
    [[ ${snapshot[tree]} == "$(sync_tree)" && ${snapshot[options]} == "$shaping" && ! -s $spool/stored ]]
}

# Prints the digest of the manifest.
sync_tree() {
    head -n 1 -- "$spool/tree"
}

# --------------------------------------------------------------------------- what is sent

# sync_send DIR
sync_send() {
    local number name new=$spool/new
    number=$(sync_number)
    attempt mkdir -- "$new"
    sync_objects manifest "$spool/manifest" "$(sync_tree)"
    sync_chunks
    sync_needs
    sync_packs
    sync_manifests
    sync_list
    name=$(sync_document "$1") || exit
    target_put "$reference/snapshots" "$spool/$name"
    printf 'snapshots/%s\t%s\n' "$name" "$(stat -c %s -- "$spool/$name")" >>"$spool/expected"
    sync_list
    sync_remember
    name=${name%.json}
    sync_result synced "${name##*-}"
}

# Prints the number of the new snapshot.
sync_number() {
    awk -F '[/-]' '$1 == "snapshots" && $2 + 0 >= number { number = $2 + 1 } END { print number + 0 }' "$spool/listing"
}

# number_base NUMBER: prints the number without its last octal digit that is not zero.
number_base() {
    local place=1
    while (($1 && $1 / place % 8 == 0)); do
        place=$((place * 8))
    done
    echo $(($1 - $1 / place % 8 * place))
}

# sync_objects KIND FILE DIGEST: makes the object for a manifest or a chunk map in "new", and writes the names and sizes of
# the objects that it is made of to KIND.objects in the spool. A delta is used if it is smaller.
sync_objects() {
    local base list=$spool/$1.objects whole='' delta='' limit=0
    : >"$list"
    base=$(sync_base) || exit
    [[ ! $base ]] || (sync_base_get "$1" "$base") || exit
    if [[ -s $list ]]; then
        delta=$(sync_object stage "$mtreediff" -- "$spool/$1.base" "$2") || exit
        read -r _ limit <"$list"
    fi
    # Far smaller than the whole one was that the deltas begin with: this one would not be smaller.
    if [[ ! $delta ]] || ((${delta#* } * 4 >= limit)); then
        whole=$(sync_object cat -- "$2") || exit
    fi
    if [[ ! $whole || ($delta && ${delta#* } -lt ${whole#* }) ]]; then
        printf '%s\n' "$delta" >>"$list"
        sync_object_drop "$whole"
    else
        printf '%s\n' "$whole" >"$list"
        sync_object_drop "$delta"
    fi
}

# sync_object COMMAND...: makes an object of the output of the command in "new"; prints its name and size.
sync_object() {
    local file digest
    file=$(attempt mktemp -- "$spool/object-XXXXXX") || exit
    # A skippable frame makes it unique: a later object must not get the name of one that gc is about to delete.
    { printf '\x50\x2a\x4d\x18\x10\0\0\0' && head -c 16 /dev/urandom; } >"$file" || die 1 'the spool cannot be written'
    "$@" | stage zstd -q -c >>"$file"
    verdict "${PIPESTATUS[*]}" "${2##*/}" zstd || exit
    digest=$(attempt sha256sum -- "$file") || exit
    attempt mv -T -- "$file" "$spool/new/${digest%% *}.zst"
    printf 'manifests/%s.zst %s\n' "${digest%% *}" "$(stat -c %s -- "$spool/new/${digest%% *}.zst")"
}

# sync_object_drop LINE: removes an object that is not used; LINE may be empty.
sync_object_drop() {
    local name=${1%% *}
    [[ ! $name ]] || attempt rm -f -- "$spool/new/${name##*/}"
}

# Prints the key of the snapshot whose manifest the new one is a delta of: the one with number_base(), or the last one before
# it that is complete, or else the oldest one. Of a long row of deltas there is none.
sync_base() {
    base=$(number_base "$number") awk -F '\t' '
        FILENAME == ARGV[1] { complete[$1] }
        FILENAME == ARGV[1] || !($1 in complete) { next }
        $2 == "snapshot" { numbers[$1] = $3 + 0 }
        $2 == "manifest" { deltas[$1]++ }
        END {
            for (key in numbers) {
                before = numbers[key] <= ENVIRON["base"] + 0
                if (best == "" || before > best_before ||
                    before == best_before && (before ? key > best : key < best)) {
                    best = key
                    best_before = before
                }
            }
            if (deltas[best] < 8)
                print best
        }' "$spool/complete" "$spool/table"
}

# sync_base_get KIND KEY: writes the manifest or chunk map of a snapshot to KIND.base in the spool, and the objects that it is
# made of to KIND.objects. If it cannot be had, there is no base.
sync_base_get() {
    local digest file=$spool/$1.base
    snapshot_read "$2"
    digest=${snapshot[tree]}
    [[ $1 == manifest ]] || digest=${snapshot[chunks]}
    [[ $digest != - ]] || return 0
    if ! { zstd -q -dc -- "$state/manifests/${digest#sha256:}.zst" >"$file" && manifest_check "$file" "$digest"; } 2>/dev/null; then
        (snapshot_manifest "$1" "$file") || return 0
    fi
    snapshot_lines "$1" | tr '\t' ' ' >"$spool/$1.objects"
}

# Makes the objects of the chunk map; `chunks_digest` is empty if no file is large.
sync_chunks() {
    : >"$spool/chunks.objects"
    chunks_digest=
    [[ $(head -n 2 -- "$state/chunks" | wc -l) -eq 2 ]] || return 0
    chunks_digest=$(attempt sha256sum -- "$state/chunks") || exit
    chunks_digest=sha256:${chunks_digest%% *}
    sync_objects chunks "$state/chunks" "$chunks_digest"
}

# Writes the packs that the manifest needs to "needs": PACK LIVE TOTAL.
sync_needs() {
    local pack
    for pack in "$incoming"/*.index; do
        [[ ! -e $pack ]] || attempt cp -- "$pack" "$state/known/"
    done
    (stage_from "$spool/manifest" stage "$tarjoin" --needs --indexes="$state/known" --chunks="$state/chunks") \
        >"$spool/needs"
    verdict "$?" tarjoin || exit
    attempt sort -o "$spool/needs" -- "$spool/needs"
}

# Sends the packs that wait in incoming/ and are needed, with their indexes, and removes the others. Writes what the document
# says of all needed packs to "packs": PACK SIZE INDEX_SIZE INDEX_DIGEST LIVE TOTAL.
sync_packs() {
    local pack live total index digest files=()
    key='' awk -F '\t' -v OFS=' ' '
        FILENAME == ARGV[1] { split($0, needed, " "); live[needed[1]] = needed[2]; next }
        $2 == "pack" && $3 in live && !($3 in seen) { print $3, $4, $5, $6, live[$3], $8; seen[$3] }
        ' "$spool/needs" "$spool/table" >"$spool/packs"
    sort -- "$spool/packs" | cut -d ' ' -f 1 | join -v 1 "$spool/needs" - >"$spool/unsent"
    while read -r pack live total; do
        index=$spool/new/$pack.index.zst
        [[ -e $incoming/$pack.zst ]] || die 1 "$incoming/$pack.zst: is gone; it was needed"
        attempt zstd -q -o "$index" -- "$incoming/$pack.index"
        digest=$(attempt sha256sum -- "$incoming/$pack.index") || exit
        printf '%s %s %s sha256:%s %s %s\n' "$pack" "$(stat -c %s -- "$incoming/$pack.zst")" \
            "$(stat -c %s -- "$index")" "${digest%% *}" "$live" "$total" >>"$spool/packs"
        files+=("$incoming/$pack.zst" "$index")
    done <"$spool/unsent"
    ((${#files[@]} == 0)) || target_move "$reference/packs" "${files[@]}"
    rm -f -- "$incoming"/*.index "$incoming"/*.zst
}

# Sends the manifest and the chunk map, if the store does not have their objects.
sync_manifests() {
    local files=("$spool/new"/*.zst)
    [[ ! -e ${files[0]} ]] || target_put "$reference/manifests" "${files[@]}"
    # All that the document will name, and their sizes.
    {
        tr ' ' '\t' <"$spool/manifest.objects"
        tr ' ' '\t' <"$spool/chunks.objects"
        awk -v OFS='\t' '{ print "packs/" $1 ".zst", $2; print "packs/" $1 ".index.zst", $3 }' "$spool/packs"
    } | sort >"$spool/expected"
}

# Lists the store and compares it with "expected". Ends the driver if an object is missing.
sync_list() {
    local problem
    target_list "$reference" "$spool/listing"
    problem=$(cut -f 1,2 -- "$spool/listing" | sort | comm -13 - "$spool/expected" | head -n 1)
    [[ ! $problem ]] || die 1 "$target_url/$reference/${problem%%$'\t'*}: is missing or has another size than was sent; \
not synced, run it again"
}

# sync_document DIR: writes the document to the spool; prints its name.
sync_document() {
    local time id key entries size name
    time=$(created_at)
    id=$(od -An -N 6 -t x1 /dev/urandom | tr -d ' \n')
    for key in entries content_bytes; do
        json_value "${key/content_bytes/size}" "$(<"$spool/summary")" "$key"
    done
    printf -v name '%08d-%s-%s.json' "$number" "${time//[-:]/}" "$id"
    jq -nc --arg name "$reference" --argjson sequence "$number" --arg time "$time" --arg id "$id" \
        --arg host "$(uname -n)" --arg directory "$(realpath -- "$1")" --argjson options "$shaping" \
        --arg tree "$(sync_tree)" --arg chunks "$chunks_digest" --argjson entries "$entries" --argjson size "$size" \
        --argjson added "$(sync_added)" --rawfile manifest "$spool/manifest.objects" \
        --rawfile map "$spool/chunks.objects" --rawfile packs "$spool/packs" '
        def lines: split("\n") | map(select(. != "") | split(" "));
        def objects: lines | map({object: .[0], size_bytes: (.[1] | tonumber)});
        {schema_version: 1, name: $name, sequence: $sequence, time: $time, id: $id, host: $host, directory: $directory,
            options: $options, tree_digest: $tree, chunks_digest: (if $chunks == "" then null else $chunks end),
            entries: $entries, size_bytes: $size, added_bytes: $added,
            manifest: ($manifest | objects), chunks: ($map | objects),
            packs: ($packs | lines | map({pack: .[0], size_bytes: (.[1] | tonumber), index_size_bytes: (.[2] | tonumber),
                index_digest: .[3], live_bytes: (.[4] | tonumber), total_bytes: (.[5] | tonumber)}))}
        ' | store "$spool/$name" || exit
    [[ -s $spool/$name ]] || die 1 'the document cannot be written by jq'
    echo "$name"
}

# Prints the bytes of the objects that this sync stored.
sync_added() {
    join -t $'\t' -v 1 "$spool/expected" <(cut -f 1 -- "$spool/listing.before") |
        awk -F '\t' '{ sum += $2 } END { printf "%d\n", sum }'
}

# --------------------------------------------------------------------------- afterwards

# Keeps the manifests that later ones will be deltas of.
sync_remember() {
    local file digest keep=()
    attempt mkdir -p -- "$state/manifests"
    if ((number % 8 == 0)); then
        digest=$(sync_tree)
        attempt zstd -q -f -1 -o "$state/manifests/${digest#sha256:}.zst" -- "$spool/manifest"
        [[ ! $chunks_digest ]] ||
            attempt zstd -q -f -1 -o "$state/manifests/${chunks_digest#sha256:}.zst" -- "$state/chunks"
    fi
}

# state_replace NAME FILE: FILE, in the spool, becomes a file in the state directory.
state_replace() {
    attempt cp -- "$2" "$spool/replacement"
    attempt mv -fT -- "$spool/replacement" "$state/$1"
}

# sync_result WORD ID
sync_result() {
    printf '%s %s %s\n' "$(reference_print "$reference")" "$1" "$2" | store "$spool/result" || exit
}
