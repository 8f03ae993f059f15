# Functions for tests of images and registries: `load images` after `load helpers` and `load driver`.

# --------------------------------------------------------------------------- other clients

# buildah_ ARGUMENT...: buildah with its storage in the test's directory.
buildah_() {
    local store=$BATS_TEST_TMPDIR/buildah
    HOME=$store buildah --root "$store/root" --runroot "$store/run" --storage-driver overlay "$@"
}

# buildah_unpack REFERENCE: mounts an image with buildah and sets $rootfs to the mount point.
# shellcheck disable=SC2034
buildah_unpack() {
    local container
    container=$(buildah_ from -q --pull-always --tls-verify=false "$1") || return
    rootfs=$(buildah_ mount "$container")
}

# umoci_unpack DIR:TAG: unpacks an image with umoci and sets $rootfs to the tree.
# shellcheck disable=SC2034
umoci_unpack() {
    rm -rf bundle
    umoci --log=error unpack --image "$1" bundle || return
    rootfs=bundle/rootfs
}

# same_root REFERENCE DIR: copies the mode, owner and time of REFERENCE to DIR. Other clients ignore the
# root's entry.
same_root() {
    chmod --reference="$1" "$2"
    chown --reference="$1" "$2"
    touch --reference="$1" "$2"
}

# --------------------------------------------------------------------------- image layouts

# small_layers: makes the layers a.tar.zst and b.tar.zst without an overlay.
small_layers() {
    mkdir -p a/dir b/dir
    echo a >a/file
    echo kept >a/dir/kept
    echo b >b/file
    echo new >b/dir/new
    zlsnap create a a.tar.zst >/dev/null
    zlsnap create b b.tar.zst >/dev/null
}

# image_a, image_ab: for made_once: small_layers and "img", an image of a.tar.zst or of both.
image_a() {
    made_once small_layers
    zlsnap oci a.tar.zst -o img
}

image_ab() {
    made_once small_layers
    zlsnap oci a.tar.zst b.tar.zst -o img
}

# manifest_get FILTER DIR[:TAG]: prints the output of the jq filter for the manifest.
manifest_get() {
    skopeo inspect --raw "oci:$2" | jq -r "$1"
}

# blob_of DIR DIGEST: prints the path of a blob.
blob_of() {
    printf '%s' "$1/blobs/sha256/${2#sha256:}"
}

# manifest_digest DIR TAG: prints the manifest's digest from the index.
manifest_digest() {
    jq -r --arg tag "$2" '.manifests[]
        | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' "$1/index.json"
}

# forge DIR FILTER: changes the manifest of a layout's only image with jq, and its digest in the index.
forge() {
    [[ $(<"$1/index.json") =~ \"digest\":\"(sha256:[0-9a-f]+)\" ]]
    jq -c "$2" "$(blob_of "$1" "${BASH_REMATCH[1]}")" >forged
    forge_index "$1" forged
}

# forge_index DIR MANIFEST: makes the file MANIFEST the manifest of the only image.
forge_index() {
    local digest
    digest=$(sha256sum <"$2") digest=${digest%% *}
    sed -i "s/\"digest\":\"[^\"]*\"/\"digest\":\"sha256:$digest\"/
        s/\"size\":[0-9]*/\"size\":$(stat -c %s "$2")/" "$1/index.json"
    mv "$2" "$1/blobs/sha256/$digest"
}

# forge_config DIR FILTER: likewise for the config.
forge_config() {
    local digest
    jq -c "$2" "$(blob_of "$1" "$(manifest_get .config.digest "$1")")" >config
    digest=$(sha256sum <config) digest=${digest%% *}
    cp config "$1/blobs/sha256/$digest"
    forge "$1" ".config.digest = \"sha256:$digest\" | .config.size = $(stat -c %s config)"
}

# --------------------------------------------------------------------------- a registry

# registry_start [PORT [LINE...]]: starts docker-registry on the loopback, on PORT or a free one, with LINE...
# added to its configuration, and sets $registry to HOST:PORT. Its data is in ../registry and survives
# a restart.
# shellcheck disable=SC2034
registry_start() {
    local port=${1:-0}
    local dir=$BATS_TEST_TMPDIR/registry
    mkdir -p "$dir"
    {
        echo 'version: 0.1'
        echo "storage: {filesystem: {rootdirectory: '$dir'}}"
        echo "http: {addr: '127.0.0.1:$port', secret: test}"
        printf '%s\n' "${@:2}"
    } >"$dir.yml"
    rm -f "$dir.log" # of an earlier server
    docker-registry serve "$dir.yml" >"$dir.log" 2>&1 3>&- &
    registry_pid=$!
    wait_until grep -qs 'listening on 127' "$dir.log"
    port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$dir.log")
    registry=127.0.0.1:$port
}

registry_stop() {
    [ -z "${registry_pid-}" ] || kill -KILL "$registry_pid" 2>/dev/null || :
    wait "${registry_pid-}" 2>/dev/null || :
    registry_pid=
}
