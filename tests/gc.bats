#!/usr/bin/env bats
# zlsnap gc removes what killed runs left on this machine and in an S3 store, and old layers.
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
    # The digests of four layers.
    a=$(printf 'a%.0s' {1..64}) b=${a//a/b} c=${a//a/c} d=${a//a/d}
}

@test "removes the directories of killed runs, not those of live ones" {
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

@test "removes everything that a killed push or pull left" {
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

@test "aborts unfinished uploads of layers that are old enough" {
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

# make_pointer NAME HEX...: makes a pointer NAME to the first layer. The others are its history.
make_pointer() {
    mkdir -p "store/refs/${1%/*}"
    jq -n --arg name "$1" '($ARGS.positional | map("sha256:" + .)) as $digests | {
        schema_version: 1, reference: $name, tree_digest: $digests[0], updated_at: "now",
        layer: {digest: $digests[0], size_bytes: 1, compressed_digest: $digests[0],
            compressed_size_bytes: 2, media_type: "", created_at: "", file_count: 1,
            compression: {program: "zstd", version: "", options: []}},
        history: [$digests[1:][] | {compressed_digest: .}]
    }' --args "${@:2}" >"store/refs/$1.json"
}

# stored: uploads the directory "store" and the four layers.
stored() {
    local hex
    for hex in "$a" "$b" "$c" "$d"; do
        touch "store/$hex.tar.zst" "store/$hex.meta.json"
    done
    s3_ put --recursive store/ "$url/" >/dev/null
}

# two_pointers: stores web/1, whose layers are c, b and a, web/2 with the layer b, and the four layers.
two_pointers() {
    make_pointer web/1 "$c" "$b" "$a"
    make_pointer web/2 "$b"
    stored
}

# layers: prints the layers' objects in the store, sorted.
layers() {
    s3_ ls "$url/" | sed -n "s|.* $url/\(.\)[0-9a-f]*\.\([a-z]*\)\..*|\1.\2|p" | sort | paste -sd ' '
}

@test "--keep-last=N removes only layers that no pointer refers to among its last N" {
    two_pointers
    run -0 zlsnap gc --keep-last=1 "$url"
    assert_output ''
    run -0 zlsnap gc --keep-last=3 --older-than=0 "$url"
    assert_output ''
    run -0 zlsnap gc --keep-last=2 --older-than=0 --dry-run "$url"
    assert_output "$url/$a.tar.zst"
    assert_equal "$(layers)" 'a.meta a.tar b.meta b.tar c.meta c.tar d.meta d.tar'
    run -0 zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_output "$url/$a.tar.zst"
    assert_equal "$(layers)" 'b.meta b.tar c.meta c.tar d.meta d.tar'
    run -0 zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_output ''
}

@test "removed layers no longer appear in the history" {
    make_pointer web/1 "$d" "$c" "$b" "$a"
    make_pointer web/2 "$b"
    stored
    run -1 --separate-stderr zlsnap status web/1 "$url" # the layers are empty
    assert_line 'earlier      3 layers'
    run -0 zlsnap refs --json "$url"
    assert_equal "$(jq -r '.history[].compressed_digest' <<<"$output")" "sha256:$c
sha256:$b
sha256:$a"
    zlsnap gc --keep-last=2 --older-than=0 "$url"
    run -1 --separate-stderr zlsnap status web/1 "$url"
    assert_line 'earlier      2 layers'
    run -0 zlsnap refs --json "$url"
    assert_equal "$(jq -c '[.reference, .history[].compressed_digest[7:8]]' <<<"$output")" '["web/1","c","b"]
["web/2"]'
}

@test "looks up only layers that exist" {
    make_pointer web/1 "$d" "$c" "$b" "$a" "${a//a/e}" "${a//a/f}"
    stored
    s3_forget
    run -0 zlsnap gc --keep-last=3 --older-than=0 "$url"
    assert_output "$url/$a.tar.zst"
    assert_equal "$(s3_requests '^GET .*prefix=[^&]*[ef]{64}')" ''
    assert_equal "$(s3_requests '^GET .*prefix=[^&]*a{64}' | wc -l)" 1
}

@test "the times of a listing are converted like date(1) does" {
    local seconds minute
    source_parts store/s3
    for minute in '1970-01-01 00:00' '2000-02-29 23:59' '2000-03-01 00:00' '2023-12-31 12:34' \
        '2024-01-01 08:09' '2024-02-29 00:00' '2100-03-01 00:01' '2038-01-19 03:14'; do
        minute_seconds seconds "$minute"
        assert_equal "$seconds" "$(date -u -d "$minute" +%s)"
    done
}

@test "a malformed pointer: no layer is removed" {
    make_pointer web/1 "$c" "$b" "$a"
    make_pointer web/0 "$d"
    echo '{}' >store/refs/web/2.json
    stored
    run -3 --separate-stderr zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_one_line 'refs/web/2.json: malformed'
    assert_equal "$(layers)" 'a.meta a.tar b.meta b.tar c.meta c.tar d.meta d.tar'
}

@test "--keep-last finds all pointers even if s3cmd's settings change its listings" {
    two_pointers
    # The last line has no newline.
    printf '%s\n' 'limit = 1' 'list_md5 = True' 'long_listing = True' 'recursive = True' |
        cat "$S3_CONFIG" - >config
    printf 'human_readable_sizes = True' >>config
    run -0 zlsnap gc --config=config --keep-last=1 --older-than=0 "$url"
    assert_output "$url/$a.tar.zst"
    assert_equal "$(layers)" 'b.meta b.tar c.meta c.tar d.meta d.tar'
    # With this setting alone, a listing has only some of the pointers.
    echo 'limit = 1' | cat "$S3_CONFIG" - >config
    run -0 zlsnap gc --config=config --keep-last=1 --older-than=0 "$url"
    assert_output ''
    assert_equal "$(layers)" 'b.meta b.tar c.meta c.tar d.meta d.tar'
}

@test "keeps a recent layer, which push would not send again, even with a short --older-than" {
    local url=s3://bucket/x seconds hex=abc
    source_parts core/options store/s3 store/gc
    # shellcheck disable=SC2034 # for the part
    s3_url=$url/ gc_age=60 gc_now=100000 meta_fresh=3600
    # shellcheck disable=SC2034
    s3_look() { object_times[$1tar.zst]=$((gc_now - seconds)); }
    s3_delete() { echo "deleted $1"; }
    print() { :; }
    seconds=7000 run -0 gc_layer "$hex"
    assert_output ''
    seconds=7400 run -0 gc_layer "$hex"
    assert_output 'deleted abc.tar.zst'
    gc_age=0 seconds=10 run -0 gc_layer "$hex"
    assert_output 'deleted abc.tar.zst'
    gc_age=90000 seconds=80000 run -0 gc_layer "$hex"
    assert_output ''
}

# fake_s3cmd "PATTERN) COMMANDS": from now on zlsnap's calls of s3cmd whose arguments match PATTERN run COMMANDS.
fake_s3cmd() {
    fake s3cmd "real=$(type -P s3cmd); case \"\$*\" in $1 ;; esac; exec \$real \"\$@\""
}

@test "a pointer that is listed but can't be found: no layer is removed" {
    two_pointers
    fake_s3cmd "*' get '*refs/web/2.json*) exit 64"
    run -1 --separate-stderr zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_one_line 'refs/web/2.json: is listed, but the store does not find it'
    assert_equal "$output" ''
    assert_equal "$(layers)" 'a.meta a.tar b.meta b.tar c.meta c.tar d.meta d.tar'
}

@test "an incomplete listing of the pointers: no layer is removed, and refs prints none" {
    two_pointers
    fake_s3cmd "*' ls '*refs/*) \$real \"\$@\" | grep web/1; exit 77"
    run -1 --separate-stderr zlsnap gc --keep-last=1 --older-than=0 "$url"
    assert_stderr 1 '^zlsnap: s3://'
    assert_equal "$output" ''
    assert_equal "$(layers)" 'a.meta a.tar b.meta b.tar c.meta c.tar d.meta d.tar'
    run -1 --separate-stderr zlsnap refs "$url"
    assert_equal "$output" ''
}

@test "usage errors and a bad directory" {
    run -2 --separate-stderr zlsnap gc --older-than=soon
    assert_one_line "'--older-than' takes an age"
    run -2 --separate-stderr zlsnap gc --keep-last=0 "$url"
    assert_one_line "'--keep-last' takes a number from 1 to 1000"
    run -2 --separate-stderr zlsnap gc --keep-last=1 .
    assert_one_line "'--keep-last' needs an S3 store"
    run -1 --separate-stderr zlsnap gc none
    assert_one_line 'none: is not a directory'
}
