#!/usr/bin/env bats
# tarpack --manifest --cache: the manifest is the same, and only changed files are read.
# shellcheck disable=SC2154

load helpers

setup_file() {
    local tree
    for tree in {1..17}; do
        make_ordered_tree "$BATS_FILE_TMPDIR/$tree"
    done
    for tree in many-{1..4}; do
        make_many "$BATS_FILE_TMPDIR/$tree"
    done
    sleep 2.1 # the cache does not record files that are newer than two seconds
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return
    CACHE=$BATS_TEST_TMPDIR/cache
}

# make_ordered_tree DIR: makes files whose names test the order of the walk.
make_ordered_tree() {
    mkdir -p "$1"/{a/b,a-b,'a b',z}
    local name
    for name in a/x a/b/y a-b/z 'a b/f' z/last a.txt b $'a\001' $'\xff' $'a\nb' $'z/\001'; do
        echo "$name" >"$1/$name"
    done
    ln "$1/b" "$1/z/hard"
    ln -s b "$1/link"
    mkfifo "$1/fifo"
    setfattr -n user.name -v value "$1/a/x"
    truncate -s 1M "$1/sparse"
}

# make_many DIR: makes 3000 empty files with long names, so that their records take several blocks.
make_many() {
    local name
    name=$(printf '%0200d' 0)
    mkdir "$1"
    (cd "$1" && eval "touch $name-{1000..3999}")
}

# old_tree N: renames the Nth tree of setup_file, which is old enough for the cache, to "tree".
old_tree() {
    mv "$BATS_FILE_TMPDIR/$1" tree
}

manifest() {
    tarpack --manifest --cache="$CACHE" "$@" tree
}

# opened: runs tarpack as manifest does, with the output in the file "manifest", and prints how many regular
# files it opened.
opened() {
    strace -f --seccomp-bpf -o log -e trace=openat -e status=successful \
        tarpack --manifest --cache="$CACHE" "$@" tree >manifest || return
    grep -Ec 'O_RDONLY\|O_NOCTTY\|O_NONBLOCK\|(O_LARGEFILE\|)?O_NOFOLLOW\|O_CLOEXEC(\)| <unfinished)' log || :
}

# same_manifest: the file "manifest" is what a run without a cache writes.
same_manifest() {
    tarpack --manifest "$@" tree | cmp - manifest
}

@test "the manifest is the same without a cache, with a cold and a warm one; the warm one opens no file" {
    requires_command strace
    old_tree 1
    assert_equal "$(opened)" 12
    same_manifest
    assert_equal "$(opened)" 0
    same_manifest
    assert_equal "$(opened --manifest=time)" 0
    same_manifest --manifest=time
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR")" "$(printf '%s\n' cache work)"
}

@test "sees every change, and reads only changed files" {
    requires_command strace
    old_tree 2
    manifest >/dev/null
    echo B >tree/b # has two names
    assert_equal "$(opened)" 1
    same_manifest
    local change
    for change in 'chmod 600 tree/a/x' 'setfattr -n user.name -v other tree/a/x' \
        'setfattr -x user.name tree/a/x' 'mv tree/a.txt tree/a.moved' 'touch tree/a-b/new' \
        'rm tree/a/b/y' 'rm tree/a-b/z && ln -s / tree/a-b/z' 'ln tree/z/last tree/a/link' \
        'touch -d @1 tree/sparse' 'printf X | dd of=tree/sparse bs=1 seek=5000 conv=notrunc status=none' \
        'mv tree/a tree/c' 'mkdir tree/a && mv tree/c/x tree/a/x' 'cp -a tree/b copy && mv copy tree/b' \
        'touch -r tree/z/last ref; echo LAST | tr -d "\n" | dd of=tree/z/last conv=notrunc status=none;
            touch -r ref tree/z/last'; do
        eval "$change"
        opened >/dev/null
        same_manifest || fail "$change"
    done
}

@test "hard links: reads the file once, and sees every change of its names" {
    requires_command strace
    old_tree 16
    mkdir tree/m
    ln tree/b tree/m/1
    ln tree/b tree/m/2
    ln tree/b outside
    ln tree/a/x tree/m/x # has an attribute
    sleep 2.1 # a link changes the ctime
    assert_equal "$(opened)" 12
    same_manifest
    assert_equal "$(opened)" 0
    same_manifest
    local change
    for change in 'rm tree/m/1' 'ln tree/b tree/a/0' 'rm tree/b' 'mv tree/m/2 tree/0' \
        'mv tree/0 tree/zz' 'rm tree/a/0 tree/zz' 'rm tree/z/hard' 'cp -p outside tree/z/hard' \
        'rm tree/m/x; echo other >tree/m/x' 'ln -f tree/z/last tree/m/x' 'chmod 600 outside' \
        'ln outside tree/m/9' 'echo changed >outside' 'setfattr -n user.new -v 1 tree/z/last' \
        'ln tree/link tree/m/link' 'mv tree/fifo tree/m/x'; do
        eval "$change"
        opened >/dev/null
        same_manifest || fail "$change"
        opened >/dev/null
        same_manifest || fail "$change, again"
    done
    sleep 2.1
    opened >/dev/null
    assert_equal "$(opened)" 0
    same_manifest
}

@test "hard links: an empty file that is a whiteout only in one of its directories" {
    requires_root
    requires_command strace
    mkdir -p tree/{a,x}
    touch tree/a/file
    setfattr -n trusted.overlay.whiteout -v y tree/a/file
    setfattr -n trusted.overlay.opaque -v x tree/x
    ln tree/a/file tree/x/file
    sleep 2.1
    opened >/dev/null
    same_manifest
    opened >/dev/null
    same_manifest
    assert_equal "$(grep -c whiteout manifest)" 1
}

@test "sees added, changed and removed attributes and ACLs" {
    requires_command strace setfacl
    old_tree 10
    manifest >/dev/null
    local change
    for change in 'setfattr -n user.new -v value tree/a-b/z' 'setfattr -n user.new -v VALUE tree/a-b/z' \
        'setfattr -x user.new tree/a-b/z' 'setfacl -m u:7:r tree/a.txt' 'setfacl -m u:7:rw tree/a.txt' \
        'setfacl -b tree/a.txt' 'setfattr -n user.overlay.metacopy tree/z/last' \
        'setfattr -x user.overlay.metacopy tree/z/last' 'setfattr -n user.empty tree/a/x'; do
        tarpack --manifest tree >before
        eval "$change"
        opened >/dev/null
        same_manifest || fail "$change"
        [[ $change == *metacopy* ]] || run ! cmp -s before manifest
    done
}

@test "reads a file again that was changed just before the last run, until it is old enough" {
    requires_command strace
    mkdir tree
    local change
    # setfattr does not change the mtime.
    for change in 'echo old >tree/file' 'setfattr -n user.name -v value tree/file'; do
        eval "$change"
        assert_equal "$(opened)" 1
        assert_equal "$(opened)" 1
        sleep 2.1
        assert_equal "$(opened)" 1
        assert_equal "$(opened)" 0
        same_manifest
    done
}

@test "writes the cache only if something changed, and then completely" {
    requires_command strace
    old_tree many-1
    manifest >/dev/null
    local inode change names
    inode=$(stat -c %i "$CACHE")
    assert_equal "$(opened)" 0
    assert_equal "$(stat -c %i "$CACHE")" "$inode"
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR")" "$(printf '%s\n' cache work)"
    names=(tree/*)
    # Records in the first, a middle and the last block, one after the last record, and the last record.
    for change in 'chmod 600 "${names[0]}"' 'rm "${names[1500]}"' 'chmod 600 "${names[2000]}"' \
        'chmod 600 "${names[2999]}"' 'touch tree/1' 'rm tree/1'; do
        eval "$change"
        assert_equal "$change: $(opened | sed 's/^[0-4]$/few/')" "$change: few"
        same_manifest
    done
    chmod 640 "${names[0]}" "${names[2000]}" "${names[2999]}"
    assert_equal "$(opened)" 3
    sleep 2.1
    assert_equal "$(opened)" 3
    assert_equal "$(opened)" 0
    same_manifest
    inode=$(stat -c %i "$CACHE")
    rm "${names[2999]}"
    assert_equal "$(opened)" 0
    same_manifest
    [ "$(stat -c %i "$CACHE")" != "$inode" ]
}

@test "a damaged or truncated cache, one of another machine and a file of another kind: a warning, not used" {
    requires_command strace python3
    old_tree 3
    manifest >/dev/null
    cp "$CACHE" good
    local size offset
    size=$(stat -c %s good)
    for offset in 0 10 20 24 30 40 100 200 $((size / 2)) $((size - 40)) $((size - 1)); do
        cp good "$CACHE"
        /usr/bin/python3 - "$CACHE" "$offset" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 4]))
PYTHON
        run -0 --separate-stderr manifest
        assert_equal "${#stderr_lines[@]}: ${stderr%% is*}" "1: tarpack: warning: $CACHE: the cache"
        opened >/dev/null
        same_manifest
    done
    for size in 0 1 31 32 47 48 64 100 $((size - 1)); do
        head -c "$size" good >"$CACHE"
        run -0 --separate-stderr manifest
        assert_equal "${#stderr_lines[@]}" 1
    done
    head -c 100000 /dev/urandom >"$CACHE"
    run -0 --separate-stderr manifest
    assert_equal "${#stderr_lines[@]}" 1
    assert_equal "$(opened)" 0
    same_manifest
}

# cache_of_blocks COMMAND: makes a cache from the file "good", after the Python COMMAND changed the list `blocks`.
cache_of_blocks() {
    /usr/bin/python3 - "$CACHE" "$1" <<'PYTHON'
import struct, sys
data = open("good", "rb").read()
blocks, at = [], 48 # behind the header and an empty list of packs
while at < len(data):
    end = at + 16 + struct.unpack("Q", data[at : at + 8])[0]
    blocks.append(data[at:end])
    at = end
assert len(blocks) > 3 and len(blocks[-1]) == 16
exec(sys.argv[2])
open(sys.argv[1], "wb").write(data[:48] + b"".join(blocks))
PYTHON
}

@test "damage after the first block: a warning, and the records before it are used" {
    requires_command strace python3
    old_tree many-2
    manifest >/dev/null
    cp "$CACHE" good
    local change
    for change in 'blocks[1] = blocks[1][:5000] + b"?" + blocks[1][5001:]' 'del blocks[1]' \
        'blocks[1:3] = blocks[2], blocks[1]' 'blocks[1] = blocks[1][:-1]' 'blocks[1] = blocks[0]' \
        'blocks[1:] = blocks[-1:]' 'del blocks[2:]' 'del blocks[-1]'; do
        cache_of_blocks "$change"
        [ "$(opened 2>err)" -lt 2500 ] || fail "$change: all is read"
        assert_equal "$change: $(<err)" \
            "$change: tarpack: warning: $CACHE: the cache is damaged: the rest of it is not used"
        same_manifest
    done
    assert_equal "$(opened 2>err): $(<err)" '0: ' # was rewritten
}

@test "a renamed directory: its files are found, as far as the cache is not damaged" {
    requires_command strace
    mkdir tree tree/b tree/y
    mv "$BATS_FILE_TMPDIR/many-4" tree/m
    touch -d @1 tree/b/first tree/y/last
    sleep 2.1
    assert_equal "$(opened)" 3002
    local directory from=m
    for directory in a z; do
        mv "tree/$from" "tree/$directory"
        from=$directory
        assert_equal "$(opened)" 0
        same_manifest
    done
    mv tree/z tree/c
    printf XXXXXXXX | dd of="$CACHE" bs=1 seek=400000 conv=notrunc status=none # in the second block
    run --separate-stderr opened
    assert_equal "$stderr" "tarpack: warning: $CACHE: the cache is damaged: the rest of it is not used"
    [ "$output" -gt 1000 ]
    [ "$output" -lt 2500 ]
    same_manifest
    assert_equal "$(opened)" 0
}

@test "a file that has the inode of another one, with its size and times, is read" {
    # Only ctime tells: it cannot be set.
    requires_command strace
    old_tree 17
    opened >/dev/null
    mkdir tree/new
    mv tree/a-b/z tree/new/z # a rename of the file itself changes ctime
    printf 'A-b/z\n' | dd of=tree/new/z conv=notrunc status=none
    touch -r tree/a/x tree/new/z
    assert_equal "$(opened)" 1
    same_manifest
}

@test "does not use a cache that other users can write" {
    old_tree 4
    manifest >/dev/null
    chmod 666 "$CACHE"
    run -0 --separate-stderr manifest
    assert_equal "$stderr" "tarpack: warning: $CACHE: the cache is not used: others can write it"
    requires_root
    chown 65534 "$CACHE"
    run -0 --separate-stderr manifest
    assert_equal "${#stderr_lines[@]}" 1
}

@test "gives the right manifest with a cache of another tree or of other options" {
    requires_command strace
    old_tree 5
    manifest --exclude=a >/dev/null
    assert_equal "$(opened)" 2 # in a
    same_manifest
    opened --no-xattrs --owner=7 --whiteouts=raw >/dev/null
    same_manifest --no-xattrs --owner=7 --whiteouts=raw
    opened >/dev/null
    same_manifest
    mv tree other
    cp -a other tree
    assert_equal "$(opened)" 12
    same_manifest
}

@test "root does not use the cache of an ordinary user, who sees fewer attributes, nor the reverse" {
    requires_root
    old_tree 6
    setfattr -n trusted.name -v value tree/b
    chmod -R a+rX tree
    manifest >/dev/null
    cp "$CACHE" user.cache
    chown 65534 user.cache
    chmod 777 .
    run -0 --separate-stderr as_user tarpack -q --manifest --cache=user.cache tree
    refute_output --partial trusted
    run -0 --separate-stderr tarpack --manifest --cache=user.cache tree
    assert_output --partial trusted
}

@test "a cache that can't be created is an error before any reading; a later write error is a warning" {
    old_tree 7
    run -1 --separate-stderr tarpack --manifest --cache=none/cache tree
    assert_equal "$output: ${#stderr_lines[@]}" ': 1'
    run -1 --separate-stderr tarpack --manifest --cache=work/ tree
    assert_equal "${#stderr_lines[@]}" 1
    run -2 --separate-stderr tarpack --cache="$CACHE" tree
    assert_equal "$stderr" \
        "tarpack: --cache works only with --manifest: a tar needs all contents; try 'tarpack --help'"
    requires_root
    mkdir disk
    mount -t tmpfs -o size=64k none disk
    manifest >/dev/null
    cp "$CACHE" disk/cache
    head -c 1M /dev/zero >disk/full 2>/dev/null || :
    rm tree/a.txt # so that the cache has to be written
    run -0 --separate-stderr tarpack --manifest --cache=disk/cache tree
    assert_equal "$stderr" \
        'tarpack: warning: disk/cache: cannot write the cache: No space left on device'
    cmp "$CACHE" disk/cache
    assert_equal "$(ls -A disk)" "$(printf '%s\n' cache full)"
}

@test "refuses a cache that is not a regular file, and does not change it" {
    requires_root
    mkdir tree directory
    mknod device c 1 3
    mkfifo fifo
    local name
    for name in device fifo directory; do
        run -1 --separate-stderr tarpack --manifest --cache="$name" tree
        assert_equal "$output" ''
        assert_equal "$stderr" "tarpack: $name: not a regular file"
    done
    assert [ -c device ]
    assert [ -p fifo ]
    assert [ -d directory ]
}

@test "a failed or killed run keeps the old cache" {
    requires_command strace
    old_tree 8
    manifest >/dev/null
    cp "$CACHE" before
    echo new >tree/b
    run ! strace -o /dev/null -e inject=renameat:signal=KILL tarpack --manifest --cache="$CACHE" tree
    cmp "$CACHE" before
    run -1 bash -c "tarpack --manifest --cache=$CACHE tree >/dev/full"
    cmp "$CACHE" before
    requires_root
    manifest >/dev/null
    run ! cmp -s "$CACHE" before
}

# lies_there NAME...: the directory of the cache contains these names and "work", and no others.
lies_there() {
    local -a there
    mapfile -t there < <(find "$BATS_TEST_TMPDIR" -mindepth 1 -maxdepth 1 ! -name work \
        -printf '%f\n' | sort)
    assert_equal "${there[*]}" "$*"
}

# ended FAULT [OPTION...]: strace injects FAULT into a run, which fails. Signals have their default action, which
# a shell's background processes don't have.
ended() {
    run ! env --default-signal strace "${without_tmpfile[@]}" -qq -o /dev/null -e inject="$1" \
        tarpack -j 1 --manifest --cache="$CACHE" "${@:2}" tree
}

@test "a run that is killed by a signal leaves no temporary file" {
    requires_command strace
    old_tree 11
    local signal
    for signal in KILL TERM PIPE INT HUP; do
        ended getdents64:signal=$signal:when=2
        lies_there
        ended write:signal=$signal # writes the manifest, while the cache's new file is open
        lies_there
    done
    manifest >before
    for signal in KILL TERM PIPE; do
        ended getdents64:signal=$signal:when=2 --exclude=z
        ended write:signal=$signal:when=2 --exclude=z
        lies_there cache
    done
    assert_equal "$(opened)" 0
    cmp before manifest
}

@test "a run that is killed while it renames the cache leaves at most one name, which the next run reuses" {
    requires_command strace
    old_tree 12
    manifest >/dev/null
    local fault round
    for fault in linkat linkat:when=2 unlinkat renameat; do
        for round in 1 2; do
            ended "$fault:signal=KILL" --exclude=z
        done
        [ $fault != renameat ] || lies_there .cache.zlsnap-AAAAAA cache
        assert_equal "$(opened)" 0
        same_manifest
        manifest --exclude=z >/dev/null
        lies_there cache
        manifest >/dev/null
    done
}

@test "does not follow a link with the name of the temporary file, nor use a directory with that name" {
    old_tree 13
    manifest >/dev/null
    echo precious >of-others
    ln -s work/of-others "$BATS_TEST_TMPDIR/.cache.zlsnap-AAAAAA"
    manifest --exclude=z >/dev/null
    assert_equal "$(<of-others)" precious
    lies_there cache
    mkdir "$BATS_TEST_TMPDIR/.cache.zlsnap-AAAAAA"
    run -0 --separate-stderr manifest
    assert_equal "$stderr" "tarpack: warning: $CACHE: cannot write the cache: Is a directory"
    lies_there .cache.zlsnap-AAAAAA cache
}

# only_names: from now on `ended` and `named` run tarpack as on a file system without O_TMPFILE.
only_names() {
    local call
    call=$(strace -e trace=openat tarpack -j 1 --manifest --cache="$CACHE-0" tree 2>&1 >/dev/null |
        grep -n O_TMPFILE | cut -d : -f 1)
    rm -f "$CACHE-0"
    without_tmpfile=(-e "inject=openat:error=EOPNOTSUPP:when=${call:?}")
}

named() {
    strace "${without_tmpfile[@]}" -qq -o /dev/null tarpack -j 1 --manifest --cache="$CACHE" "$@" tree
}

@test "without O_TMPFILE: the next run reuses the temporary file of a killed run" {
    requires_command strace
    old_tree 14
    only_names
    ended getdents64:signal=KILL:when=2
    lies_there .cache.zlsnap-AAAAAA
    ended getdents64:signal=TERM:when=4
    lies_there .cache.zlsnap-AAAAAA
    named >manifest
    same_manifest
    lies_there cache
    assert_equal "$(opened)" 0
    ended renameat:signal=KILL --exclude=z
    lies_there .cache.zlsnap-AAAAAA cache
    named --exclude=z >manifest
    same_manifest --exclude=z
    lies_there cache
    # A link with that name is not followed.
    echo precious >of-others
    ln -s work/of-others "$BATS_TEST_TMPDIR/.cache.zlsnap-AAAAAA"
    named >manifest
    same_manifest
    assert_equal "$(<of-others)" precious
    lies_there cache
    mkdir "$BATS_TEST_TMPDIR/.cache.zlsnap-AAAAAA"
    run -1 --separate-stderr named
    assert_equal "$stderr" "tarpack: $CACHE: cannot create the cache: Is a directory"
}

@test "without O_TMPFILE: only one of two concurrent runs writes the cache" {
    requires_command strace
    old_tree many-3
    only_names
    mkfifo pipe
    named --manifest=time >pipe &
    local first=$!
    exec {out}<pipe
    head -c 1 <&"$out" >first # the manifest is larger than a pipe, so the first run waits
    run -0 --separate-stderr named --manifest=time
    assert_equal "$stderr" "tarpack: warning: $CACHE: the cache is not updated: another run is writing it"
    cat <&"$out" >>first
    wait $first
    echo "$output" | cmp - first
    lies_there cache
    assert_equal "$(opened)" 0
    same_manifest
}

@test "writes the cache without /proc" {
    requires_root
    old_tree 15
    mount_nothing() { # shellcheck disable=SC2016
        unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' - "$@"
    }
    rm tree/link tree/fifo # attributes of links and fifos are read through /proc
    mount_nothing tarpack --manifest --cache="$CACHE" tree >manifest
    same_manifest -q
    lies_there cache
    mount_nothing tarpack --manifest --cache="$CACHE" tree | cmp - manifest
    lies_there cache
}

@test "random trees and changes: the manifest is the same with and without a cache" {
    requires_command python3
    mkdir tree
    local round
    for round in {1..12}; do
        /usr/bin/python3 - "$round" <<'PYTHON'
import os, random, sys
rand = random.Random(int(sys.argv[1]))
names = ["a", "a-", "a.b", "b", "\x01", "z", "a b", "\u00e9"]
old = 1000000000
for _ in range(30):
    path = "tree"
    for _ in range(rand.randrange(3)):
        path = os.path.join(path, rand.choice(names))
        if not os.path.isdir(path):
            if os.path.lexists(path):
                os.unlink(path)
            os.mkdir(path)
    path = os.path.join(path, rand.choice(names))
    if os.path.isdir(path):
        continue
    with open(path, "w") as file:
        file.write(str(rand.random()))
    os.utime(path, (old, old))
PYTHON
        manifest >with
        tarpack --manifest tree | cmp - with
        [ "$round" -ne 6 ] || sleep 2.1
    done
}

@test "zlsnap digest --cache prints the same digest" {
    old_tree 9
    local digest
    digest=$(zlsnap digest tree)
    assert_equal "$(zlsnap digest --cache="$CACHE" tree)" "$digest"
    assert_exists "$CACHE"
    assert_equal "$(zlsnap digest --cache="$CACHE" tree)" "$digest"
    echo changed >tree/b
    assert_equal "$(zlsnap digest --cache="$CACHE" tree)" "$(zlsnap digest tree)"
    [ "$(zlsnap digest tree)" != "$digest" ]
}
