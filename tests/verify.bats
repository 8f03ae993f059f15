#!/usr/bin/env bats
# zlsnap verify

load helpers
load driver

setup() {
    enter_work
    made_once make_layer
}

# refute_verified STATUS REGEX [OPTION...]: verify prints FAILED and a line that matches, and exits with STATUS.
refute_verified() {
    run "-$1" --separate-stderr zlsnap verify "${@:3}" layer
    assert_output 'layer: FAILED'
    assert_said "$2"
}

# use_tar: makes the tar in standard input the layer, with its digests in LAYER.json.
use_tar() {
    tee tar | zstd -q >layer
    jq --arg digest "sha256:$(sha256sum <tar | cut -d ' ' -f 1)" --argjson size "$(stat -c %s tar)" \
        --arg blob "sha256:$(sha256sum <layer | cut -d ' ' -f 1)" \
        --argjson blob_size "$(stat -c %s layer)" \
        '.digest = $digest | .size_bytes = $size | .compressed_digest = $blob
            | .compressed_size_bytes = $blob_size' created >layer.json
}

@test "a good layer is OK, and no file is written" {
    find . -printf '%p %T@ %C@\n' | sort >"$BATS_TEST_TMPDIR/before"
    run -0 --separate-stderr env TMPDIR=/nonexistent zlsnap verify layer
    assert_output 'layer: OK'
    assert_stderr 0 ''
    find . -printf '%p %T@ %C@\n' | sort | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "-q prints nothing for a good layer" {
    run -0 --separate-stderr zlsnap verify -q layer
    assert_output ''
}

@test "a changed byte anywhere: status 4" {
    local size offset
    size=$(stat -c %s layer)
    cp layer sound
    for offset in 0 3 4 5 100 $((size / 3)) $((size / 2)) $((size - 5)) $((size - 1)); do
        cp sound layer
        flip_byte layer "$offset"
        refute_verified 4 'shasum-tee: the digest does not match'
    done
}

@test "after an error at the beginning all bytes are hashed" {
    head -c 8M /dev/urandom >tree/random
    zlsnap create tree layer >created
    flip_byte layer 0
    refute_verified 4 'shasum-tee: the digest does not match'
    assert_said "got sha256:$(sha256sum <layer | cut -d ' ' -f 1)"
}

@test "a changed byte is found without a digest of the blob, by the frames and the tar" {
    local digest size
    digest=$(jq -r .digest layer.json)
    size=$(stat -c %s layer)
    rm layer.json
    cp layer sound
    flip_byte layer $((size / 2))
    refute_verified 4 'tarunpack: the digest does not match' -e "$digest"
    cp sound layer
    flip_byte layer $((size - 1)) # in the frame's checksum; zstd may not write the data before it
    run --separate-stderr zlsnap verify -e "$digest" layer
    assert_regex "$status" '^[34]$'
    assert_said 'shasum-tee: .*checksum'
}

@test "a truncated layer: status 4" {
    local length
    cp layer sound
    for length in 0 1 4 100 100000; do
        head -c "$length" sound >layer
        refute_verified 4 'shasum-tee: the digest does not match'
    done
}

@test "junk after the frames: status 4, and 3 without a digest of the blob" {
    local digest
    digest=$(jq -r .digest layer.json)
    echo junk >>layer
    refute_verified 4 'shasum-tee: the digest does not match'
    rm layer.json
    refute_verified 3 'shasum-tee: .*zstd' -e "$digest"
}

@test "an uncompressed or gzip tar is not a layer" {
    local digest
    digest=$(jq -r .digest layer.json)
    zstd -dc <layer >tar
    rm layer.json
    cp tar layer
    run -4 zlsnap verify -e "$digest" layer # zstd writes nothing
    gzip -c tar >layer
    refute_verified 3 'shasum-tee: .*zstd' -e "$digest"
}

@test "each wrong value in LAYER.json is one line and status 4" {
    cp layer.json sound.json
    local key
    for key in size_bytes compressed_size_bytes file_count; do
        cp sound.json layer.json
        set_metadata ".$key += 1"
        refute_verified 4 "^zlsnap: layer: $key is [0-9]+, but [0-9]+ in LAYER.json$"
    done
    cp sound.json layer.json
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    refute_verified 4 '^tarunpack: the digest does not match'
    cp sound.json layer.json
    set_metadata '.compressed_digest = "sha256:" + ("0" * 64)'
    refute_verified 4 '^shasum-tee: the digest does not match'
    cp sound.json layer.json
    set_metadata '.size_bytes += 1 | .file_count += 1'
    refute_verified 4 size_bytes
    assert_stderr 2 file_count
}

@test "checks both --expect and LAYER.json" {
    local digest
    digest=$(jq -r .digest layer.json)
    run -0 zlsnap verify -e "$digest" layer
    run -0 zlsnap verify -e "${digest#sha256:}" layer
    refute_verified 4 '^tarunpack: the digest does not match' -e "$(printf '0%.0s' {1..64})"
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    refute_verified 4 '^zlsnap: layer: digest is sha256:' -e "$digest"
    rm layer.json
    run -0 zlsnap verify -e "$digest" layer
    assert_output 'layer: OK'
}

@test "--expect accepts digests by other hash functions" {
    run -0 zlsnap verify -e "sha384:$(zstd -dc <layer | sha384sum | cut -d ' ' -f 1)" layer
}

@test "without LAYER.json and --expect it is a usage error" {
    rm layer.json
    run -2 --separate-stderr zlsnap verify layer
    assert_one_line 'there is no layer.json: give the digest with --expect'
    assert_output ''
}

@test "a malformed LAYER.json: status 3, one line" {
    set_metadata '.file_count = "many"'
    run -3 --separate-stderr zlsnap verify layer
    assert_one_line 'layer.json: malformed: it has no valid file_count'
    echo '{' >layer.json
    run -3 --separate-stderr zlsnap verify -e "$(printf '0%.0s' {1..64})" layer
    assert_one_line 'layer.json: malformed: it is not JSON'
}

@test "a malformed tar with the right digests: status 3" {
    tarpack tree | head -c -5000 | use_tar # ends within a file
    refute_verified 3 '^tarunpack: '
    tarpack tree | tr 0 9 | use_tar # no checksum is right
    refute_verified 3 '^tarunpack: '
    tarpack tree | use_tar
    run -0 zlsnap verify layer
}

@test "several frames, and skippable ones, are one layer" {
    zstd -dc <layer >tar
    {
        head -c 100000 tar | zstd -q
        printf '\x50\x2a\x4d\x18\x04\x00\x00\x00skip'
        tail -c +100001 tar | zstd -q
    } >layer
    jq --arg blob "sha256:$(sha256sum <layer | cut -d ' ' -f 1)" --argjson size "$(stat -c %s layer)" \
        '.compressed_digest = $blob | .compressed_size_bytes = $size' created >layer.json
    run -0 zlsnap verify layer
}

@test "a missing or unreadable layer and a directory are errors" {
    run -1 --separate-stderr zlsnap verify nowhere
    assert_one_line 'nowhere: no such file'
    run -1 --separate-stderr zlsnap verify tree
    assert_one_line 'tree: is a directory'
    assert_output ''
}

@test "prints no verdict if a program is killed" {
    fake tarunpack 'cat >/dev/null; kill -KILL $$'
    run -1 --separate-stderr zlsnap verify layer
    assert_one_line 'tarunpack was killed by signal KILL'
    assert_output ''
    rm "$BATS_TEST_TMPDIR/fakes/tarunpack"
    ln -s "$ZLSNAP_BIN/tarunpack" "$BATS_TEST_TMPDIR/fakes/tarunpack"
    local program
    for program in zstd shasum-tee; do
        fake "$program" 'head -c 1000 >/dev/null; kill -KILL $$'
        run -1 --separate-stderr zlsnap verify layer
        assert_said "zlsnap: $program was killed by signal KILL"
        assert_output ''
        rm "$BATS_TEST_TMPDIR/fakes/$program"
        [ "$program" = zstd ] || ln -s "$ZLSNAP_BIN/$program" "$BATS_TEST_TMPDIR/fakes/$program"
    done
}

@test "prints no verdict if a program fails for another reason than the layer" {
    fake zstd 'exit 1' # although shasum-tee accepts the frames
    run -1 --separate-stderr zlsnap verify layer
    assert_said 'zlsnap: zstd failed with status 1'
    assert_output ''
    rm "$BATS_TEST_TMPDIR/fakes/zstd"
    fake shasum-tee 'echo "shasum-tee: cannot read standard input: Input/output error" >&2; exit 1'
    run -1 --separate-stderr zlsnap verify layer
    assert_output ''
    set_metadata '.size_bytes += 1'
    run -1 --separate-stderr zlsnap verify layer
    assert_output ''
}

@test "too little memory: status 1, and no verdict" {
    local kilobytes
    for kilobytes in 9000 12000 16000 24000; do
        run -1 --separate-stderr bash -c 'ulimit -v "$1"; zlsnap verify layer' - "$kilobytes"
        assert_output ''
    done
}

@test "verifies standard input with --expect" {
    local digest
    digest=$(jq -r .digest layer.json)
    run -0 bash -c 'cat layer | zlsnap verify -e "$1" -' - "$digest"
    assert_output -- '-: OK'
    run -0 zlsnap verify --progress=always -q -e "$digest" /dev/stdin <layer
    flip_byte layer 1000
    run -4 --separate-stderr zlsnap verify -e "$digest" - <layer
    assert_output -- '-: FAILED'
    run -4 zlsnap verify -e "$digest" - </dev/null
    run -2 --separate-stderr zlsnap verify - <layer
    assert_one_line 'standard input has no LAYER.json'
}

@test "escapes control characters in the name" {
    cp layer $'\e[2J'
    cp layer.json $'\e[2J.json'
    run -0 zlsnap verify $'\e[2J'
    refute_output --partial $'\e'
    assert_output --partial ': OK'
}

@test "passes limits on" {
    run -3 zlsnap verify --max-entries=2 layer
}

@test "an unreadable LAYER.json is status 1, not malformed" {
    echo garbage >layer.json
    run -3 zlsnap verify layer
    assert_output --partial 'layer.json: malformed: it is not JSON'
    fake cat 'exit 1' # as after a read error, for which jq only exits with 2
    run -1 zlsnap verify layer
    assert_output 'zlsnap: layer.json: cannot be read'
}
