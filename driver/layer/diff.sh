# shellcheck shell=bash
#
# zlsnap diff: compares the manifests of two directories, layers or snapshots.

part core/options core/spool layer/layer layer/tree store/name store/signature store/target

usage_diff() {
    cat <<'END'
Usage: zlsnap diff [OPTION]... A B
   or: zlsnap diff [OPTION]... SERVICE/INSTANCE[@ID|@TIME] OTHER STORE
   or: zlsnap diff [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE
Compare two directories or layers; '-' is a layer on standard input. Or compare a snapshot
in a store with OTHER: a directory, another snapshot, SERVICE/INSTANCE[@ID|@TIME], or
another snapshot of the same name, @ID or @TIME. Without OTHER, compare the snapshot with
the last one of its name; or, if there is neither ID nor TIME, the last but one with the
last. No contents are read from a store. For a directory, the options for tarpack are
those of the snapshot if none are given.

Prints a line for each entry that only one of them has, or whose type, mode, owner, size,
content, link, device or xattrs differ: 'added NAME', 'removed NAME' or 'changed NAME
(WHAT, ...)'. Exit status: 0 no differences, 1 differences, 2 trouble; 3 and 4 as always.

      --time                   compare modification times, too
      --json                   print a JSON object for each difference, one a line
      --fresh-options          use no options of the snapshot
END
    usage_signature
    usage_tarpack_content
    usage_limits
    usage_target_read
}

# The options for tarpack and for tarunpack, set by diff_options_split().
diff_pack_options=()
diff_unpack_options=()

command_diff() {
    local side status
    options_read "time json fresh-options $signature_options $target_read_options $tarpack_options $limit_options" "$@"
    if ((${#operands[@]} == 3)) || diff_names_snapshot; then
        part store/compare
        compare_snapshots
        return
    fi
    operands_expect A B
    target_options_refuse "$signature_options $target_read_options"
    options_refuse 'a layer or a directory alone' fresh-options
    ! { is_input "${operands[0]}" && is_input "${operands[1]}"; } ||
        usage_error 'only one of A and B can be standard input'
    trouble=2 # as in diff(1)
    diff_options_split
    if [[ -d ${operands[0]} && -d ${operands[1]} ]]; then
        excludes_check twice
    else
        excludes_check
    fi
    [[ $excludes != - ]] || ! { is_input "${operands[0]}" || is_input "${operands[1]}"; } ||
        usage_error 'standard input cannot be both a layer and the patterns'
    programs_expect sort
    programs_find tarpack tarunpack mtreediff
    spool_make "$(temporary_place)" zlsnap-diff
    for side in 0 1; do
        diff_manifest "${operands[side]}" >"$spool/$side"
        status=$?
        ((status == 0)) || diff_failed "$status" "${operands[side]}"
    done
    run diff_print
    status=$?
    spool_remove
    return "$status"
}

# Whether two operands are a name and a store. A directory or a file of the same name has to be told apart.
diff_names_snapshot() {
    ((${#operands[@]} == 2)) || return 1
    [[ ${operands[1]} != s3://* && ${operands[1]} != rclone:* ]] || return 0
    [[ ${operands[0]} == ?*/?* && -d ${operands[1]} ]] || return 1
    local name=${operands[0]}
    [[ ! $name =~ ^(.+)@[^/]*$ ]] || name=${BASH_REMATCH[1]}
    [[ -d ${operands[1]}/$(name_encode "${name%%/*}")/$(name_encode "${name#*/}")/snapshots ]] || return 1
    [[ ! -e ${operands[0]} ]] || usage_error "'$(printable "${operands[0]}")' is a path, and a name in the store; \
'./$(printable "${operands[0]}")' is the path, and with a third operand the name is compared"
}

# diff_failed STATUS OPERAND: names the operand, which the messages of the programs do not.
diff_failed() {
    say "$(printable "$2"): cannot be compared"
    (($1 == 3 || $1 == 4)) && exit "$1"
    exit "$trouble"
}

diff_options_split() {
    local word form=--manifest${option[time]+=time}
    for word in "${passed[@]}"; do
        if [[ $word == --max-* ]]; then
            diff_unpack_options+=("$word")
        else
            diff_pack_options+=("$word")
        fi
    done
    diff_pack_options+=(${option[quiet]+-q} "$form")
    diff_unpack_options+=("$form")
}

# diff_manifest OPERAND: prints the manifest of a directory; or of a layer, which has to have the digest in
# its LAYER.json if there is one.
diff_manifest() {
    local expected
    if ! is_input "$1" && [[ -d $1 ]]; then
        run stage_from "$excludes" stage "$tarpack" "${diff_pack_options[@]}" -- "$1"
        return
    fi
    layer_open "$1"
    option['no-verify']=yes
    [[ ! -e $layer_json ]] || unset "option[no-verify]"
    expected_read expected
    unpack "$expected" --list "${diff_unpack_options[@]}"
}

# Compares the manifests in the spool, as diff(1) does: returns 1 if they differ.
diff_print() {
    local side meaning form=text
    [[ ! ${option[json]-} ]] || form=json
    for side in 0 1; do
        diff_sort "$side" || die 1 'the manifests cannot be sorted'
    done
    (stage "$mtreediff" --format="$form" --summary="$spool/counts" -- "$spool/0.sorted" "$spool/1.sorted")
    status_judge meaning mtreediff "$?"
    case $meaning in
    done) [[ $(<"$spool/counts") == '{"added":0,"removed":0,"changed":0}' ]] ;;
    closed) return 141 ;; # the reader closed the pipe
    *) return "$trouble" ;;
    esac
}

# diff_sort SIDE: sorts a manifest as mtreediff expects it. The entries of an archive may have any order and
# repeated names. A slash sorts before all other bytes, so that a directory is followed by its entries.
diff_sort() {
    local statuses
    {
        echo '#mtree'
        sed 1d -- "$spool/$1" | tr / '\001' | stage sort -s -T "$spool" -t ' ' -k 1,1 | tr '\001' /
        statuses=${PIPESTATUS[*]}
    } >"$spool/$1.sorted"
    rm -f -- "$spool/$1"
    [[ $statuses == '0 0 0 0' ]]
}
