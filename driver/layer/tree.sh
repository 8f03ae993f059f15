# shellcheck shell=bash
#
# A directory that is read, by tarpack.

part core/processes core/pipe core/programs

# What tarpack reads as standard input, as stage_from() takes it.
excludes=/dev/null

# excludes_check [TWICE]: sets `excludes` where tarpack is to read patterns from standard input; with an
# argument, ends the driver where they are in what can be read only once, and not twice.
excludes_check() {
    local word file
    for word in "${passed[@]}"; do
        [[ $word == --exclude-from=* ]] || continue
        file=${word#*=}
        if is_input "$file"; then
            input_take 'patterns are'
            excludes=-
        fi
        # A descriptor is read on from where it stands.
        [[ ! ${1-} || (-f $file && $file != /dev/* && $file != /proc/*) || ! ($file == - || -e $file) ]] ||
            usage_error "'--exclude-from=$(printable "$file")' is read more than once here: it has to be a file"
    done
}

# digest_pipe [OPTION...]: with these of tarpack, too. The digest is printed only when all has gone
# well.
digest_pipe() {
    local digest result
    digest=$(
        # Not one of a fixed number, which may be that of --exclude-from=/dev/fd/N.
        exec {result}>&1
        stage_from "$excludes" stage "$tarpack" "${passed[@]}" "$@" ${option[quiet]+-q} --manifest \
            -- "$dir" {result}>&- |
            stage "$shasum_tee" -q --oci -o "/dev/fd/$result" >/dev/null
        verdict "${PIPESTATUS[*]}" tarpack shasum-tee
    ) || return
    print "$digest"
}
