#!/usr/bin/env bats
# The number of threads does not change the archive or the tree.

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# random_archives COUNT: makes 0.tar, 1.tar and so on, with entries of all types in random order, many with the
# same name. Some of the archives are refused, since entries conflict.
random_archives() {
    /usr/bin/python3 - "$1" <<'PYTHON'
import io, random, sys, tarfile

noise = random.Random(0).randbytes(200300)

def fill(archive, chance):
    names = [f"d{i}" for i in range(6)]
    seen, last = [], "d0/first"
    for number in range(chance.choice((30, 300))):
        above = chance.choice(names[:6] if chance.random() < 0.9 else names)
        info = tarfile.TarInfo(f"{above}/{chance.choice('abcdefgh')}{number % chance.choice((3, 40))}")
        if chance.random() < 0.3:
            info.name = last  # while it may still be waiting for a thread
        if chance.random() < 0.003:
            info.name += "/below"
        last = info.name
        info.mtime = number
        kind = chance.random()
        content = None
        if kind < 0.7:
            content = noise[number : number + chance.choice((0, 10, 5000, 65536, 65537, 200000))]
            info.size = len(content)
            if chance.random() < 0.2:
                info.pax_headers = {"SCHILY.xattr.user.number": str(number)}
            seen.append(info.name)
        elif kind < 0.78:
            info.type, info.mode = tarfile.DIRTYPE, 0o750
        elif kind < 0.84:
            info.type, info.linkname = tarfile.SYMTYPE, "x"
        elif kind < 0.92 and seen:
            info.type, info.linkname = tarfile.LNKTYPE, chance.choice(seen[-5:])
        elif kind < 0.96:
            info.name = f"{above}/.wh.{info.name.rsplit('/')[-1]}"
        else:
            info.type = tarfile.FIFOTYPE
        archive.addfile(info, io.BytesIO(content) if content is not None else None)

for seed in range(int(sys.argv[1])):
    with tarfile.open(f"{seed}.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        fill(archive, random.Random(seed))
PYTHON
}

@test "random archives: the same tree or the same error with any number of threads" {
    local seed status jobs
    enter_memory
    random_archives 40
    for ((seed = 0; seed < 40; seed++)); do
        for jobs in 1 2 4; do
            status=0
            unpack -j "$jobs" "tree-$jobs" <"$seed.tar" 2>"said-$jobs" || status=$?
            { echo "$status" && cat "said-$jobs"; } >"result-$jobs"
            # Whiteouts, and directories without an entry, have the current time.
            [ "$status" -ne 0 ] || { tarpack --manifest "tree-$jobs" &&
                (cd "tree-$jobs" && find . ! -type d ! -type c -printf '%p %T@ %n\n' | sort); } >>"result-$jobs"
            rm -rf "tree-$jobs"
        done
        diff result-1 result-2 && diff result-1 result-4 || fail "seed $seed"
        cat result-1 >>results
    done
    # The sample contains archives of both kinds.
    [ "$(grep -c '^0$' results)" -ge 10 ]
    [ "$(grep -c '^3$' results)" -ge 1 ]
}

# make_directories COUNT CONTENT: makes "tree" with COUNT directories of one file each.
make_directories() (
    mkdir tree
    (cd tree && seq "$1" | xargs mkdir)
    for ((number = 1; number <= $1; number++)); do
        echo "$2" >"tree/$number/f"
    done
)

@test "a failure of several threads prints one line, and leaves no files" {
    requires_root
    mkdir small
    make_directories 2000 "$(printf '%4000s' x)"
    tarpack tree >tree.tar
    mount -t tmpfs -o size=2M tmpfs small
    run -1 tarunpack --no-sync -j 4 small/tree <tree.tar
    assert_output --regexp '^tarunpack: [0-9]+(/f)?: cannot (write|create|create directory): No space left on device$'
    assert_equal "$(ls -A small)" ''
}

@test "a write error that the flusher got is an error, even if the last sync succeeds" {
    requires_command strace
    make_directories 3 content
    tarpack tree >tree.tar
    touch calls # grep may read it before strace makes it
    # The kernel reports it only once. The second sync of the process is the flusher's.
    # shellcheck disable=SC2016 # for the other shell
    run -1 bash -c '{
            head -c 2048 tree.tar
            for ((count = 0; count < 200; count++)); do
                sleep 0.05
                [ "$(grep -c syncfs calls)" -lt 2 ] || break
            done
            tail -c +2049 tree.tar
        } | strace -f --seccomp-bpf -qq -o calls -e inject=syncfs:error=EIO:when=2 -e trace=syncfs tarunpack -j 4 target'
    assert_output 'tarunpack: target: cannot sync: Input/output error'
    assert_equal "$(ls -A)" $'calls\ntree\ntree.tar'
}

@test "threads warn only once about omitted owners, and once about attributes" {
    requires_root
    mkdir tree
    touch tree/{a,b}
    chown 1:2 tree/a
    setfattr -n trusted.x -v 1 tree/b
    tarpack tree >tree.tar
    install -d -o 65534 home
    run -0 as_user tarunpack --no-sync -j 4 home/tree <tree.tar
    assert_equal "${#lines[@]}" 2
    assert_line --partial 'owners were left out'
    assert_line --partial '1 attribute trusted.* was left out'
}

@test "few descriptors are enough for several threads" {
    requires_command strace
    make_directories 300 content
    tarpack tree >tree.tar
    # Slow threads make the queue of open directories as long as possible.
    (ulimit -n 90 && exec strace -f -qq -o /dev/null --seccomp-bpf -e trace=pwrite64 \
        -e inject=pwrite64:delay_enter=5000 tarunpack --no-sync -j 4 copy 3>&-) <tree.tar
    compare_trees tree copy
}

# The scout starts at the first read that has to wait.
@test "tarpack reads ahead if reads have to wait, and writes the same bytes" {
    requires_command strace
    mkdir -p tree/{0..29}
    (
        for number in {1..900}; do
            echo "$number" >"tree/$((number % 30))/$number"
        done
    )
    tarpack -j 1 tree >one.tar
    strace -f --seccomp-bpf -qq -o calls -e trace=preadv2,fadvise64,clone3,clone \
        -e inject=preadv2:error=EAGAIN:delay_enter=500 tarpack -j 2 -x --exclude=7 tree >two.tar
    [ "$(grep -c 'fadvise64(.*WILLNEED' calls)" -gt 100 ]
    tarpack -j 1 -x --exclude=7 tree | cmp - two.tar
    # No scout if the file system does not support RWF_NOWAIT.
    strace -f --seccomp-bpf -qq -o calls -e trace=preadv2,fadvise64 -e inject=preadv2:error=EOPNOTSUPP \
        tarpack -j 2 tree | cmp - one.tar
    assert_equal "$(grep -c preadv2 calls)" 1
}

@test "tarpack reads ahead until hundreds of files were cached, not only until one was" {
    requires_command strace
    mkdir tree
    seq 600 | (cd tree && xargs touch && head -c 16K /dev/zero | tee ./* >/dev/null)
    # In each thread, the first three files are cached, and the next three are not. The first thread soon waits
    # for the reader, so that it does not overtake the second one.
    strace -f --seccomp-bpf -qq -o calls -e trace=preadv2,fadvise64 -e inject=preadv2:error=EAGAIN:when=4..6 \
        tarpack -j 2 tree | (sleep 2 && cat >/dev/null)
    assert_equal "$(grep -c 'fadvise64(.*WILLNEED' calls)" 3
    # The second thread pauses after them, long before the end.
    local main reads
    main=$(head -n 1 calls | cut -d ' ' -f 1)
    reads=$(grep -v "^$main " calls | grep -c preadv2)
    ((reads > 250 && reads < 400)) || fail "$reads reads"
}

@test "tarpack reads a warm tree without a second thread" {
    requires_command strace
    mkdir tree
    seq 100 | (cd tree && xargs touch && echo content | tee ./* >/dev/null)
    strace -f --seccomp-bpf -qq -o calls -e trace=clone3,clone tarpack -j 2 tree >/dev/null
    assert_equal "$(cat calls)" ''
}

# make_contents: makes "tree" with files of all sizes that matter: many small ones, equal ones, some of the
# longest that are stored as a whole, larger ones and one with a hole, and names with the words of a manifest.
make_contents() {
    mkdir -p tree/{many,same,z}
    seq 3000 | split -l 1 -a 4 - tree/many/
    cp tree/many/a[a-c]?? tree/same
    head -c 1048576 /dev/urandom | tee tree/limit-1 >tree/z/limit-2
    head -c 1048577 /dev/urandom >tree/above
    head -c 3000000 /dev/urandom | tee tree/large >tree/z/large
    seq 200000 | head -c 1048570 | tee tree/text >'tree/a sha256digest=0'
    truncate -s 500000 tree/hole
    printf end >>tree/hole
    ln tree/many/aaaa tree/z/link
    : >tree/empty
}

# make_other: makes "other" with a pack that has nothing of "tree".
make_other() {
    mkdir other
    printf '%s file 6\nother\nend\n' "$(echo other | sha256sum | cut -d ' ' -f 1)" | tarstore --no-sync other >/dev/null
}

# manifest_of JOBS OPTION...: what tarpack makes of "tree": manifest-JOBS, stream-JOBS, chunks-JOBS, said-JOBS and
# status-JOBS; and with the cache "cache", if there is one, cache-JOBS.
manifest_of() {
    local jobs=$1 status=0
    shift
    [ ! -e cache ] || cp cache "cache-$jobs"
    tarpack -j "$jobs" --manifest=time --cache="cache-$jobs" --contents=3 --chunks="chunks-$jobs" "$@" tree \
        3>"stream-$jobs" >"manifest-$jobs" 2>"said-$jobs" || status=$?
    echo "$status" >"status-$jobs"
}

# manifests_agree OPTION...: all of that is the same with one and with two threads; the status is 0.
manifests_agree() {
    local jobs file
    for jobs in 1 2; do
        manifest_of $jobs "$@"
    done
    for file in manifest stream chunks cache said status; do
        cmp $file-1 $file-2 || fail "$file: $*"
    done
    assert_equal "$(<status-2)" 0
}

@test "tarpack digests contents in a second thread: the same manifest, contents and cache" {
    enter_memory
    make_contents
    make_other
    sleep 2.1 # the cache does not record files that are newer than two seconds
    manifests_agree
    manifests_agree --known=other
    tarpack --manifest=time tree | cmp - manifest-2
    mkdir packs
    tarstore --no-sync packs <stream-2 >/dev/null
    cp cache-1 cache
    manifests_agree --known=packs
    assert_equal "$(<stream-2)" end
    # Everything is read again, and some of it is new; and what was not written then, with the cache.
    find tree -type f -exec chmod g+w {} +
    seq 5 >tree/many/new
    cp tree/many/aaab tree/z/again
    sleep 2.1
    manifests_agree --known=packs
    manifests_agree --known=other
    cp cache-2 cache
    seq 6 | tee tree/many/newer >tree/z/newer
    sleep 2.1
    manifests_agree --known=other
    tarpack -j 1 --manifest tree | cmp - <(tarpack -j 2 --manifest tree)
}

@test "tarpack with a second thread: warnings and errors come in the order of the files" {
    enter_memory
    make_contents
    mkfifo tree/many/fifo
    /usr/bin/python3 -c 'import socket; [socket.socket(socket.AF_UNIX).bind(f"tree/{n}") for n in ("b", "many/aabb-s", "many/acab-s", "z/s")]'
    make_other
    sleep 2.1
    manifests_agree --known=other
    assert_equal "$(wc -l <said-2)" 4
    manifests_agree --known=other --verbose
    mkdir packs
    tarstore --no-sync packs <stream-2 >/dev/null
    # A malformed line of the index, for a file behind the first socket; a name that is an error, behind it.
    local digest file
    digest=$(sha256sum <tree/many/acaa | cut -d ' ' -f 1)
    sed -i "s/^$digest ./$digest x/" packs/*.index
    touch tree/many/.wh.error tree/many/acab-.wh
    mv tree/many/.wh.error tree/z/.wh.error
    for jobs in 1 2; do
        manifest_of $jobs --known=packs
        assert_equal "$(<status-$jobs)" 3
    done
    cmp said-1 said-2
    assert_equal "$(grep -c 'socket left out' said-2) $(wc -l <said-2)" '2 3'
    # The contents cannot be written.
    rm tree/z/.wh.error
    for jobs in 1 2; do
        run -1 bash -c "tarpack -j $jobs --manifest=time --contents=3 --chunks=chunks --known=other tree 3>/dev/full >/dev/null"
        assert_output --partial 'tarpack: cannot write the contents stream: No space left on device'
        tail -n 1 <<<"$output" | grep -q 'No space'
    done
}

@test "tarpack with a second thread: a file that cannot be read" {
    requires_command strace
    local jobs
    enter_memory
    mkdir tree
    seq 5000 | split -l 1 -a 4 - tree/
    for jobs in 1 2; do
        run -1 --separate-stderr strace -f --seccomp-bpf -qq -o /dev/null -e trace=flistxattr \
            -e inject=flistxattr:error=EIO:when=4001 tarpack -j $jobs --manifest tree
        # shellcheck disable=SC2154 # set by run
        assert_equal "$stderr" 'tarpack: afxv: cannot read extended attributes: Input/output error'
    done
}

@test "tarpack with a second thread that reads: a file that fails or shrinks" {
    requires_command strace
    local fault jobs
    mkdir -p tree/m
    seq 1000 | split -l 1 -a 4 - tree/m/
    /usr/bin/python3 -c 'import socket; [socket.socket(socket.AF_UNIX).bind(f"tree/{n}") for n in ("b", "m/aaef-s", "z")]'
    for fault in error=EIO retval=0; do
        for jobs in 1 2; do
            run -1 --separate-stderr strace -f -qq -o /dev/null -P "$PWD/tree/m/aaef" -e inject=pread64:$fault \
                tarpack -j $jobs --manifest --live tree
            echo "$stderr" >>said-$jobs
        done
    done
    cmp said-1 said-2
    assert_equal "$(<said-2)" "tarpack: warning: b: socket left out
tarpack: m/aaef: cannot read: Input/output error
tarpack: warning: b: socket left out
tarpack: m/aaef: shrank while it was being read"
}

@test "tarpack needs few descriptors, and reads in the main thread if it has few" {
    local limit
    mkdir tree
    seq 3000 | split -l 1 -a 4 - tree/
    tarpack -j 1 --manifest tree >manifest
    for limit in 100 512; do
        (ulimit -n "$limit" && exec tarpack -j 2 --manifest tree 3>&-) | cmp - manifest
    done
}

@test "tarpack starts no second thread to digest a few files" {
    requires_command strace
    mkdir tree
    seq 50 | split -l 1 -a 2 - tree/
    strace -f --seccomp-bpf -qq -o calls -e trace=clone,clone3 tarpack -j 2 --manifest tree >/dev/null
    assert_equal "$(<calls)" ''
}
