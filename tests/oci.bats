#!/usr/bin/env bats
# zlsnap oci; extract and verify of images in OCI image layouts.
# shellcheck disable=SC2030,SC2031,SC2154,SC2164

load helpers
load driver
load images

setup() {
    requires_command jq skopeo
    enter_work
}

# two_layers: makes lower.tar.zst and upper.tar.zst, of a real overlay that stays mounted as "merged".
two_layers() {
    requires_overlay
    mkdir -p lower/{dir/sub,gone,opaque} upper work merged
    echo a >lower/dir/a
    touch lower/{gone/b,opaque/x}
    ln lower/dir/a lower/hard
    ln -s dir lower/link
    mkfifo lower/fifo
    cp /bin/true lower/program
    setcap cap_net_raw+ep lower/program
    chmod 4755 lower/dir/a
    setfattr -n user.name -v value lower/dir/a
    setfacl -m u:1234:rwx lower/dir/sub
    touch -d @1000.123456789 lower/dir/a lower/dir
    mount_overlay lower upper work merged
    (
        cd merged
        rm -r gone opaque hard
        mkdir opaque
        touch opaque/y
        echo new >dir/new
        chown 1000:1000 dir/sub
        echo more >>dir/a
        mknod device c 1 3
        touch -d @2000.5 dir .
    )
    zlsnap create lower lower.tar.zst >/dev/null
    zlsnap create upper upper.tar.zst >/dev/null
}

# --------------------------------------------------------------------------- what others make of it

@test "an image of two layers is, for umoci, buildah and us, what the overlay mount shows" {
    requires_command umoci buildah
    two_layers
    local rootfs
    zlsnap oci lower.tar.zst upper.tar.zst -o img:zstd
    zlsnap oci --compression=gzip lower.tar.zst upper.tar.zst -o img:gzip
    zlsnap extract oci:img:zstd ours
    compare_trees merged ours
    zlsnap extract oci:img:gzip ours-gzip
    compare_trees merged ours-gzip
    umoci_unpack img:gzip
    compare_trees merged "$rootfs"
    buildah_unpack oci:img:zstd
    same_root merged "$rootfs"
    compare_trees merged "$rootfs"
}

@test "an image that buildah made, with layers on layers, is unpacked to what buildah shows" {
    requires_command buildah
    requires_overlay
    local container rootfs
    container=$(buildah_ from -q scratch)
    rootfs=$(buildah_ mount "$container")
    mkdir -p "$rootfs"/{etc,var/lib,gone}
    echo one >"$rootfs/etc/file"
    ln "$rootfs/etc/file" "$rootfs/etc/hard"
    touch "$rootfs/gone/x" "$rootfs/var/lib/old"
    buildah_ commit -q "$container" oci:img:one
    container=$(buildah_ from -q --pull-always oci:img:one)
    rootfs=$(buildah_ mount "$container")
    rm -r "$rootfs/gone" "$rootfs/var/lib/old"
    mkdir "$rootfs/gone"
    ln -s /etc "$rootfs/gone/link"
    echo two >"$rootfs/etc/file"
    buildah_ commit -q "$container" oci:img:two
    assert_equal "$(manifest_get '.layers | length' img:two)" 2
    buildah_unpack oci:img:two
    zlsnap extract oci:img:two ours
    same_root ours "$rootfs"
    compare_trees "$rootfs" ours
}

@test "an image of umoci's, with layers of GNU tar's too, is unpacked to what umoci makes of it" {
    requires_command umoci
    local rootfs
    umoci --log=error init --layout img
    umoci --log=error new --image img:new
    mkdir -p tree/{dir,other}
    echo content >tree/dir/file
    ln tree/dir/file tree/hard
    ln -s dir tree/link
    chmod 1777 tree/other
    tar -C tree --format=gnu -cf layer.tar .
    umoci --log=error raw add-layer --image img:new layer.tar
    umoci_unpack img:new
    rm -r bundle/rootfs/link
    echo changed >bundle/rootfs/dir/file
    touch bundle/rootfs/dir/new
    umoci --log=error repack --image img:new bundle
    assert_equal "$(manifest_get '.layers | length' img:new)" 2
    umoci_unpack img:new
    zlsnap extract oci:img:new ours
    compare_trees "$rootfs" ours
}

@test "layers that are not compressed are applied, and kept as they are in a new image" {
    mkdir -p tree
    echo content >tree/file
    tar -C tree -cf layer.tar file
    zlsnap create tree base.tar.zst >/dev/null
    zlsnap oci base.tar.zst -o img
    cp layer.tar "$(blob_of img "$(sha256sum <layer.tar | cut -d' ' -f1)")"
    forge_config img ".rootfs.diff_ids[0] = \"sha256:$(sha256sum <layer.tar | cut -d' ' -f1)\""
    forge img ".layers[0] = {mediaType: \"application/vnd.oci.image.layer.v1.tar\",
        digest: \"sha256:$(sha256sum <layer.tar | cut -d' ' -f1)\", size: $(stat -c %s layer.tar)}"
    zlsnap extract oci:img ours
    assert_equal "$(cat ours/file)" content
    zlsnap oci --compression=gzip oci:img base.tar.zst -o img:two
    assert_equal "$(manifest_get '[.layers[].mediaType | split(".") | last] | join(" ")' img:two)" \
        'tar tar+gzip'
    zlsnap verify -q oci:img:two
}

# --------------------------------------------------------------------------- what is written

@test "the documents are what the specification asks for, with diffIDs, history and dates" {
    made_once small_layers
    run -0 zlsnap oci --arch=arm64 --annotation=org.example.a=1=2 --annotation=b= -o img:v1.0 \
        a.tar.zst b.tar.zst
    assert_equal "$output" "$(manifest_digest img v1.0)"
    assert_equal "$(jq -c . img/oci-layout)" '{"imageLayoutVersion":"1.0.0"}'
    assert_equal "$(jq -c .schemaVersion img/index.json)" 2
    assert_equal "$(manifest_get '"\(.schemaVersion) \(.mediaType) \(.config.mediaType)"' img:v1.0)" \
        '2 application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json'
    assert_equal "$(manifest_get '.annotations | "\(.["org.example.a"]) \(.b)."' img:v1.0)" '1=2 .'
    assert_equal "$(manifest_get '.layers | map([.mediaType, .digest, .size] | join(" ")) | .[]' img:v1.0)" \
        "$(jq -rs 'map([.media_type, .compressed_digest, .compressed_size_bytes] | join(" ")) | .[]' \
            a.tar.zst.json b.tar.zst.json)"
    skopeo inspect --config --override-arch=arm64 oci:img:v1.0 >config
    assert_equal "$(jq -r '"\(.architecture) \(.os) \(.rootfs.type)"' config)" 'arm64 linux layers'
    assert_equal "$(jq -c .rootfs.diff_ids config)" "$(jq -sc 'map(.digest)' a.tar.zst.json b.tar.zst.json)"
    assert_equal "$(jq -c '[.history[].created]' config)" \
        "$(jq -sc 'map(.created_at)' a.tar.zst.json b.tar.zst.json)"
    local blob
    for blob in img/blobs/sha256/*; do
        assert_equal "$(sha256sum <"$blob")" "${blob##*/}  -"
    done
    refute_leftovers .
}

@test "without LAYER.json the digests are measured" {
    made_once small_layers
    zlsnap oci a.tar.zst -o img:with
    rm a.tar.zst.json
    zlsnap oci a.tar.zst -o img:without
    assert_equal "$(manifest_get '.layers[0].digest' img:with)" "$(manifest_get '.layers[0].digest' img:without)"
    zlsnap verify -q oci:img:without
}

@test "SOURCE_DATE_EPOCH: the same trees are the same image, whenever and in whatever layout" {
    export SOURCE_DATE_EPOCH=1000000000
    small_layers
    zlsnap oci a.tar.zst b.tar.zst -o one
    zlsnap oci --compression=gzip a.tar.zst b.tar.zst -o one:gzip
    SOURCE_DATE_EPOCH='' zlsnap create a a.tar.zst >/dev/null
    mkdir two
    zlsnap oci a.tar.zst b.tar.zst -o two
    zlsnap oci --compression=gzip a.tar.zst b.tar.zst -o two:gzip
    diff -r one two
    run -0 skopeo inspect --config oci:one:latest
    refute_output --partial 20[02-9][02-9]
    assert_output --partial 2001-09-09T01:46:40Z
}

@test "an image joins those of a layout, or replaces the one of its name" {
    made_once small_layers
    zlsnap oci a.tar.zst -o img:one
    zlsnap oci b.tar.zst -o img:two
    zlsnap oci a.tar.zst b.tar.zst -o img:one
    assert_equal "$(jq -r '.manifests[].annotations[]' img/index.json | sort | xargs)" 'one two'
    zlsnap extract oci:img:one one
    zlsnap extract oci:img:two two
    assert_exists one/dir/kept
    compare_trees b two
    run -1 --separate-stderr zlsnap extract oci:img three
    assert_one_line 'has 2 images'
    run -1 --separate-stderr zlsnap extract oci:img:three three
    assert_one_line 'has no image called three'
    zlsnap oci a.tar.zst -o img
    zlsnap extract oci:img three
    compare_trees a three
    refute_leftovers .
}

@test "an image joins those of a layout of skopeo's, which skopeo goes on reading" {
    made_once small_layers
    zlsnap oci a.tar.zst -o img:one
    skopeo copy -q oci:img:one oci:theirs:a
    zlsnap oci b.tar.zst -o theirs:b
    skopeo copy -q oci:theirs:b oci:again:b
    skopeo copy -q oci:theirs:a oci:again:a
    zlsnap verify -q oci:again:a
    zlsnap verify -q oci:again:b
}

@test "a base image keeps its layers and configuration, and gets layers and history" {
    made_once small_layers
    zlsnap oci --compression=gzip a.tar.zst -o img:base
    if command -v umoci >/dev/null; then
        umoci --log=error config --image img:base --config.env A=b --config.cmd /run \
            --history.comment configured
    fi
    zlsnap oci oci:img:base b.tar.zst -o img:more
    run -0 skopeo inspect --config oci:img:more
    assert_equal "$(jq -c '[.config.Env, .config.Cmd]' <<<"$output")" '[["A=b"],["/run"]]'
    assert_equal "$(jq -c '[.history[] | .empty_layer // false]' <<<"$output")" '[false,true,false]'
    assert_equal "$(manifest_get '[.layers[].mediaType | split("+") | last] | join(" ")' img:more)" \
        'gzip zstd'
    zlsnap extract oci:img:more tree
    assert_equal "$(cat tree/file tree/dir/kept tree/dir/new | xargs)" 'b kept new'
}

@test "a base image without layers, and one whose history is missing" {
    requires_command umoci
    made_once small_layers
    umoci --log=error init --layout img
    umoci --log=error new --image img:empty
    zlsnap oci oci:img:empty a.tar.zst -o img:one
    zlsnap verify -q oci:img:one
    zlsnap verify -q oci:img:empty
    zlsnap extract oci:img:empty tree
    assert_equal "$(stat -c %a tree) $(entries tree)" '755 '
    zlsnap extract --merge oci:img:empty tree
    zlsnap extract --replace --whiteouts=overlay oci:img:empty tree
    run -1 --separate-stderr zlsnap extract --merge oci:img:empty none
    assert_one_line 'none: no such directory to apply an image without layers to'
    zlsnap oci a.tar.zst -o single
    forge_config single 'del(.history)'
    zlsnap oci oci:single b.tar.zst -o single
    run -0 skopeo inspect --config oci:single:latest
    assert_equal "$(jq -c '[.history[] | has("created")]' <<<"$output")" '[false,true]'
}

@test "one layer twice is one blob" {
    made_once small_layers
    zlsnap oci a.tar.zst a.tar.zst -o img
    assert_equal "$(find img/blobs -type f | wc -l)" 3
    zlsnap extract oci:img tree
    compare_trees a tree
}

# --------------------------------------------------------------------------- extract

@test "extract: --replace exchanges a full directory, at once; else it is refused" {
    made_once image_ab
    mkdir -p target/old
    run -1 --separate-stderr zlsnap extract oci:img target
    assert_one_line 'is not empty (--replace replaces it)'
    assert_exists target/old
    zlsnap extract --replace oci:img target
    assert_not_exists target/old
    assert_equal "$(cat target/file)" b
    rm -r target && mkdir target
    zlsnap extract oci:img target/
    assert_equal "$(cat target/file)" b
    refute_leftovers .
}

@test "extract: --merge applies all layers onto a directory, after all were verified" {
    two_layers
    cp -a lower target
    zlsnap oci upper.tar.zst -o img
    zlsnap extract --merge oci:img target
    compare_trees merged target
    rm -r img
    made_once image_ab
    flip_byte "$(blob_of img "$(jq -r .compressed_digest b.tar.zst.json)")" 40
    run -4 --separate-stderr zlsnap extract --merge oci:img target
    assert_said 'layer 2 of 2'
    compare_trees merged target
}

@test "extract: --merge that was interrupted in a layer goes on with that layer" {
    requires_command strace
    mkdir -p one/z two/a target/a
    echo old >target/a/old
    touch one/new two/a/.wh.old two/more
    /usr/bin/python3 - >one.tar <<'PYTHON'
import sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    link = tarfile.TarInfo("z/hard")
    link.type, link.linkname = tarfile.LNKTYPE, "a/old"
    archive.addfile(link)
PYTHON
    tar -C two -cf two.tar a/.wh.old more
    zstd -q one.tar two.tar
    zlsnap oci one.tar.zst two.tar.zst -o img
    # The second layer's merge is killed behind its whiteout: now the first's link can't be made.
    fake tarunpack "case \"\$* \$(cat ../merges 2>/dev/null)\" in
        *--list*) ;;
        *' once') kill='strace -f -o /dev/null -e inject=renameat:signal=KILL:when=2' ;;&
        *) echo once >>../merges ;;
        esac
        exec \$kill $ZLSNAP_BIN/tarunpack \"\$@\""
    run -1 zlsnap extract --merge oci:img target
    assert_not_exists target/a/old
    assert_not_exists target/more
    zlsnap extract --merge oci:img target
    assert_equal "$(cat target/z/hard)" old
    assert_not_exists target/a/old
    assert_exists target/more
    refute_leftovers target
}

@test "extract: a directory that stands keeps its metadata where no layer has an entry for it" {
    requires_root
    mkdir -m 711 target
    chown 1000:1000 target
    touch -d @1000.5 target
    mkdir tree
    touch tree/file
    tar -C tree -cf - file | zstd -q >layer.tar.zst
    zlsnap oci layer.tar.zst -o img
    zlsnap extract oci:img target
    assert_equal "$(stat -c '%a %u:%g %.9Y' target)" '711 1000:1000 1000.500000000'
    zlsnap extract --replace oci:img target
    assert_equal "$(stat -c '%a %u:%g' target)" '711 1000:1000'
}

@test "junk behind a blob's frames: verify has status 3, extract warns, since the digests hold" {
    made_once small_layers
    local type
    for type in zstd gzip; do
        rm -rf img tree
        zlsnap oci --compression="$type" a.tar.zst -o img
        { cat "$(blob_of img "$(manifest_get '.layers[0].digest' img)")" && echo junk; } >blob
        mv blob "$(blob_of img "$(sha256sum <blob | cut -d' ' -f1)")" 2>/dev/null
        forge img ".layers[0].digest = \"sha256:$(sha256sum <"$(newest img)" | cut -d' ' -f1)\"
            | .layers[0].size += 5"
        run -3 --separate-stderr zlsnap verify oci:img
        assert_said 'layer 1 of 1: is malformed'
        run -0 --separate-stderr zlsnap extract oci:img tree
        assert_said 'warning: oci:img: layer 1 of 1: (zstd|gzip) failed'
        compare_trees a tree
    done
}

@test "a decompressor that is missing is named, and nothing appears" {
    made_once small_layers
    zlsnap oci --compression=gzip a.tar.zst -o img
    without_program gzip
    run -1 --separate-stderr zlsnap verify oci:img
    assert_one_line 'gzip not found on the PATH'
    run -1 --separate-stderr zlsnap extract oci:img tree
    assert_one_line 'gzip not found on the PATH'
    assert_not_exists tree
}

# newest DIR: the blob that was written last.
newest() {
    find "$1/blobs" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2
}

@test "extract: --merge trusts no other record of an interrupted merge than its own" {
    requires_command strace
    mkdir one two target
    touch one/low two/{a,b,c}
    zlsnap create one one.tar.zst >/dev/null
    zlsnap create two two.tar.zst >/dev/null
    zlsnap oci one.tar.zst two.tar.zst -o img
    tarpack two >two.tar
    # The upper layer by itself, interrupted: the lower one is not there.
    run ! strace -f -o /dev/null -e inject=renameat:signal=KILL:when=3 tarunpack --merge target <two.tar
    run -1 zlsnap extract --merge oci:img target
    assert_output --partial 'interrupted'
    tarunpack --merge target <two.tar
    zlsnap extract --merge oci:img target
    assert_exists target/low
    refute_leftovers target
    if [ "$EUID" -eq 0 ]; then
        rm target/low
        echo "$(manifest_digest img latest) 1" >target/.merge.zlsnap-images
        chown 65534 target/.merge.zlsnap-images
        zlsnap extract --merge oci:img target
        assert_exists target/low
    fi
}

@test "extract: --merge that cannot record its progress fails, and the record before remains" {
    mkdir one two target
    touch one/low two/up
    zlsnap create one one.tar.zst >/dev/null
    zlsnap create two two.tar.zst >/dev/null
    zlsnap oci one.tar.zst two.tar.zst -o img
    echo mine >file
    ln -s ../file target/.merge.zlsnap-imagez
    fake mv '[[ $(cat -- "$3") != *" 1" ]] || { echo "mv: no luck" >&2; exit 1; }; exec /bin/mv "$@"'
    run -1 --separate-stderr zlsnap extract --merge oci:img target
    assert_stderr 3 $'^zlsnap: no luck\nzlsnap: .* layer 2 of 2: failed\nzlsnap: target: only 1 of 2 layers'
    assert_equal "$(cat target/.merge.zlsnap-images)" "$(manifest_digest img latest) 0"
    assert_exists target/low
    assert_not_exists target/up
    assert_equal "$(cat file)" mine
    rm "$BATS_TEST_TMPDIR/fakes/mv"
    zlsnap extract --merge oci:img target
    assert_equal "$(ls -A target)" $'low\nup'
}

@test "extract: what holds the image or the layer itself is not replaced" {
    made_once image_a
    mkdir home
    mv img home
    run -2 --separate-stderr zlsnap extract --replace oci:home/img home
    assert_one_line 'contains the image itself'
    run -2 --separate-stderr zlsnap extract --replace oci:home/img home/img/
    assert_one_line 'contains the image itself'
    cp a.tar.zst a.tar.zst.json home
    run -2 --separate-stderr zlsnap extract --replace home/a.tar.zst home
    assert_one_line 'contains the layer itself'
    assert_exists home/img/index.json
}

@test "oci: what a run that had no room has left is taken for an empty layout" {
    requires_root
    made_once small_layers
    mkdir disk
    mount -t tmpfs -o size=1M none disk
    mkdir disk/img
    local left
    for left in 0 16 24 32 48; do
        rm -f disk/full
        head -c $((1024 * (984 - left))) /dev/zero >disk/full
        run --separate-stderr zlsnap oci a.tar.zst -o disk/img:"$left"
        [ "$status" -eq 0 ] || assert_said '^zlsnap: .*No space left on device'
        refute_leftovers disk
    done
    rm disk/full
    mkdir -p disk/img/blobs/sha256
    zlsnap oci a.tar.zst -o disk/img:last
    zlsnap verify -q oci:disk/img:last
}

@test "oci: many at once into one layout that is not there yet" {
    made_once small_layers
    local i
    for i in {1..6}; do
        zlsnap oci a.tar.zst -o img:"$i" >/dev/null 3>&- &
    done
    wait
    assert_equal "$(jq -r '.manifests | length' img/index.json)" 6
    refute_leftovers .
}

# what_is_named: of what log_calls wrote, how what is outside of spools came to its name; of each digest
# and of equal lines in sequence only one.
what_is_named() {
    local line
    sed -E 's/[0-9a-f]{64}/BLOB/g' ../log | grep -v '^mv .* [^ ]*\.zlsnap/[^ ]*$' | uniq |
        while read -r line; do
            [[ $line != sync* ]] ||
                line="sync $(tr ' ' '\n' <<<"${line#sync -- }" | sort -u | paste -sd ' ')"
            printf '%s\n' "$line"
        done
    rm ../log
}

@test "oci: what is to last is on the disk before it gets its name, and index.json comes last" {
    made_once small_layers
    log_calls sync mv
    zlsnap oci a.tar.zst -o img:new
    run -0 what_is_named
    assert_output 'sync ./.img.zlsnap/layout ./.img.zlsnap/layout/blobs ./.img.zlsnap/layout/blobs/sha256'\
' ./.img.zlsnap/layout/blobs/sha256/BLOB ./.img.zlsnap/layout/index.json ./.img.zlsnap/layout/oci-layout
mv -T -- ./.img.zlsnap/layout img
sync ./'
    zlsnap oci b.tar.zst -o img:more
    run -0 what_is_named
    assert_output 'sync img/.oci.zlsnap/index.json img/.oci.zlsnap/layout img/.oci.zlsnap/layout/blobs'\
' img/.oci.zlsnap/layout/blobs/sha256 img/.oci.zlsnap/layout/blobs/sha256/BLOB img/.oci.zlsnap/layout/oci-layout
mv -fT -- img/.oci.zlsnap/layout/blobs/sha256/BLOB img/blobs/sha256/BLOB
sync img/blobs img/blobs/sha256
mv -fT -- img/.oci.zlsnap/index.json img/index.json
sync img'
}

@test "extract: --merge: the record of an interrupted merge is on the disk before it gets its name" {
    made_once image_ab
    mkdir target
    log_calls sync mv
    zlsnap extract --merge oci:img target
    run -0 what_is_named
    assert_output 'sync target/.merge.zlsnap
mv -T -- target/.merge.zlsnap target/.merge.zlsnap
sync target/.merge.zlsnap
mv -T -- target/.merge.zlsnap target/.merge.zlsnap'
}

@test "oci: annotations of any text; entries of others in the index stay" {
    made_once small_layers
    zlsnap oci --annotation=$'a=one\ntwo=\xc3\xa9' --annotation=b= a.tar.zst -o img:t
    assert_equal "$(manifest_get '.annotations | .b, .a' img:t)" $'\none\ntwo=\xc3\xa9'
    jq -c '.manifests += [{annotations: "text", other: 1}]' img/index.json >index
    mv index img/index.json
    zlsnap oci a.tar.zst -o img:u
    assert_equal "$(jq -c '[.manifests[] | select(.other)] | length' img/index.json)" 1
}

@test "oci: a date in LAYER.json that is none is not put into the image" {
    made_once small_layers
    jq '.created_at = "yesterday"' a.tar.zst.json >j && mv j a.tar.zst.json
    zlsnap oci a.tar.zst -o img
    run -0 skopeo inspect --config oci:img:latest
    refute_output --partial yesterday
}

@test "a signal ends the wait for a layout that another one is changing" {
    made_once image_a
    exec {lock}<img
    flock "$lock"
    start zlsnap oci b.tar.zst -o img:b {lock}<&-
    wait_until exists_like 'img/.oci.zlsnap-*/result'
    kill -TERM "$driver"
    local status=0
    wait "$driver" || status=$?
    assert_equal "$status" 143
    assert_equal "$(jq -r '.manifests | length' img/index.json)" 1
    refute_leftovers img
}

@test "extract: a single layer can be an upper directory again, several can't" {
    two_layers
    zlsnap oci upper.tar.zst -o img:upper
    zlsnap oci lower.tar.zst upper.tar.zst -o img:both
    zlsnap extract --whiteouts=overlay oci:img:upper ours
    compare_trees --upper upper ours
    run -2 --separate-stderr zlsnap extract --whiteouts=overlay oci:img:both both
    assert_one_line 'has 2 layers'
    run -2 --separate-stderr zlsnap extract --merge --whiteouts=overlay oci:img:upper ours
    assert_one_line 'only --whiteouts=apply goes with it'
}

@test "extract: -e is the digest of the manifest" {
    made_once image_ab
    digest=$(manifest_digest img latest)
    run -4 --separate-stderr zlsnap extract -e "sha256:${digest//[0-9]/0}" oci:img tree || :
    run -4 --separate-stderr zlsnap extract -e "$(sha256sum </dev/null | cut -d' ' -f1)" oci:img tree
    assert_one_line "its digest is $digest, not sha256:e3b0c442"
    assert_not_exists tree
    run -4 --separate-stderr zlsnap verify -e "$(sha256sum </dev/null | cut -d' ' -f1)" oci:img
    assert_equal "$output" 'oci:img: FAILED'
    zlsnap extract -e "${digest#sha256:}" oci:img tree
    zlsnap verify -q -e "$digest" oci:img
}

@test "extract: into a setgid directory with a default ACL, by a plain user, of read-only directories" {
    requires_root
    made_once small_layers
    chmod 555 a b a/dir
    zlsnap create a a.tar.zst >/dev/null
    zlsnap create b b.tar.zst >/dev/null
    zlsnap oci a.tar.zst b.tar.zst -o img
    mkdir -m 2755 place
    setfacl -d -m u:1234:rwx place
    zlsnap extract oci:img place/tree
    run -0 getfacl -cp place/tree/dir
    refute_output --partial 1234
    assert_equal "$(stat -c %a place/tree)" 555
    mkdir -m 777 users
    as_user zlsnap extract -q oci:img users/tree
    assert_equal "$(stat -c '%a %u' users/tree)" '555 65534'
    as_user zlsnap extract -q --replace oci:img users/tree
    flip_byte "$(blob_of img "$(jq -r .compressed_digest b.tar.zst.json)")" 40
    run -4 as_user zlsnap extract -q --replace oci:img users/tree
    assert_equal "$(ls -A users)" tree
}

@test "extract: targets that can't be made or replaced are refused before a layer is read" {
    made_once image_a
    ln -s a link
    run -1 --separate-stderr zlsnap extract oci:img link
    assert_one_line 'is a symbolic link to a'
    run -1 --separate-stderr zlsnap extract oci:img a.tar.zst
    assert_one_line 'is not a directory'
    run -1 --separate-stderr zlsnap extract oci:img .
    assert_one_line 'has no name in a parent directory'
    run -1 --separate-stderr zlsnap extract oci:img none/tree
    assert_stderr 1 'No such file or directory'
    run -2 --separate-stderr zlsnap extract --no-verify oci:img tree
    assert_one_line "an image has its digests"
    run -2 --separate-stderr zlsnap extract --summary=x oci:img tree
    assert_one_line "'--summary' is for a LAYER"
    refute_leftovers .
}

# --------------------------------------------------------------------------- what is refused

# unverified STATUS WHAT: zlsnap verify does not take the image of the layout img, and says why.
unverified() {
    run "-$1" --separate-stderr zlsnap verify oci:img
    assert_said "$2"
    [[ $1 != [34] ]] || assert_equal "$output" 'oci:img: FAILED'
}

# assert_unusable STATUS WHAT: no command does, and nothing appears.
assert_unusable() {
    unverified "$@"
    run "-$1" --separate-stderr zlsnap extract oci:img refused
    assert_said "$2"
    assert_not_exists refused
    run "-$1" --separate-stderr zlsnap oci oci:img -o other
    assert_said "$2"
    assert_not_exists other
    refute_leftovers .
}

@test "a byte that is wrong in a blob, the manifest or the config is refused; so is one that is missing" {
    made_once image_ab
    mv img good
    local what digest refuse
    for what in '.layers[0].digest' '.layers[1].digest' '.config.digest' manifest; do
        if [ "$what" = manifest ]; then
            digest=$(manifest_digest good latest)
        else
            digest=$(manifest_get "$what" good)
        fi
        rm -rf img && cp -a good img
        flip_byte "$(blob_of img "$digest")" 50
        refuse=unverified
        [[ $what != .layers* && ${FAULTS-} != all ]] || refuse=assert_unusable
        $refuse 4 'oci:img: (layer [12] of 2: a digest does not match|the (config|manifest) does not have the digest)'
        truncate -s -1 "$(blob_of img "$digest")"
        unverified 4 'oci:img: (layer [12]|the (config|manifest)) has [0-9]+ bytes, not'
    done
    rm "$(blob_of img "$digest")"
    assert_unusable 1 'is missing: there is no img/blobs'
    mkfifo "$(blob_of img "$digest")"
    unverified 3 'is not a regular file'
}

@test "a diffID that is wrong, with all blobs as they should be, is refused" {
    made_once small_layers
    for compression in zstd gzip; do
        rm -rf img
        zlsnap oci --compression="$compression" a.tar.zst b.tar.zst -o img
        forge_config img '.rootfs.diff_ids |= reverse'
        assert_unusable 4 'layer 1 of 2|digest is sha256:.*, but sha256:.* in the image'
    done
}

@test "reference_split sets variables of any name" {
    source_parts image/image
    local directory=no tag=no
    reference_split directory tag oci:img:latest
    assert_equal "$directory $tag" 'img latest'
}

# refuses FILTER GOOD [JQ-OPTION...]: each line of standard input is a change to the document GOOD, a tab
# and the problem that the driver's FILTER has with the result. One jq tries all of them.
refuses() (
    local filter=$1 good=$2 program='' change problem
    source_parts core/json image/index image/image
    while IFS=$'\t' read -r change problem; do
        program+=", ([$change] | tried)"
        printf '%s\n' "problem: $problem"
    done >wanted
    # shellcheck disable=SC2154 # set by the driver
    jq -r "${@:3}" "$document_definitions def tried: try (${!filter}) catch \"problem: \\(.)\";
        ${program#, }" "$good" >found
    run -0 diff wanted found
)

@test "the documents of an image: what is malformed or ambiguous is refused, and why" {
    local image=application/vnd.oci.image good
    made_once image_ab
    good=$(blob_of img "$(manifest_digest img latest)")
    refuses index_filter img/index.json --arg tag '' --argjson above '{"above":[]}' \
        --arg type $image.index.v1+json <<'END'
.schemaVersion = 1	has no schemaVersion 2
.manifests = {}	has no valid list of manifests
.manifests[0].digest = "sha256:/"	has no valid list of manifests
.manifests = [3]	has no valid list of manifests
.layers = []	is not what its media type says
END
    refuses manifest_filter "$good" --arg type $image.manifest.v1+json <<'END'
.schemaVersion = 1	has no schemaVersion 2
.layers[0].digest = "sha256:../../x"	has no valid list of layers
.layers[0].digest |= sub("sha256:"; "md5:")	has no valid list of layers
.layers[0].size = -1	has no valid list of layers
.layers[0].size = 1e300	has no valid list of layers
.layers = "x"	has no valid list of layers
.layers = {}	has no valid list of layers
del(.layers)	has no valid list of layers
.config.mediaType = "application/vnd.example+json"	is not of a container image
[.]	is not one JSON object
., .	is not one JSON object
.Layers = (.layers | reverse)	has keys that differ in case only
.layers[0].Digest = .layers[1].digest	has keys that differ in case only
.mediaType = "application/vnd.oci.image.index.v1+json"	is not what its media type says
.manifests = []	is not what its media type says
END
    refuses config_filter "$(blob_of img "$(jq -r .config.digest "$good")")" --argjson layers 2 <<'END'
.rootfs.Diff_ids = .rootfs.diff_ids	has keys that differ in case only
.rootfs = 3	has no valid rootfs
.rootfs = null	has no valid rootfs
.rootfs.type = "x"	has no valid rootfs
.rootfs.diff_ids = null	has 0 layers, and the manifest 2
.rootfs.diff_ids[0] = "x"	has no valid rootfs
.rootfs.diff_ids |= .[:1]	has 1 layers, and the manifest 2
.history = ["x"]	has no valid history
.config = 3	is malformed
.created = {}	is malformed
END
}

@test "documents that are malformed, or lie, are refused" {
    made_once image_ab
    mv img good
    # forgery FUNCTION FILTER STATUS WHAT
    forgery() {
        rm -rf img && cp -a good img
        "$1" img "$2"
        unverified "$3" "$4"
    }
    forge_index_json() {
        jq -c "$2" "$1/index.json" >index && mv index "$1/index.json"
    }
    forgery forge '.layers[0].mediaType = "text/plain"' 3 'layer 1 is of an unknown type, text/plain'
    forgery forge '.layers[0].size += 1' 4 'layer 1 has [0-9]+ bytes, not'
    forgery forge '.layers |= .[:1]' 3 'has 2 layers, and the manifest 1'
    forgery forge '., .' 3 'the manifest is not one JSON object'
    forgery forge_config '.rootfs = 3' 3 'the config has no valid rootfs'
    forgery forge_index_json '.manifests = {}' 3 'index.json has no valid list of manifests'
    forgery forge_index_json '.manifests[0].mediaType = "text/plain"' 3 'not an image but text/plain'
    forgery forge_index_json '.manifests[0].size = 1e9' 3 'the manifest is larger than 4 MiB'
    rm -rf img && cp -a good img
    echo '{' >img/index.json
    assert_unusable 3 'index.json is not JSON'
    echo '{"imageLayoutVersion":"2.0"}' >img/oci-layout
    assert_unusable 3 'oci-layout is of no known version'
    rm img/oci-layout
    assert_unusable 1 'is not an OCI image layout'
    rm -r img
    assert_unusable 1 'there is no directory img'
}

@test "a layer that is malformed, with all digests right, is refused and named" {
    made_once image_a
    { printf 'no tar' && head -c 2000 /dev/zero; } >bad.tar
    gzip -n <bad.tar >bad.gz
    cp bad.gz "$(blob_of img "$(sha256sum <bad.gz | cut -d' ' -f1)")"
    forge_config img ".rootfs.diff_ids[0] = \"sha256:$(sha256sum <bad.tar | cut -d' ' -f1)\""
    forge img ".layers[0] = {mediaType: \"application/vnd.oci.image.layer.v1.tar+gzip\",
        digest: \"sha256:$(sha256sum <bad.gz | cut -d' ' -f1)\", size: $(stat -c %s bad.gz)}"
    run -3 --separate-stderr zlsnap extract oci:img tree
    assert_said 'oci:img: layer 1 of 1: is malformed'
    run -3 --separate-stderr zlsnap verify oci:img
    assert_equal "$output" 'oci:img: FAILED'
    assert_not_exists tree
    refute_leftovers .
}

@test "an image for several machines: that of this machine is taken, from an index in the index too" {
    made_once small_layers
    zlsnap oci a.tar.zst -o img:theirs --arch=s390x
    zlsnap oci b.tar.zst -o img:ours
    jq -c '(.manifests[0] | .platform = {architecture: "s390x", os: "linux"} | del(.annotations)) as $a
        | (.manifests[1] | .platform = {architecture: "'"$(go_architecture)"'", os: "linux"}
            | del(.annotations)) as $b
        | {schemaVersion: 2, manifests: [$a, $b]}' img/index.json >list
    local type
    for type in application/vnd.oci.image.index.v1+json \
        application/vnd.docker.distribution.manifest.list.v2+json; do
        jq -c --arg type "$type" '.manifests = [{mediaType: $type, digest: "", size: 0}]' \
            img/index.json >index
        cp index img/index.json
        cp list manifest
        forge_index img manifest
        rm -rf tree
        zlsnap extract oci:img tree
        compare_trees b tree
        zlsnap verify -q -e "$(sha256sum <list | cut -d' ' -f1)" oci:img
    done
    jq -c '.manifests |= .[:1]' list >manifest
    forge_index img manifest
    run -1 --separate-stderr zlsnap extract oci:img other
    assert_one_line 'has no image for linux/'
}

# go_architecture: what images call this machine, by another tool's word.
go_architecture() {
    skopeo --version >/dev/null
    dpkg --print-architecture 2>/dev/null || uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/'
}

@test "what a layer lies about in LAYER.json is found, and nothing is written" {
    made_once small_layers
    jq '.digest |= sub("[0-9a-f]{8}$"; "00000000")' a.tar.zst.json >j && mv j a.tar.zst.json
    run -4 --separate-stderr zlsnap oci a.tar.zst -o img
    assert_said 'digest is sha256:.*, but sha256:.* in LAYER.json'
    run -4 --separate-stderr zlsnap oci --compression=gzip a.tar.zst -o img
    assert_said 'a.tar.zst: a digest does not match'
    assert_not_exists img
    refute_leftovers .
}

@test "oci: command lines that are wrong" {
    made_once small_layers
    mkdir full && touch full/x
    bad() {
        local status=$1 what=$2
        shift 2
        run "-$status" --separate-stderr zlsnap oci "$@"
        assert_one_line "$what"
    }
    bad 2 'missing operand LAYER' -o img
    bad 2 '-o DIR[:TAG]' a.tar.zst
    bad 2 "takes zstd or gzip, not 'xz'" --compression=xz -o img a.tar.zst
    bad 2 'is not KEY=VALUE' --annotation=x -o img a.tar.zst
    bad 2 'is not UTF-8; annotations have to be' --annotation=$'x=a\xff' -o img a.tar.zst
    bad 2 'is not an architecture' --arch=../x -o img a.tar.zst
    bad 2 'is not a valid tag' -o 'img:a b' a.tar.zst
    bad 2 'names no directory' -o :tag a.tar.zst
    bad 1 'no such file' -o img none
    bad 1 'neither an OCI image layout nor empty' -o full a.tar.zst
    bad 1 'is not a directory' -o a.tar.zst b.tar.zst
    bad 1 'the directory above it does not exist' -o none/img a.tar.zst
    bad 1 'there is no directory none' -o img oci:none a.tar.zst
    SOURCE_DATE_EPOCH=x bad 2 SOURCE_DATE_EPOCH -o img a.tar.zst
    assert_not_exists img
    refute_leftovers .
}

@test "oci: a layer may come from standard input" {
    make_layer
    run -0 bash -c 'cat layer | zlsnap oci -o image -'
    zlsnap verify oci:image
    zlsnap extract oci:image copy
    compare_trees tree copy
    run -0 bash -c 'cat layer | zlsnap oci --compression=gzip -o gzipped /dev/stdin'
    zlsnap verify oci:gzipped
}

@test "oci: a program that is killed is no bad image: status 1, and no verdict" {
    make_layer
    zlsnap oci -o image layer >/dev/null
    fake zstd 'kill -KILL $$'
    run -1 --separate-stderr zlsnap verify oci:image
    assert_said 'zstd was killed by signal KILL'
    assert_output ''
    run -1 --separate-stderr zlsnap extract oci:image copy
    assert_said 'zstd was killed by signal KILL'
    assert_not_exists copy
    fake jq 'kill -KILL $$'
    run -1 --separate-stderr zlsnap verify oci:image
    assert_said 'jq was killed by signal KILL'
    assert_output ''
}
