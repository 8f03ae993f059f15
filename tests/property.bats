#!/usr/bin/env bats
# tests/property: random changes, syncs, forgets, gcs and checks. ROUNDS=100000 tests/run tests/property.bats
# takes hours.
# shellcheck disable=SC2154

load helpers
load driver

@test "store: after random steps every kept snapshot restores to exactly what was synced" {
    requires_command rsync getfattr /usr/bin/python3
    enter_work
    run -0 env ZLSNAP="$ZLSNAP_BIN/zlsnap.sh" TMPDIR="$PWD" "$PROJECT/tests/property" "${ROUNDS:-150}"
    assert_line --regexp '^[0-9]+ rounds, '
}
