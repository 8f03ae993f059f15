#!/usr/bin/env bats
# tarunpack --merge: applies a layer onto an existing directory.

load helpers
load modes
load trees

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

merge() {
    unpack --merge "$@"
}

# written DIR: prints the directory's metadata and times on one line.
written() {
    stat --format='%i %a %u:%g %.9Y' "$1"
}

# facts_of DIR: prints a line for each entry, with link count and times.
facts_of() {
    find "$1" -printf '%P %y %i %n %m %s %T@\n' | sort
}

# layer_of SCRIPT: mounts an overlay of the directory "lower" on "merged", where it stays mounted, runs the script
# in it, and packs the upper directory to "layer.tar".
layer_of() {
    mkdir -p upper work merged
    mount_overlay lower upper work merged && (cd merged && eval "$1") && tarpack upper >layer.tar
}

# merge_equals_mount SCRIPT: merging the layer of layer_of onto a copy of "lower" makes the same tree as the mount.
merge_equals_mount() {
    # Joined with &&, since errexit is off if the caller uses ||.
    layer_of "$1" && cp -a lower copy && merge copy <layer.tar && compare_trees merged copy &&
        refute_leftovers copy
}

# --------------------------------------------------------------------------- the same as an overlay mount

@test "whiteouts delete files, trees, devices and links, and nothing else" {
    requires_overlay
    mkdir -p lower/{tree/a/b/c,kept/sub}
    touch lower/{file,kept/file,kept/sub/file,tree/a/b/c/f}
    ln lower/file lower/second
    ln -s kept lower/link
    mkfifo lower/fifo
    mknod lower/null c 1 3
    merge_equals_mount 'rm -r file tree link fifo null kept/sub/file'
    assert_exists copy/second
    assert_exists copy/kept/file
}

@test "an opaque directory has only the layer's entries" {
    requires_overlay
    mkdir -p lower/{dir/old/deep,outer/inner}
    touch lower/dir/{file,old/file} lower/outer/inner/file
    # shellcheck disable=SC2016
    merge_equals_mount 'rm -r dir outer && mkdir -m 700 dir dir/new outer outer/inner dir/old &&
        echo new >dir/file && touch outer/inner/other'
    run -0 find copy -name 'file' -o -name deep
    assert_output copy/dir/file
}

@test "every type replaces every other" {
    requires_overlay
    local -A make=([file]='echo content >$name' [link]='ln -s nowhere $name' [fifo]='mkfifo $name'
        [device]='mknod $name b 7 8' [empty]='mkdir $name' [full]='mkdir $name; echo x >$name/x'
        [deep]='mkdir -p $name/x/y; touch $name/x/y/z')
    local from to name change=''
    mkdir lower
    for from in "${!make[@]}"; do
        for to in "${!make[@]}"; do
            name=lower/$from-$to
            eval "${make[$from]}"
            change+="rm -r $from-$to; name=$from-$to; ${make[$to]}; "
        done
    done
    merge_equals_mount "$change"
}

@test "hard links to new and to copied files" {
    requires_overlay
    mkdir -p lower/dir
    echo one >lower/one
    ln lower/one lower/dir/same
    mkfifo lower/fifo
    # shellcheck disable=SC2016
    merge_equals_mount 'ln one dir/new; ln fifo dir/fifo; echo x >x; ln x dir/x; ln x y; rm x;
        ln dir/same dir/other; rm dir/same'
}

@test "changes only of a directory's metadata: mode, owner, time, attributes, ACLs" {
    requires_overlay
    mkdir -p lower/{a,b/c,d,e}
    touch lower/{a,b/c,d}/file
    setfattr -n user.gone -v 1 lower/a
    setfattr -n user.kept -v 1 lower/a
    setfacl -m u:5:rwx,d:u:6:r lower/d
    merge_equals_mount 'setfattr -x user.gone a; setfattr -n user.new -v 2 a; chmod 2701 b/c;
        chown 7:8 b; touch -d @5.5 d; setfacl -b -k d; setfacl -m d:u:9:rwx e; chmod 1777 .;
        setfattr -n trusted.ours -v 3 e'
}

@test "merges into directories that their owner can't write or enter, and keeps their modes" {
    requires_overlay
    mkdir -p lower/{ro,none}/sub
    touch lower/{ro,none}/sub/{gone,kept}
    chmod 555 lower/ro/sub lower/ro
    chmod 0 lower/none/sub lower/none
    merge_equals_mount 'rm {ro,none}/sub/gone; touch {ro,none}/sub/new'
}

# Names of random entries, with their directories.
RANDOM_NAMES=(a b c x y 'sp ace' ü)
RANDOM_PLACES=('' '' a/ b/ b/c/ x/ x/y/)

# random_entries N: makes entries of any type in the current directory, also in place of existing ones.
random_entries() {
    local n name others
    for ((n = 0; n < $1; n++)); do
        name=${RANDOM_PLACES[RANDOM % 7]}${RANDOM_NAMES[RANDOM % 7]}
        others=(*)
        [[ ! -e $name && ! -L $name ]] || rm -rf "$name"
        [ -d "./${name%"${name##*/}"}" ] || mkdir -p "./${name%/*}" 2>/dev/null || continue
        case $((RANDOM % 8)) in
        0 | 1) echo "$RANDOM" >"$name" ;;
        2) ln -s "$RANDOM" "$name" ;;
        3) mkfifo -m 640 "$name" ;;
        4) mkdir -m 7$((RANDOM % 8))1 "$name" ;;
        5) mkdir -p "$name/x" && echo "$RANDOM" >"$name/x/y" ;;
        6) mknod "$name" c 1 $((RANDOM % 9 + 1)) ;;
        7) ln -P "${others[RANDOM % (${#others[@]} + 1)]-}" "$name" 2>/dev/null || : ;;
        esac
    done
}

# random_changes N: removes, moves, marks and touches existing entries, and makes new ones.
random_changes() {
    local n name standing
    shopt -s globstar dotglob nullglob
    for ((n = 0; n < $1; n++)); do
        standing=(**)
        [ ${#standing[@]} -eq 0 ] || name=${standing[RANDOM % ${#standing[@]}]}
        case ${standing:+$((RANDOM % 7))} in
        0 | 1) rm -r "$name" ;;
        2) rm -r "$name" && mkdir -p "$name/x" ;;
        3) chmod "7$((RANDOM % 8))5" "./${name%"${name##*/}"}" ;;
        4) touch -hd "@$RANDOM.5" "$name" ;;
        5) setfattr -h -n trusted.n -v $((RANDOM % 9)) "$name" ;;
        6) mv "$name" moved && rm -rf "${RANDOM_NAMES[0]}" && mv moved "${RANDOM_NAMES[0]}" ;;
        esac
        random_entries 1
    done
}

# random_merge SEED: runs merge_equals_mount with random changes of a random tree, in a new directory that becomes
# the current one.
random_merge() {
    mkdir "$1"
    cd "$1" || return
    RANDOM=$1
    mkdir lower
    (cd lower && random_entries 15) || return
    merge_equals_mount 'random_changes 10' || fail "seed $1"
}

@test "random layers: a merge makes the same tree as an overlay mount" {
    requires_overlay
    local seed
    for seed in {1..20}; do
        (random_merge "$seed" && umount merged) || return
    done
}

@test "whiteouts and opaque markers apply at any place in the archive, and not to the layer's entries" {
    mkdir -p lower/{d/old,e,f} layer/{d/new,e}
    touch lower/{d,e,f}/{old1,both} lower/x
    echo layer >layer/d/both
    echo layer >layer/x
    touch layer/d/{.wh..wh..opq,new/file} layer/{.wh.x,.wh.f,.wh.absent} layer/e/{.wh.old1,.wh..wh.aufs}
    cp -a lower last
    archive layer .wh.x .wh.f .wh.absent d/.wh..wh..opq e/.wh.old1 d d/both d/new d/new/file x >first.tar
    archive layer d d/both d/new d/new/file x d/.wh..wh..opq e/.wh.old1 .wh.x .wh.f .wh.absent >last.tar
    run -0 merge lower < <(archive layer e/.wh..wh.aufs)
    assert_output --partial AUFS
    merge lower <first.tar
    merge last <last.tar
    compare_trees lower last
    run -0 find lower -printf '%P\n'
    assert_equal "$(sort <<<"$output")" "$(printf '%s\n' '' d d/both d/new d/new/file e e/both x)"
    assert_equal "$(cat lower/x lower/d/both)" $'layer\nlayer'
}

@test "a whiteout and a directory of the same name: the old directory is removed" {
    mkdir -p lower/d/sub layer/d
    touch lower/d/{old,sub/old} layer/d/new layer/.wh.d
    chmod 700 lower/d
    merge lower < <(archive layer d/new .wh.d)
    run -0 find lower -printf '%P %m\n'
    assert_equal "$(sort <<<"$output")" $' 755\nd 755\nd/new 644'
}

# --------------------------------------------------------------------------- hard links

@test "a hard link to an entry that exists only in DIR" {
    mkdir -p lower/dir layer/dir
    echo content | tee lower/dir/target >layer/dir/target
    ln layer/dir/target layer/link
    archive layer dir/target link >layer.tar
    tar --delete -f layer.tar dir/target
    touch -d @1000 lower lower/dir
    merge lower <layer.tar
    assert_equal "$(stat -c '%h %i' lower/link)" "$(stat -c '2 %i' lower/dir/target)"
    # Parent directories without an entry keep their time.
    assert_equal "$(stat -c %.9Y lower lower/dir | uniq)" 1000.000000000
}

@test "a hard link to an entry that the layer deletes, by a whiteout or an opaque directory" {
    mkdir -p lower/{a,b} layer/{a,b}
    touch {lower,layer}/{a/one,b/two,b/three} layer/a/.wh.one layer/b/.wh..wh..opq
    ln layer/a/one layer/1
    ln layer/b/two layer/2
    ln layer/b/three layer/b/3
    local inodes
    inodes=$(stat -c %i lower/{a/one,b/two,b/three})
    archive layer a/.wh.one b/.wh..wh..opq a/one b/two b/three 1 2 b/3 >layer.tar
    tar --delete -f layer.tar a/one b/two b/three
    merge lower <layer.tar
    assert_equal "$(stat -c %i lower/{1,2,b/3})" "$inodes"
    assert_equal "$(find lower -printf '%P %y %n\n' | sort)" \
        "$(printf '%s\n' ' d 4' '1 f 1' '2 f 1' 'a d 2' 'b d 2' 'b/3 f 1')"
}

@test "a hard link to a missing entry, to a directory or through a symlink that leads outside is refused, and DIR does not change" {
    mkdir -p lower/dir layer/dir outside
    touch lower/{dir/file,old} layer/{old,absent,new} outside/file
    ln -s ../outside lower/way
    mkdir layer/way
    touch layer/way/file layer/dirlink
    ln layer/absent layer/1
    ln layer/way/file layer/2
    ln layer/dirlink layer/3
    local target before
    for target in absent:1 way/file:2 dirlink:3; do
        archive layer new "${target%:*}" "${target#*:}" >layer.tar
        tar --delete -f layer.tar "${target%:*}"
        [ "$target" != dirlink:3 ] || { mv lower/dir lower/dirlink; }
        touch -d @5 lower
        before=$(written lower)
        run -3 merge lower <layer.tar
        local shown=${target%:*}
        assert_output --partial "links to ${shown/way/outside}, which"
        assert_equal "$(written lower)" "$before"
        assert_not_exists lower/new
    done
    assert_equal "$(stat -c %h outside/file)" 1
}

@test "a hard link to a reserved name of whiteouts or of a merge is refused, and DIR does not change" {
    local target before
    for target in .wh..wh.gone/x .wh..wh.mark/y d/.wh..wh.gone/x .wh..wh..opq .wh.x d/.wh.x \
        .merge.zlsnap-AbCdEf/tree/x; do
        rm -rf lower layer
        mkdir -p {lower,layer}/d "layer/$(dirname "$target")"
        touch layer/{,d/}.wh.{x,y,.wh..opq} lower/{x,y} "layer/$target"
        ln "layer/$target" layer/link
        # DIR has it, too, since a target that is not in the layer is searched there.
        [ "${target%/*}" = "$target" ] || mkdir -p "lower/${target%/*}"
        touch "lower/$target"
        # Locked, or it would be removed like that of a dead run.
        [[ $target != .merge* ]] || { exec 8<lower/.merge.zlsnap-AbCdEf && flock 8; }
        archive layer "$target" d .wh.x d/.wh.x .wh.y .wh..wh..opq d/.wh..wh..opq >layer.tar
        archive layer "$target" link >link.tar
        tar --delete -f link.tar "$target"
        [[ $target == *.wh..wh..opq || $target == *.wh.x ]] || tar --delete -f layer.tar "$target"
        tar --concatenate -f layer.tar link.tar
        before=$(facts_of lower)
        run -3 merge lower <layer.tar
        assert_output "tarunpack: link: links to $target, which does not exist"
        assert_equal "$(facts_of lower)" "$before"
    done
    exec 8<&-
}

@test "an entry below a reserved name of a merge is refused, and DIR does not change" {
    local path before
    mkdir -p lower/d layer/d/.wh..wh.gone layer/.wh..wh.{gone,mark}
    touch lower/x layer/{d/,}.wh..wh.gone/x layer/.wh..wh.mark/y layer/.wh.x
    before=$(facts_of lower)
    for path in .wh..wh.gone/x .wh..wh.mark/y d/.wh..wh.gone/x; do
        run -3 merge lower < <(archive layer .wh.x "$path")
        assert_output "tarunpack: $path: a parent in the path has the name of a whiteout"
        assert_equal "$(facts_of lower)" "$before"
    done
}

# --------------------------------------------------------------------------- implied parents

# links_tar NAME=TARGET|NAME...: writes an archive of hard links and files to stdout.
links_tar() {
    /usr/bin/python3 - "$@" <<'PYTHON'
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    for word in sys.argv[1:]:
        name, _, target = word.partition("=")
        entry = tarfile.TarInfo(name)
        if target:
            entry.type, entry.linkname = tarfile.LNKTYPE, target
            archive.addfile(entry)
        else:
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"new\n"))
PYTHON
}

@test "hard links to entries of DIR are made as if in the order of the archive" {
    mkdir before
    local name case
    for name in x y; do
        echo "old $name" >"before/$name"
    done
    # ENTRIES: the contents of z and x afterwards
    for case in 'z=x z=y: old y, old x' 'z=x x: old x, new' 'z=x x=y: old x, old y' \
        'x=y z=x: old y, old y' 'z=x z: new, old x' 'z=x z z=y: old y, old x'; do
        rm -rf dir
        cp -a before dir
        # shellcheck disable=SC2046,SC2086 # words
        links_tar ${case%%:*} >layer.tar
        merge dir <layer.tar
        assert_equal "${case%%:*}: $(cat dir/z), $(cat dir/x)" "$case"
    done
}

@test "a hard link below a name that a later entry makes a file is refused" {
    mkdir dir
    echo x >dir/x
    links_tar b/e=x b >layer.tar
    run -3 merge dir <layer.tar
    assert_exists dir/x
    assert_not_exists dir/b
}

@test "a merge journal that is not a regular file is refused, without blocking" {
    requires_root
    mkdir -p dir/.merge.zlsnap-AAAAAA/tree layer
    chmod 700 dir/.merge.zlsnap-AAAAAA
    mkfifo dir/.merge.zlsnap-AAAAAA/begun
    touch layer/new
    archive layer new >layer.tar
    run -1 timeout 20 tarunpack --merge dir <layer.tar
    assert_output --partial 'cannot tell whether a merge was interrupted: Invalid argument'
    run -1 timeout 20 tarunpack --clean dir
    assert_output --partial 'cannot tell whether a merge was interrupted: Invalid argument'
}

@test "an implied parent, and the root, keep their mode, owner, attributes and time" {
    mkdir -p lower/a/b layer/a/b/c
    touch lower/a/b/old layer/a/b/{c/new,.wh.old}
    setfattr -n user.x -v y lower/a/b
    chmod 2751 lower/a
    touch -d @1000.5 lower lower/a lower/a/b
    local before
    before=$(written lower && written lower/a && written lower/a/b)
    merge lower < <(archive layer a/b/c/new a/b/.wh.old)
    assert_equal "$(written lower && written lower/a && written lower/a/b)" "$before"
    assert_equal "$(getfattr --only-values -n user.x lower/a/b)" y
    assert_not_exists lower/a/b/old
    # The missing one is made with default metadata.
    assert_equal "$(stat -c %a lower/a/b/c)" 755
}

@test "an implied parent that is a file in DIR is replaced, as an overlay mount shows it" {
    requires_overlay
    local make
    mkdir -p layer/z/sub
    touch layer/z/sub/new
    for make in 'cp /dev/null' mkfifo; do
        rm -rf lower merged
        mkdir -p lower merged work
        $make lower/z
        mount_overlay lower layer work merged
        merge lower < <(archive layer z/sub/new)
        assert_equal "$(find lower)" $'lower\nlower/z\nlower/z/sub\nlower/z/sub/new'
        diff <(cd merged && find .) <(cd lower && find .)
        umount merged
    done
}

@test "entries below a symlink of DIR go where it leads, inside of DIR" {
    mkdir -p outside lower/{usr/lib,srv,var/log,deep/er}
    touch lower/usr/lib/{old,gone} lower/var/log/kept
    ln -s usr/lib lower/lib
    ln -s /var/log lower/srv/log
    ln -s ../../../../outside lower/deep/out
    ln -s ../../srv/log lower/deep/er/log
    ln -s lib lower/way
    chmod 711 lower/usr/lib
    touch -hd @1000 lower/usr/lib lower/lib lower
    run -0 merge lower < <(tar_with f:lib/new f:way/newer f:way/.wh.gone f:srv/log/x d:srv/log/sub \
        f:deep/er/log/sub/y f:deep/out/z h:hard:way/old l:srv/log/link:x f:srv/log/link2)
    assert_output ''
    assert_equal "$(cd lower && find . | LC_ALL=C sort)" "$(printf '%s\n' . ./deep ./deep/er ./deep/er/log ./deep/out ./hard \
        ./lib ./outside ./outside/z ./srv ./srv/log ./usr ./usr/lib ./usr/lib/{new,newer,old} ./var ./var/log \
        ./var/log/{kept,link,link2,sub,sub/y,x} ./way | LC_ALL=C sort)"
    assert_equal "$(readlink lower/lib lower/srv/log | xargs)" 'usr/lib /var/log'
    assert_equal "$(stat -c '%a %Y' lower/usr/lib lower/lib | xargs)" '711 1000 777 1000'
    assert_equal "$(stat -c %h lower/usr/lib/old)" 2
    assert_equal "$(ls -A outside)" ''
}

@test "a symlink of DIR that the layer replaces or deletes is not followed" {
    mkdir -p lower/{real,d/real}
    ln -s real lower/one
    ln -s real lower/two
    ln -s real lower/d/three
    merge lower < <(tar_with d:one f:one/x f:.wh.two f:two/x f:d/.wh..wh..opq f:d/three/x)
    assert_equal "$(cd lower && find . -printf '%P %y\n' | sort | xargs)" \
        'd d d d/three d d/three/x f one d one/x f real d two d two/x f'
}

@test "a directory that is whited out and has nothing but whiteouts in it is gone, in any order and form" {
    requires_root
    local order form
    mkdir base
    tar_with d:a f:a/b d:a/c f:a/c/d f:kept >base.tar
    unpack base/tree <base.tar
    for order in 'f:.wh.a f:a/.wh.b f:a/c/.wh.d' 'f:a/c/.wh.d f:a/.wh.b f:.wh.a' 'f:a/.wh.b d:.wh.a p:a/c/.wh.d' \
        'f:a/.wh..wh..opq f:.wh.a f:a/c/.wh..wh..opq'; do
        # shellcheck disable=SC2086
        tar_with $order f:new >layer.tar
        rm -rf DIR plain upper
        cp -a base/tree DIR
        merge DIR <layer.tar
        assert_equal "$order: $(ls -A DIR)" "$order: kept"$'\n'new
        unpack --whiteouts=apply plain <layer.tar
        assert_equal "$order: $(ls -A plain)" "$order: new"
        unpack upper <layer.tar
        assert_equal "$order: $(stat -c '%F %t:%T' upper/a)" "$order: character special file 0:0"
        # With an entry of its own, or with any other entry, it stays.
        # shellcheck disable=SC2086
        tar_with d:a $order >layer.tar
        merge DIR <layer.tar
        assert_equal "$order: $(cd DIR && find a -printf '%p ')" "$order: a a/c "
        # shellcheck disable=SC2086
        tar_with $order f:a/c/x >layer.tar
        merge DIR <layer.tar
        assert_equal "$order: $(cd DIR && find a -printf '%p ')" "$order: a a/c a/c/x "
        for form in overlay apply; do
            rm -rf upper
            unpack --whiteouts=$form upper <layer.tar
            assert_equal "$order: $(cd upper && find a -type f)" "$order: a/c/x"
        done
    done
    # A directory that is only a parent, and is not whited out, appears.
    unpack --whiteouts=apply parent < <(tar_with f:a/.wh.b)
    assert_exists parent/a
}

@test "another user's link in a directory like /tmp is followed where no other user can come" {
    requires_root
    mkdir -m 700 private
    mkdir -p private/dir/tmp private/dir/opt
    chmod 1777 private/dir/tmp
    ln -s ../opt private/dir/tmp/his
    chown -h 65534 private/dir/tmp/his
    tar_with f:tmp/his/new >layer.tar
    chmod 711 private
    run -3 unpack --merge private/dir <layer.tar
    chmod 700 private
    unpack --merge private/dir <layer.tar
    assert_exists private/dir/opt/new
    [ -L private/dir/tmp/his ]
}

@test "links of DIR that can't be followed: status 3, and DIR does not change" {
    requires_root
    mkdir -p lower/tmp layer
    touch lower/file
    ln -s loop lower/loop
    ln -s file lower/other
    ln -s .merge.zlsnap-AbC123 lower/mine
    chmod 1777 lower/tmp
    ln -s ../ lower/tmp/his
    chown -h 65534 lower/tmp/his
    cp -a lower before
    local name
    for name in loop:'goes through too many' other:'is not a directory' mine:'is a symbolic link to a reserved' \
        tmp/his:"is another user's symbolic link"; do
        run -3 merge lower < <(tar_with f:new "f:${name%%:*}/x")
        assert_output --partial "tarunpack: ${name%%:*}/x: a parent in the path ${name#*:}"
        compare_trees before lower
    done
    chown -h 0 lower/tmp/his
    merge lower < <(tar_with f:tmp/his/x)
    assert_exists lower/x
}

@test "a symlink in DIR is replaced or deleted by an entry with its name, not followed" {
    mkdir -p outside/sub lower layer/{dir,gone}
    touch outside/{file,sub/file} layer/dir/file layer/.wh.gone
    ln -s ../outside lower/dir
    ln -s ../outside lower/gone
    ln -s ../outside/file lower/file
    echo new >layer/file
    cp -a outside before
    touch layer/opaque.wh
    merge lower < <(archive layer dir dir/file file .wh.gone)
    assert_not_symlink_to ../outside lower/dir
    assert_exists lower/dir/file
    assert_not_exists lower/gone
    assert_equal "$(cat lower/file)" new
    compare_trees before outside
}

# --------------------------------------------------------------------------- refused or interrupted

@test "a wrong digest does not change DIR, nor its time" {
    mkdir -p lower/dir layer/dir
    touch lower/{file,dir/x} layer/{dir/new,.wh.file}
    touch -d @1000.25 lower lower/dir
    cp -a lower before
    archive layer dir dir/new .wh.file >layer.tar
    run -4 merge -e "$(echo | sha256sum | cut -c -64)" lower <layer.tar
    compare_trees before lower
    run -3 merge lower < <(head -c 1024 layer.tar)
    compare_trees before lower
    merge -e "$(sha256sum <layer.tar | cut -c -64)" lower <layer.tar
    assert_exists lower/dir/new
    assert_not_exists lower/file
}

@test "a DIR that another merge has locked is refused before any reading" {
    mkdir lower layer
    touch layer/new
    archive layer new >layer.tar
    # shellcheck disable=SC2016
    run -1 flock lower bash -c 'tarunpack --merge lower; status=$?; cat >rest; exit $status' <layer.tar
    assert_output 'tarunpack: lower: locked by another process, probably another merge'
    cmp rest layer.tar
    merge lower <layer.tar
    assert_exists lower/new
}

@test "an absent DIR, a file and a symlink, with a slash or without, are refused" {
    mkdir lower layer
    touch layer/new file
    ln -s lower link
    local dir
    for dir in absent file link link/ link//; do
        run -1 merge "$dir" < <(archive layer new)
        assert_output --partial "tarunpack: $dir: "
        [[ $dir != link* ]] || assert_output --partial 'is a symbolic link to lower'
    done
    assert_equal "$(ls -A lower)" ''
}

# after_kills: runs `tarunpack --merge copy <layer.tar` for a copy of "lower", and kills it at a rename or removal;
# then calls `completed`. Repeats this for each of these calls of the child that merges.
after_kills() {
    local name count
    cp -a lower copy
    strace -f -o calls tarunpack --no-sync --merge copy <layer.tar
    # Only the second child makes these calls; the first one unpacks the layer.
    awk '/CLONE_THREAD/ { next } { sub(/\(.*/, "", $2) }
        $2 ~ /^(clone|fork|vfork)/ { children++ }
        children == 2 && $2 ~ /^(renameat|unlinkat)$/ {
            if (!merging) merging = $1
            if ($1 == merging) print $2, ++count[$2]
        }' calls >list
    [ "$(wc -l <list)" -ge 3 ] || fail 'too few system calls'
    while read -r name count; do
        rm -r copy
        cp -a lower copy
        # This also kills the parent if it makes such a call.
        run ! strace -f -o /dev/null -e inject="$name:signal=KILL:when=$count" \
            tarunpack --no-sync --merge copy <layer.tar
        assert_output --partial 'killed by signal 9'
        completed || fail "after a kill at $name $count"
        refute_leftovers copy
    done <list
}

listing() {
    find "$1" -printf '%P %y %m %U:%G %s %n %l\n' | sort
}

@test "kill -9 in the middle of merging: the next run completes it" {
    requires_command strace
    mkdir -p lower/{gone/deep,opaque/old,dir,turned} layer/{dir,opaque/new}
    touch lower/{gone/deep/f,opaque/old/f,dir/{a,b,c},turned/f}
    echo layer >layer/dir/a
    ln layer/dir/a layer/link
    touch layer/{.wh.gone,dir/.wh.b,opaque/.wh..wh..opq,opaque/new/f}
    ln -s x layer/turned
    chmod 2750 layer/dir
    archive layer .wh.gone dir dir/a dir/.wh.b link opaque opaque/.wh..wh..opq opaque/new \
        opaque/new/f turned >layer.tar
    cp -a lower wanted
    merge wanted <layer.tar
    completed() {
        merge copy <layer.tar
        diff <(listing wanted) <(listing copy)
    }
    after_kills
}

# The link targets now exist only in the staging directory, or where the killed run moved them.
@test "kill -9 in the middle of merging: the next run completes hard links to what the layer deletes" {
    requires_command strace
    mkdir -p lower/{a,b} layer/{a,z}
    echo one | tee lower/a/one >layer/a/one
    ln layer/a/one layer/a/link
    ln layer/a/one layer/z/link
    touch layer/a/.wh.one
    archive layer a/one a/link z/link a/.wh.one >layer.tar
    tar --delete -f layer.tar a/one
    cp -a lower wanted
    merge wanted <layer.tar
    assert_equal "$(cat wanted/z/link)" one
    completed() {
        merge copy <layer.tar
        diff <(listing wanted) <(listing copy)
    }
    after_kills
}

@test "kill -9 while the layer is read: DIR does not change, and the next run removes the staging directory" {
    mkdir lower layer
    touch layer/new
    archive layer new >layer.tar
    mkfifo fifo
    tarunpack --no-sync --merge lower <fifo &
    exec {feed}>fifo
    head -c 512 layer.tar >&"$feed"
    wait_until eval 'compgen -G "lower/.merge.zlsnap-*/links"'
    kill -KILL $!
    wait $! || :
    exec {feed}>&-
    wait_until eval 'flock --nonblock lower/.merge.zlsnap-* true'
    run -0 merge -v lower <layer.tar
    assert_output --partial 'removed, left by a killed run'
    assert_equal "$(ls -A lower)" new
}

# --------------------------------------------------------------------------- where DIR is

@test "onto a mount point, onto ., and onto a directory in a read-only parent" {
    mkdir -p layer/sub parent/dir lower
    touch layer/sub/new lower/.keep
    archive layer sub/new >layer.tar
    (cd lower && merge .) <layer.tar
    assert_exists lower/sub/new
    [ "$EUID" -ne 0 ] || chown 65534:65534 parent/dir
    as_user tarunpack --no-sync --merge parent/dir <layer.tar
    assert_exists parent/dir/sub/new
    requires_root
    mkdir mountpoint
    mount -t tmpfs none mountpoint
    merge mountpoint <layer.tar
    assert_exists mountpoint/sub/new
    refute_leftovers .
}

@test "onto an overlay mount: the result is the same as changing the files there" {
    requires_overlay
    mkdir -p lower/{dir/sub,gone} upper work merged upper2 work2 merged2
    touch lower/{dir/{a,b},gone/f,dir/sub/f}
    cp -a lower copy
    mkdir -p layer/dir/sub
    echo new >layer/dir/a
    touch layer/{.wh.gone,dir/.wh.b,dir/sub/.wh..wh..opq,dir/sub/new}
    archive layer .wh.gone dir/a dir/.wh.b dir/sub/.wh..wh..opq dir/sub dir/sub/new >layer.tar
    # The root of the mount has the time of upper, which a layer without a root entry does not change.
    touch --reference=lower upper
    mount_overlay lower upper work merged
    merge merged <layer.tar
    merge copy <layer.tar
    compare_trees copy merged
    # The upper directory packs to the same layer.
    umount merged
    tarpack upper >again.tar
    merge lower <again.tar
    compare_trees copy lower
}

@test "mounts below DIR are neither entered nor deleted" {
    requires_root
    mkdir -p lower/{mount,other} layer/mount
    touch layer/{mount/new,.wh.other,.wh.mount}
    mount -t tmpfs none lower/mount
    touch lower/mount/mine
    cp -a lower before
    run -1 merge lower < <(archive layer .wh.other mount/new)
    assert_output --partial 'mount: cannot merge: something is mounted there'
    compare_trees before lower
    run -1 merge lower < <(archive layer .wh.mount)
    assert_exists lower/mount/mine
    umount lower/mount
}

@test "tarpack leaves out a merge's staging directory with a warning, but only at the root" {
    mkdir -p tree/.merge.zlsnap-AbC123/tree tree/sub/.merge.zlsnap-AbC123 tree/.merge.zlsnap-AbC12
    touch tree/file
    run -0 --separate-stderr bash -o pipefail -c 'tarpack tree | tar -t'
    assert_output $'./\n.merge.zlsnap-AbC12/\nfile\nsub/\nsub/.merge.zlsnap-AbC123/'
    # shellcheck disable=SC2154
    assert_equal "$stderr" \
        'tarpack: warning: .merge.zlsnap-AbC123: the staging directory of a merge is left out'
}

@test "an opaque root deletes everything but the layer's entries" {
    mkdir -p lower/old/deep layer/new
    touch lower/{file,old/deep/f} layer/{.wh..wh..opq,new/file}
    chmod 750 layer
    run -0 merge lower < <(archive layer . new/file .wh..wh..opq)
    assert_output ''
    assert_equal "$(stat -c %a lower)" 750
    assert_equal "$(find lower -printf '%P\n' | sort)" $'\nnew\nnew/file'
}

@test "--merge can only be combined with --whiteouts=apply" {
    mkdir lower
    local form
    for form in overlay keep raw; do
        run -2 merge --whiteouts=$form lower </dev/null
    done
    assert_equal "$(ls -A lower)" ''
}

@test "attributes with names of an overlay's become ordinary ones, and the next layer replaces them" {
    requires_root
    mkdir lower
    tar_with x:SCHILY.xattr.trusted.overlay.opaque=y x:SCHILY.xattr.user.overlay.opaque=y d:d f:d/file >one.tar
    run -0 merge lower <one.tar
    assert_equal "$(getfattr -d -m - lower/d | sed 1d)" $'trusted.overlay.overlay.opaque="y"\nuser.overlay.opaque="y"'
    merge lower < <(tar_with x:SCHILY.xattr.trusted.overlay.x=1 d:d)
    assert_equal "$(getfattr -d -m trusted lower/d | sed 1d)" 'trusted.overlay.overlay.x="1"'
}

@test "works as an ordinary user, and as root of a user namespace" {
    install -d -o 65534 -g 65534 home
    # shellcheck disable=SC2016
    as_user bash -c 'cd home && mkdir -p lower/{gone,dir} layer/dir && touch lower/{gone,dir}/f &&
        cp -a lower ns && cp -a lower wanted && touch layer/{.wh.gone,dir/new} && chmod 555 layer/dir &&
        tar -C layer -cf layer.tar . &&
        rm -r wanted/gone && cp -p layer/dir/new wanted/dir && chmod 555 wanted/dir &&
        tarunpack --no-sync --merge lower <layer.tar &&
        unshare -Ur tarunpack --no-sync --merge ns <layer.tar'
    diff <(listing home/wanted) <(listing home/lower)
    diff <(listing home/wanted) <(listing home/ns)
}

# --------------------------------------------------------------------------- other programs

# oci_image DIR LAYER...: makes an image of these layers with the tag "latest".
oci_image() {
    local dir=$1 layer layers='' ids=''
    mkdir -p "$dir/blobs/sha256"
    shift
    for layer; do
        ids+=${ids:+,}\"sha256:$(sha256sum <"$layer" | cut -c -64)\"
        blob "$dir" application/vnd.oci.image.layer.v1.tar+gzip < <(gzip -n <"$layer")
        layers+=${layers:+,}$descriptor
    done
    blob "$dir" application/vnd.oci.image.config.v1+json < <(printf \
        '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$ids")
    blob "$dir" application/vnd.oci.image.manifest.v1+json < <(printf \
        '{"schemaVersion":2,"config":%s,"layers":[%s]}' "$descriptor" "$layers")
    printf '{"schemaVersion":2,"manifests":[%s,"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}' \
        "${descriptor%\}}" >"$dir/index.json"
    echo '{"imageLayoutVersion": "1.0.0"}' >"$dir/oci-layout"
}

# blob DIR TYPE: stores standard input as a blob, and sets $descriptor to its OCI descriptor.
blob() {
    cat >"$1/blob"
    local digest
    digest=$(sha256sum <"$1/blob" | cut -c -64)
    printf -v descriptor '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$digest" "$(stat -c %s "$1/blob")"
    mv "$1/blob" "$1/blobs/sha256/$digest"
}

@test "umoci, an overlay mount and --merge make the same tree of two layers" {
    requires_overlay
    requires_command umoci
    local seed
    for seed in 101 102 103; do
        (
            random_merge "$seed" || exit
            tarpack lower >lower.tar
            oci_image image lower.tar layer.tar
            umoci unpack --image image:latest bundle >umoci.log 2>&1 || fail "$(cat umoci.log)"
            compare_trees merged bundle/rootfs && umount merged
        ) || fail "seed $seed"
    done
}

@test "an entry with the name of a merge's staging directory is refused" {
    mkdir -p tree/.merge.zlsnap-AbCdEf/tree copy
    touch tree/.merge.zlsnap-AbCdEf/tree/x tree/.wh..merge.zlsnap-AbCdEf
    local name
    for name in .merge.zlsnap-AbCdEf .merge.zlsnap-AbCdEf/tree/x .wh..merge.zlsnap-AbCdEf; do
        run -3 merge copy < <(archive tree "$name")
        assert_output --partial "$name: begins with the name of a merge's staging directory"
        refute_leftovers copy
        run -3 tarunpack --no-sync other < <(archive tree "$name")
        assert_not_exists other
    done
}

@test "nor can an entry or a hard link reach such a name through a symbolic link to the root" {
    local name root
    mkdir -p dir real/d copy
    touch real/d/{,.wh.}.merge.zlsnap-AbCdEf copy/.merge.zlsnap-AbCdEf copy/file
    ln real/d/.merge.zlsnap-AbCdEf real/link
    for root in . /; do
        ln -sfn "$root" copy/d
        for name in d/.merge.zlsnap-AbCdEf d/.wh..merge.zlsnap-AbCdEf; do
            run -3 merge copy < <(archive real "$name")
            assert_output "tarunpack: $name: has the name of a merge's staging directory"
        done
        archive real d/.merge.zlsnap-AbCdEf link >link.tar
        tar --delete -f link.tar d/.merge.zlsnap-AbCdEf
        run -3 merge copy <link.tar
        assert_output 'tarunpack: link: links to d/.merge.zlsnap-AbCdEf, which does not exist'
        assert_equal "$(cd copy && echo .m* *)" '.merge.zlsnap-AbCdEf d file'
    done
}

# --------------------------------------------------------------------------- modes and ACLs

@test "an ordinary user merges into read-only directories, which keep their modes" {
    install -d -o 65534 -g 65534 home
    as_user bash -c 'umask 022; cd home && mkdir -p layer/ro dir/{ro,implied} && touch layer/{ro/f,z} &&
        touch dir/ro/old && chmod 555 layer/ro dir/ro dir/implied'
    archive home/layer ro ro/f z >layer.tar
    mkdir implied
    touch implied/new
    tar -C . --transform 's,^,,' -cf implied.tar implied/new
    local n
    for n in 1 2; do
        as_user tarunpack --no-sync --merge home/dir <layer.tar
        as_user tarunpack --no-sync --merge home/dir <implied.tar
    done
    assert_exists home/dir/ro/f
    assert_exists home/dir/implied/new
    assert_equal "$(stat -c %a home/dir/ro home/dir/implied | xargs)" '555 555'
    refute_leftovers home/dir
}

@test "an ordinary user merges onto a read-only DIR, which keeps its mode" {
    install -d -o 65534 -g 65534 home
    as_user bash -c 'mkdir -p home/{layer,dir/sub} && touch home/layer/new home/dir/old &&
        chmod 555 home/dir && touch -d @1000 home/dir'
    archive home/layer new >layer.tar
    as_user tarunpack --no-sync --merge home/dir <layer.tar
    assert_equal "$(stat -c '%a %Y' home/dir): $(find home/dir -mindepth 1 | sort | xargs)" \
        '555 1000: home/dir/new home/dir/old home/dir/sub'
    run -4 as_user tarunpack --no-sync -e "$(sha256sum </dev/null | cut -d' ' -f1)" \
        --merge home/dir <layer.tar
    mkfifo fifo
    as_user tarunpack --no-sync --merge home/dir <fifo &
    exec {feed}>fifo
    wait_until eval 'compgen -G "home/dir/.merge.zlsnap-*/links"'
    kill -TERM $!
    wait $! || :
    exec {feed}>&-
    wait_until eval '[ "$(stat -c "%a %Y" home/dir): $(ls -A home/dir | xargs)" = "555 1000: new old sub" ]'
}

@test "a merge that is killed while it writes its journal starts again" {
    requires_command strace
    mkdir layer dir
    touch layer/new
    archive layer new >layer.tar
    local call
    for call in write:signal=KILL:when=1 renameat:signal=KILL:when=1 write:error=ENOSPC:when=1 \
        fsync:error=EIO:when=1 fsync:error=EIO:when=2; do
        strace -f -o /dev/null -e inject="$call" tarunpack --merge dir <layer.tar \
            2>/dev/null && fail "$call"
        assert_not_exists dir/new
        tarunpack --merge dir <layer.tar
        refute_leftovers dir
        rm dir/new
    done
}

@test "a merge that fails in the middle restores the modes that it changed" {
    requires_command strace
    install -d -o 65534 -g 65534 home
    as_user bash -c 'umask 022; cd home && mkdir -p layer/a/b dir/a/b && touch layer/a/b/f layer/z &&
        chmod 555 dir/a/b dir/a dir && touch -d @1000 dir'
    archive home/layer a/b/f z >layer.tar
    local call
    for call in renameat:error=EIO:when=2 renameat:error=EIO:when=3 renameat:signal=TERM:when=3; do
        as_user strace -f -o /dev/null -e inject="$call" \
            tarunpack --no-sync --merge home/dir <layer.tar 2>/dev/null && fail "$call"
        [[ $call == *signal* ]] ||
            assert_equal "$(stat -c %a home/dir/a/b home/dir/a home/dir | xargs)" '555 555 555'
        assert_equal "$(stat -c %a home/dir)" 555
        assert_equal "$(stat -c %Y home/dir)" 1000
    done
    as_user tarunpack --no-sync --merge home/dir <layer.tar
    assert_equal "$(stat -c '%a %Y' home/dir)" '555 1000'
    refute_leftovers home/dir
}

@test "a merge that can't delete an entry names its whole path" {
    requires_command strace
    mkdir -p dir/a/b/d/sub
    touch dir/a/b/c dir/a/b/d/{f,sub/f}
    tar_with f:a/b/.wh.c >whiteout.tar
    tar_with f:a/b/.wh..wh..opq >opaque.tar
    tar_with f:a/b/d >file.tar
    local name
    for name in whiteout opaque file; do
        run -1 --separate-stderr strace -qq -f -o /dev/null -e inject=unlinkat:error=EPERM \
            tarunpack --no-sync --merge dir <$name.tar
        # shellcheck disable=SC2154 # set by run
        assert_regex "${stderr_lines[0]}" '^tarunpack: a/b/[cd]: cannot remove: Operation not permitted$'
        rm -r dir/.merge.zlsnap-*
    done
    # The first call finds out that d is a directory.
    run -1 --separate-stderr strace -qq -f -o /dev/null -e inject=unlinkat:error=EPERM:when=2+ \
        tarunpack --no-sync --merge dir <file.tar
    assert_equal "${stderr_lines[0]}" 'tarunpack: a/b/d/f: cannot remove: Operation not permitted'
}

@test "a run that can't tell whether its merge has begun says so, and keeps the staging directory" {
    requires_command strace
    mkdir dir
    tar_with f:file >layer.tar
    run -4 --separate-stderr strace -qq -f -o /dev/null -P begun -e inject=openat:error=EIO \
        tarunpack --no-sync --merge --expect="$(printf '%064d' 0)" dir <layer.tar
    assert_equal "${stderr_lines[1]}" "tarunpack: dir: cannot tell whether it is partly merged: \
Input/output error; run the same command again"
    assert_equal "$(entries dir)" "$(cd dir && echo .merge.zlsnap-*)"
    merge dir <layer.tar
    assert_equal "$(entries dir)" file
}

@test "a merge that can't open a directory says which and why" {
    requires_command strace
    mkdir dir
    tar_with f:file >layer.tar
    local when count=0
    for when in {1..30}; do
        run --separate-stderr strace -qq -f -o /dev/null -e inject=openat:error=EMFILE:when="$when" \
            tarunpack --no-sync --merge dir <layer.tar
        refute_regex "$stderr" 'Bad file descriptor'
        [[ $stderr != *'tarunpack: dir: cannot read directory: Too many open files'* ]] || ((count += 1))
        rm -rf dir/.merge.zlsnap-* dir/file
    done
    assert [ "$count" -ge 1 ]
}

@test "a directory whose metadata the user can't change is refused before DIR changes" {
    requires_root
    mkdir -m 1777 dir
    mkdir layer
    touch layer/new
    archive layer . ./new >layer.tar
    run -1 as_user tarunpack -q --no-sync --merge dir <layer.tar
    assert_output 'tarunpack: .: cannot replace its metadata: Operation not permitted'
    assert_not_exists dir/new
    refute_leftovers dir
}

@test "a setgid directory that would lose the bit by a chmod is refused" {
    requires_root
    mkdir dir layer
    touch layer/new
    archive layer new >layer.tar
    chown 65534:12345 dir
    chmod 2555 dir
    run -1 as_user tarunpack --no-sync --merge dir <layer.tar
    assert_output --partial 'Permission denied'
    assert_equal "$(stat -c %a dir)" 2555
}

@test "removes the staging directory of a dead merge from a read-only DIR" {
    install -d -o 65534 -g 65534 home
    as_user bash -c 'mkdir -p home/{layer,dir/.merge.zlsnap-abcdef/tree/x} && touch home/layer/new &&
        chmod 700 home/dir/.merge.zlsnap-abcdef && chmod 555 home/dir'
    archive home/layer new >layer.tar
    as_user tarunpack --no-sync --merge home/dir <layer.tar
    assert_equal "$(ls -A home/dir)" new
}

@test "removes the staging directory if the layer makes the root read-only" {
    install -d -o 65534 -g 65534 home
    as_user bash -c 'mkdir home/layer home/dir && touch home/layer/f && chmod 555 home/layer'
    archive home/layer . ./f >layer.tar
    as_user tarunpack --no-sync --merge home/dir <layer.tar
    assert_equal "$(ls -A home/dir)" f
    assert_equal "$(stat -c '%a %Y' home/dir)" "$(stat -c '%a %Y' home/layer)"
    as_user tarunpack --no-sync --merge home/dir <layer.tar
    assert_equal "$(ls -A home/dir)" f
    assert_equal "$(stat -c '%a %Y' home/dir)" "$(stat -c '%a %Y' home/layer)"
}

@test "a directory that its owner can't read gets its ACL unchanged" {
    requires_command setfacl
    install -d -o 65534 -g 65534 home
    mkdir -p layer/d
    setfacl -m u::-w-,u:100:-w-,g::-w-,m::r--,o::rw- layer/d
    setfattr -n user.x -v 1 layer/d
    tarpack --owner=65534 --group=65534 layer >layer.tar
    as_user bash -c 'mkdir home/dir && tarunpack --no-sync --merge home/dir' <layer.tar
    assert_equal "$(cd home/dir && getfacl -nc d && getfattr --only-values -n user.x d)" \
        "$(cd layer && getfacl -nc d && getfattr --only-values -n user.x d)"
}

@test "a directory that a later file replaces is gone, with its whiteouts" {
    mkdir -p one/d/sub two dir/d
    touch one/d/.wh.x two/d dir/d/x
    archive one d d/.wh.x >layer.tar
    archive two d >two.tar
    tar --concatenate -f layer.tar two.tar
    merge dir <layer.tar
    assert [ -f dir/d ]
}

@test "an implied directory inherits nothing" {
    requires_command setfacl
    mkdir -p layer/new dir
    touch layer/new/f
    archive layer new/f >layer.tar
    setfacl -d -m u:7:rwx dir
    merge dir <layer.tar
    assert_equal "$(getfacl -nc dir/new)" "$(getfacl -nc layer/new)"
}

@test "another layer is refused before an interrupted merge is completed, which may hold the only link to a file" {
    requires_command strace
    mkdir -p one/a two dir/a dir/z
    echo kept >dir/a/T
    touch one/a/.wh.T two/other
    mkdir one/z
    ln dir/a/T one/z/h
    archive_moving a/T z/h >one.tar
    archive two other >two.tar
    # The first renameat(2) makes the journal.
    run ! strace -f -o /dev/null -e inject=renameat:signal=KILL:when=2 \
        tarunpack --no-sync --merge dir <one.tar
    run -1 merge dir <two.tar
    assert_output --regexp "^tarunpack: dir: only partly merged: the merge of layer \
sha256:$(sha256sum <one.tar | cut -d' ' -f1) was interrupted;"
    assert_not_exists dir/other
    merge dir <one.tar
    assert_equal "$(cat dir/z/h)" kept
    merge dir <two.tar
    refute_leftovers dir
}
