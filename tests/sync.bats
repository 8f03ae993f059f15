#!/usr/bin/env bats
# zlsnap sync, restore, status and refs with a real S3 store on the loopback.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load helpers
load driver
load trees
load s3

setup_file() {
    requires_s3
    s3_start
}

teardown_file() {
    s3_stop
}

setup() {
    enter_work
    s3_ready
    s3_environment
    url=$S3_URL/$BATS_TEST_NUMBER
    mkdir tree
    echo first >tree/file
}

teardown() {
    end_test
}

# pointer FILTER: prints the output of the jq filter for the pointer of web/1.
pointer() {
    s3_ get "$url/refs/web/1.json" - | jq -r "$1"
}

# sync [OPTION...]: web/1
sync_web() {
    zlsnap sync --part-size=5 "$@" web/1 tree "$url"
}

# layer_url: prints the URL of web/1's layer.
layer_url() {
    local hex
    hex=$(pointer .layer.compressed_digest)
    printf '%s' "$url/${hex#sha256:}.tar.zst"
}

# assert_restores CONTENT: on a machine without state, web/1 is restored with CONTENT in its file.
assert_restores() {
    rm -rf fresh back
    mkdir fresh
    HOME=$PWD/fresh zlsnap restore web/1 "$url" back
    assert_equal "$(cat back/file)" "$1"
    assert_equal "$(ls -A fresh)" ''
}

@test "syncs a directory, an unchanged and a changed one, and restores it on another machine" {
    requires_root
    ln tree/file tree/hard
    ln -s file tree/symlink
    mknod tree/device c 1 3
    chown 12:34 tree/file
    chmod 6755 tree/file
    setfattr -n user.a -v b tree/file
    touch -d @1234567890.123456789 tree/file tree
    run -0 sync_web
    assert_output "web/1 synced $(layer_url)"
    assert_equal "$(zlsnap digest tree)" "$(pointer .tree_digest)"
    s3_forget
    assert_equal "$(sync_web)" "web/1 unchanged $(layer_url)"
    run -0 s3_changes
    assert_output ''
    assert_restores first
    compare_trees tree back
    echo second >tree/file
    run -0 sync_web
    assert_output "web/1 synced $(layer_url)"
    assert_equal "$(pointer '.history | length')" 1
    assert_restores second
    compare_trees tree back
    assert_equal "$(sync_web -q)" ''
}

@test "sends the layer before its metadata, and the pointer last" {
    sync_web
    s3_changes >changes
    run -0 sed 's/ [0-9]* received=.*//; s/[0-9a-f]\{64\}/DIGEST/' changes
    assert_output "PUT /bucket/$BATS_TEST_NUMBER/DIGEST.tar.zst
PUT /bucket/$BATS_TEST_NUMBER/DIGEST.meta.json
PUT /bucket/$BATS_TEST_NUMBER/refs/web/1.json"
}

@test "killed during any upload request: the pointer refers to a complete layer, and the next sync completes" {
    local request first
    sync_web
    first=$(pointer .layer.compressed_digest)
    random_file tree/random 6M
    for request in 'partNumber=2&' 'POST .*uploadId' 'PUT .*meta.json' 'PUT .*refs/web'; do
        echo "$request" >tree/file
        s3_killed "$request" zlsnap sync --part-size=5 web/1 tree "$url"
        assert_equal "$(pointer .layer.compressed_digest)" "$first"
    done
    assert_restores first
    sync_web
    assert_restores "$request"
}

@test "a killed sync is resumed: only the missing parts are sent" {
    random_file tree/random 12M
    s3_killed 'partNumber=3&' zlsnap sync --part-size=5 web/1 tree "$url"
    assert_equal "$(s3_parts)" '1 2'
    s3_forget
    sync_web
    assert_equal "$(s3_parts)" 3
    assert_restores first
}

@test "two concurrent syncs: the second fails and changes nothing" {
    s3_hold 'PUT .*tar.zst'
    start zlsnap sync web/1 tree "$url"
    s3_held
    run -1 --separate-stderr sync_web
    assert_one_line 'web/1: another sync of this name is running'
    s3_release
    wait "$driver"
    assert_restores first
}

@test "names with any characters are distinguished" {
    local name names=(a_b/c a/b_c $'../.\n\x80/ü*?')
    for name in "${names[@]}"; do
        printf '%s' "$name" >tree/file
        zlsnap sync -q "$name" tree "$url"
    done
    for name in a_b/c a/b_c; do
        zlsnap restore "$name" "$url" back
        assert_equal "$(cat back/file)" "$name"
        rm -r back
    done
    # Names are bytes, independent of the locale.
    LC_ALL=C.UTF-8 zlsnap restore "${names[2]}" "$url" back
    assert_equal "$(cat back/file)" "${names[2]}"
    rm -r back
    zlsnap sync -q $'a/b_c\n' tree "$url"
    run -0 zlsnap refs "$url"
    assert_equal "${#lines[@]}" 4
    assert_line --regexp $'^\\$\'a/b_c\\\\n\'\t'
    assert_line --regexp $'^a/b_c\t20..-..-..T..:..:..Z\t[0-9]+\tsha256:[0-9a-f]{64}$'
    assert_line --partial "$'../.\\n"
    run -0 zlsnap refs --json "$url"
    assert_equal "$(jq -r .reference <<<"$output" | sort | xargs)" \
        '%2E./%2E%0A%80%2F%C3%BC%2A%3F a/b_c a/b_c%0A a_b/c'
    for name in a /a a/ /; do
        run -2 zlsnap restore "$name" "$url" back
    done
}

@test "the encoding of names is unique and can be decoded" {
    source_parts core/names
    local LC_ALL=C name names=(a . .. .a a. a.. % %25 %2E a%2Fb a/b A a_b a-b $'\n' $'\377' 'ü' ' ' '*')
    for name in "${names[@]}"; do
        assert_equal "$(name_decode "$(name_encode "$name")"; echo .)" "$name."
        name_encode "$name"
        echo
    done >encoded
    assert_equal "$(sort -u encoded | wc -l)" "${#names[@]}"
    run -1 grep -v '^[A-Za-z0-9%_-][A-Za-z0-9%._-]*$' encoded
}

@test "status shows the pointer, and whether the directory has changed" {
    sync_web
    run -0 zlsnap status web/1 "$url"
    assert_line "name         web/1"
    assert_line --regexp "^layer +$(layer_url): there, [0-9]+ bytes$"
    refute_line --partial directory
    run -0 zlsnap status web/1 tree "$url"
    assert_line 'directory    tree: unchanged'
    echo more >>tree/file
    run -0 zlsnap status web/1 tree "$url"
    assert_line 'directory    tree: changed'
    s3_ del "$(layer_url)"
    run -1 zlsnap status web/1 "$url"
    assert_line --regexp '^layer .*: missing$'
    run -1 --separate-stderr zlsnap status web/2 "$url"
    assert_one_line 'refs/web/2.json: no such name'
}

@test "a missing layer: restore fails, and the next sync sends it again" {
    sync_web
    s3_ del "$(layer_url)"
    run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_one_line 'the layer of this name is missing'
    [ ! -e back ]
    run -0 --separate-stderr sync_web
    assert_one_line 'is missing from the store; it is sent again'
    assert_output "web/1 synced $(layer_url)"
    assert_equal "$(pointer '.history | length')" 0
    assert_restores first
}

@test "a pointer that is damaged, truncated or of another name is refused and not changed" {
    sync_web
    s3_ get "$url/refs/web/1.json" good
    s3_ put good "$url/refs/web/2.json"
    run -4 --separate-stderr zlsnap restore web/2 "$url" back
    assert_one_line 'belongs to web/1, not to web/2'
    head -c 200 good >bad
    s3_ put bad "$url/refs/web/1.json"
    run -3 --separate-stderr zlsnap restore web/1 "$url" back
    assert_one_line 'refs/web/1.json: malformed: it is not JSON'
    [ ! -e back ]
    run -3 --separate-stderr sync_web
    assert_one_line 'refs/web/1.json: malformed: it is not JSON'
    run -4 --separate-stderr zlsnap refs "$url"
    assert_stderr 2 'refs/web/1.json: malformed: it is not JSON'
    s3_ get --force "$url/refs/web/1.json" still
    cmp bad still
}

@test "a pointer with a missing or invalid key is refused" {
    source_parts core/json layer/metadata store/pointer
    local filter
    sync_web
    s3_ get "$url/refs/web/1.json" good
    assert_equal "$(pointer_values <good | head -n 2 | xargs)" 'ok web/1'
    for filter in 'del(.layer)' '.layer = []' 'del(.layer.media_type)' '.schema_version = 2' \
        '.layer.digest = "sha256:0"' '.layer.compressed_size_bytes = "1"' '.history = [1]' \
        '.history = [{}]' 'del(.history)' '.tree_digest = 1' '.reference = "\u001b"' '.updated_at = null' \
        '[.]' 'empty' '., .'; do
        jq "$filter" good | pointer_values >printed
        grep -q '^it' printed || fail "$filter: $(cat printed)"
    done
}

@test "a full history first drops the layers that gc removed, and then warns" {
    local old
    sync_web >/dev/null
    echo second >tree/file
    sync_web >/dev/null
    s3_ get "$url/refs/web/1.json" pointer.json >/dev/null
    jq '.history += [range(999) | {compressed_digest: "sha256:\("0" * (64 - (tostring | length)) + tostring)"}]' \
        pointer.json >full.json
    s3_ put full.json "$url/refs/web/1.json" >/dev/null
    echo third >tree/file
    run -0 --separate-stderr sync_web
    assert_stderr 0 ''
    assert_equal "$(pointer '.history | length')" 2
    # All its layers exist.
    jq '.history += [range(999) as $i | .history[0]]' pointer.json >full.json
    s3_ put full.json "$url/refs/web/1.json" >/dev/null
    echo fourth >tree/file
    run -0 --separate-stderr sync_web
    assert_stderr 1 'has 1000 earlier layers'
    assert_equal "$(pointer '.history | length')" 1000
}

@test "restore checks the digest in the pointer, or that of --expect" {
    sync_web
    local digest
    digest=$(pointer .layer.digest)
    zlsnap restore --expect="$digest" web/1 "$url" back
    run -4 zlsnap restore --expect="sha256:$(printf '0%.0s' {1..64})" web/1 "$url" other
    s3_ get "$url/refs/web/1.json" good
    jq '.layer.digest = "sha256:" + "0" * 64' good >bad
    s3_ put bad "$url/refs/web/1.json"
    run -4 zlsnap restore web/1 "$url" other
    [ ! -e other ]
    zlsnap restore --replace --expect="$digest" web/1 "$url" back
}

@test "a layer that is damaged in the store: restore fails, and DIR does not change" {
    random_file tree/random 1M
    sync_web
    zlsnap restore web/1 "$url" back
    s3_ get "$(layer_url)" damaged
    flip_byte damaged 500000
    s3_ put damaged "$(layer_url)"
    echo mine >back/file
    run -4 zlsnap restore --replace web/1 "$url" back
    assert_equal "$(cat back/file)" mine
    truncate -s -1 damaged
    s3_ put damaged "$(layer_url)"
    run -4 --separate-stderr zlsnap restore web/1 "$url" other
    assert_one_line 'as the pointer says'
    [ ! -e other ]
}

@test "a store that fails in the middle of a restore: status 1, and no DIR" {
    random_file tree/random 4M
    sync_web
    # A real failure would make s3cmd retry for a minute.
    local real
    real=$(type -P s3cmd)
    export real
    fake s3cmd 'case " $* " in
        *" get "*.tar.zst*) "$real" "$@" | head -c 100000; echo "ERROR: it went away" >&2; exit 74 ;;
        *) exec "$real" "$@" ;;
        esac'
        run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_said 'zlsnap: s3://.*: it went away'
    assert_equal "$(compgen -G '*back*')" ''
}

@test "the pointer has the layer's tree digest even if the directory changed during the sync" {
    fake tarpack "case \" \$* \" in *' --manifest '*) ;; *) echo meanwhile >\"\${!#}/file\" ;; esac
        exec '$ZLSNAP_BIN/tarpack' \"\$@\""
    sync_web
    assert_equal "$(pointer .tree_digest)" "$(zlsnap digest tree)"
    assert_restores meanwhile
}

@test "a full disk for the state: one line, and the store does not change" {
    requires_root
    sync_web
    mkdir state
    mount -t tmpfs -o size=1m none state
    random_file tree/random 4M
    s3_forget
    run -1 --separate-stderr sync_web --state=state
    assert_said 'No space left on device'
    run -0 s3_changes
    assert_output ''
    assert_restores first
}

@test "the state is in --state, STATE_DIRECTORY, XDG_STATE_HOME or HOME, and never in the directory" {
    sync_web --state=a
    STATE_DIRECTORY=$PWD/b:/nowhere sync_web
    XDG_STATE_HOME=$PWD/c sync_web
    sync_web
    local cache
    for cache in a b c/zlsnap home/.local/state/zlsnap; do
        [ "$cache" != home/.local/state/zlsnap ] || cd ..
        exists_like "$cache/sync/*/web/1/cache"
    done
    cd work
    HOME='' run -2 --separate-stderr sync_web
    assert_one_line 'neither HOME nor XDG_STATE_HOME is set'
    ln -s "$PWD/tree" link
    cp -a tree before
    local place
    for place in tree tree/state tree/state/deeper link/state "$PWD/tree/state" new/../tree/state ./tree//.; do
        run -2 --separate-stderr sync_web --state="$place"
        assert_one_line 'is inside of tree'
        run -2 --separate-stderr zlsnap status --state="$place" web/1 tree "$url"
        assert_one_line 'is inside of tree'
        compare_trees before tree # no file was made, since the time is the same
    done
    (cd tree && run -2 --separate-stderr zlsnap sync --state=state web/1 . "$url" && assert_one_line 'is inside of .')
    compare_trees before tree
    assert_not_exists new
    run -1 --separate-stderr zlsnap sync web/1 none "$url"
    assert_one_line 'none: no such directory'
}

@test "passes the options of tarpack and tarunpack on" {
    mkdir tree/cache
    sync_web --exclude=cache -l 1 --owner=7
    assert_equal "$(sync_web --exclude=cache --owner=7)" "web/1 unchanged $(layer_url)"
    zlsnap restore --summary=summary web/1 "$url" back
    [ ! -e back/cache ] && [ -s summary ]
    echo mine >back/mine
    zlsnap restore --replace web/1 "$url" back
    [ ! -e back/mine ]
    run -1 zlsnap restore web/1 "$url" back
}

@test "the systemd unit of the examples runs" {
    local unit=$PROJECT/doc/examples/zlsnap-sync@.service command
    command=$(sed -n 's/^ExecStart=//p' "$unit")
    run -0 env REFERENCE=web/1 DIRECTORY="$PWD/tree" URL="$url" STATE_DIRECTORY="$PWD/state" bash -c "$command"
    assert_output "web/1 synced $(layer_url)"
    exists_like 'state/sync/*/web/1/cache'
    if type -P systemd-analyze; then
        cp "$PROJECT"/doc/examples/zlsnap-sync@.* .
        SYSTEMD_UNIT_PATH=$PWD: run -0 systemd-analyze verify --man=no ./zlsnap-sync@web.timer \
            ./zlsnap-sync@web.service
        assert_output ''
    fi
}

@test "restore: a killed program and too little memory are status 1, not a bad layer" {
    sync_web
    fake zstd 'kill -KILL $$'
    run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_said 'zstd was killed by signal KILL'
    fake zstd 'echo "/*stdin*\\ : Decoding error (36) : Allocation error : not enough memory " >&2; exit 1'
    run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_said 'zlsnap: zstd failed with status 1'
    fake jq 'kill -KILL $$'
    run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_said 'jq was killed by signal KILL'
    assert_not_exists back
}

@test "restore: zstd that is killed in the middle of a large layer is told, not a wrong digest" {
    head -c 3000000 /dev/urandom >tree/random
    sync_web
    fake zstd 'head -c 100000; kill -KILL $$'
    run -1 --separate-stderr zlsnap restore web/1 "$url" back
    assert_said 'zlsnap: zstd was killed by signal KILL'
    [[ $stderr != *s3cmd* ]]
    assert_not_exists back
}

@test "sync fails if sha256sum does, so that stores never share a state directory" {
    fake sha256sum 'exit 1'
    run -1 --separate-stderr sync_web
    assert_one_line 'sha256sum failed'
    assert_not_exists "$HOME/.local/state/zlsnap"
}
