# shellcheck shell=bash
#
# An S3 store, accessed by s3cmd, which finds the endpoint and the credentials in its configuration file or in
# the environment; they are never on a command line. If a request fails, these functions print why and exit:
# they have to run in a job or a subshell.

part core/spool core/json core/names core/options core/programs

# The place in the store, set by s3_url_read(), and s3_expect().
s3_url=    # s3://BUCKET/ or s3://BUCKET/PREFIX/; keys below are relative to it
s3_bucket= # s3://BUCKET
s3_config= # s3cmd's configuration file, or empty

# The objects that s3_look() found, by key: size in bytes, ETag, and time in seconds since the epoch.
declare -gA object_sizes=() object_etags=() object_times=()

# The keys of a layer are its blob digest, in hexadecimal, with one of these suffixes.
layer_suffix=.tar.zst
meta_suffix=.meta.json

# A LAYER.json older than this, in seconds, is sent again. By its age gc knows that no sync is about to write
# a pointer to the layer.
meta_fresh=3600

# The smallest and the largest part that s3cmd and most stores accept, in MiB.
s3_part_least=5 s3_part_most=5120

# s3_url_read URL: reads s3://BUCKET[/PREFIX].
s3_url_read() {
    local url=$1
    while [[ $url == s3://?*/ ]]; do
        url=${url%/}
    done
    # To s3cmd, * and ? in a key are patterns; and a newline would end the line of a listing.
    [[ $url =~ ^s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^[:cntrl:]*?]+)?$ && $url != *//*//* ]] ||
        usage_error "'$(printable "$1")' is not an S3 URL, s3://BUCKET[/PREFIX]"
    # s3cmd would send other bytes, or fail.
    is_utf8 "$url" || usage_error "'$(printable "$1")' is not UTF-8, which s3cmd needs"
    ((${#url} <= 700)) || usage_error "'$(printable "$1")' is longer than keys may be"
    s3_url=$url/
    s3_bucket=${url#s3://}
    s3_bucket=s3://${s3_bucket%%/*}
}

# Ends the driver unless s3cmd and a configuration can be used.
s3_expect() {
    type -P s3cmd >/dev/null ||
        die 1 's3cmd not found on the PATH; an S3 store needs it: install the package s3cmd'
    s3_config=${option[config]-${S3CMD_CONFIG-}}
    if [[ ! $s3_config ]]; then
        [[ ! ${HOME-} || ! -r $HOME/.s3cfg ]] || s3_config=$HOME/.s3cfg
    elif [[ ! -r $s3_config ]]; then
        die 1 "$(printable "$s3_config"): this configuration of s3cmd cannot be read"
    fi
    s3_endpoint_print >/dev/null || exit
}

# Prints the endpoint and the region from the environment in the form of s3cmd's configuration. s3cmd itself
# reads AWS_ACCESS_KEY_ID and the like.
s3_endpoint_print() {
    local endpoint=${AWS_ENDPOINT_URL_S3-${AWS_ENDPOINT_URL-}} secure=True
    local region=${AWS_REGION-${AWS_DEFAULT_REGION-}}
    printf '[default]\n'
    if [[ $endpoint ]]; then
        [[ $endpoint =~ ^(https?)://([][A-Za-z0-9.:_-]+)/?$ ]] ||
            usage_error "AWS_ENDPOINT_URL: '$(printable "$endpoint")' is not http://HOST[:PORT]"
        [[ ${BASH_REMATCH[1]} == https ]] || secure=False
        printf 'host_base = %s\nhost_bucket = %s\nuse_https = %s\n' \
            "${BASH_REMATCH[2]}" "${BASH_REMATCH[2]}" "$secure"
    fi
    if [[ $region ]]; then
        [[ $region =~ ^[A-Za-z0-9-]+$ ]] ||
            usage_error "AWS_REGION: '$(printable "$region")' is not a region"
        printf 'bucket_location = %s\n' "$region"
    fi
}

# Settings that the user's configuration must not change: listings depend on them.
s3_settings='
limit = -1
list_md5 = False
long_listing = False
human_readable_sizes = False
recursive = False'

# Appended to the name of the file for s3cmd's messages, by functions that may run beside others.
s3_apart=

# s3 ARGUMENT...: runs s3cmd, and stores its messages in the spool for s3_failed(). A later setting overrides
# an earlier one, so the configuration file overrides the environment.
s3() {
    local status configuration
    exec {configuration}< <(s3_endpoint_print && { [[ ! $s3_config ]] || cat -- "$s3_config"; } &&
        printf '%s\n' "$s3_settings")
    s3cmd --config="/dev/fd/$configuration" --no-progress "$@" 2>"$spool/s3.messages$s3_apart"
    status=$?
    exec {configuration}<&-
    return "$status"
}

# s3_failed STATUS NAME: explains why the last s3() on NAME failed, and exits.
s3_failed() {
    local said problem
    said=$(tail -c 65536 -- "$spool/s3.messages$s3_apart" 2>/dev/null | tr -d '\0')
    # If the disk is full, s3cmd's message is lost, and tee's error is shown instead.
    [[ $said ]] || said=$(printf '%4096s' '' | tee -- "$spool/s3.messages$s3_apart" 2>&1 >/dev/null)
    problem=$(grep -E '^(ERROR|Problem): ' <<<"$said" | tail -n 1)
    problem=${problem#*: }
    case "$1 $said" in
    *'No space left on device'* | *'Errno 122'*) problem='no space left' ;;
    78\ *) problem="no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
configure s3cmd" ;;
    *NoSuchBucket* | *'Bucket '*' does not exist'*) problem="no such bucket: $s3_bucket" ;;
    *SignatureDoesNotMatch* | *InvalidAccessKeyId* | *'403 ('* | 77\ *)
        problem='access denied: the credentials are wrong, or do not allow this'
        ;;
    *'Errno 111'* | *'onnection refused'*) problem='cannot connect: connection refused' ;;
    *'Errno -2]'* | *'Errno -3]'* | *'Errno -5]'*) problem='cannot connect: unknown host' ;;
    *'Errno 113'* | *'Errno 101'*) problem='cannot connect: the server cannot be reached' ;;
    *CERTIFICATE_VERIFY_FAILED*) problem='the certificate of the server is not trusted' ;;
    *'timed out'*) problem='the server did not answer in time' ;;
    12\ * | 64\ *) problem='no such object' ;;
    esac
    die 1 "$(printable "$2"): $(printable "${problem:-s3cmd failed with status $1}")"
}

# s3_look PREFIX: adds the objects whose keys begin with the prefix, and have no slash after it, to the
# arrays.
s3_look() {
    local line key listing status seconds
    # Date, time, size, ETag, class, URL.
    local format='^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}) +([0-9]{1,18}) +([^ ]+) +[^ ]+ +(s3://.*)$'
    listing=$(s3 ls -l -- "$s3_url$1")
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url${1%.}"
    while IFS= read -r line; do
        [[ $line =~ $format && ${BASH_REMATCH[4]} == "$s3_url$1"* ]] || continue
        key=${BASH_REMATCH[4]#"$s3_url"}
        object_sizes[$key]=${BASH_REMATCH[2]}
        object_etags[$key]=${BASH_REMATCH[3]}
        minute_seconds seconds "${BASH_REMATCH[1]}" # the last second of this minute counts
        object_times[$key]=$((seconds + 59))
    done <<<"$listing"
}

# minute_seconds VARIABLE "YYYY-MM-DD HH:MM": sets the variable to this time, in UTC, in seconds since the
# epoch. It runs no program, since a store may list thousands of objects.
minute_seconds() {
    local year=$((10#${2:0:4})) month=$((10#${2:5:2})) day=$((10#${2:8:2})) days
    # Years that begin in March, so that a leap day is the last one.
    ((month > 2)) || year=$((year - 1)) month=$((month + 12))
    days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + day - 719469))
    printf -v "$1" '%d' $((days * 86400 + 10#${2:11:2} * 3600 + 10#${2:14:2} * 60))
}

# s3_get KEY FILE: fetches a small object, up to one byte more than metadata_limit. Returns 1 if it does not
# exist.
s3_get() {
    local statuses
    s3 get -- "$s3_url$1" - | head -c $((metadata_limit + 1)) | store "$2"
    statuses=("${PIPESTATUS[@]}")
    ((statuses[2] == 0)) || exit
    case ${statuses[0]} in
    0 | 141) return 0 ;;
    12 | 64)
        # Listing tells a missing bucket from a missing object. An object that is listed must not pass for a
        # removed one.
        unset "object_sizes[$1]"
        s3_look "$1"
        [[ ! ${object_sizes[$1]-} ]] || die 1 "$s3_url$1: is listed, but the store does not find it"
        return 1
        ;;
    esac
    # A larger object ends with some other error, since head closes the pipe.
    (($(stat -c %s -- "$2") > metadata_limit)) || s3_failed "${statuses[0]}" "$s3_url$1"
}

# s3_file FILE: prints another path of a file in the spool, since s3cmd accepts only UTF-8.
s3_file() {
    printf '%s' "${1/#"$spool/"//proc/self/fd/$spool_fd/}"
}

# Options for every put: a file may be a link below /proc, and none of its attributes are sent.
declare -ga s3_put_options=(--follow-symlinks --no-check-md5 --no-preserve --no-guess-mime-type)

# s3_put FILE KEY TYPE: sends a small file, with this media type, in one request, which is atomic.
s3_put() {
    s3_put_by --multipart-chunk-size-mb="$s3_part_most" "$@"
}

# s3_put_parts FILE KEY TYPE SIZE: sends a large file in parts of SIZE MiB; resumes an unfinished upload.
s3_put_parts() {
    local uploads continue=()
    uploads=$(s3_uploads_all) || exit
    uploads=$(s3_uploads "$2" <<<"$uploads")
    # s3cmd would not choose among several uploads.
    [[ ! $uploads ]] || continue=(--upload-id="${uploads##*$'\n'}")
    s3_put_by --multipart-chunk-size-mb="$4" "${continue[@]}" "${@:1:3}"
    s3_abort "$2" "$uploads"
}

# s3_put_by OPTION... FILE KEY TYPE: sends a file.
s3_put_by() {
    local status options=("${@:1:$#-3}")
    shift $(($# - 3))
    s3 put "${options[@]}" "${s3_put_options[@]}" --mime-type="$3" -- "$(s3_file "$1")" "$s3_url$2" >/dev/null
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url$2"
}

# s3_uploads KEY: of the uploads on standard input, prints the ids of those of a key, the oldest first.
s3_uploads() {
    # awk's -v would interpret backslashes.
    url=$s3_url$1 awk -F '\t' '$2 == ENVIRON["url"] { print $1 "\t" $3 }' | sort | cut -f 2
}

# Prints all unfinished uploads, a line each with tabs: time of the beginning, URL, id.
s3_uploads_all() {
    local status listing
    listing=$(s3 multipart "$s3_bucket")
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_bucket"
    url=$s3_url awk -F '\t' 'NF == 3 && index($2, ENVIRON["url"]) == 1' <<<"$listing"
}

# s3_abort KEY IDS: aborts these uploads; it is no error if another process has ended one meanwhile.
s3_abort() {
    local id
    for id in $2; do
        s3 abortmp -- "$s3_url$1" "$id" >/dev/null || :
    done
}

# s3_delete KEY...: removes these objects; a missing one is no error.
s3_delete() {
    local key status urls=()
    for key; do
        urls+=("$s3_url$key")
    done
    s3 del -- "${urls[@]}" >/dev/null
    status=$?
    ((status == 0 || status == 12)) || s3_failed "$status" "$s3_url$1"
}

usage_s3() {
    cat <<'END'
      --config=FILE            the configuration of s3cmd (default: $S3CMD_CONFIG, or
                               ~/.s3cfg). It overrides the environment: AWS_ACCESS_KEY_ID,
                               AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
                               AWS_ENDPOINT_URL, AWS_REGION
END
}

# Set by s3_push_options_read(): the size of a part, in MiB, and the maximum number of parts.
s3_part_size=
s3_max_parts=

s3_push_options_read() {
    s3_part_size=${option[part-size]-64} s3_max_parts=${option[max-parts]-1000}
    number_check part-size "$s3_part_size" "$s3_part_least" "$s3_part_most"
    number_check max-parts "$s3_max_parts" 1 10000
}

# s3_part_size_for VARIABLE SIZE NAME: sets the variable to the size of the parts of a file: larger if it
# would have too many.
s3_part_size_for() {
    local raised=$s3_part_size least=$((($2 + s3_max_parts * 1048576 - 1) / (s3_max_parts * 1048576)))
    ((raised >= least)) || raised=$least
    ((raised <= s3_part_most)) || die 1 "$3: is larger than $s3_max_parts parts of $s3_part_most MiB"
    printf -v "$1" '%s' "$raised"
}

# The options of push and sync for an S3 store.
s3_push_options='config: part-size: max-parts:'

usage_s3_push() {
    cat <<'END'
      --part-size=MIB          the size of the parts of an upload, 5 to 5120 (default 64)
      --max-parts=N            larger parts rather than more than N (default 1000)
END
    usage_s3
}
