#!/usr/bin/env bats
# tarunpack --replace: the new tree replaces the existing one atomically.

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    make_named_tree new first second
    make_named_tree old third
    tarpack new >new.tar
}

# make_named_tree DIR NAME...: a small tree with a directory of each name in it.
make_named_tree() {
    local dir=$1 name
    mkdir "$dir"
    shift
    for name; do
        mkdir "$dir/$name"
        echo "$name" >"$dir/$name/file"
        ln "$dir/$name/file" "$dir/$name.link"
        chmod 750 "$dir/$name"
    done
    ln -s first "$dir/symlink"
    touch -hd @1234567.890123456 "$dir/symlink" "$dir"
}

# --------------------------------------------------------------------------- the exchange

@test "a full directory is exchanged for the new tree, and the old one removed" {
    unpack --replace old <new.tar
    compare_trees new old
    refute_leftovers .
}

@test "an empty directory is replaced, its metadata by the archive's" {
    mkdir -m 1700 empty
    unpack --replace empty <new.tar
    compare_trees new empty
    refute_leftovers .
}

@test "an absent directory is made" {
    unpack --replace absent <new.tar
    compare_trees new absent
    refute_leftovers .
}

@test "without a root entry in the archive the new directory has the old one's metadata" {
    tar -C new --format=posix -cf rootless.tar first
    chmod 2711 old
    touch -d @99.5 old
    unpack --replace old <rootless.tar
    run -0 stat --format='%a %.9Y' old
    assert_output '2711 99.500000000'
    compare_trees new/first old/first
}

@test "the name is never without a tree" {
    touch new/there old/there
    tarpack new >new.tar
    (until [ -e stop ]; do [ -e old/there ] || echo missing; done >missing) &
    for _ in {1..20}; do
        unpack --replace old <new.tar
    done
    touch stop
    wait
    assert_size_zero missing
}

@test "what a process holds open of the old tree it reads to the end" {
    exec {held}<old/third/file
    unpack --replace old <new.tar
    run -0 cat <&"$held"
    exec {held}<&-
    assert_output third
}

@test "an old tree that nobody may read or enter is removed by its owner" {
    install -d -o 65534 -g 65534 home
    # shellcheck disable=SC2016 # for the other shell
    as_user bash -c 'mkdir -p home/old/{a/b,c} && touch home/old/{a/b,c}/f && cd home/old &&
        chmod 0 a/b a && chmod 555 c . && chmod 0 ../old'
    as_user tarunpack --no-sync --replace home/old <new.tar
    assert_exists home/old/first/file
    refute_leftovers home
}

@test "trees that their owner may not write are exchanged: 0555 for 0555" {
    install -d -o 65534 -g 65534 home
    # shellcheck disable=SC2016
    as_user bash -c 'cd home && mkdir -p old/sub new/sub && echo o >old/sub/f && echo n >new/sub/f &&
        chmod -R a-w old new && tarpack new >new.tar && tarunpack --no-sync --replace old <new.tar &&
        tarunpack --no-sync --replace absent <new.tar && tarunpack --no-sync plain <new.tar'
    compare_trees home/new home/old
    compare_trees home/new home/absent
    compare_trees home/new home/plain
    refute_leftovers home
}

@test "an old tree that can't be removed is told, with status 1 and the new tree in its place" {
    requires_root
    install -d -o 65534 -g 65534 home home/old
    mkdir home/old/roots
    touch home/old/roots/file
    run -1 --separate-stderr as_user tarunpack --no-sync --replace home/old <new.tar
    assert_exists home/old/first/file
    assert_equal "$(echo home/.old.zlsnap-*/tree/roots/file | wc -w)" 1
    # shellcheck disable=SC2154
    assert_regex "${stderr_lines[1]}" 'tarunpack: .*roots/file: cannot remove: Permission denied$'
    assert_regex "${stderr_lines[2]}" 'tarunpack: home/old: was replaced, but the old tree '
}

@test "nothing of the parent gets into the tree: default ACL, setgid bit" {
    mkdir -m 2775 parent
    [ "$EUID" -ne 0 ] || chgrp 12 parent
    setfacl -m d:u:1234:rwx,d:g:99:rx parent
    mkdir parent/dir parent/empty
    unpack --replace parent/dir <new.tar
    compare_trees new parent/dir
    unpack parent/absent <new.tar
    compare_trees new parent/absent
    unpack parent/empty <new.tar
    compare_trees new parent/empty
    tar -C new -cf rootless.tar first/file
    unpack parent/implied <rootless.tar
    run -0 getfacl -cps parent/implied parent/implied/first parent/implied/first/file
    assert_output ''
    run -0 stat --format='%a %u:%g' parent/implied parent/implied/first
    assert_output "755 $(id -u):$(id -g)"$'\n'"755 $(id -u):$(id -g)"
}

# --------------------------------------------------------------------------- refused

# refuse_before_reading DIR TEXT: with status 1, with one line that holds TEXT, with nothing read,
# left or changed.
refuse_before_reading() {
    run -1 --separate-stderr bash -c \
        'tarunpack --replace "$1"; status=$?; cat >rest; exit $status' - "$1" <new.tar
    # shellcheck disable=SC2154
    assert_equal "${#stderr_lines[@]}" 1
    # shellcheck disable=SC2154
    assert_regex "$stderr" "^tarunpack: "
    [[ $stderr == *"$2"* ]] || fail "not in the message: $2: $stderr"
    cmp rest new.tar
    refute_leftovers .
}

@test "a directory that something is mounted on is refused, naming --merge" {
    requires_root
    mount --bind new old
    refuse_before_reading old 'old: is a mount point'
    refuse_before_reading old/ '--merge'
    umount old
    assert_exists old/third/file
}

@test "a directory that something is mounted below is refused, naming it" {
    requires_root
    mkdir -p old/'a b'/$'c\nd\\'
    mount -t tmpfs none old/'a b'/$'c\nd\\'
    refuse_before_reading old "$PWD/old/a b/c\\012d\\\\"
    umount old/'a b'/$'c\nd\\'
    mount --bind new/first/file old/third/file
    refuse_before_reading old "$PWD/old/third/file"
    umount old/third/file
    unpack --replace old <new.tar
    compare_trees new old
}

@test "where nothing tells what is mounted there, nothing is replaced" {
    requires_root
    requires_command strace
    mkdir old/mounted
    mount -t tmpfs none old/mounted
    touch old/mounted/file
    local fault
    for fault in 'openat -P /proc/self/mountinfo' /^readlink; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr strace -f -qq -o /dev/null -e inject="${fault%% *}:error=EACCES" \
            -e trace=$fault tarunpack --replace old <new.tar
        # strace has a line of its own.
        assert_equal "${stderr_lines[-1]}" \
            'tarunpack: old: cannot tell what is mounted there: Permission denied'
        assert_exists old/mounted/file
    done
    umount old/mounted
}

@test "what is mounted beside, under a name that begins the same, is no hindrance" {
    requires_root
    mkdir old.d
    mount --bind new old.d
    unpack --replace old <new.tar
    compare_trees new old
    compare_trees new old.d
}

@test "a symbolic link is refused, naming its target" {
    ln -s old link
    ln -s $'no\nwhere' dangling
    refuse_before_reading link 'link: is a symbolic link to old'
    refuse_before_reading link/ 'link/: is a symbolic link to old'
    refuse_before_reading dangling 'no\012where'
    assert_exists old/third/file
}

@test "what has no name in a directory above it is refused, naming --merge" {
    for dir in . .. / old/. old/..; do
        refuse_before_reading "$dir" '--merge'
    done
}

@test "a file, and a parent that is not there, are refused" {
    refuse_before_reading new.tar 'new.tar: is not a directory'
    refuse_before_reading absent/dir 'absent/dir: cannot open its parent directory'
}

@test "a parent that may not be written is refused, naming --merge" {
    mkdir -m 755 parent
    mkdir parent/dir
    [ "$EUID" -eq 0 ] || chmod 555 parent
    # shellcheck disable=SC2016
    run -1 --separate-stderr as_user bash -c \
        'tarunpack --replace parent/dir; status=$?; wc -c; exit $status' <new.tar
    assert_output "$(stat --format=%s new.tar)"
    assert_regex "$stderr" '^tarunpack: .*--merge'
}

@test "without --replace a directory that is not empty is refused, naming --replace" {
    run -1 --separate-stderr tarunpack old <new.tar
    assert_regex "$stderr" '^tarunpack: old: is not empty.*--replace'
}

@test "--replace and --merge contradict each other" {
    run -2 unpack --replace --merge old <new.tar
}

# --------------------------------------------------------------------------- it fails on the way

@test "a digest that does not match leaves the directory untouched, its change time too" {
    local before
    before=$(stands old)
    cp -a old copy
    run -4 unpack --replace --expect "$(sha256sum <old/third/file | cut -c -64)" old <new.tar
    run -3 unpack --replace old < <(head -c 3000 new.tar)
    assert_equal "$(stands old)" "$before"
    compare_trees copy old
    run -4 unpack --replace --expect "$(sha256sum <old/third/file | cut -c -64)" absent <new.tar
    assert_not_exists absent
    refute_leftovers .
}

@test "a file system that can't exchange is refused, and nothing is replaced in two steps" {
    requires_command strace
    local before
    before=$(stands old)
    run -1 strace -o calls -e trace=/rename -e inject=renameat2:error=EINVAL \
        tarunpack --no-sync --replace old <new.tar
    assert_output --partial "old: not replaced: the file system cannot exchange"
    assert_equal "$(stands old)" "$before"
    assert_equal "$(grep -c rename calls)" 1
    refute_leftovers .
}

@test "a directory that vanishes or fills while the archive is read is not published over" {
    local side
    local -A option=([vanish]=--replace [fill]=--no-sync)
    for side in vanish fill; do
        mkdir "$side"
        mkfifo "$side.fifo"
        tarunpack --no-sync "${option[$side]}" "$side" <"$side.fifo" 2>"$side.err" &
        exec {feed}>"$side.fifo"
        head -c 512 new.tar >&"$feed"
        wait_until eval 'compgen -G ".$side.zlsnap-*/tree"'
        if [ $side = fill ]; then touch fill/mine; else rmdir vanish; fi
        tail -c +513 new.tar >&"$feed"
        exec {feed}>&-
        status=0 && wait $! || status=$?
        assert_equal $status 1
    done
    assert_not_exists vanish
    assert_equal "$(ls -A fill)" mine
    refute_leftovers .
}

@test "SIGTERM ends it by that signal, with nothing changed and nothing left" {
    mkfifo fifo
    local before
    before=$(stands old)
    tarunpack --no-sync --replace old <fifo &
    exec {feed}>fifo
    head -c 2048 new.tar >&"$feed"
    wait_until eval 'compgen -G ".old.zlsnap-*/tree"'
    kill -TERM $!
    status=0 && wait $! || status=$?
    assert_equal $status 143
    exec {feed}>&-
    assert_equal "$(stands old)" "$before"
    refute_leftovers .
}

# --------------------------------------------------------------------------- killed

# parent_calls FIRST COMMAND...: the system calls that `COMMAND tarunpack --replace dir` makes in its
# own process after the first call whose name matches FIRST and that change something, or wait, or
# end, as "NAME N", the Nth call of that name.
parent_calls() {
    "${@:2}" strace -o calls tarunpack --no-sync --replace dir <new.tar
    awk -F '(' -v first="$1" '/^[a-z]/ {
        count[$1]++
        if (on && $1 ~ /rename|unlink|mkdir|chmod|xattr|flock|wait|exit/) print $1, count[$1]
        if ($1 ~ first) on = 1
    }' calls
}

# listing DIR: of types, modes and names, to tell the trees of these tests apart
listing() {
    find "$1" -printf '%P %y %m %s %l\n' | sort
}

# kill_everywhere FIRST COMMAND...: runs `COMMAND tarunpack --replace dir`, killed at each of the calls
# that parent_calls lists in turn; it has to leave the old tree or the new one, and the next run the
# new one and nothing else. Both outcomes have to be seen.
kill_everywhere() {
    local name count seen='' before after
    cp -a old dir
    before=$(listing old)
    parent_calls "$@" >list
    shift
    after=$(listing dir)
    while read -r name count; do
        "$@" chmod -R u+rwx dir
        rm -rf dir
        cp -a old dir
        # Through cat: the child that was orphaned has ended when it has closed the pipe.
        "$@" strace -o /dev/null -e inject="$name:signal=KILL:when=$count" \
            tarunpack --no-sync --replace dir <new.tar 2>&1 | cat >/dev/null
        case $(listing dir) in
        "$before") seen+=o ;;
        "$after") seen+=n ;;
        *) fail "neither old nor new after a kill at $name $count" ;;
        esac
        "$@" tarunpack --no-sync --replace dir <new.tar
        assert_equal "$(listing dir)" "$after"
        [ -z "$(find . -maxdepth 1 -name '.*.zlsnap-*')" ] || fail "left by a kill at $name $count"
    done <list
    assert_regex "$seen" '^o+n+$'
}

@test "kill -9 at any system call leaves old or new, and the next run nothing else" {
    requires_command strace
    kill_everywhere '^(clone|fork|vfork)' env
}

@test "kill -9 at any system call: trees that their owner may not write" {
    requires_command strace
    requires_root
    chmod -R a-w old new
    tarpack --owner=65534 --group=65534 new >new.tar
    chown -Rh 65534:65534 old .
    kill_everywhere '^rename' as_user
}

@test "a run that is alive keeps its staging directory when another one cleans up" {
    mkfifo fifo
    tarunpack --no-sync --replace old <fifo &
    exec {feed}>fifo
    head -c 2048 new.tar >&"$feed"
    wait_until eval 'compgen -G ".old.zlsnap-*/tree"'
    make_named_tree other fourth
    tarpack other | unpack --replace old
    compare_trees other old
    tail -c +2049 new.tar >&"$feed"
    exec {feed}>&-
    wait $!
    compare_trees new old
    refute_leftovers .
}

@test "only directories of this user and of exactly this pattern are taken for a dead run's" {
    requires_root
    mkdir -m 700 .old.zlsnap-aaaaaa
    mkdir -p .old.zlsnap-aaaaaa/tree .other.zlsnap-aaaaaa .old.zlsnap-aaaaa .old.zlsnap-aaaaa- victim
    install -d -o 65534 .old.zlsnap-bbbbbb
    touch .old.zlsnap-cccccc victim/file
    ln -s victim .old.zlsnap-dddddd
    run -0 tarunpack -v --replace old <new.tar
    assert_output --partial '.old.zlsnap-aaaaaa: removed, left by a killed run'
    assert_not_exists .old.zlsnap-aaaaaa
    assert_exists .other.zlsnap-aaaaaa
    assert_exists .old.zlsnap-aaaaa
    assert_exists .old.zlsnap-aaaaa-
    assert_exists .old.zlsnap-bbbbbb
    assert_exists .old.zlsnap-cccccc
    assert_exists victim/file
}

# Root unpacks beside a directory of root's that the parent's owner has renamed.
@test "where others may rename, only what holds a tree and nothing else is taken for a dead run's" {
    requires_root
    install -d -o 65534 home
    mkdir -m 700 home/roots-own home/wrapper
    mkdir home/wrapper/tree
    touch home/roots-own/file home/wrapper/links
    setpriv --reuid=65534 --clear-groups mv home/roots-own home/.old.zlsnap-aaaaaa
    setpriv --reuid=65534 --clear-groups mv home/wrapper home/.old.zlsnap-bbbbbb
    tarunpack --no-sync home/old <new.tar
    assert_exists home/.old.zlsnap-aaaaaa/file
    assert_not_exists home/.old.zlsnap-bbbbbb
}

@test "a full directory that somebody moves into a sticky one, under such a name, is left alone" {
    requires_root
    mkdir -m 1777 sticky
    install -d -o 65534 shared
    install -d -m 775 -g 65534 shared/project
    touch shared/project/file
    setpriv --reuid=65534 --regid=65534 --clear-groups mv shared/project sticky/.old.zlsnap-aaaaaa
    tarunpack --no-sync sticky/old <new.tar
    assert_exists sticky/.old.zlsnap-aaaaaa/file
}

# swapped CALL N NAME COMMAND: --replace of home/old, in a directory that others may write, while after
# the Nth CALL, by which there is such a NAME in it, the command does something in it. It is an error,
# and home/precious keeps its file.
swapped() {
    requires_root
    requires_command strace
    install -d -m 777 -o 65534 home home/precious
    install -o 65534 /dev/null home/precious/kept
    as_user strace -f -qq -o /dev/null -e trace="$1" -e inject="$1":delay_exit=900000:when="$2" \
        tarunpack --no-sync --replace home/old <new.tar 2>said 3>&- &
    wait_until eval "compgen -G 'home/$3'"
    (cd home && eval "$4")
    status=0
    wait $! || status=$?
    [ "$(find home -name kept)" ] || fail "lost with status $status: $(cat said)"
    assert_equal "$status" 1
}

@test "a directory of ours that somebody puts in the place of the staging directory is not emptied" {
    # shellcheck disable=SC2016
    swapped mkdirat 1 '.old.zlsnap-*' 'name=$(ls -d .old.zlsnap-*) && mv "$name" away && mv precious "$name"'
    assert_not_exists home/old
}

@test "a directory of ours that somebody puts in the place of the replaced tree is not emptied" {
    chmod 555 old new
    tarpack new >new.tar
    install -d -m 777 -o 65534 home
    cp -a old home/old
    chown -Rh 65534 home/old
    # The third rename exchanges the two trees, both beside the staging directory.
    # shellcheck disable=SC2016
    swapped renameat2 3 '.old.zlsnap-*/third' 'name=$(dirname .old.zlsnap-*/third) && mv "$name" away && mv precious "$name"'
    assert_exists home/old/first/file
}
