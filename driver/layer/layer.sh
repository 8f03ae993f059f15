# shellcheck shell=bash
#
# A LAYER that is read.

part core/processes core/pipe core/progress layer/metadata

# layer_expect LAYER: sets `layer`, "-" for standard input, and `layer_json`, empty for that; ends the
# driver unless it can be read.
layer_expect() {
    local shown
    layer=$1 layer_json=
    if is_input "$layer"; then
        layer=-
        input_take 'a layer is'
        [[ ! -d /proc/self/fd/$input ]] || die 1 "$1: is a directory, not a layer"
        return
    fi
    shown=$(printable "$layer")
    [[ $layer != oci:* && $layer != docker://* ]] ||
        usage_error "LAYER is a file, not an image as '$shown' is"
    [[ $layer != -* ]] || layer=./$layer
    layer_json=$layer.json
    [[ -e $layer ]] || die 1 "$shown: no such file"
    [[ ! -d $layer ]] || die 1 "$shown: is a directory, not a layer"
    [[ -r $layer ]] || die 1 "$shown: permission denied"
}

# expected_read [ADVICE]: sets `expected`, the digest of the tar: from the command line, from LAYER.json, or
# empty. ADVICE is for who has given neither, where that can be.
expected_read() {
    expected=${option[expect]-}
    if [[ ${option[no-verify]-} ]]; then
        [[ ! ${option[expect]+given} ]] ||
            usage_error '--expect and --no-verify exclude each other'
        compression_check
    elif [[ ${option[expect]+given} ]]; then # be it an empty word
        digest_check
    else
        [[ -e $layer_json ]] || digest_missing "$@"
        programs_expect jq
        metadata_read "$layer_json"
        expected=${metadata[digest]}
    fi
}

# compression_check: ends the driver where the layer begins as no layer does; the programs would say less
# plainly what was given. What is no plain file is not looked at: it would be read twice.
compression_check() {
    local shown magic
    [[ $layer != - && -f $layer ]] || return 0
    shown=$(printable "$layer")
    magic=$(head -c 4 -- "$layer" | od -An -v -tx1 | tr -d ' \n') || die 1 "$shown: cannot be read"
    case $magic in
    28b52ffd | 5?2a4d18) ;;
    1f8b*) ;; # gzip, which zstd may be built to read
    '') die 3 "$shown: is empty; a layer is a tar that zstd compressed" ;;
    *) die 3 "$shown: is no layer: those are compressed by zstd (a plain tar: tarunpack --list <FILE)" ;;
    esac
}

# digest_missing [ADVICE]
digest_missing() {
    local why='standard input has no LAYER.json'
    [[ ! $layer_json ]] || why="there is no $(printable "$layer_json")"
    usage_error "$why${1+: $1}"
}

digest_check() {
    [[ ${option[expect]} =~ ^(sha256:)?[0-9a-f]{64}$ ||
        ${option[expect]} =~ ^sha384:[0-9a-f]{96}$ ||
        ${option[expect]} =~ ^sha512:[0-9a-f]{128}$ ]] ||
        usage_error "option '--expect' takes a digest, HEX or sha256:HEX in lower case"
}

# unpack ARGUMENT...: decompresses the layer into a tarunpack with these arguments.
unpack() {
    local tarunpack shasum_tee pipe=unpack_pipe
    programs_expect zstd
    tarunpack=$(program tarunpack) || exit
    if [[ $drawn ]]; then
        shasum_tee=$(program shasum-tee) || exit
        pipe=unpack_pipe_drawn
    fi
    run "$pipe" ${option[quiet]+-q} ${expected:+--expect="$expected"} "$@"
}

unpack_pipe() {
    stage_from "$layer" stage_unzstd | stage "$tarunpack" "$@"
    unpack_verdict "${PIPESTATUS[*]}" zstd tarunpack
}

# The same, with the progress line and the summary. What both need is known only here.
unpack_pipe_drawn() {
    local told
    progress_expect_file "$layer"
    told=$(
        {
            stage_from "$layer" stage "$shasum_tee" "${progress[@]}" --json -o /dev/fd/5 |
                stage_unzstd 5>&- |
                stage "$tarunpack" --summary=/dev/fd/5 "$@"
            printf '%s\n' "${PIPESTATUS[*]}" >&5
        } 5>&1 >/dev/null
    )
    unpack_verdict "${told##*$'\n'}" shasum-tee zstd tarunpack || return
    summary_say "${operands[1]}" "$(reported "$told" entries)" "$(reported "$told" size)" \
        "$(reported "$told" bytes)" "$expected"
}

# unpack_verdict STATUSES NAME...: verdict(), but zstd may complain, say of junk behind its last frame, if
# the digest is the expected one.
unpack_verdict() {
    complaints_take
    [[ ! $complaint ]] || printf '%s\n' "$complaint" >&"$messages"
    case $1 in
    *' 141') return 141 ;; # whoever reads the list has seen enough
    *[1-9]*' 0')
        if [[ $expected ]]; then
            warn "$(printable "$layer"): zstd complained, but the digest is the expected one"
            return 0
        fi
        verdict "$@"
        [[ ! $broken ]] || return 1
        say "$(printable "$layer"): zstd complained, and there is no digest that vouches for the content"
        return 3
        ;;
    esac
    verdict "$@"
}
