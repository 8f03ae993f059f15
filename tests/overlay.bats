#!/usr/bin/env bats
# The upper directory of an OverlayFS mount becomes a layer and is restored. Where possible, the kernel
# itself makes the upper directories here.

# shellcheck disable=SC2154,SC2164 # run sets stderr; bats stops where cd fails

load helpers

setup() {
    requires_overlay
    cd "$BATS_TEST_TMPDIR"
    mkdir lower upper work merged
}

# --------------------------------------------------------------------------- lower and upper

fill_lower() (
    cd "$1"
    mkdir -p untouched/below emptied removed/below remade moved/below/deeper retyped attributed
    touch untouched/below/file emptied/{a,b,c} removed/{a,below/b} remade/{old,older}
    touch moved/file moved/below/deeper/file retyped/file attributed/below
    ln -s target symlink
    mkfifo fifo
    local name
    for name in removed-file moved-file moved-over rewritten chmodded chowned capable noted acled \
        retyped-file linked replaced $'odd\nname\xff' '-rf'; do
        echo "$name" >"./$name"
    done
    cp /bin/true program
    ln linked linked-too
    mkdir over && touch over/lower
)

# The changes of a container.
change_merged() (
    cd "$1"
    rm removed-file symlink fifo ./-rf $'odd\nname\xff' emptied/*
    rm -r removed
    rm -r remade && mkdir remade && echo new >remade/new && echo again >remade/old
    rm retyped-file && mkdir retyped-file && touch retyped-file/in
    rm -r retyped && echo file >retyped
    rm replaced && echo replaced >replaced
    mv moved-file renamed-file
    mv moved-over over/lower
    mv moved renamed
    mkdir -p made/deep && mv made/deep made/moved
    echo more >>rewritten
    chmod 4711 chmodded
    chown 2097152:7 chowned
    setcap cap_net_raw+ep program
    setfattr -n user.note -v text noted
    setfattr -n trusted.note -v text noted
    setfacl -m u:7:rw acled
    setfattr -n user.note -v text attributed
    touch -d @1234567890.5 attributed untouched
    ln linked linked-again
    echo new >new && ln new made/new
    mkfifo made/fifo && ln made/fifo fifo-too
    mknod made/null c 1 3
    ln -s /nowhere made/dangling
    mknod -m 600 block b 8 1
    truncate -s 1M made/sparse
)

# Makes the upper directory with these changes and unmounts it. [OPTION,...] are mount options.
make_upper() {
    fill_lower lower
    mount_overlay lower upper work merged "$@"
    change_merged merged
    umount merged
}

# pack_and_restore: packs upper to layer.tar and unpacks it to "restored", which packs to the same bytes.
pack_and_restore() {
    tarpack upper >layer.tar
    tarunpack --no-sync --expect "$(sha256sum <layer.tar | cut -d ' ' -f 1)" restored <layer.tar
    tarpack restored | cmp - layer.tar
    refute_leftovers .
}

# merge_lower_with UPPER MOUNTPOINT: mounts an overlay of lower and UPPER.
merge_lower_with() {
    mkdir -p "$2" "$2-work"
    mount_overlay lower "$1" "$2-work" "$2"
}

# entry_names TAR: prints the names of its entries, one on each line.
entry_names() {
    /usr/bin/python3 -c '
import sys, tarfile
for entry in tarfile.open(sys.argv[1]):
    print(ascii(entry.name)[1:-1] + "/" * entry.isdir())' "$1"
}

# attributes TAR: prints the attributes in its extended headers.
attributes() {
    /usr/bin/python3 -c '
import sys, tarfile
for entry in tarfile.open(sys.argv[1]):
    for keyword in entry.pax_headers:
        if "xattr" in keyword.lower():
            print(entry.name, keyword)' "$1"
}

# --------------------------------------------------------------------------- upper directories made by the kernel

@test "an upper directory is restored unchanged" {
    make_upper
    pack_and_restore
    compare_trees --upper upper restored
}

@test "a mount of the restored directory, as upper or lower, shows the same tree" {
    make_upper
    pack_and_restore
    merge_lower_with upper before
    merge_lower_with restored after
    compare_trees before after
    mkdir as-lower
    mount -t overlay overlay -o lowerdir=restored:lower as-lower
    compare_trees before as-lower
}

@test "a layer contains the container's changes" {
    make_upper
    pack_and_restore
    run -0 entry_names layer.tar
    local name
    for name in .wh.removed-file .wh.removed .wh.symlink .wh.fifo .wh.-rf '.wh.odd\nname\udcff' \
        emptied/.wh.{a,b,c} .wh.moved-file .wh.moved-over .wh.moved remade/.wh..wh..opq \
        retyped-file/.wh..wh..opq remade/new remade/old retyped renamed/below/deeper/file; do
        assert_line "$name"
    done
    for name in removed-file remade/older untouched/below/file moved/ .wh.replaced .wh.retyped; do
        refute_line "$name"
    done
}

@test "a whiteout's bytes do not depend on its device node, and a marker follows its directory" {
    make_upper
    touch -d @1234567890.5 upper/removed-file
    chown 5:6 upper/removed-file
    pack_and_restore
    run -0 /usr/bin/python3 -c '
import tarfile
previous = None
for entry in tarfile.open("layer.tar"):
    name = entry.name.rpartition("/")[2]
    if name.startswith(".wh."):
        facts = (entry.type, entry.mode, entry.uid, entry.gid, entry.size, entry.mtime)
        assert facts == (b"0", 0, 0, 0, 0, 0) and not entry.pax_headers, (entry.name, facts)
    if name == ".wh..wh..opq":
        assert previous.isdir() and previous.name + "/" + name == entry.name, entry.name
    previous = entry'
}

@test "the mount's internal attributes are not in the layer" {
    make_upper index=on
    # The upper directory had some:
    run -0 getfattr -hR -d -m '^trusted\.overlay' upper
    local key
    for key in origin impure opaque nlink; do
        assert_line --partial "trusted.overlay.$key="
    done
    pack_and_restore
    run -0 attributes layer.tar
    assert_line --partial SCHILY.xattr.user.note
    refute_line --partial overlay
}

@test "inode flags that the mount keeps in an attribute are left out with a warning" {
    echo content >upper/file
    setfattr -n trusted.overlay.protattr -v i upper/file
    run -0 --separate-stderr tarpack --manifest upper
    assert_regex "$stderr" 'warning: file: its inode flags'
    refute_output --partial protattr
}

@test "an upper directory packs to the same bytes after it was mounted again" {
    make_upper
    tarpack upper >layer.tar
    merge_lower_with upper again
    umount again
    tarpack upper | cmp - layer.tar
}

# --------------------------------------------------------------------------- refusals

# assert_not_packed PATH WORD...: tarpack fails with one line that contains PATH and the words, and its output is
# not a complete archive.
assert_not_packed() {
    local word
    run -1 --separate-stderr bash -c 'tarpack upper >layer.tar'
    assert_equal "${#stderr_lines[@]}" 1
    assert_regex "$stderr" "^tarpack: $1: "
    for word; do
        assert_regex "$stderr" "$word"
    done
    run -3 tarunpack -t <layer.tar
}

@test "a directory renamed with redirect_dir=on is refused and named" {
    mkdir -p lower/dir/below
    mount_overlay lower upper work merged redirect_dir=on
    mv merged/dir merged/moved
    umount merged
    run -0 getfattr -n trusted.overlay.redirect upper/moved
    assert_not_packed moved redirect_dir
}

@test "a file without data from metacopy=on is refused and named" {
    mkdir lower/dir
    echo content >lower/dir/file
    mount_overlay lower upper work merged metacopy=on,redirect_dir=on
    chmod 600 merged/dir/file
    umount merged
    run -0 getfattr -n trusted.overlay.metacopy upper/dir/file
    assert_not_packed dir/file metacopy
}

@test "a file whose name begins with .wh. is refused, since it would become a deletion" {
    local name
    for name in .wh.foo .wh. .wh..wh.aufs .wh..wh..opq.not; do
        mkdir upper/dir
        echo content >"upper/dir/$name"
        assert_not_packed "dir/$name" whiteout
        rm "upper/dir/$name"
        mkdir "upper/dir/$name"
        assert_not_packed "dir/$name"
        rm -r upper/dir
    done
    touch upper/.wh upper/.whiteout upper/wh.foo
    tarpack upper | tarunpack -t
    # An empty file where a kernel's mount makes devices, and one beside the name that it would delete.
    touch upper/.wh.foo upper/foo
    assert_not_packed .wh.foo foo
    rm upper/foo
    setfattr -n trusted.overlay.impure -v y upper
    assert_not_packed .wh.foo
}

@test "whiteouts of fuse-overlayfs and AUFS, which are empty files .wh.NAME, pack as those of a kernel's mount" {
    mkdir -p upper/d/sub kernel/d/sub .wh..wh.plnk upper/.wh..wh.{plnk,orph}
    touch upper/.wh..wh.{aufs,plnk/1.2,orph/x} {upper,kernel}/d/{a,b.c,q,zz}
    ln upper/.wh..wh.aufs upper/.wh.removed
    ln upper/.wh..wh.aufs upper/d/.wh.b
    ln upper/d/q upper/.wh..wh.plnk/9.9
    mknod upper/d/.wh.y c 0 0
    : >"upper/d/.wh.$(printf 'n%.0s' {1..251})"
    mknod "kernel/d/$(printf 'n%.0s' {1..251})" c 0 0
    for name in removed d/b d/y; do
        mknod kernel/$name c 0 0
    done
    touch -d @5 {upper,kernel}/d/{sub,a,b.c,q,zz} {upper,kernel}/d upper kernel
    run -0 --separate-stderr bash -c 'tarpack upper >upper.tar'
    assert_equal "${#stderr_lines[@]}:${stderr_lines[0]}" '3:tarpack: warning: .wh..wh.aufs: left out: AUFS metadata'
    tarpack kernel | cmp - upper.tar
    cmp <(tarpack -q --manifest upper) <(tarpack --manifest kernel)
    tarpack -q --manifest=time upper >manifest
    run -0 tarunpack --list --from-manifest <manifest
}

@test "owner and mode that fuse-overlayfs keeps in an attribute" {
    local name
    mkdir -p upper/d expected/d
    echo x >upper/d/f
    ln upper/d/f upper/d/second
    touch upper/d/plain
    cp -a upper/. expected
    setcap cap_net_raw+ep upper/d/f
    setcap cap_net_raw+ep expected/d/f
    # Without it on the root it is an ordinary attribute: anybody could set it.
    setfattr -n user.containers.override_stat -v 0:0:4755 upper/d/f
    run -0 tarpack --manifest upper
    assert_line --regexp 'd/f .*mode=0644 .*override_stat'
    chown 5:6 expected/d expected/d/f
    chmod 1770 expected/d
    chmod 4711 expected/d/f
    setcap cap_net_raw+ep expected/d/f
    chmod 555 expected
    for name in security.fuseoverlayfs user.containers user.fuseoverlayfs; do
        setfattr -x user.containers.override_stat upper/d/f 2>/dev/null || :
        setfattr -n $name.override_stat -v 0:0:555 upper
        setfattr -n $name.override_stat -v 5:6:1770:dir upper/d
        setfattr -n $name.override_stat -v 5:6:104711 upper/d/f
        diff <(tarpack --manifest expected) <(tarpack --manifest upper)
        tarpack --manifest --cache=cache upper | diff <(tarpack --manifest expected) -
        tarpack --manifest --cache=cache upper | diff <(tarpack --manifest expected) -
        setfattr -n $name.override_stat -v 5:6: upper/d
        assert_not_packed d "$name.override_stat are malformed"
        setfattr -n $name.override_stat -v 5:6:0:block-7-8 upper/d
        assert_not_packed d 'another type'
        setfattr -x $name.override_stat upper/d
        setfattr -x $name.override_stat upper/d/f
        setfattr -x $name.override_stat upper
    done
}

# --------------------------------------------------------------------------- marks made by hand

@test "whiteouts inside an opaque directory are dropped" {
    mkdir -p upper/opaque/below
    setfattr -n trusted.overlay.opaque -v y upper/opaque
    mknod upper/opaque/gone c 0 0
    mknod upper/opaque/below/gone c 0 0
    pack_and_restore
    run -0 entry_names layer.tar
    assert_output "\
./
opaque/
opaque/.wh..wh..opq
opaque/below/
opaque/below/.wh.gone"
    compare_trees --upper upper restored
}

@test "the marker of an opaque root is the first of all" {
    setfattr -n trusted.overlay.opaque -v y upper
    touch upper/.a
    pack_and_restore
    run -0 entry_names layer.tar
    assert_output $'./\n.wh..wh..opq\n.a'
    compare_trees --upper upper restored
}

@test "hard links to one whiteout, which the kernel makes, become separate whiteouts" {
    mkdir upper/dir
    mknod upper/a c 0 0
    ln upper/a upper/b
    ln upper/a upper/dir/c
    pack_and_restore
    run -0 entry_names layer.tar
    assert_output $'./\n.wh.a\n.wh.b\ndir/\ndir/.wh.c'
    compare_trees --upper upper restored
}

@test "names of 255 bytes can be deleted, although .wh. makes them longer" {
    local name
    printf -v name 'n%.0s' {1..255}
    mkdir lower/dir
    touch "lower/dir/$name"
    mount_overlay lower upper work merged
    rm "merged/dir/$name"
    umount merged
    pack_and_restore
    compare_trees --upper upper restored
}

@test "an empty file with the whiteout attribute counts only in a directory marked as having some" {
    mkdir upper/says upper/not
    setfattr -n trusted.overlay.opaque -v x upper/says
    touch upper/says/{gone,stays} upper/not/gone
    echo content >upper/says/content
    mkdir upper/says/dir
    setfattr -n trusted.overlay.whiteout -v y upper/says/{gone,content,dir} upper/not/gone
    pack_and_restore
    run -0 entry_names layer.tar
    assert_output $'./\nnot/\nnot/gone\nsays/\nsays/content\nsays/dir/\nsays/.wh.gone\nsays/stays'
    run -0 attributes layer.tar
    assert_output ''
    run -0 stat -c %F restored/says/gone
    assert_output 'character special file'
}

@test "the kernel agrees about whiteouts by attribute" {
    mkdir lower/dir upper/dir
    echo lower | tee lower/dir/{gone,stays} >/dev/null
    setfattr -n trusted.overlay.opaque -v x upper/dir
    touch upper/dir/gone
    setfattr -n trusted.overlay.whiteout -v y upper/dir/gone
    pack_and_restore
    mkdir before after
    # The kernel supports these only in lower layers (Linux 6.7).
    mount -t overlay overlay -o lowerdir=upper:lower before
    if [ -e before/dir/gone ]; then
        skip 'needs a kernel that knows whiteouts by attribute'
    fi
    mount -t overlay overlay -o lowerdir=restored:lower after
    compare_trees before after
}

@test "overlay attributes that were set inside the mount are restored" {
    mkdir lower/dir
    mount_overlay lower upper work merged
    touch merged/file
    setfattr -n trusted.overlay.opaque -v y merged/dir
    setfattr -n trusted.overlay.redirect -v text merged/file
    setfattr -n trusted.overlay.overlay.nested -v text merged/file
    setfattr -n user.overlay.metacopy -v text merged/file
    umount merged
    pack_and_restore
    run -0 attributes layer.tar
    assert_line 'dir SCHILY.xattr.trusted.overlay.opaque'
    assert_line 'file SCHILY.xattr.trusted.overlay.redirect'
    assert_line 'file SCHILY.xattr.trusted.overlay.overlay.nested'
    assert_line 'file SCHILY.xattr.user.overlay.metacopy'
    compare_trees --upper upper restored
    merge_lower_with upper before
    merge_lower_with restored after
    compare_trees before after
    run -0 getfattr --only-values -n trusted.overlay.overlay.nested after/file
    assert_output text
}

@test "a stale user.overlay.opaque in the upper of a trusted mount does not mean opaque" {
    mkdir lower/dir
    touch lower/dir/below
    mount_overlay lower upper work merged
    touch merged/dir/file
    setfattr -n user.overlay.opaque -v y merged/dir
    umount merged
    pack_and_restore
    run -0 entry_names layer.tar
    refute_line 'dir/.wh..wh..opq'
    merge_lower_with upper before
    merge_lower_with restored after
    assert_exists after/dir/below
    compare_trees before after
}

@test "nor if the root has a user.overlay attribute, too" {
    mkdir -p lower/dir lower/removed
    mount_overlay lower upper work merged
    touch merged/dir/file
    setfattr -n user.overlay.opaque -v y merged/dir
    setfattr -n user.overlay.impure -v y merged
    rm -r merged/removed && mkdir merged/removed
    umount merged
    tarpack upper >layer.tar
    run -0 entry_names layer.tar
    assert_output $'./\ndir/\ndir/file\nremoved/\nremoved/.wh..wh..opq'
    run -0 attributes layer.tar
    assert_output $'. SCHILY.xattr.user.overlay.impure\ndir SCHILY.xattr.user.overlay.opaque'
}

# packs_again OPTION...: what tarpack makes of "upper", tarunpack takes back: the attributes of the directories
# below the root are the same, and it packs to the same layer again.
packs_again() {
    local form
    tarpack upper >layer.tar
    for form in overlay apply; do
        rm -rf "$form"
        run -0 tarunpack --no-sync --whiteouts=$form "$@" "$form" <layer.tar
        assert_output ''
        diff <(cd upper && getfattr -d -m - d/e d/file) <(cd $form && getfattr -d -m - d/e d/file)
        cmp layer.tar <(tarpack $form)
    done
}

# name_every_attribute DIR [NAMESPACE]: sets attributes with names of an overlay's, escaped and not, on the entries.
name_every_attribute() {
    local space
    mkdir -p "$1/d/e"
    touch "$1/d/file"
    for space in ${2-trusted user}; do
        setfattr -n "$space.overlay.overlay.opaque" -v y "$1/d/e"
        setfattr -n "$space.overlay.overlay.overlay.deep" -v 2 "$1/d/e"
        setfattr -n "$space.overlay.overlay.metacopy" -v '' "$1/d/file"
    done
    setfattr -n user.overlayish -v 1 "$1/d/e"
}

@test "names of overlay attributes, of either namespace and escaped or not, are restored" {
    name_every_attribute upper
    setfattr -n user.overlay.opaque -v y upper/d/e
    setfattr -n user.overlay.redirect -v / upper/d/file
    setfattr -n trusted.overlay.impure -v y upper
    setfattr -n user.overlay.own -v y upper
    packs_again
    # With userxattr, those of the user namespace are the mount's.
    setfattr -x user.overlay.opaque upper/d/e
    setfattr -x user.overlay.redirect upper/d/file
    setfattr -x trusted.overlay.impure upper
    packs_again --userxattr
}

@test "unshare -Ur and an ordinary user: names of overlay attributes are restored" {
    unshare -Ur true || skip 'needs user namespaces'
    name_every_attribute upper user
    chown -R 65534:65534 .
    local as
    for as in '' 'unshare -Ur'; do
        rm -rf overlay apply
        # shellcheck disable=SC2086
        as_user $as bash -c "$(declare -f packs_again)"'
            run() { output=$("${@:2}" 2>&1); }
            assert_output() { [ "$output" = "$1" ] || { echo "$output" && exit 1; }; }
            set -e; packs_again; packs_again --userxattr'
    done
}

@test "marks of both namespaces are refused or reported" {
    mkdir -p upper/dir
    setfattr -n trusted.overlay.opaque -v y upper/dir
    setfattr -n user.overlay.impure -v y upper
    run -1 --separate-stderr tarpack --manifest upper
    assert_regex "$stderr" 'dir: is marked by trusted.overlay.opaque, but'
    setfattr -x trusted.overlay.opaque upper/dir
    setfattr -x user.overlay.impure upper
    setfattr -n user.overlay.opaque -v y upper/dir
    run -0 --separate-stderr tarpack --manifest upper
    assert_regex "$stderr" 'warning: dir: user.overlay.opaque is packed as an ordinary attribute'
}

@test "the opaque marks of fuse-overlayfs become one marker" {
    mkdir upper/all upper/char upper/file upper/not
    setfattr -n trusted.overlay.opaque -v y upper/all
    setfattr -n user.fuseoverlayfs.opaque -v y upper/all
    touch upper/all/.wh..wh..opq upper/file/.wh..wh..opq
    mknod upper/all/.wh..opq c 0 0
    mknod upper/char/.wh..opq c 0 0
    touch upper/{all,char,file,not}/new
    pack_and_restore
    run -0 entry_names layer.tar
    assert_output "\
./
all/
all/.wh..wh..opq
all/new
char/
char/.wh..wh..opq
char/new
file/
file/.wh..wh..opq
file/new
not/
not/new"
    run -0 attributes layer.tar
    assert_output ''
}

@test "an error while looking for fuse-overlayfs' marks is an error" {
    requires_command strace
    mkdir -p tree/dir
    touch tree/dir/.wh..wh..opq
    strace -o calls -e trace=newfstatat tarpack tree >/dev/null
    grep -n '"\.wh\.\.' calls >marks
    [ "$(wc -l <marks)" -ge 3 ]
    local number
    while IFS=: read -r number _; do
        run -1 --separate-stderr bash -c 'strace -qq -o /dev/null \
            -e inject=newfstatat:error=EIO:when=$1 tarpack tree >/dev/null' - "$number"
        assert_regex "$stderr" '^tarpack: (\.|dir): cannot look up \.wh\.\.[a-z.]* in it: I'
    done <marks
}

@test "--whiteouts=raw packs and restores everything unchanged" {
    make_upper
    touch upper/.wh.foo
    ln upper/removed-file upper/removed-too
    tarpack --whiteouts=raw upper >layer.tar
    tarunpack --whiteouts=raw restored <layer.tar
    compare_trees upper restored
    tarpack --whiteouts=raw restored | cmp - layer.tar
}

# --------------------------------------------------------------------------- without root

# rootless COMMAND...: runs it as nobody, who is root in a user namespace where overlays can be mounted.
rootless() {
    as_user unshare --user --map-root-user --mount bash -ec "$1"
}

@test "the upper directory of a rootless mount is restored, in a user namespace and outside" {
    rm -r lower upper work merged
    install -d -o 65534 -g 65534 own
    cd own
    rootless : || skip 'needs user namespaces for everybody'
    rootless '
        mkdir lower upper work merged
        mkdir -p lower/removed lower/remade lower/kept/removed
        touch lower/remade/old lower/file lower/kept/file lower/chmodded
        mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work merged
        rm -r merged/removed merged/remade merged/file merged/kept/removed
        mkdir merged/remade
        touch merged/remade/new
        chmod 4755 merged/chmodded
        setfattr -n user.note -v text merged/chmodded
        setfattr -n user.overlay.note -v text merged/chmodded
        ln -s target merged/symlink
        mkfifo merged/fifo
        ln merged/fifo merged/kept/fifo
        mkdir view
        cp -a merged view/before
        umount merged'
    run -0 getfattr --only-values -n user.overlay.opaque upper/remade
    assert_output y
    tarpack upper >as-root.tar
    as_user tarpack upper | cmp - as-root.tar
    local place
    for place in as_user 'as_user unshare --user --map-root-user'; do
        $place tarpack upper >layer.tar
        run -0 entry_names layer.tar
        assert_line .wh.file
        assert_line .wh.removed
        assert_line remade/.wh..wh..opq
        run -0 attributes layer.tar
        assert_output "\
chmodded SCHILY.xattr.user.note
chmodded SCHILY.xattr.user.overlay.note"
        $place tarunpack --userxattr restored <layer.tar
        compare_trees --upper upper restored
        $place tarpack restored | cmp - layer.tar
        rootless '
            rm -rf work
            mkdir work
            mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=restored,workdir=work merged
            cp -a merged view/after'
        compare_trees view/before view/after
        rm -r restored view/after
    done
}

@test "warns an ordinary user who packs root's upper directory about hidden attributes" {
    mkdir upper/opaque
    setfattr -n trusted.overlay.opaque -v y upper/opaque
    run -0 --separate-stderr as_user tarpack --manifest upper
    assert_regex "$stderr" 'warning: .*trusted\.'
    run -0 --separate-stderr tarpack --manifest upper
    assert_equal "$stderr" ''
}

# --------------------------------------------------------------------------- other programs

@test "umoci and the mount make the same tree of the layer" {
    requires_command umoci
    fill_lower lower
    rm lower/linked-too # a hard link to a changed file; only the mount breaks it
    mount_overlay lower upper work merged
    change_merged merged
    tarpack lower >lower.tar
    tarpack upper >layer.tar
    umoci --log=error init --layout image
    umoci --log=error new --image image:it
    umoci --log=error raw add-layer --image image:it lower.tar
    umoci --log=error raw add-layer --image image:it layer.tar
    umoci --log=error unpack --image image:it bundle
    compare_trees merged bundle/rootfs
}
