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

part core/options core/progress layer/tree store/shaping store/known store/send store/snapshot store/state

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
      --sign=COMMAND           a filter that prints the signature of a text which names
                               the snapshot and its digests (default: $ZLSNAP_SIGN)
  -n, --dry-run                only print what would be done
  -q, --quiet                  print nothing on success
END
    usage_target
    usage_tarpack
    usage_progress
}

command_sync() {
    options_read "level: state: sign: fresh-options dry-run $target_options $progress_option $tarpack_options" "$@"
    operands_expect SERVICE/INSTANCE DIR STORE
    local dir=${operands[1]}
    reference_read "${operands[0]}"
    target_open "${operands[2]}"
    number_check level "${option[level]-3}" 1 22
    excludes_check twice
    options_shaping
    progress_read
    source_date_check
    signing=${option[sign]-${ZLSNAP_SIGN-}}
    [[ -e $dir ]] || die 1 "$(printable "$dir"): no such directory"
    [[ -d $dir ]] || die 1 "$(printable "$dir"): is not a directory"
    sync_store_check "$dir"
    programs_expect zstd jq flock sort join sha256sum
    programs_find tarpack tarstore tarjoin mtreediff shasum-tee
    if [[ ${option[dry-run]-} ]]; then
        state_find "$dir"
        spool_make "$(temporary_place)" zlsnap-sync
        run sync_try "$dir" || exit
        result_print
        return
    fi
    spool_advice='free space there, or use --state=DIR'
    state_open "$dir"
    state_lock
    sync_seal_check
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

# A name that was sealed once is never stored plain because an option was forgotten.
sync_seal_check() {
    if [[ $target_seal ]]; then
        { : >"$state/sealed"; } 2>/dev/null || die 1 "$(printable "$state"): cannot be written"
    elif [[ -e $state/sealed ]]; then
        usage_error "$(reference_print "$reference") is sealed: give --seal, or set ZLSNAP_SEAL (to store it plain from \
now on, use another name)"
    fi
}

# sync_all DIR
sync_all() {
    local incoming looker status walked=
    documents_known=$state/table
    target_create 'NAME DIR STORE'
    target_incoming incoming "$reference" "$state"
    # While the store is looked at, the tree is walked with what the last sync knew. Most often that is right.
    (sync_look) &
    looker=$!
    if [[ ! -e $state/sent ]] && known_guess; then
        sync_walk "$1"
        walked=$?
    fi
    wait "$looker" || exit
    snapshot_take
    if [[ ! $walked ]] || known_has_changed; then
        sync_undo
        options_take "${snapshot[options]}"
        known_prepare
        sync_walk_known "$1" || return
    elif ((walked)); then
        ! known_verify || return "$walked"
        sync_walk_again "$1" || return
    fi
    sync_compare "$1"
    if sync_is_unchanged; then
        sync_clean
        sync_result unchanged "${snapshot[id]}"
        sync_sum 0
        return
    fi
    if [[ -s $spool/left ]]; then
        known_leave
        sync_walk "$1" || return
    fi
    send_snapshot
    status=$?
    if ((status == send_again)); then
        sync_look
        snapshot_take
        sync_walk_again "$1" && send_snapshot
        status=$?
        ((status != send_again)) || die 1 "$(printable "$state")/known: has damaged indexes; not synced"
    fi
    return "$status"
}

# sync_try DIR: a dry run. It works with a copy of the state, and stores nothing.
sync_try() {
    local incoming=$spool/incoming contents
    sync_copy_state
    documents_known=$state/table
    if [[ $target_kind == directory && ! -e $directory_path ]]; then
        : >"$spool/listing"
        sync_choose
    else
        [[ $target_kind == directory ]] || target_create ''
        target_refuse 'NAME DIR STORE'
        sync_look
    fi
    snapshot_take
    options_take "${snapshot[options]}"
    known_prepare
    sync_walk_known "$1" || return
    sync_compare "$1"
    if sync_is_unchanged; then
        sync_result unchanged "${snapshot[id]}"
        return
    fi
    contents=$(<"$spool/stored")
    sync_result changed "$(count_text "$tree_entries" entry entries), $(size_text "$tree_bytes"), $(size_text \
        "$((contents))") of new contents before compression"
}

# Makes `state` a copy in the spool.
sync_copy_state() {
    local file from=$state
    state=$spool/state
    attempt mkdir -p -- "$state/known"
    for file in "$from"/{cache,chunks,table} "$from"/known/*.index; do
        # One that is gone or changes meanwhile does no harm.
        [[ ! $from || ! -e $file ]] ||
            cp --reflink=auto -- "$file" "$state/${file#"$from/"}" 2>/dev/null
    done
}

# sync_sum BYTES: sums up what was read and added.
sync_sum() {
    [[ ! $drawn ]] || summary_time \
        "$(reference_print "$reference"): $(count_text "$tree_entries" entry entries), $(size_text "$tree_bytes"), $(size_text "$1") added"
}

# Removes the packs of a walk that did not know enough: they may have contents that the store has.
sync_undo() {
    local pack
    [[ -s $spool/stored && ! ${option[dry-run]-} ]] || return 0
    while read -r pack _; do
        attempt rm -f -- "$incoming/$pack.index" "$incoming/$pack.zst"
    done <"$spool/stored"
}

# sync_walk_known DIR: a walk; another one if it fails for a damaged index.
sync_walk_known() {
    local status
    sync_walk "$1"
    status=$?
    ((status)) && ! known_verify || return "$status"
    sync_walk_again "$1"
}

# sync_walk_again DIR: another walk after the first one met a damaged index.
sync_walk_again() {
    sync_undo
    known_prepare
    sync_walk "$1"
}

# Lists the name, and chooses what to build on.
sync_look() {
    target_list "$reference" "$spool/listing"
    sync_choose
}

# Reads the documents, and chooses the packs to build on; the last snapshot is for snapshot_take(), the plan for
# known_has_changed().
sync_choose() {
    documents_load "$reference"
    [[ ! -s $spool/missing && ! -s $spool/dropped ]] || documents_keep
    [[ -s $spool/complete || $target_unseal ]] || ! grep -q 'it is not JSON' "$spool/broken" ||
        die 3 "$(target_name "$reference"): its documents are not JSON; if the name is sealed, give --seal and --open"
    known_choose
    snapshot_read "$(tail -n 1 -- "$spool/complete")"
    known_plan >"$spool/plan" || die 1 'the spool cannot be written'
}

# sync_walk DIR: writes the manifest, its digest and the summary to the spool, the chunk map to the state, and
# packs of new contents to incoming/.
sync_walk() {
    local known_chunks=() statuses packed stored hashed summary
    sync_resume
    [[ ! -e $state/chunks ]] || known_chunks=(--known-chunks="$state/chunks")
    # The statuses do not go through the spool, whose disk may be full.
    statuses=$({
        {
            sync_contents "$1" 5>&- | sync_store 5>&- >"$spool/stored"
            printf '%s ' "${PIPESTATUS[@]}" >&5
        } 4>&1 | sync_hash 5>&- >"$spool/manifest"
        printf '%s' "${PIPESTATUS[1]}" >&5
    } 5>&1)
    read -r packed stored hashed <<<"$statuses"
    statuses="$packed $hashed $stored"
    # If the disk is full, each program would say so.
    if ((packed == 1 || hashed == 1)) && [[ ! $drawn ]]; then
        spool_check
        ((hashed != 1)) || [[ -s $spool/unhashed ]] || die 1 "$(printable "$state"): the manifest cannot be written; $spool_advice"
    fi
    cat -- "$spool/unread" "$spool/unhashed" >&"$messages"
    after_tell "$statuses"
    # A cut stream of contents follows from a manifest that could not be written.
    verdict "$statuses" tarpack shasum-tee tarstore || return
    read -r tree <"$spool/tree"
    summary=$(<"$spool/summary")
    json_value tree_entries "$summary" entries
    json_value tree_bytes "$summary" content_bytes
    attempt mv -fT -- "$spool/chunks" "$state/chunks"
}

# The stage that hashes the manifest. Its messages are kept, unless it draws the progress line.
sync_hash() {
    : >"$spool/unhashed"
    [[ ! $drawn ]] || stage "$shasum_tee" "${progress[@]}" --oci -o "$spool/tree"
    exec "$shasum_tee" -q --oci -o "$spool/tree" 2>"$spool/unhashed" {messages}>&-
}

# The stage that stores contents; in a dry run, it counts their bytes.
sync_store() {
    [[ ! ${option[dry-run]-} ]] || stage_after wc -c
    stage_after "$tarstore" ${option[quiet]+-q} --level="${option[level]-3}" -- "$incoming"
}

# The directory, as a document names it, set by sync_compare().
directory=

# What sync_walk() found: the digest of the manifest, the number of entries, and the bytes of the files.
tree=
tree_entries=0
tree_bytes=0

# sync_contents DIR: writes contents to standard output and the manifest to descriptor 4.
sync_contents() {
    local contents
    # Its messages are kept, too, unless it names the entries.
    : >"$spool/unread"
    [[ $drawn || " ${passed[*]} " == *' --verbose '* ]] || exec {messages}>"$spool/unread"
    exec {contents}>&1 >&4 4>&-
    stage_from "$excludes" stage "$tarpack" "${passed[@]}" "${shaping[@]}" ${option[quiet]+-q} --manifest=time \
        --cache="$state/cache" --contents="$contents" --chunks="$spool/chunks" --known="$state/known" \
        "${known_chunks[@]}" --summary="$spool/summary" -- "$1"
}

# Lets the finished packs be known that wait in incoming/, or that a killed run has sent. One whose digest is
# not its name was damaged by a crash.
sync_resume() {
    local index pack digest
    sync_sent
    for index in "$incoming"/*.index; do
        [[ -e $index ]] || continue
        pack=${index%.index}
        # Others may write to the store: they could offer contents that are not there, or pipes.
        if ! sync_is_mine "$index" || { [[ -e $pack.zst || -L $pack.zst ]] && ! sync_is_mine "$pack.zst"; }; then
            attempt rm -f -- "$index" "$pack.zst"
            continue
        fi
        digest=$(sha256sum <"$pack.zst") 2>/dev/null
        if [[ ${digest%% *} == "${pack##*/}" ]] || grep -q "^${pack##*/} " "$spool/resumed"; then
            attempt cp -- "$index" "$state/known/"
            # gc removes what has been waiting for long.
            attempt touch -- "$index"
        else
            attempt rm -f -- "$index" "$pack.zst"
        fi
    done
}

# sync_is_mine FILE: whether it is a regular file of this user.
sync_is_mine() {
    [[ -f $1 && -O $1 && ! -L $1 ]]
}

# Writes to "resumed" the packs of a killed run that are in the store: PACK SIZE.
sync_sent() {
    : >"$spool/resumed"
    [[ -e $state/sent ]] || return 0
    awk '
        FILENAME == ARGV[1] { left["packs/" $1 ".zst"]; next }
        FILENAME == ARGV[2] { size["packs/" $1 ".zst"] = $2; next }
        FILENAME == ARGV[3] { if ($2 == "doomed") left[$3]; next }
        /^bad[/]/ { left["packs/" substr($1, 5, 64) ".zst"] }
        $1 in size && size[$1] == $2 { stands[$1] }
        END {
            for (key in stands)
                if (!(key in left))
                    print substr(key, 7, 64), size[key]
        }' "$spool/known" "$state/sent" "$spool/table" "$spool/listing" >"$spool/resumed" ||
        die 1 'the packs of the last run cannot be listed: awk failed'
}

# Whether the snapshot would be the last one, and the last one does not have to be repaired or signed.
sync_is_unchanged() {
    [[ ${snapshot[tree]} == "$tree" && ${snapshot[options]} == "$shaping_json" && ! -s $spool/repair &&
        (${snapshot[signed]} || ! $signing) ]]
}

# sync_compare DIR: says what is not as it was in the last sync.
sync_compare() {
    local last
    path_resolve directory "$1"
    options_compare
    [[ ${snapshot[key]} ]] || return 0
    [[ $signing || ! ${snapshot[signed]} ]] ||
        warn "the last snapshot is signed: give --sign, or set ZLSNAP_SIGN, to sign this one"
    [[ ${snapshot[host]}:${snapshot[directory]} != "\"$HOSTNAME\":\"$directory\"" ]] || return 0
    # As a document would have it, which may escape characters.
    last=$(jq -nr --argjson host "${snapshot[host]}" --argjson directory "${snapshot[directory]}" --arg here "$HOSTNAME" \
        --arg now "$directory" '"\($host):\($directory)" | select(. != "\($here):\($now)")') || die 1 'jq failed'
    [[ ! $last ]] || warn "this is another directory or host than that of the last snapshot, $(printable "$last")"
}

# Removes packs that wait in incoming/ and are not needed.
sync_clean() {
    local useless=("$incoming"/*) plan file
    [[ -e ${useless[0]} ]] || useless=()
    plan=$(<"$state/plan")
    for file in "${useless[@]##*/}"; do
        [[ $file != *.index || $plan == *"${file%.index} "* ]] || useless+=("$state/known/$file")
    done
    [[ ! -e $state/sent ]] || useless+=("$state/sent")
    ((${#useless[@]} == 0)) || attempt rm -f -- "${useless[@]}"
}

# sync_result WORD ID
sync_result() {
    printf '%s %s %s\n' "$(reference_print "$reference")" "$1" "$2" >"$spool/result" ||
        spool_failed 'the spool cannot be written'
}
