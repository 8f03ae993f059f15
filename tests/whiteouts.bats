#!/usr/bin/env bats
# tarunpack --whiteouts: how a new directory represents a layer's deletions.
# shellcheck disable=SC2154

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    make_deleting_layer
}

# make_deleting_layer: makes "lower" and "layer.tar". The layer deletes "gone" and "dir/gone", makes "opaque"
# opaque, and has both whiteouts and entries for the directory "turned" and the file "kept".
make_deleting_layer() {
    mkdir -p lower/{gone/sub,dir,opaque/old,turned/old} layer/{dir,opaque,turned}
    touch lower/{gone/sub/file,dir/{gone,stays},opaque/{file,old/file},turned/{file,old/file},kept}
    touch layer/{.wh.gone,dir/.wh.gone,opaque/{.wh..wh..opq,new},turned/new,.wh.turned,.wh.kept}
    echo new >layer/kept
    chmod 775 layer/opaque layer/dir
    archive layer . .wh.gone .wh.turned kept .wh.kept dir dir/.wh.gone opaque opaque/new \
        opaque/.wh..wh..opq turned turned/new >layer.tar
}

# The tree that an overlay mount of the two shows, and that a merge makes.
MERGED=$(printf '%s\n' 'd ' 'd dir' 'd opaque' 'd turned' 'f dir/stays' 'f kept' 'f opaque/new' \
    'f turned/new')

# names DIR [TEST...]: prints types and names.
names() {
    find "$1" "${@:2}" -printf '%y %P\n' | sort
}

# attribute NAME FILE: prints the attribute's value, or nothing.
attribute() {
    getfattr -h --only-values -n "$1" "$2" 2>/dev/null || :
}

# --------------------------------------------------------------------------- the four forms

@test "overlay, the default: device nodes 0:0 and the opaque attribute" {
    requires_root
    unpack upper <layer.tar
    unpack --whiteouts=overlay same <layer.tar
    compare_trees --upper upper same
    assert_equal "$(names upper)" "$(printf '%s\n' 'c dir/gone' 'c gone' 'd ' 'd dir' 'd opaque' \
        'd turned' 'f kept' 'f opaque/new' 'f turned/new')"
    assert_equal "$(stat -c %t:%T upper/gone upper/dir/gone | sort -u)" 0:0
    assert_equal "$(attribute trusted.overlay.opaque upper/opaque)" y
    assert_equal "$(attribute trusted.overlay.opaque upper/turned)" y
    assert_equal "$(attribute trusted.overlay.opaque upper/dir)" ''
    assert_equal "$(attribute trusted.overlay.opaque upper)" ''
    assert_equal "$(stat -c %a upper/opaque upper/dir | sort -u)" 775
}

@test "overlay: a mount over the lower directory shows the same tree as a merge makes" {
    requires_overlay
    unpack upper <layer.tar
    mkdir work merged readonly
    mount_overlay lower upper work merged
    assert_equal "$(names merged)" "$MERGED"
    umount merged
    mount -t overlay overlay -o lowerdir=upper:lower readonly
    assert_equal "$(names readonly)" "$MERGED"
    cp -a lower copy
    unpack --merge copy <layer.tar
    compare_trees readonly copy
}

@test "apply: deletes nothing in a new directory" {
    unpack --whiteouts=apply tree <layer.tar
    assert_equal "$(names tree)" "$(printf '%s\n' 'd ' 'd dir' 'd opaque' 'd turned' 'f kept' \
        'f opaque/new' 'f turned/new')"
    assert_equal "$(getfattr -Rd -m trusted.overlay tree)" ''
}

@test "keep: whiteouts are files with these names, contents and metadata" {
    echo content >layer/.wh.gone
    chmod 640 layer/.wh.gone
    touch -d @1000 layer/.wh.gone
    archive layer .wh.gone dir/.wh.gone opaque/.wh..wh..opq >kept.tar
    unpack --whiteouts=keep tree <kept.tar
    assert_equal "$(names tree -type f)" \
        "$(printf 'f %s\n' .wh.gone dir/.wh.gone opaque/.wh..wh..opq)"
    assert_equal "$(stat -c '%a %Y %s' tree/.wh.gone)" '640 1000 8'
}

@test "raw: restores the output of tarpack --whiteouts=raw unchanged" {
    requires_root
    unpack upper <layer.tar
    setfattr -n trusted.overlay.origin -v 0x00fb upper/kept
    touch upper/.wh.file
    tarpack --whiteouts=raw upper | unpack --whiteouts=raw again
    compare_trees upper again
    # The other forms escape the attributes, as if set inside the mount.
    tarpack --whiteouts=raw upper >raw.tar
    unpack escaped <raw.tar
    assert_equal "$(attribute trusted.overlay.opaque escaped/opaque)" ''
    assert_equal "$(attribute trusted.overlay.overlay.opaque escaped/opaque)" y
    local form
    for form in apply keep; do
        unpack --whiteouts=$form "$form" <raw.tar
        assert_equal "$(attribute trusted.overlay.opaque "$form/opaque")" ''
        assert_equal "$(attribute trusted.overlay.overlay.opaque "$form/opaque")" y
    done
}

@test "overlay: --no-devices does not omit whiteouts" {
    mkdir tree
    requires_root
    mknod layer/null c 1 3
    archive layer null .wh.gone >devices.tar
    unpack --no-devices upper <devices.tar
    assert_equal "$(names upper)" $'c gone\nd '
}

# --------------------------------------------------------------------------- --userxattr

@test "--userxattr: a mount with userxattr shows the same tree" {
    requires_overlay
    unpack --userxattr upper <layer.tar
    assert_equal "$(attribute user.overlay.opaque upper/opaque)" y
    assert_equal "$(getfattr -Rd -m trusted upper)" ''
    mkdir work merged
    mount_overlay lower upper work merged userxattr
    assert_equal "$(names merged)" "$MERGED"
}

@test "an ordinary user needs --userxattr for opaque directories, else it is an error" {
    install -d -o 65534 -g 65534 home
    run -1 as_user tarunpack --no-sync home/upper <layer.tar
    assert_output --partial 'opaque/.wh..wh..opq: only root can set trusted.overlay.opaque (--userxattr'
    assert_not_exists home/upper
    as_user tarunpack --no-sync --userxattr home/upper <layer.tar
    assert_equal "$(names home/upper -type c)" $'c dir/gone\nc gone'
    assert_equal "$(attribute user.overlay.opaque home/upper/opaque)" y
    assert_equal "$(attribute user.overlay.opaque home/upper/turned)" y
}

@test "unshare -Ur: a tree restored with --userxattr can be mounted there, and packs to the same layer" {
    unshare -Ur true || skip 'needs user namespaces'
    install -d -o 65534 -g 65534 home
    cp -r lower home/lower
    chmod a+rX -R home/lower
    unpack --userxattr reference <layer.tar
    # shellcheck disable=SC2016 # for the other shell
    run -0 --separate-stderr as_user unshare -Urm bash -c 'cd home && tarunpack --no-sync --userxattr upper <../layer.tar &&
        mkdir work merged && mount -t overlay overlay merged \
            -o lowerdir=lower,upperdir=upper,workdir=work,userxattr &&
        find merged -printf "%y %P\n" | sort'
    assert_output "$MERGED"
    # Only the owners differ.
    local pack=(as_user tarpack -q --owner=0 --group=0)
    cmp <("${pack[@]}" reference) <("${pack[@]}" home/upper)
}

@test "unshare -Ur: without --userxattr an opaque directory is an error" {
    unshare -Ur true || skip 'needs user namespaces'
    run -1 unshare -Ur tarunpack --no-sync upper <layer.tar
    assert_output --partial 'only root can set trusted.overlay.opaque'
    assert_not_exists upper
}

# --------------------------------------------------------------------------- on an overlay

# overlay_target: mounts an overlay at "target", for unpacking.
overlay_target() {
    mkdir empty target-upper target-work target
    mount_overlay empty target-upper target-work target
}

@test "on an overlay: whiteouts are files with an attribute, which another mount recognizes" {
    requires_overlay
    overlay_target
    ! mknod target/probe c 0 0 2>/dev/null || skip 'an overlay takes char 0:0 here'
    unpack target/layer <layer.tar
    assert_equal "$(names target/layer -type c)" ''
    assert_equal "$(attribute trusted.overlay.whiteout target/layer/gone)" y
    assert_equal "$(attribute trusted.overlay.whiteout target/layer/dir/gone)" y
    assert_equal "$(attribute trusted.overlay.opaque target/layer/dir)" x
    assert_equal "$(attribute trusted.overlay.opaque target/layer/opaque)" y
    mkdir merged
    mount -t overlay overlay -o lowerdir=target/layer:lower merged
    assert_equal "$(names merged)" "$MERGED"
    cp -a lower copy
    unpack --merge copy <layer.tar
    compare_trees merged copy
    # It packs to the same layer.
    unpack plain <layer.tar
    cmp <(tarpack target/layer) <(tarpack plain)
}

@test "on an overlay: whiteouts beside entries and in opaque directories, in any order" {
    requires_overlay
    overlay_target
    mkdir -p more/{d,e}
    touch more/{.wh.d,d/{new,.wh.x,.wh..wh..opq},.wh.f,e/{.wh.empty,empty}}
    touch -d @1000000000.5 more/{d,e}
    local order
    for order in 'd d/.wh.x d/.wh..wh..opq d/new .wh.d .wh.f e/.wh.empty e/empty e' \
        'e e/empty e/.wh.empty .wh.f .wh.d d/.wh..wh..opq d/new d/.wh.x d'; do
        # shellcheck disable=SC2086 # words
        archive more $order >more.tar
        rm -rf target/more
        unpack target/more <more.tar
        assert_equal "$(attribute trusted.overlay.opaque target/more/d)" y
        assert_equal "$(names target/more)" $'d \nd d\nd e\nf d/new\nf e/empty\nf f'
        assert_equal "$(attribute trusted.overlay.whiteout target/more/f)" y
        assert_equal "$(attribute trusted.overlay.whiteout target/more/e/empty)" ''
        # Whiteouts in an opaque directory are removed before its time is set.
        assert_equal "$(stat -c %.1Y target/more/{d,e})" $'1000000000.5\n1000000000.5'
    done
}

@test "on an overlay: --replace, and the default with an opaque root" {
    requires_overlay
    overlay_target
    mkdir -p root target/standing/old
    touch root/{.wh..wh..opq,file}
    archive root . .wh..wh..opq file >root.tar
    unpack --replace target/standing <root.tar
    assert_equal "$(names target/standing)" $'d \nf file'
    assert_equal "$(attribute trusted.overlay.opaque target/standing)" y
    refute_leftovers target
}

@test "whiteouts below a file of the layer hide nothing, in any order" {
    requires_root
    mkdir -p dir/a file/a
    touch dir/a/{.wh.x,.wh..wh..opq}
    mv dir/a dir/doc
    mkdir files
    echo content >files/doc
    local order whiteouts
    for whiteouts in overlay apply; do
        bsdtar -cf after.tar --uid 0 --gid 0 -C files doc -C ../dir doc/.wh.x doc/.wh..wh..opq
        bsdtar -cf before.tar --uid 0 --gid 0 -C dir doc/.wh.x doc/.wh..wh..opq -C ../files doc
        for order in after before; do
            rm -rf target
            run -0 --separate-stderr unpack --whiteouts="$whiteouts" target <"$order.tar"
            assert_equal "$stderr" ''
            assert_equal "$(cd target && find . | sort)" $'.\n./doc'
            assert_equal "$(<target/doc)" content
        done
    done
    rm target/doc
    mkdir -p target/doc/old
    unpack --merge target <after.tar
    assert_equal "$(<target/doc)" content
}
