#!/usr/bin/env bats
# Archives whose end is missing, cut or followed by data, and hard links with a size. An expected digest proves that
# the stream is whole; without one, these are truncated or malformed.

load helpers
load refusals

setup_file() {
    mkdir "$BATS_FILE_TMPDIR/archives"
    "$BATS_TEST_DIRNAME/data/make-degenerate" "$BATS_FILE_TMPDIR/archives"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    ARCHIVES=$BATS_FILE_TMPDIR/archives
    mkdir work
}

# proven NAME: the arguments with which tarunpack knows the archive's digest.
proven() {
    digest=$(sha256sum <"$ARCHIVES/$1.tar") digest=${digest%% *}
}

# complete NAME [ENTRY...]: with its digest, the archive gives these names, and a message only if said is set.
complete() {
    local archive=$ARCHIVES/$1.tar digest
    proven "$1"
    tarunpack --no-sync -e "$digest" work/target <"$archive" 2>err
    assert_equal "$1: $(<err)" "$1: ${said-}"
    assert_equal "$1: $(entries work/target)" "$1: ${*:2}"
    [ $# -eq 1 ] || [ "$1" = unpadded-and-long ] || assert_equal "$(<work/target/a)" hello
    rm -r work/target
    mkdir work/target
    tarunpack --no-sync --merge -q -e "$digest" work/target <"$archive"
    assert_equal "$1: $(entries work/target)" "$1: ${*:2}"
    rm -r work/target
    tarunpack --list -e "$digest" <"$archive" >names 2>err
    assert_equal "$1: $(paste -sd ' ' names)" "$1: ${*:2}"
    assert_equal "$1: $(<err)" "$1: ${said-}"
}

# incomplete NAME LINE [OPTION...]: the archive is refused with LINE.
incomplete() {
    refused 3 "tarunpack: $2" tarunpack --no-sync "${@:3}" work/target <"$ARCHIVES/$1.tar"
    run -3 --separate-stderr tarunpack --list "${@:3}" <"$ARCHIVES/$1.tar"
    # shellcheck disable=SC2154 # set by run
    assert_equal "$stderr" "tarunpack: $2"
    assert_equal "$(entries work)" ''
}

# never_complete NAME LINE: not even with its digest.
never_complete() {
    local digest
    proven "$1"
    incomplete "$1" "$2" -e "$digest"
    incomplete "$1" "$2"
}

@test "with the expected digest, the archive ends where the stream ends" {
    complete no-end a
    complete one-block a
    complete nothing
    complete one-block-only
    complete global-last a
    complete link-then-no-end a b
}

@test "with the expected digest, the padding of the last file may be missing" {
    complete unpadded a
    complete half-padded a
    complete unpadded-and-long a
}

@test "without a digest, a stream that ends before the end of the archive is truncated" {
    incomplete no-end 'the archive is truncated after 1024 bytes'
    incomplete one-block 'the archive is truncated after 1536 bytes'
    incomplete nothing 'the input is empty'
    incomplete one-block-only 'the archive is truncated after 512 bytes'
    incomplete unpadded 'the archive is truncated after 517 bytes'
    incomplete half-padded 'the archive is truncated after 824 bytes'
    incomplete unpadded-and-long 'the archive is truncated after 3000513 bytes'
    incomplete global-last 'the archive is truncated after 2048 bytes'
    incomplete link-then-no-end 'the archive is truncated after 1536 bytes'
}

@test "with a wrong digest, a stream without an end gives status 4 and no tree" {
    local name
    for name in no-end one-block nothing unpadded data-behind; do
        refused 4 'tarunpack: the digest does not match: *' \
            tarunpack --no-sync -e "$(printf '%064d' 1)" work/target <"$ARCHIVES/$name.tar"
        assert_equal "$(entries work)" ''
    done
}

@test "with the expected digest, data after the end of the archive is ignored, with a warning" {
    local said='tarunpack: warning: 700 bytes after the end of the archive were ignored'
    complete data-behind a
    said='tarunpack: warning: 2048 bytes after the end of the archive were ignored'
    complete archive-behind a
    said='tarunpack: warning: 3 bytes after the end of the archive were ignored'
    complete zeros-then-data-behind a
}

@test "without a digest, data after the end of the archive is refused" {
    incomplete data-behind 'there is data after the end of the archive (--expect=DIGEST allows it)'
    incomplete archive-behind 'there is data after the end of the archive (--expect=DIGEST allows it)'
    incomplete zeros-then-data-behind 'there is data after the end of the archive (--expect=DIGEST allows it)'
}

@test "a stream that ends within a block, or before an entry, is refused even with its digest" {
    never_complete half-a-zero-block 'the archive is truncated after 1124 bytes'
    never_complete one-and-a-half-zero-blocks 'the archive is truncated after 1724 bytes'
    never_complete half-a-header 'the archive is truncated after 1124 bytes'
    never_complete content-missing 'the archive is truncated after 2135 bytes'
    never_complete extension-and-end 'an extended header has no entry after it'
    never_complete one-block-and-data 'a single zero block before byte 1536'
    local digest
    proven extension-last
    incomplete extension-last 'an extended header has no entry after it' -e "$digest"
}

# unpacked NAME ENTRY...: without a digest, the archive gives these names, and b is a.
unpacked() {
    tarunpack --no-sync work/target <"$ARCHIVES/$1.tar"
    assert_equal "$1: $(entries work/target)" "$1: ${*:2}"
    assert_equal "$(<work/target/a)" hello
    [ work/target/a -ef work/target/b ]
    rm -r work/target
}

@test "a hard link may have the size of its file in the header, without content" {
    unpacked link a b c
    unpacked links a b c d e f
    unpacked link-last a b
    unpacked link-last-padded a b
    unpacked link-then-extension a b c
    complete link a b c
}

@test "a hard link with content is refused" {
    local why='readers disagree about the content of hard links'
    never_complete link-with-content "b: $why"
    never_complete link-with-zeros "b: $why"
    never_complete link-with-a-zero-block 'a single zero block before byte 2048'
    never_complete link-with-pax-size 'b: the sizes in the header and in the pax record differ'
    never_complete link-with-global-size 'a global header sets values of entries, which some readers ignore, in the header that ends at byte 1024'
    never_complete link-with-text-and-no-end "the archive is truncated after 1541 bytes"
}
