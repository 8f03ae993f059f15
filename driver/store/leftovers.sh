# shellcheck shell=bash
#
# What interrupted puts and syncs left in a store, and listings do not show. For gc.

part core/options core/pipe store/target

# Removes what was left before the grace period, of `reference` or of all names.
gc_leftovers() {
    local time name id
    spool_empty_files listing leftovers
    [[ $target_kind == rclone ]] || "leftovers_$target_kind" >"$spool/leftovers" || exit
    [[ -s $spool/leftovers ]] || return 0
    gc_clock
    while IFS=$'\t' read -r time name id; do
        ((gc_grace == 0 || time + gc_grace <= gc_now)) || continue
        [[ ${option[dry-run]-} ]] || "leftovers_${target_kind}_remove" "$name" "$id"
        leftovers_print
    done <"$spool/leftovers"
}

# Prints the leftover $name of $time.
leftovers_print() {
    if [[ ${option[json]-} ]]; then
        print "$(jq -nac --arg object "$name" --argjson time "$time" \
            '{action: "deleted", unfinished: $object, time: ($time | todate)}')"
    else
        print "$(target_name "$name") (unfinished, of $(time_local "@$time"))"
    fi
}

# --------------------------------------------------------------------------- directories

# Prints the directories in which a put or a sync has left files, and the time of their last change: TIME NAME
leftovers_directory() (
    local place time word='[A-Za-z0-9._%-]+'
    directory_expect
    cd -- "$directory_path" || exit 1
    find "./$reference" -ignore_readdir_race -maxdepth 4 -type d -regextype posix-extended \
        -regex "\./($word/$word/([a-z]+/)?)?\.put-[0-9]+-[0-9]+|\./$word/$word/incoming/[0-9a-f]{16}" 2>/dev/null |
        while IFS= read -r place; do
            # An empty one in incoming/ waits for the next sync.
            time=$(find "$place" -ignore_readdir_race -type f -printf '%T@\n' 2>/dev/null | sort -rn | sed -n 1p)
            [[ $time || $place != */incoming/* ]] || continue
            [[ $time ]] || time=$(stat -c %Y -- "$place" 2>/dev/null) || continue
            printf '%s\t%s\t-\n' "${time%.*}" "${place#./}"
        done
)

# leftovers_directory_remove NAME -: a directory in incoming/ is kept, since a sync may begin to use it.
leftovers_directory_remove() {
    if [[ $1 == */incoming/* ]]; then
        attempt find "$directory_path/$1" -mindepth 1 -ignore_readdir_race -delete
    else
        attempt rm -rf -- "$directory_path/$1"
    fi
}

# Removes the directories of names that have no object and no other file: at once if gc has just deleted the last object,
# see "gone"; else if they are older than the grace period, since a sync may just have made them. The listing of the store
# is in "all".
leftovers_prune() (
    local word='[A-Za-z0-9._%-]+' name new=(-newermt "@$((EPOCHSECONDS - gc_grace))")
    [[ $target_kind == directory && ! ${option[dry-run]-} ]] || return 0
    ((gc_grace)) || new=(-false)
    directory_expect
    cd -- "$directory_path" || exit 1
    find . -ignore_readdir_race -mindepth 2 -maxdepth 2 -type d -regextype posix-extended \
        -regex "\./$word/$word" -printf '%P\n' 2>/dev/null |
        while IFS= read -r name; do
            [[ ! $reference || $name == "$reference" ]] || continue
            [[ ! $(find "./$name" ! -type d -print -quit 2>&1) ]] || continue
            grep -qxF -- "$name" "$spool/gone" ||
                [[ ! $(find "./$name" -type d "${new[@]}" -print -quit 2>&1) ]] || continue
            find "./$name" -depth -mindepth 1 -regextype posix-extended \
                -regex "\./$word/$word/(packs|manifests|snapshots|doomed|bad|incoming(/[0-9a-f]{16})?)" \
                ! \( -path '*/incoming/*' "${new[@]}" \) -empty -delete 2>/dev/null
            rmdir -- "./$name" "./${name%/*}" 2>/dev/null
        done
    return 0
)

# --------------------------------------------------------------------------- S3

# Prints the unfinished uploads of objects of snapshots, and of single layers: TIME KEY ID
leftovers_s3() {
    local listing time url id key seconds
    listing=$(s3_uploads_all) || exit
    while IFS=$'\t' read -r time url id; do
        key=${url#"$s3_url"}
        [[ $key =~ ^[0-9a-f]{64}\.tar\.zst$|^[^/]+/[^/]+/(packs|manifests)/[0-9a-f]{64}(\.index)?\.zst$ ]] || continue
        [[ ! $reference || $key == "$reference"/* ]] || continue
        seconds=$(date -d "$time" +%s 2>/dev/null) || continue
        printf '%s\t%s\t%s\n' "$seconds" "$key" "$id"
    done <<<"$listing"
}

leftovers_s3_remove() {
    s3_abort "$1" "$2"
}
