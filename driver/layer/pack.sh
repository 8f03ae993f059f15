# shellcheck shell=bash
#
# A LAYER that is written.

part core/processes core/pipe core/spool core/names core/progress layer/metadata

# Takes LAYER apart: `place`, which ends in a slash, and `name`.
layer_place() {
    [[ $layer != oci:* && $layer != docker://* ]] ||
        usage_error "LAYER is a file, not an image as '$(printable "$layer")' is"
    [[ $layer != - ]] || usage_error 'LAYER is a file here, not standard output'
    [[ $layer != -* ]] || layer=./$layer
    path_split "$layer"
}

# Sets zstd_options; in LAYER.json they stand as they are here.
zstd_options_read() {
    local level=${option[level]-3} threads=${option[threads]-0} long=${option[long]-}
    number_check level "$level" 1 22
    number_check threads "$threads" 0 256
    zstd_options=("-$level" "-T$threads")
    ((level <= 19)) || zstd_options+=(--ultra)
    if [[ $long ]]; then
        [[ $long != yes ]] || long=27
        # Above 27, zstd -d would have to be told.
        number_check long "$long" 10 27
        zstd_options+=("--long=$long")
    fi
    [[ ! ${option[rsyncable]-} ]] || zstd_options+=(--rsyncable)
}

# Ends the driver unless LAYER and LAYER.json can be written.
layer_check() {
    local shown file
    shown=$(printable "$layer")
    [[ ! -d $layer && $name ]] || usage_error "LAYER is a directory: $shown"
    for file in "$layer" "$layer.json"; do
        # A device, say: the rename would put a file in its place.
        [[ ! -e $file || -f $file ]] || die 1 "$(printable "$file"): not a regular file"
    done
    ((${#name} + 5 <= 255)) || die 1 "$shown.json: the name is too long"
    [[ -d $place ]] || die 1 "$shown: its directory does not exist"
}

create_file() {
    create_pipe >"$spool/layer"
}

# create_pipe: writes the layer to standard output, and what was measured to the spool.
create_pipe() {
    progress_expect "$(size_of_last_time)"
    stage_from "$excludes" stage "$tarpack" "${passed[@]}" ${option[quiet]+-q} --summary="$spool/summary" -- "$dir" |
        stage "$shasum_tee" "${progress[@]}" --json -o "$spool/tar.digest" |
        stage zstd -q -c "${zstd_options[@]}" |
        stage "$shasum_tee" -q --json -o "$spool/blob.digest"
    verdict "${PIPESTATUS[*]}" tarpack shasum-tee zstd shasum-tee
}

# The size of the tar is not known before all is packed; but the last layer of this name is a good guess.
size_of_last_time() {
    [[ $drawn && $layer != - && -f $layer.json ]] || { echo 0 && return; }
    jq -r '.size_bytes | if type == "number" then tostring else "0" end
        | if test("\\A[0-9]{1,15}\\z") then . else "0" end' "$layer.json" 2>/dev/null || echo 0
}

# create_metadata CREATED COMPRESSION: writes LAYER.json into the spool and prints it.
create_metadata() {
    local file json
    for file in tar.digest blob.digest summary; do
        [[ -s $spool/$file ]] || die 1 "the pipe ended well, but has left no $file"
    done
    json=$(attempt metadata_make "$@") || exit
    printf '%s\n' "$json" | store "$spool/json" || exit
    printf '%s\n' "$json"
}

# At every instant a LAYER.json that stands belongs to the LAYER that stands.
publish() {
    local lock
    if ! { exec {lock}<"$place" && flock "$lock"; } 2>/dev/null; then
        warn "$(printable "$place"): cannot be locked: two at once may mix LAYER and LAYER.json"
    fi
    attempt sync -- "$spool/layer" "$spool/json"
    # What has begun is finished, also when a signal comes.
    (
        trap '' TERM INT HUP QUIT
        attempt rm -f -- "$layer.json"
        attempt mv -fT -- "$spool/layer" "$layer"
        attempt mv -fT -- "$spool/json" "$layer.json"
    ) || exit
    attempt sync -- "$place"
}
