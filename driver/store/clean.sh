# shellcheck shell=bash
#
# zlsnap clean: removes what interrupted runs left on this machine.

part core/options core/pipe store/state

usage_clean() {
    cat <<'END'
Usage: zlsnap clean [OPTION]... [DIR]...
Remove what interrupted runs left behind, and print it: staging directories and spools in
each DIR, in $TMPDIR and in the state directory. What is in use, or newer than
--older-than, is kept.

  -n, --dry-run                only print what would be done
      --older-than=AGE         N, Nm, Nh or Nd: seconds, minutes, hours, days (default 1d)
      --state=DIR              as for zlsnap sync
END
}

command_clean() {
    local dir age
    options_read "dry-run older-than: state:" "$@"
    age_read age older-than "${option[older-than]-1d}"
    for dir in "${operands[@]}"; do
        [[ -d $dir ]] || die 1 "$(printable "$dir"): is not a directory"
    done
    programs_find tarunpack
    run clean_all
}

# Uses `age` of its caller.
clean_all() {
    local place places=("${operands[@]}" "$(temporary_place)") status=0
    state_root
    shopt -s nullglob
    [[ ! $state_all ]] || places+=("$state_all"/sync/*/*/*/)
    for place in "${places[@]}"; do
        (stage "$tarunpack" ${option[quiet]+-q} --clean ${option[dry-run]+--dry-run} \
            --older-than="$age" -- "$place" | clean_names "$place") || status=1
    done
    return "$status"
}

# clean_names PLACE: prints the paths of the names on standard input.
clean_names() {
    local name place
    place=$(printable "${1%/}")
    while IFS= read -r name; do
        print "$place/$name"
    done
}
