#!/usr/bin/env bats
# zlsnap info

load helpers
load driver

setup() {
    enter_work
    made_once make_layer
}

@test "info tells what LAYER.json says" {
    set_metadata '.created_at = "2001-02-03T04:05:06Z" | .size_bytes = 3 * 1024 * 1024 * 1024 + 1
        | .compressed_size_bytes = 2000 | .file_count = 7 | .compression.version = "1.2.3"
        | .digest = "sha256:" + ("1" * 64) | .compressed_digest = "sha256:" + ("2" * 64)'
    run -0 zlsnap info -q layer
    assert_output "layer        layer
digest       sha256:1111111111111111111111111111111111111111111111111111111111111111
size         3221225473 bytes (3 GiB)
blob digest  sha256:2222222222222222222222222222222222222222222222222222222222222222
blob size    2000 bytes (2 KiB), 0 %
entries      7
created      2001-02-03T04:05:06Z
compression  zstd 1.2.3 -3 -T0
media type   application/vnd.oci.image.layer.v1.tar+zstd"
}

@test "sizes and their ratio are rounded to tenths" {
    local size
    size=$(stat -c %s layer)
    set_metadata ".compressed_size_bytes = $size | .size_bytes = $size * 3"
    run -0 --separate-stderr zlsnap info layer
    assert_line --regexp "^blob size    $size bytes \\([0-9]+\\.?[0-9]? KiB\\), 33\\.3 %\$"
    assert_stderr 0 ''
    set_metadata '.size_bytes = 0'
    run -0 zlsnap info layer
    assert_line 'size         0 bytes'
    refute_line --partial '%'
}

@test "--json prints the object as it is" {
    run -0 zlsnap info --json layer
    assert_output "$(cat layer.json)"
    set_metadata '.more = {"a": [1]}'
    run -0 zlsnap info --json layer
    assert_output "$(cat layer.json)"
}

@test "a layer of another size is a warning" {
    echo more >>layer
    run -0 --separate-stderr zlsnap info layer
    assert_one_line 'warning: layer has '
}

@test "no LAYER.json, a malformed one, no layer" {
    mv layer.json away
    run -1 --separate-stderr zlsnap info layer
    assert_one_line 'layer.json: no such file'
    echo '{"schema_version": 1}' >layer.json
    run -3 --separate-stderr zlsnap info layer
    assert_one_line 'layer.json: malformed: it has no valid digest'
    rm layer
    run -1 --separate-stderr zlsnap info layer
    assert_one_line 'layer: no such file'
}

@test "what a LAYER.json says does not reach the terminal as a command" {
    set_metadata '.compression.options = ["\u001b[2J"]'
    run -3 zlsnap info layer
    refute_output --partial $'\e'
}

@test "a full disk behind it is an error" {
    run -1 --separate-stderr bash -c 'zlsnap info layer >/dev/full'
    assert_one_line 'cannot write to standard output'
    run -1 --separate-stderr bash -c 'zlsnap info --json layer >/dev/full'
    assert_one_line 'cannot write to standard output'
}
