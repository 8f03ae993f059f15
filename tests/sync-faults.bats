#!/usr/bin/env bats
# zlsnap sync, restore and snapshots with bad input and full disks: one clear line, and nothing is lost.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3
load store

make_synced() {
    mkdir tree home
    random_file tree/random 1500000
    seq 20000 >tree/numbers
    zlsnap sync -q --state="$BATS_FILE_TMPDIR/state" web/1 tree store
    cp -a tree old
    echo second >tree/file
    zlsnap sync -q --state="$BATS_FILE_TMPDIR/state" web/1 tree store
}

setup() {
    enter_work
    export HOME=$PWD/home
    unset XDG_STATE_HOME STATE_DIRECTORY
    made_once make_synced
    documents_here
    STATE=$HOME/.local/state/zlsnap
}

# fails_with STATUS TEXT COMMAND...: it fails with this status and one line, and DIR does not appear.
fails_with() {
    run "-$1" --separate-stderr "${@:3}"
    assert_one_line "$2"
    assert_output ''
    assert_not_exists back
}

object() {
    last_document | jq -r "$1"
}

# packs_of FILTER...: the largest and the smallest pack.
large_pack() {
    find store/web/1/packs -name '*.zst' ! -name '*.index.zst' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2
}

@test "restore: a damaged, cut or missing pack: one line, and DIR does not appear" {
    local pack
    pack=$(large_pack)
    cp -p "$pack" good
    flip_byte "$pack" 700000
    run -3 --separate-stderr zlsnap restore web/1 store back
    assert_stderr 1 "^tarjoin: .*$(basename "$pack" .zst)"
    assert_not_exists back
    truncate -s 700000 "$pack"
    fails_with 1 'has no complete snapshot' zlsnap restore web/1 store back
    rm "$pack"
    fails_with 1 "packs/${pack##*/} is missing" zlsnap restore web/1 store back
    run -0 zlsnap snapshots web/1 store
    assert_output --partial "broken: packs/${pack##*/} is missing"
    # A sync stores it again.
    run -0 --separate-stderr web_sync
    assert_stderr 0 ''
    assert_snapshot
    # The old snapshot is as before as soon as the pack is there.
    cp -p good "$pack"
    assert_snapshot "$(zlsnap snapshots --json web/1 store | jq -rs '.[0].id')" old
}

@test "restore: a damaged or missing index of a pack" {
    local index
    for index in store/web/1/packs/*.index.zst; do
        cp -p "$index" good
        flip_byte "$index" 60
        run --separate-stderr zlsnap restore web/1 store back
        [[ $status == [34] ]]
        assert_said "${index##*/}: is damaged"
        assert_not_exists back
        rm "$index"
        run --separate-stderr zlsnap restore web/1 store back
        assert_one_line "${index##*/} is missing"
        # The snapshot before may not need it.
        [ "$status" -eq 1 ] || compare_trees old back
        rm -rf back
        cp -p good "$index"
    done
    assert_snapshot
}

@test "restore: a damaged, missing or swapped manifest" {
    local objects first
    mapfile -t objects < <(object '.manifest[].object')
    first=store/web/1/${objects[0]}
    cp -p "$first" good
    flip_byte "$first" 100
    fails_with 4 "${objects[0]}: is damaged: its digest is not its name" zlsnap restore web/1 store back
    rm "$first"
    fails_with 1 "${objects[0]} is missing" zlsnap restore web/1 store back
    cp -p "store/web/1/${objects[1]-$(object '.chunks[0].object')}" "$first"
    fails_with 1 "${objects[0]} has" zlsnap restore web/1 store back
    cp -p good "$first"
    assert_snapshot
}

# hostile_object DIR MIB: stores zeros that zstd has compressed, as DIR/HEX.zst; prints the digest and the size.
hostile_object() {
    local digest
    head -c "$2M" /dev/zero | zstd -q -1 >zeros
    digest=$(sha256sum <zeros)
    mv zeros "store/web/1/$1/${digest:0:64}.zst"
    echo "${digest:0:64}" "$(stat -c %s "store/web/1/$1/${digest:0:64}.zst")"
}

@test "restore, check: a manifest that decompresses to far more than a manifest has" {
    local hex size path
    read -r hex size < <(hostile_object manifests 300)
    path=$(document_path)
    jq -c --arg object "manifests/$hex.zst" --argjson size "$size" '.manifest = [{object: $object, size_bytes: $size}]' \
        "$path" >edited
    mv edited "$path"
    fails_with 3 'its manifest cannot be rebuilt: it decompresses to more than 26' zlsnap restore web/1 store back
    run -3 --separate-stderr zlsnap check store
    assert_line --index 0 --partial 'its manifest cannot be rebuilt: it decompresses to more than 26'
    assert_equal "$stderr" ''
}

@test "restore, check: an index that decompresses to far more than an index has" {
    local index path size
    path=$(document_path)
    index=store/web/1/packs/$(jq -r '.packs[0].pack' "$path").index.zst
    rm "$index"
    head -c 20M /dev/zero | zstd -q -o "$index"
    size=$(stat -c %s "$index")
    for path in store/web/1/snapshots/*; do
        jq -c --arg pack "$(basename "$index" .index.zst)" --argjson size "$size" \
            '(.packs[] | select(.pack == $pack)).index_size_bytes = $size' "$path" >edited
        mv edited "$path"
    done
    run -3 --separate-stderr zlsnap check store
    assert_line --index 0 --regexp 'index.zst: is malformed: it decompresses to more than [0-9]+ KiB; breaks'
    run -3 --separate-stderr zlsnap restore web/1 store back
    assert_said 'index.zst: is damaged'
    assert_not_exists back
}

@test "documents: malformed, cut, newer, of another name or with another file name are broken, and nothing else is lost" {
    local path filter
    path=$(document_path)
    cp "$path" good
    for filter in '.schema_version = 2' 'del(.packs)' '.packs = ["x"]' '.name = "web/2"' '.sequence = 7' '.id = "../../../../x"' \
        '.manifest[0].object = "../../../etc/passwd"' '.packs[0].pack = "../x"' '.options = [1]' '.time = "now"' \
        '.tree_digest = "x"' '.entries = -1' '.size_bytes = 1e300' '[.]' 'empty' '., .' '"text"'; do
        jq -c "$filter" good >"$path"
        run -0 --separate-stderr zlsnap snapshots web/1 store
        assert_stderr 0 ''
        assert_equal "$(grep -c broken <<<"$output")" 1
        run -0 --separate-stderr zlsnap restore web/1 store back
        assert_one_line "${path##*/} is broken: it"
        compare_trees old back
        rm -r back
    done
    head -c 200 good >"$path"
    run -0 --separate-stderr zlsnap restore web/1 store back
    assert_one_line "${path##*/} is broken: it is not JSON"
    rm -r back
    run -0 --separate-stderr web_sync
    assert_snapshot
    cp good "$path"
    run -0 zlsnap snapshots web/1 store
    refute_output --partial broken
}

@test "documents: one of another name that was copied here" {
    mkdir -p store/web/2
    cp -a store/web/1/. store/web/2
    fails_with 1 'it has no valid name' zlsnap restore web/2 store back
    run -0 zlsnap sync web/2 tree store
    rm -r store/web/1
    run -0 zlsnap restore web/2 store back
    compare_trees tree back
}

@test "documents: an option that sync would not keep is refused, and a file of patterns of another machine" {
    local path option
    path=$(document_path)
    cp "$path" good
    for option in --summary=victim --cache=victim --live -- DIR --contents=1; do
        jq -c --arg option "$option" '.options = [$option]' good >"$path"
        rm -rf "$STATE"
        fails_with 3 "the last snapshot has the option '$option', which none can have" web_sync
        assert_not_exists victim
    done
    jq -c '.options = ["--exclude-from=/etc/passwd"]' good >"$path"
    rm -rf "$STATE"
    fails_with 2 "'--exclude-from=/etc/passwd', which was not used here before: give the options, or --fresh-options" web_sync
    jq -c '.options = ["--exclude=numbers"]' good >"$path"
    run -0 --separate-stderr web_sync
    assert_one_line 'using the options of the last snapshot, for the first time here: --exclude=numbers'
    run -0 --separate-stderr web_sync
    assert_stderr 0 ''
}

@test "foreign files and directories in the store are left alone" {
    mkdir -p store/lost+found "store/a b" store/web/1/{foreign,packs/dir} store/web/1/snapshots/dir
    echo x >store/README
    echo x >store/web/1/snapshots/99999999999999999999-20261129T000000Z-000000000000.json
    echo x >store/web/1/snapshots/99999999-x
    echo x >"store/web/1/packs/with space"
    ln -s /etc store/web/1/packs/link
    echo third >tree/file
    run -0 --separate-stderr web_sync
    assert_stderr 0 ''
    assert_snapshot
    run -0 find store/web/1/snapshots -name '00000002-*'
    assert_equal "${#lines[@]}" 1
    [ -e store/README ] && [ -e store/web/1/packs/link ]
}

@test "a store that is not there, is a file, or cannot be read" {
    fails_with 1 'none: cannot be opened: No such file or directory' zlsnap restore web/1 none back
    fails_with 1 'none: cannot be opened: No such file or directory' zlsnap snapshots none
    fails_with 1 'none/store: cannot be made: No such file or directory' zlsnap sync web/1 tree none/store
    fails_with 1 'tree/numbers: cannot be opened: Not a directory' zlsnap snapshots tree/numbers
    fails_with 1 'web/2: store has no such name' zlsnap restore web/2 store back
    fails_with 1 'web/2: store has no such name' zlsnap snapshots web/2 store
    mkdir empty
    run -0 zlsnap snapshots empty
    assert_output ''
}

@test "a store that is read-only" {
    requires_root
    mount -t tmpfs tmpfs store
    zlsnap sync -q web/1 tree store
    mount -o remount,ro store
    run -0 web_sync
    assert_output --partial unchanged
    assert_snapshot
    echo third >tree/file
    run -1 --separate-stderr web_sync
    assert_stderr 1 'Read-only file system'
    mount -o remount,rw store
    run -0 web_sync
    assert_snapshot
}

@test "a full disk for the store: one line, and every snapshot stays" {
    requires_root
    mount -t tmpfs -o size=8m tmpfs store
    zlsnap sync -q web/1 tree store
    tree_keep "$(zlsnap snapshots --json web/1 store | jq -r .id)"
    random_file tree/large 12M
    run -1 --separate-stderr web_sync
    assert_stderr 1 'No space left on device'
    assert_all_restore
    rm tree/large
    run -0 --separate-stderr web_sync
    assert_snapshot
    refute_debris
}

@test "a full disk for the state: one line that says what to do, and the store is as before" {
    requires_root
    local size
    store_facts store/web/1/snapshots >before
    seq 3000 | sed "s/^/tree\/a-long-name-of-an-empty-file-/" | xargs touch
    random_file tree/large 4M
    for size in 40k 200k 600k; do
        mkdir -p small
        mount -t tmpfs -o size=$size tmpfs small
        run -1 --separate-stderr web_sync --state=small
        assert_one_line '; free space there, or use --state=DIR'
        store_facts store/web/1/snapshots >now
        cmp before now
        umount small
    done
    run -0 web_sync
    assert_snapshot
}

@test "a full disk for TMPDIR: one line" {
    requires_root
    mkdir small
    mount -t tmpfs -o size=4k tmpfs small
    run -1 --separate-stderr env TMPDIR="$PWD/small" zlsnap restore web/1 store back
    assert_stderr 1 'No space left on device|cannot be written'
    assert_not_exists back
    run -1 --separate-stderr env TMPDIR="$PWD/small" zlsnap snapshots web/1 store
    assert_stderr 1 'No space left on device|cannot be written'
}

@test "a jq that is killed, or cannot write, says nothing about a document" {
    local command
    fake jq 'case " $* " in *" kind "*) if [ -e fails ]; then kill -KILL $$; fi ;; esac
PATH=/usr/bin:/bin exec jq "$@"'
    touch fails
    for command in 'snapshots web/1 store' 'restore web/1 store back' 'forget --keep-last=1 web/1 store' \
        'gc store' 'check store' 'sync --state=new web/1 tree store'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr zlsnap $command
        assert_stderr 1 'jq was killed by signal KILL'
    done
    rm fails
    run -0 zlsnap check store
}

@test "a find that fails without a word does not mean that objects are missing" {
    local command
    fake find 'case " $* " in *" -maxdepth 0 "*) exit 1 ;; esac
PATH=/usr/bin:/bin exec find "$@"'
    for command in 'snapshots web/1 store' 'restore web/1 store back' 'gc store' 'sync --state=new web/1 tree store'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr zlsnap $command
        assert_stderr 1 'cannot be read: find failed with status 1'
    done
}

@test "restore: after a failure the spool is removed when all has ended that may write to it" {
    export ENDED=$PWD/ended
    fake zstd 'case $(readlink /proc/self/fd/0) in
*/manifests/*) exit 1 ;;
*.index.zst) sleep 1 && touch "$ENDED" ;;
esac
PATH=/usr/bin:/bin exec zstd "$@"'
    # `run` would wait for what is left.
    zlsnap restore web/1 store back >said 2>&1 || [ $? -eq 3 ]
    assert_exists "$ENDED"
}

@test "sync: links, pipes and packs that others put into incoming/ are not used" {
    local mine pack
    rm -r store/web/1/incoming
    run -0 web_sync -q
    mine=$(echo store/web/1/incoming/*)
    mkdir -p outside/dir
    touch outside/{file,dir/file,pack.zst}
    ln -s "$PWD/outside" "$mine/.put-1-1"
    printf -v pack %064d 1
    mkfifo "$mine/$pack.zst"
    touch "$mine/$pack.index"
    echo third >tree/file
    synced
    run -0 find outside -type f
    assert_equal "${#lines[@]}" 3
    rm -r "$mine"
    ln -s "$PWD/outside" "$mine"
    echo fourth >tree/file
    fails_with 1 'it is a symbolic link, or has one' web_sync
    run -0 find outside -type f
    assert_equal "${#lines[@]}" 3
}

@test "sync: no document can follow one with the highest number" {
    local last=store/web/1/snapshots/99999999-20261129T000000Z-000000000000.json
    echo x >"$last"
    echo third >tree/file
    fails_with 1 'has a document with the number 99999999' web_sync
    rm "$last"
    synced
}

@test "forget: no document can follow one with the highest number" {
    echo x >store/web/1/snapshots/99999999-x
    mkdir store/web/1/doomed
    jq -nc '{schema_version: 1, name: "web/1", time: "2026-11-29T00:00:00Z", objects: []}' \
        >store/web/1/doomed/99999999-20261129T000000Z-000000000000.json
    run -1 --separate-stderr zlsnap forget --keep-last=1 web/1 store
    assert_stderr 1 'has a document with the number 99999999'
}

@test "sync, restore, check and gc: paths with backslashes and newlines" {
    local name
    for name in 'back\slash' $'new\nline'; do
        random_file tree/random 1500000
        run -0 zlsnap sync -q --state="state $name" web/1 tree "$name"
        echo "$name" >tree/file
        run -0 zlsnap sync -q --state="state $name" web/1 tree "$name"
        run -0 zlsnap check -q --read-data "$name"
        run -0 zlsnap restore -q web/1 "$name" "back $name"
        compare_trees tree "back $name"
        run -0 zlsnap forget --keep-last=1 web/1 "$name"
        run -0 zlsnap gc --grace=0 "$name"
        run -0 zlsnap check -q --read-data "$name"
    done
}
