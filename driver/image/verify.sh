# shellcheck shell=bash
#
# zlsnap verify of an image.

part image/extract

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

# image_verify [LIMIT...]
image_verify() {
    image_open_checked
    layers_verify "$@"
}
