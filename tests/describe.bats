#!/usr/bin/env bats
# zlsnap describe

load helpers
load driver

setup() {
    enter_work
    made_once make_layer
    cp layer.json made.json
    rm layer.json
}

# refute_described STATUS REGEX [OPTION...]: describe fails with a message that matches, and writes no LAYER.json.
refute_described() {
    run "-$1" --separate-stderr zlsnap describe "${@:3}" layer
    assert_said "$2"
    assert_equal "$(find . -maxdepth 1 -name '*layer*' | sort)" ./layer
}

@test "LAYER.json is the one that create writes, but the compression is unknown" {
    run -0 --separate-stderr zlsnap describe layer
    assert_output "$(cat layer.json)"
    local filter='del(.created_at, .compression)'
    assert_equal "$(jq "$filter" layer.json)" "$(jq "$filter" made.json)"
    assert_equal "$(jq -c .compression layer.json)" '{"program":"zstd","version":"unknown","options":[]}'
    jq . layer.json | cmp - layer.json
    run -0 zlsnap verify layer
    run -0 zlsnap extract layer restored
    diff -r tree restored
}

@test "with --expect, the layer must have this digest" {
    local digest
    digest=$(jq -r .digest made.json)
    refute_described 4 'the digest does not match' -e "${digest:0:70}0"
    run -0 --separate-stderr zlsnap describe --expect="$digest" layer
    assert_equal "$(jq -r .digest layer.json)" "$digest"
}

@test "a damaged layer, or a file that is none, is not described" {
    cp layer sound
    flip_byte layer $(($(stat -c %s layer) / 2))
    mv sound ../
    refute_described 3 'layer: is malformed'
    head -c 100 ../sound >layer
    refute_described 3 'shasum-tee: .*'
    echo text | zstd -q >layer
    refute_described 3 'tarunpack: .*'
    echo text >layer
    refute_described 3 'is not a layer: zstd did not compress it'
}

@test "an existing LAYER.json stays as it is" {
    echo precious >layer.json
    run -1 --separate-stderr zlsnap describe layer
    assert_one_line 'zlsnap: layer.json: exists; verify compares the layer with it'
    assert_equal "$(<layer.json)" precious
}

@test "a layer that changes while it is read is not described" {
    fake tarunpack 'touch layer; exec "$ZLSNAP_BIN/tarunpack" "$@"'
    refute_described 1 'layer: changed while it was read'
}

@test "standard input, images and directories cannot be described" {
    run -2 zlsnap describe - <layer
    assert_output --partial 'describe needs a file as LAYER'
    run -2 zlsnap describe oci:images
    run -1 zlsnap describe tree
    assert_equal "$(ls ./*.json)" ./made.json
}

# assert_recognised KIND DIGEST: commands that expect DIGEST say what it is the digest of.
assert_recognised() {
    local command
    for command in 'verify layer' 'list layer' 'mtree layer' 'extract layer restored'; do
        # shellcheck disable=SC2086 # two words
        run -4 --separate-stderr zlsnap $command --expect="$2"
        assert_said "zlsnap: ${2#sha256:} is the digest $1; --expect takes that of the tar"
        assert_not_exists restored
    done
}

@test "a digest of another kind is recognised" {
    assert_recognised 'of the compressed file' "$(jq -r .compressed_digest made.json)"
    assert_recognised 'that zlsnap digest prints, of the tree' "$(zlsnap digest tree | cut -d ' ' -f 1)"
    assert_recognised 'that zlsnap digest --time prints, of the tree' "$(zlsnap digest --time tree | cut -d ' ' -f 1)"
}
