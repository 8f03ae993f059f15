#!/usr/bin/env bats
# The scripts and units for stores in doc/examples.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load helpers
load driver
load store

setup() {
    store_setup
    EXAMPLES=$PROJECT/doc/examples
}

# drill STATUS OUTPUT: restore-drill ends with this status and prints OUTPUT, and leaves nothing.
drill() {
    mkdir -p scratch
    run "-$1" --separate-stderr bash "$EXAMPLES/restore-drill" store scratch
    assert_equal "$(sed -E 's| [0-9a-f]{12} | ID |' <<<"$output")" "$2"
    assert_equal "$(ls -A scratch)" ''
}

@test "restore-drill: restores the newest snapshot of each name and compares it" {
    mkfifo -m 600 tree/fifo
    ln tree/file tree/hard
    web_sync --exclude=none --mtime=@1000000000
    echo second >>tree/file
    web_sync
    zlsnap sync 'a name/with/slashes' tree store
    drill 0 $'a name/with/slashes ID OK\nweb/1 ID OK'
    assert_stderr 0 ''
}

@test "restore-drill: a damaged, a broken and no snapshot are failures" {
    local pack
    web_sync
    cp -a store kept
    pack=$(find store -name '*.zst' -path '*/packs/*' ! -name '*.index.zst')
    flip_byte "$pack" 60
    drill 1 'web/1 ID FAILED'
    rm "$pack"
    drill 1 ''
    [[ $stderr == *'web/1 is broken'* ]]
    rm -r store
    mkdir store
    drill 1 ''
    [[ $stderr == *'store has no snapshots'* ]]
    # What is restored is wrong, and the program does not notice.
    rm -r store
    mv kept store
    mkdir bin
    printf '#!/bin/sh\n[ "$1" = digest ] && exec echo sha256:0\nexec "%s" "$@"\n' "$ZLSNAP_BIN/zlsnap" >bin/zlsnap
    chmod +x bin/zlsnap
    PATH=$PWD/bin:$PATH drill 1 'web/1 ID FAILED'
}

# sealed KEY COMMAND OPERAND...
sealed() {
    sh "$EXAMPLES/sealed-store" 'the recipients' "$@"
}

@test "sealed-store: syncs without the private key, and restores with it" {
    requires_command age
    age-keygen -o 'a $key' 2>said
    age-keygen -y 'a $key' >'the recipients'
    run -0 sealed - sync web/1 tree store
    run -1 --separate-stderr sealed - restore web/1 store back
    assert_one_line 'reading sealed objects needs --open=COMMAND'
    run -0 sealed 'a $key' restore web/1 store back
    compare_trees --no-sockets tree back
    run -0 sealed 'a $key' check --read-data store
    assert_output --partial 'problems 0'
    run -2 sealed
}

@test "systemd accepts the units" {
    requires_command systemd-analyze
    local unit
    mkdir units
    cp "$EXAMPLES"/*.service "$EXAMPLES"/*.timer units/
    for unit in units/*; do
        SYSTEMD_UNIT_PATH=$PWD/units: run systemd-analyze verify --man=no "${unit/@/@web}"
        refute_output --partial zlsnap
    done
}

# started UNIT: runs the commands of the unit, as systemd does: ${X} is one word, and $X any number.
# shellcheck disable=SC2016
started() {
    local commands
    commands=$(sed -nE 's/^ExecStart=//p' "$EXAMPLES/$1" | sed -E 's/\$\{[A-Z]+\}/"&"/g')
    [ "$commands" ]
    NAME='web/a b' DIRECTORY=$PWD/tree STORE=$PWD/store KEEP='--keep-daily=7 --keep-weekly=4' STATE_DIRECTORY=$PWD/state \
        run -0 --separate-stderr sh -e -c "$commands"
    assert_stderr 0 ''
}

@test "the units do what they say" {
    started zlsnap-sync@.service
    assert_output --regexp '^web/a b synced '
    echo second >tree/file
    started zlsnap-sync@.service
    assert_output --regexp '^web/a b synced '
    started zlsnap-keep@.service
    assert_output --regexp ' forget.* keep .*problems 0$'
}
