# shellcheck shell=bash
#
# zlsnap sync and restore: a directory is kept as a reference in an S3 store, and comes back from there
# on a machine that has nothing. What is known of the last time is the pointer in the store; kept here,
# in the state directory, is only what makes a sync fast, the cache of digests, and its lock.

part core/options layer/pack layer/tree store/layer store/pointer store/state

usage_sync() {
    cat <<'END'
Usage: zlsnap sync [OPTION]... SERVICE/INSTANCE DIR s3://BUCKET[/PREFIX]
Keep DIR in an S3 store: if it is not what SERVICE/INSTANCE has there, make a layer of it,
send that, and then let SERVICE/INSTANCE lead to it. Prints whether it was 'unchanged' or
is 'synced', and the layer. A change of nothing but modification times is none.

      --state=DIR              where the cache of digests is kept (default:
                               $STATE_DIRECTORY, or zlsnap below $XDG_STATE_HOME or
                               ~/.local/state)
  -q, --quiet                  print nothing where all went well
END
    usage_s3_push
    cat <<'END'

As for zlsnap create:
  -l, --level=N, -T, --threads=N, --long[=N], --rsyncable

For tarpack:
      --whiteouts=oci|raw, --exclude=GLOB, -X, --exclude-from=FILE,
      -x, --one-file-system, --mtime=DATE, --clamp-mtime[=DATE], --time-precision=ns|s,
      --owner=UID, --group=GID, --uid-map=IN:OUT:N, --gid-map=IN:OUT:N,
      --xattrs-include=GLOB, --xattrs-exclude=GLOB, --no-xattrs, --live, -j, --jobs=N,
      -v, --verbose
END
    usage_progress
}

command_sync() {
    options_read "level: threads: long:: rsyncable state: $s3_push_options $progress_option \
        $tarpack_options" "$@"
    operands_expect SERVICE/INSTANCE DIR URL
    local dir=${operands[1]} zstd_options part_size max_parts state tarpack shasum_tee tarunpack
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
    tarpack=$(program tarpack) || exit
    shasum_tee=$(program shasum-tee) || exit
    tarunpack=$(program tarunpack) || exit
    state_open
    state_lock
    spool_make "$state/" sync
    run sync_all || exit
    [[ ! ${option[quiet]-} ]] || { spool_remove && return; }
    result_print
}

# At every instant the pointer leads to a layer that is there whole.
sync_all() {
    local tree layer=$spool/sync.tar.zst hex
    tree=$(digest_pipe --cache="$state/cache") || return
    : | store "$spool/old" || exit
    if pointer_get "$reference" "$spool/old"; then
        if [[ $tree == "${pointer[tree]}" ]] && sync_stands; then
            sync_result unchanged "${pointer[hex]}"
            return
        fi
        history_shorten
    else
        : | store "$spool/old" || exit
    fi
    create_file || return
    create_metadata "$(created_at)" "$(compression_made "${zstd_options[@]}")" >/dev/null || exit
    attempt mv -T -- "$spool/layer" "$layer"
    attempt mv -T -- "$spool/json" "$layer.json"
    # Of what is in the layer, not of what was in the directory before.
    tree=$(layer_tree "$layer") || return
    s3_push "$layer"
    hex=${metadata[compressed_digest]#sha256:}
    attempt pointer_make "$tree" "$layer.json" "$spool/old" | store "$spool/pointer" || exit
    s3_put "$spool/pointer" "$reference_key" application/json
    history_check
    sync_result synced "$hex"
}

# Whether the layer that the pointer leads to is there, and its LAYER.json.
sync_stands() {
    s3_look "${pointer[hex]}."
    [[ ${object_sizes[${pointer[hex]}$layer_suffix]-} == "${pointer[size]}" &&
        ${object_sizes[${pointer[hex]}$meta_suffix]-} ]] && return
    warn "$s3_url${pointer[hex]}$layer_suffix: was not there any more; it is sent again"
    return 1
}

# layer_tree LAYER: prints the digest of the tree that is in a layer; it is read as verify reads it.
layer_tree() {
    metadata_read "$1.json"
    {
        stage_from "$1" stage_unzstd 4>&- |
            stage "$tarunpack" -q --list --manifest --expect="${metadata[digest]}" 4>&- |
            stage "$shasum_tee" -q --oci -o /dev/fd/4 >/dev/null
        verdict "${PIPESTATUS[*]}" zstd tarunpack shasum-tee
    } 4>&1
}

# A history that would be cut loses the layers that gc removed first.
history_shorten() {
    local count
    count=$(wc -w <<<"${pointer[history]}")
    ((count >= history_limit)) || return 0
    s3_look ''
    pointer_forget
    attempt pointer_print "$spool/old" | store "$spool/old.short" || exit
    attempt mv -T -- "$spool/old.short" "$spool/old"
}

history_check() {
    local count
    count=$(wc -w <<<"${pointer[history]-}")
    ((count < history_limit)) ||
        warn "$(reference_print "$reference"): has $count earlier layers, of which the first is forgotten \
now; zlsnap gc --keep-last=N removes them before"
}

# sync_result WORD HEX
sync_result() {
    printf '%s %s %s\n' "$(reference_print "$reference")" "$1" "$s3_url$2$layer_suffix" |
        store "$spool/result" || exit
}
