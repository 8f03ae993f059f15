#!/usr/bin/env bats
# zlsnap push and pull with a real S3 store on the loopback.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load s3

setup_file() {
    requires_s3
    s3_start
    # 12 MiB of random bytes are uploaded in three parts.
    mkdir "$BATS_FILE_TMPDIR/tree"
    random_file "$BATS_FILE_TMPDIR/tree/random" 12M
    zlsnap create "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/layer" >/dev/null
}

teardown_file() {
    s3_stop
}

# Each test has an empty prefix of its own.
setup() {
    s3_setup
    cp "$BATS_FILE_TMPDIR"/layer{,.json} .
    hex=$(jq -r .compressed_digest layer.json)
    hex=${hex#sha256:}
    object=$url/$hex.tar.zst
}

teardown() {
    end_test
}

push() {
    zlsnap push --part-size=5 "$@"
}

# small_layer NAME: makes a layer of some hundred bytes.
small_layer() {
    mkdir -p small
    echo "$1" >small/file
    zlsnap create small "$1" >/dev/null
}

# assert_refused STATUS TEXT COMMAND...: the command fails with STATUS and one line that contains TEXT.
assert_refused() {
    local status_expected=$1 text=$2
    shift 2
    run "-$status_expected" --separate-stderr "$@"
    assert_one_line "$text"
    assert_output ''
}

@test "a layer is pushed under its digest, and pulled with its metadata" {
    assert_equal "$(push layer "$url")" "$object"
    run -0 s3_changes
    assert_line --index 0 --regexp "^POST /bucket/[0-9]+/$hex.tar.zst\?uploads 200 "
    assert_line --index 4 --regexp "^POST /bucket/[0-9]+/$hex.tar.zst\?uploadId=.* 200 "
    assert_line --index 5 --regexp "^PUT /bucket/[0-9]+/$hex.meta.json 200 "
    assert_equal "${#lines[@]}" 6
    zlsnap pull "$object" back >printed
    cmp layer back
    cmp layer.json back.json
    cmp layer.json printed
    zlsnap pull "$url/$hex" again >/dev/null
    cmp layer again
    assert_equal "$(entries "$HOME")" ''
    assert_equal "$(entries)" 'again again.json back back.json layer layer.json printed'
}

@test "an existing layer is not sent again" {
    push layer "$url"
    s3_forget
    assert_equal "$(push layer "$url")" "$object"
    run -0 s3_changes
    assert_output ''
    # With another part size, the ETag would be different.
    assert_equal "$(zlsnap push layer "$url")" "$object"
    run -0 s3_changes
    assert_output ''
}

@test "a push resumes after it and its server were killed: only the missing parts are sent" {
    s3_killed 'partNumber=2&' zlsnap push --part-size=5 layer "$url"
    assert_equal "$(s3_parts)" 1
    s3_stop
    s3_start
    s3_forget
    run -1 zlsnap pull "$object" back
    push layer "$url"
    assert_equal "$(s3_parts)" '2 3'
    run -0 s3_uploads_of "$object"
    assert_output ''
    zlsnap pull "$object" back >/dev/null
    cmp layer back
}

@test "a push waits for a restarted server and sends only the missing parts" {
    s3_hold 'partNumber=2&'
    start zlsnap push --part-size=5 layer "$url" >printed
    s3_held
    s3_stop
    s3_release
    s3_start
    wait "$driver"
    assert_equal "$(cat printed)" "$object"
    # The log includes the requests before the restart.
    assert_equal "$(s3_parts)" '1 2 3'
    zlsnap pull "$object" back >/dev/null
    cmp layer back
}

@test "of two unfinished uploads one is resumed, and none remains" {
    url+='/a\tb'
    object=$url/$hex.tar.zst
    s3_killed 'partNumber=3&' s3cmd --config="$S3_CONFIG" put layer "$object"
    s3_killed 'partNumber=2&' s3cmd --config="$S3_CONFIG" put layer "$object"
    run -0 s3_uploads_of "$object"
    assert_equal "${#lines[@]}" 2
    push layer "$url"
    run -0 s3_uploads_of "$object"
    assert_output ''
    zlsnap pull "$object" back >/dev/null
    cmp layer back
}

@test "two concurrent pushes of a layer: the parts are sent once" {
    s3_hold 'partNumber=1&'
    start zlsnap push --part-size=5 layer "$url" >first
    s3_held
    push layer "$url" >second 3>&- &
    s3_release
    wait "$driver" && wait $!
    cmp first second
    assert_equal "$(s3_parts)" '1 2 3'
}

@test "parts become larger if there would be too many" {
    zlsnap push --part-size=5 --max-parts=2 layer "$url"
    run -0 s3_requests '^PUT .*partNumber='
    assert_equal "${#lines[@]}" 2
    assert_line --index 0 --partial " received=$((7 * 1048576)) "
    assert_refused 2 "'--part-size' takes a number from 5 to 5120" zlsnap push --part-size=4 layer "$url"
    assert_refused 2 "'--max-parts' takes a number from 1 to 10000" zlsnap push --max-parts=0 layer "$url"
}

@test "a layer that does not match its LAYER.json is not sent" {
    flip_byte layer 5000000
    run -4 --separate-stderr push layer "$url"
    assert_said 'layer: not sent: it does not match its LAYER.json'
    cp "$BATS_FILE_TMPDIR/layer" layer
    set_metadata '.digest = "sha256:" + "0" * 64'
    run -4 --separate-stderr push layer "$url"
    echo junk >layer
    set_metadata ".compressed_digest = \"sha256:$(sha256sum layer | cut -d ' ' -f 1)\""
    run -3 --separate-stderr push layer "$url"
    assert_said 'layer: not sent: it is malformed'
    rm layer.json
    assert_refused 1 'layer.json: no such file' push layer "$url"
    run -0 s3_changes
    assert_output ''
}

@test "a layer that is changed while it is sent: the object is removed" {
    s3_hold 'partNumber=2&'
    start zlsnap push --part-size=5 layer "$url" 2>said
    s3_held
    flip_byte layer 12000000
    s3_release
    local status=0
    wait "$driver" || status=$?
    assert_equal "$status" 4
    grep -q 'the store has other bytes than were sent, and they were removed' said
    run -12 s3_ info "$object"
    run -12 s3_ info "$url/$hex.meta.json"
}

@test "a layer that is replaced while it is sent: the verified file is sent" {
    s3_hold 'partNumber=1&'
    start zlsnap push --part-size=5 layer "$url"
    s3_held
    small_layer other
    mv other layer
    s3_release
    wait "$driver"
    zlsnap pull "$object" back >/dev/null
    cmp "$BATS_FILE_TMPDIR/layer" back
}

@test "a layer that is damaged in the store is not pulled, and the next push sends it again" {
    push layer "$url"
    cp layer damaged
    flip_byte damaged 5000000
    s3_ put damaged "$object"
    run -4 --separate-stderr zlsnap pull "$object" back
    assert_said "$object: is not the expected layer"
    truncate -s 1M damaged
    s3_ put damaged "$object"
    assert_refused 4 'has 1048576 bytes, not 1258' zlsnap pull "$object" back
    assert_equal "$(entries)" 'damaged layer layer.json'
    push layer "$url"
    zlsnap pull "$object" back >/dev/null
    cmp layer back
}

@test "damaged, wrong, too large or missing metadata: the layer is not pulled" {
    small_layer small.tar.zst
    object=$(push small.tar.zst "$url")
    meta=${object%.tar.zst}.meta.json
    head -c 100 small.tar.zst.json >meta
    s3_ put meta "$meta"
    assert_refused 3 "$meta: malformed: it is not JSON" zlsnap pull "$object" back
    s3_ put layer.json "$meta"
    assert_refused 4 "$meta: belongs to another layer" zlsnap pull "$object" back
    jq '.digest = "sha256:" + "0" * 64' small.tar.zst.json >meta
    s3_ put meta "$meta"
    run -4 --separate-stderr zlsnap pull "$object" back
    assert_said 'digest is sha256:.*, but sha256:0000'
    truncate -s 2M meta
    s3_ put meta "$meta"
    assert_refused 3 'malformed: it is larger than 1 MiB' zlsnap pull "$object" back
    s3_ del "$meta"
    assert_refused 1 'the layer is there, but its metadata is missing' zlsnap pull "$object" back
    assert_equal "$(compgen -G 'back*')" ''
    push small.tar.zst "$url"
    zlsnap pull "$object" back >/dev/null
}

# pull_killed: pulls $object to "back", and kills the pull after it has written some bytes of the layer.
pull_killed() {
    local driver
    s3_hold "GET .*$hex.tar.zst"
    start zlsnap pull "$object" back >/dev/null 2>&1
    s3_held
    wait_until eval '[ -n "$(find . -path "./.back.zlsnap-*/$hex" -size +4k)" ]'
    s3_kill "GET .*$hex.tar.zst"
}

@test "a killed pull is resumed: only the rest is received" {
    push layer "$url"
    pull_killed
    local size
    size=$(stat -c %s .back.zlsnap-*/"$hex")
    [ "$size" -gt 0 ] && [ "$size" -lt "$(stat -c %s layer)" ]
    assert_equal "$(compgen -G 'back*')" ''
    s3_forget
    zlsnap pull "$object" back >/dev/null
    cmp layer back
    run -0 s3_requests "^GET .*$hex.tar.zst"
    assert_output --regexp "range=bytes=$size-"
    assert_equal "$(compgen -G '.back*')" ''
}

@test "a damaged part of a killed pull is refused, and the next pull starts again" {
    push layer "$url"
    pull_killed
    flip_byte .back.zlsnap-*/"$hex" 1000
    run -4 --separate-stderr zlsnap pull "$object" back
    assert_said 'is not the expected layer'
    assert_equal "$(compgen -G '*back*')" ''
    zlsnap pull "$object" back >/dev/null
    cmp layer back
}

@test "two concurrent pulls to one file: the second is refused" {
    push layer "$url"
    s3_hold "GET .*$hex.tar.zst"
    start zlsnap pull "$object" back
    s3_held
    assert_refused 1 'in use by another run' zlsnap pull "$object" back
    s3_release
    wait "$driver"
    cmp layer back
}

@test "a pull to a full disk: one line, and it resumes when there is space" {
    requires_root
    mkdir disk
    mount -t tmpfs -o size=8m none disk
    push layer "$url"
    assert_refused 1 'no space left' zlsnap pull "$object" disk/back
    mount -o remount,size=32m disk
    zlsnap pull "$object" disk/back >/dev/null
    cmp layer disk/back
    run -0 s3_requests "^GET .*$hex.tar.zst.*range=bytes=[1-9]"
    assert_equal "${#lines[@]}" 1
}

@test "prefixes with special characters, and an empty one" {
    small_layer small.tar.zst
    local prefix object
    for prefix in / '/a b/ü%+\t/'; do
        object=$(push small.tar.zst "$S3_URL$prefix")
        assert_equal "${object%/*}" "$S3_URL${prefix%/}"
        zlsnap pull "$object" back >/dev/null
        cmp small.tar.zst back
    done
}

@test "every command refuses a prefix that is not UTF-8, but accepts such file names" {
    local byte command
    for byte in $'\xff' $'a\xc3' $'\xc0\x80' $'\xed\xa0\x80' $'\xf4\x90\x80\x80' $'\xe2\x82/b'; do
        assert_refused 2 'is not UTF-8, which s3cmd needs' zlsnap push layer "s3://bucket/x$byte"
    done
    for command in 'pull URL back' 'sync web/1 . URL' 'restore web/1 URL back' 'status web/1 URL' 'snapshots URL' \
        'gc URL'; do
        url=s3://bucket/$'\xff'
        [[ $command != pull* ]] || url+=/$hex.tar.zst
        # shellcheck disable=SC2086
        assert_refused 2 'is not UTF-8, which s3cmd needs' zlsnap ${command/URL/"$url"}
    done
    url=$S3_URL/$BATS_TEST_NUMBER/$'\xf0\x9d\x84\x9e'
    mkdir $'d\xff' $'d\xff/tmp'
    export TMPDIR=$PWD/$'d\xff/tmp'
    mv layer layer.json $'d\xff'
    push $'d\xff/layer' "$url"
    zlsnap pull "$url/$hex.tar.zst" $'d\xff/back' >/dev/null
    cmp $'d\xff/layer' $'d\xff/back'
}

@test "endpoint, region and credentials come from the environment; a configuration file overrides them" {
    small_layer small.tar.zst
    unset S3CMD_CONFIG
    export AWS_ENDPOINT_URL=http://$S3_HOST AWS_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET
    push small.tar.zst "$url"
    AWS_SECRET_ACCESS_KEY=wrong run -1 push small.tar.zst "$url"
    export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_SECRET_ACCESS_KEY=wrong
    push --config="$S3_CONFIG" small.tar.zst "$url"
    cp "$S3_CONFIG" "$HOME/.s3cfg"
    push small.tar.zst "$url"
    AWS_ENDPOINT_URL=http://u@h run -2 push small.tar.zst "$url"
    assert_refused 1 'this configuration of s3cmd cannot be read' push --config=none small.tar.zst "$url"
}

@test "no secret appears in a command line or a file" {
    unset S3CMD_CONFIG
    export AWS_ENDPOINT_URL=http://$S3_HOST AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET
    s3_hold 'partNumber=1&'
    start zlsnap push --part-size=5 layer "$url"
    s3_held
    local processes
    mapfile -t processes < <(survivors)
    [ ${#processes[@]} -gt 0 ]
    run -1 grep -l "$S3_SECRET" "${processes[@]/%environ/cmdline}"
    run -1 grep -rl "$S3_SECRET" "$TMPDIR"/.zlsnap-push.zlsnap-*
    s3_release
    wait "$driver"
}

# no_store COMMAND...: a missing server and a missing bucket are errors of one line.
no_store() {
    assert_refused 1 'cannot connect: connection refused' env S3CMD_CONFIG=no-server "$@"
    assert_refused 1 'no such bucket: s3://nowhere' "${@/#"$S3_URL"/s3://nowhere}"
}

@test "wrong or missing credentials, no server, no bucket: one line each" {
    sed 's/^secret_key.*/&x/' "$S3_CONFIG" >wrong-secret
    sed 's/^access_key.*/&x/' "$S3_CONFIG" >wrong-key
    sed '/_key/d' "$S3_CONFIG" >no-key
    sed "s/$S3_HOST/127.0.0.1:1/" "$S3_CONFIG" >no-server
    sed "s/$S3_HOST/host.invalid/" "$S3_CONFIG" >no-host
    mkdir tree
    assert_refused 1 'access denied: the credentials are wrong' env S3CMD_CONFIG=wrong-secret zlsnap push layer "$url"
    assert_refused 1 'access denied: the credentials are wrong' env S3CMD_CONFIG=wrong-key zlsnap sync a/b tree "$url"
    assert_refused 1 'no credentials' env S3CMD_CONFIG=no-key zlsnap snapshots "$url"
    assert_refused 1 'cannot connect: unknown host' env S3CMD_CONFIG=no-host zlsnap snapshots "$url"
    no_store zlsnap push layer "$url"
    no_store zlsnap pull "$object" back
    no_store zlsnap sync a/b tree "$url"
    no_store zlsnap restore a/b "$url" back
    no_store zlsnap status a/b "$url"
    no_store zlsnap snapshots "$url"
    no_store zlsnap gc "$url"
    assert_equal "$(compgen -G '*back*')" ''
    run -0 s3_changes
    assert_output ''
}

@test "usage errors, and missing files and programs" {
    assert_refused 2 'is not an S3 URL' zlsnap push layer s3://
    assert_refused 2 'is not an S3 URL' zlsnap push layer 's3://bucket/a*'
    assert_refused 2 'is not an S3 URL' zlsnap push layer $'s3://bucket/a\nb'
    assert_refused 2 'is not a layer in an S3 store' zlsnap pull s3://bucket/a back
    assert_refused 2 'an S3 store has no images' zlsnap push oci:img "$url"
    assert_refused 2 'an S3 store has no images' zlsnap pull "$object" oci:img
    assert_refused 2 "an S3 store does not have the option '--authfile'" zlsnap push --authfile=a layer "$url"
    assert_refused 2 "an S3 store does not have the option '--annotation'" zlsnap push --annotation=a=b layer "$url"
    assert_refused 2 "a registry does not have the option '--part-size'" zlsnap push --part-size=5 layer docker://h/n
    assert_refused 1 'no such file' zlsnap push none "$url"
    assert_refused 1 'no such layer' zlsnap pull "$url/$hex" back
    assert_refused 1 'its directory does not exist' zlsnap pull "$object" none/back
    without_program s3cmd
    assert_refused 1 's3cmd not found on the PATH' zlsnap pull "$object" back
}
