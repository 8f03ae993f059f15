# shellcheck shell=bash
#
# A LAYER that is written, with its LAYER.json.

part core/programs core/processes core/pipe core/spool core/names core/progress layer/metadata layer/measured layer/tree

# The LAYER, set by output_read(): its path, the directory that it is in, with a slash at its end, and
# its name there.
output=
output_place=
output_name=

# The options for zstd, set by zstd_options_read(). LAYER.json records them in this form.
zstd_options=()

# output_read LAYER: ends the driver unless LAYER and LAYER.json can be written.
output_read() {
    local shown file stem
    output=$1
    shown=$(printable "$output")
    [[ $output != oci:* && $output != docker://* ]] ||
        usage_error "LAYER must be a file, not an image: '$shown'"
    [[ $output != - ]] || usage_error 'LAYER must be a file here, not standard output'
    [[ $output != -* ]] || output=./$output
    path_split output_place output_name "$output"
    stem=${shown%.*}
    case $output_name in
    *.tar | *.t?z | *.tar.?z | *.tar.bz2 | *.tar.lz4 | *.tbz2 | *.zip) usage_error \
        "$shown: zlsnap writes a tar compressed by zstd; name it ${stem%.tar}.tar.zst, or use tarpack" ;;
    esac
    [[ ! -d $output && $output_name ]] || usage_error "LAYER is a directory: $shown"
    for file in "$output" "$output.json"; do
        # The rename would replace a device, for instance, by a file.
        [[ ! -e $file || -f $file ]] || die 1 "$(printable "$file"): not a regular file"
    done
    ((${#output_name} + 5 <= 255)) || die 1 "$shown.json: the name is too long"
    [[ -d $output_place ]] || die 1 "$shown: its directory does not exist"
}

zstd_options_read() {
    local level=${option[level]-3} threads=${option[threads]-0} long=${option[long]-}
    number_check level "$level" 1 22
    number_check threads "$threads" 0 256
    zstd_options=("-$level" "-T$threads")
    ((level <= 19)) || zstd_options+=(--ultra)
    if [[ $long ]]; then
        [[ $long != yes ]] || long=27
        # zstd -d would need an option for more than 27.
        number_check long "$long" 10 27
        zstd_options+=("--long=$long")
    fi
    [[ ! ${option[rsyncable]-} ]] || zstd_options+=(--rsyncable)
}

# create_file DIR: create_pipe() into the spool.
create_file() {
    create_pipe "$1" >"$spool/layer"
}

# create_pipe DIR: writes the layer of a directory to standard output.
create_pipe() {
    progress_expect "$(last_size)"
    layer_pipe tarpack create_stage "$1"
}

# create_stage DIR: the stage that writes the tar.
create_stage() {
    stage_from "$excludes" stage "$tarpack" "${passed[@]}" ${option[quiet]+-q} --summary="$spool/summary" -- "$1"
}

# layer_pipe PROGRAM STAGE...: writes the layer whose tar the stage writes by PROGRAM, and the programs' reports to the
# spool.
layer_pipe() {
    "${@:2}" |
        stage "$shasum_tee" "${progress[@]}" --json -o "$spool/tar.digest" |
        stage zstd -q -c "${zstd_options[@]}" |
        ZLSNAP_OUTPUT=$output stage "$shasum_tee" -q --json -o "$spool/blob.digest"
    verdict "${PIPESTATUS[*]}" "$1" shasum-tee zstd shasum-tee
}

# Prints the size of the tar in the last LAYER of this name, to estimate that of the next one; or 0.
last_size() {
    [[ $drawn && -f $output.json ]] || { echo 0 && return; }
    jq -r "$json_definitions"'.size_bytes | if count then . else 0 end' "$output.json" 2>/dev/null || echo 0
}

# Writes LAYER.json for the layer that layer_pipe() wrote to the spool.
create_metadata() {
    measured_take
    [[ ${measured[file_count]-} ]] || die 1 'the pipe succeeded, but left no summary'
    metadata_store "$(created_at)" "$(compression_made "${zstd_options[@]}")"
}

# Moves LAYER and LAYER.json from the spool to their place. At every moment, a LAYER.json there belongs to
# the LAYER there.
publish() {
    output_lock
    attempt sync -- "$spool/layer" "$spool/json"
    # A signal does not interrupt the renames.
    (
        trap '' TERM INT HUP QUIT
        attempt rm -f -- "$output.json"
        attempt mv -fT -- "$spool/layer" "$output"
        attempt mv -fT -- "$spool/json" "$output.json"
    ) || exit
    attempt sync -- "$output_place"
}

# Locks the place of the output until the process ends.
output_lock() {
    local lock
    if ! { exec {lock}<"$output_place" && flock "$lock"; } 2>/dev/null; then
        warn "$(printable "$output_place"): cannot be locked: two runs at the same time may mix LAYER and LAYER.json"
    fi
}

# Publishes the layer in the spool and prints its LAYER.json, the last step of a command.
create_finish() {
    local json
    json=$(<"$spool/json") || exit
    run publish || exit
    spool_remove
    create_print "$json" || die 1 "cannot write to standard output; $(printable "$output") is complete"
    create_summary say "$output"
}

# create_print JSON: prints LAYER.json, or a summary for a person.
create_print() {
    if [[ ! -t 1 || ${option[json]-} ]]; then
        printf '%s\n' "$1"
    elif [[ ! $drawn && ! ${option[quiet]-} ]]; then
        create_summary text "$output" && echo
    fi 2>/dev/null
}

# create_summary say|text LAYER
create_summary() {
    "summary_$1" "$2" "${measured[file_count]}" "${measured[size_bytes]}" "${measured[compressed_size_bytes]}" \
        "${measured[digest]}"
}
