#!/usr/bin/env bats
# The verbs of a store in S3.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3
load targets

setup_file() {
    requires_s3
    s3_start
    verbs_make
}

teardown_file() {
    s3_stop
}

# Each test has an empty prefix of its own.
setup() {
    s3_setup
    STORE=$url/store
}

@test "s3: put, list" { check_put_and_list; }
@test "s3: an object is put again" { check_put_again; }
@test "s3: a put replaces a damaged object" { check_put_repairs; }
@test "s3: move" { check_move; }
@test "s3: get" { check_get; }
@test "s3: delete" { check_delete; }
@test "s3: many objects" { check_many 30; }
@test "s3: the clock of the store" { check_now; }
@test "s3: packs wait in the state" { check_incoming_of_state; }
@test "s3: a filter seals objects and another opens them" { check_seal; }
@test "s3: a filter that fails" { check_seal_fails; }

# assert_requests COUNT-OF-STARTS METHOD...: the requests since s3_forget, sorted, and the starts of s3cmd.
assert_requests() {
    run -0 s3_requests '^[A-Z]+ /'
    assert_equal "$(cut -d ' ' -f 1 <<<"$output" | sort | xargs)" "${*:2}"
    assert_equal "$(grep -c ^s3cmd ../log)" "$1"
    s3_forget
    rm ../log
}

@test "s3: the requests and starts of each verb" {
    make_objects
    mkdir got
    fake s3cmd 'echo s3cmd >>../log; PATH=${PATH#*:} exec s3cmd "$@"'
    verb "$STORE" put web/prod/packs a.zst b.json c
    assert_requests 1 PUT PUT PUT
    verb "$STORE" list '' listing
    assert_requests 1 GET
    verb "$STORE" get web/prod got packs/{a.zst,b.json,c}
    assert_requests 1 GET GET GET GET GET GET
    verb "$STORE" get web/prod got packs/{a.zst,b.json,c,1,2,3,4,5,6,7,8,9}
    assert_requests 1 GET GET GET GET
    verb "$STORE" delete web/prod packs/{a.zst,b.json,c}
    assert_requests 1 DELETE DELETE DELETE
    verb "$STORE" now web/prod
    assert_requests 3 DELETE GET PUT
}

@test "s3: no bucket, wrong credentials, no server" {
    local verb
    make_objects
    for verb in 'list web listing' 'put web a.zst' 'move web a.zst' 'get web . b' 'get web . 1 2 3 4 5 6 7 8 9' \
        'delete web b' 'delete web b c'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb s3://none/store $verb
        assert_one_line 'no such bucket: s3://none'
    done
    sed 's/^secret_key.*/secret_key = wrong/' "$S3_CONFIG" >../wrong
    for verb in 'list web listing' 'put web a.zst' 'get web . b' 'delete web b'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb --config=../wrong "$STORE" $verb
        assert_one_line 'access denied'
    done
    s3_stop
    # Before s3cmd gives up a put, it waits for 45 seconds.
    for verb in 'list web listing' 'get web . b' 'delete web b'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb "$STORE" $verb
        assert_one_line 'connection refused'
    done
    assert_equal "$(entries)" 'a.zst b.json c listing'
}

@test "s3: what others put there is not listed, and gets nowhere" {
    make_objects
    mkdir got
    verb "$STORE" put web/prod/packs a.zst c
    for key in 'odd name' 'ü' 'a.zst~' 'a.zst/../../../../escaped' '.hidden' 'tab	name' "it's" 'plus+'; do
        s3_ put c "$STORE/web/prod/packs/$key" >/dev/null
    done
    s3_ put c "$STORE/web/prod/incoming/pack" >/dev/null
    assert_objects web/prod 'packs/a.zst 6' 'packs/c 0'
    assert_objects '' 'web/prod/packs/a.zst 6' 'web/prod/packs/c 0'
    run -0 verb "$STORE" get web/prod got packs/a.zst packs/c packs/a
    run -0 verb "$STORE" get web/prod got packs/{a.zst,b.json,c,a,2,3,4,5,6,7,8,9}
    verb "$STORE" delete web/prod packs/a.zst
    run -0 verb "$STORE" get web/prod got packs/a.zst packs/c packs/a
    assert_equal "$(entries got)" 'a.zst c'
    assert_equal "$(entries)" 'a.zst b.json c got listing'
    assert_equal "$(entries ..)" 'home tmp work'
}

@test "s3: a listing that is not understood" {
    fake s3cmd 'printf "2024-02-29 23:59            6  s3://bucket/x/web/a\nmore\n"'
    run -1 --separate-stderr verb s3://bucket/x list web listing
    assert_one_line 's3://bucket/x/web: cannot be listed: s3cmd printed a line that is not understood'
    fake s3cmd 'echo "2024-02-29 23:59          6K  s3://bucket/x/web/a"'
    run -1 --separate-stderr verb s3://bucket/x list web listing
    assert_one_line 's3://bucket/x/web: cannot be listed: s3cmd'
    fake s3cmd 'echo "2024-02-29 23:59           6  s3://bucket/y/web/a"'
    run -1 --separate-stderr verb s3://bucket/x list web listing
    assert_one_line 's3://bucket/x/web: cannot be listed: s3cmd'
}

@test "s3: the last second of the minute is the time" {
    fake s3cmd 'printf "2024-02-29 23:59            6  s3://bucket/x/web/a\n2000-03-01 00:00 1234567890123  s3://bucket/x/web/b\n"'
    verb s3://bucket/x list web listing
    assert_equal "$(<listing)" "a	6	$(date -d '2024-02-29 23:59:59' +%s)
b	1234567890123	$(date -d '2000-03-01 00:00:59' +%s)"
}

@test "s3: an object of 70 MiB in parts of 5 MiB; a killed upload resumes" {
    make_objects
    random_file large 70M
    s3_killed 'partNumber=10' "$VERBS" digest --part-size=5 "$STORE" put web/prod c large
    assert_objects web/prod 'c 0'
    assert_equal "$(s3_parts)" '1 2 3 4 5 6 7 8 9'
    s3_forget
    run -0 verb --part-size=5 "$STORE" put web/prod large a.zst
    assert_equal "$(s3_parts)" '10 11 12 13 14'
    assert_objects web/prod 'a.zst 6' 'c 0' 'large 73400320'
    assert_equal "$(s3_uploads_of "$STORE/web/prod/large")" ''
    mkdir got
    verb "$STORE" get web/prod got large
    cmp large got/large
}

@test "s3: large files that are new, or have too many parts" {
    random_file one 6M
    random_file two 7M
    random_file three 21M
    fake s3cmd '[[ $* != *" put "* ]] || echo s3cmd >>../log; PATH=${PATH#*:} exec s3cmd "$@"'
    run -0 verb --part-size=5 --max-parts=2 "$STORE" move web/prod one two three
    assert_equal "$(entries)" ''
    assert_equal "$(grep -c s3cmd ../log)" 2
    assert_equal "$(s3_requests '^PUT .*partNumber=' | wc -l)" 6
    assert_objects web/prod 'one 6291456' 'three 22020096' 'two 7340032'
}

@test "s3: a put that is killed leaves no object" {
    make_objects
    s3_killed '^PUT .*b.json' "$VERBS" digest "$STORE" put web/prod a.zst b.json
    assert_objects web/prod 'a.zst 6'
    run -0 verb "$STORE" put web/prod a.zst b.json
    assert_objects web/prod 'a.zst 6' 'b.json 100000'
}

@test "s3: the server is killed in a put" {
    make_objects
    s3_hold '^PUT .*b.json'
    start "$VERBS" digest "$STORE" put web/prod a.zst b.json >/dev/null 2>../said
    s3_held
    s3_stop
    s3_release
    s3_start
    wait "$driver" || :
    run -0 verb "$STORE" put web/prod a.zst b.json
    assert_objects web/prod 'a.zst 6' 'b.json 100000'
}

@test "s3: an object that vanishes after it was listed" {
    make_objects
    mkdir got
    verb "$STORE" put web/prod a.zst b.json
    fake s3cmd 'echo s3cmd >>../log; echo "ERROR: S3 error: 404 (NoSuchKey): gone" >&2; exit 12'
    run -1 --separate-stderr verb "$STORE" get web/prod got a.zst b.json
    assert_one_line "$STORE/web/prod: the store lists an object, but does not find it"
    rm ../log
    fake s3cmd 'echo s3cmd >>../log; [ "$(wc -l <../log)" -ne 1 ] || exit 12; PATH=${PATH#*:} exec s3cmd "$@"'
    run -0 verb "$STORE" get web/prod got a.zst b.json
    assert_equal "$(entries got)" 'a.zst b.json'
}

@test "s3: paths that are not UTF-8" {
    local dir=$'\xff dir'
    mkdir "$dir"
    (cd "$dir" && make_objects)
    export TMPDIR=$PWD/$dir
    run -0 verb "$STORE" put web/prod "$dir/a.zst" "$dir/c"
    rm "$dir"/*
    run -0 verb "$STORE" get web/prod "$dir" a.zst c
    assert_equal "$(entries "$dir")" 'a.zst c'
}

@test "s3: the disk is full at a get" {
    requires_root
    make_objects
    mkdir small
    verb "$STORE" put web/prod a.zst b.json
    mount -t tmpfs -o size=64k tmpfs small
    run -1 --separate-stderr verb "$STORE" get web/prod small a.zst b.json
    assert_one_line "no space left"
}

@test "s3: malformed URLs" {
    local url
    for url in s3: s3:/bucket s3:///x 's3://bucket/*' s3://b//c; do
        run -2 --separate-stderr verb "$url" list '' listing
        assert_one_line 'is not an S3 URL'
    done
    run -0 verb "$STORE/" list '' listing
}

# --------------------------------------------------------------------------- the same by rclone

# by_rclone CHECK...: runs the check with the store in a remote of rclone, on the same server.
by_rclone() {
    requires_command rclone
    unset AWS_CA_BUNDLE # it fails with one
    export RCLONE_CONFIG=$BATS_TEST_TMPDIR/rclone.conf
    cat >"$RCLONE_CONFIG" <<END
[s3]
type = s3
provider = Other
access_key_id = $S3_KEY
secret_access_key = $S3_SECRET
endpoint = http://$S3_HOST
region = us-east-1
force_path_style = true
END
    STORE=rclone:s3:${STORE#s3://}
    "$@"
}

@test "rclone, s3: every verb" { by_rclone check_all; }

check_rclone_bucket() {
    local verb
    make_objects
    for verb in 'list web listing' 'get web . b' 'get web/prod . packs/b'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr verb rclone:s3:none/store $verb
        assert_one_line 'directory not found'
    done
    verb "$STORE" put web/prod a.zst
    s3_forget
    verb "$STORE" list web listing
    run -0 s3_requests .
    assert_equal "${#lines[@]}" 1
}

@test "rclone, s3: no bucket; one request for a listing" { by_rclone check_rclone_bucket; }
