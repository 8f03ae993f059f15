#!/usr/bin/env bats
# Snapshots in a real S3 store on the loopback: copy and check, forget and gc, and what is fetched to look at them.
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
    s3_setup
    mkdir tree
}

# --------------------------------------------------------------------------- copy, check

@test "from a directory to S3, and back" {
    mkdir store
    seq 300000 >tree/large
    echo first >tree/file
    zlsnap sync web/1 tree store
    echo second >tree/file
    zlsnap sync web/1 tree store
    run -0 --separate-stderr zlsnap copy --all web/1 store "$url"
    assert_equal "${#lines[@]}" 2
    assert_equal "$stderr" ''
    run -0 zlsnap copy --all web/1 store "$url"
    refute_output --partial copied
    run -0 --separate-stderr zlsnap check --read-data "$url"
    assert_output "$url: snapshots 2, broken 0, packs 2, manifests 3, unused objects 0, foreign objects 0, problems 0"
    assert_equal "$stderr" ''
    run -0 zlsnap copy --all web/1 "$url" other
    diff -r --exclude=incoming store other
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
    refute_leftovers "$TMPDIR"
}

@test "check finds a damaged pack in S3, and the next sync repairs it" {
    local pack
    seq 300000 >tree/large
    zlsnap sync web/1 tree "$url"
    pack=$(s3_ ls --recursive "$url/" | grep -o 's3:.*/packs/[0-9a-f]*[.]zst$')
    s3_ get "$pack" pack
    flip_byte pack 1000
    s3_ put pack "$pack"
    run -0 zlsnap check "$url"
    run -4 --separate-stderr zlsnap check --read-data "$url"
    assert_line --index 0 --regexp "^web/1: packs/${pack##*/}: is damaged: its digest is not its name; breaks snapshot "
    run -0 zlsnap sync web/1 tree "$url"
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore web/1 "$url" back
    diff -r tree back
}

# --------------------------------------------------------------------------- forget, gc

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

# --------------------------------------------------------------------------- looking at snapshots

# fetched: prints the directories, one a line, from which objects were fetched since s3_forget.
fetched() {
    s3_requests '^GET ' | sed -n 's|^GET /bucket/[0-9]*/web/1/\([a-z]*\)/.*|\1|p' | sort -u
}

@test "list, mtree, info, diff and status fetch documents and manifests, pull also packs" {
    local words
    seq 100000 >tree/numbers
    run -0 zlsnap sync web/1 tree "$url"
    echo more >tree/more
    zlsnap sync -q web/1 tree "$url"
    zlsnap create -q tree layer >/dev/null
    for words in list info diff; do
        s3_forget
        # shellcheck disable=SC2086 # words
        run zlsnap $words web/1 "$url"
        [ "$status" -le 1 ]
        assert_equal "$(fetched | xargs)" 'manifests snapshots'
    done
    assert_output 'added more'
    s3_forget
    run -0 zlsnap status web/1 tree "$url"
    assert_line 'compared     tree: unchanged'
    assert_equal "$(fetched)" snapshots
    s3_forget
    run -0 zlsnap list --names web/1 "$url"
    assert_output "$(zlsnap list --names layer)"
    zlsnap pull -q web/1 "$url" pulled >/dev/null
    cmp layer pulled
    assert_equal "$(fetched | xargs)" 'manifests packs snapshots'
    refute_leftovers .
}
