# shellcheck shell=bash
#
# zlsnap extract: restores a layer, by zstd -dc | tarunpack.

part core/options core/names layer/layer

usage_extract() {
    cat <<'END'
Usage: zlsnap extract [OPTION]... LAYER DIR
   or: zlsnap extract [OPTION]... oci:DIR[:TAG] DIR
   or: zlsnap extract [OPTION]... oci-archive:FILE[:TAG]|docker-archive:FILE[:TAG] DIR
Restore a layer to the directory DIR, which must be absent or empty, unless --replace or
--merge is given. DIR is not changed unless the tar has the digest in LAYER.json. Of an
image, all layers are applied, the lowest first; each must have its digests in the image.
If LAYER is '-', it is read from standard input; this needs --expect or --no-verify. FILE
may be '-', too.

  -e, --expect=DIGEST   expect this digest instead of the one in LAYER.json; of an image,
                        the digest of the manifest; of docker-archive, the image ID
      --platform=OS/ARCH[/VARIANT]
                        of an image for several platforms, take the one for this
                        platform (default: that of this machine)
      --no-verify       expect no digest
      --progress[=WHEN] draw a progress line and print a summary: auto (the default: on a
                        terminal), always or never

For tarunpack:
      --replace             replace DIR atomically
      --merge               apply the layer to DIR
      --whiteouts=overlay|apply|keep|raw, --userxattr, --same-owner, --no-same-owner,
      --uid-map=IN:OUT:N, --gid-map=IN:OUT:N, --strict, --no-devices,
      --xattrs-include=GLOB, --no-xattrs, --no-holes, --no-sync, --summary=FILE,
      -j, --jobs=N, -v, --verbose, --max-stream=N, --max-size=N, --max-entries=N,
      --max-path=N, --max-depth=N, --max-pax=N, --max-xattr=N
END
}

command_extract() {
    options_read "expect: no-verify platform: $progress_option $tarunpack_options" "$@"
    operands_expect LAYER DIR
    progress_read
    is_image "${operands[0]}" || options_refuse 'a layer' platform
    if is_image "${operands[0]}"; then
        part image/extract
        extract_image "${operands[@]}"
        return
    fi
    local expected file place name
    layer_open "${operands[0]}"
    expected_read expected 'give the digest with --expect, or --no-verify'
    if [[ $layer != - && " ${passed[*]} " == *' --replace '* ]]; then
        path_of file realpath -- "$layer" # LAYER may be a symbolic link
        path_split place name "$file"
        ! is_within "$place" "${operands[1]}" || usage_error \
            "$(printable "${operands[1]}") contains the layer itself, and --replace would remove it"
    fi
    unpack "$expected" "${passed[@]}" -- "${operands[1]}" || digest_recognise "$?"
}
