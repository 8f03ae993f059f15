#!/usr/bin/env bats
# Images of several layers that other tools made, with each of their storage drivers, formats and compressions, are
# extracted to what the tools' own mounts show.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load driver
load images

setup() {
    requires_command buildah skopeo umoci jq
    requires_overlay
    enter_work
}

teardown() {
    local driver
    for driver in vfs overlay fuse-overlayfs; do
        [ ! -d "$BATS_TEST_TMPDIR/$driver" ] || buildah_with "$driver" umount --all >/dev/null 2>&1 || :
    done
    end_test
}

# buildah_with DRIVER ARGUMENT...: buildah with its own storage of this driver.
buildah_with() {
    local driver=$1 store=$BATS_TEST_TMPDIR/$1 options=()
    if [ "$driver" = fuse-overlayfs ]; then
        driver=overlay
        options=(--storage-opt "overlay.mount_program=$(command -v fuse-overlayfs)")
    fi
    HOME=$store buildah --root "$store/root" --runroot "$store/run" --storage-driver "$driver" "${options[@]}" \
        "${@:2}"
}

# first_layer, second_layer, third_layer: change the tree in the current directory as containers do.
first_layer() {
    mkdir -p etc/conf.d usr/bin usr/share/{doc,gone} var/{lib/db,log} tmp
    chmod 1777 tmp
    chmod 750 var/lib/db
    seq 1000 >etc/services
    ln etc/services etc/hard
    ln -s ../etc/services usr/link
    ln -s /etc usr/absolute
    touch usr/share/doc/{a,b,c} usr/share/gone/x var/log/old etc/conf.d/one
    cp /bin/true usr/bin/program
    setcap cap_net_raw+ep usr/bin/program
    cp /bin/true usr/bin/setuid
    chmod 4755 usr/bin/setuid
    chown 1000:1000 var/lib/db
    setfattr -n user.name -v value etc/services
    truncate -s 2M var/lib/sparse
    printf 'caf\303\251' >"usr/share/caf$(printf '\303\251')"
    touch -d @1000000000 etc/services usr/share/doc
}

second_layer() {
    rm -r usr/share/gone var/log/old usr/absolute
    mkdir usr/share/gone usr/absolute
    touch usr/share/gone/y usr/absolute/file
    rm usr/share/doc/b
    echo more >>etc/services
    mv etc/conf.d/one etc/conf.d/two
    chmod 700 var/lib/db
}

third_layer() {
    rm usr/link
    ln usr/bin/program usr/link
    mkdir -p opt/x/y
    mkfifo opt/fifo
    rm -r usr/share/doc # for this, umoci writes whiteouts below the file
    echo doc >usr/share/doc
}

# layers_build DRIVER IMAGE: builds an image of three layers and commits it to the storage as IMAGE.
layers_build() {
    local container root step
    container=$(buildah_with "$1" from -q scratch)
    for step in first_layer second_layer third_layer; do
        root=$(buildah_with "$1" mount "$container")
        (cd "$root" && "$step")
        buildah_with "$1" commit -q "$container" "$2" >/dev/null
        buildah_with "$1" rm "$container" >/dev/null
        container=$(buildah_with "$1" from -q --pull-never "$2")
    done
    rootfs=$(buildah_with "$1" mount "$container")
}

# extracts REFERENCE [ROOT]: the image is extracted to what $rootfs shows.
extracts() {
    rm -rf ours
    zlsnap extract -q --no-sync "$1" ours
    same_root ours "$rootfs"
    compare_trees "$rootfs" ours
    zlsnap verify -q "$1"
}

# driver_works DRIVER: images that buildah made with this storage driver, in both forms.
driver_works() {
    local rootfs
    layers_build "$1" "image-$1"
    buildah_with "$1" push -q "image-$1" oci:img:1
    assert_equal "$(manifest_get '.layers | length' img:1)" 3
    extracts oci:img:1
    buildah_with "$1" push -q "image-$1" "docker-archive:$PWD/save.tar:name:1"
    extracts docker-archive:save.tar:name:1
    buildah_with "$1" push -q "image-$1" "oci-archive:$PWD/oci.tar"
    extracts oci-archive:oci.tar
}

@test "buildah with vfs: an image, and its archives, are what the mount shows" {
    driver_works vfs
}

@test "buildah with overlay: an image, and its archives, are what the mount shows" {
    driver_works overlay
}

@test "buildah with fuse-overlayfs: an image, and its archives, are what the mount shows" {
    requires_command fuse-overlayfs
    [ -c /dev/fuse ] || skip 'no /dev/fuse'
    driver_works fuse-overlayfs
}

@test "zstd:chunked, by buildah and by skopeo, is what the mount shows" {
    local rootfs
    layers_build overlay image
    buildah_with overlay push -q --compression-format zstd:chunked image oci:img:1
    manifest_get '.layers[].annotations | keys[]' img:1 | grep -q zstd-chunked
    extracts oci:img:1
    buildah_with overlay push -q image oci:gzip:1
    skopeo copy -q --dest-compress-format zstd:chunked oci:gzip:1 oci:img:2
    extracts oci:img:2
}

@test "eStargz is what the mount shows" {
    local rootfs
    mkdir tree
    (cd tree && first_layer)
    rm tree/var/lib/sparse
    tar -C tree --format=pax --xattrs --xattrs-include='*' -cf layer.tar etc usr var tmp
    "$BATS_TEST_DIRNAME/data/make-estargz" <layer.tar >layer.esgz
    gzip -dc <layer.esgz >tar
    gzip -t layer.esgz
    made_once image_a
    cp layer.esgz "$(blob_of img "$(sha256sum <layer.esgz | cut -d' ' -f1)")"
    forge_config img ".rootfs.diff_ids[0] = \"sha256:$(sha256sum <tar | cut -d' ' -f1)\""
    forge img ".layers[0] = {mediaType: \"application/vnd.oci.image.layer.v1.tar+gzip\",
        digest: \"sha256:$(sha256sum <layer.esgz | cut -d' ' -f1)\", size: $(stat -c %s layer.esgz)}"
    rootfs=$(buildah_with overlay mount "$(buildah_with overlay from -q --pull-always oci:img:latest)")
    assert_file_exists "$rootfs/stargz.index.json"
    extracts oci:img
}

@test "umoci: an image of several layers is what umoci unpacks" {
    local rootfs step
    umoci --log=error init --layout img
    umoci --log=error new --image img:1
    for step in first_layer second_layer third_layer; do
        umoci_unpack img:1
        (cd bundle/rootfs && "$step")
        umoci --log=error repack --image img:1 bundle
    done
    umoci_unpack img:1
    assert_equal "$(manifest_get '.layers | length' img:1)" 3
    extracts oci:img:1
}
