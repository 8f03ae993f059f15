#!/usr/bin/env bats
# zlsnap gc in an S3 store: both steps, and unfinished uploads.
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
    s3_environment
    mkdir tree
    # shellcheck disable=SC2153 # of setup_file
    url=$S3_URL/$BATS_TEST_NUMBER
}

@test "forgets and deletes snapshots of an S3 store" {
    local content
    for content in 1 2; do
        seq "$content" 3000 >"tree/$content"
        zlsnap sync web/1 tree "$url"
        rm "tree/$content"
    done
    run -0 zlsnap forget --keep-last=1 web/1 "$url"
    run -0 zlsnap gc "$url"
    assert_line --regexp '^1 forgotten snapshot and 3 objects wait until '
    assert_line '0 objects deleted (0 bytes), 0 doomed (0 bytes), 0 struck off'
    run -0 zlsnap gc --grace=0 "$url"
    assert_line --regexp '^4 objects deleted .*, 0 doomed'
    run -0 zlsnap restore web/1 "$url" back
    assert_equal "$(entries back)" 2
    s3_forget
    run -0 zlsnap gc "$url"
    assert_equal "$(s3_changes)" ''
}

@test "aborts unfinished uploads that are older than the grace period" {
    local object
    random_file tree/random 12M
    zlsnap create tree layer >/dev/null
    object=$url/$(jq -r '.compressed_digest | ltrimstr("sha256:")' layer.json).tar.zst
    s3_killed 'partNumber=2&' zlsnap push --part-size=5 layer "$url"
    s3_killed 'partNumber=2&' s3cmd --config="$S3_CONFIG" put layer "$url/strange"
    run -0 zlsnap gc "$url"
    refute_output --partial "$url"
    run -0 zlsnap gc --dry-run --grace=0 "$url"
    assert_line --regexp "^$object \(unfinished, of 20.*\)$"
    assert_equal "$(s3_uploads_of "$object" | wc -l)" 1
    run -0 zlsnap gc --grace=0 "$url/other"
    refute_output --partial "$url"
    run -0 zlsnap gc --grace=0 "$url"
    assert_line --regexp "^$object \(unfinished, of 20.*\)$"
    refute_line --partial strange
    assert_equal "$(s3_uploads_of "$object")" ''
    assert_equal "$(s3_uploads_of "$url/strange" | wc -l)" 1
}
