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
    options_read "level: threads: long:: rsyncable $progress_option $tarpack_options" "$@"
    operands_expect DIR LAYER
    progress_read
    local dir=${operands[0]} layer=${operands[1]} place name zstd_options tarpack shasum_tee json
    zstd_options_read
    excludes_check
    source_date_check
    programs_expect zstd jq flock
    tarpack=$(program tarpack) || exit
    shasum_tee=$(program shasum-tee) || exit
    if [[ $layer == - || $layer == /dev/stdout || $layer == /dev/fd/1 || $layer == /proc/self/fd/1 ]]; then
        create_to_output
        return
    fi
    layer_place
    create_check
    spool_make "$place" "$name"
    run create_file || exit
    json=$(create_metadata "$(created_at)" "$(compression_made "${zstd_options[@]}")") || exit
    run publish || exit
    spool_remove
    printf '%s\n' "$json" 2>/dev/null ||
        die 1 "cannot write to standard output; $(printable "$layer") is complete"
    summary_of_create "$json"
}

# The layer goes to standard output, and its digest to standard error, whatever --quiet says: without it
# the layer can't be verified.
create_to_output() {
    layer=-
    [[ ! -t 1 ]] || usage_error 'standard output is a terminal, redirect it to a file or a pipe'
    spool_make "$(temporary_place)" zlsnap-create
    run create_pipe || exit
    json=$(create_metadata "$(created_at)" "$(compression_made "${zstd_options[@]}")") || exit
    spool_remove
    if [[ $drawn ]]; then
        summary_of_create "$json"
    else
        say "-: digest $(reported "$json" digest)"
    fi
}

# Finds what would fail only after all the work, or do harm.
create_check() {
    layer_check
    if is_within "$place" "$dir"; then
        usage_error "$(printable "$layer") is inside of $(printable "$dir") and would become a part of itself"
    fi
}

summary_of_create() {
    [[ ! $drawn ]] || summary_say "$layer" "$(reported "$1" file_count)" "$(reported "$1" size_bytes)" \
        "$(reported "$1" compressed_size_bytes)" "$(reported "$1" digest)"
}
