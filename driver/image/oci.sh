# shellcheck shell=bash
#
# zlsnap oci: makes an image of layers, in an OCI image layout.

part core/options core/spool core/names core/progress layer/layer image/layout image/archive

usage_oci() {
    cat <<'END'
Usage: zlsnap oci [OPTION]... -o DIR[:TAG] [IMAGE] LAYER...
Make an OCI image of layers, the lowest first, and store it in the image layout DIR as
TAG (default "latest"). DIR is created if it does not exist; an image that is called TAG
there is replaced in the index. If the first operand is an image, oci:DIR[:TAG],
oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG], the new image has its layers and its
configuration, and the other layers above. One LAYER or FILE may be '-', standard input.
Prints the digest of the new manifest.

  -o, --output=DIR[:TAG]      where to store the image; required
      --compression=zstd|gzip convert layers from zstd to gzip, for clients that cannot
                              read zstd (default zstd; layers of the base image that are
                              compressed by gzip stay as they are)
      --arch=ARCH             the architecture of the image, amd64, arm64, ... (default:
                              that of this machine)
      --platform=OS/ARCH[/VARIANT]
                              of an IMAGE for several platforms, take the one for this
                              platform (default: that of this machine)
      --annotation=KEY=VALUE  add an annotation to the manifest; repeatable
      --progress[=WHEN]       draw a progress line: auto (the default: on a terminal),
                              always or never

If SOURCE_DATE_EPOCH is set, it is the date in the image: then the same layers give the
same image.
END
}

command_oci() {
    local operand base=
    options_read "output: compression: arch: platform: +annotation: $progress_option" "$@"
    ((${#operands[@]})) || usage_error 'missing operand LAYER'
    [[ ${option[output]-} ]] || usage_error 'the option -o DIR[:TAG] is missing'
    image_options_read
    progress_read
    programs_expect zstd jq flock
    programs_find shasum-tee
    if is_image "${operands[0]}"; then
        [[ ! ${option[arch]-} ]] || usage_error "'--arch' is only for a new image, without a base image"
        base=${operands[0]}
        archive_expect "$base"
        operands=("${operands[@]:1}")
    else
        [[ ! ${option[platform]+given} ]] || usage_error "'--platform' is only for a base image; use '--arch'"
    fi
    layout_read "oci:${option[output]#oci:}"
    for operand in "${operands[@]}"; do
        if is_input "$operand"; then
            [[ ! $input ]] || usage_error 'only one LAYER can be standard input'
            input_take 'a layer is'
        fi
        layer_open "$operand"
    done
    spool_make "$layout_place" "$layout_name"
    run oci_make "$base" "${operands[@]}" || exit
    result_print
}

# The settings for a new image, from image_options_read(); the annotations are a JSON object.
image_architecture=
image_annotations=

image_options_read() {
    [[ ${option[compression]-zstd} =~ ^(zstd|gzip)$ ]] || usage_error \
        "option '--compression' takes zstd or gzip, not '$(printable "${option[compression]}")'"
    machine_read
    image_architecture=${option[arch]-$machine}
    [[ $image_architecture =~ ^[a-z0-9_]+$ ]] ||
        usage_error "'$(printable "$image_architecture")' is not an architecture"
    image_annotations=$(annotations_json "${passed[@]}") || exit
    source_date_check
}

# annotations_json [--annotation=KEY=VALUE...]: prints them as a JSON object.
annotations_json() {
    local word
    if ((!$#)); then
        echo '{}'
        return
    fi
    for word; do
        word=${word#--annotation=}
        [[ $word == ?*=* ]] || usage_error "'$(printable "$word")' is not KEY=VALUE"
        is_utf8 "$word" || usage_error "'$(printable "$word")' is not UTF-8; annotations have to be"
        printf '%s\0' "$word"
    done | {
        jq -Rsc 'rtrimstr("\u0000") | split("\u0000")
            | map((. / "=") | {key: .[0], value: (.[1:] | join("="))}) | from_entries' ||
            die 1 'jq failed on the annotations'
    }
}

# oci_make BASE LAYER...: makes the image, with the layers of the image BASE, if that is not empty, below the
# others.
oci_make() {
    local config='' kept=0 i operand descriptor
    if [[ $1 ]]; then
        image_open "$1"
        config=$(document_print 'the config' "$image_config") || exit
        kept=${#layer_files[@]}
    fi
    for operand in "${@:2}"; do
        layer_open "$operand"
        layer_add "$layer" "$layer_json" "$operand"
    done
    decompressors_expect
    layout_start
    for i in "${!layer_files[@]}"; do
        layout_add_layer "$i" copy "${option[compression]-}" || return
    done
    descriptor=$(layout_add_image "$image_architecture" "$config" "$kept" "$image_annotations") || exit
    result_write "$descriptor"
    layout_publish "$descriptor"
}
