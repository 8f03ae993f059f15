# shellcheck shell=bash
#
# zlsnap restore: the layer of a name goes from the store straight into tarunpack.

part core/options core/pipe core/progress layer/layer store/pointer

usage_restore() {
    cat <<'END'
Usage: zlsnap restore [OPTION]... SERVICE/INSTANCE s3://BUCKET[/PREFIX] DIR
Restore the last layer that zlsnap sync stored as SERVICE/INSTANCE to the directory DIR,
which must be absent or empty, unless --replace or --merge is given. DIR is not changed
unless the tar has the digest in the pointer.

  -e, --expect=DIGEST          expect this digest of the tar instead
END
    usage_s3
    cat <<'END'

For tarunpack:
      --replace, --merge, --whiteouts=overlay|apply|keep|raw, --userxattr, --same-owner,
      --no-same-owner, --uid-map=IN:OUT:N, --gid-map=IN:OUT:N, --no-devices, --no-xattrs,
      --no-holes, --no-sync, --summary=FILE, -j, --jobs=N, -v, --verbose,
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
    usage_progress
}

command_restore() {
    options_read "expect: config: $progress_option $tarunpack_options" "$@"
    operands_expect SERVICE/INSTANCE URL DIR
    progress_read
    reference_read "${operands[0]}"
    s3_url_read "${operands[1]}"
    [[ ! ${option[expect]+given} ]] || digest_check
    programs_expect zstd jq
    s3_expect
    programs_find tarunpack shasum-tee
    spool_make "$(temporary_place)" zlsnap-restore
    run restore_all "${operands[2]}"
}

# restore_all DIR
restore_all() {
    local key size
    pointer_get "$reference" "$spool/pointer" || reference_missing
    key=${pointer[hex]}$layer_suffix
    s3_look "$key"
    size=${object_sizes[$key]-}
    [[ $size ]] || die 1 "$s3_url$key: the layer of this name is missing"
    [[ $size == "${pointer[size]}" ]] ||
        die 4 "$s3_url$key: has $size bytes, not ${pointer[size]} as the pointer says"
    progress_expect "$size"
    restore_pipe "$key" "${option[expect]-${pointer[digest]}}" "$1"
}

# restore_pipe KEY DIGEST DIR
restore_pipe() {
    local statuses
    s3 get -- "$s3_url$1" - | stage "$shasum_tee" "${progress[@]}" -o /dev/null |
        stage_unzstd |
        stage "$tarunpack" ${option[quiet]+-q} "${passed[@]}" --expect="$2" -- "$3"
    statuses=("${PIPESTATUS[@]}")
    # If shasum-tee read a cut stream to its end, s3cmd failed first; else s3cmd lost its reader.
    [[ "${statuses[0]} ${statuses[1]} ${statuses[3]}" != *[1-9]*' 0 '[34] ]] ||
        s3_failed "${statuses[0]}" "$s3_url$1"
    unpack_verdict "$s3_url$1" "$2" "${statuses[*]:1}" shasum-tee zstd tarunpack
}
