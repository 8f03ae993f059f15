#!/usr/bin/env bats
# zlsnap forget says which snapshots gc may delete: those that no rule keeps.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load snapshots

setup() {
    enter_work
    enter_memory
    export HOME=$PWD TMPDIR=$BATS_TEST_TMPDIR TZ=UTC0
}

# three: three snapshots, of two days.
three() {
    document_put 0 2026-03-01T10:00:00Z a
    document_put 1 2026-03-02T10:00:00Z b
    document_put 2 2026-03-02T11:00:00Z c
}

@test "prints what is kept, and why, and what is forgotten, and writes one document" {
    three
    run -0 zlsnap forget --keep-last=1 --keep-daily=1 web/1 store
    assert_output "web/1  2026-03-01T10:00:00+00:00  aaaaaaaaaaaa  forget
web/1  2026-03-02T10:00:00+00:00  bbbbbbbbbbbb  forget
web/1  2026-03-02T11:00:00+00:00  cccccccccccc  keep    last, daily"
    assert_equal "$(listed) $(listed forgotten | tr ' ' +)" 'c a+b'
    assert_equal "$(stored_letters)" 'manifests/a manifests/b manifests/c'
    local written=(store/web/1/doomed/*)
    [[ ${written[*]} =~ ^store/web/1/doomed/00000000-20[0-9]{6}T[0-9]{6}Z-[0-9a-f]{12}.json$ ]]
    assert_equal "$(jq -c '[.schema_version, .name, .objects]' "${written[0]}")" \
        "[1,\"web/1\",[\"$(snapshot_key a)\",\"$(snapshot_key b)\"]]"
    run -0 zlsnap forget --keep-last=1 web/1 store
    assert_output 'web/1  2026-03-02T11:00:00+00:00  cccccccccccc  keep    last'
    assert_equal "$(entries store/web/1/doomed | wc -w)" 1
}

@test "a second document gets the next number" {
    three
    doomed 41 "$(snapshot_key a)"
    zlsnap forget --keep-last=1 web/1 store
    exists_like 'store/web/1/doomed/00000042-*.json'
    assert_equal "$(jq -c .objects store/web/1/doomed/00000042-*)" "[\"$(snapshot_key b)\"]"
}

@test "--dry-run writes nothing" {
    three
    run -0 zlsnap forget --dry-run --keep-daily=1 web/1 store
    assert_line --regexp 'bbbbbbbbbbbb  forget$'
    assert_line 'a dry run: nothing was changed'
    assert_equal "$(listed)" 'a b c'
    assert_not_exists store/web/1/doomed
}

@test "-q prints nothing" {
    three
    run -0 zlsnap forget -q --keep-last=1 web/1 store
    assert_output ''
    assert_equal "$(listed)" c
    run -1 --separate-stderr zlsnap forget -q web/1@c store
    assert_one_line 'is the newest sound snapshot'
}

@test "--json prints an object for each snapshot" {
    three
    run -0 zlsnap forget --dry-run --json --keep-weekly=1 --keep-daily=2 web/1 store
    assert_equal "$(jq -c '[.name, .id, .time, .host, .directory, .action, .reasons]' <<<"$output")" \
        '["web/1","aaaaaaaaaaaa","2026-03-01T10:00:00Z","host","/srv","keep",["daily"]]
["web/1","bbbbbbbbbbbb","2026-03-02T10:00:00Z","host","/srv","forget",[]]
["web/1","cccccccccccc","2026-03-02T11:00:00Z","host","/srv","keep",["daily","weekly"]]'
}

@test "forgets single snapshots by their ID, but never the newest sound one" {
    three
    run -0 zlsnap forget web/1@a web/1@bbb store
    assert_output "web/1  2026-03-01T10:00:00+00:00  aaaaaaaaaaaa  forget
web/1  2026-03-02T10:00:00+00:00  bbbbbbbbbbbb  forget"
    assert_equal "$(listed)" c
    assert_equal "$(entries store/web/1/doomed | wc -w)" 1
    run -1 --separate-stderr zlsnap forget web/1@c store
    assert_one_line 'web/1@c: is the newest sound snapshot, which always stays'
    run -1 --separate-stderr zlsnap forget web/1@a store
    assert_one_line 'web/1@a: there is no such snapshot, or it is forgotten already'
    assert_equal "$(entries store/web/1/doomed | wc -w)" 1
}

@test "forgets the last snapshot that is not after a time" {
    three
    run -0 zlsnap forget web/1@2026-03-02T10:59 store
    assert_output 'web/1  2026-03-02T10:00:00+00:00  bbbbbbbbbbbb  forget'
    assert_equal "$(listed)" 'a c'
    run -0 zlsnap forget 'web/1@2026-03-01 11:30+01:00' store
    assert_equal "$(listed)" c
    run -1 --separate-stderr zlsnap forget web/1@2026-03-01 store
    assert_one_line 'web/1: has no complete snapshot of 2026-03-01 or before'
    run -2 --separate-stderr zlsnap forget web/1@sunday store
    assert_one_line "'sunday' is neither the ID of a snapshot nor a time"
}

@test "times are printed in local time, and taken so" {
    local TZ=Asia/Kolkata
    export TZ
    three
    run -0 zlsnap snapshots web/1 store
    assert_line --index 2 --partial 'web/1  2026-03-02T16:30:00+05:30  cccccccccccc '
    run -0 zlsnap status web/1@2026-03-02T16:29 store
    assert_line 'time         2026-03-02T15:30:00+05:30'
    assert_line 'snapshot     bbbbbbbbbbbb, number 1'
    run -0 zlsnap status --json web/1@2026-03-02T15:30:00+05:30 store
    assert_equal "$(jq -r .snapshot.time <<<"$output")" 2026-03-02T10:00:00Z
    run -0 zlsnap forget web/1@2026-03-01 store
    assert_output 'web/1  2026-03-01T15:30:00+05:30  aaaaaaaaaaaa  forget'
}

@test "--all forgets every snapshot of a name, also broken and malformed ones" {
    three
    rm "store/web/1/manifests/$(hex_name b).zst"
    echo '{' >"store/web/1/$(snapshot_key a)"
    run -0 zlsnap forget --all --dry-run web/1 store
    assert_line 'web/1  2026-03-02T11:00:00+00:00  cccccccccccc  forget'
    assert_line 'a dry run: nothing was changed'
    assert_not_exists store/web/1/doomed
    run -0 zlsnap forget --all web/1 store
    assert_equal "${#lines[@]}" 4
    assert_line 'web/1: all snapshots are forgotten; gc removes the name after its grace period'
    assert_equal "$(jq -c '.objects | length' store/web/1/doomed/*)" 4
    assert_equal "$(listed)$(zlsnap snapshots web/1 store | grep -c 'forgotten$')" 2
    document_put 3 2026-03-03T10:00:00Z d
    assert_equal "$(listed)" d
    for words in '--all --keep-last=1 web/1' '--all web/1@d'; do
        # shellcheck disable=SC2086 # words
        run -2 --separate-stderr zlsnap forget $words store
        assert_one_line "option '--all' forgets a whole name"
    done
}

@test "an ambiguous ID is refused" {
    three
    local key
    key=$(snapshot_key a)
    mv "store/web/1/$key" "store/web/1/${key/aaa/bbb}"
    run -1 --separate-stderr zlsnap forget web/1@bb store
    assert_one_line 'web/1@bb: several snapshots begin so'
}

@test "the rules hold for each host and directory, and the newest snapshot always stays" {
    document_put 0 2026-03-01T10:00:00Z a
    HOST=other document_put 1 2026-03-02T10:00:00Z b
    DIRECTORY=/usr document_put 2 2026-03-02T11:00:00Z c
    document_put 3 2026-03-03T10:00:00Z d
    document_put 4 2026-02-01T10:00:00Z e # by a clock that was slow
    run -0 zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(listed)" 'b c d e'
    assert_line --regexp 'eeeeeeeeeeee  keep    newest$'
}

@test "broken snapshots do not count, and are forgotten only by their ID" {
    three
    rm "store/web/1/manifests/$(hex_name b).zst"
    run -0 zlsnap forget --keep-last=2 web/1 store
    refute_output --partial bbbb
    assert_equal "$(listed) $(listed broken)" 'a c b'
    run -0 zlsnap forget web/1@b store
    assert_equal "$(listed) $(listed broken)" 'a c '
}

@test "a snapshot that needs an object that check found damaged does not count, and is forgotten only by its ID" {
    document_put 0 2026-03-01T10:00:00Z a
    document_put 1 2026-03-02T10:00:00Z b
    document_put 2 2026-03-02T11:00:00Z c 1
    mkdir store/web/1/bad
    echo '{}' >"store/web/1/bad/$(hex_name 1).json"
    run -0 zlsnap forget --keep-last=1 web/1 store
    refute_output --partial cccc
    assert_equal "$(listed) $(listed damaged) $(listed forgotten)" 'b c a'
    run -1 --separate-stderr zlsnap forget web/1@b store
    assert_one_line 'web/1@b: is the newest sound snapshot, which always stays'
    run -0 zlsnap forget web/1@c store
    assert_equal "$(listed) $(listed damaged)" 'b '
    echo '{}' >"store/web/1/bad/$(hex_name b).json" # a manifest
    assert_equal "$(listed damaged)" b
    run -1 --separate-stderr zlsnap forget web/1@b store
    assert_one_line 'web/1@b: is the newest sound'
}

@test "days and hours are those of the local time" {
    document_put 0 2026-03-01T22:30:00Z a
    document_put 1 2026-03-01T23:30:00Z b
    run -0 zlsnap forget --dry-run --keep-daily=2 web/1 store
    assert_line --regexp 'aaaaaaaaaaaa  forget$'
    TZ=CET-1 run -0 zlsnap forget --dry-run --keep-daily=2 web/1 store
    assert_line --regexp 'aaaaaaaaaaaa  keep    daily$'
}

@test "keeps what an independent implementation keeps, of 500 random sets" {
    local i rule zones=(UTC Europe/Berlin America/St_Johns Australia/Lord_Howe Pacific/Apia)
    local words
    RANDOM=1
    for i in {1..10}; do
        words=()
        for rule in last hourly daily weekly monthly yearly; do
            ((RANDOM % 3)) || continue
            words+=("$rule=$((RANDOM % 8 + 1))")
        done
        words+=(weekly=2)
        export TZ=${zones[i % 5]}
        "$PROJECT/tests/retention.py" make store "a/$i" "$i" 50
        zlsnap forget --dry-run --json "${words[@]/#/--keep-}" "a/$i" store |
            jq -r '"\(.id) \(.reasons | join(","))"' | sort >got
        "$PROJECT/tests/retention.py" judge store "a/$i" "${words[@]}" >expected
        diff expected got
    done
}

@test "a snapshot whose time lies in the future: nothing is forgotten, except by its ID" {
    three
    document_put 3 2199-01-01T00:00:00Z d
    document_put 4 2026-03-04T00:00:00Z e
    run -1 --separate-stderr zlsnap forget --keep-last=1 web/1 store
    assert_one_line "$(snapshot_key d): its time lies in the future; nothing was forgotten"
    assert_equal "$(listed)" 'a b c d e'
    zlsnap forget web/1@d store
    run -0 zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(listed)" e
}

@test "some minutes between the clocks do not matter, and a time that has passed does not" {
    document_put 0 "$(date -ud '+3 minutes' +%FT%TZ)" a
    document_put 1 "$(date -ud '+4 minutes' +%FT%TZ)" b
    zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(listed)" b
    document_put 2 "$(date -ud '-2 hours' +%FT%TZ)" c
    put_at '3 hours ago' store
    zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(entries store/web/1)" 'doomed manifests snapshots'
}

@test "a document that is malformed, or of a newer version: nothing is forgotten, except by its ID" {
    three
    local problem
    for problem in '{' '{"schema_version":2}' '[]'; do
        echo "$problem" >"store/web/1/$(snapshot_key b)"
        run -3 --separate-stderr zlsnap forget --keep-last=1 web/1 store
        assert_one_line "store/web/1/$(snapshot_key b): it"
        run -3 --separate-stderr zlsnap forget web/1@a store
        assert_one_line "store/web/1/$(snapshot_key b): it"
        assert_not_exists store/web/1/doomed
    done
    zlsnap forget web/1@b store
    zlsnap forget --keep-last=1 web/1 store
    assert_equal "$(listed)" c
}

@test "a document that is listed, but cannot be read: nothing is forgotten" {
    three
    # shellcheck disable=SC2016 # the script expands it
    fake cp 'for file; do case $file in */snapshots/*aaa.json) exit 0 ;; esac; done; exec /bin/cp "$@"'
    run -3 --separate-stderr zlsnap forget --keep-last=1 web/1 store
    assert_one_line ': is listed, but could not be read'
    assert_not_exists store/web/1/doomed
}

@test "snapshots are listed in columns, whatever their states, their documents and the lengths of their names are" {
    three
    document_put 12345 2026-03-03T11:00:00Z d
    mkdir store/web/1/bad
    echo '{}' >"store/web/1/bad/$(hex_name c).json"
    doomed 0 "$(snapshot_key a)"
    rm "store/web/1/manifests/$(hex_name d).zst"
    mkdir -p store/web/longer-%C3%BC/snapshots
    echo '[]' >"store/web/longer-%C3%BC/snapshots/00000007-20260304T110000Z-eeeeeeeeeeee.json"
    run -0 zlsnap snapshots store
    assert_output "web/1         2026-03-01T10:00:00+00:00  aaaaaaaaaaaa  1 entry    1 bytes  +1 bytes  forgotten
web/1         2026-03-02T10:00:00+00:00  bbbbbbbbbbbb  1 entry    1 bytes  +1 bytes
web/1         2026-03-02T11:00:00+00:00  cccccccccccc  1 entry    1 bytes  +1 bytes  damaged: manifests/$(hex_name c).zst was found damaged by an earlier check
web/1         2026-03-03T11:00:00+00:00  dddddddddddd  1 entry    1 bytes  +1 bytes  broken: manifests/$(hex_name d).zst is missing
web/longer-ü  2026-03-04T11:00:00+00:00  eeeeeeeeeeee                                broken: it is not one JSON object"
}

@test "a sealed name without --open: a line that says what to do" {
    three
    local document words
    for document in store/web/1/snapshots/*; do
        tr '{}' '<>' <"$document" >sealed
        mv sealed "$document"
    done
    for words in snapshots status check 'forget --keep-last=1' gc; do
        # shellcheck disable=SC2086 # words
        run zlsnap $words web/1 store
        assert_output --partial 'it is not JSON; if the name is sealed, give --open'
    done
    run -0 zlsnap snapshots --open="tr '<>' '{}'" web/1 store
    refute_output --partial JSON
    echo '{' >"$document"
    run -0 zlsnap snapshots --open="tr '<>' '{}'" web/1 store
    assert_output --regexp 'broken: it is not JSON$'
}

@test "what cannot be printed: one line, status 1" {
    three
    local words
    for words in 'forget --dry-run --keep-last=1 web/1' 'forget --dry-run --json --keep-last=1 web/1' \
        'snapshots web/1' 'snapshots --json' snapshots; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr to_full zlsnap $words store
        assert_one_line 'cannot write to standard output'
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr closed zlsnap $words store
        assert_one_line 'cannot write to standard output'
    done
    zlsnap snapshots store 2>messages | true
    assert_equal "$(<messages)" ''
}

# to_full COMMAND...: runs it with a full standard output; closed, with a closed one.
to_full() {
    "$@" >/dev/full
}

closed() {
    "$@" >&-
}

@test "usage errors, and names that do not exist" {
    mkdir store
    run -2 --separate-stderr zlsnap forget web/1 store
    assert_one_line "'web/1' needs an option such as --keep-daily=7, or the ID of a snapshot, NAME@ID"
    run -2 --separate-stderr zlsnap forget --keep-last=1 web/1@a store
    assert_one_line "'web/1@a' is one snapshot: the rules are for names"
    run -1 --separate-stderr zlsnap forget web/1@2026-03-01 store
    assert_one_line 'web/1: store has no such name'
    run -2 --separate-stderr zlsnap forget web/1@monday store
    assert_one_line "'monday' is neither the ID of a snapshot nor a time"
    run -2 --separate-stderr zlsnap forget --keep-last=0 web/1 store
    assert_one_line "'--keep-last' takes a number from 1 to 99999"
    run -2 --separate-stderr zlsnap forget store
    assert_one_line 'missing operand STORE'
    run -1 --separate-stderr zlsnap forget --keep-last=1 web/1 store
    assert_one_line 'web/1: store has no such name'
    run -1 --separate-stderr zlsnap forget --keep-last=1 web/1 none
    assert_one_line 'none: cannot be opened'
}
