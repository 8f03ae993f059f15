# shellcheck shell=bash
#
# zlsnap sync: keeps a directory under a name in an S3 store. The pointer in the store says what the last sync
# sent; the state directory only makes a sync faster.

part core/options layer/pack layer/tree store/layer store/pointer store/state

usage_sync() {
    cat <<'END'
Usage: zlsnap sync [OPTION]... SERVICE/INSTANCE DIR s3://BUCKET[/PREFIX]
Keep the directory DIR in an S3 store under the name SERVICE/INSTANCE. If its tree digest
is not the one in the store, make a layer, send it, and then let the name point to it.
Prints the name, 'unchanged' or 'synced', and the URL of the layer. Changes to
modification times alone are not noticed.

      --state=DIR              where the cache of digests is kept (default:
                               $STATE_DIRECTORY, or zlsnap in $XDG_STATE_HOME or
                               ~/.local/state)
  -q, --quiet                  print nothing on success
END
    usage_s3_push
    cat <<'END'

As for zlsnap create:
  -l, --level=N, -T, --threads=N, --long[=N], --rsyncable
END
    usage_tarpack
    usage_progress
}

command_sync() {
    options_read "level: threads: long:: rsyncable state: $s3_push_options $progress_option \
        $tarpack_options" "$@"
    operands_expect SERVICE/INSTANCE DIR URL
    local dir=${operands[1]}
    reference_read "${operands[0]}"
    s3_url_read "${operands[2]}"
    zstd_options_read
    excludes_check twice
    s3_push_options_read
    progress_read
    source_date_check
    [[ -e $dir ]] || die 1 "$(printable "$dir"): no such directory"
    [[ -d $dir ]] || die 1 "$(printable "$dir"): is not a directory"
    programs_expect zstd jq flock split md5sum
    s3_expect
    programs_find tarpack shasum-tee tarunpack
    state_open "$dir"
    state_lock
    spool_make "$state/" sync
    run sync_all "$dir" || exit
    [[ ! ${option[quiet]-} ]] || { spool_remove && return; }
    result_print
}

# sync_all DIR: at every moment, the pointer refers to a complete layer.
sync_all() {
    local tree file=$spool/sync.tar.zst old=$spool/old
    tree=$(digest_pipe "$1" --cache="$state/cache") || return
    : | store "$old" || exit
    if pointer_get "$reference" "$old"; then
        if [[ $tree == "${pointer[tree]}" ]] && sync_has_layer; then
            sync_result unchanged "${pointer[hex]}"
            return
        fi
        history_shorten "$old"
    else
        : | store "$old" || exit
    fi
    create_file "$1" || return
    create_metadata
    attempt mv -T -- "$spool/layer" "$file"
    attempt mv -T -- "$spool/json" "$file.json"
    # The directory may have changed since the first digest: this is the digest of what the layer holds.
    tree=$(layer_tree "$file" "${measured[digest]}") || return
    s3_push "$file"
    attempt pointer_make "$tree" "$file.json" "$old" | store "$spool/pointer" || exit
    s3_put "$spool/pointer" "$reference_key" application/json
    history_check
    sync_result synced "${layer_blobs[0]#sha256:}"
}

# Whether the store has the layer that the pointer refers to, and its LAYER.json.
sync_has_layer() {
    s3_look "${pointer[hex]}."
    [[ ${object_sizes[${pointer[hex]}$layer_suffix]-} == "${pointer[size]}" &&
        ${object_sizes[${pointer[hex]}$meta_suffix]-} ]] && return
    warn "$s3_url${pointer[hex]}$layer_suffix: is missing from the store; it is sent again"
    return 1
}

# layer_tree LAYER DIGEST: prints the tree digest of a layer; DIGEST is its diffID.
layer_tree() {
    {
        stage_from "$1" stage_unzstd 4>&- |
            stage "$tarunpack" -q --list --manifest --expect="$2" 4>&- |
            stage "$shasum_tee" -q --oci -o /dev/fd/4 >/dev/null
        verdict "${PIPESTATUS[*]}" zstd tarunpack shasum-tee
    } 4>&1
}

# history_shorten OLD: if the history of the pointer in the file OLD is full, removes the layers that gc has
# removed, before others are lost.
history_shorten() {
    local count
    count=$(wc -w <<<"${pointer[history]}")
    ((count >= history_limit)) || return 0
    s3_look ''
    pointer_forget
    attempt pointer_print "$1" | store "$1.short" || exit
    attempt mv -T -- "$1.short" "$1"
}

history_check() {
    local count
    count=$(wc -w <<<"${pointer[history]-}")
    ((count < history_limit)) ||
        warn "$(reference_print "$reference"): has $count earlier layers, the maximum, and forgets the \
first; zlsnap gc --keep-last=N removes earlier layers"
}

# sync_result WORD HEX
sync_result() {
    printf '%s %s %s\n' "$(reference_print "$reference")" "$1" "$s3_url$2$layer_suffix" |
        store "$spool/result" || exit
}
