# A real S3 server on the loopback: `load s3` after `load helpers` and `load driver`.
# All tests of a file share it: call s3_start in setup_file, s3_setup in setup, s3_stop in teardown_file.
# $S3_HOST is its HOST:PORT, $S3_URL the bucket, and $S3_CONFIG an s3cmd configuration for it with the
# smallest part size, 5 MiB.

export S3_KEY=some-key S3_SECRET=some-secret S3_BUCKET=bucket S3_URL=s3://bucket

requires_s3() {
    requires_command s3cmd
    /usr/bin/python3 -c 'import eventlet, swift' 2>/dev/null || skip "needs OpenStack Swift"
}

# s3_start: starts it on a free port. A restart uses the same port and the same data.
s3_start() {
    local dir=$BATS_FILE_TMPDIR/s3 port
    [ -d "$dir" ] || s3cmd_keep "$dir"
    port=$(cat "$dir/port" 2>/dev/null) || :
    rm -f "$dir/port"
    # Without eventlet's resolver and setuptools it starts in half the time.
    EVENTLET_NO_GREENDNS=yes SETUPTOOLS_USE_DISTUTILS=stdlib \
        "$PROJECT/tests/s3-server" "$dir" "${port:-0}" >"$dir/port" 2>>"$dir/stderr" 3>&- &
    echo $! >"$dir/pid"
    disown
    wait_until test -s "$dir/port" || { cat "$dir/stderr" && return 1; }
    S3_HOST=127.0.0.1:$(cat "$dir/port")
    export S3_HOST S3_CONFIG=$dir/s3cfg
    (umask 077 && s3_config >"$S3_CONFIG")
}

# s3cmd_keep DIR: makes DIR with an s3cmd that a process keeps ready, and puts it on the PATH. The installed
# s3cmd takes five times as long to start as to work.
s3cmd_keep() {
    mkdir -p "$1/bin"
    export S3CMD_INSTALLED S3CMD_KEEPER=$1/s3cmd.socket S3CMD_KEEPER_NEAR
    S3CMD_INSTALLED=$(type -P s3cmd)
    S3CMD_KEEPER_NEAR="$EUID $(readlink /proc/self/ns/mnt)"
    LC_ALL=C "$PROJECT/tests/s3cmd-keeper" "$S3CMD_KEEPER" </dev/null >/dev/null 2>>"$1/stderr" 3>&- &
    disown
    ln -s "$ZLSNAP_PRELOAD/s3cmd" "$1/bin/s3cmd"
    PATH=$1/bin:$PATH
    wait_until test -S "$S3CMD_KEEPER"
}

# s3_setup: changes to a new directory of the test, and sets $url to an empty prefix of its own.
# shellcheck disable=SC2034
s3_setup() {
    enter_work
    s3_ready
    s3_environment
    url=$S3_URL/$BATS_TEST_NUMBER
}

# s3_config: prints an s3cmd configuration.
s3_config() {
    cat <<END
[default]
access_key = $S3_KEY
secret_key = $S3_SECRET
host_base = $S3_HOST
host_bucket = $S3_HOST
use_https = False
bucket_location = us-east-1
multipart_chunk_size_mb = 5
END
}

# s3_stop: kills it with SIGKILL.
s3_stop() {
    local pid
    pid=$(cat "$BATS_FILE_TMPDIR/s3/pid" 2>/dev/null) || return 0
    rm "$BATS_FILE_TMPDIR/s3/pid"
    kill -KILL "$pid" 2>/dev/null || :
    wait_until is_gone "$pid"
}

# s3_ready: restarts and resets the server after an earlier test, but keeps its data.
s3_ready() {
    s3_release
    [ -e "$BATS_FILE_TMPDIR/s3/pid" ] || s3_start
    s3_forget
}

# s3_ ARGUMENT...: s3cmd.
s3_() {
    s3cmd --config="$S3_CONFIG" --no-progress "$@"
}

# --------------------------------------------------------------------------- requests

# s3_requests REGEX: prints the matching lines of the server's log (see s3-server).
s3_requests() {
    grep -E -- "$1" "$BATS_FILE_TMPDIR/s3/log" || :
}

# s3_parts: prints the numbers of the parts that were uploaded and stored, in order.
s3_parts() {
    s3_requests '^PUT .*partNumber=.* 200 ' | sed 's/.*partNumber=\([0-9]*\).*/\1/' | xargs
}

# s3_forget: empties the log.
s3_forget() {
    : >"$BATS_FILE_TMPDIR/s3/log"
}

# s3_hold REGEX: from now on, matching requests stop in the middle (see s3-server).
s3_hold() {
    s3_order hold "$1"
}

# s3_held: waits until a request is held.
s3_held() {
    wait_until s3_is_held
}

# s3_cut REGEX: from now on, cuts the connections of matching requests in the middle.
s3_cut() {
    s3_order cut "$1"
}

# s3_release: ends s3_hold and s3_cut. Held requests continue.
s3_release() {
    rm -f "$BATS_FILE_TMPDIR/s3"/{hold,cut}
}

# s3_lose REGEX: cuts the connections of held requests and waits until they have ended. For killed clients:
# the kernel may hold more of their bytes than the server should see.
s3_lose() {
    s3_cut "$1"
    rm "$BATS_FILE_TMPDIR/s3/hold"
    wait_until s3_none_is_held
    s3_release
}

s3_is_held() {
    awk '/^started/ { n = 0 } /^held / { n++ } /^let go / { n-- } END { exit n <= 0 }' \
        "$BATS_FILE_TMPDIR/s3/log"
}

s3_none_is_held() {
    ! s3_is_held
}

# s3_order NAME REGEX: writes one of the server's files atomically.
s3_order() {
    echo "$2" >"$BATS_FILE_TMPDIR/s3/order"
    mv "$BATS_FILE_TMPDIR/s3/order" "$BATS_FILE_TMPDIR/s3/$1"
}

# --------------------------------------------------------------------------- zlsnap and the server

# random_file NAME SIZE: makes a file that cannot be compressed, with the same bytes each time.
random_file() {
    openssl enc -aes-128-ctr -pass pass: -nosalt -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
        head -c "$2" >"$1" || :
}

# s3_environment: from now on zlsnap uses this server, and keeps its state and spools in the test's
# directory.
s3_environment() {
    export S3CMD_CONFIG=$S3_CONFIG HOME=$BATS_TEST_TMPDIR/home TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir -p "$HOME" "$TMPDIR"
    unset XDG_STATE_HOME STATE_DIRECTORY
}

# s3_killed REGEX COMMAND...: runs a command and kills it and its descendants with SIGKILL in the middle of a
# matching request.
s3_killed() {
    local driver
    s3_hold "$1"
    start "${@:2}" >/dev/null 2>&1
    s3_held
    s3_kill "$1"
}

# s3_kill REGEX: the second half of s3_killed.
s3_kill() {
    # shellcheck disable=SC2046,SC2154
    kill -KILL $(survivors | cut -d / -f 3)
    wait "$driver" 2>/dev/null || :
    wait_until none_survives
    s3_lose "$1"
}

# s3_changes: prints the requests that change the store.
s3_changes() {
    s3_requests '^(PUT|POST|DELETE) '
}

# s3_uploads_of URL: prints the ids of its unfinished uploads.
s3_uploads_of() {
    s3_ multipart "$S3_URL" | url=$1 awk -F '\t' '$2 == ENVIRON["url"] { print $3 }'
}
