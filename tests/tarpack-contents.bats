#!/usr/bin/env bats
# tarpack --contents: each new content once, the chunks of large files, and nothing that packs have.
# shellcheck disable=SC2030,SC2031,SC2094,SC2119,SC2120,SC2154

load helpers
load packs
load trees

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir packs tree
}

# contents_of [OPTION...]: packs "tree" to the files "manifest", "stream" and "chunks".
contents_of() {
    tarpack --manifest=time --contents=3 --chunks=chunks "$@" tree 3>stream >manifest
}

# snapshot [OPTION...]: the same as a snapshot does it, with everything that earlier ones have left; the
# contents go to "packs".
snapshot() {
    contents_of --cache=cache --known=packs --known-chunks=last "$@" &&
        tarstore --no-sync packs <stream >/dev/null && mv chunks last
}

# sizes: prints the size of each content in the stream, in order.
sizes() {
    requires_command python3
    /usr/bin/python3 "$PROJECT/tests/contents.py" --check stream | cut -d ' ' -f 3 | paste -sd ' '
}

# opened: prints the names of the regular files that a snapshot opens.
opened() {
    strace -f --seccomp-bpf -o log -e trace=openat -e status=successful \
        tarpack --manifest=time --cache=cache --contents=3 --chunks=chunks --known=packs --known-chunks=last \
        "$@" tree 3>stream >manifest || return
    sed -nE '/O_RDONLY\|O_NOCTTY\|O_NONBLOCK\|(O_LARGEFILE\|)?O_NOFOLLOW\|O_CLOEXEC(\)| <unfinished)/ s/^[^"]*"([^"]*)".*/\1/p' \
        log | grep -v '\.index$' | paste -sd ' '
}

# joined: what tarjoin makes of the last snapshot is what tarpack writes of the tree.
joined() {
    tarjoin --packs=packs --chunks=last <manifest >joined.tar || return
    tarpack tree | cmp - joined.tar
}

# old: waits until the cache records files that were just made.
old() {
    sleep 2.1
}

# make_contents: files of all sizes that matter, in "tree".
make_contents() {
    (
        cd tree || return
        mkdir d
        : >empty
        echo a | tee a again d/a >/dev/null
        seq 1000000 | head -c 1048576 >limit
        seq 1000000 | head -c 1048577 >above
        cp above d/same
        { seq 300000 && seq 300000; } >text
        seq 500000 | head -c 2097152 >pages
        truncate -s 3M hole
        printf x | dd of=hole bs=1 seek=1500000 conv=notrunc status=none
        truncate -s 3000001 odd-hole
        ln text zz-text
        ln a 'd/a b'
        cp text $'d/\377\n'
    )
}

# --------------------------------------------------------------------------- the stream and the map

@test "stream and chunk map are those of another implementation, to the byte" {
    requires_command python3
    make_contents
    contents_of
    /usr/bin/python3 "$PROJECT/tests/contents.py" tree wanted.map | cmp - stream
    cmp wanted.map chunks
    tarpack --manifest=time tree | cmp - manifest
}

@test "equal contents and equal chunks are written once" {
    make_contents
    contents_of
    /usr/bin/python3 "$PROJECT/tests/contents.py" --check stream | cut -d ' ' -f 1 >digests
    assert_equal "$(sort digests | uniq -d)" ''
    assert_equal "$(sizes | tr ' ' '\n' | grep -cx 2)" 1
}

@test "a file of 1 MiB is one content, one of a byte more is chunks, the empty one is nothing" {
    head -c 1048576 /dev/urandom >tree/limit
    : >tree/empty
    contents_of
    assert_equal "$(sizes)" 1048576
    assert_equal "$(<chunks)" '#chunks'
    echo >>tree/limit
    contents_of
    assert_equal "$(cut -d ' ' -f 2 chunks | tail -n +3 | paste -sd +| bc)" 1048577
    assert_equal "$(sed -n 2p chunks)" \
        "./limit size=1048577 sha256digest=$(sha256sum <tree/limit | cut -d ' ' -f 1)"
}

@test "an empty tree has an empty stream and an empty map" {
    contents_of
    assert_equal "$(<stream)" end
    assert_equal "$(<chunks)" '#chunks'
}

@test "a hole is a line of the map, and its zeros are one content" {
    truncate -s 100M tree/hole
    contents_of
    assert_equal "$(sizes)" 16384
    assert_equal "$(wc -l <chunks)" 3
    assert_equal "$(tail -n 1 chunks | cut -d ' ' -f 2-)" '16384 6400'
}

@test "holes are not read" {
    requires_command strace
    truncate -s 100M tree/hole
    [ "$(stat -c %b tree/hole)" -eq 0 ] || skip 'no holes on this file system'
    strace -e trace=pread64,preadv2,read -o log tarpack -j 1 --manifest=time --contents=3 --chunks=chunks tree 3>stream >manifest
    run ! grep -E '\) += 16384|\) += 262144|\) += 1048576' log
}

@test "a block of the map that is longer than the buffer gets its digest" {
    seq -w 9999999 | head -c 64M >tree/large
    seq -w 9999999 | head -c 1200K >tree/less
    contents_of
    assert_equal "$(grep '^\.' chunks)" "$(printf './%s size=%d sha256digest=%s\n' \
        large 67108864 "$(sha256sum <tree/large | cut -d ' ' -f 1)" \
        less 1228800 "$(sha256sum <tree/less | cut -d ' ' -f 1)")"
    [ "$(grep -vc '^[.#]' chunks)" -gt 4000 ]
}

@test "a changed page of a file of whole pages is one chunk; an inserted line changes few" {
    seq -w 0 999999 | head -c 6M >tree/pages
    seq 900000 >tree/text
    snapshot
    printf X | dd of=tree/pages bs=1 seek=3000000 conv=notrunc status=none
    sed -i '450000i inserted' tree/text
    snapshot
    assert_equal "$(sizes | tr ' ' '\n' | grep -cx 16384)" 1
    [ "$(sizes | wc -w)" -lt 5 ] || fail "$(sizes)"
    joined
}

@test "the manifest has the same names for large files as the map" {
    make_contents
    contents_of
    grep '^\.' chunks | sed 's/ size=.*//' >names
    awk '/size=/ { for (i = 2; i <= NF; i++) if ($i ~ /^size=/ && substr($i, 6) + 0 > 1048576) print $1 }' manifest | cmp - names
}

# --------------------------------------------------------------------------- identity

@test "tarjoin makes the tar again: all kinds of trees; cold, warm and stale cache" {
    requires_root
    make_tree tree "${ROOT_PARTS[@]}"
    snapshot
    joined
    old
    snapshot
    joined
    snapshot
    assert_equal "$(<stream)" end
    joined
    : >tree/sizes/file-1 && echo more >>tree/sizes/file-1048577 && mv tree/sparse/many tree/sparse/moved
    snapshot
    joined
    rm -rf tree/sparse tree/names
    snapshot
    assert_equal "$(<stream)" end
    joined
}

@test "tarjoin makes the tar again: contents of all sizes, whiteouts, an empty tree" {
    snapshot
    joined
    make_contents
    : >tree/.wh.a
    run -1 snapshot # a name that would restore as a deletion
    rm tree/.wh.a
    [ "$EUID" -ne 0 ] || mknod tree/gone c 0 0
    old
    snapshot
    joined
    snapshot
    assert_equal "$(<stream)" end
    joined
}

# --------------------------------------------------------------------------- known contents

@test "--known: contents in packs are not written, also without a cache" {
    make_contents
    contents_of
    tarstore packs <stream >/dev/null
    contents_of --known=packs
    assert_equal "$(<stream)" end
    echo new >tree/new
    head -c 2M /dev/zero | tr '\0' n >tree/large
    contents_of --known=packs
    /usr/bin/python3 "$PROJECT/tests/contents.py" tree wanted.map packs/*.index | cmp - stream
    cmp wanted.map chunks
}

@test "--known: a directory needs no more than indexes" {
    make_contents
    contents_of
    tarstore packs <stream >/dev/null
    rm packs/*.zst
    contents_of --known=packs
    assert_equal "$(<stream)" end
}

@test "files whose contents are known are not opened; others are, once" {
    requires_command strace python3
    make_contents
    old
    snapshot
    assert_equal "$(sizes | wc -w)" "$(cut -d ' ' -f 1 packs/*.index | tail -n +2 | wc -l)"
    assert_equal "$(opened)" ''
    cmp chunks last
    assert_equal "$(<stream)" end
    echo new >tree/d/new
    assert_equal "$(opened)" new
    assert_equal "$(sizes)" 4
    rm packs/*
    # Not `again`, `d/a` and `text`, whose contents the run has then written.
    assert_equal "$(opened)" 'a above new \377\n hole limit odd-hole pages'
    /usr/bin/python3 "$PROJECT/tests/contents.py" tree wanted.map | cmp - stream
}

@test "the cache knows which pack has a content: other packs may come and go" {
    requires_command strace
    echo one >tree/one
    old
    snapshot
    echo two >tree/two
    old
    mkdir aside
    cp packs/* aside
    snapshot
    snapshot
    snapshot
    cp cache settled
    snapshot
    cmp cache settled # nothing changed, so it is not written again
    # Without the pack of `two`.
    mv packs both
    cp -r aside packs
    assert_equal "$(opened)" two
    assert_equal "$(sizes)" 4
    # Without that of `one`; the cache is that of a run with both.
    cp settled cache
    rm packs/*
    for file in both/*; do
        [ -e "aside/${file##*/}" ] || cp "$file" packs
    done
    assert_equal "$(opened)" one
    # In either order.
    rm packs/*
    cp both/* packs
    for file in packs/*.index; do
        touch -d @1000000000 packs/*
        touch "$file"
        cp settled cache
        assert_equal "$(opened)" ''
        assert_equal "$(<stream)" end
    done
}

@test "a run without --contents keeps what the cache knows of packs; one without --known forgets it" {
    requires_command strace
    echo one >tree/one
    old
    snapshot
    snapshot
    cp cache good
    tarpack --manifest --cache=cache tree >/dev/null
    cmp cache good
    contents_of --cache=cache
    assert_equal "$(sizes)" 4
    assert_equal "$(opened)" ''
}

@test "--known with many packs: whatever is in one of them is found" {
    requires_command python3
    local i
    for i in {1..40}; do
        for j in {1..20}; do echo "$i $j" >"tree/$i-$j"; done
        contents_of --known=packs
        tarstore --no-sync packs <stream >/dev/null
    done
    assert_equal "$(echo packs/*.index | wc -w)" 40
    contents_of --known=packs
    assert_equal "$(<stream)" end
    indexes=(packs/*.index)
    rm "${indexes[7]}"
    contents_of --known=packs
    assert_equal "$(sizes | wc -w)" 20
}

@test "--known: a malformed index is status 3" {
    echo one >tree/one
    mkdir bad
    local name
    name=$(printf '%064d' 0)
    echo nonsense >"bad/$name.index"
    run -3 --separate-stderr contents_of --known=bad
    assert_equal "$stderr" "tarpack: bad/$name.index: the index is malformed"
    printf '#index %s %014d\n%s\n' "$name" 10 "$(printf 'x%.0s' {1..86})" >"bad/$name.index"
    run -3 --separate-stderr contents_of --known=bad
    assert_equal "$stderr" "tarpack: bad/$name.index: the index is malformed"
}

# --------------------------------------------------------------------------- the chunk map of the last run

@test "--known-chunks: a large file is read if its block is missing, another one's, in disorder, or has an unknown chunk" {
    requires_command strace
    make_contents
    echo more >>tree/text # no other file has the same block
    old
    snapshot
    cp cache new
    snapshot # the cache is settled
    cp last good
    cp cache settled
    assert_equal "$(opened)" ''
    local change
    for change in '/^\.\/text /,/^\./ { /^\.\/text /d }' 's/^\.\/text size=./&0/' \
        's/^\(\.\/text .*=\)./\1x/' '/^\.\/text / s/=\(.*\)=/=1\1=/'; do
        sed "$change" good >last
        cp settled cache
        assert_equal "$(opened -q)" text
        cmp chunks good
        assert_equal "$(<stream)" end
    done
    # All chunks are known, but two of them have changed places. The first cache does not know where they are.
    awk '/^\.\/text / { from = NR + 1 } NR == from { held = $0; next } 1
        from && NR == from + 1 { print held }' good >last
    [ "$(sort last)" = "$(sort good)" ]
    local cache
    for cache in settled new; do
        cp $cache cache
        assert_equal "$(opened)" text
        cmp chunks good
    done
    # A chunk that no pack has, in the place of one.
    awk '/^\.\/text / { in_text = 1 } in_text && NF == 2 && !done { $1 = sprintf("%064d", 7); done = 1 } 1' good >last
    cp settled cache
    assert_equal "$(opened)" text
    cmp chunks good
    # The same in the last block that there is: the map is not damaged, it only ends.
    awk '/^\.\/text / { exit } /^\.\/pages / { in_pages = 1 }
        in_pages && NF == 2 && !done { $1 = sprintf("%064d", 7); done = 1 } 1' good >last
    cp settled cache
    run -0 --separate-stderr opened
    assert_equal "$stderr" ''
    assert_equal "$output" 'pages text'
    cmp chunks good
}

@test "--known-chunks: damage is a warning, and what comes after it is not used" {
    requires_command strace
    make_contents
    echo more >>tree/text # no other file has the same block
    old
    snapshot
    cp cache new # which does not know where chunks are
    snapshot
    cp last good
    cp cache settled
    local change line from
    line=$(grep -n '^./pages ' good | cut -d : -f 1)
    for change in "$((line + 1))s/./x/" "$((line + 1))s/ .*/ 0/" "$((line + 1))s/ .*/ 1048577/" \
        "$((line + 1))s/\$/ 1/" "$((line + 1))s/\$/ 1000/" "$((line + 1))s/\$/ 18446744073709551615/" \
        "$((line + 1))d" "$((line + 1))"',$d'; do
        sed "$change" good >last
        for from in settled new; do
            cp $from cache
            run -0 --separate-stderr opened
            assert_equal "$stderr" 'tarpack: warning: last: the chunk map is damaged: the rest of it is not used'
            assert_equal "$output" 'pages text'
            cmp chunks good
            assert_equal "$(<stream)" end
        done
    done
    head -c -1 good >last
    run -0 --separate-stderr opened
    assert_equal "$stderr" 'tarpack: warning: last: the chunk map is damaged: the rest of it is not used'
    echo nonsense >last
    run -0 --separate-stderr opened
    assert_equal "$stderr" 'tarpack: warning: last: the chunk map is not used: it is not a chunk map'
    assert_equal "$output" 'above same \377\n hole odd-hole pages text'
    cmp chunks good
    : >last
    run -0 --separate-stderr opened
    assert_equal "$stderr" ''
    cmp chunks good
}

@test "--known-chunks: a map that other users can write is not used" {
    requires_command strace
    make_contents
    old
    snapshot
    snapshot
    chmod 666 last
    run -0 --separate-stderr opened
    assert_equal "$stderr" 'tarpack: warning: last: the chunk map is not used: others can write it'
    assert_equal "$output" 'above same \377\n hole odd-hole pages text'
}

@test "--known-chunks: blocks of files that are gone or new are no problem" {
    requires_command strace
    local name
    for name in a/b a-b a.c b c/d; do
        mkdir -p "tree/$(dirname "$name")"
        { echo "$name" && seq 200000; } >"tree/$name"
    done
    old
    snapshot
    rm tree/a/b tree/b
    { echo new && seq 200000; } >tree/aa
    old
    assert_equal "$(opened)" aa
    snapshot
    joined
    assert_equal "$(opened)" ''
    : >last
    assert_equal "$(opened)" 'a-b a.c aa d'
}

@test "--known-chunks: a block is found by content, in a map of any order and for any path" {
    requires_command strace
    make_contents
    old
    snapshot
    snapshot
    cp last good
    # The blocks in the reverse order, with other paths.
    awk 'NR == 1 { print; next } /^\./ { count++; $1 = "./other" count } { block[count] = block[count] $0 "\n" }
        END { while (count) printf "%s", block[count--] }' good >last
    run cmp good last
    assert_failure
    assert_equal "$(opened)" ''
    cmp chunks good
}

@test "a renamed directory: no file in it is opened" {
    requires_command strace
    make_contents
    mkdir -p tree/m/n
    cp tree/text tree/m/n/large
    echo more >>tree/m/n/large
    setfattr -n user.name -v value tree/d/a
    echo b >tree/m/n/small
    old
    snapshot
    snapshot
    assert_equal "$(opened)" ''
    local change
    # Before and after the place where it was, into others, and two that change places.
    for change in 'd z' 'z 0' 'm 0/m' '0/m/n d' 'd e 0 d e 0'; do
        # shellcheck disable=SC2086
        set -- $change
        while (($#)); do
            mv "tree/$1" "tree/$2"
            shift 2
        done
        assert_equal "$(opened)" ''
        snapshot
        joined
        assert_equal "$(opened)" ''
        assert_equal "$(<stream)" end
    done
}

# --------------------------------------------------------------------------- a tree that changes

# while_contents CHANGE [OPTION...]: packs "tree". Runs CHANGE while tarpack is in the first file, of 6 MiB, as
# its reader pauses. Sets $packed to tarpack's status; its messages are in the file "said".
while_contents() {
    local change=$1 out
    shift
    mkfifo pipe
    sleep 0.02 # the kernel's clock may tick only 100 times a second: the change needs another time
    tarpack --manifest=time --contents=3 --chunks=chunks "$@" tree 3>pipe >manifest 2>said &
    exec {out}<pipe
    head -c 4096 <&"$out" >stream
    eval "$change"
    cat <&"$out" >>stream
    exec {out}<&-
    rm pipe
    packed=0
    wait $! || packed=$?
}

@test "--live: manifest, map and contents agree on a file that grows or changes while it is read" {
    local change
    for change in 'echo more >>tree/a' 'printf X | dd of=tree/a bs=1 seek=6000000 conv=notrunc status=none' \
        'printf X | dd of=tree/a bs=1 seek=1 conv=notrunc status=none'; do
        rm -rf packs/*
        head -c 6M /dev/urandom >tree/a
        cp tree/a before
        while_contents "$change" --live
        assert_equal "$packed" 0
        assert_equal "$(sed 's/: [a-z]* while/: X while/' said)" 'tarpack: warning: a: X while it was being read'
        tarstore --no-sync packs <stream >/dev/null
        tarjoin --packs=packs --chunks=chunks <manifest | tar -xOf - a >got
        assert_equal "$(stat -c %s got)" 6291456
        [[ $change == *6000000* ]] || cmp before got
    done
}

@test "a file that shrinks, and without --live any change, is status 1, and the stream is cut" {
    head -c 6M /dev/urandom >tree/a
    while_contents 'truncate -s 5M tree/a' --live
    assert_equal "$packed" 1
    assert_equal "$(<said)" 'tarpack: a: shrank while it was being read'
    run -3 --separate-stderr tarstore packs <stream
    head -c 6M /dev/urandom >tree/a
    while_contents 'echo more >>tree/a'
    assert_equal "$packed" 1
    assert_equal "$(<said)" 'tarpack: a: grew while it was being read; --live makes this a warning'
    run -3 --separate-stderr tarstore packs <stream
}

@test "killed: the stream is cut, and what was stored is whole" {
    head -c 6M /dev/urandom >tree/a
    # shellcheck disable=SC2016
    while_contents 'kill -9 $!'
    assert_equal "$packed" 137
    run -3 --separate-stderr tarstore packs <stream
    packs_check packs >/dev/null
}

# --------------------------------------------------------------------------- errors

@test "options that need others, and values that are wrong, are status 2" {
    local options
    while IFS= read -r options; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr tarpack $options tree
        assert_equal "${#stderr_lines[@]}" 1
        assert_equal "$output" ''
        refute [ -e chunks ]
    done <<'OPTIONS'
--contents=3 --chunks=chunks
--manifest --contents=3 --chunks=chunks
--manifest=time --contents=3
--manifest=time --chunks=chunks
--manifest=time --known=packs
--manifest=time --known-chunks=last
--manifest=time --contents=3 --chunks=chunks --known-chunks=last
--manifest=time --contents=3 --chunks=chunks --known-chunks=last --known=packs
--manifest=time --contents=3 --chunks=chunks --known-chunks=last --cache=cache
--manifest=time --contents=0 --chunks=chunks
--manifest=time --contents=1 --chunks=chunks
--manifest=time --contents=2 --chunks=chunks
--manifest=time --contents=x --chunks=chunks
--manifest=time --contents= --chunks=chunks
--manifest=time --contents=99 --chunks=chunks
--manifest=time --contents=4294967299 --chunks=chunks
OPTIONS
    run -2 --separate-stderr tarpack --manifest=time --contents=9 --chunks=chunks tree 9<tree
    assert_equal "$stderr" "tarpack: --contents: descriptor 9 is not open for writing; try 'tarpack --help'"
}

@test "the contents cannot go where the manifest goes" {
    run -2 --separate-stderr bash -c 'tarpack --manifest=time --contents=9 --chunks=chunks tree 9>&1'
    assert_equal "$stderr" "tarpack: --contents: descriptor 9 is also standard output; try 'tarpack --help'"
    assert_output ''
    tarpack --manifest=time --contents=9 --chunks=chunks tree 9>/dev/null >/dev/null
}

@test "the chunk map must be a regular file, and neither output nor the old map" {
    mkfifo fifo
    local name
    for name in fifo /dev/null packs; do
        run -1 --separate-stderr tarpack --manifest=time --contents=9 --chunks="$name" tree 9>stream
        [[ $stderr == "tarpack: $name: "* ]]
    done
    echo precious >last
    run -2 --separate-stderr contents_of --cache=cache --known=packs --known-chunks=last --chunks=./last
    assert_equal "$(<last)" precious
    run -2 --separate-stderr contents_of --chunks=manifest
    run -1 --separate-stderr contents_of --chunks=nowhere/file
    run -1 --separate-stderr contents_of --known=nowhere
    run -1 --separate-stderr contents_of --cache=cache --known=packs --known-chunks=fifo
    assert_equal "$stderr" 'tarpack: fifo: the old chunk map must be a regular file'
}

@test "a file that another option names, too, is status 2, and stays as it is" {
    local options
    echo precious >last
    while IFS= read -r options; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr contents_of --known=packs $options
        assert_equal "$stderr" "tarpack: 'last' is the file of two options; try 'tarpack --help'"
        assert_equal "$(<last)" precious
    done <<'OPTIONS'
--chunks=last --cache=last
--chunks=last --summary=last
--cache=last --summary=last
--cache=last --known-chunks=last
--cache=cache --known-chunks=last --chunks=last
--cache=cache --known-chunks=last --summary=last
OPTIONS
}

@test "another name of a file that another option names is status 2, also before the file exists" {
    local options
    mkdir directory
    ln -s directory link
    ln -s last also
    while IFS= read -r options; do
        echo precious >last
        # shellcheck disable=SC2086
        run -2 --separate-stderr contents_of --known=packs $options
        assert_regex "$stderr" "^tarpack: '[^ ]*' is the file of two options; try 'tarpack --help'\$"
        assert_equal "$(<last) $(ls -A directory)" 'precious '
    done <<OPTIONS
--chunks=last --cache=./last
--chunks=also --cache=last
--cache=$PWD/last --known-chunks=last
--chunks=directory/new --summary=link/new
--chunks=directory/new --cache=directory/../directory//new
--chunks=new --cache=$PWD/new
OPTIONS
    contents_of --summary=directory/new --cache=new --chunks=directory/other
}

@test "no space for the contents, or nobody who reads them" {
    echo one >tree/one
    run -1 --separate-stderr tarpack --manifest=time --contents=9 --chunks=chunks tree 9>/dev/full
    assert_equal "$stderr" 'tarpack: cannot write the contents stream: No space left on device'
    # shellcheck disable=SC2016
    run -141 bash -c 'exec 9> >(exec <&-); sleep 0.2
        tarpack --manifest=time --contents=9 --chunks=chunks tree >manifest'
    # shellcheck disable=SC2016
    run --separate-stderr bash -c 'trap "" PIPE; exec 9> >(exec <&-); sleep 0.2
        tarpack --manifest=time --contents=9 --chunks=chunks tree >manifest'
    assert_equal "$status $stderr" '1 tarpack: cannot write the contents stream: Broken pipe'
}

@test "no space for the chunk map" {
    seq 400000 >tree/large
    # shellcheck disable=SC2016
    run -1 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 1
        tarpack --manifest=time --contents=9 --chunks=chunks tree 9>/dev/null | cat >/dev/null; exit ${PIPESTATUS[0]}'
    assert_equal "$stderr" 'tarpack: chunks: cannot write: File too large'
}
