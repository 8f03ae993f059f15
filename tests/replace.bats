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

# make_named_tree DIR NAME...: makes a small tree with these directories.
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

@test "replaces a directory that is not empty, and removes the old tree" {
    unpack --replace old <new.tar
    compare_trees new old
    refute_leftovers .
}

@test "replaces an empty directory, with the archive's metadata" {
    mkdir -m 1700 empty
    unpack --replace empty <new.tar
    compare_trees new empty
    refute_leftovers .
}

@test "makes an absent directory" {
    unpack --replace absent <new.tar
    compare_trees new absent
    refute_leftovers .
}

@test "without a root entry in the archive, the new directory keeps the old metadata" {
    tar -C new --format=posix -cf rootless.tar first
    chmod 2711 old
    touch -d @99.5 old
    unpack --replace old <rootless.tar
    run -0 stat --format='%a %.9Y' old
    assert_output '2711 99.500000000'
    compare_trees new/first old/first
}

@test "DIR always exists during the exchange" {
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

@test "a process can read its open files of the old tree to the end" {
    exec {held}<old/third/file
    unpack --replace old <new.tar
    run -0 cat <&"$held"
    exec {held}<&-
    assert_output third
}

@test "an ordinary user's old tree is removed even if its modes forbid reading" {
    install -d -o 65534 -g 65534 home
    # shellcheck disable=SC2016 # for the other shell
    as_user bash -c 'mkdir -p home/old/{a/b,c} && touch home/old/{a/b,c}/f && cd home/old &&
        chmod 0 a/b a && chmod 555 c . && chmod 0 ../old'
    as_user tarunpack --no-sync --replace home/old <new.tar
    assert_exists home/old/first/file
    refute_leftovers home
}

@test "replaces a read-only tree by a read-only tree" {
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

@test "an old tree that can't be removed: status 1, and the new tree is in place" {
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

@test "a staging directory that can't be removed: status 1, and the message tells what is in place" {
    requires_command strace
    mkdir home home/empty
    cp -a old home/old
    local name
    for name in absent empty; do
        run -1 --separate-stderr strace -qq -o /dev/null -e trace=unlinkat \
            -e inject=unlinkat:error=EIO tarunpack --no-sync home/$name <new.tar
        compare_trees new home/$name
        # shellcheck disable=SC2154 # set by run
        assert_regex "$stderr" "^tarunpack: [.]${name}[.]zlsnap-.{6}: cannot remove: Input/output error
tarunpack: home/$name: was published, but the staging directory beside it could not be removed\$"
    done
    run -1 --separate-stderr strace -qq -o /dev/null -e trace=unlinkat \
        -e inject=unlinkat:error=EIO tarunpack --no-sync --replace home/old <new.tar
    compare_trees new home/old
    assert_regex "$stderr" 'tarunpack: home/old: was replaced, but the old tree beside it could not be removed$'
}

@test "the tree does not inherit the parent's default ACL and setgid bit" {
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

# refuse_before_reading DIR TEXT: --replace fails with status 1 and one line that contains TEXT, before it reads
# any input or makes any file.
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

@test "refuses a mount point, and suggests --merge" {
    requires_root
    mount --bind new old
    refuse_before_reading old 'old: is a mount point'
    refuse_before_reading old/ '--merge'
    umount old
    assert_exists old/third/file
}

@test "refuses a directory with a mount below it, and names the mount point" {
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

@test "refuses to replace if it can't find out what is mounted there" {
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
        # strace prints a line, too.
        assert_equal "${stderr_lines[-1]}" \
            'tarunpack: old: cannot tell what is mounted there: Permission denied'
        assert_exists old/mounted/file
    done
    umount old/mounted
}

@test "ignores a mount beside DIR whose name begins with DIR's name" {
    requires_root
    mkdir old.d
    mount --bind new old.d
    unpack --replace old <new.tar
    compare_trees new old
    compare_trees new old.d
}

@test "refuses a symbolic link, and names its target" {
    ln -s old link
    ln -s $'no\nwhere' dangling
    refuse_before_reading link 'link: is a symbolic link to old'
    refuse_before_reading link/ 'link/: is a symbolic link to old'
    refuse_before_reading dangling 'no\012where'
    assert_exists old/third/file
}

@test "refuses ., .. and /, and suggests --merge" {
    for dir in . .. / old/. old/..; do
        refuse_before_reading "$dir" '--merge'
    done
}

@test "refuses a file and a missing parent" {
    refuse_before_reading new.tar 'new.tar: is not a directory'
    refuse_before_reading absent/dir 'absent/dir: cannot open its parent directory'
}

@test "refuses a read-only parent, and suggests --merge" {
    mkdir -m 755 parent
    mkdir parent/dir
    [ "$EUID" -eq 0 ] || chmod 555 parent
    # shellcheck disable=SC2016
    run -1 --separate-stderr as_user bash -c \
        'tarunpack --replace parent/dir; status=$?; wc -c; exit $status' <new.tar
    assert_output "$(stat --format=%s new.tar)"
    assert_regex "$stderr" '^tarunpack: .*--merge'
}

@test "without --replace a directory that is not empty is refused; the message suggests --replace" {
    run -1 --separate-stderr tarunpack old <new.tar
    assert_regex "$stderr" '^tarunpack: old: is not empty.*--replace'
}

@test "--replace and --merge cannot be combined" {
    run -2 unpack --replace --merge old <new.tar
}

# --------------------------------------------------------------------------- failures

@test "a wrong digest does not change the directory, nor its ctime" {
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

@test "without RENAME_EXCHANGE it fails, instead of replacing in two steps" {
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

@test "fails if the directory vanishes, or is no longer empty, while the archive is read" {
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

@test "SIGTERM kills it, changes nothing and leaves no files" {
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

# parent_calls FIRST COMMAND...: runs `COMMAND tarunpack --replace dir` and prints the system calls of the parent
# process that change something, wait or exit, as "NAME N" for the Nth call of that name. Begins after the first
# call whose name matches FIRST.
parent_calls() {
    "${@:2}" strace -o calls tarunpack --no-sync --replace dir <new.tar
    awk -F '(' -v first="$1" '/^[a-z]/ {
        count[$1]++
        if (on && $1 ~ /rename|unlink|mkdir|chmod|xattr|flock|wait|exit/) print $1, count[$1]
        if ($1 ~ first) on = 1
    }' calls
}

# listing DIR: prints types, modes and names, which differ in the trees of these tests.
listing() {
    find "$1" -printf '%P %y %m %s %l\n' | sort
}

# kill_everywhere FIRST COMMAND...: kills `COMMAND tarunpack --replace dir` at each of the calls that parent_calls
# prints. The old or the new tree must be in place, and after the next run the new one, without other files. Both
# results must occur.
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
        # cat waits for the orphaned child, which also has the pipe.
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

@test "kill -9 at any system call leaves the old or the new tree, and the next run removes all other files" {
    requires_command strace
    kill_everywhere '^(clone|fork|vfork)' env
}

@test "kill -9 at any system call: the same for read-only trees" {
    requires_command strace
    requires_root
    chmod -R a-w old new
    tarpack --owner=65534 --group=65534 new >new.tar
    chown -Rh 65534:65534 old .
    kill_everywhere '^rename' as_user
}

@test "the staging directory of a live run is not removed by another run" {
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

@test "only directories of this user with exactly this pattern are removed as a dead run's" {
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

# The owner of the parent has renamed directories of root to names of staging directories.
@test "where other users can rename, only a directory with the expected content is removed as a dead run's" {
    requires_root
    install -d -o 65534 home
    mkdir -m 700 home/roots-own home/staging
    mkdir home/staging/tree
    touch home/roots-own/file home/staging/links
    setpriv --reuid=65534 --clear-groups mv home/roots-own home/.old.zlsnap-aaaaaa
    setpriv --reuid=65534 --clear-groups mv home/staging home/.old.zlsnap-bbbbbb
    tarunpack --no-sync home/old <new.tar
    assert_exists home/.old.zlsnap-aaaaaa/file
    assert_not_exists home/.old.zlsnap-bbbbbb
}

@test "a directory that another user moved into a sticky one, with such a name, is not removed" {
    requires_root
    mkdir -m 1777 sticky
    install -d -o 65534 shared
    install -d -m 775 -g 65534 shared/project
    touch shared/project/file
    setpriv --reuid=65534 --regid=65534 --clear-groups mv shared/project sticky/.old.zlsnap-aaaaaa
    tarunpack --no-sync sticky/old <new.tar
    assert_exists sticky/.old.zlsnap-aaaaaa/file
}

# swapped CALL N NAME COMMAND: runs --replace for home/old, in a directory that others can write. After the Nth
# CALL, when home has an entry NAME, COMMAND runs in home. --replace must fail, and home/precious keep its file.
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

@test "does not empty a directory that replaced the staging directory" {
    # shellcheck disable=SC2016
    swapped mkdirat 1 '.old.zlsnap-*' 'name=$(ls -d .old.zlsnap-*) && mv "$name" away && mv precious "$name"'
    assert_not_exists home/old
}

@test "does not empty a directory that replaced the old tree" {
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
