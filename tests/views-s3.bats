#!/usr/bin/env bats
# Looking at snapshots in an S3 store: which objects are fetched.
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
    store=$S3_URL/store
}

# fetched: prints the directories, one a line, from which objects were fetched since s3_forget.
fetched() {
    s3_requests '^GET ' | sed -n 's|^GET /bucket/store/web/1/\([a-z]*\)/.*|\1|p' | sort -u
}

@test "s3: list, mtree, info, diff and status fetch documents and manifests, pull also packs" {
    local words
    mkdir tree
    seq 100000 >tree/numbers
    run -0 zlsnap sync web/1 tree "$store"
    echo more >tree/more
    zlsnap sync -q web/1 tree "$store"
    zlsnap create -q tree layer >/dev/null
    for words in list info diff; do
        s3_forget
        # shellcheck disable=SC2086 # words
        run zlsnap $words web/1 "$store"
        [ "$status" -le 1 ]
        assert_equal "$(fetched | xargs)" 'manifests snapshots'
    done
    assert_output 'added more'
    s3_forget
    run -0 zlsnap status web/1 tree "$store"
    assert_line 'compared     tree: unchanged'
    assert_equal "$(fetched)" snapshots
    s3_forget
    run -0 zlsnap list --names web/1 "$store"
    assert_output "$(zlsnap list --names layer)"
    zlsnap pull -q web/1 "$store" pulled >/dev/null
    cmp layer pulled
    assert_equal "$(fetched | xargs)" 'manifests packs snapshots'
    refute_leftovers .
}
