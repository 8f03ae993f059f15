#!/usr/bin/env bats
# zlsnap create
# shellcheck disable=SC2154 # set by run

load helpers
load driver

setup() {
    enter_work
    mkdir tree
    echo content >tree/file
    ln tree/file tree/link
    seq 100000 >tree/numbers
}

field() {
    jq -r ".$1" "${2:-layer.json}"
}

@test "the digests and sizes in LAYER.json are those that other tools measure" {
    zlsnap create tree layer >/dev/null
    assert_equal "$(field digest)" "sha256:$(zstd -dc <layer | sha256sum | cut -d ' ' -f 1)"
    assert_equal "$(field compressed_digest)" "sha256:$(sha256sum <layer | cut -d ' ' -f 1)"
    assert_equal "$(field size_bytes)" "$(zstd -dc <layer | wc -c)"
    assert_equal "$(field compressed_size_bytes)" "$(stat -c %s layer)"
    assert_equal "$(field file_count)" "$(zstd -dc <layer | tar -t | wc -l)"
    assert_equal "$(field media_type)" application/vnd.oci.image.layer.v1.tar+zstd
    assert_equal "$(field compression.version)" "$(zstd -V | grep -o 'v[0-9.]*' | tr -d v)"
}

@test "LAYER.json has a fixed order of keys, and standard output has the same bytes" {
    zlsnap create tree layer >created
    cmp created layer.json
    run -0 jq -r 'keys_unsorted[]' layer.json
    assert_output "schema_version
digest
size_bytes
compressed_size_bytes
compressed_digest
media_type
created_at
file_count
compression"
    assert_equal "$(field schema_version)" 1
    assert_equal "$(jq -c '.compression | keys_unsorted' layer.json)" '["program","version","options"]'
}

@test "--dry-run says what would be in the layer, and writes nothing" {
    run -0 --separate-stderr zlsnap create --dry-run tree layer
    assert_equal "$stderr" ''
    assert_output --regexp '^layer: 4 entries, 575[.]1 KiB of contents, 58[0-9][.]. KiB before compression; a dry run: nothing was written$'
    run -0 zlsnap create -n --exclude=numbers --exclude=link tree -
    assert_output --regexp '^-: 2 entries, 8 bytes of contents, [0-9.]+ KiB before compression; a dry run: nothing was written$'
    assert_equal "$(entries)" tree
    run -1 --separate-stderr zlsnap create -n none layer
    assert_equal "${#stderr_lines[@]}" 1
}

@test "the layer is the same as that of tarpack | zstd" {
    zlsnap create tree layer >/dev/null
    tarpack tree | zstd -q | cmp - layer
}

@test "makes only LAYER and LAYER.json" {
    mkdir place
    zlsnap create tree place/layer >/dev/null
    assert_equal "$(ls -A place)" $'layer\nlayer.json'
}

@test "zstd's environment variables do not change the layer" {
    zlsnap create tree layer >/dev/null
    ZSTD_CLEVEL=19 ZSTD_NBTHREADS=7 zlsnap create tree other >/dev/null
    cmp layer other
    assert_equal "$(jq -c .compression layer.json)" "$(jq -c .compression other.json)"
}

@test "the number of threads does not change the layer" {
    zlsnap create -T1 tree layer >/dev/null
    zlsnap create --threads=3 tree other >/dev/null
    cmp layer other
}

@test "zstd with the options in LAYER.json makes the same layer again" {
    local words options
    for words in '' -l1 '--level 9' '-l 19 -T2' --long '--long=24 -l5' --rsyncable; do
        # shellcheck disable=SC2086
        zlsnap create $words tree layer >/dev/null
        mapfile -t options < <(field 'compression.options[]')
        tarpack tree | zstd -q "${options[@]}" | cmp - layer
    done
}

@test "zstd -d reads every layer without options" {
    local words
    for words in '--long=27 -l 22' '-l22' '--long=10'; do
        # shellcheck disable=SC2086
        zlsnap create $words tree layer >/dev/null
        zstd -dc <layer | cmp - <(tarpack tree)
    done
}

@test "created_at is the current time in UTC, in any time zone" {
    local before after created
    before=$(date +%s)
    TZ=Asia/Kathmandu zlsnap create tree layer >/dev/null
    after=$(date +%s)
    created=$(field created_at)
    [[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]
    created=$(date -d "$created" +%s)
    ((before <= created && created <= after))
}

@test "with SOURCE_DATE_EPOCH, created_at is that time and all output is reproducible" {
    SOURCE_DATE_EPOCH=1000000000 zlsnap create tree layer >/dev/null
    assert_equal "$(field created_at)" 2001-09-09T01:46:40Z
    SOURCE_DATE_EPOCH=1000000000 TZ=Asia/Tokyo zlsnap create tree other >/dev/null
    cmp layer.json other.json
    SOURCE_DATE_EPOCH=010 zlsnap create tree layer >/dev/null
    assert_equal "$(field created_at)" 1970-01-01T00:00:10Z
}

@test "an absent SOURCE_DATE_EPOCH passes its check" {
    source_parts layer/metadata
    SOURCE_DATE_EPOCH='' run -0 source_date_check
}

@test "refuses an invalid SOURCE_DATE_EPOCH" {
    local epoch
    for epoch in x -1 1.5 253402300800 99999999999999999999; do
        SOURCE_DATE_EPOCH=$epoch run -2 --separate-stderr zlsnap create tree layer
        assert_one_line SOURCE_DATE_EPOCH
        assert_not_exists layer
    done
}

@test "passes tarpack's options on" {
    zlsnap create --exclude='num*' --mtime=@5 -v tree layer >/dev/null 2>names
    zstd -dc <layer | cmp - <(tarpack --exclude='num*' --mtime=@5 tree)
    assert [ -s names ]
    zlsnap create --exclude 'num*' --mtime @5 --live --no-xattrs tree other >/dev/null
    cmp layer other
}

@test "the layer's mode follows the umask" {
    umask 027
    zlsnap create tree layer >/dev/null
    : >shell
    assert_equal "$(stat -c %a layer layer.json | uniq)" "$(stat -c %a shell)"
}

@test "names with dashes, spaces, newlines and bytes that are not UTF-8" {
    local name
    for name in -layer 'a layer' $'new\nline' $'\xff' '$(x)' '*'; do
        rm -rf -- ./-tree
        cp -a tree ./-tree
        zlsnap create -q -- -tree "$name" >/dev/null
        assert [ -f "./$name" ]
        assert [ -f "./$name.json" ]
        zlsnap verify -- "$name" >/dev/null
    done
}

@test "refuses a LAYER inside the directory, through any path" {
    mkdir tree/sub other
    ln -s ../tree/sub other/link
    local layer
    for layer in tree/layer tree/sub/layer ./tree/../tree/layer "$PWD/tree/layer" other/link/layer; do
        run -2 --separate-stderr zlsnap create tree "$layer"
        assert_one_line 'packed into itself'
    done
    run -2 --separate-stderr env -C tree zlsnap create . layer
    assert_one_line 'packed into itself'
    run -2 --separate-stderr env -C tree/sub zlsnap create .. layer
    assert_one_line 'packed into itself'
    assert_equal "$(find tree -name '*layer*')" ''
    zlsnap create tree/sub tree/layer >/dev/null # beside, not inside
    zlsnap create tree tree.zst >/dev/null
}

@test "refuses a LAYER or LAYER.json that is not a regular file" {
    run -2 --separate-stderr zlsnap create tree tree
    assert_one_line 'LAYER is a directory: tree'
    mkdir place
    run -2 --separate-stderr zlsnap create tree place/
    assert_one_line 'LAYER is a directory: place/'
    run -1 --separate-stderr zlsnap create tree /dev/null
    assert_one_line '/dev/null: not a regular file'
    mkfifo fifo
    run -1 --separate-stderr zlsnap create tree fifo
    assert_one_line 'not a regular file'
    mkdir layer.json
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'layer.json: not a regular file'
    assert_not_exists layer
}

@test "LAYER '-' is standard output, and the digest goes to standard error" {
    local name
    zlsnap create tree layer >created
    for name in - /dev/stdout /dev/fd/1; do
        TMPDIR=$PWD zlsnap create -q tree "$name" 2>said | cat >streamed
        cmp streamed layer
        assert_equal "$(cat said)" "zlsnap: -: digest $(jq -r .digest layer.json)"
        refute_leftovers .
    done
    assert_equal "$(ls)" $'created\nlayer\nlayer.json\nsaid\nstreamed\ntree'
}

@test "create can be piped into extract" {
    local digest
    digest=$(zlsnap create tree layer | jq -r .digest)
    zlsnap create tree - 2>/dev/null | zlsnap extract -e "$digest" - copy
    compare_trees tree copy
}

@test "an incomplete layer on standard output is an error" {
    run -1 bash -c 'zlsnap create tree - >/dev/full'
    assert_output --partial 'No space left on device'
    head -c 8M /dev/urandom >tree/random
    run -0 --separate-stderr bash -c 'zlsnap create tree - | head -c 10 >/dev/null; echo "${PIPESTATUS[0]}"'
    assert_output 1
    assert_stderr 1 'was not read to its end'
    run -1 bash -c 'zlsnap create nowhere - >streamed'
    assert_output --regexp '^tarpack: nowhere'
    run -3 zlsnap extract --no-verify - copy <streamed
}

@test "does not write a layer to a terminal" {
    requires_command script
    run -2 script -qec 'zlsnap create tree -' /dev/null </dev/null
    assert_output --partial 'standard output is a terminal'
}

@test "checks LAYER's directory and the length of its name before packing" {
    fake tarpack 'touch worked; exec cat'
    run -1 --separate-stderr zlsnap create tree nowhere/layer
    assert_one_line 'nowhere/layer: its directory does not exist'
    run -1 --separate-stderr zlsnap create tree "$(printf 'x%.0s' {1..251})"
    assert_one_line 'name is too long'
    assert_not_exists worked
}

@test "accepts the longest name" {
    local name
    name=$(printf 'x%.0s' {1..250})
    zlsnap create tree "$name" >/dev/null
    zlsnap verify "$name"
}

@test "a directory that the user can't write: one line" {
    requires_root
    install -d -m 755 place
    chmod 755 .
    run -1 --separate-stderr as_user zlsnap create tree place/layer
    assert_one_line 'Permission denied'
}

@test "a failure of tarpack: its message and status, and no files" {
    run -1 --separate-stderr zlsnap create nowhere layer
    assert_stderr 1 '^tarpack: nowhere: '
    assert_output ''
    assert_equal "$(ls -A)" tree
}

@test "a failure of tarpack keeps the old layer and its LAYER.json" {
    zlsnap create tree layer >/dev/null
    cp layer before
    cp layer.json before.json
    run -1 zlsnap create nowhere layer
    cmp layer before
    cmp layer.json before.json
    refute_leftovers .
}

@test "replaces an old layer, and a symbolic link rather than its target" {
    echo old | tee layer >target
    zlsnap create tree layer >/dev/null
    zlsnap verify layer
    ln -s target link
    zlsnap create tree link >/dev/null
    assert_equal "$(cat target)" old
    zlsnap verify link
}

@test "a missing digest is an error" {
    fake shasum-tee 'while [[ $1 != -o ]]; do shift; done; : >"$2"; exec cat'
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'no tar.digest'
    assert_equal "$(ls -A)" tree
}

@test "an invalid digest is an error" {
    fake shasum-tee 'while [[ $1 != -o ]]; do shift; done
        echo "{\"digest\":\"sha256:0\",\"size\":1}" >"$2"; exec cat'
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'no valid digest'
    assert_equal "$(ls -A)" tree
}

@test "on a full disk the old layer stays, and no other files" {
    requires_root
    mkdir small
    mount -t tmpfs -o size=1m tmpfs small
    zlsnap create --exclude=numbers tree small/layer >/dev/null
    cp small/layer before
    head -c 2M /dev/urandom >tree/random
    run -1 --separate-stderr zlsnap create tree small/layer
    assert_stderr 1 '^shasum-tee: small/layer: cannot write: No space left on device$'
    assert_output ''
    assert_equal "$(ls -A small)" $'layer\nlayer.json'
    cmp small/layer before
    zlsnap verify small/layer
}

@test "a file size limit leaves no files; a read-only directory is named" {
    head -c 200k /dev/urandom >tree/random
    run -1 --separate-stderr bash -c 'ulimit -f 100; exec zlsnap create tree layer'
    assert_stderr 1 'shasum-tee: .*File too large'
    assert_equal "$(ls -A)" tree
    mkdir -m 555 closed
    run -1 --separate-stderr as_user zlsnap create tree closed/layer
    assert_one_line 'closed/: no directory can be made there: Permission denied'
}

@test "if LAYER.json can't be written, the old layer stays" {
    local tee='echo "tee: $2: No space left on device" >&2; exit 1'
    fake tee "$tee"
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'No space left on device'
    assert_equal "$(ls -A)" tree

    rm "$BATS_TEST_TMPDIR/fakes/tee"
    zlsnap create tree layer >/dev/null
    mkdir ../stood
    cp layer layer.json ../stood
    echo more >tree/more
    fake tee "$tee"
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'No space left on device'
    cmp layer ../stood/layer
    cmp layer.json ../stood/layer.json
    run -0 ls -A
    assert_output $'layer\nlayer.json\ntree'
}

# The first run pauses between its two renames, until the second has renamed a file or waits for the lock.
# shellcheck disable=SC2154 # $driver
@test "two concurrent runs leave a layer with its own LAYER.json" {
    cp -a tree other
    echo more >other/more
    fake mv 'PATH=/usr/bin:/bin
        mv "$@" || exit
        [ "${!#}" = layer ] || exit 0
        echo >>../moved
        [ "${FIRST-}" ] || exit 0
        for ((i = 0; i < 500; i++)); do
            [ "$(wc -l <../moved)" -eq 1 ] || exit 0
            ! grep -q -- "-> FLOCK .*:$(stat -c %i .) " /proc/locks || exit 0
            sleep 0.02
        done'
    start env FIRST=yes zlsnap create tree layer >/dev/null
    local first=$driver
    wait_until test -e ../moved
    start zlsnap create other layer >/dev/null
    wait "$first"
    wait "$driver"
    zlsnap verify layer
    assert_equal "$(jq -r .digest layer.json)" "sha256:$(tarpack other | sha256sum | cut -d ' ' -f 1)"
    refute_leftovers .
}

@test "does not empty a directory that replaced its temporary directory" {
    mkdir precious
    touch precious/file
    fake tarpack 'mv .layer.zlsnap-* ../away; mv precious "$(cat ../name)"; exit 1'
    fake mktemp 'PATH=/usr/bin:/bin; name=$(mktemp "$@") && echo "$name" | tee ../name'
    run -1 zlsnap create tree layer
    assert_exists "$(cat ../name)/file"
    # Replaced before it is opened.
    mv "$(cat ../name)" precious
    rm -r ../away
    fake mktemp 'PATH=/usr/bin:/bin; name=$(mktemp "$@"); rmdir "$name"
        [ ! -d precious ] || mv precious "$name"; echo "$name" | tee -a ../name'
    run -1 zlsnap create tree layer
    assert_exists "$(head -n 2 ../name | tail -n 1)/file"
}

@test "does not use a temporary directory that was replaced by a link or belongs to another user" {
    local before
    mkdir -m 755 ../elsewhere
    before=$(stat -c '%a %.9Y %.9Z' ../elsewhere)
    fake mktemp 'PATH=/usr/bin:/bin; name=$(mktemp "$@"); rmdir "$name"
        ln -s "$PWD/../elsewhere" "$name"; echo "$name"'
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'was replaced or removed by another process'
    assert_equal "$(stat -c '%a %.9Y %.9Z' ../elsewhere)" "$before"
    requires_root
    fake mktemp 'PATH=/usr/bin:/bin; name=$(mktemp "$@"); chown 65534 "$name"; echo "$name"'
    run -1 --separate-stderr zlsnap create tree layer
    assert_one_line 'was replaced or removed by another process'
    assert_not_exists layer
}

@test "makes another temporary directory if gc locked or removed the first one" {
    fake mktemp 'PATH=/usr/bin:/bin; name=$(mktemp "$@") && echo "$name"; echo >>../made
        [ "$(wc -l <../made)" -ne 1 ] || rmdir "$name"
        [ "$(wc -l <../made)" -ne 2 ] || { flock "$name" sleep 2 &>/dev/null & sleep 0.2; }'
    zlsnap create tree layer >/dev/null
    assert_equal "$(wc -l <../made)" 3
    zlsnap verify -q layer
}

@test "syncs the files before it renames them, and removes the old LAYER.json first" {
    log_calls sync rm mv
    zlsnap create tree layer >/dev/null
    run -0 grep -v '^rm -rf' ../log
    assert_output 'sync -- ./.layer.zlsnap/layer ./.layer.zlsnap/json
rm -f -- layer.json
mv -fT -- ./.layer.zlsnap/layer layer
mv -fT -- ./.layer.zlsnap/json layer.json
sync -- ./'
}

@test "LAYER.json never belongs to another LAYER, even after a failed rename" {
    zlsnap create tree layer >/dev/null
    cp layer old
    fake mv 'case $* in *json*) exit 1 ;; esac; exec /usr/bin/env -S PATH=/usr/bin:/bin mv "$@"'
    echo more >tree/more
    run -1 zlsnap create tree layer
    run cmp -s layer old
    assert_failure
    assert_not_exists layer.json
    refute_leftovers .
}

@test "a write error on standard output is reported; the layer is complete" {
    run -1 --separate-stderr bash -c 'zlsnap create tree layer >/dev/full'
    assert_one_line 'layer is complete'
    zlsnap verify layer
    run -1 --separate-stderr bash -c 'zlsnap create tree other >&-'
    assert_one_line 'other is complete'
    zlsnap verify other
}

@test "prints tarpack's warnings, and none with -q" {
    requires_command python3
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
    run -0 --separate-stderr zlsnap create tree layer
    assert_stderr 1 '^tarpack: .*socket'
    run -0 --separate-stderr zlsnap create -q tree layer
    assert_stderr 0 ''
}

@test "too few descriptors: no message about another process, and no files" {
    mkdir few few/tree
    cd few || return
    local limit
    for limit in 13 14 15; do
        run -1 bash -c 'ulimit -n "$1" && zlsnap create tree layer' - "$limit"
        refute_output --partial 'another process'
        assert_equal "$limit: $(entries)" "$limit: tree"
    done
}

@test "on a terminal, create prints a summary instead of JSON, unless --json or -q is given" {
    requires_command script
    local digest
    run -0 script -qec 'zlsnap create --progress=never tree layer' /dev/null </dev/null
    digest=$(field digest)
    assert_line --regexp "^layer: 4 entries, [0-9.]+ KiB to [0-9.]+ KiB \\([0-9.]+ %\\) in [0-9.]+ s, $digest"
    assert_equal "${#lines[@]}" 1
    TERM=xterm run -0 script -qec 'zlsnap create tree layer' /dev/null </dev/null
    assert_equal "$(grep -c "4 entries.*$digest" <<<"$output")" 1
    refute_output --partial schema_version
    run -0 script -qec 'zlsnap create --json --progress=never tree layer' /dev/null </dev/null
    assert_equal "$(tr -d '\r' <<<"$output")" "$(<layer.json)"
    run -0 script -qec 'zlsnap create -q tree layer' /dev/null </dev/null
    assert_output ''
    zlsnap create tree layer >created && cmp created layer.json
    zlsnap create -q tree layer >created && cmp created layer.json
}

@test "a name that tells another format is refused, for create and for pull" {
    local name
    for name in x.tar x.tar.gz x.tgz x.tar.xz x.txz x.tar.bz2 x.tar.lz4 x.zip; do
        run -2 zlsnap create tree "$name"
        assert_output "zlsnap: $name: zlsnap writes a tar compressed by zstd; name it x.tar.zst, or use tarpack; try 'zlsnap create --help'"
        run -2 zlsnap pull docker://localhost/name "$name"
        assert_output --partial 'zlsnap writes a tar compressed by zstd'
    done
    assert_equal "$(ls)" tree
}
