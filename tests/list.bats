#!/usr/bin/env bats
# zlsnap list and mtree
# shellcheck disable=SC2154

load helpers
load driver
load trees

setup() {
    enter_work
    made_once make_layer
}

@test "list prints the lines of tar -tv, and with --names those of tar -t" {
    run -0 --separate-stderr zlsnap list layer
    assert_output "$(zstd -dc <layer | tarunpack --list -v)"
    assert_equal "$(tr -s ' ' <<<"$output")" "$(zstd -dc <layer | tar --numeric-owner -tv | tr -s ' ')"
    assert_line --regexp '^-rws--x--x .* sub/numbers$'
    assert_stderr 0 ''
    run -0 zlsnap list -v layer # accepted, as with tar
    assert_line --regexp '^-rws--x--x .* sub/numbers$'
    run -0 --separate-stderr zlsnap list --names layer
    assert_output "$(zstd -dc <layer | tar -t)"
    assert_stderr 0 ''
    run -2 zlsnap list --names --json layer
}

@test "list shows whiteouts as deletions" {
    mkdir -p whiteouts/dir
    touch whiteouts/.wh.gone whiteouts/dir/.wh..wh..opq
    tar -C whiteouts -c . | zstd -q >layer
    run -0 --separate-stderr zlsnap list --no-verify layer
    assert_line --regexp '^w.* gone \(deleted\)$'
    assert_line --regexp '^w.* dir/ \(opaque\)$'
    run -0 zlsnap list --no-verify --names layer
    assert_line .wh.gone
}

@test "list --json prints the output of tarunpack --list --json" {
    run -0 zlsnap list --json layer
    assert_output "$(zstd -dc <layer | tarunpack --list --json)"
    assert_equal "$(jq -s length <<<"$output")" "$(jq .file_count layer.json)"
}

@test "tarunpack --from-manifest prints the same of a manifest as of its archive" {
    requires_root
    local form
    make_tree all "${ROOT_PARTS[@]}"
    mkdir -p all/opaque all/whiteouts
    mknod all/whiteouts/gone c 0 0
    setfattr -n trusted.overlay.opaque -v y all/opaque
    tarpack all >tar
    tarpack --manifest=time all >manifest
    for form in --list -tv '-tv --whiteouts=overlay' --json --manifest --manifest=time '-tv . opaque' \
        '--json types/directory modes' '--list none'; do
        # shellcheck disable=SC2086 # words
        {
            run --separate-stderr tarunpack --summary=a $form <tar
            printf '%s\n' "$output" "$status" "${stderr//the archive/the manifest}" >expected
            run --separate-stderr tarunpack --summary=b --from-manifest $form <manifest
            printf '%s\n' "$output" "$status" "$stderr" | cmp expected -
            [ "$status" -ne 0 ] || assert_equal "$(jq -c '.bytes = 0' b)" "$(jq -c '.bytes = 0' a)"
        }
    done
    tarunpack --summary=b --from-manifest --list <manifest >/dev/null
    assert_equal "$(jq .bytes b)" "$(stat -c %s manifest)"
}

@test "tarunpack --from-manifest refuses what is no manifest, or one that is malformed" {
    run -3 --separate-stderr tarunpack --list --from-manifest <layer
    assert_equal "$stderr" 'tarunpack: manifest: it does not begin with #mtree'
    tarpack --manifest=time tree >manifest
    head -n 2 manifest >short
    run -0 tarunpack --list --from-manifest <short
    assert_output ./
    printf './../x' >>short
    run -3 --separate-stderr tarunpack --list --from-manifest <short
    assert_stderr 1 'manifest: line 3: '
    tarpack --manifest tree >manifest
    run -3 --separate-stderr tarunpack --list --from-manifest <manifest
    assert_stderr 1 'no time'
}

@test "mtree prints the output of tarpack --manifest" {
    zlsnap mtree layer >manifest
    tarpack --manifest tree | cmp - manifest
}

@test "NetBSD's mtree(8) checks a directory against the output of mtree, and bsdtar lists it" {
    requires_command mtree
    touch "tree/a b" tree/ünï
    mkfifo tree/fifo
    zlsnap create -q tree layer >/dev/null
    zlsnap mtree layer >manifest
    run -0 mtree -p tree -f manifest
    assert_output ''
    assert_equal "$(LC_ALL=C.UTF-8 bsdtar -tf manifest | sort)" "$(cd tree && find . | sort)"
    echo more >>tree/sub/numbers
    chmod 600 tree/fifo
    rm "tree/a b"
    run -2 mtree -p tree -f manifest
    assert_line --regexp '^sub/numbers:'
    assert_line --regexp 'sha256 .*, '
    assert_line --regexp 'fifo:.*permissions'
    assert_line --partial 'a b'
}

@test "a wrong digest in LAYER.json: status 4 after the list was printed" {
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    run -4 zlsnap list layer
    assert_line --regexp ' sub/numbers$'
    run -4 zlsnap mtree layer
    run -0 zlsnap list --no-verify layer
    run -0 zlsnap mtree --no-verify layer
}

@test "with --expect, LAYER.json is not read" {
    local digest
    digest=$(jq -r .digest layer.json)
    echo lies >layer.json
    run -0 zlsnap list -e "$digest" layer
    run -4 zlsnap list -e "$(printf '0%.0s' {1..64})" layer
    run -4 zlsnap mtree -e "$(printf '0%.0s' {1..64})" layer
    run -2 zlsnap list -e '' layer
    run -3 --separate-stderr zlsnap list layer
    assert_one_line 'layer.json: malformed'
}

@test "a layer without LAYER.json is listed, and damage is detected" {
    rm layer.json
    run -0 zlsnap list layer
    run -0 zlsnap mtree layer
    truncate -s 1000 layer
    run -3 zlsnap list layer
    run -3 zlsnap mtree layer
}

@test "an exceeded limit of tarunpack: status 3" {
    run -3 zlsnap list --max-entries=2 layer
    run -3 zlsnap mtree --max-entries=2 layer
}

@test "writes no files" {
    find . -printf '%p %T@ %C@\n' | sort >"$BATS_TEST_TMPDIR/before"
    zlsnap list layer >/dev/null
    zlsnap mtree layer >/dev/null
    find . -printf '%p %T@ %C@\n' | sort | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "a write error on standard output is an error" {
    run -1 bash -c 'zlsnap list layer >/dev/full'
}

@test "lists standard input, a file from its current offset, a pipe or a socket" {
    local expected name
    expected=$(zlsnap list layer)
    for name in - /dev/stdin; do
        run -0 bash -c 'cat layer | zlsnap list "$1"' - "$name"
        assert_output "$expected"
        run -0 zlsnap list "$name" <layer
        assert_output "$expected"
    done
    (printf 12345 && cat layer) >behind
    run -0 bash -c '{ dd bs=5 count=1 status=none of=/dev/null; zlsnap list -; } <behind'
    assert_output "$expected"
    /usr/bin/python3 -c 'import socket, subprocess, sys
a, b = socket.socketpair()
child = subprocess.Popen(["zlsnap", "list", "-"], stdin=b)
b.close()
a.sendall(open("layer", "rb").read())
a.close()
sys.exit(child.wait())' >listed
    assert_equal "$(cat listed)" "$expected"
    zlsnap mtree layer >manifest
    zlsnap mtree - < <(cat layer) | cmp - manifest
    run -3 zlsnap list - </dev/null
}

@test "a killed program and too little memory are status 1, not a bad layer" {
    run -1 --separate-stderr bash -c 'ulimit -v 24000; zlsnap list layer'
    assert_said 'not enough memory'
    run -1 --separate-stderr bash -c 'ulimit -v 24000; zlsnap mtree --no-verify - <layer'
    fake zstd 'kill -KILL $$'
    run -1 --separate-stderr zlsnap list layer
    assert_said 'zlsnap: zstd was killed by signal KILL'
    fake jq 'kill -KILL $$'
    run -1 --separate-stderr zlsnap list layer
    assert_said 'zlsnap: jq was killed by signal KILL'
}
