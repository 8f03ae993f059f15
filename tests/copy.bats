#!/usr/bin/env bats
# zlsnap copy between stores in directories.
# shellcheck disable=SC2030,SC2031,SC2154 # set by run

load helpers
load driver

setup() {
    enter_work
    made_once make_copied
    HOME=$PWD
}

# make_copied: three snapshots of web/1 in the directory "store"; "tree" is the last one.
make_copied() {
    mkdir tree store
    touch tree/{1..200}
    seq 300000 >tree/large
    for number in first second third; do
        echo "$number" >tree/file
        zlsnap sync --state="$PWD/state" web/1 tree store
    done
}

# id NUMBER: prints the ID of the snapshot; key NUMBER: its key.
id() {
    jq -r .id "$(compgen -G "store/web/1/snapshots/0000000$1-*")"
}

key() {
    (cd store/web/1 && compgen -G "snapshots/0000000$1-*")
}

# last_pack NUMBER: prints the pack that the snapshot added.
last_pack() {
    jq -r '.packs[].pack' "store/web/1/$(key "$1")" | while read -r pack; do
        [ "$1" -gt 0 ] && grep -q "$pack" "store/web/1/$(key $(($1 - 1)))" || echo "$pack"
    done
}

# assert_same: the other store has the same objects.
assert_same() {
    diff -r --exclude=incoming store other
}

# assert_sound: every snapshot of the other store is complete.
assert_sound() {
    run -0 zlsnap check --quiet --read-data other
    assert_output ''
}

@test "copies the last snapshot, then one by its ID, then all" {
    run -0 --separate-stderr zlsnap copy web/1 store other
    assert_output "web/1 copied $(id 2)"
    assert_equal "$stderr" ''
    run -0 zlsnap restore web/1 other back
    compare_trees tree back
    run -0 zlsnap copy web/1 store other
    assert_output "web/1 has $(id 2)"
    run -0 zlsnap copy "web/1@$(date +%F)" store other
    assert_output "web/1 has $(id 2)"
    run -0 zlsnap copy "web/1@$(id 0)" store other
    assert_output "web/1 copied $(id 0)"
    run -0 zlsnap copy --all web/1 store other
    assert_output "web/1 has $(id 0)
web/1 copied $(id 1)
web/1 has $(id 2)"
    assert_same
    run -0 zlsnap copy --all --quiet web/1 store other
    assert_output ''
    assert_sound
    refute_leftovers "${TMPDIR:-/tmp}/"
}

@test "a sync continues from a copy" {
    zlsnap copy --all web/1 store other
    echo fourth >tree/file
    run -0 zlsnap sync --state="$PWD/other-state" web/1 tree other
    assert_equal "$(entries other/web/1/snapshots | wc -w)" 4
    assert_equal "$(find other/web/1/packs -name '*.index.zst' | wc -l)" 4
    run -0 zlsnap copy web/1 other store
    assert_same
}

@test "what is there is not sent again" {
    log_calls cp
    zlsnap copy "web/1@$(id 1)" store other
    rm ../log
    run -0 zlsnap copy --all web/1 store other
    run -0 grep -oE 'packs/[0-9a-f]*[.]zst' ../log
    assert_output "packs/$(last_pack 2).zst"
    run -0 cat ../log
    assert_output --partial "packs/$(last_pack 2).zst"
    refute_output --partial "$(last_pack 1)"
    refute_output --partial "$(last_pack 0)"
}

@test "operands" {
    run -2 --separate-stderr zlsnap copy web/1 store
    assert_one_line 'missing operand TO-STORE'
    run -2 --separate-stderr zlsnap copy web/1 store ./store/
    assert_one_line 'the two stores are the same'
    run -2 --separate-stderr zlsnap copy --all "web/1@$(id 1)" store other
    assert_one_line '--all takes a name without an ID'
    run -1 --separate-stderr zlsnap copy web/1@2001-11-29 store other
    assert_one_line 'has no complete snapshot of 2001-11-29 or before'
    run -1 --separate-stderr zlsnap copy web/2 store other
    assert_one_line 'web/2: store has no such name'
    run -1 --separate-stderr zlsnap copy web/1@abcdefabcdef store other
    assert_one_line 'web/1: has no complete snapshot abcdefabcdef'
    run -1 --separate-stderr zlsnap copy web/1 store none/other
    assert_one_line 'none/other: cannot be made: No such file or directory'
}

@test "a sealed store is copied as it is, and verified" {
    local pack
    export ZLSNAP_SEAL='gzip -n' ZLSNAP_OPEN='gzip -d'
    zlsnap sync --state="$PWD/sealed-state" web/1 tree sealed
    echo more >tree/more
    zlsnap sync --state="$PWD/sealed-state" web/1 tree sealed
    run -0 --separate-stderr zlsnap copy --all web/1 sealed other
    assert_equal "${#lines[@]}" 2
    assert_equal "$stderr" ''
    diff -r --exclude=incoming sealed other
    run -0 zlsnap check --read-data --quiet other
    assert_output ''
    rm -r other
    for pack in sealed/web/1/packs/*[0-9a-f].zst; do
        case $pack in *.index.zst) ;; *) truncate -s -4 "$pack" && printf abcd >>"$pack" ;; esac
    done
    run --separate-stderr zlsnap copy --all web/1 sealed other
    assert_equal "$status" 4
    assert_output ''
    assert_said 'is damaged: zstd, or the command of --open, fails'
    assert_not_exists other/web/1/snapshots
}

@test "a copy needs space for a few packs only" {
    requires_root
    export ZLSNAP_SEAL=cat ZLSNAP_OPEN=cat # so that nothing is read in place
    local number
    for number in 1 2 3 4 5 6; do
        head -c 300000 /dev/urandom >tree/random
        zlsnap sync --state="$PWD/state" web/1 tree store
    done
    mkdir small
    mount -t tmpfs -o size=1200k tmpfs small
    run -0 env TMPDIR="$PWD/small" zlsnap copy --all web/1 store other
    assert_sound
    assert_same
}

# --------------------------------------------------------------------------- damage

@test "a damaged object is not copied, nor a snapshot that needs it" {
    local pack
    pack=$(last_pack 1)
    flip_byte "store/web/1/packs/$pack.zst" 30
    run -4 --separate-stderr zlsnap copy --all web/1 store other
    assert_output "web/1 copied $(id 0)
web/1 copied $(id 2)"
    assert_equal "$stderr" "zlsnap: store/web/1/packs/$pack.zst: is damaged: its digest is wrong
zlsnap: web/1@$(id 1): not copied: other cannot get packs/$pack.zst"
    assert_sound
    for pack in "packs/$(last_pack 2).index.zst" "$(jq -r '.manifest[-1].object' "store/web/1/$(key 2)")"; do
        rm -r other
        flip_byte "store/web/1/$pack" 30
        run -4 --separate-stderr zlsnap copy web/1 store other
        assert_output ''
        assert_equal "${stderr/zstd fails/its digest is wrong}" "zlsnap: store/web/1/$pack: is damaged: its digest is wrong
zlsnap: web/1@$(id 2): not copied: other cannot get $pack"
        flip_byte "store/web/1/$pack" 30
    done
}

@test "a snapshot that is broken is not copied" {
    local pack
    pack=$(last_pack 1)
    rm "store/web/1/packs/$pack.zst"
    run -0 --separate-stderr zlsnap copy --all web/1 store other
    assert_output "web/1 copied $(id 0)
web/1 copied $(id 2)"
    assert_one_line "warning: web/1: $(key 1) is broken and not copied: packs/$pack.zst is missing"
}

@test "a copy repairs the other store" {
    local pack
    zlsnap copy --all web/1 store other
    pack=$(last_pack 0)
    flip_byte "other/web/1/packs/$pack.zst" 30
    rm "other/web/1/packs/$(last_pack 1).zst"
    truncate -s 10 "other/web/1/packs/$(last_pack 2).index.zst"
    : >"other/web/1/$(key 2)"
    run -4 zlsnap check --read-data other
    run -0 --separate-stderr zlsnap copy --all web/1 store other
    assert_equal "$stderr" ''
    assert_output "web/1 repaired $(id 0)
web/1 repaired $(id 1)
web/1 copied $(id 2)"
    assert_equal "$(entries other/web/1/bad)" ''
    rmdir other/web/1/bad
    assert_same
}

# --------------------------------------------------------------------------- gc

# doom OBJECT...: the other store is about to delete these objects.
doom() {
    local name=00000000-20261129T120000Z-000000000000.json
    mkdir -p other/web/1/doomed
    jq -nc '{schema_version: 1, name: "web/1", time: "2026-11-29T12:00:00Z", objects: $ARGS.positional}' \
        --args "$@" >other/web/1/doomed/$name
}

@test "what gc is about to delete is not relied on" {
    local pack
    pack=packs/$(last_pack 2).zst
    zlsnap copy web/1 store other
    rm "other/web/1/$(key 2)"
    doom "$pack"
    run -1 --separate-stderr zlsnap copy web/1 store other
    assert_output ''
    assert_one_line "web/1@$(id 2): other is about to delete $pack, which it needs; run gc there, then copy again"
    run -1 --separate-stderr zlsnap copy --all web/1 store other
    assert_output "web/1 copied $(id 0)
web/1 copied $(id 1)"
    rm "other/web/1/$pack" other/web/1/doomed/*
    run -0 zlsnap copy web/1 store other
    assert_output "web/1 copied $(id 2)"
    # Named again by a complete snapshot, it is safe.
    doom "packs/$(last_pack 0).zst"
    rm "other/web/1/$(key 1)"
    run -0 zlsnap copy "web/1@$(id 1)" store other
}

@test "what gc has begun to delete during a copy is not relied on" {
    fake cp "[ -e ../doomed ] || { : >../doomed && mkdir -p other/web/1/doomed && /usr/bin/cp ../doom other/web/1/doomed/00000000-20261129T120000Z-000000000000.json; }
exec /usr/bin/cp \"\$@\""
    doom "packs/$(last_pack 2).zst"
    mv other/web/1/doomed/*.json ../doom
    run -1 --separate-stderr zlsnap copy web/1 store other
    assert_one_line "web/1@$(id 2): other is about to delete packs/$(last_pack 2).zst"
    assert_not_exists "other/web/1/$(key 2)"
}

@test "a snapshot that was forgotten in the other store is not copied" {
    zlsnap copy web/1 store other
    doom "$(key 2)" "$(key 1)"
    run -1 --separate-stderr zlsnap copy web/1 store other
    assert_one_line "web/1@$(id 2): was forgotten in other; run gc there, then copy again"
    run -0 --separate-stderr zlsnap copy --all web/1 store other
    assert_output "web/1 copied $(id 0)"
    assert_one_line 'warning: web/1: snapshots that were forgotten in other are not copied: 2'
}

# --------------------------------------------------------------------------- interruptions

@test "kill -9 at any step: what is listed is complete, and the next copy continues" {
    local step calls
    # The programs that change the other store count their calls; one of them kills the driver.
    for program in cp mv sync mkdir; do
        fake $program "
            echo >>../calls
            if [ \"\$(wc -l <../calls)\" = \"\$(cat ../step 2>/dev/null)\" ]; then
                [ \$((\$(cat ../step) % 2)) = 0 ] || /usr/bin/$program \"\$@\"
                kill -KILL \"\$(cat ../driver)\"
                sleep 5
            fi
            exec /usr/bin/$program \"\$@\""
    done
    zlsnap copy --all web/1 store other
    calls=$(wc -l <../calls)
    for step in $(few 6 1 "$calls"); do
        rm -rf other ../calls
        echo "$step" >../step
        start bash -c 'echo $$ >../driver; exec zlsnap copy --all web/1 store other' >/dev/null 2>&1
        wait "$driver" || :
        wait_until none_survives
        rm ../step
        if [ -d other/web/1/snapshots ] && [ -n "$(entries other/web/1/snapshots)" ]; then
            assert_sound
        fi
        run -0 zlsnap copy --all --quiet web/1 store other
        find other -name '.put-*' -exec rm -r {} +
        assert_same
    done
}

@test "no space in the other store, then there is" {
    requires_root
    mkdir other
    mount -t tmpfs -o size=60k tmpfs other
    run -1 --separate-stderr zlsnap copy web/1 store other
    assert_one_line 'other/web/1/packs: cannot be written: No space left on device'
    assert_output ''
    assert_not_exists other/web/1/snapshots
    mount -o remount,size=20M other
    run -0 zlsnap copy web/1 store other
    assert_sound
    umount other
}

@test "stores that cannot be written, or read" {
    requires_root
    mkdir other mounted
    mount --bind store mounted
    mount -o remount,bind,ro mounted
    run -0 zlsnap copy web/1 mounted other
    rm -r other
    mkdir other
    mount --bind other mounted
    mount -o remount,bind,ro mounted
    run -1 --separate-stderr zlsnap copy web/1 store mounted
    assert_one_line 'Read-only file system'
}
