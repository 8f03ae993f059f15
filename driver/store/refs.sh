# shellcheck shell=bash
#
# zlsnap refs: the names in an S3 store.

part core/options store/pointer

usage_refs() {
    cat <<'END'
Usage: zlsnap refs [OPTION]... s3://BUCKET[/PREFIX]
List what zlsnap sync keeps there: SERVICE/INSTANCE, when its layer last changed, the size
of the layer and its digest, tabs between them.

      --json                   one JSON object a line: the pointers, without those
                           earlier layers that gc removed
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
