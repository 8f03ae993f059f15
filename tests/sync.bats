#!/usr/bin/env bats
# zlsnap sync and restore with a store in a directory: what is stored, and that it comes back.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load trees
load s3
load store
load refusals

setup() {
    store_setup
}

@test "sync: a directory, unchanged, changed, and restored on another machine" {
    synced
    assert_snapshot
    assert_unchanged
    echo second >tree/file
    synced
    HOME=$PWD/other assert_snapshot
    assert_not_exists other
    run -0 web_sync -q
    assert_output ''
    refute_debris
}

@test "sync: everything that a directory can hold" {
    requires_root
    make_tree tree "${ROOT_PARTS[@]}"
    mknod tree/gone c 0 0
    mkdir tree/opaque
    setfattr -n trusted.overlay.opaque -v y tree/opaque
    synced
    rm -rf back
    run -0 --separate-stderr zlsnap restore web/1 store back
    compare_trees --upper --no-sockets tree back
    assert_unchanged
}

@test "sync: an empty directory, and one with an empty file only" {
    rm tree/file
    synced
    assert_snapshot
    assert_unchanged
    assert_equal "$(packs_count)" 0
    : >tree/empty
    synced
    assert_snapshot
    assert_equal "$(packs_count)" 0
    assert_unchanged
}

@test "sync: only new contents are stored; rename, chmod, touch and removal store none" {
    random_file tree/large 300000
    random_file tree/other 300000
    synced
    local before packs
    packs=$(packs_count)
    for change in 'mv tree/large tree/renamed' 'chmod 600 tree/other' 'touch -d 2001-01-01 tree/other' \
        'rm tree/other' 'cp tree/renamed tree/other2' 'ln tree/renamed tree/link'; do
        before=$(stored_bytes)
        eval "$change"
        synced
        assert_snapshot
        assert_equal "$(packs_count)" "$packs"
        (($(stored_bytes) - before < 3000))
    done
    before=$(stored_bytes)
    random_file tree/new 10000
    synced
    assert_snapshot
    (($(stored_bytes) - before < 14000))
    assert_unchanged
    assert_equal "$(last_document | jq .added_bytes)" \
        "$(($(stored_bytes) - before - $(stat -c %s "$(document_path)")))"
}

@test "sync: one byte in a large file adds little, and it comes back" {
    random_file tree/fixed 24M
    random_file tree/shifting 10000001
    synced
    assert_snapshot
    local before
    before=$(stored_bytes)
    flip_byte tree/fixed 12000000
    synced
    (($(stored_bytes) - before < 60000)) || fail "$(($(stored_bytes) - before))"
    assert_snapshot
    before=$(stored_bytes)
    { printf x && cat tree/shifting; } >shifted
    mv shifted tree/shifting
    synced
    (($(stored_bytes) - before < 600000)) || fail "$(($(stored_bytes) - before))"
    assert_snapshot
    assert_unchanged
    truncate -s 40M tree/hole
    synced
    assert_snapshot
}

@test "sync: going back to an older state stores no content" {
    random_file tree/a 200000
    synced
    cp -a tree old
    rm tree/a
    random_file tree/b 200000
    synced
    local before
    before=$(stored_bytes)
    rm -r tree
    cp -a old tree
    synced
    (($(stored_bytes) - before < 4000))
    assert_snapshot
}

@test "sync: many snapshots: each comes back, by its ID" {
    local number ids=()
    mkdir tree/dir
    for number in {1..6}; do
        echo "$number" >"tree/dir/$((number * 7 % 5))"
        echo "$number" >tree/file
        synced
        tree_keep "$id"
        ids+=("$id")
    done
    assert_all_restore
    run -0 zlsnap snapshots web/1 store
    assert_equal "${#lines[@]}" 6
    (($(last_document | jq '.manifest | length') <= 3))
    refute_debris
}

@test "sync: the options that shape a snapshot are kept and used by the next sync" {
    mkdir tree/cache sub
    echo x >tree/cache/x
    synced --exclude=cache --owner=7 -x
    assert_equal "$(last_document | jq -c .options)" '["--exclude=cache","--owner=7","--one-file-system"]'
    assert_unchanged
    assert_unchanged --exclude=cache --owner=7 -x
    assert_unchanged --live -j 1 -l 1
    echo more >tree/file
    synced
    assert_equal "$(last_document | jq -c .options)" '["--exclude=cache","--owner=7","--one-file-system"]'
    zlsnap restore web/1 store back
    assert_not_exists back/cache
    assert_equal "$(stat -c %u back/file)" 7
    run -0 --separate-stderr web_sync --owner=8
    assert_stderr 1 '^zlsnap: warning: the options differ from those of the last snapshot, which had: --exclude=cache --owner=7 --one-file-system$'
    assert_output --partial synced
    assert_unchanged
    run -0 --separate-stderr web_sync --fresh-options
    assert_stderr 1 'which had: --owner=8$'
    assert_equal "$(last_document | jq -c .options)" '[]'
    assert_snapshot
    run -0 --separate-stderr web_sync --exclude=cache
    assert_stderr 1 'which had: none$'
}

@test "sync: another directory or host under the name of the last snapshot is said" {
    synced
    cp -a tree $'other "\xff'
    for option in --dry-run --level=3; do
        run -0 --separate-stderr zlsnap sync "$option" web/1 ./other* store
        assert_one_line "warning: this is another directory or host than that of the last snapshot, $HOSTNAME:$PWD/tree"
    done
    echo other >>"$(echo other*)/file"
    run -0 --separate-stderr zlsnap sync -q web/1 ./other* store
    assert_stderr 0 ''
    echo more >>"$(echo other*)/file"
    run -0 --separate-stderr zlsnap sync web/1 other* store
    assert_stderr 0 ''
    # shellcheck disable=SC2016 # for bash
    run -0 --separate-stderr bash -c 'HOSTNAME=elsewhere; export HOSTNAME; exec zlsnap sync web/1 other* store'
    assert_one_line "warning: this is another directory or host than that of the last snapshot, "
}

@test "sync: a relative --exclude-from is kept as an absolute one" {
    mkdir tree/cache sub
    echo cache >sub/patterns
    (cd sub && zlsnap sync -X patterns web/1 ../tree ../store)
    assert_equal "$(last_document | jq -c .options)" "[\"--exclude-from=$PWD/sub/patterns\"]"
    (cd / && zlsnap sync web/1 "$OLDPWD/tree" "$OLDPWD/store") >printed
    assert_equal "$(cut -d ' ' -f 2 printed)" unchanged
    rm sub/patterns
    run -1 --separate-stderr web_sync
    assert_stderr 1 'sub/patterns: '
}

@test "sync: an option that is not UTF-8 cannot be kept" {
    run -2 --separate-stderr web_sync --exclude=$'\xff'
    assert_one_line 'is not UTF-8, and cannot be kept in a snapshot; use --exclude-from'
    assert_not_exists store
    : >tree/ü
    synced --exclude=ü
    assert_unchanged
}

@test "names with any characters, and directories with odd bytes" {
    local name dir count total=0
    local -a dirs=(tree $'odd\n\xff dir' -dash)
    for name in 'a b/c d' 'ü/ö/ä' $'a/new\nline' a/b/c a/b%2Fc 'x@host/etc'; do
        count=${#dirs[@]}
        for dir in "${dirs[@]}"; do
            [ -d "./$dir" ] || mkdir -- "./$dir"
            echo "$name $dir" >"./$dir/file"
            run -0 --separate-stderr zlsnap sync -q -- "$name" "$dir" store
            assert_stderr 0 ''
            run -0 --separate-stderr zlsnap restore -- "$name" store back
            compare_trees "./$dir" back
            rm -r back
        done
        run -0 --separate-stderr zlsnap snapshots "$name" store
        assert_equal "${#lines[@]}" "$count"
        total=$((total + count))
        dirs=(tree)
    done
    run -0 zlsnap snapshots store
    assert_equal "${#lines[@]}" "$total"
    run -0 jq -r .name <<<"$(zlsnap snapshots --json store)"
    assert_line 'ü/ö/ä'
    assert_line 'a/b%2Fc'
    for name in a /a a/ / '' a/b@ 'a/b@c'; do
        run -2 --separate-stderr zlsnap sync "$name" tree store
        assert_stderr 1 '^zlsnap: '
    done
}

@test "a store in the directory, or a state in it, is refused before anything is made" {
    local place
    mkdir tree/in
    ln -s "$PWD/tree" link
    cp -a tree before
    for place in tree tree/in link/in "$PWD/tree/in" tree/new link/new ./tree//./new; do
        run -2 --separate-stderr zlsnap sync web/1 tree "$place"
        assert_one_line 'the store, is inside of tree'
        run -2 --separate-stderr web_sync --state="$place"
        assert_one_line 'the state directory, is inside of tree'
        compare_trees before tree
    done
    assert_not_exists store
    assert_not_exists "$STATE"
    run -1 --separate-stderr zlsnap sync web/1 none store
    assert_one_line 'none: no such directory'
    run -1 --separate-stderr zlsnap sync web/1 tree/file store
    assert_one_line 'tree/file: is not a directory'
    run -1 --separate-stderr zlsnap sync web/1 tree none/store
    assert_one_line 'none/store: cannot be made: No such file or directory'
}

@test "a directory of something else is no store: swapped operands do not fill it" {
    mkdir -p live/web/1 store/.hidden store/lost+found
    echo first >live/web/1/packs
    store_facts live >before
    for option in -q --dry-run; do
        refused 2 'zlsnap: live: is not empty, and no store of zlsnap; the order is NAME DIR STORE' \
            zlsnap sync "$option" web/1 store live/
    done
    store_facts live >after
    run -0 diff before after
    synced
    refused 2 'zlsnap: live: is not empty, and no store of zlsnap; the order is NAME FROM TO' \
        zlsnap copy web/1 store live
    # A store, also one that only a killed sync has begun.
    mkdir -p begun/web/1/incoming
    run -0 zlsnap copy web/1 store begun
    touch store/README
    assert_unchanged
}

@test "the state is in --state, STATE_DIRECTORY, XDG_STATE_HOME or HOME" {
    web_sync --state=a
    STATE_DIRECTORY=$PWD/b:/nowhere web_sync
    XDG_STATE_HOME=$PWD/c web_sync
    web_sync
    local place
    for place in a b c/zlsnap home/.local/state/zlsnap; do
        exists_like "$place/sync/*/web/1/cache"
    done
    HOME='' run -2 --separate-stderr web_sync
    assert_one_line 'neither HOME nor XDG_STATE_HOME is set'
}

@test "two stores have one name each" {
    synced
    run -0 zlsnap sync web/1 tree other
    assert_output --regexp '^web/1 synced'
    echo second >tree/file
    synced
    run -0 zlsnap restore web/1 other back
    assert_equal "$(cat back/file)" first
    assert_equal "$(find "$STATE" -path '*/web/1' -type d | wc -l)" 2
}

@test "two concurrent syncs of one state: the second fails and changes nothing" {
    fake tarstore "touch \"\$PWD/reached\"; while [ ! -e \"\$PWD/go\" ]; do sleep 0.02; done; exec '$ZLSNAP_BIN/tarstore' \"\$@\""
    start zlsnap sync web/1 tree store
    wait_until test -e reached
    run -1 --separate-stderr web_sync
    assert_one_line 'web/1: another sync of this name is running'
    touch go
    wait "$driver"
    assert_snapshot
}

@test "sync --dry-run: says what would be stored, and writes neither to the store nor to the state" {
    random_file tree/random 100000
    mkdir tmp
    export TMPDIR=$PWD/tmp
    run -0 --separate-stderr web_sync --dry-run
    assert_stderr 0 ''
    assert_output --regexp '^web/1 changed 3 entries, 97.7 KiB, 9[78].[0-9] KiB of new contents before compression$'
    assert_not_exists store
    assert_not_exists "$STATE"
    synced
    random_file tree/more 5000
    store_facts store "$STATE" >before
    run -0 --separate-stderr web_sync -n
    assert_stderr 0 ''
    assert_output --regexp '^web/1 changed 4 entries, 102.5 KiB, [45].[0-9] KiB of new contents before compression$'
    store_facts store "$STATE" >after
    run -0 diff before after
    rm -r "$STATE"
    run -0 web_sync -n
    assert_output --regexp ' [45].[0-9] KiB of new contents before compression$'
    synced
    run -0 web_sync -n
    assert_output "web/1 unchanged $id"
    run -0 ls -A tmp
    assert_output ''
}

@test "sync --progress: says which phase runs, and sums up" {
    run -0 --separate-stderr web_sync --progress=always
    assert_said $'\r\e[[]Ksending\r\e[[]Kcomparing'
    assert_said $'\e[[]Kzlsnap: web/1: 2 entries, 6 bytes, [0-9.]+ KiB added in [0-9.]+ s$'
    run -0 --separate-stderr web_sync --progress=always
    assert_said $'\e[[]Kzlsnap: web/1: 2 entries, 6 bytes, 0 bytes added in [0-9.]+ s$'
    run -0 --separate-stderr web_sync --progress=never
    assert_stderr 0 ''
}
