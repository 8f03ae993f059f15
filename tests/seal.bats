#!/usr/bin/env bats
# Sealed names and signed snapshots: filters through which objects and signatures pass.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load trees
load s3
load store
load refusals

setup() {
    store_setup
    random_file tree/large 3000000
}

# A seal that needs no program: every byte but zero and one gets another one, so that no object is what it was.
SEAL="tr '\\002-\\377' '\\003-\\377\\002'"
OPEN="tr '\\003-\\377\\002' '\\002-\\377'"

# sealed COMMAND OPERAND...: with both filters.
sealed() {
    ZLSNAP_SEAL=$SEAL ZLSNAP_OPEN=$OPEN zlsnap "$@"
}

@test "sealed: sync, restore, and a second machine; no object is readable" {
    run -0 --separate-stderr sealed sync web/1 tree store
    assert_output --regexp '^web/1 synced '
    run -0 find store -type f
    for file in "${lines[@]}"; do
        run ! zstd -q -t "$file"
        run ! grep -q schema_version "$file"
    done
    run -0 --separate-stderr sealed restore web/1 store back
    assert_stderr 0 ''
    compare_trees --no-sockets tree back
    echo more >>tree/large
    HOME=$PWD/other run -0 --separate-stderr sealed sync web/1 tree store
    assert_output --regexp '^web/1 synced '
    HOME=$PWD/third run -0 --separate-stderr sealed sync web/1 tree store
    assert_output --regexp '^web/1 unchanged '
    rm -r back
    run -0 sealed restore web/1 store back
    compare_trees --no-sockets tree back
    refute_debris
}

@test "sealed: a machine that cannot open what it sealed can go on, from its own state" {
    run -0 zlsnap sync --seal="$SEAL" web/1 tree store
    echo more >>tree/large
    run -0 zlsnap sync --seal="$SEAL" web/1 tree store
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap sync --seal="$SEAL" web/1 tree store
    assert_output --regexp '^web/1 unchanged '
    run -0 sealed restore web/1 store back
    compare_trees --no-sockets tree back
    HOME=$PWD/other refused 1 'zlsnap: store/web/1: reading sealed objects needs --open=COMMAND' \
        zlsnap sync --seal="$SEAL" web/1 tree store
}

@test "sealed: sealing cannot be forgotten" {
    run -0 env ZLSNAP_SEAL="$SEAL" ZLSNAP_OPEN="$OPEN" "$ZLSNAP_BIN/zlsnap.sh" sync web/1 tree store
    find store -type f | sort >before
    refused 2 "zlsnap: web/1 is sealed: give --seal, or set ZLSNAP_SEAL (to store it plain from now on, use another name); \
try 'zlsnap sync --help'" web_sync
    HOME=$PWD/other refused 3 'zlsnap: store/web/1: its documents are not JSON; if the name is sealed, give --seal and --open' \
        web_sync
    find store -type f | sort >after
    run -0 diff before after
    run -0 env ZLSNAP_OPEN="$OPEN" "$ZLSNAP_BIN/zlsnap.sh" restore web/1 store back
    compare_trees --no-sockets tree back
}

@test "sealed: a filter that fails ends the command, and publishes nothing" {
    refused 1 'zlsnap: store/web/1/packs/*.zst: the command of --seal failed with status 3' \
        zlsnap sync --seal='cat; exit 3' web/1 tree store
    run -0 find store -name '*.json'
    assert_output ''
    run -0 sealed sync web/1 tree store
    refused 1 'zlsnap: store/web/1/snapshots/*.json: the command of --open failed with status 3' \
        zlsnap restore --open='cat; exit 3' web/1 store back
    assert_not_exists back
}

@test "a filter that is not found, or cannot be run, is one line that names the object" {
    local word option text
    touch program
    for word in none ./none ./program; do
        text='was not found'
        [ "$word" != ./program ] || text='cannot be run'
        refused 1 "zlsnap: store/web/1/packs/*.zst: the command of --seal $text" zlsnap sync --seal="$word -r x" web/1 tree store
        run -0 rm -rf "$STATE"
        refused 1 "zlsnap: store/web/1: the command of --sign $text" web_sync --sign="$word"
    done
    run -0 web_sync --sign=cat
    for option in open verify; do
        refused 1 "zlsnap: store/web/1/snapshots/*.json: the command of --$option was not found" \
            zlsnap restore --"$option"='none -d' web/1 store back
        # sh speaks for what is not one simple command.
        run -1 --separate-stderr zlsnap restore --"$option"='cat >/dev/null; none' web/1 store back
        assert_equal "${stderr##*: }" "the command of --$option was not found"
        assert_not_exists back
    done
}

@test "sealed: age seals for a key that the machine does not have" {
    requires_command age
    age-keygen -o key 2>recipient
    local seal
    seal="age -r $(sed -n 's/^Public key: //p' recipient)"
    run -0 zlsnap sync --seal="$seal" web/1 tree store
    echo more >>tree/file
    run -0 zlsnap sync --seal="$seal" web/1 tree store
    run -0 zlsnap restore --open='age -d -i key' web/1 store back
    compare_trees --no-sockets tree back
}

# signed_setup: a key, and $SIGN and $VERIFY, which use it.
signed_setup() {
    requires_command ssh-keygen
    ssh-keygen -q -t ed25519 -N '' -C me -f key
    echo "me $(cat key.pub)" >allowed
    SIGN='ssh-keygen -q -Y sign -n zlsnap -f key'
    # shellcheck disable=SC2016 # zlsnap sets it
    VERIFY='ssh-keygen -q -Y verify -f allowed -I me -n zlsnap -s "$ZLSNAP_SIGNATURE"'
}

@test "signed: restore verifies who made the snapshot" {
    signed_setup
    run -0 web_sync --sign="$SIGN"
    run -0 zlsnap restore --verify="$VERIFY" web/1 store back
    compare_trees --no-sockets tree back
    echo other >tree/file
    run -0 --separate-stderr web_sync # not signed
    assert_output --regexp '^web/1 synced '
    assert_one_line 'warning: the last snapshot is signed: give --sign, or set ZLSNAP_SIGN, to sign this one'
    refused 4 "zlsnap: store/web/1/snapshots/*: is not signed" zlsnap restore --verify="$VERIFY" web/1 store other
    assert_not_exists other
}

@test "signed: a tree of which the last snapshot is not signed is signed" {
    signed_setup
    synced
    run -0 --separate-stderr web_sync --dry-run --sign="$SIGN"
    assert_output --regexp '^web/1 changed '
    run -0 --separate-stderr web_sync --sign="$SIGN"
    assert_output --regexp '^web/1 synced '
    run -0 zlsnap restore --verify="$VERIFY" web/1 store back
    ZLSNAP_SIGN=$SIGN assert_unchanged
    run -0 --separate-stderr web_sync
    assert_output --regexp '^web/1 unchanged '
    assert_one_line 'warning: the last snapshot is signed'
    run -0 --separate-stderr web_sync -q
    assert_stderr 0 ''
}

@test "signed: a document with another tree, number or name is refused" {
    signed_setup
    run -0 web_sync --sign="$SIGN"
    local first change
    first=$(document_path)
    cp "$first" kept
    for change in '.tree_digest = .chunks_digest' '.signature = "-----BEGIN SSH SIGNATURE-----"'; do
        jq -c "$change" kept >"$first"
        run -4 zlsnap restore --verify="$VERIFY" web/1 store back
        assert_not_exists back
    done
    # An old snapshot that is presented as a newer one.
    jq -c '.sequence = 7' kept >"store/web/1/snapshots/00000007-${first#*-}"
    run -4 zlsnap restore --verify="$VERIFY" web/1 store back
    # That of another name.
    rm store/web/1/snapshots/00000007-* && cp kept "$first"
    cp -a store/web/1 store/web/2
    jq -c '.name = "web/2"' kept >"store/web/2/snapshots/${first##*/}"
    run -4 zlsnap restore --verify="$VERIFY" web/2 store back
    run -0 zlsnap restore --verify="$VERIFY" web/1 store back
}

@test "signed: a signer that fails or prints nothing ends the sync" {
    refused 1 'zlsnap: store/web/1: the command of --sign failed with status 1; not synced' web_sync --sign=false
    refused 1 'zlsnap: store/web/1: the command of --sign printed no signature; not synced' web_sync --sign=true
    run -0 find store -name '*.json'
    assert_output ''
}
