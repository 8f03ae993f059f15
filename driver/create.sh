# shellcheck shell=bash
#
# zlsnap create: a directory becomes LAYER and LAYER.json.

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

# Takes LAYER apart: `place`, which ends in a slash, and `name`.
layer_place() {
    [[ $layer != oci:* && $layer != docker://* ]] ||
        usage_error "LAYER is a file, not an image as '$(printable "$layer")' is"
    [[ $layer != - ]] || usage_error 'LAYER is a file here, not standard output'
    [[ $layer != -* ]] || layer=./$layer
    path_split "$layer"
}

# path_split PATH: sets `place`, the directory that it is in, which ends in a slash, and `name`.
path_split() {
    name=${1##*/}
    place=./
    [[ $1 != */* ]] || place=${1%/*}/
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

# number_check OPTION VALUE LEAST MOST
number_check() {
    [[ $2 =~ ^(0|[1-9][0-9]{0,4})$ && $2 -ge $3 && $2 -le $4 ]] ||
        usage_error "option '--$1' takes a number from $3 to $4, not '$(printable "$2")'"
}

# Finds what would fail only after all the work, or do harm.
create_check() {
    layer_check
    if is_within "$place" "$dir"; then
        usage_error "$(printable "$layer") is inside of $(printable "$dir") and would become a part of itself"
    fi
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

# is_within DIR TREE: whether DIR is TREE or below it, however the two are named.
is_within() {
    local up=$1
    until [[ $up -ef $2 ]]; do
        [[ -d $up/.. && ! $up -ef $up/.. ]] || return 1
        up=$up/..
    done
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

summary_of_create() {
    [[ ! $drawn ]] || summary_say "$layer" "$(reported "$1" file_count)" "$(reported "$1" size_bytes)" \
        "$(reported "$1" compressed_size_bytes)" "$(reported "$1" digest)"
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
