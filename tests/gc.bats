#!/usr/bin/env bats
# zlsnap gc: what killed runs have left, here and in a real S3 store on the loopback, and old layers.
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
    url=$S3_URL/$BATS_TEST_NUMBER
}

# sync CONTENT: web/1 has this.
sync_web() {
    echo "$1" >tree/file
    zlsnap sync -q "${2-web/1}" tree "$url"
}

# layers: prints the objects of layers that there are, "tar" and "meta" each, sorted.
layers() {
    s3_ ls "$url/" | sed -n "s|.* $url/\([0-9a-f]*\)\.\([a-z]*\)\..*|\1 \2|p" | sort
}

# layer_of NAME: prints the digest of the layer that it leads to.
layer_of() {
    zlsnap refs --json "$url" | jq -r --arg name "$1" \
        'select(.reference == $name).layer.compressed_digest | ltrimstr("sha256:")'
}

@test "what killed runs have left is removed, what live ones use is not" {
    mkdir -p dir other state/sync/0123456789abcdef/web/1
    seq 100000 | zstd -q >large
    local left=(dir/.a.zlsnap-abcdef "$TMPDIR/.b.zlsnap-ABCDEF"
        state/sync/0123456789abcdef/web/1/.sync.zlsnap-123456)
    mkdir -m 700 "${left[@]}" dir/.live.zlsnap-abcdef other/.a.zlsnap-abcdef
    touch "${left[@]/%//.zlsnap-spool}" dir/.live.zlsnap-abcdef/.zlsnap-spool
    exec 5<dir/.live.zlsnap-abcdef
    flock -n 5
    run -0 zlsnap gc --state=state dir
    assert_output ''
    run -0 --separate-stderr zlsnap gc --older-than=0 --dry-run --state=state dir
    assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "${left[@]/#state/./state}" | sort)"
    [ -d dir/.a.zlsnap-abcdef ]
    local found=$output
    run -0 --separate-stderr zlsnap gc --older-than=0 --state=state dir
    assert_equal "$output" "$found"
    [ ! -e "${left[0]}" ] && [ ! -e "${left[1]}" ] && [ ! -e "${left[2]}" ]
    [ -d dir/.live.zlsnap-abcdef ] && [ -d other/.a.zlsnap-abcdef ]
    exec 5<&-
}

@test "a create, a push and a pull that are killed leave nothing that gc would not find" {
    random_file tree/random 12M
    zlsnap create tree layer >/dev/null
    s3_killed 'partNumber=2&' zlsnap push --part-size=5 layer "$url"
    run -0 zlsnap gc --older-than=0 .
    assert_output --regexp "^$TMPDIR/\.zlsnap-push\.zlsnap-......\$"
    object=$(zlsnap push layer "$url")
    s3_killed 'GET .*tar.zst' zlsnap pull "$object" back
    run -0 zlsnap gc --older-than=0 .
    assert_output --regexp '^\./\.back\.zlsnap-[0-9a-f]{6}$'
    assert_equal "$(entries): $(entries "$TMPDIR")" 'layer layer.json tree: '
}

@test "unfinished uploads of layers that are old enough are ended" {
    local object
    random_file tree/random 12M
    zlsnap create tree layer >/dev/null
    object=$url/$(jq -r '.compressed_digest | ltrimstr("sha256:")' layer.json).tar.zst
    s3_killed 'partNumber=2&' zlsnap push --part-size=5 layer "$url"
    s3_killed 'partNumber=2&' s3cmd --config="$S3_CONFIG" put layer "$url/strange"
    run -0 zlsnap gc "$url"
    refute_output --partial "$url"
    run -0 zlsnap gc --dry-run --older-than=0 "$url"
    assert_line --regexp "^$object \(unfinished upload of 20.*\)$"
    assert_equal "$(s3_uploads_of "$object" | wc -l)" 1
    run -0 zlsnap gc --older-than=0 "$url/other"
    refute_output --partial "$url"
    run -0 zlsnap gc --older-than=0 "$url"
    assert_line --regexp "^$object \(unfinished upload of 20.*\)$"
    refute_line --partial strange
    assert_equal "$(s3_uploads_of "$object")" ''
    assert_equal "$(s3_uploads_of "$url/strange" | wc -l)" 1
}

@test "--keep-last=N: the layers of older pointers that nothing leads to are removed, no others" {
    local content hexes=()
    for content in 1 2 3; do
        sync_web "$content"
        hexes+=("$(layer_of web/1)")
    done
    # Another name leads to the second, and there is a layer to which no name ever led.
    s3_ get "$url/refs/web/1.json" pointer
    jq --arg hex "sha256:${hexes[1]}" '.reference = "web/2" | .history = []
        | .layer.compressed_digest = $hex' pointer >other
    s3_ put other "$url/refs/web/2.json"
    s3_ put pointer "$url/$(printf 'a%.0s' {1..64}).tar.zst"
    run -0 zlsnap gc --keep-last=1 "$url"
    assert_output ''
    run -0 zlsnap gc --keep-last=2 --older-than=0 --dry-run "$url"
    assert_output "$url/${hexes[0]}.tar.zst"
    run -0 layers
    assert_equal "${#lines[@]}" 7
    run -0 zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_output "$url/${hexes[0]}.tar.zst"
    run -0 layers
    assert_equal "${#lines[@]}" 5
    refute_line --partial "${hexes[0]}"
    zlsnap restore web/1 "$url" back
    assert_equal "$(cat back/file)" 3
}

@test "where a pointer can't be read no layer is removed" {
    sync_web 1
    sync_web 2
    echo '{}' >bad
    s3_ put bad "$url/refs/other/1.json"
    run -3 --separate-stderr zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_one_line 'refs/other/1.json: malformed'
    assert_equal "$(layers | wc -l)" 4
}

@test "command lines that are wrong" {
    run -2 --separate-stderr zlsnap gc --older-than=soon
    assert_one_line "'--older-than' takes an age"
    run -2 --separate-stderr zlsnap gc --keep-last=0 "$url"
    assert_one_line "'--keep-last' takes a number from 1 to 1000"
    run -2 --separate-stderr zlsnap gc --keep-last=1 .
    assert_one_line "'--keep-last' is about layers in an S3 store"
    run -1 --separate-stderr zlsnap gc none
    assert_one_line 'none: is not a directory'
}
