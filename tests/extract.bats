#!/usr/bin/env bats
# zlsnap extract
# shellcheck disable=SC2154

load helpers
load driver

setup() {
    enter_work
    made_once make_layer
}

@test "restores the tree that create packed" {
    zlsnap extract layer copy
    compare_trees tree copy
}

@test "prints nothing" {
    run -0 --separate-stderr zlsnap extract layer copy
    assert_output ''
    assert_stderr 0 ''
}

@test "a wrong digest in LAYER.json: status 4, and no DIR" {
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    run -4 --separate-stderr zlsnap extract layer copy
    assert_stderr 1 '^tarunpack: the digest does not match'
    assert_not_exists copy
    refute_leftovers .
}

@test "with --expect, LAYER.json is not read" {
    local digest
    digest=$(jq -r .digest layer.json)
    echo lies >layer.json
    zlsnap extract --expect "$digest" layer copy
    compare_trees tree copy
    zlsnap extract -e "${digest#sha256:}" layer hex
    compare_trees tree hex
    run -4 zlsnap extract "--expect=sha256:${digest#sha256:???}000" layer other
    assert_not_exists other
}

@test "accepts digests by other hash functions" {
    rm layer.json
    zlsnap extract -e "sha512:$(zstd -dc <layer | sha512sum | cut -d ' ' -f 1)" layer copy
    compare_trees tree copy
}

@test "an invalid digest is refused before any reading" {
    local word
    word=$(jq -r .digest layer.json)
    for word in '' x "${word%?}" "${word}0" "${word^^}" "md5:${word#*:}" " $word"; do
        run -2 --separate-stderr zlsnap extract --expect="$word" layer copy
        assert_not_exists copy
    done
    assert_one_line --expect
}

@test "without a digest the layer is refused, and the message names the options" {
    rm layer.json
    run -2 --separate-stderr zlsnap extract layer copy
    assert_one_line 'give the digest with --expect, or --no-verify'
    assert_not_exists copy
}

@test "--no-verify needs no digest" {
    rm layer.json
    zlsnap extract --no-verify layer copy
    compare_trees tree copy
    echo lies >layer.json
    zlsnap extract --no-verify layer other
    run -2 zlsnap extract --no-verify -e "$(printf '0%.0s' {1..64})" layer third
}

@test "a damaged layer: status 4, and no DIR" {
    local size offset
    size=$(stat -c %s layer)
    cp layer sound
    for offset in 0 100 $((size / 2)) $((size - 100)); do
        cp sound layer
        flip_byte layer "$offset"
        run -4 zlsnap extract layer copy
        assert_not_exists copy
        refute_leftovers .
    done
}

@test "a truncated layer: status 4, and no DIR" {
    local size length
    size=$(stat -c %s layer)
    cp layer sound
    for length in 0 1 100 $((size / 2)) $((size - 10)); do
        head -c "$length" sound >layer
        run -4 zlsnap extract layer copy
        assert_not_exists copy
        refute_leftovers .
    done
    run -3 zlsnap extract --no-verify layer copy
    assert_not_exists copy
}

@test "a file without zstd frames: status 4, and 3 without a digest" {
    tarpack tree >layer
    run -4 zlsnap extract layer copy
    run -3 zlsnap extract --no-verify layer copy
    assert_not_exists copy
}

@test "junk after the frames is a warning if the digest is right" {
    echo junk >>layer
    run -0 --separate-stderr zlsnap extract layer copy
    assert_stderr 2 'zlsnap: warning: layer: zstd failed'
    compare_trees tree copy
}

@test "junk after the frames is an error without a digest" {
    echo junk >>layer
    run -3 --separate-stderr zlsnap extract --no-verify layer copy
    assert_stderr 2 'zlsnap: layer: zstd failed'
}

@test "a malformed LAYER.json: status 3, one line, and no DIR" {
    local object
    object=$(cat layer.json)
    while IFS= read -r json; do
        printf '%s' "$json" >layer.json
        run -3 --separate-stderr zlsnap extract layer copy
        assert_one_line 'layer.json: malformed: '
        assert_not_exists copy
    done <<END

{
[]
null
"sha256"
{}
${object//$'\n'/}${object//$'\n'/}
$(jq -c 'del(.schema_version),
    (.schema_version = 2),
    del(.digest),
    (.digest = 5),
    (.digest |= ascii_upcase),
    (.digest += "\n"),
    (.digest = "x\n" + .digest),
    (.size_bytes = "1"),
    (.size_bytes = -1),
    (.size_bytes = 1.5),
    (.size_bytes = 1e100),
    (.compressed_digest = null),
    (.file_count = []),
    (.created_at = "\u001b[2J"),
    (.compression = "zstd"),
    (.compression.options = "-3")' layer.json)
END
}

@test "a huge LAYER.json is refused without reading it" {
    truncate -s 10G layer.json
    run -3 --separate-stderr zlsnap extract layer copy
    assert_one_line 'larger than 1 MiB'
}

@test "refuses a LAYER.json that is a directory or a fifo" {
    rm layer.json
    mkfifo layer.json
    run -1 --separate-stderr zlsnap extract layer copy
    assert_one_line 'layer.json: not a regular file'
    rm layer.json
    mkdir layer.json
    run -1 --separate-stderr zlsnap extract layer copy
    assert_one_line 'layer.json: not a regular file'
}

@test "a missing or unreadable layer and a directory are errors" {
    run -1 --separate-stderr zlsnap extract nowhere copy
    assert_one_line 'nowhere: no such file'
    run -1 --separate-stderr zlsnap extract tree copy
    assert_one_line 'tree: is a directory'
    requires_root
    chmod 0 layer
    chmod 755 "$BATS_TEST_TMPDIR" .
    run -1 --separate-stderr as_user zlsnap extract layer copy
    assert_one_line 'layer: permission denied'
}

@test "reads a layer from a fifo" {
    local digest
    digest=$(jq -r .digest layer.json)
    mkfifo fifo
    cat layer >fifo 3>&- &
    zlsnap extract -e "$digest" fifo copy
    compare_trees tree copy
}

@test "LAYER '-', /dev/stdin and the like: reads standard input, and no LAYER.json" {
    local digest name
    digest=$(jq -r .digest layer.json)
    echo lies >-.json
    for name in - /dev/stdin //dev/stdin /dev/./fd/0 /proc/self//fd/0; do
        rm -rf copy
        zlsnap extract -e "$digest" "$name" copy < <(cat layer)
        compare_trees tree copy
    done
    rm -r copy
    zlsnap extract --no-verify --progress=always - copy <layer 2>errors
    compare_trees tree copy
    mkdir replaced
    { head -c 5 && zlsnap extract --replace -e "$digest" - replaced; } < <(printf 12345 && cat layer) >five
    compare_trees tree replaced
}

@test "refuses standard input without a digest, a terminal, a directory and closed standard input" {
    run -2 --separate-stderr zlsnap extract - copy <layer
    assert_one_line 'standard input has no LAYER.json: give the digest with --expect, or --no-verify'
    run -1 --separate-stderr zlsnap extract --no-verify - copy <tree
    assert_one_line '-: is a directory'
    run -1 --separate-stderr bash -c 'zlsnap extract --no-verify - copy <&-'
    assert_one_line 'standard input is closed'
    run -2 script -qec 'zlsnap extract --no-verify - copy' /dev/null </dev/null
    assert_output --partial 'standard input is a terminal'
    assert_not_exists copy
}

@test "a damaged or truncated layer on standard input: status 4, and no DIR" {
    local digest
    digest=$(jq -r .digest layer.json)
    run -4 bash -c 'head -c 1000 layer | zlsnap extract -e "$1" - copy' - "$digest"
    flip_byte layer 1000
    run -4 bash -c 'cat layer | zlsnap extract -e "$1" - copy' - "$digest"
    assert_not_exists copy
    refute_leftovers .
}

@test "too little memory for zstd is status 1, not a bad layer" {
    run -1 --separate-stderr bash -c 'ulimit -v 16000; zlsnap extract layer copy'
    assert_said 'zlsnap: zstd failed with status'
    run -1 --separate-stderr bash -c 'ulimit -v 24000; zlsnap extract layer copy'
    assert_said 'zlsnap: zstd failed with status'
    assert_said 'not enough memory'
    assert_not_exists copy
    refute_leftovers .
}

@test "a killed jq is status 1, not a malformed LAYER.json" {
    fake jq 'kill -KILL $$'
    run -1 --separate-stderr zlsnap extract layer copy
    assert_stderr 2 'zlsnap: jq was killed by signal KILL.zlsnap: layer.json: cannot be read by jq$'
    fake jq 'exit 127'
    run -1 --separate-stderr zlsnap extract layer copy
    assert_said 'zlsnap: jq could not be started'
}

@test "a layer that can't be read is not reported as empty" {
    fake od 'kill -KILL $$'
    run -1 --separate-stderr zlsnap extract --no-verify layer copy
    assert_one_line 'layer: cannot be read'
}

@test "refuses a DIR that is not empty" {
    mkdir copy
    echo mine >copy/file
    run -1 --separate-stderr zlsnap extract layer copy
    assert_stderr 1 '^tarunpack: copy'
    assert_equal "$(cat copy/file)" mine
    refute_leftovers .
}

@test "names with dashes, spaces, newlines and bytes that are not UTF-8" {
    local name
    for name in -layer 'a layer' $'new\nline' $'\xff' '$(x)' '*'; do
        cp layer "./$name"
        cp layer.json "./$name.json"
        zlsnap extract -- "$name" "./copy of $name"
        compare_trees tree "copy of $name"
        rm "./$name"
        run -1 --separate-stderr zlsnap extract -- "$name" copy
        assert_stderr 1 'no such file'
    done
    cp layer.json -- -layer.json
    cp layer -- -layer
    zlsnap extract -- -layer -copy
    compare_trees tree ./-copy
}

@test "passes tarunpack's options on" {
    fake tarunpack 'printf "%s\n" "$@"; cat >/dev/null'
    run -0 zlsnap extract -q --no-xattrs -v --whiteouts keep --max-size=5G --strict --xattrs-include='s*' \
        --no-sync layer -- copy
    assert_line --no-xattrs
    assert_line --verbose
    assert_line --whiteouts=keep
    assert_line --max-size=5G
    assert_line --strict
    assert_line '--xattrs-include=s*'
    assert_line --no-sync
    assert_line -- -q
    assert_equal "${lines[-2]} ${lines[-1]}" '-- copy'
}

@test "--replace and --merge check the digest, too" {
    mkdir copy
    echo mine >copy/mine
    zlsnap extract --merge layer copy
    assert_equal "$(cat copy/mine)" mine
    assert_equal "$(cat copy/file)" content
    cp layer.json sound.json
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    run -4 zlsnap extract --replace layer copy
    assert_exists copy/mine
    mv sound.json layer.json
    zlsnap extract --replace layer copy
    compare_trees tree copy
}

@test "an exceeded limit of tarunpack: status 3" {
    run -3 zlsnap extract --max-entries=2 layer copy
    assert_not_exists copy
}

@test "a truncated layer is one short line, and status 4" {
    local command
    truncate -s 1000 layer
    for command in 'extract layer copy' 'list layer' 'mtree layer'; do
        # shellcheck disable=SC2086 # words
        run -4 --separate-stderr zlsnap $command
        assert_output ''
        assert_one_line 'zlsnap: layer: is truncated: it has 1000 bytes, but '
    done
}

@test "a message of zstd names the layer" {
    echo junk >>layer
    run -0 --separate-stderr zlsnap extract layer copy
    assert_said '^zlsnap: layer: zstd: [a-z ]*unsupported format'
    run -3 --separate-stderr zlsnap extract --no-verify layer other
    refute_regex "$stderr" 'stdin'
}
