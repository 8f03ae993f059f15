# shellcheck shell=bash
#
# zlsnap status.

part core/options layer/tree store/pointer store/state

usage_status() {
    cat <<'END'
Usage: zlsnap status [OPTION]... SERVICE/INSTANCE [DIR] s3://BUCKET[/PREFIX]
Show the layer that SERVICE/INSTANCE points to, and whether the store has it. If DIR is
given, also show whether DIR has changed since.

      --state=DIR              as for zlsnap sync
END
    usage_s3
    cat <<'END'

For tarpack: as for zlsnap sync.
END
}

command_status() {
    options_read "config: state: $tarpack_options" "$@"
    local dir=''
    if ((${#operands[@]} == 3)); then
        dir=${operands[1]}
        operands=("${operands[0]}" "${operands[2]}")
    fi
    operands_expect SERVICE/INSTANCE URL
    reference_read "${operands[0]}"
    s3_url_read "${operands[1]}"
    excludes_check
    programs_expect jq
    programs_find tarpack shasum-tee
    s3_expect
    [[ ! $dir ]] || state_open "$dir"
    spool_make "$(temporary_place)" zlsnap-status
    run status_show "$dir"
}

# status_show DIR: DIR is empty if it was not given.
status_show() {
    local tree='' layer meta text
    pointer_get "$reference" "$spool/pointer" || reference_missing
    if [[ ${pointer[history]} ]]; then
        s3_look ''
        pointer_forget
    else
        s3_look "${pointer[hex]}."
    fi
    layer=$(object_state "${pointer[hex]}$layer_suffix" "${pointer[size]}")
    meta=$(object_state "${pointer[hex]}$meta_suffix")
    if [[ $1 ]]; then
        tree=$(digest_pipe "$1" --cache="$state/cache") || return
        [[ $tree == "${pointer[tree]}" ]] && tree='unchanged' || tree='changed'
        tree="directory    $(printable "$1"): $tree"$'\n'
    fi
    text="name         $(reference_print "$reference")
updated      ${pointer[updated_at]}
tree digest  ${pointer[tree]}
digest       ${pointer[digest]}
layer        $s3_url${pointer[hex]}$layer_suffix: $layer
metadata     $s3_url${pointer[hex]}$meta_suffix: $meta
${tree}earlier      $(wc -w <<<"${pointer[history]}") layers"
    print "$text"
    [[ $layer == there* ]]
}

# object_state KEY [SIZE]: prints whether s3_look() found an object, with this size if one is given.
object_state() {
    local size=${object_sizes[$1]-}
    if [[ ! $size ]]; then
        printf 'missing'
    elif [[ $size != "${2-$size}" ]]; then
        printf 'wrong, of %s bytes instead of %s' "$size" "$2"
    else
        printf 'there, %s bytes' "$size"
    fi
}
