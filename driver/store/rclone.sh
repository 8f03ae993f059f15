# shellcheck shell=bash
#
# A store in a remote of rclone, which finds it in its own configuration and environment.
#
# An rclone that is killed in a put may leave a part under the final name: to be complete, an object has to be
# listed with the right size. And copy skips a damaged object of the right size and time, hence
# --ignore-times.
#
# The time of an object has to be that of its put:
#   S3, Swift, Azure and others that keep times as metadata    the server's, by --use-server-modtime
#   sftp, local directories          the server's: rclone does not set the time, see rclone_copy()
#   webdav of an unknown vendor, HTTP and others without times    the server's
#   Nextcloud, Dropbox, Drive and others      that of the file, which is set to the time of the put: this
#                                             host's. target_now() gives the time of the same clock

part core/json core/messages core/names core/programs store/target

# REMOTE:PATH, set by rclone_open().
rclone_root=

# These would hide objects from rclone, or keep it from writing.
unset -v RCLONE_{FILTER,FILTER_FROM,EXCLUDE,EXCLUDE_FROM,EXCLUDE_IF_PRESENT,INCLUDE,INCLUDE_FROM,FILES_FROM} \
    RCLONE_{FILES_FROM_RAW,MAX_AGE,MIN_AGE,MAX_SIZE,MIN_SIZE,MAX_DEPTH,MAX_DELETE,IGNORE_EXISTING,IMMUTABLE} \
    RCLONE_{DRY_RUN,INTERACTIVE,UPDATE,LOG_FILE,COMPARE_DEST,COPY_DEST,BACKUP_DIR,SUFFIX}

# rclone_open URL
rclone_open() {
    local remote=${1#rclone:}
    if [[ ! $remote =~ ^(/|[^-/][^/]*:|:) || $remote =~ [[:cntrl:]] ]] || ! is_utf8 "$remote"; then
        usage_error "'$(printable "$1")' is not a remote of rclone, rclone:REMOTE:PATH"
    fi
    while [[ $remote == *[!:/]/ ]]; do
        remote=${remote%/}
    done
    rclone_root=$remote
    target_url=rclone:$remote
    programs_expect rclone jq
}

# Not empty if the store may be missing: then its path is made by the first put, in a directory that exists.
rclone_may_be_absent=

rclone_create() {
    rclone_may_be_absent=yes
}

# rclone_path VARIABLE PREFIX: sets the variable to the remote path of a prefix. Without the slash at its end,
# rclone would ask whether it is a file.
rclone_path() {
    local separator=/
    [[ $rclone_root != *[:/] ]] || separator=
    printf -v "$1" '%s' "$rclone_root$separator${2:+$2/}"
}

# rclone_run ARGUMENT...: runs rclone, and stores its messages in the spool for rclone_failed().
rclone_run() {
    local said=$spool/rclone.messages.$BASHPID
    TZ=UTC command rclone --log-level=ERROR --use-json-log=false --ask-password=false --progress=false "$@" \
        2>"$said"
}

# rclone_failed STATUS PREFIX: explains why the last rclone_run() failed, and exits.
rclone_failed() {
    local problem said=$spool/rclone.messages.$BASHPID
    problem=$(sed -nE '/^[0-9/]+ [0-9:]+ ./h
        $ { g; s/^[0-9/]+ [0-9:]+ //; s/^[A-Z]+ *: //; s/^Failed to create file system for ".*": //
            s/^Failed to [a-z]+( with [0-9]+ errors)?: //; s/^last error was: //; p; }' "$said" 2>/dev/null)
    case $problem in
    *"didn't find section in config file"*) problem="no such remote in rclone's configuration" ;;
    *'no space left on device'* | *'too big for remaining disk space'*) problem='no space left' ;;
    esac
    die 1 "$(target_name "$2"): $(printable "${problem:-rclone $(end_text "$1")}")"
}

# rclone_list PREFIX [NAME]: prints KEY, SIZE and TIME, with tabs between. jq escapes tabs and newlines of
# foreign names.
rclone_list() {
    local path status listing=$spool/rclone.listing.$BASHPID options=(--recursive --fast-list)
    [[ ! ${2-} ]] || options=(--max-depth=1 --include="/$2")
    rclone_path path "$1"
    rclone_run lsjson "${options[@]}" --files-only --no-mimetype --use-server-modtime -- "$path" >"$listing"
    status=$?
    if ((status == 3)) && [[ $1 ]]; then
        rclone_is_absent "$1" && return
        die 1 "$(target_name "$1"): cannot be listed: a directory was not found"
    fi
    ((status == 0)) || rclone_failed "$status" "$1"
    jq -r '.[] | select(.IsDir | not) | [.Path, (.Size | tostring),
        (.ModTime | sub("\\.[0-9]+"; "") | fromdateiso8601 | tostring)] | @tsv' <"$listing" 2>/dev/null ||
        die 1 "$(target_name "$1"): cannot be listed: rclone printed something that is not understood"
}

# rclone_is_absent PREFIX: whether the store is there, but not the prefix: then a directory does not list the
# next one.
rclone_is_absent() {
    local name path above='' status names=$spool/rclone.names.$BASHPID
    local -a components
    IFS=/ read -ra components <<<"$1"
    for name in "${components[@]}"; do
        rclone_path path "$above"
        rclone_run lsf --dirs-only -- "$path" >"$names"
        status=$?
        [[ $status -ne 3 || $above || ! $rclone_may_be_absent ]] || ! rclone_has_parent || return 0
        ((status == 0)) || rclone_failed "$status" "$above"
        grep -qxF -e "$name/" "$names" || return 0
        above+=${above:+/}$name
    done
    return 1
}

# Whether the directory exists in which the store is to be.
rclone_has_parent() (
    rclone_run lsf --dirs-only -- "${rclone_root%"${rclone_root##*[:/]}"}" >/dev/null
)

# rclone_put PREFIX FILE...
rclone_put() {
    local file place path fd status
    local -A groups=()
    for file in "${@:2}"; do
        # rclone would leave it out.
        [[ -f $file ]] || die 1 "$(printable "$file"): no such file"
    done
    attempt touch -- "${@:2}" || exit
    rclone_path path "$1"
    rclone_group "${@:2}"
    for place in "${!groups[@]}"; do
        { exec {fd}<"$place"; } 2>/dev/null || die 1 "$(printable "$place"): cannot be opened"
        rclone_copy "/proc/self/fd/$fd" "$path" "${groups[$place]}"
        status=$?
        ((status == 0)) || rclone_failed "$status" "$1"
        exec {fd}<&-
    done
}

rclone_move() {
    rclone_put "$@"
    attempt rm -f -- "${@:2}" || exit
}

# rclone_group PATH...: sets the array `groups`: for each directory, its names, a line each.
rclone_group() {
    local place name path
    for path; do
        path_split place name "$path"
        groups[$place]+=$name$'\n'
    done
}

# rclone_copy FROM TO NAMES: copies these files of one directory to another. The local one is given by its
# descriptor, since rclone accepts only UTF-8.
rclone_copy() {
    local names=$spool/rclone.names.$BASHPID
    printf '%s' "$3" | store "$names" || exit
    rclone_run copy --files-from-raw="$names" --ignore-times --sftp-set-modtime=false --local-no-set-modtime -- \
        "$1" "$2"
}

# rclone_get PREFIX NAME...: copies the objects to $dir. rclone leaves out a missing file.
rclone_get() {
    local name place path fd status absent=
    local -A groups=()
    { exec {fd}<"$dir"; } 2>/dev/null || die 1 "$(printable "$dir"): cannot be opened"
    rclone_group "${@:2}"
    for place in "${!groups[@]}"; do
        name=${place#./}
        name=$1${name:+/${name%/}}
        rclone_path path "$name"
        rclone_copy "$path" "/proc/self/fd/$fd" "${groups[$place]}"
        status=$?
        if ((status == 3)); then
            rclone_is_absent "$name" || die 1 "$(target_name "$name"): a directory was not found"
        elif ((status)); then
            rclone_failed "$status" "$name"
        fi
    done
    exec {fd}<&-
    for name in "${@:2}"; do
        [[ -e $dir/${name##*/} ]] || absent=$name
    done
    # Some servers do not tell a missing bucket from a missing object.
    [[ ! $absent ]] || rclone_is_absent "$1" || :
}

# rclone_delete PREFIX NAME...
rclone_delete() {
    local path status names=$spool/rclone.names.$BASHPID
    (($# > 1)) || return 0
    printf '%s\n' "${@:2}" | store "$names" || exit
    rclone_path path "$1"
    # Without a list it would delete all files: hence the limit.
    rclone_run delete --files-from-raw="$names" --max-delete=$(($# - 1)) -- "$path"
    status=$?
    if ((status == 3)); then
        rclone_is_absent "$1" || die 1 "$(target_name "$1"): a directory was not found"
    elif ((status)); then
        rclone_failed "$status" "$1"
    fi
}
