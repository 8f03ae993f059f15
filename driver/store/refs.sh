# shellcheck shell=bash
#
# zlsnap refs: the names in an S3 store.

part core/options store/pointer

usage_refs() {
    cat <<'END'
Usage: zlsnap refs [OPTION]... s3://BUCKET[/PREFIX]
List the names in an S3 store, one a line, with tabs: SERVICE/INSTANCE, the time of the
last change, the size of the layer, and its digest.

      --json                   print the pointers, one a line, without earlier layers that
                               gc has removed
END
    usage_s3
}

command_refs() {
    options_read "config: json" "$@"
    operands_expect URL
    s3_url_read "${operands[0]}"
    programs_expect jq
    s3_expect
    spool_make "$(temporary_place)" zlsnap-refs
    run refs_all
}

# A malformed pointer does not hide the others.
refs_all() {
    local references name worst=0
    references=$(references_list) || exit
    [[ ! ${option[json]-} ]] || s3_look ''
    for name in $references; do
        (refs_one "$name") || worst=$?
    done
    return "$worst"
}

refs_one() {
    local line
    pointer_get "$1" "$spool/pointer" || return 0 # it was removed meanwhile
    if [[ ${option[json]-} ]]; then
        pointer_forget
        line=$(attempt pointer_print "$spool/pointer") || exit
        print "$line"
    else
        print "$(reference_print "$1")"$'\t'"${pointer[updated_at]}"$'\t'"${pointer[size]}"$'\t'"${pointer[digest]}"
    fi
}
