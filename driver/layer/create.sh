# shellcheck shell=bash
#
# zlsnap create: a directory becomes LAYER and LAYER.json.

part core/options layer/pack layer/tree

usage_create() {
    cat <<'END'
Usage: zlsnap create [OPTION]... DIR LAYER
Write the directory DIR as a layer, a tar compressed by zstd, to the file LAYER, and what
was measured on the way (digests and sizes) to LAYER.json and standard output. Both files
appear whole, or not at all. With '-' as LAYER the layer goes to standard output, and its
digest to standard error.

  -l, --level=N         zstd's level, 1 to 22 (default 3)
  -T, --threads=N       of zstd; 0, the default: one a core
      --long[=N]        find repetitions as far apart as 2^N bytes, 10 to 27 (default 27)
      --rsyncable       change few bytes of LAYER where few bytes of DIR changed

For tarpack:
      --whiteouts=oci|raw, --exclude=GLOB, -X, --exclude-from=FILE,
      -x, --one-file-system, --mtime=DATE, --clamp-mtime[=DATE], --time-precision=ns|s,
      --owner=UID, --group=GID, --uid-map=IN:OUT:N, --gid-map=IN:OUT:N,
      --xattrs-include=GLOB, --xattrs-exclude=GLOB, --no-xattrs, --live, -j, --jobs=N,
      -v, --verbose

      --progress[=WHEN]     draw a line while it works, and sum up: auto, the default,
                            on a terminal; always; never

SOURCE_DATE_EPOCH in the environment is the date that LAYER.json gives.
END
}

command_create() {
    local dir json
    options_read "level: threads: long:: rsyncable $progress_option $tarpack_options" "$@"
    operands_expect DIR LAYER
    progress_read
    dir=${operands[0]}
    zstd_options_read
    excludes_check
    source_date_check
    programs_expect zstd jq flock
    programs_find tarpack shasum-tee
    case ${operands[1]} in
    - | /dev/stdout | /dev/fd/1 | /proc/self/fd/1)
        create_to_output "$dir"
        return
        ;;
    esac
    output_read "${operands[1]}"
    ! is_within "$output_place" "$dir" || usage_error \
        "$(printable "$output") is inside of $(printable "$dir") and would become a part of itself"
    spool_make "$output_place" "$output_name"
    run create_file "$dir" || exit
    create_metadata
    json=$(<"$spool/json") || exit
    run publish || exit
    spool_remove
    printf '%s\n' "$json" 2>/dev/null ||
        die 1 "cannot write to standard output; $(printable "$output") is complete"
    create_summary "$output"
}

# create_to_output DIR: writes the layer to standard output. Its digest, without which it could not be
# verified, goes to standard error, also with --quiet.
create_to_output() {
    [[ ! -t 1 ]] || usage_error 'standard output is a terminal, redirect it to a file or a pipe'
    spool_make "$(temporary_place)" zlsnap-create
    run create_pipe "$1" || exit
    create_metadata
    spool_remove
    if [[ $drawn ]]; then
        create_summary -
    else
        say "-: digest ${measured[digest]}"
    fi
}

# create_summary LAYER
create_summary() {
    summary_say "$1" "${measured[file_count]}" "${measured[size_bytes]}" "${measured[compressed_size_bytes]}" \
        "${measured[digest]}"
}
