# shellcheck shell=bash
#
# zlsnap create: packs a directory into LAYER and LAYER.json.

part core/options layer/pack layer/tree

usage_create() {
    cat <<'END'
Usage: zlsnap create [OPTION]... DIR LAYER
Pack the directory DIR into the file LAYER, a tar compressed by zstd. Its digests and
sizes are written to LAYER.json and to standard output; a terminal gets a summary instead.
Both files appear complete, or not at all. If LAYER is '-', the layer is written to
standard output, and its digest to standard error.

  -l, --level=N         the compression level of zstd, 1 to 22 (default 3)
  -T, --threads=N       the number of zstd's threads (default 0: one for each core)
      --long[=N]        find repetitions up to 2^N bytes apart, 10 to 27 (default 27)
      --rsyncable       small changes in DIR cause small changes in LAYER
      --json            print LAYER.json also to a terminal
  -n, --dry-run         only read DIR, and print what would be in LAYER
END
    usage_tarpack
    cat <<'END'

      --progress[=WHEN]     draw a progress line and print a summary: auto (the default:
                            on a terminal), always or never

If SOURCE_DATE_EPOCH is set, it is the date in LAYER.json.
END
}

command_create() {
    local dir
    options_read "level: threads: long:: rsyncable dry-run json $progress_option $tarpack_options" "$@"
    operands_expect DIR LAYER
    progress_read
    dir=${operands[0]}
    zstd_options_read
    excludes_check
    source_date_check
    programs_expect zstd jq flock
    programs_find tarpack shasum-tee
    if [[ ${option[dry-run]-} ]]; then
        spool_make "$(temporary_place)" zlsnap-create
        run create_try "$dir" "${operands[1]}" || exit
        result_print
        return
    fi
    case ${operands[1]} in
    - | /dev/stdout | /dev/fd/1 | /proc/self/fd/1)
        create_to_output "$dir"
        return
        ;;
    esac
    output_read "${operands[1]}"
    ! is_within "$output_place" "$dir" || usage_error \
        "$(printable "$output") is inside of $(printable "$dir") and would be packed into itself"
    spool_make "$output_place" "$output_name"
    run create_file "$dir" || exit
    create_metadata
    create_finish
}

# create_try DIR LAYER: a dry run: the tar is made, counted and dropped.
create_try() {
    local summary entries=0 content_bytes=0 size=0
    progress_expect "$(last_size)"
    create_stage "$1" | stage "$shasum_tee" "${progress[@]}" --json -o "$spool/tar.digest" >/dev/null
    verdict "${PIPESTATUS[*]}" tarpack shasum-tee || return
    summary=$(<"$spool/summary")
    json_value entries "$summary" entries
    json_value content_bytes "$summary" content_bytes
    json_value size "$(<"$spool/tar.digest")" size
    printf '%s: %s, %s of contents, %s before compression; a dry run: nothing was written\n' "$(printable "$2")" \
        "$(count_text "$entries" entry entries)" "$(size_text "$content_bytes")" "$(size_text "$size")" >"$spool/result" ||
        spool_failed 'the spool cannot be written'
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
        create_summary say -
    else
        say "-: digest ${measured[digest]}"
    fi
}
