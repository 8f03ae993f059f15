# shellcheck shell=bash
#
# zlsnap extract and verify of an image, oci:DIR[:TAG]. Each layer is checked against its blob digest in the
# manifest and its diffID in the config.

part core/options core/spool core/names image/image image/archive layer/layer

# How extract_image() unpacks, set by image_unpack_options() and image_target_read().
image_target=     # DIR
image_mode=       # --replace, --merge or nothing
image_sync=yes    # empty with --no-sync
image_whiteouts=apply
image_passed=()   # options for tarunpack, with each layer

# extract_image IMAGE DIR
extract_image() {
    local place name
    image_target=$2
    image_unpack_options
    programs_expect jq flock
    programs_find tarunpack shasum-tee
    archive_expect "$1"
    if [[ $image_mode == --merge ]]; then
        image_spool_make "$1"
        run image_merge "$1"
    else
        image_target_read "$1"
        path_split place name "$image_target"
        spool_make "$place" "$name" # tarunpack takes it for its staging directory
        run image_unpack "$1" || exit
        spool_remove
    fi
}

# verify_image IMAGE
verify_image() {
    programs_expect jq
    image_expected_check
    archive_expect "$1"
    image_spool_make "$1"
    run image_verify "$1"
}

# image_spool_make IMAGE: makes a spool for an archive.
image_spool_make() {
    ! is_archive "$1" || spool_make "$(temporary_place)" zlsnap-image
}

# Reads the options for tarunpack.
image_unpack_options() {
    local word
    [[ ! ${option[no-verify]-} ]] || usage_error "an image has its digests: '--no-verify' is for a LAYER"
    image_expected_check
    for word in "${passed[@]}"; do
        case $word in
        --replace | --merge)
            [[ ! $image_mode || $image_mode == "$word" ]] ||
                usage_error '--replace and --merge cannot be combined'
            image_mode=$word
            ;;
        --whiteouts=*) image_whiteouts=${word#*=} ;;
        --no-sync) image_sync= ;;
        --summary=*) usage_error "option '--summary' is for a LAYER, not for an image" ;;
        *) image_passed+=("$word") ;;
        esac
    done
    [[ $image_whiteouts == apply || $image_mode != --merge ]] || usage_error \
        '--merge applies whiteouts: only --whiteouts=apply goes with it'
}

image_expected_check() {
    [[ ! ${option[expect]+given} ]] || digest_check
}

# image_target_read IMAGE: finds the errors that would otherwise appear only after all the work.
image_target_read() {
    local shown link file=''
    shown=$(printable "$image_target")
    while [[ $image_target == *?/ ]]; do
        image_target=${image_target%/}
    done
    [[ $image_target != -* ]] || image_target=./$image_target
    case ${image_target##*/} in
    '' | . | ..) die 1 "$shown: has no name in a parent directory, so it cannot be replaced \
(--merge works inside it)" ;;
    esac
    if [[ -L $image_target ]]; then
        path_of link readlink -- "$image_target"
        die 1 "$shown: is a symbolic link to $(printable "$link"); name that directory itself"
    fi
    [[ ! -e $image_target || -d $image_target ]] || die 1 "$shown: is not a directory"
    if is_archive "$1"; then
        archive_split file _ "$1"
        [[ $file == - ]] || path_of file realpath -- "$file" # it may be a symbolic link
        path_split image_dir _ "$file"
    else
        reference_split image_dir _ "$1"
    fi
    [[ $image_dir == ./ && $file == - ]] || ! is_within "$image_dir" "$image_target" ||
        usage_error "$shown contains the image itself, and --replace would remove it"
    if [[ -d $image_target && $image_mode != --replace &&
        $(attempt find "$image_target/" -mindepth 1 -print -quit) ]]; then
        die 1 "$shown: is not empty (--replace replaces it)"
    fi
}

# image_open_checked IMAGE: reads the image, and ends the driver unless the expected digest is that of its
# manifest or of an index above it.
image_open_checked() {
    local expected=${option[expect]-}
    image_open "$1"
    [[ ! $expected || $expected == *:* ]] || expected=sha256:$expected
    [[ ! $expected || $'\n'$image_id$'\n'$image_digests$'\n' == *$'\n'$expected$'\n'* ]] ||
        die 4 "$image: its digest is ${image_id:-${image_digests##*$'\n'}}, not $expected"
    decompressors_expect
}

# image_verify IMAGE
image_verify() {
    image_open_checked "$1"
    layers_verify "${passed[@]}"
}

# layers_verify [LIMIT...]
layers_verify() {
    local i
    for i in "${!layer_files[@]}"; do
        layer_verify "$i" "${layer_diff_ids[i]}" wc_entries "$@"
        layer_blame "$i" "$?" || return
    done
}

# image_merge IMAGE: verifies all layers before it applies the first one.
image_merge() {
    local i word limits=() options=(--merge)
    image_open_checked "$1"
    for word in "${image_passed[@]}"; do
        [[ $word != --max-* ]] || limits+=("$word")
    done
    layers_verify "${limits[@]}" || return
    ((${#layer_files[@]})) || [[ -d $image_target ]] ||
        die 1 "$(printable "$image_target"): no such directory to apply an image without layers to"
    [[ $image_sync ]] || options+=(--no-sync)
    for ((i = $(merge_interrupted); i < ${#layer_files[@]}; i++)); do
        merge_remember "$i" &&
            layer_unpack "$i" "$image_target" "${image_passed[@]}" "${options[@]}"
        layer_blame "$i" "$?" || merge_failed "$i" "$?" || return
    done
    merge_forget
}

# merge_failed I STATUS: returns the status.
merge_failed() {
    (($1 == 0)) || say "$(printable "$image_target"): only $1 of ${#layer_files[@]} layers are applied"
    return "$2"
}

# A file in the target while several layers are merged: the digest of the manifest, and the number of the
# layer that is being applied. tarpack and tarunpack --merge ignore names of this form.
merge_record=.merge.zlsnap-images

# Prints the number of the first layer to apply. If the merge of this image was interrupted, the layers
# below that one are applied, and must not be applied again after a higher one has begun.
merge_interrupted() {
    local file=$image_target/$merge_record manifest i
    if [[ -f $file && ! -L $file && -O $file ]] && read -r manifest i <"$file" &&
        [[ $manifest == "${image_digests##*$'\n'}" && $i =~ ^[0-9]{1,4}$ ]] &&
        ((i < ${#layer_files[@]})); then
        echo "$i"
    else
        echo 0
    fi
}

# merge_remember I: writes the record. Without it, an interrupted merge would continue with the wrong layer.
merge_remember() {
    ((${#layer_files[@]} > 1)) || return 0
    target_keep_time merge_write "$1"
}

merge_write() (
    new=$image_target/.merge.zlsnap-imagez
    attempt rm -f -- "$new"
    printf '%s %d\n' "${image_digests##*$'\n'}" "$1" | attempt dd conv=excl status=none of="$new" || exit
    attempt sync -- "$new"
    attempt mv -T -- "$new" "$image_target/$merge_record"
)

merge_forget() {
    [[ ! -e $image_target/$merge_record ]] ||
        target_keep_time attempt rm -f -- "$image_target/$merge_record"
}

# target_keep_time COMMAND...: runs the command and restores the modification time of the target, which only its
# owner can do.
target_keep_time() {
    local time status
    time=$(stat -c %.9Y -- "$image_target" 2>/dev/null)
    "$@"
    status=$?
    [[ ! $time ]] || touch -d "@$time" -- "$image_target" 2>/dev/null
    return "$status"
}

# image_unpack IMAGE: unpacks all layers in the spool; then tarunpack publishes the tree by one rename.
image_unpack() {
    local i options=("--whiteouts=$image_whiteouts") tree=/proc/self/fd/$spool_fd/tree
    image_open_checked "$1"
    [[ $image_whiteouts == apply || ${#layer_files[@]} -le 1 ]] || usage_error \
        "$image has ${#layer_files[@]} layers: whiteouts cannot be kept; use --whiteouts=apply"
    tree_prepare "$tree"
    ((${#layer_files[@]})) || [[ -d $tree ]] || attempt mkdir -m 755 -- "$tree"
    for i in "${!layer_files[@]}"; do
        layer_unpack "$i" "$tree" "${image_passed[@]}" --no-sync "${options[@]}"
        layer_blame "$i" "$?" || return
        options=(--merge)
    done
    options=(${option[quiet]+-q} ${image_mode:+"$image_mode"})
    [[ $image_sync ]] || options+=(--no-sync)
    # tarunpack adopts only a directory that holds nothing but the tree.
    archive_remove
    attempt rm -f -- "/proc/self/fd/$spool_fd/$spool_mark"
    (stage "$tarunpack" "${options[@]}" --adopt="${spool##*/}" -- "$image_target")
}

# tree_prepare TREE: if no layer has an entry for the root, it keeps the metadata of the existing directory.
tree_prepare() {
    [[ -d $image_target ]] || return 0
    attempt mkdir -- "$1"
    # This fails for an ordinary user.
    chown --reference="$image_target" -- "$1" 2>/dev/null
    attempt chmod --reference="$image_target" -- "$1"
    attempt touch --reference="$image_target" -- "$1"
}
