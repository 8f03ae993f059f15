#!/usr/bin/env bats
# Images in archives: oci-archive:FILE[:TAG] and docker-archive:FILE[:TAG].
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load images

setup_file() {
    mkdir "$BATS_FILE_TMPDIR/saves"
    "$BATS_TEST_DIRNAME/data/make-saves" "$BATS_FILE_TMPDIR/saves"
}

setup() {
    requires_command jq skopeo
    enter_work
    SAVES=$BATS_FILE_TMPDIR/saves
}

# gives NAME TEXT [OPTION...]: the image has the files of both layers.
gives() {
    rm -rf tree
    zlsnap extract --no-sync "${@:3}" "docker-archive:$SAVES/$1" tree
    assert_equal "$1: $(cat tree/base tree/t)" "$1: base$2"
    refute_leftovers .
}

# gives_none STATUS NAME PROBLEM: it is refused.
gives_none() {
    rm -rf tree
    run "-$1" --separate-stderr zlsnap extract "docker-archive:$SAVES/$2" tree
    assert_said "^zlsnap: docker-archive:.*: $3"
    run ! grep -q root: <<<"$stderr"
    assert_not_exists tree
    refute_leftovers .
}

@test "docker-archive: what docker save writes, of any version, is an image" {
    gives plain.tar plain
    gives plain.tar:plain:1 plain
    gives gzipped.tar gzipped
    gives compressed.tar compressed
    gives docker-25.tar docker-25
    gives links.tar links
    gives legacy.tar legacy
    gives legacy.tar:name:1 legacy
    zlsnap extract --no-sync "docker-archive:$SAVES/empty.tar" none
    assert_equal "$(entries none)" ''
}

@test "docker-archive: one of several images is chosen by its tag or number" {
    gives several.tar:example.org:5000/name:1 one
    gives several.tar:docker.io/library/one one
    gives several.tar:two:1 two
    gives several.tar:@1 two
    gives_none 1 several.tar 'manifest.json has 2 images: choose one by its tag, .*one:latest, two:1'
    gives_none 1 several.tar:three:1 'manifest.json has no image called three:1'
    gives_none 1 several.tar:@2 'manifest.json has no image called @2'
}

@test "docker-archive: -e is the image ID; -, standard input; --merge and verify" {
    local id
    id=$(tar -xOf "$SAVES/plain.tar" manifest.json | jq -r '.[0].Config[:64]')
    gives plain.tar plain -e "$id"
    run -4 --separate-stderr zlsnap extract -e "$(printf '%064d' 0)" "docker-archive:$SAVES/plain.tar" none
    assert_one_line "its digest is sha256:$id, not sha256:0000"
    run -0 zlsnap extract docker-archive:- piped <"$SAVES/gzipped.tar"
    assert_equal "$(cat piped/base piped/t)" basegzipped
    mkdir merged
    zlsnap extract --merge "docker-archive:$SAVES/plain.tar" merged
    assert_equal "$(cat merged/base merged/t)" baseplain
    run -0 zlsnap verify "docker-archive:$SAVES/plain.tar:plain:1"
    assert_output "docker-archive:$SAVES/plain.tar:plain:1: OK"
    run -0 zlsnap verify -e "$id" docker-archive:/dev/stdin <"$SAVES/plain.tar"
    refute_leftovers .
}

@test "docker-archive: as the base of an image, which keeps the configuration" {
    made_once small_layers
    zlsnap oci "docker-archive:$SAVES/plain.tar" a.tar.zst -o img
    zlsnap extract oci:img tree
    assert_equal "$(cat tree/base tree/t tree/file)" baseplaina
    run -0 skopeo inspect --config oci:img:latest
    assert_equal "$(jq -c '[.config.Cmd, (.history | length)]' <<<"$output")" '[["/t"],3]'
    zlsnap oci "docker-archive:$SAVES/legacy.tar" -o img:legacy
    zlsnap verify -q oci:img:legacy
}

@test "docker-archive: links and names that lead out of the archive, and broken archives, are refused" {
    gives_none 3 symlink-out.tar '1/layer.tar is not a file in it'
    gives_none 3 symlink-up.tar '1/layer.tar is not a file in it'
    gives_none 1 symlink-loop.tar 'there is no 1/layer.tar in it'
    gives_none 3 directory.tar '1/layer.tar is not a file in it'
    gives_none 3 name-up.tar '.*etc/passwd is not a file in it'
    gives_none 3 config-out.tar 'c is not a file in it'
    gives_none 3 manifest-out.tar 'manifest.json is not a file in it'
    gives_none 1 layer-missing.tar 'there is no 1/layer.tar in it'
    gives_none 3 no-list.tar 'manifest.json is not one JSON array'
    gives_none 1 no-manifest.tar 'there is no manifest.json in it'
    gives_none 3 legacy-endless.tar 'its layers have no end'
    run -4 zlsnap extract "docker-archive:$SAVES/layer-wrong.tar" tree
    run -3 zlsnap extract "docker-archive:$SAVES/cut.tar" tree
    run -3 zlsnap extract --max-size=1K "docker-archive:$SAVES/plain.tar" tree
    run -1 zlsnap extract "docker-archive:none" tree
    run -1 --separate-stderr zlsnap extract "oci-archive:$SAVES/plain.tar" tree
    assert_one_line 'is an archive of docker save; use docker-archive:'
    run -1 --separate-stderr zlsnap extract "oci-archive:$SAVES/layout-of-links.tar" tree
    assert_one_line 'is not an OCI image layout'
    run -2 zlsnap extract docker-archive: tree
    assert_not_exists tree
    refute_leftovers .
}

@test "oci-archive: an image layout in a tar, by any tool, compressed or not" {
    made_once image_ab
    local name
    skopeo copy -q oci:img:latest oci-archive:skopeo.tar:latest
    tar -C img -cf gnu.tar .
    gzip -k gnu.tar
    zstd -q gnu.tar
    bsdtar -C img -cf bsd.tar blobs index.json oci-layout
    for name in skopeo.tar gnu.tar gnu.tar.gz gnu.tar.zst bsd.tar; do
        rm -rf tree
        zlsnap extract --no-sync "oci-archive:$name" tree
        assert_equal "$name: $(cat tree/file tree/dir/kept)" "$name: b
kept"
    done
    rm -rf tree
    zlsnap extract "oci-archive:-:latest" tree <gnu.tar
    zlsnap verify -q -e "$(manifest_digest img latest)" oci-archive:gnu.tar:latest
    run -1 zlsnap verify oci-archive:gnu.tar:other
    mkdir target
    cp gnu.tar target/
    run -2 --separate-stderr zlsnap extract --replace oci-archive:target/gnu.tar target
    assert_one_line 'target contains the image itself'
    refute_leftovers .
}
