#!/usr/bin/env bats
# The verbs of a store in a remote of rclone: a local directory, and servers for webdav and sftp.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3
load targets

setup_file() {
    requires_command rclone
    verbs_make
    export SERVED=$BATS_FILE_TMPDIR/served RCLONE_CONFIG=$BATS_FILE_TMPDIR/rclone.conf
    mkdir "$SERVED"
    serve webdav
    serve sftp
    remotes >"$RCLONE_CONFIG"
}

teardown_file() {
    stop webdav
    stop sftp
    cleanup_mounts "$BATS_FILE_TMPDIR"
}

# serve webdav|sftp [ADDRESS]: starts the server, on a free port or again on the same one.
serve() {
    local log=$BATS_FILE_TMPDIR/$1.log
    : >"$log"
    RCLONE_CONFIG=/dev/null rclone serve "$1" --addr "${2:-127.0.0.1:0}" --user user --pass secret -v \
        --dir-cache-time 0 "$SERVED" >/dev/null 2>"$log" 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/$1.pid"
    disown
    wait_until grep -qE '127\.0\.0\.1:[1-9]' "$log"
    grep -oE '127\.0\.0\.1:[1-9][0-9]*' "$log" | head -n 1 >"$BATS_FILE_TMPDIR/$1.address"
}

# stop webdav|sftp
stop() {
    local pid
    pid=$(cat "$BATS_FILE_TMPDIR/$1.pid" 2>/dev/null) || return 0
    kill -KILL "$pid" 2>/dev/null || :
    wait_until is_gone "$pid"
}

# remotes: prints the configuration of rclone.
remotes() {
    local webdav sftp
    webdav=$(<"$BATS_FILE_TMPDIR/webdav.address") sftp=$(<"$BATS_FILE_TMPDIR/sftp.address")
    cat <<END
[dir]
type = alias
remote = $SERVED
[dav]
type = webdav
url = http://$webdav
user = user
pass = $(rclone obscure secret)
[wrongdav]
type = webdav
url = http://$webdav
user = user
pass = $(rclone obscure wrong)
[ftp]
type = sftp
host = 127.0.0.1
port = ${sftp##*:}
user = user
pass = $(rclone obscure secret)
shell_type = none
END
}

# Each test has a directory of its own, which $STORE_IN names.
setup() {
    enter_work
    STORE_IN=$SERVED/$BATS_TEST_NUMBER
    rm -rf "$STORE_IN"
    mkdir -p "$STORE_IN"
}

# on REMOTE CHECK...: runs the check with the store in this remote.
on() {
    STORE=rclone:$1:$BATS_TEST_NUMBER
    shift
    "$@"
}

@test "rclone, local: put, list" { on dir check_put_and_list; }
@test "rclone, local: an object is put again" { on dir check_put_again; }
@test "rclone, local: a put replaces a damaged object" { on dir check_put_repairs; }
@test "rclone, local: move" { on dir check_move; }
@test "rclone, local: get" { on dir check_get; }
@test "rclone, local: delete" { on dir check_delete; }
@test "rclone, local: many objects" { on dir check_many 603; }
@test "rclone, local: the clock of the store" { on dir check_now; }
@test "rclone, local: packs wait in the state" { on dir check_incoming_of_state; }
@test "rclone, local: a filter seals objects and another opens them" { on dir check_seal; }
@test "rclone, local: a filter that fails" { on dir check_seal_fails; }

@test "rclone, webdav: every verb" { on dav check_all; }
@test "rclone, sftp: every verb" { on ftp check_all; }

@test "rclone: paths of the local backend, and URLs that are malformed" {
    local STORE url
    make_objects
    for STORE in "rclone:$STORE_IN/a" "rclone::local:$STORE_IN/b/" "rclone:$STORE_IN/ü *"; do
        mkdir -p "/${STORE#*/}"
        verb "$STORE" put web a.zst
        assert_objects '' 'web/a.zst 6'
    done
    assert_equal "$(entries "$STORE_IN")" 'a b ü *'
    for url in rclone: rclone:remote rclone:-x: $'rclone:r:\n' $'rclone:r:\xff'; do
        run -2 --separate-stderr verb "$url" list '' listing
        assert_one_line 'is not a remote of rclone'
    done
}

@test "rclone: the starts of each verb" {
    STORE=rclone:dir:$BATS_TEST_NUMBER
    make_objects
    mkdir got
    fake rclone 'echo "${@:5:1}" >>../log; PATH=${PATH#*:} exec rclone "$@"'
    verb "$STORE" put web/prod/packs a.zst b.json c
    verb "$STORE" list web/prod listing
    verb "$STORE" get web/prod got packs/{a.zst,b.json,c}
    verb "$STORE" delete web/prod packs/{a.zst,b.json,c}
    verb "$STORE" now web/prod
    assert_equal "$(xargs <../log)" 'copy lsjson copy delete copy lsjson delete'
}

@test "rclone: no store, no remote, wrong credentials, no server" {
    local verb remote
    make_objects
    for remote in dir dav ftp; do
        run -1 --separate-stderr verb "rclone:$remote:none" list '' listing
        assert_one_line "rclone:$remote:none: error in ListJSON: directory not found"
    done
    for verb in 'list web listing' 'get web/prod . packs/x' 'get web . x' 'delete web x'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb rclone:dir:none $verb
        assert_one_line "rclone:dir:none: error in ListJSON: directory not found"
    done
    for verb in 'list web listing' 'put web a.zst' 'get web . x' 'delete web x'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb rclone:nobody:x $verb
        assert_one_line "rclone:nobody:x/web: no such remote in rclone's configuration"
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb "rclone:wrongdav:$BATS_TEST_NUMBER" $verb
        assert_one_line '401 Unauthorized'
    done
    stop webdav
    run -1 --separate-stderr verb "rclone:dav:$BATS_TEST_NUMBER" list web listing
    assert_one_line 'connection refused'
    serve webdav "$(<"$BATS_FILE_TMPDIR/webdav.address")"
}

@test "rclone: a store that is missing is made by sync and copy, in a directory that exists" {
    requires_command rclone
    export HOME=$PWD/home
    mkdir home tree
    echo first >tree/file
    local store=rclone:dir:$BATS_TEST_NUMBER/new dav=rclone:dav:$BATS_TEST_NUMBER/copied
    run -0 --separate-stderr zlsnap sync --dry-run web/1 tree "$store"
    assert_stderr 0 ''
    assert_equal "$(entries "$STORE_IN")" ''
    run -0 --separate-stderr zlsnap sync web/1 tree "$store"
    assert_stderr 0 ''
    run -0 --separate-stderr zlsnap copy web/1 "$store" "$dav"
    assert_stderr 0 ''
    assert_equal "$(entries "$STORE_IN")" 'copied new'
    run -0 zlsnap restore web/1 "$dav" back
    cmp tree/file back/file
    # Not where a file system is not mounted; and what only reads makes nothing.
    run -1 --separate-stderr zlsnap sync web/1 tree "$store/none/none"
    assert_one_line "$store/none/none"
    run -1 --separate-stderr zlsnap restore web/1 "$store/none" other
    assert_one_line "$store/none"
    assert_equal "$(entries "$STORE_IN/new")" web
}

@test "rclone, local and webdav: copy, forget, gc and check" {
    local from=rclone:dir:$BATS_TEST_NUMBER/from dav=rclone:dav:$BATS_TEST_NUMBER/copied store
    export HOME=$PWD/home
    mkdir home tree
    for content in first second; do
        echo "$content" >tree/file
        zlsnap sync -q web/1 tree "$from"
    done
    run -0 --separate-stderr zlsnap copy --all web/1 "$from" "$dav"
    assert_equal "$stderr" ''
    assert_equal "${#lines[@]}" 2
    (cd "$STORE_IN" && diff -r from copied)
    for store in "$from" "$dav"; do
        zlsnap forget -q --keep-last=1 web/1 "$store"
        run -0 --separate-stderr zlsnap gc "$store"
        assert_equal "$stderr" ''
        assert_output --partial '1 forgotten snapshot and 3 objects wait until '
        run -0 --separate-stderr zlsnap gc --grace=0 "$store"
        assert_equal "$stderr" ''
        assert_line --index 0 --partial 'deleted     snapshots/00000000-'
    done
    # Other documents doom them, but the rest is the same.
    (cd "$STORE_IN" && diff -r --exclude=doomed from copied)
    run -0 --separate-stderr zlsnap check --read-data "$dav"
    assert_output "$dav: snapshots 1, broken 0, packs 1, manifests 1, unused objects 0, foreign objects 0, problems 0"
    assert_equal "$stderr" ''
    run -0 zlsnap copy web/1 "$dav" other
    diff -r --exclude=doomed "$STORE_IN/from" other
}

@test "rclone: what others put there is not listed" {
    STORE=rclone:dir:$BATS_TEST_NUMBER
    make_objects
    verb "$STORE" put web/prod a.zst
    mkdir -p "$STORE_IN/web/prod"/{.snapshot,'a b',incoming/1}
    touch "$STORE_IN/web/prod"/{.hidden,.snapshot/x,'a b/x',incoming/1/x,b.1a2b3c4d.partial} \
        "$STORE_IN/web"/$'new\nline' "$STORE_IN/web"/$'tab\tx\t5' "$STORE_IN/web"/$'\xff' "$STORE_IN/web/ü"
    ln -s a.zst "$STORE_IN/web/prod/link"
    mkfifo "$STORE_IN/web/prod/fifo"
    assert_objects web/prod 'a.zst 6'
    assert_objects '' 'web/prod/a.zst 6'
}

@test "rclone: a size or a time that is unknown, or another output, is an error" {
    local line
    for line in '"Size":-1,"ModTime":"2026-11-29T12:00:00Z"' '"Size":6,"ModTime":"yesterday"' '"Size":"6"' \
        '"Size":1.5,"ModTime":"2026-11-29T12:00:00Z"' nonsense; do
        fake rclone "echo '[{\"Path\":\"a\",\"IsDir\":false,$line}]'"
        run -1 --separate-stderr verb rclone:dir:x list web listing
        assert_one_line 'rclone:dir:x/web: cannot be listed'
    done
    fake rclone "echo '[{\"Path\":\"a\",\"IsDir\":false,\"Size\":6,\"ModTime\":\"2026-11-29T12:00:00.123456789Z\"}]'"
    run -0 verb rclone:dir:x list web listing
    assert_equal "$(<listing)" "a	6	$(date -d '2026-11-29 12:00:00' +%s)"
}

@test "rclone: a directory that cannot be read is not taken for empty or missing" {
    requires_root
    STORE=rclone:$STORE_IN
    make_objects
    verb "$STORE" put web/prod/packs a.zst
    chmod 700 "$STORE_IN/web/prod/packs"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$SERVED"
    chmod 777 . c
    verb() { as_user env TMPDIR=/tmp RCLONE_CONFIG=/dev/null "$VERBS" digest "$@"; }
    as_user true
    run -1 --separate-stderr verb "$STORE" list '' listing
    assert_one_line 'permission denied'
    run -1 --separate-stderr verb "$STORE" list web/prod/packs listing
    assert_one_line 'permission denied'
    run -1 --separate-stderr verb "$STORE" put web c
    assert_one_line 'permission denied'
    run -1 --separate-stderr verb "$STORE" delete web/prod/packs a.zst
    assert_one_line 'permission denied'
    run -1 --separate-stderr verb "$STORE" get web/prod . packs/a.zst
    assert_one_line 'permission denied'
    run -1 --separate-stderr verb "$STORE" get web/prod/packs . a.zst
    assert_one_line 'permission denied'
}

@test "rclone: a full disk leaves no object of the right size" {
    requires_root
    STORE=rclone:$STORE_IN
    mount -t tmpfs -o size=256k tmpfs "$STORE_IN"
    make_objects
    random_file large 400000
    verb "$STORE" put web/prod a.zst
    for how in put move; do
        run -1 --separate-stderr verb "$STORE" "$how" web/prod large
        assert_one_line "$STORE/web/prod: no space left"
    done
    assert_exists large
    assert_objects '' 'web/prod/a.zst 6' 'web/prod/large 0'
}

# A put over a slow line, which gives the time to kill.
@test "rclone: after kill -9 of the client or the server, no object has the right size" {
    local remote victim
    random_file large 2M
    for remote in dir dav ftp; do
        for victim in client server; do
            [[ $remote-$victim != dir-server ]] || continue
            STORE=rclone:$remote:$BATS_TEST_NUMBER
            RCLONE_BWLIMIT=1500k start "$VERBS" digest "$STORE" put "$victim/$remote" large >/dev/null 2>../said
            wait_until test -e "$STORE_IN/$victim/$remote/large"
            if [[ $victim == client ]]; then
                # shellcheck disable=SC2046
                kill -KILL $(survivors | cut -d / -f 3)
            else
                stop webdav
                stop sftp
                serve webdav "$(<"$BATS_FILE_TMPDIR/webdav.address")"
                serve sftp "$(<"$BATS_FILE_TMPDIR/sftp.address")"
            fi
            status=0
            wait "$driver" || status=$?
            wait_until none_survives
            verb "$STORE" list "$victim/$remote" listing
            # rclone may have tried again.
            run -$((status != 0)) grep '^large	2097152	' listing
            run -0 verb "$STORE" put "$victim/$remote" large
            assert_objects "$victim/$remote" 'large 2097152'
        done
    done
}

@test "rclone: paths that are not UTF-8" {
    local dir=$'\xff dir'
    STORE=rclone:dir:$BATS_TEST_NUMBER
    mkdir "$dir"
    (cd "$dir" && make_objects)
    export TMPDIR=$PWD/$dir
    run -0 verb "$STORE" put web/prod "$dir/a.zst" "$dir/c"
    rm "$dir"/*
    run -0 verb "$STORE" get web/prod "$dir" a.zst c
    assert_equal "$(entries "$dir")" 'a.zst c'
}

@test "rclone: filters of the environment hide nothing" {
    STORE=rclone:dir:$BATS_TEST_NUMBER
    make_objects
    export RCLONE_EXCLUDE='*.zst' RCLONE_MAX_SIZE=5b RCLONE_IGNORE_EXISTING=true RCLONE_DRY_RUN=true \
        RCLONE_PROGRESS=true RCLONE_USE_JSON_LOG=true RCLONE_LOG_LEVEL=DEBUG
    verb "$STORE" put web a.zst
    assert_objects '' 'web/a.zst 6'
    verb "$STORE" delete web a.zst
    assert_objects ''
}
