# shellcheck shell=bash
#
# zlsnap extract and verify of an image, oci:DIR[:TAG]: its layers in order, each held against its
# digest in the manifest and its diffID in the config.

part core/spool core/names image/image layer/layer

extract_image() {
    local target=${operands[1]} image_mode='' image_sync=yes whiteouts=apply unpack_options=()
    local tarunpack shasum_tee place name
    image_unpack_options
    programs_expect jq flock
    tarunpack=$(program tarunpack) || exit
    shasum_tee=$(program shasum-tee) || exit
    if [[ $image_mode == --merge ]]; then
        run image_merge
    else
        target_place
        spool_make "$place" "$name"
        run image_unpack || exit
        spool_remove
    fi
}

# Sorts the options for tarunpack: those that go to it for every layer, and those that are done here.
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
        --whiteouts=*) whiteouts=${word#*=} ;;
        --no-sync) image_sync= ;;
        --summary=*) usage_error "option '--summary' is for a LAYER, not for an image" ;;
        *) unpack_options+=("$word") ;;
        esac
    done
    [[ $whiteouts == apply || $image_mode != --merge ]] || usage_error \
        '--merge applies whiteouts: only --whiteouts=apply goes with it'
}

image_expected_check() {
    [[ ! ${option[expect]+given} ]] || digest_check
}

# Ends the driver unless the digest that was asked for is that of the manifest, or of an index that
# led to it.
image_expect() {
    local expected=${option[expect]-}
    [[ $expected ]] || return 0
    [[ $expected == *:* ]] || expected=sha256:$expected
    [[ $'\n'$image_digests$'\n' == *$'\n'$expected$'\n'* ]] ||
        die 4 "$image: its digest is ${image_digests##*$'\n'}, not $expected"
}

# Finds what would fail only after all the work; sets `place` and `name`, for a spool that tarunpack
# takes for a staging directory.
target_place() {
    local shown image_dir image_tag link
    shown=$(printable "$target")
    while [[ $target == *?/ ]]; do
        target=${target%/}
    done
    [[ $target != -* ]] || target=./$target
    path_split "$target"
    case $name in
    '' | . | ..) die 1 "$shown: has no name in a parent directory, so it cannot be replaced \
(--merge works inside it)" ;;
    esac
    if [[ -L $target ]]; then
        path_of link readlink -- "$target"
        die 1 "$shown: is a symbolic link to $(printable "$link"); name that directory itself"
    fi
    [[ ! -e $target || -d $target ]] || die 1 "$shown: is not a directory"
    reference_split "${operands[0]}"
    ! is_within "$image_dir" "$target" ||
        usage_error "$shown holds the image itself, which would be replaced with it"
    if [[ -d $target && $image_mode != --replace && $(attempt find "$target/" -mindepth 1 -print -quit) ]]; then
        die 1 "$shown: is not empty (--replace replaces it)"
    fi
}

# What the driver has to know of the image before it does anything.
image_open_checked() {
    image_open "${operands[0]}"
    image_expect
    decompressors_expect
}

layers_verify() {
    local i
    for i in "${!layer_files[@]}"; do
        layer_verify "$i" "$@" >/dev/null
        layer_blame "$i" "$?" || return
    done
}

# All layers are verified before the first is applied.
image_merge() {
    local i word limits=() options=(--merge) first
    image_open_checked
    for word in "${unpack_options[@]}"; do
        [[ $word != --max-* ]] || limits+=("$word")
    done
    layers_verify "${limits[@]}" || return
    [[ $image_sync ]] || options+=(--no-sync)
    first=$(merge_interrupted)
    for ((i = first; i < ${#layer_files[@]}; i++)); do
        merge_remember "$i"
        layer_unpack "$i" "$target" "${unpack_options[@]}" "${options[@]}"
        layer_blame "$i" "$?" || merge_failed "$i" "$?" || return
    done
    merge_forget
}

# merge_failed I STATUS: returns the status.
merge_failed() {
    (($1 == 0)) || say "$(printable "$target"): has the layers below it, $1 of ${#layer_files[@]}, by now"
    return "$2"
}

# In the target, while the layers of an image are merged onto it: the digest of the manifest, and which
# layer is being applied. It is called so that tarpack and merges leave it alone.
merge_record=.merge.zlsnap-images

# Prints which layer is to be applied first: where a run for the same image was interrupted, the layers
# below are there already, and may not be applied again when one above has begun.
merge_interrupted() {
    local file=$target/$merge_record manifest i
    if [[ -f $file && ! -L $file && -O $file ]] && read -r manifest i <"$file" &&
        [[ $manifest == "${image_digests##*$'\n'}" && $i =~ ^[0-9]{1,4}$ ]] &&
        ((i < ${#layer_files[@]})); then
        echo "$i"
    else
        echo 0
    fi
}

# merge_remember I: what merge_interrupted() reads. Where it can't be written, there is none.
merge_remember() {
    ((${#layer_files[@]} > 1)) || return 0
    target_keep_time merge_write "$1"
}

merge_write() {
    rm -f -- "$target/$merge_record" &&
        printf '%s %d\n' "${image_digests##*$'\n'}" "$1" >"$target/.merge.zlsnap-imagez" &&
        sync -- "$target/.merge.zlsnap-imagez" &&
        mv -T -- "$target/.merge.zlsnap-imagez" "$target/$merge_record"
}

merge_forget() {
    [[ ! -e $target/$merge_record ]] || target_keep_time rm -f -- "$target/$merge_record"
}

# target_keep_time COMMAND...: the time of the target is what it was before.
target_keep_time() {
    local time
    time=$(stat -c %.9Y -- "$target") && "$@" && touch -d "@$time" -- "$target"
} 2>/dev/null

# The tree is made in the spool, out of sight, and appears as one.
image_unpack() {
    local i options=("--whiteouts=$whiteouts") tree=/proc/self/fd/$spool_fd/tree
    image_open_checked
    ((${#layer_files[@]})) || die 1 "$image: has no layers"
    [[ $whiteouts == apply || ${#layer_files[@]} -eq 1 ]] || usage_error \
        "$image has ${#layer_files[@]} layers: whiteouts can't be kept, it takes --whiteouts=apply"
    tree_prepare
    for i in "${!layer_files[@]}"; do
        layer_unpack "$i" "$tree" "${unpack_options[@]}" --no-sync "${options[@]}"
        layer_blame "$i" "$?" || return
        options=(--merge)
    done
    options=(${option[quiet]+-q} ${image_mode:+"$image_mode"})
    [[ $image_sync ]] || options+=(--no-sync)
    # It takes a directory with a tree in it and nothing else.
    attempt rm -f -- "/proc/self/fd/$spool_fd/$spool_mark"
    (stage "$tarunpack" "${options[@]}" --adopt="${spool##*/}" -- "$target")
}

# A root that no layer has an entry for gets the metadata of the directory that stands.
tree_prepare() {
    [[ -d $target ]] || return 0
    attempt mkdir -- "$tree"
    # As a plain user may not.
    chown --reference="$target" -- "$tree" 2>/dev/null
    attempt chmod --reference="$target" -- "$tree"
    attempt touch --reference="$target" -- "$tree"
}
