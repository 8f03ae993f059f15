# shellcheck shell=bash
#
# An S3 store, by s3cmd: objects are looked at, sent, fetched and removed. s3cmd finds the endpoint and
# the credentials in its configuration file or in the environment; they are never on a command line.
# All functions that send requests run in a subshell of the driver's, which they end where a request
# fails, with a line that says why.

part core/spool core/json core/names core/programs

# What s3_url_read() found.
s3_url=    # s3://BUCKET/ or s3://BUCKET/PREFIX/
s3_bucket= # s3://BUCKET
s3_config= # s3cmd's configuration file, or empty

# What s3_look() found, by the key's part after `s3_url`: bytes, ETag, seconds since the epoch.
declare -gA object_sizes=() object_etags=() object_times=()

# What part numbers and sizes may be, in MiB; s3cmd and most stores want it so.
s3_part_least=5 s3_part_most=5120

# s3_url_read URL: takes s3://BUCKET[/PREFIX] apart.
s3_url_read() {
    local url=$1
    while [[ $url == s3://?*/ ]]; do
        url=${url%/}
    done
    # s3cmd takes * and ? in a key for patterns, and the lines of a listing end at a newline.
    [[ $url =~ ^s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^[:cntrl:]*?]+)?$ && $url != *//*//* ]] ||
        usage_error "'$(printable "$1")' is no place in an S3 store, s3://BUCKET/PREFIX"
    # s3cmd would send other bytes, or none.
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
        die 1 "$(printable "$s3_config"): there is no such configuration of s3cmd that can be read"
    fi
    s3_endpoint_print >/dev/null || exit
}

# Prints the endpoint and region of the environment as s3cmd's configuration has them; s3cmd itself
# reads AWS_ACCESS_KEY_ID and its like.
s3_endpoint_print() {
    local endpoint=${AWS_ENDPOINT_URL_S3-${AWS_ENDPOINT_URL-}} secure=True
    local region=${AWS_REGION-${AWS_DEFAULT_REGION-}}
    printf '[default]\n'
    if [[ $endpoint ]]; then
        [[ $endpoint =~ ^(https?)://([][A-Za-z0-9.:_-]+)/?$ ]] ||
            usage_error "AWS_ENDPOINT_URL: '$(printable "$endpoint")' is no http://HOST[:PORT]"
        [[ ${BASH_REMATCH[1]} == https ]] || secure=False
        printf 'host_base = %s\nhost_bucket = %s\nuse_https = %s\n' \
            "${BASH_REMATCH[2]}" "${BASH_REMATCH[2]}" "$secure"
    fi
    if [[ $region ]]; then
        [[ $region =~ ^[A-Za-z0-9-]+$ ]] ||
            usage_error "AWS_REGION: '$(printable "$region")' is no region"
        printf 'bucket_location = %s\n' "$region"
    fi
}

# Settings that would change what is listed, and how; they are not the user's to choose here.
s3_settings='
limit = -1
list_md5 = False
long_listing = False
human_readable_sizes = False
recursive = False'

# s3 ARGUMENT...: runs s3cmd; its messages are left in the spool for s3_failed(). Of two settings the
# later one counts, so that a configuration file counts more than the environment.
s3() {
    local status configuration
    exec {configuration}< <(s3_endpoint_print && { [[ ! $s3_config ]] || cat -- "$s3_config"; } &&
        printf '%s\n' "$s3_settings")
    s3cmd --config="/dev/fd/$configuration" --no-progress "$@" 2>"$spool/s3.messages"
    status=$?
    exec {configuration}<&-
    return "$status"
}

# s3_failed STATUS WHAT: ends the subshell with the line that says why the last s3() on WHAT returned
# STATUS.
s3_failed() {
    local said problem
    said=$(tail -c 65536 -- "$spool/s3.messages" 2>/dev/null | tr -d '\0')
    # On a disk that is full there is no room for a message either.
    [[ $said ]] || said=$(printf '%4096s' '' | tee -- "$spool/s3.messages" 2>&1 >/dev/null)
    problem=$(grep -E '^(ERROR|Problem): ' <<<"$said" | tail -n 1)
    problem=${problem#*: }
    case "$1 $said" in
    *'No space left on device'* | *'Errno 122'*) problem='no space left' ;;
    78\ *) problem="there are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the \
environment, or a configuration of s3cmd" ;;
    *NoSuchBucket* | *'Bucket '*' does not exist'*) problem="there is no bucket $s3_bucket" ;;
    *SignatureDoesNotMatch* | *InvalidAccessKeyId* | *'403 ('* | 77\ *)
        problem='the credentials are wrong, or are not allowed to do this'
        ;;
    *'Errno 111'* | *'onnection refused'*) problem='no server: connection refused' ;;
    *'Errno -2]'* | *'Errno -3]'* | *'Errno -5]'*) problem='no server: the name of its host is not known' ;;
    *'Errno 113'* | *'Errno 101'*) problem='no server: it cannot be reached' ;;
    *CERTIFICATE_VERIFY_FAILED*) problem='the certificate of the server is not one to trust' ;;
    *'timed out'*) problem='the server does not answer' ;;
    12\ * | 64\ *) problem='there is no such object' ;;
    esac
    die 1 "$(printable "$2"): $(printable "${problem:-s3cmd failed with status $1}")"
}

# s3_look KEY: fills the arrays with the objects whose keys begin with this (after `s3_url`), down to
# the next slash.
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
        # Without its seconds; taken for the last of them.
        minute_seconds "${BASH_REMATCH[1]}"
        object_times[$key]=$((seconds + 59))
    done <<<"$listing"
}

# minute_seconds "YYYY-MM-DD HH:MM": sets `seconds`, since the epoch, of this minute in UTC. No program, as
# a store may list thousands of objects.
minute_seconds() {
    local year=$((10#${1:0:4})) month=$((10#${1:5:2})) day=$((10#${1:8:2})) days
    # Years that begin in March, and so end with the leap day.
    ((month > 2)) || year=$((year - 1)) month=$((month + 12))
    days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + day - 719469))
    seconds=$((days * 86400 + 10#${1:11:2} * 3600 + 10#${1:14:2} * 60))
}

# s3_get KEY FILE: fetches a small object; no more of it than makes it too large for a document of ours.
# Returns 1 if it is not there.
s3_get() {
    local statuses
    s3 get -- "$s3_url$1" - | head -c $((metadata_limit + 1)) | store "$2"
    statuses=("${PIPESTATUS[@]}")
    ((statuses[2] == 0)) || exit
    case ${statuses[0]} in
    0 | 141) return 0 ;;
    12 | 64)
        # That it is the bucket that is missing, s3cmd tells of a listing. An object that is in one is
        # not taken for removed: what nothing leads to any more may be deleted.
        unset "object_sizes[$1]"
        s3_look "$1"
        [[ ! ${object_sizes[$1]-} ]] || die 1 "$s3_url$1: is listed, but the store does not find it"
        return 1
        ;;
    esac
    # Whatever else it is where no more was wanted.
    (($(stat -c %s -- "$2") > metadata_limit)) || s3_failed "${statuses[0]}" "$s3_url$1"
}

# s3_file FILE: prints how s3cmd is told a file of the spool, whose own name may not be UTF-8.
s3_file() {
    printf '%s' "${1/#"$spool/"//proc/self/fd/$spool_fd/}"
}

# s3_put FILE KEY TYPE: sends a small file, whose media type this is; it stands whole, or not at all.
s3_put() {
    s3_put_by --multipart-chunk-size-mb="$s3_part_most" "$@"
}

# s3_put_parts FILE KEY TYPE PART: likewise a large one, in parts of PART MiB. What an unfinished upload
# has already is not sent again.
s3_put_parts() {
    local uploads continue=()
    uploads=$(s3_uploads "$2") || exit
    # By itself s3cmd does not choose among several.
    [[ ! $uploads ]] || continue=(--upload-id="${uploads##*$'\n'}")
    s3_put_by --multipart-chunk-size-mb="$4" "${continue[@]}" "${@:1:3}"
    s3_abort "$2" "$uploads"
}

# s3_put_by OPTION... FILE KEY TYPE: the file may be a link below /proc; nothing of it but its bytes is
# told, nor guessed.
s3_put_by() {
    local status options=("${@:1:$#-3}")
    shift $(($# - 3))
    s3 put "${options[@]}" --follow-symlinks --no-check-md5 --no-preserve --no-guess-mime-type \
        --mime-type="$3" -- "$(s3_file "$1")" "$s3_url$2" >/dev/null
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_url$2"
}

# s3_uploads KEY: prints the ids of the unfinished uploads of this key, the oldest first.
s3_uploads() {
    # (-v would take a backslash for an escape)
    s3_uploads_all | url=$s3_url$1 awk -F '\t' '$2 == ENVIRON["url"] { print $1 "\t" $3 }' | sort |
        cut -f 2
}

# s3_uploads_all: prints all unfinished uploads below the URL, as lines of the time when they began,
# URL and id, tabs between them.
s3_uploads_all() {
    local status listing
    listing=$(s3 multipart "$s3_bucket")
    status=$?
    ((status == 0)) || s3_failed "$status" "$s3_bucket"
    url=$s3_url awk -F '\t' 'NF == 3 && index($2, ENVIRON["url"]) == 1' <<<"$listing"
}

# s3_abort KEY IDS: ends unfinished uploads of an object that is there by now; whoever else finished or
# aborted them meanwhile was right to.
s3_abort() {
    local id
    for id in $2; do
        s3 abortmp -- "$s3_url$1" "$id" >/dev/null || :
    done
}

# s3_delete KEY...: removes objects; one that is not there is no failure.
s3_delete() {
    local key status urls=()
    for key; do
        urls+=("$s3_url$key")
    done
    s3 del -- "${urls[@]}" >/dev/null
    status=$?
    ((status == 0 || status == 12)) || s3_failed "$status" "$s3_url$1"
}

# The options that push and pull have for an S3 store.
usage_s3() {
    cat <<'END'
      --config=FILE            the configuration of s3cmd (default: $S3CMD_CONFIG, or
                               ~/.s3cfg). What it does not say is taken from the
                               environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
                               AWS_SESSION_TOKEN, AWS_ENDPOINT_URL, AWS_REGION
END
}

usage_s3_push() {
    cat <<'END'
      --part-size=MIB          send parts of so many MiB, 5 to 5120 (default 64)
      --max-parts=N            of more parts than this make larger ones (default 1000)
END
    usage_s3
}

layer_suffix=.tar.zst
meta_suffix=.meta.json

# So many seconds after it was sent, a LAYER.json is sent again: its age is by what gc knows that
# nobody is about to refer to the layer.
meta_fresh=3600
