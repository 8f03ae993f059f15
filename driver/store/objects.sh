# shellcheck shell=bash
#
# A store in S3. s3cmd takes longer to start than for a request: each function passes many objects to it at
# once. The times of listings are minutes; the last second of the minute counts.

part core/messages store/target store/s3

# With more objects than this of one directory, a get lists the directory instead of each object.
objects_few=8

# objects_open URL
objects_open() {
    s3_url_read "$1"
    target_url=${s3_url%/}
    s3_push_options_read
    s3_expect
}

# objects_list PREFIX [NAME]: prints KEY, SIZE and TIME, with tabs between. A foreign key with a newline is an
# error.
objects_list() {
    local listing status s3_apart=.$BASHPID url=$s3_url${1:+$1/} recursive=(--recursive)
    [[ ! ${2-} ]] || recursive=()
    listing=$(s3 ls "${recursive[@]}" -- "$url${2-}")
    status=$?
    ((status == 0)) || s3_failed "$status" "${url%/}"
    [[ ! $listing ]] || objects_parse "$url" "${2-}" <<<"$listing" ||
        die 1 "$(target_name "$1"): cannot be listed: s3cmd printed a line that is not understood"
}

# objects_parse URL NAME: turns the listing of s3cmd on standard input into ours.
objects_parse() {
    # awk's -v would interpret backslashes.
    url=$1 name=$2 awk '
        # The seconds since the epoch of "YYYY-MM-DD HH:MM", see minute_seconds().
        function seconds(text,    year, month) {
            year = substr(text, 1, 4) + 0
            month = substr(text, 6, 2) + 0
            if (month <= 2) { year--; month += 12 }
            return (365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * month - 457) / 5) \
                + substr(text, 9, 2) - 719469) * 86400 + substr(text, 12, 2) * 3600 + substr(text, 15, 2) * 60
        }
        BEGIN { url = ENVIRON["url"]; name = ENVIRON["name"] }
        name != "" && /^ +DIR +s3:/ { next }
        !match($0, /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9] +[0-9]+ +s3:/) { exit 1 }
        {
            key = substr($0, RSTART + RLENGTH - 3)
            if (index(key, url) != 1) exit 1
            key = substr(key, length(url) + 1)
            if (key !~ /[^A-Za-z0-9._%\/-]/ && (name == "" || key == name))
                printf "%s\t%s\t%d\n", key, $3, seconds($1 " " $2) + 59
        }'
}

# objects_put PREFIX FILE...: files that are not larger than a part in one request each.
objects_put() (
    local s3_apart=.$BASHPID file size small=() large=()
    for file in "${@:2}"; do
        file_size size "$file"
        if ((size <= s3_part_size * 1048576)); then
            small+=("$file")
        else
            large+=("$file")
        fi
    done
    ((${#small[@]} == 0)) || objects_send "$1" "${small[@]}" --multipart-chunk-size-mb="$s3_part_most"
    ((${#large[@]} == 0)) || objects_put_parts "$1" "${large[@]}"
)

# objects_put_parts PREFIX FILE...: sends large files; resumes their unfinished uploads.
objects_put_parts() {
    local uploads ids file size part new=()
    uploads=$(s3_uploads_all) || exit
    for file in "${@:2}"; do
        file_size size "$file"
        s3_part_size_for part "$size" "$(printable "$file")"
        ids=$(s3_uploads "$1/${file##*/}" <<<"$uploads")
        if [[ $ids ]]; then
            # s3cmd would not choose among several uploads.
            objects_send "$1" "$file" --multipart-chunk-size-mb="$part" --upload-id="${ids##*$'\n'}"
            s3_abort "$1/${file##*/}" "$ids"
        elif ((part != s3_part_size)); then
            objects_send "$1" "$file" --multipart-chunk-size-mb="$part"
        else
            new+=("$file")
        fi
    done
    ((${#new[@]} == 0)) || objects_send "$1" "${new[@]}" --multipart-chunk-size-mb="$s3_part_size"
}

# objects_send PREFIX FILE... OPTION...
objects_send() {
    local word place opened='' name fd status words=()
    for word in "${@:2}"; do
        if [[ $word != --* ]]; then
            path_split place name "$word"
            # By descriptors of the directories, since s3cmd accepts only UTF-8.
            [[ $place == "$opened" ]] || { exec {fd}<"$place"; } 2>/dev/null ||
                die 1 "$(printable "$place"): cannot be opened"
            opened=$place word=/proc/self/fd/$fd/$name
        fi
        words+=("$word")
    done
    s3 put "${s3_put_options[@]}" --mime-type=application/octet-stream "${words[@]}" "$s3_url${1:+$1/}" >/dev/null
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url$1"
}

objects_move() {
    objects_put "$@" || exit
    attempt rm -f -- "${@:2}" || exit
}

# objects_get PREFIX NAME...: fetches the objects to $dir. For each, s3cmd lists the keys that begin with its
# key, so that a missing object is no error, and a missing bucket is one. The pattern excludes other keys,
# such as NAME/../../x.
objects_get() (
    local s3_apart=.$BASHPID fd status tries names urls
    names=$(printf '|%s' "${@:2}" | sed -E 's/\|[^|]*\//|/g; s/[.]/\\./g')
    objects_urls urls "$@"
    { exec {fd}<"$dir"; } 2>/dev/null || die 1 "$(printable "$dir"): cannot be opened"
    for tries in first second; do
        s3 get --force --recursive --rexclude="^(?!(${names#|})\\Z)" -- "${urls[@]}" "/proc/self/fd/$fd/" >/dev/null
        status=$?
        ((status)) || return 0
        # A listed object may have been removed before it was fetched.
        ((status == 12 || status == 64)) || break
    done
    [[ $tries == first ]] || grep -qs NoSuchBucket "$spool/s3.messages$s3_apart" ||
        die 1 "$(target_name "$1"): the store lists an object, but does not find it"
    s3_failed "$status" "$s3_url$1"
)

# objects_urls ARRAY PREFIX NAME...: sets the array to the URLs to list for these objects.
objects_urls() {
    local -n listed=$1
    local name
    local -A dirs=()
    listed=("${@:3}")
    listed=("${listed[@]/#/"$s3_url${2:+$2/}"}")
    ((${#listed[@]} > objects_few)) || return 0
    for name in "${listed[@]}"; do
        dirs[${name%/*}/]=yes
    done
    listed=("${!dirs[@]}")
}

# objects_delete PREFIX NAME...
objects_delete() {
    local s3_apart=.$BASHPID name status urls=("${@:2}")
    urls=("${urls[@]/#/"$s3_url${1:+$1/}"}")
    s3 del -- "${urls[@]}" >/dev/null
    status=$?
    ((status)) || return 0
    # Some servers report a missing object; then s3cmd leaves the others.
    if ((status != 12)) || grep -qs NoSuchBucket "$spool/s3.messages$s3_apart"; then
        s3_failed "$status" "$s3_url$1"
    fi
    (($# > 2)) || return 0
    for name in "${@:2}"; do
        objects_delete "$1" "$name"
    done
}
