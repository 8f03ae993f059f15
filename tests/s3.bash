# A real S3 server on the loopback: `load s3` after `load helpers` and `load driver`.
# One server is for all tests of a file: s3_start in setup_file, s3_ready in setup, s3_stop in
# teardown_file. $S3_HOST is its HOST:PORT, $S3_URL the bucket, $S3_CONFIG a configuration of s3cmd
# with which all of it is found and parts are the smallest that there are, 5 MiB.

export S3_KEY=some-key S3_SECRET=some-secret S3_BUCKET=bucket S3_URL=s3://bucket

requires_s3() {
    requires_command s3cmd ps
    /usr/bin/python3 -c 'import eventlet, swift' 2>/dev/null || skip "needs OpenStack Swift"
}

# s3_start: starts it on a port that is free, or on the one that it had before; then what it stored
# is there again.
s3_start() {
    local dir=$BATS_FILE_TMPDIR/s3 port
    [ -d "$dir" ] || s3cmd_keep "$dir"
    port=$(cat "$dir/port" 2>/dev/null) || :
    rm -f "$dir/port"
    # The two variables halve the time until it listens: no resolver, no setuptools.
    EVENTLET_NO_GREENDNS=yes SETUPTOOLS_USE_DISTUTILS=stdlib \
        "$PROJECT/tests/s3-server" "$dir" "${port:-0}" >"$dir/port" 2>>"$dir/stderr" 3>&- &
    echo $! >"$dir/pid"
    disown
    wait_until test -s "$dir/port" || { cat "$dir/stderr" && return 1; }
    S3_HOST=127.0.0.1:$(cat "$dir/port")
    export S3_HOST S3_CONFIG=$dir/s3cfg
    (umask 077 && s3_config >"$S3_CONFIG")
}

# s3cmd_keep DIR: makes DIR, and in it what is called s3cmd from now on: the one that is installed, kept
# ready by a process of its own, for it takes five times as long to start as to work.
s3cmd_keep() {
    mkdir -p "$1/bin"
    export S3CMD_INSTALLED S3CMD_KEEPER=$1/s3cmd.socket S3CMD_KEEPER_NEAR
    S3CMD_INSTALLED=$(type -P s3cmd)
    S3CMD_KEEPER_NEAR="$EUID $(readlink /proc/self/ns/mnt)"
    LC_ALL=C "$PROJECT/tests/s3cmd-keeper" "$S3CMD_KEEPER" </dev/null >/dev/null 2>>"$1/stderr" 3>&- &
    disown
    ln -s "$PROJECT/tests/s3cmd-keeper" "$1/bin/s3cmd"
    PATH=$1/bin:$PATH
    wait_until test -S "$S3CMD_KEEPER"
}

# s3_config: prints the configuration of s3cmd.
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

# s3_stop: kill -9.
s3_stop() {
    local pid
    pid=$(cat "$BATS_FILE_TMPDIR/s3/pid" 2>/dev/null) || return 0
    rm "$BATS_FILE_TMPDIR/s3/pid"
    kill -KILL "$pid" 2>/dev/null || :
    wait_until s3_ended "$pid"
}

s3_ended() {
    [[ $(ps -o state= -p "$1") != [!Z]* ]]
}

# s3_ready: makes good what an earlier test of the file did to the server, its data excepted.
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

# s3_requests REGEX: prints those lines of the server's log, see s3-server, that have a match.
s3_requests() {
    grep -E -- "$1" "$BATS_FILE_TMPDIR/s3/log" || :
}

# s3_parts: prints the numbers of the parts that travelled and were stored, in their order.
s3_parts() {
    s3_requests '^PUT .*partNumber=.* 200 ' | sed 's/.*partNumber=\([0-9]*\).*/\1/' | xargs
}

# s3_forget: empties the log.
s3_forget() {
    : >"$BATS_FILE_TMPDIR/s3/log"
}

# s3_hold REGEX: from now on, requests with a match stop in the middle; see s3-server.
s3_hold() {
    s3_order hold "$1"
}

# s3_held: waits until there is one.
s3_held() {
    wait_until s3_is_held
}

# s3_cut REGEX: from now on, the connections of requests with a match are cut in the middle.
s3_cut() {
    s3_order cut "$1"
}

# s3_release: the end of all that; requests that were held go on.
s3_release() {
    rm -f "$BATS_FILE_TMPDIR/s3"/{hold,cut}
}

# s3_lose REGEX: cuts the connections of those that are held, and waits until they have ended. After
# their client was killed: the kernel may have taken more of its bytes than the server should see.
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

# s3_order NAME REGEX: makes one of the server's files at once whole.
s3_order() {
    echo "$2" >"$BATS_FILE_TMPDIR/s3/order"
    mv "$BATS_FILE_TMPDIR/s3/order" "$BATS_FILE_TMPDIR/s3/$1"
}

# --------------------------------------------------------------------------- zlsnap and the server

# random_file NAME SIZE: makes one that can't be compressed and is the same each time.
random_file() {
    openssl enc -aes-128-ctr -pass pass: -nosalt -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
        head -c "$2" >"$1" || :
}

# s3_environment: from now on zlsnap finds the server by the configuration, and its state and spools are
# the test's.
s3_environment() {
    export S3CMD_CONFIG=$S3_CONFIG HOME=$BATS_TEST_TMPDIR/home TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir -p "$HOME" "$TMPDIR"
    unset XDG_STATE_HOME STATE_DIRECTORY
}

# s3_killed REGEX COMMAND...: runs a command, kills it and all that it started with -9 in the middle of
# a request with a match.
s3_killed() {
    local driver
    s3_hold "$1"
    start "${@:2}" >/dev/null 2>&1
    s3_held
    # shellcheck disable=SC2046,SC2154
    kill -KILL $(survivors | cut -d / -f 3)
    wait "$driver" 2>/dev/null || :
    wait_until none_survives
    s3_lose "$1"
}

# s3_changes: prints the requests that change something.
s3_changes() {
    s3_requests '^(PUT|POST|DELETE) '
}

# s3_uploads_of URL: prints the ids of its unfinished uploads.
s3_uploads_of() {
    s3_ multipart "$S3_URL" | url=$1 awk -F '\t' '$2 == ENVIRON["url"] { print $3 }'
}
