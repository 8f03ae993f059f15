#!/usr/bin/env bats
# zlsnap info

load helpers
load driver

setup() {
    enter_work
    export TMPDIR=$BATS_TEST_TMPDIR/tmp # for spools
    mkdir "$TMPDIR"
    made_once make_layer
}

@test "info --metadata shows the content of LAYER.json" {
    set_metadata '.created_at = "2001-02-03T04:05:06Z" | .size_bytes = 3 * 1024 * 1024 * 1024 + 1
        | .compressed_size_bytes = 2000 | .file_count = 7 | .compression.version = "1.2.3"
        | .digest = "sha256:" + ("1" * 64) | .compressed_digest = "sha256:" + ("2" * 64)'
    run -0 zlsnap info -q --metadata layer
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
    run -0 --separate-stderr zlsnap info --metadata layer
    assert_line --regexp "^blob size    $size bytes \\([0-9]+\\.?[0-9]? KiB\\), 33\\.3 %\$"
    assert_stderr 0 ''
    set_metadata '.size_bytes = 0'
    run -0 zlsnap info --metadata layer
    assert_line 'size         0 bytes'
    refute_line --partial '%'
}

@test "--metadata --json prints LAYER.json unchanged" {
    run -0 zlsnap info --json --metadata layer
    assert_output "$(cat layer.json)"
    set_metadata '.more = {"a": [1]}'
    run -0 zlsnap info --json --metadata layer
    assert_output "$(cat layer.json)"
}

@test "--metadata warns if the layer has another size" {
    echo more >>layer
    run -0 --separate-stderr zlsnap info --metadata layer
    assert_one_line 'warning: layer has '
}

@test "info measures the layer, with and without LAYER.json" {
    local sha256 blob size bytes text
    sha256=$(zstd -dc <layer | sha256sum)
    blob=$(sha256sum <layer)
    size=$(stat -c %s layer)
    bytes=$(zstd -dc <layer | wc -c)
    run -0 --separate-stderr zlsnap info layer
    assert_stderr 0 ''
    text=$output
    assert_line "digest       sha256:${sha256%% *}"
    assert_line "blob digest  sha256:${blob%% *}"
    assert_line --regexp "^blob size    $size bytes "
    assert_line --regexp "^size         $bytes bytes "
    assert_line 'entries      6'
    assert_line '  files        2'
    assert_line '  directories  2'
    assert_line '  symlinks     1'
    assert_line '  hardlinks    1'
    refute_line --partial fifos
    assert_line "content      $(($(stat -c %s tree/sub/numbers) + 8)) bytes (2.6 MiB)"
    assert_line --regexp '^compression  zstd '
    [[ $text == *$'\nlargest\n     2.6 MiB  sub/numbers\n     8 bytes  file' ]]
    run -0 zlsnap info --json layer
    assert_equal "$(jq -c '[.digest, .size_bytes, .file_count, .entries.files, (.largest | map(.path))]' <<<"$output")" \
        "[\"sha256:${sha256%% *}\",$bytes,6,2,[\"sub/numbers\",\"file\"]]"
    assert_equal "$(jq -S 'del(.entries, .largest, .content_bytes)' <<<"$output")" "$(jq -S . layer.json)"

    mv layer.json away
    run -0 zlsnap info layer
    assert_output "$(grep -v '^created \|^compression \|^media type ' <<<"$text")"
}

@test "info lists the ten largest files by size, and escapes their names" {
    mkdir many
    local i
    for i in {1..12}; do truncate -s $((i * 1000)) "many/$i"; done
    truncate -s 50M many/sparse
    truncate -s 999999 many/'","type":"file","mode":"0644","uid":0,"gid":0,"size":9999999999,'
    truncate -s 999998 many/$'x\e[2Jy\xe2\x80\x8ez\xff'
    truncate -s 2000 many/2b
    zlsnap create -q many some >/dev/null
    run -0 zlsnap info some
    refute_output --partial $'\e'
    assert_equal "$(sed '1,/^largest/d' <<<"$output")" '      50 MiB  sparse
   976.6 KiB  ","type":"file","mode":"0644","uid":0,"gid":0,"size":9999999999,
   976.6 KiB  x?[2Jy?z'$'\xef\xbf\xbd''
    11.7 KiB  12
    10.7 KiB  11
     9.8 KiB  10
     8.8 KiB  9
     7.8 KiB  8
     6.8 KiB  7
     5.9 KiB  6'
    run -0 zlsnap info --json some
    assert_equal "$(jq -r '.largest[2].path_base64' <<<"$output" | base64 -d)" $'x\e[2Jy\xe2\x80\x8ez\xff'
}

@test "--json escapes control characters of names, also C1" {
    mkdir many
    truncate -s 2000 many/$'x\xc2\x85\xc2\x9b2J'
    zlsnap create -q many some >/dev/null
    run -0 zlsnap info --json some
    assert_output --partial '"x\u0085\u009b2J"'
}

@test "info of a damaged layer prints only an error" {
    truncate -s -1000 layer
    run -4 --separate-stderr zlsnap info -q layer
    assert_output ''
    assert_said .
    rm layer.json
    run -3 --separate-stderr zlsnap info layer
    assert_output ''
    refute_leftovers "$TMPDIR"
}

@test "info compares the layer with LAYER.json" {
    set_metadata '.file_count = 7'
    run -4 --separate-stderr zlsnap info layer
    assert_one_line 'file_count is 6, but 7 in LAYER.json'
    set_metadata '.file_count = 6 | .digest = "sha256:" + ("1" * 64)'
    run -4 zlsnap info layer
    run -3 zlsnap info --max-entries=2 layer
}

@test "a missing or malformed LAYER.json and a missing layer are errors" {
    mv layer.json away
    run -1 --separate-stderr zlsnap info --metadata layer
    assert_one_line 'layer.json: no such file'
    echo '{"schema_version": 1}' >layer.json
    run -3 --separate-stderr zlsnap info layer
    assert_one_line 'layer.json: malformed: it has no valid digest'
    rm layer
    run -1 --separate-stderr zlsnap info layer
    assert_one_line 'layer: no such file'
}

@test "control characters in LAYER.json are not printed" {
    set_metadata '.compression.options = ["\u001b[2J"]'
    run -3 zlsnap info layer
    refute_output --partial $'\e'
}

@test "a write error on standard output is an error" {
    run -1 --separate-stderr bash -c 'zlsnap info layer >/dev/full'
    assert_one_line 'cannot write to standard output'
    run -1 --separate-stderr bash -c 'zlsnap info --json layer >/dev/full'
    assert_one_line 'cannot write to standard output'
}

@test "info of standard input is the same as of a layer without LAYER.json" {
    cp layer alone
    run -0 zlsnap info alone
    local expected=${output/alone/-}
    run -0 bash -c 'cat layer | zlsnap info -'
    assert_output "$expected"
}

@test "info: a killed program is status 1" {
    fake zstd 'kill -KILL $$'
    run -1 --separate-stderr zlsnap info layer
    assert_said 'zlsnap: zstd was killed by signal KILL'
    assert_output ''
    fake jq 'kill -KILL $$'
    run -1 --separate-stderr zlsnap info layer
    assert_said 'zlsnap: jq was killed by signal KILL'
}
