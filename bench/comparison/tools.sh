# shellcheck shell=bash disable=SC2034,SC2154
#
# Part of bench/comparison.sh: calls each tool as its users would.

# pack_TOOL TREE STORE: STORE is an empty directory. restore_TOOL STORE TARGET: checks the digest if the
# tool can.

sparse=(-S)

pack_tar() {
    tar -c --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        --sort=name --numeric-owner --xattrs --xattrs-include='*' --acls "${sparse[@]}" -C "$1" . |
        zstd -q -T0 | tee "$2/layer.tar.zst" | sha256sum >"$2/layer.sha256"
}
restore_tar() {
    sha256sum --quiet -c "$1/layer.sha256" <"$1/layer.tar.zst" && mkdir -p "$2" &&
        zstd -dc "$1/layer.tar.zst" | tar -xp --numeric-owner --xattrs --xattrs-include='*' --acls -C "$2"
}

pack_bsdtar() {
    bsdtar -c --format=pax --numeric-owner --xattrs --acls -C "$1" . |
        zstd -q -T0 | tee "$2/layer.tar.zst" | sha256sum >"$2/layer.sha256"
}
restore_bsdtar() {
    sha256sum --quiet -c "$1/layer.sha256" <"$1/layer.tar.zst" && mkdir -p "$2" &&
        zstd -dc "$1/layer.tar.zst" | bsdtar -xp -S --numeric-owner --xattrs --acls -f - -C "$2"
}

pack_umoci() {
    umoci --log=error init --layout "$2/image" && umoci --log=error new --image "$2/image:it" &&
        umoci --log=error insert --image "$2/image:it" "$1" /
}
restore_umoci() {
    umoci --log=error unpack --image "$1/image:it" "$2.bundle"
    local status=$?
    [[ ! -e $2.bundle/rootfs ]] || mv -T "$2.bundle/rootfs" "$2"
    rm -rf "$2.bundle"
    return $status
}

pack_casync() {
    casync make --with=best --store="$2/layer.castr" "$2/layer.caidx" "$1" >"$2/layer.digest"
}
restore_casync() {
    casync extract --with=best --delete=yes --store="$1/layer.castr" "$1/layer.caidx" "$2"
}

pack_zlsnap() {
    zlsnap create "$1" "$2/layer.tar.zst"
}
restore_zlsnap() {
    zlsnap extract --replace "$1/layer.tar.zst" "$2"
}

stored_file() {
    case $1 in
    umoci) printf '%s\n' "$2/image/blobs/sha256/$(layer_blob "$2/image")" ;;
    casync) find "$2/layer.castr" -name '*.cacnk' -size +1k | sort | tail -n 1 ;;
    *) printf '%s\n' "$2/layer.tar.zst" ;;
    esac
}

# stored_identity TOOL STORE: prints what must be equal for equal trees.
stored_identity() {
    case $1 in
    umoci) layer_blob "$2/image" ;;
    casync) sha256sum <"$2/layer.caidx" ;;
    *) sha256sum <"$2/layer.tar.zst" ;;
    esac
}

stored_as_tar() {
    case $1 in
    umoci) gzip -dc "$(stored_file umoci "$2")" ;;
    casync) cat "$2/layer.caidx" ;;
    *) zstd -dc "$2/layer.tar.zst" ;;
    esac
}

# blob_of LAYOUT DIGEST
blob_of() {
    printf '%s/blobs/sha256/%s\n' "$1" "${2#sha256:}"
}

image_manifest() {
    blob_of "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")"
}

layer_blob() {
    jq -r '.layers[-1].digest | ltrimstr("sha256:")' "$(image_manifest "$1")"
}
