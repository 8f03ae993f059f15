#!/usr/bin/env bats
# Which image of a layout is taken: names, platforms, indexes within indexes, artifacts beside images; and the media
# types that other tools use.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load images

setup_file() {
    architecture=$(dpkg --print-architecture 2>/dev/null || uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
    export architecture
    "$BATS_TEST_DIRNAME/data/make-images" "$BATS_FILE_TMPDIR/layouts" "$architecture"
}

setup() {
    requires_command jq zstd
    enter_work
    LAYOUTS=$BATS_FILE_TMPDIR/layouts
}

# gives IMAGE TEXT [OPTION...]: the image is the one with TEXT in its file.
gives() {
    rm -rf tree
    zlsnap extract --no-sync "${@:3}" "oci:$LAYOUTS/$1" tree
    assert_equal "$1 ${*:3}: $(<tree/t)" "$1 ${*:3}: $2"
}

# assert_line_like REGEXP: standard error is one line that it matches.
assert_line_like() {
    [[ $stderr =~ $1 && $stderr != *$'\n'* ]] || batslib_print_kv_multi stderr "$stderr" regexp "$1" |
        batslib_decorate 'the line does not say it' | fail
}

# gives_none STATUS IMAGE PROBLEM [OPTION...]: it is not an image that can be taken, and the message says why.
gives_none() {
    rm -rf tree
    run "-$1" --separate-stderr zlsnap extract "${@:4}" "oci:$LAYOUTS/$2" tree
    assert_line_like "$3"
    assert_not_exists tree
}

@test "--platform chooses the variant, or else the best one below it" {
    gives variants linux/amd64 --platform=linux/amd64
    gives variants linux/amd64 --platform=linux/amd64/v1
    gives variants linux/amd64/v2 --platform=linux/amd64/v2
    gives variants linux/amd64/v2 --platform=linux/amd64/v3
    gives variants linux/amd64/v4 --platform=linux/amd64/v4
    gives variants linux/arm/v7 --platform=linux/arm
    gives variants linux/arm/v6 --platform=linux/arm/v6
    gives variants linux/arm/v8 --platform=linux/arm/v8
    gives variants linux/arm64/v8 --platform=linux/arm64
    gives variants linux/arm64/v8 --platform=linux/arm64/v8
    gives variants linux/arm64/v8 --platform=linux/arm64/v9.2
    gives variants windows/amd64 --platform=windows/amd64
    gives spelled linux/x86_64 --platform=linux/amd64
    gives spelled linux/armhf --platform=linux/arm/v8
    gives_none 1 variants 'has no image for linux/arm/v5, but for .*linux/amd64/v2.* \(--platform=OS/ARCH\[/VARIANT\]\)' \
        --platform=linux/arm/v5
    gives_none 1 high 'has no image for linux/amd64, but for linux/amd64/v3, linux/arm64/v9' --platform=linux/amd64
    gives_none 2 variants "option '--platform' takes OS/ARCH" --platform=amd64
}

@test "without --platform it is this machine's, for amd64 without a variant, or 386" {
    gives variants "linux/$architecture$([ "$architecture" != arm64 ] || echo /v8)"
    gives_none 1 theirs "has no image for linux/$architecture, but for linux/riscv64, plan9/mips"
    [ "$architecture" != amd64 ] || gives old linux/386
    run -1 zlsnap extract --platform=linux/amd64 "oci:$LAYOUTS/old" tree
}

@test "indexes may be nested, and images inherit their platform" {
    gives nested ours
    gives nested:list ours
    gives index-with-platform ours
    gives nested-null ours
    gives nested theirs --platform=linux/s390x
    gives many-paths ours
    gives_none 3 deep 'its indexes are nested too deeply'
    gives_none 3 wide 'it has more than 64 indexes'
    gives_none 1 null 'has no image'
}

@test "artifacts beside an image are not images" {
    local kind
    for kind in artifact-type artifact-config artifact-inside cosign attestation other-type sha512; do
        gives "$kind" ours
        gives "$kind-top" ours
    done
    gives_none 3 artifact-only 'is not an image but application/vnd.oci.image.manifest.v1\+json'
}

@test "where an index does not give platforms, the configs do" {
    gives no-platforms ours
    gives no-platforms theirs --platform=linux/s390x
    gives foreign-config theirs
    gives foreign-config theirs --platform=linux/s390x
    gives_none 1 foreign-config "is of an image for linux/s390x, not for linux/$architecture" \
        "--platform=linux/$architecture"
    gives sparse ours
}

@test "two images for a platform are ambiguous, unless only the compression differs; a digest chooses" {
    gives_none 1 twice "has 2 images for linux/$architecture.*: choose one by its digest, oci:DIR:@DIGEST \(sha256:.*, sha256:"
    gives zstd-too zstd
    gives same-twice same
    local digest digests
    mapfile -t digests < <(grep -o 'sha256:[0-9a-f]*' <<<"$stderr")
    for digest in "${digests[@]}"; do
        rm -rf tree
        zlsnap extract --no-sync "oci:$LAYOUTS/twice:@$digest" tree
        zlsnap extract --no-sync --replace -e "$digest" "oci:$LAYOUTS/twice:@$digest" tree
        cat tree/t >>texts
    done
    assert_equal "$(grep -o 'one\|two' texts | sort | paste -sd ' ')" 'one two'
    gives_none 1 "twice:@sha256:$(printf '%064d' 0)" 'has no image called'
}

@test "of several names one has to be given: that of OCI, of containerd, or the number in index.json" {
    gives_none 1 tags 'has 3 images: choose one by its tag, oci:DIR:TAG \(1, a, b\)'
    gives tags:a a
    gives tags:b b
    gives tags:example.org/c:1 c
    gives tags:1 c
    gives tags:@1 b
    gives_none 1 tags:d 'has no image called d'
}

@test "media types of Docker; a compression is told by the blob, not by the media type" {
    local name
    for name in docker docker-1.10 foreign gzip-is-zstd gzip-is-tar tar-is-gzip zstd-is-gzip xz bzip2 skippable \
        gzip-members; do
        gives "$name" "$name"
        rm -rf img
        zlsnap oci -q "oci:$LAYOUTS/$name" -o img >/dev/null
        run ! grep -q 'docker\|xz\|bzip2' img/blobs/sha256/"$(jq -r '.manifests[0].digest[7:]' img/index.json)"
    done
    zlsnap verify -q oci:img
    zlsnap verify -q "oci:$LAYOUTS/xz"
    gives_none 3 encrypted 'layer 1 is encrypted'
    gives_none 3 layer-of-text 'layer 1 is of an unknown type, text/plain'
}

@test "an index may list more images than an argument of a program can hold" {
    image_ab
    jq '.manifests[0] as $image | .manifests += [range(1000)
        | $image * {digest: "sha256:\("0" * 60)\(1000 + .)", annotations: {"org.opencontainers.image.ref.name": "v\(.)"}}]' \
        img/index.json >index
    cp index img/index.json
    zlsnap extract oci:img tree
    assert_exists tree/dir/new
}

@test "a platform that would add lines to what is checked is refused" {
    local none key options fake
    printf -v none %064d 0
    # shellcheck disable=SC2016
    fake=$'linux\napplication/vnd.oci.image.manifest.v1+json sha256:0 platform[$(touch made)]\nsha256:'$none$'\nx'
    image_ab
    for key in os architecture variant; do
        jq --arg key "$key" --arg fake "$fake" '.manifests[0].platform =
            {os: "linux", architecture: "amd64"} + {($key): $fake}' img/index.json >index
        cp index img/index.json
        for options in --quiet "--expect=$none" --platform=linux/amd64; do
            run -3 --separate-stderr zlsnap extract "$options" oci:img tree
            assert_one_line 'oci:img: index.json has a malformed platform'
            assert_not_exists tree
        done
    done
    assert_not_exists made
}

@test "oci --platform: the image for another machine as the base" {
    zlsnap oci --platform=linux/s390x "oci:$LAYOUTS/nested" -o img
    zlsnap extract oci:img tree
    assert_equal "$(<tree/t)" theirs
    run -2 --separate-stderr zlsnap oci --platform=linux/s390x layer.tar.zst -o img
    assert_one_line "'--platform' is only for a base image; use '--arch'"
}
