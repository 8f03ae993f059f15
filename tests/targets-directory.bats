#!/usr/bin/env bats
# The verbs of a store in a directory.

load helpers
load driver
load s3
load targets

setup_file() {
    verbs_make
}

setup() {
    enter_work
    STORE=$BATS_TEST_TMPDIR/store
    mkdir "$STORE"
}

@test "directory: put, list" { check_put_and_list; }
@test "directory: an object is put again" { check_put_again; }
@test "directory: a put replaces a damaged object" { check_put_repairs; }
@test "directory: move" { check_move; }
@test "directory: get" { check_get; }
@test "directory: delete" { check_delete; }

@test "directory: many objects" {
    (cd "$STORE" && enter_memory)
    STORE=$STORE/memory check_many 1203
}

@test "directory: the clock of the store" { check_now; }
@test "directory: a filter seals objects and another opens them" { check_seal; }
@test "directory: a filter that fails" { check_seal_fails; }

check_relative() {
    local STORE
    for STORE in st -x $'new\nline' 'a b' $'\xff*'; do
        mkdir -p "./$STORE"
        verb -- "$STORE//" put web/prod a.zst
        STORE=./$STORE
        assert_objects web/prod 'a.zst 6'
        verb "$STORE" get web/prod got a.zst
        rm got/a.zst
        verb "$STORE" delete web/prod a.zst
        assert_objects web/prod
    done
}

@test "directory: relative paths, with odd characters and slashes" {
    make_objects
    mkdir got
    check_relative
}

@test "directory: it is made if the directory where it will be exists" {
    rmdir "$STORE"
    run -1 --separate-stderr verb "$STORE" list '' listing
    assert_one_line "$STORE: cannot be opened: No such file or directory"
    make_objects
    run -1 --separate-stderr verb "$STORE" put web/prod a.zst
    assert_one_line "$STORE: cannot be opened: No such file or directory"
    run -1 --separate-stderr verb "$STORE" get web/prod . b
    assert_one_line "$STORE: cannot be opened: No such file or directory"
    run -0 verb "$STORE" create ORDER
    run -0 verb "$STORE" create ORDER
    assert_objects ''
    run -1 --separate-stderr verb "$STORE/a/b" create ORDER
    assert_one_line "$STORE/a/b: cannot be made: No such file or directory"
    assert_equal "$(entries "$STORE")" ''
}

@test "directory: something else than a store" {
    run -2 --separate-stderr verb gs://bucket list '' listing
    assert_one_line "'gs://bucket' is not a store"
    run -2 --separate-stderr verb '' list '' listing
    assert_one_line "'' is not a store"
    touch file
    run -1 --separate-stderr verb file list '' listing
    assert_one_line 'file: cannot be opened: Not a directory'
}

@test "directory: what others put there is not listed" {
    make_objects
    verb "$STORE" put web/prod a.zst
    mkdir -p "$STORE/web/prod"/{.snapshot,lost+found,dir,'a b',incoming/1} "$STORE/incoming/x/packs"
    touch "$STORE/web/prod"/{.hidden,.snapshot/x,lost+found/x,'a b/x',incoming/1/x} \
        "$STORE"/$'new\nline' "$STORE"/$'tab\t1' "$STORE"/$'\xff' "$STORE/a b" "$STORE/incoming/x/packs/y"
    ln -s a.zst "$STORE/web/prod/link"
    ln -s prod "$STORE/web/dirlink"
    mkfifo "$STORE/web/prod/fifo"
    assert_objects web/prod 'a.zst 6'
    assert_objects '' 'incoming/x/packs/y 0' 'web/prod/a.zst 6'
    mkdir got
    run -0 verb "$STORE" get web/prod got a.zst link fifo dir
    assert_equal "$(entries got)" a.zst
}

@test "directory: times before 1970 and in the future, and large sizes" {
    mkdir -p "$STORE/a"
    touch -d '1960-01-01' "$STORE/a/old"
    touch -d '2100-01-01 00:00:00.5' "$STORE/a/new"
    truncate -s 1T "$STORE/a/large" || skip 'needs sparse files'
    touch -d '2020-01-01' "$STORE/a/large"
    run -0 verb "$STORE" list a listing
    assert_equal "$(<listing)" $'large\t1099511627776\t1577836800\nnew\t0\t4102444800\nold\t0\t0'
}

@test "directory: what cannot be read is not taken for empty or missing" {
    requires_root
    make_objects
    verb "$STORE" put web/prod/packs a.zst
    mkdir "$STORE"/{.snapshot,lost+found} "$STORE/web/prod"/{incoming,.put-1-1}
    chmod 700 "$STORE"/{.snapshot,lost+found} "$STORE/web/prod"/{incoming,.put-1-1,packs}
    chmod 755 . "$BATS_TEST_TMPDIR"
    as_user true
    verb() { as_user env TMPDIR=/tmp "$VERBS" digest "$@"; }
    chmod 777 .
    run -1 --separate-stderr verb "$STORE" list '' listing
    assert_one_line "$STORE: cannot be listed: Permission denied"
    run -1 --separate-stderr verb "$STORE" list web/prod/packs listing
    assert_one_line "$STORE/web/prod/packs: cannot be listed: Permission denied"
    run -1 --separate-stderr verb "$STORE" get web/prod . packs/a.zst
    assert_one_line "$STORE/web/prod: cannot be read: Permission denied"
    run -1 --separate-stderr verb "$STORE" list web/prod/packs/a.zst listing
    run -1 --separate-stderr verb "$STORE" put web/prod c
    assert_one_line "$STORE/web/prod: cannot be made: Permission denied"
    run -1 --separate-stderr verb "$STORE" delete web/prod/packs a.zst
    assert_one_line "$STORE/web/prod/packs: cannot be removed: Permission denied"
    chmod 755 "$STORE/web/prod/packs"
    assert_objects '' 'web/prod/packs/a.zst 6'
    chmod 600 "$STORE/web/prod/packs/a.zst"
    run -1 --separate-stderr verb "$STORE" get web/prod . packs/a.zst
    assert_one_line "$STORE/web/prod: cannot be copied: Permission denied"
}

@test "directory: a full disk leaves nothing" {
    requires_root
    mount -t tmpfs -o size=256k tmpfs "$STORE"
    make_objects
    random_file large 400000
    verb "$STORE" put web/prod a.zst
    for how in put move; do
        run -1 --separate-stderr verb "$STORE" "$how" web/prod c large
        assert_one_line "$STORE/web/prod: cannot be written: No space left on device"
        assert_equal "$(find "$STORE" -mindepth 3)" "$STORE/web/prod/a.zst"
    done
    assert_exists large
    verb "$STORE" put web/prod b.json
    assert_objects web/prod 'a.zst 6' 'b.json 100000'
}

@test "directory: a file system that is read-only" {
    requires_root
    make_objects
    mount -t tmpfs tmpfs "$STORE"
    verb "$STORE" put web/prod a.zst
    mount -o remount,ro "$STORE"
    for how in put move; do
        run -1 --separate-stderr verb "$STORE" "$how" web/prod c
        assert_one_line "$STORE/web/prod: cannot be made: Read-only file system"
    done
    run -1 --separate-stderr verb "$STORE" delete web/prod a.zst
    assert_one_line "$STORE/web/prod: cannot be removed: Read-only file system"
    assert_objects web/prod 'a.zst 6'
}

@test "directory: a limit for the size of files" {
    make_objects
    run -1 --separate-stderr bash -c "ulimit -f 20; '$VERBS' digest '$STORE' put web/prod b.json"
    assert_one_line "$STORE/web/prod: cannot be written: File too large"
    assert_equal "$(find "$STORE" -type f)" ''
}

@test "directory: an object is there only when it is whole, and after kill -9" {
    local program
    make_objects
    for program in cp sync mv; do
        # After it has done its work.
        fake "$program" "PATH=\${PATH#*:}; $program \"\$@\"; /bin/touch ../$program; sleep 60"
        start "$VERBS" digest "$STORE" put "web/$program" a.zst b.json >/dev/null 2>&1
        wait_until test -e "../$program"
        [[ $program == mv ]] || assert_objects "web/$program"
        # shellcheck disable=SC2046
        kill -KILL $(survivors | cut -d / -f 3)
        # shellcheck disable=SC2154 # set by start
        wait "$driver" || :
        wait_until none_survives
        [[ $program == mv ]] || assert_objects "web/$program"
        rm "$BATS_TEST_TMPDIR/fakes/$program"
        verb "$STORE" put "web/$program" a.zst b.json
        assert_objects "web/$program" 'a.zst 6' 'b.json 100000'
    done
}

@test "directory: a signal leaves nothing" {
    make_objects
    fake sync 'touch ../syncing; sleep 60'
    start "$VERBS" digest "$STORE" put web/prod a.zst b.json >/dev/null 2>&1
    wait_until test -e ../syncing
    # shellcheck disable=SC2154 # set by start
    kill -TERM "$driver"
    wait "$driver" || :
    wait_until none_survives
    assert_equal "$(entries "$STORE/web/prod")" ''
}

@test "directory: files, then their names are synced" {
    make_objects
    log_calls sync cp mv
    verb "$STORE" put web/prod a.zst
    run -0 sed 's| [^ ]*/test/[0-9]*/| |g; s|\.put-[0-9-]*|.put|g' ../log
    assert_output 'cp --remove-destination --no-preserve=mode -- a.zst store/web/prod/.put/
sync -- store/web/prod/.put/a.zst
mv -f -- store/web/prod/.put/a.zst store/web/prod/
sync -- store store/web/prod store/web'
}

@test "directory: permissions and groups are those of the umask and the directory" {
    requires_root
    chgrp 7 "$STORE"
    chmod 2775 "$STORE"
    make_objects
    chmod 600 a.zst c
    umask 002
    verb "$STORE" put web/prod/packs a.zst
    verb "$STORE" move web/prod/packs c
    mkdir state
    verb "$STORE" incoming web/prod state >/dev/null
    run -0 stat -c '%a %g' "$STORE/web" "$STORE/web/prod/packs" "$STORE/web/prod/incoming"/*
    assert_output $'2775 7\n2775 7\n2775 7'
    run -0 stat -c '%a %g' "$STORE/web/prod/packs/a.zst" "$STORE/web/prod/packs/c"
    assert_line --index 0 '664 7'
    assert_line --index 1 --regexp '^664 '
}

@test "directory: a move on its file system renames" {
    local inode incoming
    make_objects
    mkdir state
    run -0 verb "$STORE" incoming web/prod "$PWD/state"
    assert_output --regexp "^$STORE/web/prod/incoming/[0-9a-f]{16}\$"
    # shellcheck disable=SC2154 # set by run
    incoming=$output
    cp b.json "$incoming/pack"
    inode=$(stat -c %i "$incoming/pack")
    assert_equal "$(verb "$STORE" incoming web/prod "$PWD/state")" "$incoming"
    assert_objects ''
    verb "$STORE" move web/prod/packs "$incoming/pack"
    assert_equal "$(stat -c %i "$STORE/web/prod/packs/pack")" "$inode"
    assert_equal "$(entries "$incoming")" ''
    run -0 verb "$STORE" place web/prod
    assert_output "$STORE/web/prod"
    run -0 verb "$STORE" place web/none
    assert_output ''
}

@test "directory: plain packs do not wait in a sealed store" {
    mkdir state "$STORE/web"
    run -0 verb --seal=cat "$STORE" incoming web/prod "$PWD/state"
    assert_output "$PWD/state/incoming"
    run -0 verb --open=cat "$STORE" place web
    assert_output ''
}

@test "directory: a file system without links, owners and permissions" {
    make_objects
    fake ln 'exit 1'
    fake chown 'exit 1'
    # shellcheck disable=SC2016 # for bash
    fake chmod '[[ $* != */store/* ]] && exec /usr/bin/env -S PATH=/usr/bin:/bin chmod "$@"'
    verb "$STORE" put web/prod a.zst
    verb "$STORE" move web/prod c
    assert_objects web/prod 'a.zst 6' 'c 0'
}
