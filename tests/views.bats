#!/usr/bin/env bats
# zlsnap list, mtree, info and diff of snapshots in a store, and pull, which makes a layer of one.
# shellcheck disable=SC2154,SC2012

load helpers
load driver
load trees

setup() {
    enter_work
}

# make_snapshots: makes the snapshots 0, 1 and 2 of web/1 in "store", of "tree", whose contents are in packs. The files
# 0, 1 and 2 have their IDs.
make_snapshots() {
    mkdir -p tree/sub
    seq 1000 >tree/numbers
    ln tree/numbers tree/sub/hard
    head -c 3000000 /dev/urandom >tree/sub/large
    take 0
    echo more >>tree/numbers
    chmod 600 tree/sub/large
    take 1
    rm tree/sub/hard
    touch -d @1000000000 tree/numbers
    mkdir tree/new
    take 2
}

# take NUMBER
take() {
    local line
    line=$(HOME=$BATS_TEST_TMPDIR zlsnap sync web/1 tree store)
    echo "${line##* }" >"$1"
}

# hide_packs: replaces the packs, whose sizes a listing has, by files that say nothing.
hide_packs() {
    local pack
    for pack in store/web/1/packs/*; do
        truncate -s 0 "$pack.new"
        truncate -s "$(stat -c %s "$pack")" "$pack.new"
        mv -f "$pack.new" "$pack"
    done
}

# make_everything: makes the snapshot web/all in "store", of "tree" with everything that an archive can hold.
make_everything() {
    make_tree tree "${ROOT_PARTS[@]}"
    mkdir tree/opaque tree/whiteouts
    mknod tree/whiteouts/gone c 0 0
    setfattr -n trusted.overlay.opaque -v y tree/opaque
    head -c 2500000 /dev/urandom >tree/large
    HOME=$BATS_TEST_TMPDIR zlsnap sync -q web/all tree store
    zlsnap create -q tree layer >/dev/null
}

@test "list and mtree print the same of a snapshot as of the layer of that tree" {
    requires_root
    made_once make_everything
    local words
    for words in list 'list --names' 'list --json' mtree 'mtree --time'; do
        # shellcheck disable=SC2086 # words
        {
            zlsnap $words layer >expected
            run -0 --separate-stderr zlsnap $words web/all store
            assert_stderr 0 ''
            printf '%s\n' "$output" | cmp expected -
        }
    done
    assert_equal "sha256:$(zlsnap mtree --time web/all store | sha256sum | cut -d ' ' -f 1)" \
        "$(zlsnap info --json web/all store | jq -r .tree_digest)"
}

@test "pull of a snapshot makes the layer that create made of the tree, byte for byte" {
    requires_root
    made_once make_everything
    export SOURCE_DATE_EPOCH=1000000000
    zlsnap create --level=5 tree created >/dev/null
    run -0 --separate-stderr zlsnap pull --level=5 web/all store pulled
    assert_stderr 0 ''
    cmp created pulled
    cmp created.json pulled.json
    assert_output "$(cat pulled.json)"
    assert_equal "$(zlsnap verify pulled)" 'pulled: OK'
    refute_leftovers .
}

@test "info shows the counts and the largest files of the layer of that tree, and the packs" {
    requires_root
    made_once make_everything
    zlsnap info --json layer | jq -S '{entries, largest, content_bytes, file_count}' >expected
    run -0 zlsnap info --json web/all store
    jq -S '{entries, largest, content_bytes, file_count}' <<<"$output" | diff expected -
    assert_equal "$(jq -r '"\(.name) \(.sequence) \(.directory) \(.options) \(.packs.count)"' <<<"$output")" \
        "web/all 0 $BATS_FILE_TMPDIR/make_everything.part/tree [] $(ls store/web/all/packs/*.index.zst | wc -l)"
    assert_equal "$(jq '.packs.size_bytes + .manifest.size_bytes + .chunks.size_bytes' <<<"$output")" \
        "$(cat store/web/all/packs/* store/web/all/manifests/* | wc -c)"
    run -0 zlsnap info web/all store
    assert_line 'name         web/all'
    assert_line --regexp '^snapshot     [0-9a-f]{12}, number 0$'
    assert_line --regexp '^  whiteouts    1$'
    run -0 zlsnap info --json web/all store sizes
    assert_equal "$(jq .file_count <<<"$output")" "$(($(find tree/sizes | wc -l) + 1))"
}

@test "a snapshot is chosen by its ID or by a time" {
    made_once make_snapshots
    local id
    run -0 zlsnap list --names "web/1@$(<./0)" store
    refute_line new/
    run -0 zlsnap list --names "web/1@$(head -c 5 2)" store
    assert_line new/
    run -0 zlsnap list --names web/1 store
    assert_line new/
    run -0 zlsnap list --names "web/1@$(date -u +%Y-%m-%d)" store
    assert_line new/
    run -1 --separate-stderr zlsnap list web/1@2000-01-01 store
    assert_one_line 'web/1: has no complete snapshot of 2000-01-01 or before'
    run -1 --separate-stderr zlsnap list web/2 store
    assert_one_line 'web/2: store has no such name'
    id=$(zlsnap info --json web/1 store | jq -r .tree_digest)
    run -0 zlsnap list --expect="$id" web/1 store
    run -4 --separate-stderr zlsnap list --expect="$id" "web/1@$(<./0)" store
    assert_one_line 'not the expected one'
    assert_output ''
}

@test "list, mtree and info of some entries" {
    made_once make_snapshots
    run -0 --separate-stderr zlsnap list --names web/1 store sub new
    assert_output "./
new/
sub/
sub/large"
    run -1 --separate-stderr zlsnap mtree web/1 store sub/none
    assert_equal "$stderr" 'tarunpack: sub/none: not in the manifest'
    run -0 zlsnap info --json "web/1@$(<./0)" store numbers sub/hard
    assert_equal "$(jq -c '[.file_count, .content_bytes, .entries.hardlinks]' <<<"$output")" '[4,3893,1]'
}

@test "diff compares two snapshots of a name, or of two" {
    made_once make_snapshots
    run -1 --separate-stderr zlsnap diff "web/1@$(<./0)" "@$(<./1)" store
    assert_output 'changed numbers (size 3893 -> 3898, content)
changed sub/large (mode 0644 -> 0600)'
    assert_stderr 0 ''
    run -1 zlsnap diff web/1 store
    assert_output 'added new/
removed sub/hard'
    run -1 zlsnap diff --time web/1 "web/1@$(<./1)" store
    assert_line 'removed new/'
    assert_line --regexp '^changed numbers \(time 1000000000.000000000 -> '
    run -1 zlsnap diff "web/1@$(<./0)" store
    assert_line 'added new/'
    assert_line --regexp '^changed numbers '
    run -0 zlsnap diff "web/1@$(<./0)" "web/1@$(<./0)" store
    assert_output ''
    cp -a store/web/1 store/web/other
    find store/web/other -name '*.json' -exec sed -i 's|web/1|web/other|' {} +
    run -1 zlsnap diff --json "web/1@$(<./1)" web/other store
    assert_equal "$(jq -r '.change + " " + .path' <<<"$output" | xargs)" 'added new removed sub/hard'
    rm -r store/web/other/manifests
    run -2 --separate-stderr zlsnap diff web/1 web/other store
    assert_stderr 1 'web/other: has no complete snapshot'
}

@test "diff compares a snapshot with a directory, with the options of the snapshot" {
    made_once make_snapshots
    mkdir tree/skip
    HOME=$PWD zlsnap sync -q --exclude=skip --owner=7 web/1 tree store
    run -0 --separate-stderr zlsnap diff --time web/1 tree store
    assert_output ''
    assert_stderr 0 ''
    echo x >>tree/new/file
    chmod 644 tree/sub/large
    run -1 zlsnap diff web/1 tree store
    assert_output 'added new/file
changed sub/large (mode 0600 -> 0644)'
    run -1 --separate-stderr zlsnap diff --exclude=new web/1 tree store
    assert_stderr 1 'options differ from those'
    assert_line 'removed new/'
    assert_line 'added skip/'
    run -2 --separate-stderr zlsnap diff web/1 tree/none store
    assert_one_line 'tree/none: store has no such name'
    run -2 --separate-stderr zlsnap diff web/1 none store
    assert_one_line "'none' is neither a directory nor a snapshot"
}

@test "diff A B is not mistaken for a name and a store, nor the other way round" {
    made_once make_snapshots
    mkdir -p web/2
    run -1 zlsnap diff web/2 tree
    assert_line 'added new/'
    run -1 zlsnap diff web/2 store # not the name of a snapshot
    assert_line 'added web/'
    mkdir web/1
    run -2 --separate-stderr zlsnap diff web/1 store
    assert_one_line "'web/1' is a path, and a name in the store"
    run -1 zlsnap diff ./web/1 store
    assert_line 'added web/'
    run -1 zlsnap diff "web/1@$(<./1)" web/1 store # the directory
    assert_line 'removed new/' || assert_line 'removed numbers'
    run -1 zlsnap diff "web/1@$(<./1)" "@$(<./2)" store
    assert_line 'added new/'
}

@test "no content is read, except by pull" {
    made_once make_snapshots
    hide_packs
    local words
    for words in list 'list --json' mtree 'mtree --time' info 'info --json'; do
        # shellcheck disable=SC2086 # words
        run -0 zlsnap $words web/1 store
    done
    run -1 zlsnap diff web/1 store
    run -1 zlsnap diff web/1@"$(<./0)" tree store
    run ! zlsnap pull web/1 store layer
    assert_not_exists layer
    assert_not_exists layer.json
    refute_leftovers .
}

@test "end quietly when the reader closes the pipe" {
    made_once make_snapshots
    local words
    mkdir tree/many
    (cd tree/many && seq 20000 | xargs touch)
    take 3
    for words in 'list web/1 store' 'mtree web/1 store' 'diff web/1 store' 'list --json web/1 store'; do
        # shellcheck disable=SC2086 # words
        zlsnap $words 2>stderr | head -n 1 >first
        assert_equal "$(cat stderr)" ''
        assert_equal "$(wc -l <first)" 1
    done
}

@test "options of layers are refused for snapshots, and those of snapshots for layers" {
    made_once make_snapshots
    zlsnap create -q tree layer >/dev/null
    local words
    for words in 'list --no-verify web/1 store' 'list --max-size=1 web/1 store' 'info --metadata web/1 store' \
        'list --config=x layer' 'info --expect=0 layer' 'diff --config=x tree tree' 'pull -l 3 s3://b/x layer' \
        'pull --retries=3 web/1 store layer' 'list layer layer' 'list web store' \
        'mtree --expect=0 web/1 store' 'pull web/1 store' 'diff --max-size=1 web/1 tree store' \
        'diff --owner=1 web/1 store' 'list web/1@ store' 'pull web/1 store layer extra'; do
        # shellcheck disable=SC2086 # words
        run -2 --separate-stderr zlsnap $words
        assert_one_line "try 'zlsnap ${words%% *} --help'"
    done
}

@test "a damaged manifest: status 4 and no list; a missing one: no snapshot" {
    made_once make_snapshots
    local object
    object=$(jq -r '.manifest[0].object' store/web/1/snapshots/00000000-*)
    flip_byte "store/web/1/$object" 30
    for words in "list web/1@$(<./0)" "info web/1@$(<./0)" "diff web/1@$(<./0) tree"; do
        # shellcheck disable=SC2086 # words
        run -4 --separate-stderr zlsnap $words store
        assert_output ''
        [[ $stderr == *"$object: is damaged"* ]]
    done
    rm "store/web/1/$object"
    run ! zlsnap list "web/1@$(<./0)" store
}

@test "--verify: snapshots without a valid signature are refused; --open: sealed ones are seen" {
    local verify='[ "$(sha256sum)" = "$(cat "$ZLSNAP_SIGNATURE")" ]' words
    export HOME=$PWD
    mkdir tree
    echo 0 >tree/file
    zlsnap sync -q --sign=sha256sum --seal='tr a-z b-za' --open='tr b-za a-z' web/1 tree store
    echo 1 >tree/file
    export ZLSNAP_SEAL='tr a-z b-za' ZLSNAP_OPEN='tr b-za a-z'
    zlsnap sync -q web/1 tree store
    for words in 'list web/1 store' 'mtree web/1 store' 'info web/1 store' 'status web/1 store' \
        'pull web/1 store layer' 'diff web/1 tree store' 'diff web/1 web/1 store'; do
        # shellcheck disable=SC2086 # words
        run -4 --separate-stderr zlsnap ${words%% *} --verify="$verify" ${words#* }
        assert_one_line 'is not signed'
        assert_output ''
    done
    run -4 zlsnap diff --verify="$verify" web/1 store
    rm store/web/1/snapshots/00000001-*
    echo 0 >tree/file
    for words in 'list web/1 store' 'info web/1 store' 'status web/1 store' 'pull web/1 store layer' \
        'diff web/1 tree store' 'diff web/1 web/1 store'; do
        # shellcheck disable=SC2086 # words
        run -0 zlsnap ${words%% *} --verify="$verify" ${words#* }
        # shellcheck disable=SC2086 # words
        run -4 zlsnap ${words%% *} --verify=false ${words#* }
    done
    unset ZLSNAP_OPEN
    run ! zlsnap list web/1 store
}

@test "pull: the date in LAYER.json is that of the snapshot, and --expect is its tree digest" {
    made_once make_snapshots
    zlsnap pull -q "web/1@$(<./0)" store first >/dev/null
    assert_equal "$(jq -r .created_at first.json)" "$(jq -r .time store/web/1/snapshots/00000000-*)"
    run -4 --separate-stderr zlsnap pull --expect="$(printf '%064d' 0)" web/1 store other
    assert_not_exists other
    zlsnap pull -q web/1 store first >/dev/null
    run -0 zlsnap diff first tree
    run -2 zlsnap pull web/1 store -
}

@test "a pulled layer can be pushed to a registry" {
    requires_command skopeo
    made_once make_snapshots
    zlsnap pull -q web/1 store layer >/dev/null
    zlsnap oci -o image layer >/dev/null
    zlsnap extract oci:image back
    zlsnap extract layer direct
    compare_trees direct back
    compare_trees tree direct
}
