# shellcheck shell=bash
#
# zlsnap gc: removes what interrupted runs left, on this machine and in an S3 store, and old layers.

part core/options core/pipe store/pointer store/state

usage_gc() {
    cat <<'END'
Usage: zlsnap gc [OPTION]... [DIR|s3://BUCKET[/PREFIX]]...
Remove what interrupted runs left behind, and print it: staging directories and spools in
each DIR, in $TMPDIR and in the state directory; and unfinished uploads of layers at each
URL. What is in use, or newer than --older-than, is kept.

      --dry-run                only print what would be removed
      --older-than=AGE         N, Nm, Nh or Nd: seconds, minutes, hours, days (default 1d)
      --keep-last=N            also remove layers from an S3 store: those that some name
                               had before its last N layers. Layers of the last two hours
                               are kept, unless AGE is 0
      --state=DIR              as for zlsnap sync
END
    usage_s3
}

# What is younger than this is kept, in seconds; and the time when gc_store() began.
gc_age=
gc_now=

command_gc() {
    local place status=0
    options_read "dry-run older-than: keep-last: state: config:" "$@"
    gc_age_read "${option[older-than]-1d}"
    number_check keep-last "${option[keep-last]-1}" 1 "$history_limit"
    gc_operands_check
    programs_find tarunpack
    run gc_places || status=$?
    for place in "${operands[@]}"; do
        [[ $place == s3://* ]] || continue
        s3_url_read "$place"
        programs_expect jq
        s3_expect
        spool_make "$(temporary_place)" zlsnap-gc
        run gc_store || status=$?
        spool_remove
    done
    return "$status"
}

# gc_age_read TEXT: sets gc_age.
gc_age_read() {
    local -A units=([s]=1 [m]=60 [h]=3600 [d]=86400)
    [[ $1 =~ ^([0-9]{1,9})([smhd]?)$ ]] ||
        usage_error "option '--older-than' takes an age such as 90m, 12h or 7d, not '$(printable "$1")'"
    gc_age=$((10#${BASH_REMATCH[1]} * ${units[${BASH_REMATCH[2]:-s}]}))
}

# Checks all operands before anything is removed.
gc_operands_check() {
    local operand stores=
    for operand in "${operands[@]}"; do
        if [[ $operand == s3://* ]]; then
            s3_url_read "$operand"
            stores=yes
        else
            [[ -d $operand ]] || die 1 "$(printable "$operand"): is not a directory"
        fi
    done
    [[ $stores || ! ${option[keep-last]+given} ]] ||
        usage_error "'--keep-last' needs an S3 store, s3://BUCKET/PREFIX"
}

# Removes staging directories and spools.
gc_places() {
    local place places=() status=0
    for place in "${operands[@]}"; do
        [[ $place == s3://* ]] || places+=("$place")
    done
    places+=("$(temporary_place)")
    state_root
    shopt -s nullglob
    [[ ! $state_all ]] || places+=("$state_all"/sync/*/*/*/)
    for place in "${places[@]}"; do
        (stage "$tarunpack" ${option[quiet]+-q} --clean ${option[dry-run]+--dry-run} \
            --older-than="$gc_age" -- "$place" | gc_names "$place") || status=1
    done
    return "$status"
}

# gc_names PLACE: prints the paths of the names on standard input.
gc_names() {
    local name place
    place=$(printable "${1%/}")
    while IFS= read -r name; do
        print "$place/$name"
    done
}

# Removes unfinished uploads, and with --keep-last old layers.
gc_store() {
    local listing time url id began
    gc_now=$(date +%s)
    listing=$(s3_uploads_all) || exit
    while IFS=$'\t' read -r time url id; do
        [[ $url == "$s3_url"* && ${url#"$s3_url"} =~ ^[0-9a-f]{64}$layer_suffix$ ]] || continue
        began=$(date -d "$time" +%s 2>/dev/null) || continue
        is_old "$began" "$gc_age" || continue
        print "$url (unfinished upload of $time)"
        [[ ${option[dry-run]-} ]] || s3_abort "${url#"$s3_url"}" "$id"
    done <<<"$listing"
    [[ ! ${option[keep-last]+given} ]] || gc_layers "${option[keep-last]}"
}

# is_old TIME AGE: an age of 0 does not depend on the clock of the store.
is_old() {
    (($2 == 0 || $1 + $2 < gc_now))
}

# gc_layers N: removes the layers that some name had before its last N layers, unless a name has them among its
# last N. All pointers are read first: if one cannot be read, nothing is removed.
gc_layers() {
    local names name i key hex earlier
    local -A kept=() old=() removable=()
    names=$(references_list) || exit
    for name in $names; do
        pointer_get "$name" "$spool/pointer" || continue
        read -ra earlier <<<"${pointer[history]}"
        kept[${pointer[hex]}]=yes
        for i in "${!earlier[@]}"; do
            if ((i < $1 - 1)); then
                kept[${earlier[i]}]=yes
            else
                old[${earlier[i]}]=yes
            fi
        done
    done
    # An earlier gc has already removed most of them.
    object_times=()
    s3_look ''
    for key in "${!object_times[@]}"; do
        hex=${key%%.*}
        [[ ! ${old[$hex]-} || ${kept[$hex]-} ]] || removable[$hex]=yes
    done
    for hex in "${!removable[@]}"; do
        gc_layer "$hex"
    done
}

# gc_layer HEX: removes the layer, unless it was sent recently: a sync may be about to write a pointer to it. A
# push does not send again what is younger than meta_fresh, so "recently" is at least twice that.
gc_layer() {
    local key keys=() age=$gc_age
    ((age == 0 || age >= 2 * meta_fresh)) || age=$((2 * meta_fresh))
    object_times=()
    s3_look "$1."
    for key in "${!object_times[@]}"; do
        is_old "${object_times[$key]}" "$age" || return 0
        keys+=("$key")
    done
    ((${#keys[@]} == 0)) && return
    print "$s3_url$1$layer_suffix"
    [[ ${option[dry-run]-} ]] || s3_delete "${keys[@]}"
}
