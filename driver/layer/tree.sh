# shellcheck shell=bash
#
# A directory that tarpack reads.

part core/programs core/processes core/pipe

# The standard input of tarpack, for stage_from().
excludes=/dev/null

# excludes_check [twice]: prepares standard input if tarpack reads patterns there. With "twice", for a
# command that runs tarpack twice, patterns have to be in a regular file.
excludes_check() {
    local word file
    for word in "${passed[@]}"; do
        [[ $word == --exclude-from=* ]] || continue
        path_simplify file "${word#*=}"
        if is_input "$file"; then
            input_take 'patterns are'
            excludes=-
        fi
        # A descriptor of a file is not rewound.
        [[ ! ${1-} || (-f $file && $file != /dev/* && $file != /proc/*) || ! ($file == - || -e $file) ]] ||
            usage_error "'--exclude-from=$(printable "$file")' must be a regular file: it is read more than once"
    done
}

# digest_pipe DIR [OPTION...]: prints the tree digest of the directory, with these options of tarpack; with times if
# --time is given.
digest_pipe() {
    local digest result form=--manifest
    [[ ! ${option[time]-} ]] || form=--manifest=time
    digest=$(
        # Not a fixed descriptor: the user may give --exclude-from=/dev/fd/N.
        exec {result}>&1
        stage_from "$excludes" stage "$tarpack" "${passed[@]}" "${@:2}" ${option[quiet]+-q} "$form" \
            -- "$1" {result}>&- |
            stage "$shasum_tee" -q --oci -o "/dev/fd/$result" >/dev/null
        verdict "${PIPESTATUS[*]}" tarpack shasum-tee
    ) || return
    print "$digest"
}
