#!/usr/bin/env bats
# zlsnap push and pull, with a real registry on the loopback.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load images

setup() {
    requires_command jq skopeo docker-registry
    enter_work
}

teardown() {
    registry_stop
    end_test
}

push() {
    zlsnap push --tls-verify=false --retries=0 "$@"
}

pull() {
    zlsnap pull --tls-verify=false --retries=0 "$@"
}

# large_layer: makes large.tar.zst, 64 MB that can't be compressed.
large_layer() {
    mkdir large
    openssl enc -aes-128-ctr -pass pass: -nosalt -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
        head -c 64M >large/random || :
    zlsnap create -l 1 large large.tar.zst >/dev/null
}

# blob_in_registry DIGEST: prints where the registry has it.
blob_in_registry() {
    local hex=${1#sha256:}
    printf '%s' "../registry/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data"
}

@test "an upper directory, pushed and pulled, is for umoci, buildah and us what the mount shows" {
    requires_command umoci buildah
    requires_overlay
    local rootfs
    registry_start
    mkdir -p lower/{dir,gone} upper work merged
    echo a >lower/dir/a
    touch lower/gone/b
    mount_overlay lower upper work merged
    rm -r merged/gone
    echo more >>merged/dir/a
    ln merged/dir/a merged/hard
    touch -d @2000.25 merged
    zlsnap create lower lower.tar.zst >/dev/null
    zlsnap create upper upper.tar.zst >/dev/null
    zlsnap oci lower.tar.zst upper.tar.zst -o img:zstd
    zlsnap oci --compression=gzip lower.tar.zst upper.tar.zst -o img:gzip
    local tag digest
    for tag in zstd gzip; do
        digest=$(push "oci:img:$tag" "docker://$registry/some/name:$tag")
        assert_equal "$digest" "$(manifest_digest img "$tag")"
        assert_equal "$(pull "docker://$registry/some/name:$tag" "oci:pulled:$tag")" "$digest"
        zlsnap extract "oci:pulled:$tag" "$tag"
        compare_trees merged "$tag"
    done
    diff -r img/blobs pulled/blobs
    umoci_unpack pulled:gzip
    compare_trees merged "$rootfs"
    buildah_unpack "docker://$registry/some/name:zstd"
    same_root merged "$rootfs"
    compare_trees merged "$rootfs"
    refute_leftovers .
}

@test "a layer, pushed and pulled, is the same file with the same LAYER.json" {
    registry_start
    made_once small_layers
    local digest
    digest=$(push a.tar.zst "docker://$registry/layer")
    assert_equal "$(skopeo inspect --tls-verify=false --raw "docker://$registry/layer:latest" |
        sha256sum)" "${digest#sha256:}  -"
    pull "docker://$registry/layer" pulled.tar.zst >printed
    cmp a.tar.zst pulled.tar.zst
    diff a.tar.zst.json pulled.tar.zst.json
    diff a.tar.zst.json printed
    pull "docker://$registry/layer@$digest" pulled.tar.zst >printed
    diff a.tar.zst.json pulled.tar.zst.json
    zlsnap verify -q pulled.tar.zst
    # How it was compressed is told by an annotation, which may be anything.
    local junk
    for junk in '"[1]"' $([ "${FAULTS-}" != all ] || echo '"junk" "{}"'); do
        made_once image_a
        forge img ".layers[0].annotations = {\"org.zlsnap.compression\": $junk}"
        push oci:img "docker://$registry/layer:junk"
        pull "docker://$registry/layer:junk" pulled.tar.zst >/dev/null
        assert_equal "$(jq -r .compression.version pulled.tar.zst.json)" unknown
        rm -r img
    done
    refute_leftovers .
}

@test "a layer and credentials whose names end in a newline are pushed and pulled" {
    registry_start
    made_once small_layers
    echo '{"auths": {}}' >$'auth\n'
    mkdir $'certificates\n'
    mv a.tar.zst $'l\n'
    mv a.tar.zst.json $'l\n.json'
    push --authfile=$'auth\n' --cert-dir=$'certificates\n' $'l\n' "docker://$registry/newline"
    pull "docker://$registry/newline" $'pulled\n' >/dev/null
    cmp $'l\n' $'pulled\n'
    pull "docker://$registry/newline" $'oci:image\n' >/dev/null
    zlsnap extract $'oci:image\n' out
}

@test "a layer of gzip's is pulled to a LAYER of zstd's, its tar the same" {
    registry_start
    made_once small_layers
    push --compression=gzip --annotation=k=v --arch=arm64 a.tar.zst "docker://$registry/layer:gz"
    run -0 skopeo inspect --tls-verify=false --override-arch=arm64 "docker://$registry/layer:gz"
    assert_output --partial '"Architecture": "arm64"'
    pull "docker://$registry/layer:gz" pulled.tar.zst >/dev/null
    zlsnap verify -q pulled.tar.zst
    assert_equal "$(jq -r .digest pulled.tar.zst.json)" "$(jq -r .digest a.tar.zst.json)"
    zlsnap oci a.tar.zst b.tar.zst -o img
    push oci:img "docker://$registry/layer:two"
    run -1 --separate-stderr pull "docker://$registry/layer:two" two
    assert_one_line 'has 2 layers'
    assert_not_exists two
}

@test "an image of several layers, through extract, change, create, oci, push, pull and extract" {
    requires_command buildah
    requires_overlay
    local container rootfs
    registry_start
    container=$(buildah_ from -q scratch)
    rootfs=$(buildah_ mount "$container")
    mkdir -p "$rootfs"/{bin,etc,var}
    cp -a /bin/true "$rootfs/bin/true"
    echo one >"$rootfs/etc/one"
    buildah_ commit -q "$container" oci:img:base
    container=$(buildah_ from -q --pull-always oci:img:base)
    rootfs=$(buildah_ mount "$container")
    mv "$rootfs/etc/one" "$rootfs/etc/two"
    buildah_ config --cmd /bin/true "$container"
    buildah_ commit -q "$container" oci:img:base

    zlsnap extract oci:img:base lower
    mkdir upper work merged
    mount_overlay lower upper work merged
    rm -r merged/var
    ln merged/bin/true merged/bin/hard
    setcap cap_net_raw+ep merged/bin/true
    echo three >merged/etc/three
    touch -d @3000.5 merged
    zlsnap create upper upper.tar.zst >/dev/null
    zlsnap oci oci:img:base upper.tar.zst -o img:new
    push oci:img:new "docker://$registry/app:new"
    pull "docker://$registry/app:new" oci:pulled:new
    zlsnap extract oci:pulled:new again
    compare_trees merged again
    run -0 skopeo inspect --config oci:pulled:new
    assert_equal "$(jq -c '[.config.Cmd, (.rootfs.diff_ids | length)]' <<<"$output")" \
        '[["/bin/true"],3]'
}

@test "images as Docker writes them are pulled, their manifest made OCI's by skopeo" {
    registry_start
    made_once small_layers
    zlsnap oci --compression=gzip a.tar.zst b.tar.zst -o img
    skopeo copy -q --format=v2s2 --dest-tls-verify=false oci:img:latest "docker://$registry/docker:1"
    assert_equal "$(skopeo inspect --tls-verify=false --raw "docker://$registry/docker:1" |
        jq -r .mediaType)" application/vnd.docker.distribution.manifest.v2+json
    pull "docker://$registry/docker:1" oci:pulled
    zlsnap extract oci:pulled tree
    assert_equal "$(cat tree/file)" b
}

# --------------------------------------------------------------------------- corruption

@test "what is corrupt is not pushed, also where the registry has the blob already" {
    registry_start
    made_once image_ab
    push oci:img "docker://$registry/app:good"
    local digest
    for digest in "$(manifest_get '.layers[1].digest' img)" "$(manifest_get .config.digest img)" \
        "$(manifest_digest img latest)"; do
        flip_byte "$(blob_of img "$digest")" 60
        run -4 --separate-stderr push oci:img "docker://$registry/app:bad"
        assert_said 'zlsnap: oci:img: '
        flip_byte "$(blob_of img "$digest")" 60
    done
    flip_byte a.tar.zst 60
    run -4 --separate-stderr push a.tar.zst "docker://$registry/app:bad"
    assert_said 'zlsnap: a.tar.zst: a digest does not match'
    run -1 --separate-stderr pull "docker://$registry/app:bad" oci:bad
    assert_one_line 'no such image'
    assert_not_exists bad
}

@test "what is corrupt in the registry is not pulled" {
    registry_start
    made_once image_ab
    push oci:img "docker://$registry/app:good"
    push a.tar.zst "docker://$registry/layer:good"
    local digest
    for digest in "$(manifest_get '.layers[0].digest' img)" "$(manifest_get .config.digest img)" \
        "$(manifest_digest img latest)"; do
        flip_byte "$(blob_in_registry "$digest")" 60
        run --separate-stderr pull "docker://$registry/app:good" oci:pulled
        [[ $status == [14] ]] # the registry or skopeo
        assert_one_line "docker://$registry/app:good: "
        assert_not_exists pulled
        flip_byte "$(blob_in_registry "$digest")" 60
    done
    flip_byte "$(blob_in_registry "$(jq -r .compressed_digest a.tar.zst.json)")" 60
    run -4 --separate-stderr pull "docker://$registry/layer:good" pulled.tar.zst
    assert_one_line "docker://$registry/layer:good: a digest does not match"
    assert_not_exists pulled.tar.zst
    refute_leftovers .
}

@test "an image whose diffIDs are wrong, which skopeo copies, is neither pushed nor pulled" {
    registry_start
    made_once image_ab
    forge_config img '.rootfs.diff_ids |= reverse'
    run -4 --separate-stderr push oci:img "docker://$registry/app:bad"
    assert_said 'zlsnap: oci:img: layer 1 of 2: digest is sha256:.*, but sha256:.* in the image'
    skopeo copy -q --dest-tls-verify=false oci:img:latest "docker://$registry/app:bad"
    run -4 --separate-stderr pull "docker://$registry/app:bad" oci:pulled
    assert_said "app:bad: layer 1 of 2: digest is sha256:.*, but sha256:.* in the image"
    assert_not_exists pulled
    zlsnap oci a.tar.zst -o one
    forge_config one ".rootfs.diff_ids = [\"$(jq -r .digest b.tar.zst.json)\"]"
    skopeo copy -q --dest-tls-verify=false oci:one:latest "docker://$registry/app:one"
    run -4 --separate-stderr pull "docker://$registry/app:one" layer
    assert_said 'app:one: layer 1 of 1: a digest does not match'
    assert_not_exists layer
    refute_leftovers .
}

# --------------------------------------------------------------------------- what breaks

# is_uploading: the registry has got some of an upload.
is_uploading() {
    [ -n "$(find ../registry -path '*/_uploads/*/data' -size +0)" ]
}

# is_downloading: a blob is coming, but not all there.
is_downloading() {
    [ -n "$(find . -path '*/pulled/*' -type f -size +64k)" ]
}

# break_registry COMMAND...: runs it in the background, and kills the registry, first stopped, as soon
# as $when holds; sets $status and writes what it said to ../errors.
break_registry() {
    local command
    "$@" >/dev/null 2>../errors 3>&- &
    command=$!
    until "$when" || ! kill -0 "$command" 2>/dev/null; do
        :
    done
    kill -STOP "$registry_pid"
    child_of "$command" >/dev/null || fail 'it was too fast to be broken'
    registry_stop
    status=0
    wait "$command" || status=$?
}

@test "the registry is killed while a layer is pushed: one line, and the same command completes" {
    registry_start
    made_once large_layer
    local when=is_uploading port=${registry#*:}
    break_registry push large.tar.zst "docker://$registry/large:1"
    assert_equal "$status: $(grep -c . ../errors)" '1: 1'
    assert_equal "$(ls -A)" "$(printf '%s\n' large large.tar.zst large.tar.zst.json)"
    registry_start "$port"
    run -1 pull "docker://$registry/large:1" pulled
    push large.tar.zst "docker://$registry/large:1"
    pull "docker://$registry/large:1" pulled >/dev/null
    cmp large.tar.zst pulled
    when=is_downloading
    break_registry pull "docker://$registry/large:1" again
    assert_equal "$status: $(grep -c . ../errors)" '1: 1'
    assert_not_exists again
    refute_leftovers .
    registry_start "$port"
    pull "docker://$registry/large:1" again >/dev/null
    cmp large.tar.zst again
}

@test "a registry that comes back is found by a later try" {
    registry_start
    made_once small_layers
    local port=${registry#*:}
    registry_stop
    zlsnap push --tls-verify=false a.tar.zst "docker://127.0.0.1:$port/late:1" 3>&- &
    local command=$!
    wait_until child_of "$command"
    sleep 0.3
    registry_start "$port"
    wait "$command"
}

@test "wrong credentials, and credentials from a file: by option, by environment, by HOME" {
    # htpasswd -Bbn user secret
    echo 'user:$2b$05$3gMnjYnZKRfba6hVhWVasOFRLOfIluL9hLo.o7MLkR61gfJ.x3ZQ6' >../htpasswd
    registry_start 0 'auth: {htpasswd: {realm: test, path: ../htpasswd}}'
    made_once small_layers
    local auth=$BATS_TEST_TMPDIR/auth.json home=$BATS_TEST_TMPDIR/home
    credentials() {
        printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry" "$(printf %s "$1" | base64)"
    }
    run -1 --separate-stderr push a.tar.zst "docker://$registry/app:1"
    assert_one_line 'the credentials are missing or wrong'
    credentials user:wrong >"$auth"
    run -1 --separate-stderr push --authfile="$auth" a.tar.zst "docker://$registry/app:1"
    assert_one_line 'the credentials are missing or wrong'
    credentials user:secret >"$auth"
    push --authfile=../auth.json a.tar.zst "docker://$registry/app:1"
    REGISTRY_AUTH_FILE=../auth.json pull "docker://$registry/app:1" one >/dev/null
    mkdir -p "$home/.docker"
    cp "$auth" "$home/.docker/config.json"
    HOME=$home XDG_RUNTIME_DIR=$home pull "docker://$registry/app:1" two >/dev/null
    cmp one two
    run -1 --separate-stderr pull --authfile="$auth" "docker://$registry/none:1" three
    assert_one_line 'no such image'
    run -1 --separate-stderr pull --authfile=none "docker://$registry/app:1" three
    assert_one_line 'none: this file of credentials cannot be read'
    run -1 --separate-stderr pull "docker://$registry/app:1" three
    assert_one_line 'the credentials are missing or wrong'
    assert_not_exists three
}

@test "no server, no TLS, no such image, a name that is none: one line each" {
    made_once small_layers
    run -1 --separate-stderr push a.tar.zst docker://127.0.0.1:1/app:1
    assert_one_line 'docker://127.0.0.1:1/app:1: cannot connect: 127.0.0.1:1: connect: connection refused'
    run -1 --separate-stderr pull docker://host.invalid/app:1 layer
    assert_one_line 'cannot connect'
    registry_start
    run -1 --separate-stderr zlsnap pull --retries=0 "docker://$registry/app:1" layer
    assert_one_line 'the server does not use TLS (--tls-verify=false allows that)'
    run -1 --separate-stderr pull "docker://$registry/app:1" layer
    assert_one_line 'no such image'
    local bad
    for bad in "$registry/app:1" docker:// docker://host docker://host/app:a/b 'docker://host/a b' \
        docker://-o/x; do
        run -2 --separate-stderr pull "$bad" layer
        assert_one_line 'an image in a registry' || fail "$bad"
    done
    run -2 --separate-stderr zlsnap pull layer "docker://$registry/app:1"
    assert_one_line '; zlsnap push copies to there; try'
    run -2 --separate-stderr zlsnap push s3://bucket/prefix a.tar.zst
    assert_one_line '; zlsnap pull copies from there; try'
    run -2 --separate-stderr push --compression=gzip oci:img "docker://$registry/app:1"
    assert_one_line 'an image is pushed as it is'
    run -2 --separate-stderr push --retries=x a.tar.zst "docker://$registry/app:1"
    assert_one_line "'--retries' takes a number"
    run -2 --separate-stderr push --tls-verify=maybe a.tar.zst "docker://$registry/app:1"
    assert_one_line "'--tls-verify' takes true or false"
    run -1 --separate-stderr push none "docker://$registry/app:1"
    assert_one_line 'none: no such file'
    assert_equal "$(ls -A)" "$(printf '%s\n' a a.tar.zst a.tar.zst.json b b.tar.zst b.tar.zst.json)"
}

@test "a full disk, on either side: one line, and what stood there still does" {
    requires_root
    mkdir disk
    mount -t tmpfs -o size=1M none disk
    made_once small_layers
    made_once large_layer
    registry_start
    push large.tar.zst "docker://$registry/large:1"
    cp a.tar.zst a.tar.zst.json disk
    run -1 --separate-stderr pull "docker://$registry/large:1" disk/a.tar.zst
    assert_one_line 'no space left'
    run -1 --separate-stderr pull "docker://$registry/large:1" oci:disk/img
    assert_one_line 'no space left'
    run -1 zlsnap oci large.tar.zst -o disk/img
    zlsnap verify -q disk/a.tar.zst
    assert_equal "$(ls -A disk)" "$(printf '%s\n' a.tar.zst a.tar.zst.json)"
    registry_stop
    mount -t tmpfs -o size=1M none ../registry
    registry_start
    run -1 --separate-stderr push large.tar.zst "docker://$registry/large:1"
    assert_stderr 1 "^zlsnap: docker://$registry/large:1: "
}

@test "TERM ends a push and a pull, with skopeo, and leaves nothing" {
    registry_start
    made_once large_layer
    local what
    push large.tar.zst "docker://$registry/large:1" # what comes then is stopped at once
    kill -STOP "$registry_pid"
    for what in "push large.tar.zst docker://$registry/large:2" \
        "pull docker://$registry/large:1 layer" "pull docker://$registry/large:1 oci:img"; do
        # shellcheck disable=SC2086
        TMPDIR=$PWD start zlsnap ${what%% *} --tls-verify=false ${what#* }
        wait_until pgrep -f 'skopeo.*copy.*large:[12]'
        kill -TERM "$driver"
        status=0
        wait "$driver" || status=$?
        assert_equal "$status" 143
        wait_until none_survives
        assert_equal "$(ls -A)" "$(printf '%s\n' large large.tar.zst large.tar.zst.json)"
    done
}

@test "without skopeo: one line that names the package" {
    made_once small_layers
    without_program skopeo
    run -1 --separate-stderr push a.tar.zst docker://127.0.0.1:1/app:1
    assert_one_line 'install the package skopeo'
    run -1 --separate-stderr pull docker://127.0.0.1:1/app:1 layer
    assert_one_line 'install the package skopeo'
}

@test "without a policy file skopeo copies all the same" {
    registry_start
    made_once small_layers
    fake skopeo 'for word; do [ "$word" != --insecure-policy ] || echo yes >../insecure; done
        exec /usr/bin/skopeo "$@"'
    push a.tar.zst "docker://$registry/app:1"
    if [ -e /etc/containers/policy.json ] || [ -e ~/.config/containers/policy.json ]; then
        assert_not_exists ../insecure
    else
        assert_exists ../insecure
    fi
}

# --------------------------------------------------------------------------- digests and platforms

@test "pull by @DIGEST keeps the digest, of an image of Docker and of an index; by a tag, a change is said" {
    registry_start
    made_once small_layers
    zlsnap oci --compression=gzip a.tar.zst -o img:a
    zlsnap oci --compression=gzip b.tar.zst -o img:b --arch=s390x
    skopeo copy -q --format=v2s2 --dest-tls-verify=false oci:img:a "docker://$registry/docker:1"
    skopeo inspect --tls-verify=false --raw "docker://$registry/docker:1" >raw
    local digest
    digest=sha256:$(sha256sum <raw | cut -d ' ' -f 1)
    run -0 --separate-stderr pull "docker://$registry/docker@$digest" oci:kept
    assert_equal "$output $stderr" "$digest "
    zlsnap extract -e "$digest" oci:kept tree
    assert_equal "$(<tree/file)" a
    skopeo inspect --raw oci:kept | cmp - raw
    run -0 --separate-stderr pull "docker://$registry/docker:1" oci:converted
    assert_one_line "warning: docker://$registry/docker:1: its manifest is not one of OCI: in the registry the digest is \
$digest, here it is $output"
    zlsnap verify -q -e "$output" oci:converted
    # An index
    mkdir both && cp -a img/. both
    jq -c '{schemaVersion: 2, manifests: [(.manifests[0] | .platform = {os: "linux", architecture: "'"$(dpkg \
        --print-architecture)"'"}), (.manifests[1] | .platform = {os: "linux", architecture: "s390x"})
        | del(.annotations)]}' img/index.json >manifest
    jq -c '.manifests = [{mediaType: "application/vnd.oci.image.index.v1+json", digest: "", size: 0}]' \
        img/index.json >both/index.json
    forge_index both manifest
    skopeo copy -q --all --dest-tls-verify=false oci:both "docker://$registry/both:1"
    digest=$(jq -r '.manifests[0].digest' both/index.json)
    run -0 --separate-stderr pull "docker://$registry/both@$digest" oci:index
    assert_equal "$output $stderr" "$digest "
    zlsnap extract -e "$digest" --replace oci:index tree
    assert_equal "$(<tree/file)" a
    pull --platform=linux/s390x "docker://$registry/both:1" oci:other
    zlsnap extract --replace oci:other tree
    assert_equal "$(<tree/file)" b
    pull --platform=linux/s390x "docker://$registry/both@$digest" oci:other:index
    zlsnap extract --replace --platform=linux/s390x oci:other:index tree
    assert_equal "$(<tree/file)" b
    zlsnap push -q --tls-verify=false oci:kept "docker://$registry/again:1"
    refute_leftovers .
}
