#!/usr/bin/env bats
# zlsnap diff

load helpers
load driver

setup() {
    enter_work
    export TMPDIR=$BATS_TEST_TMPDIR/tmp # for the spool
    mkdir "$TMPDIR"
}

# make_differing_trees: makes the trees a and b, with every kind of difference that any user can make.
make_differing_trees() {
    mkdir -p a/dir a/dir-x a/same a/becomes-file a/bin
    seq 100 >a/same/file
    echo one >a/dir/content
    echo gone >a/dir/removed
    echo x >a/mode
    ln -s old a/symlink
    ln a/same/file a/hardlink
    echo x >a/xattrs
    setfattr -n user.kept -v 1 a/xattrs
    setfattr -n user.changed -v 1 a/xattrs
    setfattr -n user.removed -v 1 a/xattrs
    cp -a a b
    echo two >b/dir/content
    rm b/dir/removed
    echo new >b/dir/added
    chmod 4711 b/mode
    ln -sfn 'new one' b/symlink
    ln -f b/mode b/hardlink
    rmdir b/becomes-file
    echo longer >b/becomes-file
    rmdir b/bin
    mkdir b/dir-x/new
    setfattr -n user.changed -v 2 b/xattrs
    setfattr -x user.removed b/xattrs
    setfattr -n user.empty b/xattrs
}

@test "diff lists added and removed entries, and the changes of an entry" {
    make_differing_trees
    run -1 --separate-stderr zlsnap diff a b
    assert_stderr 0 ''
    assert_output 'changed becomes-file (type dir -> file, mode 0755 -> 0644)
removed bin/
added dir/added
changed dir/content (content)
removed dir/removed
added dir-x/new/
changed hardlink (mode 0644 -> 4711, size 292 -> 2, content)
changed mode (type file -> hardlink, mode 0644 -> 4711)
changed same/file (type hardlink -> file)
changed symlink (link old -> new one)
changed xattrs (xattr user.changed changed, xattr user.removed removed, xattr user.empty added)'
}

@test "diff: a tree, its copy and their layers do not differ" {
    make_differing_trees
    cp -a a copy
    zlsnap create -q a layer >/dev/null
    zlsnap create -q --level=9 copy other >/dev/null
    local one two
    for one in a layer; do
        for two in copy other; do
            run -0 --separate-stderr zlsnap diff "$one" "$two"
            assert_output ''
            assert_stderr 0 ''
        done
    done
    refute_leftovers "$TMPDIR"
}

@test "diff: a layer compares like the directory that it was made from" {
    make_differing_trees
    zlsnap create -q a a.layer >/dev/null
    zlsnap create -q b b.layer >/dev/null
    local wanted
    wanted=$(zlsnap diff a b) || true
    run -1 zlsnap diff a b.layer
    assert_output "$wanted"
    run -1 zlsnap diff a.layer b
    assert_output "$wanted"
    run -1 zlsnap diff a.layer b.layer
    assert_output "$wanted"
}

@test "diff --json: one object on each line, with the values of both sides" {
    make_differing_trees
    run -1 --separate-stderr zlsnap diff --json a b
    assert_equal "$(jq -r .path <<<"$output" | wc -l)" 11
    assert_equal "$(jq -c 'select(.path == "mode")' <<<"$output")" \
        '{"change":"changed","path":"mode","type":"hardlink","what":{"type":["file","hardlink"],"mode":["0644","4711"]}}'
    assert_equal "$(jq -c 'select(.path == "symlink").what' <<<"$output")" '{"link":["old","new one"]}'
    assert_equal "$(jq -c 'select(.path == "hardlink").what.size' <<<"$output")" '[292,2]'
    assert_equal "$(jq -r 'select(.path == "dir/content").what.sha256digest[1]' <<<"$output")" \
        "$(sha256sum <b/dir/content | cut -d ' ' -f 1)"
    assert_equal "$(jq -c 'select(.path == "xattrs").what' <<<"$output")" \
        '{"xattr.user.changed":["MQ==","Mg=="],"xattr.user.removed":["MQ==",null],"xattr.user.empty":[null,""]}'
    assert_equal "$(jq -c 'select(.path == "bin")' <<<"$output")" \
        '{"change":"removed","path":"bin","type":"dir"}'
}

@test "diff: owners, devices and times" {
    requires_root
    mkdir a b
    touch -d @1 a/file b/file
    mknod a/device c 1 3
    mknod b/device c 1 5
    chown 5:6 b/file
    run -1 zlsnap diff a b
    assert_output 'changed device (device 1,3 -> 1,5)
changed file (uid 0 -> 5, gid 0 -> 6)'
    chown 0:0 b/file
    rm b/device
    cp -a a/device b
    touch -r a b
    touch -d @2.5 b/file
    run -0 zlsnap diff a b
    run -1 zlsnap diff --time a b
    assert_output 'changed file (time 1.000000000 -> 2.500000000)'
}

@test "diff: whiteouts and opaque directories" {
    requires_root
    mkdir -p a/dir b/dir
    mknod b/gone c 0 0
    setfattr -n trusted.overlay.opaque -v y b/dir
    run -1 zlsnap diff a b
    assert_output 'added gone (whiteout)
added dir/ (opaque)'
    run -1 zlsnap diff --json b a
    assert_equal "$(jq -c '[.change, .path, .whiteout, .opaque]' <<<"$output")" \
        '["removed",".wh.gone",true,null]
["removed","dir/.wh..wh..opq",null,true]'
}

@test "diff: names are printed unambiguously and without control characters" {
    mkdir a b
    touch "b/a b" b/$'new\nline' b/'back\slash' b/ünï b/$'bad\xff' b/$'esc\e[1m' b/$'rtl\xe2\x80\xae' \
        b/-dash b/'"quoted"' b/=, b/$'over\xc0\x80long'
    run -1 zlsnap diff a b
    assert_line 'added a b'
    assert_line 'added new\012line'
    assert_line 'added back\\slash'
    assert_line 'added ünï'
    assert_line 'added bad\377'
    assert_line 'added esc\033[1m'
    assert_line 'added rtl\342\200\256'
    assert_line 'added -dash'
    assert_line 'added "quoted"'
    assert_line 'added =,'
    assert_line 'added over\300\200long'
    assert_equal "${#lines[@]}" 11
    run -1 zlsnap diff --json a b
    local found
    found=$(jq -j 'if .path_base64 then .path_base64 else .path | @base64 end | . + "\n"' <<<"$output" |
        while read -r name; do base64 -d <<<"$name" && printf '\0'; done | sort -z | base64)
    assert_equal "$found" "$(find b -mindepth 1 -printf '%P\0' | sort -z | base64)"
}

@test "diff: an archive of another tool, in another order and with repeated names" {
    mkdir tree
    echo first >tree/file
    tar -C tree -cf layer.tar ./file
    echo second >tree/file
    mkdir tree/dir
    touch tree/dir-x tree/dir/in
    tar -C tree -rf layer.tar --no-recursion ./file ./dir-x ./dir/in ./dir .
    zstd -q layer.tar -o layer
    run -0 zlsnap diff tree layer
    assert_output ''
}

@test "diff: status 2 for errors, 3 for a malformed layer, 4 for a wrong digest" {
    make_layer
    run -2 --separate-stderr zlsnap diff tree nothing
    assert_one_line 'nothing: no such file'
    run -2 --separate-stderr zlsnap diff tree
    assert_one_line 'missing operand B'
    run -2 --separate-stderr zlsnap diff --time=yes tree layer
    run -2 bash -c 'zlsnap diff tree tree/sub >/dev/full'
    set_metadata '.digest = "sha256:" + ("0" * 64)'
    run -4 --separate-stderr zlsnap diff tree layer
    assert_said 'zlsnap: layer: cannot be compared$'
    rm layer.json
    truncate -s 100000 layer
    run -3 zlsnap diff layer tree
    run -3 zlsnap diff --max-entries=2 layer tree
    refute_leftovers "$TMPDIR"
}

@test "diff: tarpack's options apply to directories" {
    mkdir a b
    touch a/file b/file b/skipped
    setfattr -n user.x -v 1 b/file
    run -0 zlsnap diff --exclude=skipped --no-xattrs a b
    run -1 --separate-stderr zlsnap diff --exclude=skipped a b
    assert_output 'changed file (xattr user.x added)'
    # Only b has such a file.
    # shellcheck disable=SC2154
    assert_equal "$stderr" "tarpack: warning: --exclude: pattern 'skipped' excludes nothing"
}

@test "diff: no message when the reader has closed the pipe" {
    mkdir a b
    local long
    long=$(printf '%0100d' 0)
    seq --format="b/$long%g" 2000 | xargs touch # the output is larger than a pipe
    run -0 --separate-stderr bash -c 'zlsnap diff a b | head -n 1'
    assert_output "added ${long}1"
    assert_stderr 0 ''
}

@test "diff: a layer on standard input; a killed program is status 2" {
    mkdir other
    echo content >other/file
    zlsnap create other layer >/dev/null
    run -0 bash -c 'cat layer | zlsnap diff other -'
    run -0 zlsnap diff /dev/stdin other <layer
    echo more >>other/file
    run -1 zlsnap diff - other <layer
    assert_output --partial 'changed file'
    fake zstd 'kill -KILL $$'
    run -2 --separate-stderr zlsnap diff other layer
    assert_said 'zstd was killed by signal KILL'
}

@test "diff: a program with an unknown exit status is status 2, not a difference" {
    mkdir -p installed/{bin,lib} tree
    cp "$PROJECT/zlsnap.sh" installed/bin/zlsnap
    ln -s "$PROJECT/driver" installed/lib/zlsnap
    ln -s "$(command -v tarunpack)" "$(command -v shasum-tee)" installed/bin
    local code
    for code in 5 127; do
        printf '#!/bin/sh\nexit %s\n' "$code" >installed/bin/tarpack
        chmod +x installed/bin/tarpack
        run -2 installed/bin/zlsnap diff tree tree
        assert_output --partial 'tree: cannot be compared'
    done
}

@test "diff: a killed mtreediff is status 2, not a difference" {
    mkdir tree
    fake mtreediff 'kill -KILL $$'
    run -2 --separate-stderr zlsnap diff tree tree
    assert_one_line 'mtreediff was killed by signal KILL'
    assert_output ''
}
