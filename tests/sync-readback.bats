#!/usr/bin/env bats
# A sync reads back a share of what it builds on.
# shellcheck disable=SC2030,SC2031,SC2154 # set by run

load helpers
load driver
load store

setup() {
    store_setup
    echo other >tree/other
    seq 20000 >tree/numbers
    synced
    pack=$(compgen -G 'store/web/1/packs/*.zst' | grep -v index)
    bad=store/web/1/bad/$(basename "$pack")
    bad=${bad%.zst}.json
}

# assert_repaired: a sync of a changed tree says that the pack is damaged, and stores its contents again.
assert_repaired() {
    echo new >tree/new
    run -0 --separate-stderr web_sync
    assert_output --regexp '^web/1 synced '
    assert_one_line "store/web/1/packs/$(basename "$pack"): is damaged: "
    assert_equal "$(jq -r .object "$bad")" "packs/$(basename "$pack")"
    run -0 zlsnap check --read-data "web/1@${output##* }" store
    assert_snapshot
}

@test "a damaged pack is noted, and what the directory has of it is stored again" {
    flip_byte "$pack" 1000
    assert_repaired
    run -0 zlsnap status web/1 store
    assert_unchanged
    refute_debris
    echo more >tree/more
    synced
}

@test "an unchanged tree: nothing is read back" {
    flip_byte "$pack" 1000
    assert_unchanged
    assert_not_exists "$bad"
}

@test "an index that promises what its pack does not have, in spite of all digests" {
    local digest path
    # Two contents change places.
    index=${pack%.zst}.index.zst
    zstd -dc "$index" | awk '
        NR == 2 { digest = $1; rest = substr($0, 66); next }
        NR == 3 { print digest, substr($0, 66); print $1, rest; next }
        { print }' >other
    rm "$index"
    zstd -q -o "$index" other
    digest=$(sha256sum <other)
    path=$(document_path)
    jq -c --arg digest "sha256:${digest%% *}" --argjson size "$(stat -c %s "$index")" \
        '.packs[0] |= (.index_digest = $digest | .index_size_bytes = $size)' "$path" >edited
    mv edited "$path"
    rm -r home
    assert_repaired
}

# renumber FROM TO: gives the last, sealed document another number.
renumber() {
    local path target
    path=$(document_path)
    printf -v target '%s/%08d%s' "${path%/*}" "$2" "${path##*/0000000"$1"}"
    sh -c "$OPEN" <"$path" | jq -c --argjson number "$2" '.sequence = $number' | sh -c "$SEAL" >"$target"
    rm "$path"
}

# sealed_setup SEAL OPEN: a first, sealed sync.
sealed_setup() {
    export SEAL=$1 OPEN=$2 ZLSNAP_SEAL=$1 ZLSNAP_OPEN=$2
    rm -r store home
    synced
    pack=$(compgen -G 'store/web/1/packs/*.zst' | grep -v index)
}

# synced_sixteenth NUMBER: gives the last snapshot, which has this number, the number 15, and syncs a change.
synced_sixteenth() {
    renumber "$1" 15
    chmod 750 tree
    run -0 --separate-stderr web_sync
    assert_output --regexp '^web/1 synced '
}

@test "a pack that has to be fetched is read back in every sixteenth snapshot only" {
    sealed_setup "tr '\\000-\\377' '\\001-\\377\\000'" "tr '\\001-\\377\\000' '\\000-\\377'"
    flip_byte "$pack" 1000
    chmod 711 tree
    synced
    synced_sixteenth 1
    assert_one_line "store/web/1/packs/$(basename "$pack"): is damaged: "
    run -0 zlsnap check --read-data "web/1@${output##* }" store
}

@test "a sealed pack that --open refuses is damaged" {
    sealed_setup 'gzip -n' 'gzip -qd'
    flip_byte "$pack" 1000
    synced_sixteenth 0
    assert_said "store/web/1/packs/$(basename "$pack"): is damaged: the command of --open fails"
    run -0 zlsnap check --read-data "web/1@${output##* }" store
}

@test "the damage cannot be noted: nothing is synced" {
    flip_byte "$pack" 1000
    echo >store/web/1/bad
    echo new >tree/new
    run -1 --separate-stderr web_sync
    assert_said 'is damaged'
    assert_said 'bad: cannot be made'
}
