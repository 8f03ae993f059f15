#!/usr/bin/env bats
# mtreediff: deltas of manifests and chunk maps, and differences for people.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154

load helpers
load trees

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# manifest DIR [OPTION]...: prints its manifest.
manifest() {
    tarpack -q --manifest=time "${@:2}" -- "$1" 2>/dev/null
}

# assert_delta OLD NEW: the delta between the two makes NEW of OLD; it stays in new.delta.
assert_delta() {
    mtreediff "$1" "$2" >new.delta || fail "mtreediff: $?"
    mtreediff --apply "$1" <new.delta >made || fail "mtreediff --apply: $?"
    cmp "$2" made
}

# assert_refused STATUS TEXT: --apply of new.delta to old.mtree ends so, with one line that has TEXT.
assert_refused() {
    run -"$1" --separate-stderr mtreediff --apply old.mtree <new.delta
    assert_equal "${#stderr_lines[@]}" 1
    [[ $stderr == "mtreediff: "*"$2"* ]] || fail "$stderr"
}

# make_manifests: makes old.mtree and new.mtree, which have all of a delta's commands between them.
make_manifests() {
    mkdir -p old/{gone,moved/deep,same}
    seq 10 >old/moved/first
    seq 20 >old/moved/deep/second
    seq 30 >old/changed
    ln old/moved/first old/moved/link
    touch old/gone/{a,b,c} old/same/{a,b,c}
    cp -a old new
    mv new/moved new/renamed
    rm -r new/gone
    seq 40 >new/changed
    chmod 600 new/renamed/first
    touch -d @5.5 new/same/{a,b}
    echo new >new/added
    manifest old >old.mtree
    manifest new >new.mtree
}

# ------------------------------------------------------------------------------- making NEW again

@test "a delta of a manifest and itself is short, and restores it" {
    make_manifests
    assert_delta old.mtree old.mtree
    assert_equal "$(sed 1,3d new.delta)" "=$(wc -l <old.mtree)"$'\nend'
}

@test "a delta names the digests and sizes of both files" {
    make_manifests
    mtreediff old.mtree new.mtree >new.delta
    local file
    {
        echo '#delta'
        for file in old new; do
            echo "$file $(sha256sum <$file.mtree | cut -d' ' -f1) $(stat -c %s $file.mtree)"
        done
    } | cmp - <(head -n 3 new.delta)
}

@test "manifests of every part of the suite's trees are restored from each other" {
    requires_root
    make_tree trees "${ROOT_PARTS[@]}"
    local one two
    manifest trees >all
    for one in "${ROOT_PARTS[@]}"; do
        manifest "trees/$one" >"$one"
    done
    for one in "${ROOT_PARTS[@]}"; do
        assert_delta all "$one"
        assert_delta "$one" all
        for two in names hardlinks; do
            assert_delta "$one" "$two"
        done
    done
}

@test "manifests with whiteouts, raw and as OCI has them, are restored from each other" {
    requires_root
    mkdir -p old/dir/a old/dir/b
    mknod old/dir/gone c 0 0
    touch old/dir/.wh.gone old/dir/{+,x,zz}
    setfattr -n trusted.overlay.opaque -v y old/dir/a
    manifest old --whiteouts=raw >raw
    rm old/dir/.wh.gone
    manifest old >oci
    rm old/dir/{gone,x}
    manifest old >less
    local one two
    for one in raw oci less; do
        for two in raw oci less; do
            assert_delta $one $two
        done
    done
}

@test "random edits of a manifest are restored" {
    make_manifests
    requires_command python3
    mkdir -p big/{a,b,c}/{d,e,f}
    touch big/{a,b,c}/{d,e,f}/{1,2,3,4,5,6,7,8,9}
    manifest big >old.mtree
    /usr/bin/python3 - <<'END'
import random
lines = open('old.mtree').read().splitlines()
for seed in range(100):
    r = random.Random(seed)
    out = [lines[0], lines[1]]
    for line in lines[2:]:
        k = r.random()
        if ' type=dir ' not in line and k < .1:
            continue
        if k < .3:
            line = line.replace('uid=', 'uid=%d' % r.randrange(1, 9), 1)
        elif k < .5:
            line = line[:line.index(' time=')] + ' time=%d.%09d' % (r.randrange(-9**19, 9**19), r.randrange(10**9))
        elif k < .6:
            line = line[:line.index(' time=')]
        out.append(line)
    open('new%d' % seed, 'w').write('\n'.join(out) + '\n')
END
    local seed
    for ((seed = 0; seed < 100; seed++)); do
        assert_delta old.mtree "new$seed"
        assert_delta "new$seed" "new$(((seed + 7) % 100))"
    done
}

@test "lines that change in the same way are one command" {
    make_manifests
    sed 's/ uid=[0-9]* / uid=77 /' old.mtree >new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(sed 1,3d new.delta)" $'=1\n~'"$(($(wc -l <old.mtree) - 1)) uid=77"$'\nend'
}

@test "a time is told as its distance from the one before" {
    make_manifests
    awk 'NR > 1 { sub(/ time=[^ ]*/, " time=1700000000.00000000" NR % 10) } 1' old.mtree >new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(grep -c 'time=' new.delta)" 1
    grep -qx '~[0-9]* time+1' new.delta
}

@test "a renamed directory is one command, and its hard links with it" {
    mkdir -p old/top/dir
    seq 9 >old/top/dir/file
    ln old/top/dir/file old/top/link
    seq 2000 | sed 's,^,old/top/,' | xargs touch -d @1
    touch -d @1 old/top/dir/file old/top/dir old/top old
    cp -a old new
    mv new/top new/another
    touch -d @1 new
    manifest old >old.mtree
    manifest new >new.mtree
    grep -q 'hardlink=./another/' new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(sed 1,3d new.delta | wc -l)" 4
    grep -q '^@[0-9]* ./top ./another$' new.delta
}

@test "a directory that was moved into another one that was renamed is found" {
    mkdir -p old/outer/x old/inner/deep
    seq 5 >old/outer/x/file
    seq 6 >old/inner/deep/file
    seq 7 >old/outer/last
    cp -a old new
    mv new/outer new/renamed
    mv new/inner new/renamed/middle
    manifest old >old.mtree
    manifest new >new.mtree
    assert_delta old.mtree new.mtree
    run -1 grep '^+' new.delta
}

# chunk_map NAME...: prints a chunk map that has these files, each with the lines of the file NAME.
chunk_map() {
    echo '#chunks'
    local name
    for name; do
        echo "./$name size=1 sha256digest=$(sha256sum <"$name" | cut -d' ' -f1)"
        cat "$name"
    done
}

# chunks FIRST LAST: prints lines of chunks.
chunks() {
    local i
    for ((i = $1; i <= $2; i++)); do
        printf '%064x 16384\n' $((i * 7919))
    done
}

@test "of a chunk map, only changed lines are in the delta" {
    chunks 1 500 >db
    chunk_map db >old.mtree
    sed -i -e "77s/.*/$(chunks 9000 9000)/" -e "400s/.*/$(chunks 9001 9001)/" db
    chunk_map db >new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(grep -c '^+' new.delta)" 3
}

@test "of a chunk map, a renamed file is its first line, a grown one its new lines" {
    chunks 1 300 >db
    chunks 1000 1300 >log
    chunk_map db log >old.mtree
    mv log a-log
    chunk_map a-log db >new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(grep -c '^+' new.delta)" 1
    chunks 1301 1310 >>a-log
    chunk_map a-log db >newer
    assert_delta old.mtree newer
    assert_equal "$(grep -c '^+' new.delta)" 11
}

@test "of a chunk map, equal chunks and lines that moved are found" {
    { chunks 1 50; printf '%064d 16384 100\n' 0; chunks 51 100; printf '%064d 16384 100\n' 0; } >db
    chunk_map db >old.mtree
    { chunks 60 100; printf '%064d 16384 100\n' 0; chunks 1 30; chunks 200 210; chunks 31 59; } >db
    chunk_map db >new.mtree
    assert_delta old.mtree new.mtree
    assert_equal "$(grep -c '^+' new.delta)" 12
}

# ------------------------------------------------------------------------------------- bad input

@test "--apply: another OLD is status 4, and nothing is written" {
    make_manifests
    mtreediff old.mtree new.mtree >new.delta
    sed -i 's/ uid=[0-9]* / uid=1 /' old.mtree
    assert_refused 4 'not the file that the delta was made for'
    assert_output ''
}

@test "--apply: a delta that is cut anywhere is status 3" {
    make_manifests
    mtreediff old.mtree new.mtree >whole
    local length
    for ((length = 0; length < $(stat -c %s whole); length += 1 + length / 90)); do
        head -c $length whole >new.delta
        run -3 --separate-stderr mtreediff --apply old.mtree <new.delta
        assert_equal "${#stderr_lines[@]}" 1
    done
}

@test "--apply: an edited delta is refused, whatever was edited" {
    make_manifests
    mtreediff old.mtree new.mtree >whole
    local number lines
    lines=$(wc -l <whole)
    for ((number = 2; number < lines; number++)); do
        sed "${number}d" whole >new.delta
        status=0
        mtreediff --apply old.mtree <new.delta >made 2>err || status=$?
        [[ $status == [34] ]] || cmp made new.mtree || fail "line $number removed: $status"
        sed "${number}{h;d};$((number + 1)){G}" whole >new.delta
        cmp -s new.delta whole && continue
        status=0
        mtreediff --apply old.mtree <new.delta >made 2>err || status=$?
        [[ $status == [34] ]] || cmp made new.mtree || fail "line $number moved: $status"
    done
    sed 's/^+\(.*\)uid=\(.\)/+\1uid=\29/' whole >new.delta
    assert_refused 3 'larger than announced'
    sed 's/^new ..../new 0000/' whole >new.delta
    assert_refused 4 'the digest of the result does not match'
}

@test "--apply: malformed commands are named by their line" {
    make_manifests
    mtreediff old.mtree old.mtree >whole
    local size command
    size=$(stat -c %s old.mtree)
    for command in '' x '=0' '=' '=1 ' '=01' '=-1' '=99999999999999999999' '~1' '~0 uid=1' '~2uid=1' \
        '>' '>-1' '>x' '@' '@1 ./a' '@0 ./a ./b c' '@0  ./b' '@0 ./a ' END; do
        { head -n 3 whole; printf '%s\n' "$command" end; } >new.delta
        assert_refused 3 'line 4: '
    done
    for command in '~1 uid=1' $'=1\n~1 what=1' $'=1\n~1 gid=1 uid=1' $'=1\n~1 uid' $'=1\n~1 time+1' \
        $'=1\n~1 uid=1 '; do
        { head -n 3 whole; printf '%s\n' "$command" end; } >new.delta
        run -3 mtreediff --apply old.mtree <new.delta
    done
    for command in "=9999" "@$((size + 1))" ">$((size + 1))" ">9223372036854775807" '@3'; do
        { head -n 3 whole; printf '%s\n' "$command" end; } >new.delta
        assert_refused 3 'old file'
    done
    { cat whole; echo; } >new.delta
    assert_refused 3 'something follows the end line'
    echo '#mtree' >new.delta
    assert_refused 3 'not a delta'
    : >new.delta
    assert_refused 3 'not a delta'
}

@test "--apply: a delta cannot write more than it announces, nor more than --max-size" {
    make_manifests
    mtreediff old.mtree old.mtree >whole
    { head -n 3 whole; yes $'@0\n=5' | head -n 1000000; echo end; } >new.delta
    run -3 --separate-stderr mtreediff --apply old.mtree <new.delta
    assert_equal "$stderr" \
        "mtreediff: standard input: line ${stderr//[!0-9]/}: the result is larger than announced"
    { sed 's/^\(new .*\) .*/\1 99999999999999/' whole | head -n 3; echo end; } >new.delta
    assert_refused 3 'the result would exceed --max-size'
    cp whole new.delta
    run -3 mtreediff --apply --max-size=10 old.mtree <new.delta
    run -0 mtreediff --apply --max-size=1M old.mtree <new.delta
}

@test "malformed manifests are refused with their line, before anything is written" {
    make_manifests
    local bad
    for bad in '3s/uid=/uid=0/' '3s/mode=0/mode=/' '/^.\/moved /d' '$s/.*/. type=dir mode=0755 uid=0 gid=0/' \
        '2,3{h;d};4{G}' '1s/.*/#mtree 2/' '4s,^\./,../,' '4s/$/ /'; do
        sed -e "$bad" old.mtree >bad
        cmp -s bad old.mtree && fail "$bad changes nothing"
        run -3 --separate-stderr mtreediff bad new.mtree
        assert_output ''
        assert_equal "${#stderr_lines[@]}" 1
        run -3 --separate-stderr mtreediff new.mtree bad
        assert_output ''
        [[ $stderr == 'mtreediff: bad: '* ]]
        run -3 --separate-stderr mtreediff bad bad
        assert_output ''
        assert_equal "${#stderr_lines[@]}" 1
    done
    head -c -5 old.mtree >bad
    run -3 --separate-stderr mtreediff old.mtree bad
    assert_equal "$stderr" "mtreediff: bad: line $(wc -l <old.mtree): the text ends within a line"
    { cat old.mtree; head -c 20000000 /dev/zero | tr '\0' a; } >bad
    run -3 --separate-stderr mtreediff old.mtree bad
    [[ $stderr == *'the line is longer than 16 MiB'* ]]
}

@test "a manifest and a chunk map have no delta" {
    make_manifests
    echo '#chunks' >map
    run -3 --separate-stderr mtreediff old.mtree map
    assert_equal "$stderr" 'mtreediff: old.mtree and map: one is a manifest, the other a chunk map'
    run -3 mtreediff --format=text old.mtree map
}

# ------------------------------------------------------------------------------------ for people

@test "--format reports differences, and --summary counts them" {
    mkdir a b
    touch -d @1 a/{changed,removed} b/{added,changed} a b
    chmod 600 b/changed
    manifest a >one.mtree
    manifest b >two.mtree
    run -0 mtreediff --format=text --summary=counts one.mtree two.mtree
    assert_output $'added added\nchanged changed (mode 0644 -> 0600)\nremoved removed'
    assert_equal "$(<counts)" '{"added":1,"removed":1,"changed":1}'
    run -0 mtreediff --format=json - two.mtree <one.mtree
    assert_line --index 2 '{"change":"removed","path":"removed","type":"file"}'
    run -0 mtreediff --format=text --summary=/dev/fd/3 one.mtree one.mtree 3>counts
    assert_output ''
    assert_equal "$(<counts)" '{"added":0,"removed":0,"changed":0}'
}

@test "--format: of several lines with a path the last one counts; one out of order is refused" {
    mkdir a
    touch -d @1 a/{x,y} a
    manifest a >one.mtree
    { head -n 3 one.mtree; sed -n '3s/uid=/uid=1/p' one.mtree; sed 1,3d one.mtree; } >two.mtree
    run -0 mtreediff --format=text one.mtree two.mtree
    assert_output 'changed x (uid 0 -> 10)'
    { head -n 2 one.mtree; sed -n 4p one.mtree; sed -n 3p one.mtree; } >two.mtree
    run -3 --separate-stderr mtreediff --format=text one.mtree two.mtree
    assert_equal "$stderr" 'mtreediff: two.mtree: line 4: not sorted by path'
}

# --------------------------------------------------------------------------------- the system

@test "mtreediff: a full disk is status 1, with one line" {
    make_manifests
    mtreediff old.mtree new.mtree >new.delta
    local options
    for options in 'old.mtree new.mtree' '--apply old.mtree' '--format=text old.mtree new.mtree'; do
        # shellcheck disable=SC2086 # words
        run -1 --separate-stderr bash -c 'mtreediff "$@" <new.delta >/dev/full' - $options
        assert_equal "$stderr" 'mtreediff: cannot write to standard output: No space left on device'
    done
}

@test "mtreediff: a reader that is gone ends it, by SIGPIPE or, where that is ignored, with an error" {
    make_manifests
    run -141 bash -c '(sleep 0.3; exec mtreediff old.mtree new.mtree) | :; exit "${PIPESTATUS[0]}"'
    run -1 --separate-stderr bash -c 'trap "" PIPE
        (sleep 0.3; exec mtreediff old.mtree new.mtree) | :; exit "${PIPESTATUS[0]}"'
    assert_equal "$stderr" 'mtreediff: cannot write to standard output: Broken pipe'
}

@test "mtreediff: files that cannot be read are named" {
    make_manifests
    run -1 --separate-stderr mtreediff nothing new.mtree
    assert_equal "$stderr" 'mtreediff: nothing: cannot open: No such file or directory'
    run -1 --separate-stderr mtreediff old.mtree new
    assert_equal "$stderr" 'mtreediff: new: not a regular file'
    mkfifo fifo
    run -1 --separate-stderr mtreediff old.mtree fifo </dev/null
    assert_equal "$stderr" 'mtreediff: fifo: not a regular file'
}

@test "mtreediff: wrong command lines are status 2 with one line" {
    local words
    while read -r words; do
        # shellcheck disable=SC2086 # words
        run -2 --separate-stderr mtreediff $words
        assert_output ''
        assert_equal "${#stderr_lines[@]}" 1
        [[ $stderr == *"; try 'mtreediff --help'" ]]
    done <<'END'

a
a b c
--apply
--apply a b
--apply --format=text a
--format=xml a b
--format=text - -
- b
--apply -
--max-size=1 a b
--apply --max-size=x a
--summary=x a b
--unknown a b
END
}

@test "mtreediff opens nothing after it has opened its files" {
    requires_command strace
    make_manifests
    strace -o trace mtreediff old.mtree new.mtree >new.delta
    sed -n '/landlock_restrict_self/,$p' trace >after
    [ -s after ] || skip 'no Landlock'
    run -1 grep -E '^(open|openat|openat2|socket|execve)\(' after
}

@test "memory does not grow with the manifests" {
    ! is_sanitized || skip 'sanitizers need memory'
    requires_command python3
    /usr/bin/python3 - <<'END'
for name, owner in ('old', 0), ('new', 5):
    with open(name + '.mtree', 'w') as out:
        out.write('#mtree\n. type=dir mode=0755 uid=0 gid=0\n')
        for d in range(300):
            out.write('./%s%04d type=dir mode=0755 uid=0 gid=0\n' % (name, d))
            for f in range(1000):
                out.write('./%s%04d/%04d type=file mode=0644 uid=%d gid=0 size=1 sha256digest=%064x\n'
                          % (name, d, f, owner, d * 1000 + f))
END
    (
        ulimit -v 60000
        mtreediff old.mtree new.mtree >new.delta
        mtreediff --apply old.mtree <new.delta >made
    )
    cmp made new.mtree
    [ "$(wc -l <new.delta)" -lt 1500 ]
}
