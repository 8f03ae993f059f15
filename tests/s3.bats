#!/usr/bin/env bats
# The S3 server of the tests is one: what the tests of push, pull and sync take for granted of it
# and of s3cmd.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3

setup_file() {
    requires_s3
    s3_start
}

teardown_file() {
    s3_stop
}

setup() {
    enter_work
    s3_ready
}

# random_file NAME SIZE: makes one that can't be compressed and is the same each time.
random_file() {
    openssl enc -aes-128-ctr -pass pass: -nosalt -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
        head -c "$2" >"$1" || :
}

# upload_id URL: prints the id of its unfinished upload.
upload_id() {
    s3_ multipart "$1" | awk -F '\t' -v url="$1" '$2 == url { print $3 }'
}

@test "what was put is listed and got, with what is said about it" {
    echo content >file
    s3_ put --add-header=x-amz-meta-digest:abc file "$S3_URL/a b/ü%+/file"
    s3_ get "$S3_URL/a b/ü%+/file" back
    cmp file back
    run -0 s3_ info "$S3_URL/a b/ü%+/file"
    assert_line --regexp '^ +File size: 8$'
    assert_line --regexp "^ +MD5 sum: +$(md5sum <file | cut -d ' ' -f 1)\$"
    assert_line --regexp '^ +x-amz-meta-digest: abc$'
    run -0 s3_ ls --recursive "$S3_URL/a b/"
    assert_line --regexp " 8  $S3_URL/a b/ü%\+/file\$"
}

@test "a broken upload is no object, is listed with its parts, and can be aborted" {
    local id
    random_file large 12M
    s3_kill 'partNumber=3&' put large "$S3_URL/large"
    run -12 s3_ info "$S3_URL/large"
    id=$(upload_id "$S3_URL/large")
    run -0 s3_ listmp "$S3_URL/large" "$id"
    assert_equal "${#lines[@]}" 3
    assert_line --index 1 --regexp $'\t1\t"[0-9a-f]{32}"\t5242880$'
    assert_line --index 2 --regexp $'\t2\t"[0-9a-f]{32}"\t5242880$'
    s3_ abortmp "$S3_URL/large" "$id"
    assert_equal "$(upload_id "$S3_URL/large")" ''
}

@test "after kill -9 of client and server, only the parts that are missing travel" {
    random_file large 12M
    s3_kill 'partNumber=2&' put large "$S3_URL/resumed"
    assert_equal "$(s3_parts)" 1
    s3_stop
    s3_start
    s3_forget
    s3_ put --continue-put large "$S3_URL/resumed"
    assert_equal "$(s3_parts)" '2 3'
    run -0 s3_requests '^PUT .* received='
    assert_line --index 0 --partial ' received=5242880 '
    assert_line --index 1 --partial ' received=2097152 '
    assert_equal "$(upload_id "$S3_URL/resumed")" ''
    s3_ get "$S3_URL/resumed" back
    cmp large back
}

@test "after kill -9 of a client that gets, only the rest travels" {
    random_file large 4M
    s3_ put large "$S3_URL/got"
    s3_kill 'GET /bucket/got' get "$S3_URL/got" back
    s3_forget
    local size
    size=$(stat -c %s back)
    [ "$size" -gt 0 ] && [ "$size" -lt 4194304 ]
    s3_ get --continue "$S3_URL/got" back
    cmp large back
    run -0 s3_requests '^GET /bucket/got'
    assert_output "GET /bucket/got 206 received=0 sent=$((4194304 - size)) range=bytes=$size-"
}

@test "a wrong secret, an unknown key, a missing bucket and a missing object are refused" {
    echo content >file
    sed 's/^secret_key.*/&x/' "$S3_CONFIG" >wrong-secret
    sed 's/^access_key.*/&x/' "$S3_CONFIG" >wrong-key
    run -77 s3cmd --config=wrong-secret put file "$S3_URL/refused"
    run -77 s3cmd --config=wrong-key put file "$S3_URL/refused"
    run -12 s3_ put file s3://nowhere/refused
    run -12 s3_ info "$S3_URL/refused"
    run -64 s3_ get "$S3_URL/refused" back
}

@test "requests can be refused" {
    echo content >file
    s3_refuse '^PUT '
    s3cmd --config="$S3_CONFIG" put file "$S3_URL/late" >messages 2>&1 3>&- &
    wait_until grep -q '503 (SlowDown)' messages
    kill $!
    s3_requests '^PUT /bucket/late 503 received=0 ' | grep .
    s3_release
    s3_ put file "$S3_URL/late"
}
