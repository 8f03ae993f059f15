# The gate: a tree appears only if the archive was complete and its digest is the expected one, and
# then all at once. Otherwise DIR does not change.

load helpers
load refusals

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p tree/sub/empty
    seq 500 >tree/sub/numbers
    ln tree/sub/numbers tree/another
    ln -s sub/numbers tree/link
    chmod 750 tree/sub
    printf 'x' >tree/x
    tarpack tree >layer.tar
    sha256sum <layer.tar | cut -d ' ' -f 1 >digest
    mkdir replaced
    seq 100 >replaced/old
    mkdir replaced/sub
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    TREE=$BATS_FILE_TMPDIR/tree
    LAYER=$BATS_FILE_TMPDIR/layer.tar
    DIGEST=$(cat "$BATS_FILE_TMPDIR/digest")
    OTHER=${DIGEST//[0-9]/0} # a wrong digest
    mkdir work
}

teardown() {
    # A failed test may leave a process waiting.
    [ -z "${held-}" ] || kill -KILL "$held" 2>/dev/null || true
    end_test
}

# stays STATUS LINE FILE OPTION...: tarunpack fails on FILE with STATUS and LINE, for an absent target and for an
# empty one, and changes neither.
stays() {
    local status=$1 line=$2 file=$3 before
    shift 3
    refused "$status" "$line" tarunpack --no-sync "$@" work/absent <"$file"
    mkdir -m 711 work/empty
    touch -d 2001-02-03T04:05:06.789 work/empty
    before=$(facts work/empty)
    refused "$status" "$line" tarunpack --no-sync "$@" work/empty <"$file"
    assert_equal "$(facts work/empty)" "$before"
    rmdir work/empty
    assert_equal "$(entries work)" ''
}

# --------------------------------------------------------------------------- the right digest

@test "gate: the right digest publishes, in each form" {
    local expect
    for expect in "$DIGEST" "sha256:$DIGEST" "sha384:$(sha384sum <"$LAYER" | cut -d ' ' -f 1)" \
        "sha512:$(sha512sum <"$LAYER" | cut -d ' ' -f 1)"; do
        tarunpack --expect="$expect" work/target <"$LAYER"
        compare_trees "$TREE" work/target
        rm -r work/target
    done
    tarunpack -e "$DIGEST" -- work/target <"$LAYER"
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" target
}

@test "gate: the right digest publishes in place of an empty directory" {
    mkdir -m 700 work/target
    tarunpack --expect="$DIGEST" work/target/ <"$LAYER"
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" target
}

@test "gate: the digest includes the bytes after the end of the archive" {
    local padded
    { cat "$LAYER" && head -c 777777 /dev/zero; } >padded.tar
    padded=$(sha256sum <padded.tar | cut -d ' ' -f 1)
    stays 4 "tarunpack: the digest does not match: expected sha256:$DIGEST, got sha256:$padded" \
        padded.tar --expect="$DIGEST"
    tarunpack --expect="$padded" work/target <padded.tar
    compare_trees "$TREE" work/target
}

# --------------------------------------------------------------------------- a wrong one

@test "gate: a wrong digest leaves the target as it was" {
    stays 4 "tarunpack: the digest does not match: expected sha256:$OTHER, got sha256:$DIGEST" \
        "$LAYER" --expect="$OTHER"
}

@test "gate: a wrong SHA-384 or SHA-512 leaves the target as it was" {
    local bits hex wrong
    for bits in 384 512; do
        hex=$("sha${bits}sum" <"$LAYER" | cut -d ' ' -f 1)
        for wrong in "${hex//[0-9]/7}" "${hex%?}$(tr 0-9a-f 1-9a-f0 <<<"${hex: -1}")"; do
            stays 4 "tarunpack: the digest does not match: expected sha$bits:$wrong, \
got sha$bits:$hex" "$LAYER" --expect="sha$bits:$wrong"
        done
    done
}

@test "gate: an invalid digest is a usage error, before any reading" {
    local text
    for text in '' "${DIGEST^^}" "sha256:${DIGEST^^}" "SHA256:$DIGEST" "${DIGEST%?}" "${DIGEST}0" \
        "${DIGEST%?}g" "${DIGEST%?} " " $DIGEST" "sha256:" "sha256:${DIGEST%?}" "sha512:$DIGEST" \
        "sha384:$DIGEST" "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709" "sha256-$DIGEST" \
        "md5:d41d8cd98f00b204e9800998ecf8427e" "$DIGEST  -" $'\e[2J'; do
        refused 2 "tarunpack: --expect '*': *; try 'tarunpack --help'" \
            tarunpack --expect="$text" work/target </dev/full
        refused 2 "tarunpack: --expect '*': *; try 'tarunpack --help'" \
            tarunpack --list -e "$text" </dev/full
    done
    refute grep -q $'\e' .stderr
    assert_equal "$(entries work)" ''
}

@test "gate: a message about an upper-case digest says so" {
    refused 2 "tarunpack: --expect '${DIGEST^^}': *lower case*; try 'tarunpack --help'" \
        tarunpack --expect="${DIGEST^^}" work/target <"$LAYER"
}

@test "gate: a changed byte is found in content and in headers" {
    local at line
    for at in 100 700 5000 "$(($(stat -c %s "$LAYER") - 1))"; do
        cp "$LAYER" broken.tar
        printf '\x55' | dd of=broken.tar bs=1 seek="$at" conv=notrunc status=none
        stays 4 "tarunpack: the digest does not match: *" broken.tar --expect="$DIGEST"
    done
}

@test "gate: a malformed archive is hashed to its end: 4 if the digest is wrong, 3 if it is right" {
    cp "$LAYER" broken.tar
    printf '\x55' | dd of=broken.tar bs=1 seek=1100 conv=notrunc status=none
    seq 100000 >>broken.tar # more than a buffer
    local digest
    digest=$(sha256sum <broken.tar | cut -d ' ' -f 1)
    stays 4 "tarunpack: the digest does not match: expected sha256:$DIGEST, got sha256:$digest; \
header checksum does not match*" broken.tar --expect="$DIGEST"
    stays 3 "tarunpack: header checksum does not match, in the header that ends at byte 1536" \
        broken.tar --expect="$digest"
    # All input was read.
    { run -3 tarunpack --expect="$digest" work/target && wc -c >rest; } <broken.tar
    assert_equal "$(cat rest)" 0
}

@test "gate: an archive that can't be unpacked is hashed to its end, too" {
    /usr/bin/python3 - >broken.tar <<'PYTHON'
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    for name in "x", "x/y":
        archive.addfile(tarfile.TarInfo(name))
PYTHON
    local digest line='tarunpack: x/y: a parent in the path is not a directory'
    digest=$(sha256sum <broken.tar | cut -d ' ' -f 1)
    stays 3 "$line" broken.tar --expect="$digest"
    stays 3 "$line" broken.tar
    run -4 tarunpack --expect="$OTHER" work/target <broken.tar
    assert_line "$line"
    assert_line --partial 'the digest does not match'
    assert_equal "$(entries work)" ''
}

@test "gate: an exceeded limit ends it at once, with any digest" {
    seq 100000 | cat "$LAYER" - >long.tar
    {
        refused 3 'tarunpack: the archive has more than 2 entries (--max-entries)' \
            tarunpack --max-entries=2 --expect="$OTHER" work/target
        wc -c >rest
    } <long.tar
    [ "$(cat rest)" -gt 0 ]
    assert_equal "$(entries work)" ''
}

@test "gate: compressed input is recognized, with a wrong digest and the right one" {
    local tool digest
    for tool in zstd gzip xz bzip2; do
        requires_command "$tool"
        "$tool" -c "$LAYER" >packed
        digest=$(sha256sum <packed | cut -d ' ' -f 1)
        stays 4 "tarunpack: the digest does not match: *; this is $tool data: pipe it through \
'$tool -dc' first" packed --expect="$DIGEST"
        stays 3 "tarunpack: this is $tool data: pipe it through '$tool -dc' first" \
            packed --expect="$digest"
        stays 3 "tarunpack: this is $tool data: pipe it through '$tool -dc' first" packed
    done
}

@test "gate: compressed input shorter than a block is recognized, too" {
    local tool
    mkdir empty
    for tool in zstd gzip xz bzip2; do
        tarpack empty | "$tool" -c >packed
        [ "$(stat -c %s packed)" -lt 512 ]
        stays 3 "tarunpack: this is $tool data: pipe it through '$tool -dc' first" packed
    done
}

# --------------------------------------------------------------------------- truncated streams

@test "gate: a stream truncated anywhere leaves no files" {
    local size at status
    size=$(stat -c %s "$LAYER")
    for ((at = 0; at < size; at += at % 512 == 0 ? 300 : 212)); do
        head -c "$at" "$LAYER" >cut.tar
        status=0
        tarunpack --no-sync work/target <cut.tar 2>err || status=$?
        assert_equal "$at: $status" "$at: 3"
        if [ "$at" -eq 0 ]; then
            assert_equal "$(cat err)" 'tarunpack: the input is empty'
        else
            assert_equal "$(cat err)" "tarunpack: the archive is truncated after $at bytes"
        fi
        status=0
        tarunpack --no-sync --expect="$DIGEST" work/target <cut.tar 2>err || status=$?
        assert_equal "$at: $status" "$at: 4"
        assert_equal "$(wc -l <err)" 1
    done
    assert_equal "$(entries work)" ''
}

@test "gate: a stream whose writer was killed leaves no files" {
    local status
    run bash -o pipefail -c 'tarpack "$1" | { head -c 3000; kill -KILL $BASHPID; } |
        tarunpack --no-sync work/target; echo "${PIPESTATUS[*]:1}"' bash "$TREE"
    assert_output "tarunpack: the archive is truncated after 3000 bytes
137 3"
    head -c 3000 "$LAYER" >cut.tar
    run bash -o pipefail -c '{ cat cut.tar && sleep 0.4; } |
        { shasum-tee -o sum <&0 & sleep 0.2; kill -KILL $!; wait $!; } |
        tarunpack --no-sync --expect="$1" work/target' bash "$DIGEST"
    assert_equal "$status" 4
    assert_equal "$(entries work)" ''
}

@test "gate: the stream of a failed tarpack is not unpacked" {
    mkdir tree
    head -c 2000000 /dev/zero >tree/.a
    echo content >tree/.wh.x
    run bash -c 'tarpack tree 2>err | tarunpack --no-sync work/target; echo "${PIPESTATUS[*]}"'
    assert_output --regexp '^tarunpack: the archive is truncated after [0-9]+ bytes
1 3$'
    assert_equal "$(entries work)" ''
}

# --------------------------------------------------------------------------- atomic

@test "gate: the target does not exist before the last byte was read" {
    held work/target --expect="$DIGEST"
    cat "$LAYER" >&9
    sleep 0.1
    assert_not_exists work/target
    let_go
    assert_equal "$status $(cat held)" '0 '
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" target
}

@test "gate: a target that is no longer empty is left alone" {
    mkdir work/target
    held work/target
    cat "$LAYER" >&9
    touch work/target/mine
    let_go
    assert_equal "$status" 1
    assert_equal "$(cat held)" 'tarunpack: work/target: is no longer empty'
    assert_equal "$(entries work/target)" mine
    assert_equal "$(entries work)" target
}

@test "gate: a link, file or fifo that appeared at the target is left alone" {
    local command
    mkdir elsewhere
    for command in 'ln -s ../elsewhere' 'cp /dev/null' 'mkfifo'; do
        held work/target
        cat "$LAYER" >&9
        $command work/target
        let_go
        assert_equal "$status" 1
        [[ $(cat held) == 'tarunpack: work/target: cannot publish the new tree: '* ]]
        assert_equal "$(entries work)" target
        rm work/target
    done
    assert_equal "$(entries elsewhere)" ''
}

@test "gate: of two concurrent runs for one target, one publishes and the other fails" {
    held work/target
    tarunpack --no-sync -v work/target <"$LAYER" 9>&-
    compare_trees "$TREE" work/target
    staged work/target
    cat "$LAYER" >&9
    let_go
    assert_equal "$status" 1
    assert_equal "$(cat held)" 'tarunpack: work/target: is no longer empty'
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" target
}

@test "gate: removes its renamed staging directory, and not the directory that has its name now" {
    mkdir -p precious/sub
    touch precious/gold
    held work/target
    local name
    name=$(basename work/.target.zlsnap-*)
    mv "work/$name" work/moved
    mv precious "work/$name"
    let_go
    assert_equal "$status" 3
    assert_exists "work/$name/gold"
    assert_exists "work/$name/sub"
    assert_equal "$(entries work/moved)" ''
}

# --------------------------------------------------------------------------- replaced and merged

# The owner of the parent directory has 0.7 s after mkdirat for the exchange.
@test "gate: does not use a directory that replaced its staging directory" {
    requires_root
    requires_command strace
    chown 65534 work
    chmod a+rx .
    strace -qq -o /dev/null -e trace=mkdirat -e inject=mkdirat:delay_exit=700000:when=1 \
        tarunpack --no-sync work/target <"$LAYER" 2>said 3>&- &
    wait_until compgen -G 'work/.target.*'
    setpriv --reuid=65534 --clear-groups \
        bash -c 'cd work && name=$(echo .target.*) && mv "$name" ours && mkdir -m 777 "$name"'
    status=0
    wait $! || status=$?
    assert_equal "$status" 1
    grep -q '^tarunpack: \.target\.zlsnap-......: not the staging directory just created: ' said
    assert_not_exists work/target
}

@test "gate: --replace keeps the old tree after every failure" {
    cp -a "$BATS_FILE_TMPDIR/replaced" work/target
    local before
    before=$(facts work/target)
    refused 4 'tarunpack: the digest does not match: *' \
        tarunpack --replace --expect="$OTHER" work/target <"$LAYER"
    refused 3 'tarunpack: the archive is truncated after 3000 bytes' \
        tarunpack --replace work/target < <(head -c 3000 "$LAYER")
    refused 3 'tarunpack: the input is empty' tarunpack --replace work/target </dev/null
    refused 3 'tarunpack: the archive has more than 2 entries *' \
        tarunpack --replace --max-entries=2 work/target <"$LAYER"
    assert_equal "$(facts work/target)" "$before"
    assert_equal "$(entries work)" target
}

@test "gate: a killed --replace keeps the old tree, and the next run removes its files" {
    cp -a "$BATS_FILE_TMPDIR/replaced" work/target
    local before
    before=$(facts work/target)
    held work/target --replace
    cat "$LAYER" >&9
    kill -KILL "$held"
    let_go
    assert_equal "$status" 137
    assert_equal "$(facts work/target)" "$before"
    wait_until flock --nonblock work/.target.zlsnap-* true
    tarunpack --no-sync --replace work/target <"$LAYER"
    compare_trees "$TREE" work/target
    assert_equal "$(entries work)" target
}

@test "gate: --merge does not change the tree after a failure" {
    cp -a "$BATS_FILE_TMPDIR/replaced" work/target
    local before
    before=$(find work/target -printf '%P %y %i %n %#m %U:%G %s %T@ %l\n')
    refused 4 'tarunpack: the digest does not match: *' \
        tarunpack --merge --expect="$OTHER" work/target <"$LAYER"
    refused 3 'tarunpack: the archive is truncated after 3000 bytes' \
        tarunpack --merge work/target < <(head -c 3000 "$LAYER")
    refused 3 'tarunpack: the input is empty' tarunpack --merge work/target </dev/null
    refute_leftovers work
    # The staging directory changed the target's ctime, which is not compared.
    assert_equal "$(find work/target -printf '%P %y %i %n %#m %U:%G %s %T@ %l\n')" "$before"
}
