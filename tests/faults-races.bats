# While the programs run, another process exchanges directories for symbolic links that lead outside. The tree
# may become anything, but nothing outside it is read or changed.

load helpers

setup_file() {
    requires_command python3
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p outside/sub tree
    echo SECRET | tee outside/{f1,f2,f3,own} outside/sub/{f1,own} >/dev/null
    chmod 600 outside/f*
    mkdir -p tree/d{1..6}/{sub,e{1..3}}
    local file
    for file in tree/d{1..6}/{,sub/,e1/,e2/,e3/}f{1,2,3}; do
        echo "$file" >"$file"
    done
    chmod 777 tree/d*/sub
    tarpack tree >layer.tar
    # Entries in alternating directories, links to them, and deletions.
    (
        cd tree || exit
        printf '%s\n' d*/f1 d*/sub/f1 d*/e?/f1 d*/f2 d*/sub/f2 d*/e?/f2 >../names
        for file in d*; do
            ln "$file/f1" "$file/sub/linked"
            echo "$file/sub/linked"
            : >"$file/.wh.own"
            echo "$file/.wh.own"
        done >>../names
    )
    tar --format=posix -cf turns.tar -C tree --no-recursion -T names
    rm tree/d*/.wh.own
    # The same below links: each dN is one to sub/../eN, which exists in the target of a merge.
    mkdir links
    local i
    for i in {1..6}; do
        ln -s "sub/../e$i" "links/d$i"
    done
    # shellcheck disable=SC2046
    tar --format=posix -cf links.tar -C links d{1..6} -C ../tree --no-recursion \
        $(printf '%s\n' d{1..6}/{f1,sub/f1,e1/f1,e2/f2,sub/f2})
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    FILES=$BATS_FILE_TMPDIR
    mkdir work
}

teardown() {
    [ -z "${swapper-}" ] || kill -KILL "$swapper" 2>/dev/null || true
    end_test
}

outside_is() {
    find "$FILES/outside" -printf '%P %y %i %n %m %U:%G %s %T@ %C@\n' | sort
}

# race TENTHS PATTERN COMMAND...: repeats COMMAND for TENTHS of a second while directories that match PATTERN are
# exchanged. Takes longer on a busy machine, until there were enough exchanges, and ten times as long with RACES=10.
race() {
    local end=$((${EPOCHREALTIME/./} + $1 * ${RACES:-1} * 100000)) before runs=0
    before=$(outside_is)
    "$PROJECT/tests/swap.py" "$FILES/outside" "$2" >swaps &
    swapper=$!
    while ((${EPOCHREALTIME/./} < end || runs < 10)) ||
        { [ ! -s swaps ] && ((${EPOCHREALTIME/./} < end + 60000000)); }; do
        "${@:3}" || fail "$* after $runs runs"
        runs=$((runs + 1))
    done
    kill -TERM "$swapper"
    wait "$swapper"
    swapper=
    assert_equal "$(outside_is)" "$before"
    echo "# $runs runs, $(tail -n 1 swaps) exchanges" >&3
    [ "$(wc -l <swaps)" -eq 2 ]
}

# ends COMMAND...: COMMAND did not crash: its status is 0, 1 or 3 (a parent is not a directory).
ends() {
    local status=0
    "$@" 2>errors || status=$?
    [[ $status =~ ^[013]$ ]] || { cat errors && return 1; }
}

packs() {
    ends tarpack "$@" work/tree >out
    ! grep -q SECRET out
}

@test "races: tarpack reads nothing outside the tree while its directories are exchanged" {
    cp -a "$FILES/tree" work
    race 10 work/tree packs
    race 5 work/tree packs --live
}

unpacks() {
    rm -rf work/target
    ends tarunpack --no-sync "$@" work/target <"$FILES/$layer.tar"
}

@test "races: tarunpack writes nothing outside its staging directory while directories in it are exchanged" {
    local layer
    for layer in layer turns links; do
        race 5 'work/.target.zlsnap-*/tree' unpacks
        race 3 'work/.target.zlsnap-*/tree' unpacks -j 1
    done
}

merges() {
    ends tarunpack --no-sync --merge work/target <"$FILES/turns.tar" &&
        ends tarunpack --no-sync --merge work/target <"$FILES/links.tar"
}

@test "races: tarunpack --merge changes nothing outside the target while its directories are exchanged" {
    cp -a "$FILES/tree" work/target
    race 5 work/target merges
}

replaces() {
    [ -d work/target ] || cp -a "$FILES/tree" work/target
    ends tarunpack --no-sync --replace work/target <"$FILES/layer.tar"
}

@test "races: tarunpack --replace removes nothing outside the old tree while its directories are exchanged" {
    cp -a "$FILES/tree" work/target
    race 5 'work/.target.zlsnap-*/tree' replaces
}

# Fifos and devices are never opened, so their metadata is set by name.
@test "races: metadata of a fifo, set by name, never reaches the target of a link in its place" {
    requires_root
    requires_command strace
    local before call unpacker wanted
    mkdir node
    mkfifo node/fifo
    chown 5:6 node/fifo
    chmod 2751 node/fifo
    setfattr -n trusted.note -v text node/fifo
    setfacl -m u:7:rw node/fifo
    tarpack node >node.tar
    before=$(outside_is)
    # is_at CALL FIFO: the effect of CALL is visible.
    is_at() {
        case $1 in
        mknodat) [ -p "$2" ] ;;
        fchownat) [ "$(stat -c %u "$2")" = 5 ] ;;
        lsetxattr) getfattr -n trusted.note "$2" ;;
        chmod) [ "$(stat -c %a "$2")" = 2771 ] ;;
        esac >/dev/null 2>&1
    }
    for call in mknodat fchownat lsetxattr chmod; do
        rm -rf work/target
        strace -f --seccomp-bpf -qq -o /dev/null -e trace="$call" -e inject="$call:delay_exit=1000000:when=1" \
            tarunpack --no-sync -j 1 work/target <node.tar 2>/dev/null 3>&- &
        unpacker=$!
        wanted=yes
        while kill -0 "$unpacker" 2>/dev/null; do
            is_at "$call" work/.target.zlsnap-*/tree/fifo || { sleep 0.01 && continue; }
            ln -sf "$FILES/outside/f1" link
            mv -T link work/.target.zlsnap-*/tree/fifo && wanted=
            break
        done
        wait "$unpacker" || :
        assert_equal "$call: $wanted" "$call: "
        assert_equal "$(outside_is)" "$before"
    done
}
