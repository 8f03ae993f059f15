# shellcheck shell=bash
#
# zlsnap extract: zstd -dc | tarunpack; and what all commands share that read a LAYER.

part core/options core/names layer/layer

usage_extract() {
    cat <<'END'
Usage: zlsnap extract [OPTION]... LAYER DIR
   or: zlsnap extract [OPTION]... oci:DIR[:TAG] DIR
Restore the layer in the file LAYER to the directory DIR, which has to be absent or
empty, or see --replace and --merge. Nothing appears there or is changed unless the
digest of the tar is the one in LAYER.json. Of an image in an OCI image layout all layers
are applied, the lowest first, each with the digests that the image gives it. With '-' as
LAYER it is read from standard input, with --expect or --no-verify.

  -e, --expect=DIGEST   this is the digest; LAYER.json is not read. Of an image it is that
                        of the manifest
      --no-verify       without a digest
      --progress[=WHEN] draw a line while it works, and sum up: auto, the default, on a
                        terminal; always; never

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

command_extract() {
    options_read "expect: no-verify $progress_option $tarunpack_options" "$@"
    operands_expect LAYER DIR
    progress_read
    if [[ ${operands[0]} == oci:* ]]; then
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
            "$(printable "${operands[1]}") holds the layer itself, which would be replaced with it"
    fi
    unpack "$expected" "${passed[@]}" -- "${operands[1]}"
}
