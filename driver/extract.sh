# shellcheck shell=bash
#
# zlsnap extract, list and mtree: zstd -dc | tarunpack.

usage_extract() {
    cat <<'END'
Usage: zlsnap extract [OPTION]... LAYER DIR
   or: zlsnap extract [OPTION]... oci:DIR[:TAG] DIR
Restore the layer in the file LAYER to the directory DIR, which has to be absent or
empty, or see --replace and --merge. Nothing appears there or is changed unless the
digest of the tar is the one in LAYER.json. Of an image in an OCI image layout all layers
are applied, the lowest first, each with the digests that the image gives it.

  -e, --expect=DIGEST   this is the digest; LAYER.json is not read. Of an image it is that
                        of the manifest
      --no-verify       without a digest

For tarunpack:
      --replace             exchange DIR for what is restored, at once
      --merge               apply the layer onto DIR
      --whiteouts=overlay|apply|keep|raw, --userxattr, --same-owner, --no-same-owner,
      --uid-map=IN:OUT:N, --gid-map=IN:OUT:N, --no-devices, --no-xattrs, --no-holes,
      --no-sync, --summary=FILE, -j, --jobs=N, -v, --verbose, --max-stream=N,
      --max-size=N, --max-entries=N, --max-path=N, --max-depth=N, --max-pax=N,
      --max-xattr=N
END
}

usage_list() {
    cat <<'END'
Usage: zlsnap list [OPTION]... LAYER
List the entries of a layer as they are read. The exit status tells whether it is sound,
and has the digest that is in LAYER.json if there is one.

  -v, --verbose         as tar -tv does
      --json            one JSON object a line
  -e, --expect=DIGEST   this is the digest; LAYER.json is not read
      --no-verify       without a digest

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

usage_mtree() {
    cat <<'END'
Usage: zlsnap mtree [OPTION]... LAYER
Print the mtree(5) manifest of a layer; of a layer that zlsnap made it is the one that
tarpack --manifest writes of the directory. The exit status is that of zlsnap list.

  -e, --expect=DIGEST   this is the digest; LAYER.json is not read
      --no-verify       without a digest

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

command_extract() {
    options_read "expect: no-verify $tarunpack_options" "$@"
    operands_expect LAYER DIR
    if [[ ${operands[0]} == oci:* ]]; then
        extract_image
        return
    fi
    local layer expected
    layer_expect "${operands[0]}"
    expected_read
    [[ " ${passed[*]} " != *' --replace '* ]] || ! is_within "$(dirname -- "$layer")" "${operands[1]}" ||
        usage_error "$(printable "${operands[1]}") holds the layer itself, which would be replaced with it"
    unpack "${passed[@]}" -- "${operands[1]}"
}

command_list() {
    options_read "expect: no-verify +verbose +json $limit_options" "$@"
    operands_expect LAYER
    print_entries
}

command_mtree() {
    options_read "expect: no-verify $limit_options" "$@"
    operands_expect LAYER
    passed+=(--manifest)
    print_entries
}

print_entries() {
    local layer expected
    layer_expect "${operands[0]}"
    [[ -e $layer.json || ${option[expect]+given} ]] || option['no-verify']=yes
    expected_read
    unpack --list "${passed[@]}"
}

# layer_expect LAYER: sets `layer`; ends the driver unless it can be read.
layer_expect() {
    local shown
    layer=$1
    shown=$(printable "$layer")
    [[ $layer != oci:* && $layer != docker://* ]] ||
        usage_error "LAYER is a file, not an image as '$shown' is"
    [[ $layer != - ]] || usage_error 'LAYER is a file; from standard input, zstd -dc | tarunpack reads'
    [[ $layer != -* ]] || layer=./$layer
    [[ -e $layer ]] || die 1 "$shown: no such file"
    [[ ! -d $layer ]] || die 1 "$shown: is a directory, not a layer"
    [[ -r $layer ]] || die 1 "$shown: permission denied"
}

# Sets `expected`, the digest of the tar: from the command line, from LAYER.json, or empty.
expected_read() {
    expected=${option[expect]-}
    if [[ ${option[no-verify]-} ]]; then
        [[ ! ${option[expect]+given} ]] ||
            usage_error '--expect and --no-verify exclude each other'
    elif [[ ${option[expect]+given} ]]; then # be it an empty word
        digest_check
    else
        [[ -e $layer.json ]] || usage_error \
            "there is no $(printable "$layer.json"): give the digest with --expect, or --no-verify"
        programs_expect jq
        metadata_read "$layer.json"
        expected=${metadata[digest]}
    fi
}

digest_check() {
    [[ ${option[expect]} =~ ^(sha256:)?[0-9a-f]{64}$ ||
        ${option[expect]} =~ ^sha384:[0-9a-f]{96}$ ||
        ${option[expect]} =~ ^sha512:[0-9a-f]{128}$ ]] ||
        usage_error "option '--expect' takes a digest, HEX or sha256:HEX in lower case"
}

# unpack ARGUMENT...: decompresses the layer into a tarunpack with these arguments.
unpack() {
    local tarunpack
    programs_expect zstd
    tarunpack=$(program tarunpack) || exit
    run unpack_pipe ${option[quiet]+-q} ${expected:+--expect="$expected"} "$@"
}

unpack_pipe() {
    local statuses
    stage zstd -q -dc <"$layer" | stage "$tarunpack" "$@"
    statuses=("${PIPESTATUS[@]}")
    case ${statuses[*]} in
    *' 141') return 141 ;; # whoever reads the list has seen enough
    '0 0') ;;
    *' 0')
        if [[ $expected ]]; then
            warn "$(printable "$layer"): zstd complained, but the digest is the expected one"
            return 0
        fi
        say "$(printable "$layer"): zstd complained, and there is no digest that vouches for the content"
        return 3
        ;;
    esac
    verdict "${statuses[*]}" zstd tarunpack
}
