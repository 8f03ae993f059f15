# shellcheck shell=bash
#
# zlsnap extract and verify of an image, oci:DIR[:TAG]: its layers in order, each held against its
# digest in the manifest and its diffID in the config.

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

verify_image() {
    local tarunpack shasum_tee status
    programs_expect jq
    tarunpack=$(program tarunpack) || exit
    shasum_tee=$(program shasum-tee) || exit
    image_expected_check
    run image_verify "${passed[@]}"
    status=$?
    case $status in
    0) [[ ${option[quiet]-} ]] || print "$(printable "${operands[0]}"): OK" ;;
    3 | 4) print "$(printable "${operands[0]}"): FAILED" ;;
    esac
    return "$status"
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
                usage_error '--replace and --merge contradict each other'
            image_mode=$word
            ;;
        --whiteouts=*) whiteouts=${word#*=} ;;
        --no-sync) image_sync= ;;
        --summary=*) usage_error "option '--summary' is for a LAYER, not for an image" ;;
        *) unpack_options+=("$word") ;;
        esac
    done
    [[ $whiteouts == apply || $image_mode != --merge ]] || usage_error \
        '--merge deletes what whiteouts name: it goes with --whiteouts=apply only'
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
    local shown
    shown=$(printable "$target")
    while [[ $target == *?/ ]]; do
        target=${target%/}
    done
    [[ $target != -* ]] || target=./$target
    name=${target##*/}
    place=./
    [[ $target != */* ]] || place=${target%/*}/
    case $name in
    '' | . | ..) die 1 "$shown: has no name in a directory above it that could be replaced at once \
(--merge would work inside it)" ;;
    esac
    [[ ! -L $target ]] ||
        die 1 "$shown: is a symbolic link to $(printable "$(readlink -- "$target")"); name that directory itself"
    [[ ! -e $target || -d $target ]] || die 1 "$shown: is not a directory"
    if [[ -d $target && $image_mode != --replace && $(attempt find "$target/" -mindepth 1 -print -quit) ]]; then
        die 1 "$shown: is not empty (--replace would replace it)"
    fi
}

# What the driver has to know of the image before it does anything.
image_open_checked() {
    image_open "${operands[0]}"
    image_expect
    decompressors_expect
}

# image_verify [LIMIT...]
image_verify() {
    image_open_checked
    layers_verify "$@"
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
        layer_unpack "$i" "$target" "${unpack_options[@]}" "${options[@]}"
        layer_blame "$i" "$?" || return
    done
}

# Prints which layer is to be applied first: where the merge of one was interrupted, tarunpack has kept
# its digest in the target, and those below it are applied already.
merge_interrupted() {
    local i digest
    for digest in "$target"/.merge.zlsnap-??????/begun; do
        [[ -f $digest ]] || continue
        for i in "${!layer_diff_ids[@]}"; do
            [[ $(<"$digest") != "${layer_diff_ids[i]}" ]] || { echo "$i" && return; }
        done
    done 2>/dev/null
    echo 0
}

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
