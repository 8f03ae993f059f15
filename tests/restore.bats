#!/usr/bin/env bats
# doc/examples/restore-without-zlsnap: what tarpack and tarstore have written can be read without them.
# shellcheck disable=SC2030,SC2031,SC2154

load helpers
load trees

setup() {
    requires_command zstd setfattr
    cd "$BATS_TEST_TMPDIR" || return
}

# stored DIR: stores the directory in "packs", with "manifest" and "chunks".
stored() {
    mkdir packs
    tarpack -q --manifest=time --contents=3 --chunks=chunks "$1" 3>&1 >manifest | tarstore --no-sync --pack-size=1M packs >/dev/null
}

# restored COMMAND... DIR [DIGEST]: runs the script with a shell, without our programs.
restored() {
    local digest=''
    ! [[ ${!#} =~ ^[0-9a-f]{64}$ ]] || { digest=${!#} && set -- "${@:1:$#-1}"; }
    PATH=${PATH#"$ZLSNAP_BIN:"} "${@:1:$#-1}" "$PROJECT/doc/examples/restore-without-zlsnap" manifest chunks packs \
        "${!#}" ${digest:+"$digest"}
}

@test "restore-without-zlsnap: the tree comes back with everything" {
    requires_root
    make_parts tree types modes times xattrs acls hardlinks names symlinks sizes devices owners
    head -c 3000000 /dev/urandom >tree/large
    cp tree/large tree/again
    truncate -s 5M tree/hole
    stored tree
    restored sh copy "$(sha256sum <manifest | cut -d ' ' -f 1)"
    compare_trees --no-sockets tree copy
    assert [ ! -e copy.restoring ]
}

@test "restore-without-zlsnap: symbolic links that are called like a word of the plan" {
    mkdir tree
    ln -s target tree/mode
    ln -s 'own mode' 'tree/a mode'
    stored tree
    restored sh copy
    compare_trees tree copy
}

@test "restore-without-zlsnap: other shells and awks" {
    local shell awk
    mkdir -p tree/a bin
    seq 1000 >tree/a/numbers
    ln tree/a/numbers tree/link
    ln -s numbers tree/a/symlink
    head -c 2000000 /dev/urandom >$'tree/a/\n odd\\\n'
    stored tree
    for shell in dash bash 'busybox ash'; do
        command -v "${shell%% *}" >/dev/null || continue
        for awk in mawk gawk original-awk 'busybox awk'; do
            command -v "${awk%% *}" >/dev/null || continue
            printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >bin/awk
            chmod +x bin/awk
            rm -rf copy
            # shellcheck disable=SC2086 # words
            restored env PATH="$PWD/bin:${PATH#"$ZLSNAP_BIN:"}" $shell copy
            compare_trees tree copy
        done
    done
}

@test "restore-without-zlsnap: a user who is not root gets everything but owners and devices" {
    requires_root
    mkdir -p tree/a/b tree/closed
    seq 1000 >tree/a/numbers
    chmod 500 tree/closed
    touch -d @-1.25 tree/a/b tree/closed
    mknod tree/device c 1 3
    stored tree
    mkdir nobody
    mv manifest chunks packs nobody
    chown -R 65534:65534 nobody
    chmod a+x .
    cd nobody
    as_user sh "$PROJECT/doc/examples/restore-without-zlsnap" manifest chunks packs copy
    cmp copy/a/numbers ../tree/a/numbers
    assert_equal "$(stat -c '%a %.9Y' copy/closed copy/a/b)" "$(stat -c '%a %.9Y' ../tree/closed ../tree/a/b)"
    assert [ -f copy/device ]
}

@test "restore-without-zlsnap: damage is found" {
    mkdir tree
    seq 100000 >tree/numbers
    head -c 2000000 /dev/urandom >tree/large
    stored tree
    run -1 restored sh copy "$(printf '%064d' 1)"
    assert_output --partial 'manifest does not have the digest'
    cp -a packs more
    local pack
    for pack in packs/*.zst; do
        printf '\377\377\0' | dd of="$pack" bs=1 seek=5000 conv=notrunc status=none
    done
    run -1 restored sh copy
    assert_output --partial 'no pack has the contents '
    rm -r copy
    # Another pack has them.
    cp more/*.zst packs
    for pack in packs/*.index; do
        cp "$pack" "packs/0$(basename "$pack")" && cp "${pack%.index}.zst" "packs/0$(basename "${pack%.index}").zst"
        printf '\377\377\0' | dd of="packs/0$(basename "${pack%.index}").zst" bs=1 seek=5000 conv=notrunc status=none
    done
    restored sh copy
    compare_trees tree copy
    rm -r copy
    sed -i '$d' chunks
    run -1 restored sh copy
    assert_output --partial 'its chunks are missing'
}

@test "restore-without-zlsnap: names that awk and other programs could take for something else" {
    mkdir tree
    seq 100 >tree/numbers
    head -c 2000000 /dev/urandom >tree/large
    stored tree
    local name
    for name in a=1 -n 'a\n' 'a b'; do
        mkdir -- "$name"
        cp -r manifest chunks packs "./$name"
        cp -- "./$name/manifest" "./m$name"
        cp -- "./$name/chunks" "./-c$name"
        sh "$PROJECT/doc/examples/restore-without-zlsnap" "m$name" "-c$name" "$name/packs" "-o$name"
        compare_trees tree "./-o$name"
        mv -- "./$name/packs" "./p=$name"
        sh "$PROJECT/doc/examples/restore-without-zlsnap" "$name/manifest" "$name/chunks" "p=$name" "$name/copy"
        compare_trees tree "./$name/copy"
    done
}

# stopped TEXT LINE...: a manifest with these lines after the root is refused with this message, and does not
# change a file outside.
stopped() {
    echo outside >outside
    rm -rf copy
    {
        head -n 2 manifest
        printf '%s\n' "${@:2}"
    } >edited
    run -1 sh "$PROJECT/doc/examples/restore-without-zlsnap" edited chunks packs copy
    assert_output --partial "$1"
    assert_equal "$(<outside)" outside
    assert_equal "$(ls -A)" $'chunks\ncopy\nedited\nmanifest\noutside\npacks\ntree'
}

@test "restore-without-zlsnap: a hostile manifest writes nothing outside of the directory" {
    mkdir tree
    echo text >tree/file
    stored tree
    local rest='mode=0644 uid=0 gid=0' time='time=1.000000000' file=''
    file="type=file $rest size=5 sha256digest=$(sha256sum <tree/file | cut -d ' ' -f 1) $time"
    local link="./x type=link $rest link=$PWD/outside $time" twice='./x is in the manifest twice'
    stopped "$twice" "$link" "./x $file"
    stopped "$twice" "$link" "./\\170 $file"
    stopped 'a hard link to nothing' "./x type=file $rest $time tags=hardlink=../outside" "./x $file"
    stopped 'not in a directory' "./\\057..\\057..\\057outside $file"
    stopped 'not in a directory' "$link" "./x\\000 $file"
    stopped './.. is in the manifest twice' "./\\056\\056 $file"
    stopped './.. is in the manifest twice' "./\\056\\056 type=dir $rest $time" "./\\056\\056/outside $file"
    stopped 'not in a directory' "./x type=link $rest link=.. $time" "./x/outside $file"
}

# hole_refused TEXT EXPRESSION: refused with this message, and without a file above 2 MiB, after sed has changed
# the last line of the chunk map.
hole_refused() {
    sed "\$ $2" good >chunks
    rm -rf copy
    run -1 bash -c 'ulimit -f 2048 && timeout 60 sh "$0" manifest chunks packs copy' \
        "$PROJECT/doc/examples/restore-without-zlsnap"
    assert_output --partial "$1"
}

@test "restore-without-zlsnap: chunks that exceed their file do not fill the disk" {
    mkdir tree
    truncate -s 2M tree/hole
    stored tree
    mv chunks good
    local line digest length times
    line=$(tail -n 1 good)
    read -r digest length times <<<"$line"
    hole_refused 'its chunks exceed its size' 's/ [0-9]*$/ 1099511627776/'
    # The chunk is longer than the map says.
    hole_refused "does not have 1 bytes" "s/.*/$digest 1 $((length * times))/"
    # Other lines make up for chunks that exceed the file.
    hole_refused 'malformed line in the chunk map' "s/.*/$digest 1 -1099511627776\n$digest 1099511627776 1/"
    hole_refused 'malformed line in the chunk map' "s/.*/$digest -1099511627776\n$digest 1099511627776/"
    hole_refused 'a malformed digest' "s,.*,../../tree/hole $((length * times)),"
    cp good chunks
    rm -r copy
    sh "$PROJECT/doc/examples/restore-without-zlsnap" manifest chunks packs copy
    compare_trees tree copy
}

@test "snapshot-without-zlsnap: every snapshot of a store, with deltas of all kinds" {
    local change document count=0
    export HOME=$PWD
    mkdir -p tree/a tree/b
    for change in {1..12}; do echo "$change" >"tree/a/f $change"; done
    ln "tree/a/f 1" tree/hard
    head -c 2000000 /dev/urandom >tree/large
    for change in true 'mv tree/a tree/moved' "find tree -exec touch -h -d '1969-12-31 23:59:58.5' {} +" \
        'find tree -exec touch {} +' 'chmod 600 tree/moved/*' 'rm tree/hard' 'echo more >>tree/large' \
        'mkdir tree/b/new && mv tree/moved tree/b/new' 'touch tree' 'echo 1 >tree/new'; do
        bash -c "$change"
        run -0 "$ZLSNAP_BIN/zlsnap.sh" sync a/b tree store
        [[ $output == *' synced '* ]]
        cp -a tree "kept.$count"
        count=$((count + 1))
    done
    count=0
    for document in store/a/b/snapshots/*; do
        PATH=${PATH#"$ZLSNAP_BIN:"} sh "$PROJECT/doc/examples/snapshot-without-zlsnap" store/a/b "$document" copy
        compare_trees "kept.$count" copy
        rm -r copy
        count=$((count + 1))
    done
    assert_equal "$count" 10
}

@test "snapshot-without-zlsnap: a damaged object" {
    export HOME=$PWD
    mkdir tree && echo 1 >tree/file
    "$ZLSNAP_BIN/zlsnap.sh" sync a/b tree store
    printf x | dd of="$(echo store/a/b/manifests/*)" bs=1 seek=50 conv=notrunc status=none
    run -1 sh "$PROJECT/doc/examples/snapshot-without-zlsnap" store/a/b "$(echo store/a/b/snapshots/*)" copy
    assert_output --partial 'is damaged'
    assert [ ! -e copy ]
}
