#!/usr/bin/env bats
# zlsnap gc deletes what no snapshot needs any more, in two steps, and nothing else.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3
load snapshots

setup() {
    enter_work
    enter_memory
    export HOME=$PWD TMPDIR=$BATS_TEST_TMPDIR
}

# garbage: the snapshots a, which is forgotten, b and c. The packs 1 and 2 are needed by a, 2 and 3 by b and c, and 4
# by none. All of it is three days old.
garbage() {
    document_put 0 2026-03-01T10:00:00Z a 1 2
    document_put 1 2026-03-02T10:00:00Z b 2 3
    document_put 2 2026-03-02T11:00:00Z c 2 3
    pack_put 4
    doomed 0 "$(snapshot_key a)"
    put_at '3 days ago' store
}

everything='manifests/a manifests/b manifests/c packs/1 packs/1.index packs/2 packs/2.index packs/3 packs/3.index packs/4 packs/4.index'

# documents: prints the numbers of the documents in doomed/.
documents() {
    find store/web/1/doomed -name '*.json' | sed -E 's|.*/0*([0-9]+)-.*|\1|' | sort -n | xargs
}

@test "dooms what no kept snapshot needs, and deletes it after the grace period" {
    garbage
    run -0 zlsnap gc store
    assert_line --regexp "^web/1  doomed      packs/1{64}.index.zst  8 bytes$"
    assert_line --regexp "^web/1  deleted     snapshots/00000000-.*-a{12}.json  [0-9]+ bytes$"
    assert_line --regexp '^5 objects wait until 20.*:00[+-].*$'
    assert_line --regexp '^1 object deleted \([0-9]+ bytes\), 5 doomed \(40 bytes\), 0 struck off$'
    assert_equal "$(stored_letters)" "$everything"
    assert_equal "$(listed) $(listed forgotten)" 'b c '
    assert_equal "$(documents)" 1
    run -0 zlsnap gc store
    assert_line '0 objects deleted (0 bytes), 0 doomed (0 bytes), 0 struck off'
    assert_equal "${#lines[@]}" 2
    assert_equal "$(stored_letters)" "$everything"
    put_at '25 hours ago' store/web/1/doomed
    run -0 zlsnap gc store
    assert_line --regexp '^5 objects deleted \(40 bytes\), 0 doomed \(0 bytes\), 0 struck off$'
    assert_equal "$(stored_letters)" 'manifests/b manifests/c packs/2 packs/2.index packs/3 packs/3.index'
    assert_equal "$(documents)" ''
    assert_equal "$(listed)" 'b c'
}

@test "what is younger than the grace period is not doomed" {
    garbage
    touch "store/web/1/packs/$(hex_name 4).zst"
    put_at '30 hours ago' "store/web/1/packs/$(hex_name 1).zst"
    run -0 zlsnap gc --grace=31h web/1 store
    refute_line --regexp 'doomed .* packs/[px]{64}.zst'
    assert_line --regexp 'doomed .* packs/1{64}.index.zst'
}

@test "--grace=0 does both steps at once" {
    garbage
    run -0 zlsnap gc --grace=0 --dry-run web/1 store
    assert_equal "$(stored_letters)" "$everything"
    local planned=$output
    run -0 zlsnap gc --grace=0 web/1 store
    assert_equal "$planned" "$output; a dry run: nothing was changed"
    assert_line --regexp '^6 objects deleted .*, 0 doomed'
    assert_equal "$(sed -E 's/.*  ([a-z]+\/[^ ]*)  .*/\1/' <<<"$output" | sort | uniq -d)" ''
    assert_equal "${#lines[@]}" 7
    assert_equal "$(stored_letters)" 'manifests/b manifests/c packs/2 packs/2.index packs/3 packs/3.index'
    assert_equal "$(documents)" ''
}

@test "--json: an object for each line, and the numbers" {
    garbage
    run -0 zlsnap gc --json --grace=0 web/1 store
    assert_equal "$(jq -s -c 'map(.action) | group_by(.) | map([.[0], length])' <<<"$output")" '[[null,1],["deleted",6]]'
    run -0 jq -c 'select(.action == null) | [.deleted, .doomed, .struck_off, .foreign, .waiting_objects, .waiting_until, .dry_run]' <<<"$output"
    assert_output '[6,0,0,0,0,null,false]'
    garbage
    run -0 zlsnap gc --json --dry-run web/1 store
    run -0 jq -r 'select(.action == "doomed" and .object == "manifests/'"$(hex_name a)"'.zst") | .name, .size_bytes' <<<"$output"
    assert_output 'web/1
8'
}

@test "--progress: says what it does, and leaves no line" {
    garbage
    run -0 --separate-stderr zlsnap gc --progress=always --grace=0 web/1 store
    assert_said 'web/1: reading documents'
    assert_said 'web/1: deleting, [0-9]+ left'
    [[ $stderr == *$'\r\e[K' ]]
}

@test "says what waits, and until when; -q prints nothing" {
    document_put 0 2026-03-01T10:00:00Z a 1
    document_put 1 2026-03-02T10:00:00Z b 2
    put_at '2026-03-05 10:00:30 UTC' store
    doomed 0 "$(snapshot_key a)"
    touch -d '2026-03-05 13:00:01 UTC' store/web/1/doomed/*
    gc_since() {
        run -0 zlsnap gc --dry-run --grace="$(($(date +%s) - $(date -d "$1" +%s)))" store
    }
    gc_since '2026-03-05 09:50:00 UTC'
    local until
    until=$(date -ud "@$(($(date +%s) - $(date -d '2026-03-05 09:50:00 UTC' +%s) + $(date -d '2026-03-05 13:00:01 UTC' +%s)))" +%F)
    assert_line --regexp "^1 forgotten snapshot and 3 objects wait until ${until}T.*:00[+-].*\$"
    assert_line '0 objects deleted (0 bytes), 0 doomed (0 bytes), 0 struck off; a dry run: nothing was changed'
    gc_since '2026-03-05 12:00:00 UTC'
    assert_line --regexp "^1 forgotten snapshot and 3 objects wait until "
    assert_line --regexp '^0 objects deleted .*, 3 doomed'
    gc_since '2026-03-05 13:00:10 UTC'
    assert_line --regexp '^3 objects wait until '
    assert_line --regexp '^1 object deleted .*, 3 doomed'
    run -0 --separate-stderr zlsnap gc -q store
    assert_equal "$output$stderr" ''
}

@test "--dry-run changes nothing, and needs no right to write" {
    garbage
    find store -printf '%p %T@\n' | sort >before
    # shellcheck disable=SC2016 # the script expands it
    fake mv '[[ $* != *store/web* ]] || echo "$*" >>../writes; exec /bin/mv "$@"'
    run -0 zlsnap gc --dry-run store
    assert_line --regexp 'doomed .* packs/4{64}.zst'
    find store -printf '%p %T@\n' | sort | diff before -
    assert_not_exists ../writes
}

@test "a broken snapshot protects what it needs" {
    garbage
    rm "store/web/1/packs/$(hex_name 3).zst"
    run -0 zlsnap gc --grace=0 store
    assert_equal "$(stored_letters)" 'manifests/b manifests/c packs/2 packs/2.index packs/3.index'
}

@test "what is needed again is struck off, and doomed anew before it is deleted" {
    garbage
    zlsnap gc store
    # A sync that had listed the store before.
    document_put 3 2026-03-04T11:00:00Z d 1 2
    put_at '25 hours ago' store/web/1/doomed
    run -0 zlsnap gc store
    assert_line --regexp 'struck off  packs/1{64}.zst'
    assert_line --regexp '^3 objects deleted .*, 0 doomed \(0 bytes\), 2 struck off$'
    assert_equal "$(stored_letters)" \
        'manifests/b manifests/c manifests/d packs/1 packs/1.index packs/2 packs/2.index packs/3 packs/3.index'
    assert_equal "$(documents)" ''
    document_put 4 2026-03-04T11:00:00Z e 2
    zlsnap forget web/1@d store
    put_at '3 days ago' store
    run -0 zlsnap gc store
    assert_line --regexp 'doomed .* packs/1{64}.zst'
    refute_line --regexp 'deleted .* packs/1{64}.zst'
}

@test "what a snapshot needed until a moment ago has its grace period, although it was doomed before" {
    garbage
    zlsnap gc store
    put_at '3 days ago' store
    document_put 3 2026-03-04T11:00:00Z d 1 2
    document_put 4 2026-03-04T12:00:00Z e 2
    zlsnap forget web/1@d store
    run -0 zlsnap gc store
    assert_line --regexp 'struck off  packs/1{64}.zst'
    assert_line --regexp 'deleted .* packs/4{64}.zst'
    assert_equal "$(listed forgotten)" d
}

@test "a forgotten snapshot is never kept again, wherever gc is killed" {
    local step
    for step in {1..6}; do
        rm -rf store
        garbage
        zlsnap gc store >/dev/null
        put_at '3 days ago' store
        doomed 7 "$(snapshot_key b)"
        put_at '3 days ago' store
        rm -f ../steps
        # shellcheck disable=SC2016 # the script expands it
        fake rm '[[ $* != *store/* ]] || echo >>../steps
            [[ $* != *store/* || $(wc -l <../steps) -lt '"$step"' ]] || exit 1
            exec /bin/rm "$@"'
        zlsnap gc store >/dev/null 2>&1 || :
        assert_equal "$(listed)" c
        fake rm 'exec /bin/rm "$@"'
        zlsnap gc store >/dev/null
        assert_equal "$(listed) $(listed forgotten)" 'c '
        put_at '3 days ago' store
        zlsnap gc store >/dev/null
        assert_equal "$(stored_letters)" 'manifests/c packs/2 packs/2.index packs/3 packs/3.index'
        assert_equal "$(documents)" ''
    done
}

@test "a name of which all snapshots are forgotten is removed, in two steps, wherever gc is killed" {
    local step
    for step in {1..4}; do
        rm -rf store
        garbage
        mkdir -p store/web/1/incoming/0123456789abcdef store/web/2/packs
        put_at '3 days ago' store
        zlsnap forget --all web/1 store >/dev/null
        run -0 zlsnap gc store
        assert_equal "$(stored_letters)" "$everything"
        assert_line --regexp '^3 forgotten snapshots and 11 objects wait until '
        # What forget has doomed is old before what gc has doomed: the documents of the snapshots stay.
        put_at '25 hours ago' store/web/1/doomed/00000001-*
        zlsnap gc store >/dev/null
        assert_equal "$(listed forgotten)" 'a b c'
        put_at '3 days ago' store
        rm -f ../steps
        # shellcheck disable=SC2016 # the script expands it
        fake rm '[[ $* != *store/web/1/[a-z]*/* ]] || echo >>../steps
            [[ $* != *store/web/1/[a-z]*/* || $(wc -l <../steps) -lt '"$step"' ]] || exit 1
            exec /bin/rm "$@"'
        local status=0
        zlsnap gc store >/dev/null 2>&1 || status=1
        assert_equal "$status" "$((step < 4))"
        fake rm 'exec /bin/rm "$@"'
        run -0 zlsnap gc store
        assert_equal "$(find store)" store
    done
}

# --------------------------------------------------------------------------- fails closed

# assert_untouched STATUS TEXT: gc fails with this message, and changes nothing.
assert_untouched() {
    find store -type f | sort >before
    run "-$1" --separate-stderr zlsnap gc --grace=0 web/1 store
    assert_one_line "$2"
    find store -type f | sort | diff before -
}

@test "a document that is malformed or of a newer version: nothing is deleted" {
    garbage
    local key problem
    for key in "$(snapshot_key b)" doomed/00000009-20260101T000000Z-000000000009.json; do
        cp "store/web/1/$key" kept 2>/dev/null || :
        for problem in '{' '{"schema_version":2}' '[]' ''; do
            echo "$problem" >"store/web/1/$key"
            assert_untouched 3 "store/web/1/$key: i"
        done
        cp kept "store/web/1/$key"
    done
}

@test "a malformed document of a forgotten snapshot does not matter" {
    garbage
    echo '{' >"store/web/1/$(snapshot_key a)"
    run -0 zlsnap gc --grace=0 store
    assert_equal "$(stored_letters)" 'manifests/b manifests/c packs/2 packs/2.index packs/3 packs/3.index'
}

@test "a document that is listed, but cannot be read: nothing is deleted" {
    garbage
    # shellcheck disable=SC2016 # the script expands it
    fake cp 'for file; do case $file in */snapshots/*bbb.json) exit 0 ;; esac; done; exec /bin/cp "$@"'
    assert_untouched 3 ': is listed, but could not be read'
}

@test "a listing that is not understood: nothing is deleted" {
    garbage
    # shellcheck disable=SC2016 # the script expands it
    fake find 'case "$*" in *printf*) echo "packs/4	many	3" ;; esac; exec /usr/bin/find "$@"'
    assert_untouched 1 'store/web/1: cannot be listed:'
}

@test "no snapshot: nothing is deleted, unless --allow-remove-all is given" {
    garbage
    rm "store/web/1/$(snapshot_key b)" "store/web/1/$(snapshot_key c)"
    assert_untouched 1 'web/1: has no snapshot'
    rm store/web/1/snapshots/*
    assert_untouched 1 'web/1: has no snapshot, but other objects; nothing was deleted; --allow-remove-all deletes them'
    doomed 5 "packs/$(hex_name 3).zst"
    put_at '3 days ago' store
    assert_untouched 1 'web/1: has no snapshot'
    run -0 zlsnap gc --allow-remove-all --grace=0 store
    assert_equal "$(stored_letters) $(documents)" ' '
}

@test "the first sync of a name that is still running is no error" {
    pack_put 4
    run -0 zlsnap gc store
    assert_line --regexp '^2 objects wait until '
    rm store/web/1/packs/*.index.zst
    run -0 zlsnap gc store
    assert_line --regexp '^1 object waits until '
    assert_line '0 objects deleted (0 bytes), 0 doomed (0 bytes), 0 struck off'
}

@test "the clock of the store is behind the times in it: nothing is deleted" {
    garbage
    put_at '2 days' "store/web/1/packs/$(hex_name 2).zst"
    assert_untouched 1 "packs/$(hex_name 2).zst: its time lies in the future, or the clock of the store is wrong"
    put_at '2 days ago' store
    document_put 3 2199-01-01T00:00:00Z d
    assert_untouched 1 "snapshots/00000003-21990101T000000Z-dddddddddddd.json: its time lies in the future"
    document_put 4 2026-03-04T00:00:00Z e
    zlsnap forget web/1@d store
    zlsnap gc --grace=0 store
    assert_equal "$(stored_letters)" \
        'manifests/b manifests/c manifests/e packs/2 packs/2.index packs/3 packs/3.index'
}

@test "gc that takes longer than half of the grace period gives up" {
    garbage
    doomed 7 "packs/$(hex_name 4).zst"
    put_at '3 days ago' store
    # shellcheck disable=SC2016 # the script expands it
    fake find '[[ $* != *store/web/1* && $* != *printf* ]] || sleep 0.6; exec /usr/bin/find "$@"'
    run -1 --separate-stderr zlsnap gc --grace=1 web/1 store
    assert_stderr 1 'web/1: gc took longer than half of the grace period; nothing more was deleted; run it again'
    assert_equal "$(stored_letters)" "$everything"
}

@test "a store in which nothing may be deleted: one line" {
    garbage
    # shellcheck disable=SC2016 # the script expands it
    fake rm '[[ $* != *store/web/1/[a-z]* ]] || { echo "rm: cannot remove '"'x'"': Operation not permitted" >&2; exit 1; }
        exec /bin/rm "$@"'
    run -1 --separate-stderr zlsnap gc store
    assert_one_line 'store/web/1: nothing was deleted: store/web/1: cannot be removed: Operation not permitted'
    assert_equal "$(stored_letters) $(documents)" "$everything 0"
    zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(listed)" c
}

@test "an error in one name does not stop the others" {
    garbage
    cp -a store/web/1 store/web/0
    run -3 --separate-stderr zlsnap gc --grace=0 store
    assert_one_line 'store/web/0/'
    assert_equal "$(stored_letters)" 'manifests/b manifests/c packs/2 packs/2.index packs/3 packs/3.index'
    [ -e "store/web/0/packs/$(hex_name 4).zst" ]
}

# --------------------------------------------------------------------------- other objects

@test "foreign objects are left alone, and counted" {
    garbage
    mkdir store/other store/web/1/more
    touch store/file store/other/file store/web/1/file store/web/1/packs/file.zst store/web/1/more/file
    touch store/web/1/snapshots/file.json "store/web/1/packs/$(hex_name a).tar"
    put_at '3 days ago' store
    run -0 --separate-stderr zlsnap gc --grace=0 store
    assert_one_line "store: 7 objects are not zlsnap's and were left alone"
    assert_equal "$(find store -name 'file*' | wc -l)" 6
}

@test "what check wrote about an object is deleted after the object" {
    garbage
    local object
    mkdir store/web/1/bad
    for object in 1 2 a b; do
        echo '{}' >"store/web/1/bad/$(hex_name "$object").json"
    done
    rm "store/web/1/packs/$(hex_name 2).zst" "store/web/1/packs/$(hex_name 2).index.zst" # snapshots need it
    put_at '3 days ago' store
    zlsnap gc --grace=0 store
    zlsnap gc --grace=0 store
    assert_equal "$(stored_letters)" 'bad/2.json bad/b.json manifests/b manifests/c packs/3 packs/3.index'
}

@test "removes the objects by which killed runs asked for the clock" {
    garbage
    : >store/web/1/probe-abcdef
    zlsnap gc store
    [ -e store/web/1/probe-abcdef ]
    put_at '3 days ago' store/web/1/probe-abcdef
    zlsnap gc store
    assert_not_exists store/web/1/probe-abcdef
}

@test "removes the directories of killed puts and syncs" {
    document_put 0 2026-03-01T10:00:00Z a
    local new=store/web/1/incoming/0123456789abcdef old=store/web/1/incoming/fedcba9876543210
    mkdir -p "$new" "$old" store/web/1/packs/.put-{1-2,3-4} store/web/1/.put-5-6 store/web/1/incoming/strange
    touch {"$new","$old",store/web/1/packs/.put-{1-2,3-4},store/web/1/.put-5-6,store/web/1/incoming/strange}/file
    put_at '3 days ago' store
    touch "$new/second" store/web/1/packs/.put-3-4/file
    run -0 zlsnap gc --dry-run store
    assert_line --regexp "^store/web/1/packs/.put-1-2 \(unfinished, of 20[-0-9:T]+[+-][0-9:]{5}\)$"
    assert_exists "$old/file"
    run -0 zlsnap gc store
    assert_equal "$(grep -c unfinished <<<"$output")" 3
    assert_equal "$(cd store/web/1 && find . -name file -o -name second | LC_ALL=C sort | xargs)" \
        "./incoming/0123456789abcdef/file ./incoming/0123456789abcdef/second ./incoming/strange/file ./packs/.put-3-4/file"
    assert_exists "$old"
    run -0 zlsnap gc store
    refute_output --partial unfinished
}

@test "usage errors and names that do not exist" {
    garbage
    run -2 --separate-stderr zlsnap gc --grace=soon store
    assert_one_line "'--grace' takes an age"
    run -2 --separate-stderr zlsnap gc
    assert_one_line 'missing operand STORE'
    run -1 --separate-stderr zlsnap gc web/2 store
    assert_one_line 'web/2: store has no such name'
    run -1 --separate-stderr zlsnap gc none
    assert_one_line 'none: cannot be opened'
}
