# A merge that is killed at any step is completed by the next merge of the same layer, even if that one is
# killed, too. If a program cannot find out whether a merge was interrupted, it never assumes that none was.
# FAULTS=all tries all steps, not a sample.
#
# Each test sets its own variables, and tests/faults.bash calls its functions.
# shellcheck disable=SC2030,SC2031,SC2034,SC2317

load helpers
load faults

setup() {
    requires_root
    cd "$BATS_TEST_TMPDIR" || return
    enter_memory # syncing a disk is slow
    export FAULTS_COUNT=$PWD/count
}

# make_journal_layer: writes a layer to stdout that deletes the only target of its own hard link and replaces
# the directory of the link.
make_journal_layer() {
    /usr/bin/python3 - <<'PYTHON'
import sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    def add(name, kind=tarfile.REGTYPE, link=""):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        archive.addfile(entry)
    add(".wh.t")
    add(".wh.d")
    add("d", tarfile.DIRTYPE)
    add("d/l", tarfile.LNKTYPE, "t")
    add("e/.wh..wh..opq")
    add("e/m", tarfile.LNKTYPE, "e/u")
    add("z", tarfile.LNKTYPE, "x")
    add("x", tarfile.LNKTYPE, "y")
    add("new")
PYTHON
}

standing() {
    mkdir -p "$1"/{d,e}
    echo content of t >"$1/t"
    echo content of u >"$1/e/u"
    echo content of x >"$1/x"
    echo content of y >"$1/y"
    touch "$1"/{d,e}/old
}

# listing DIR: prints the entries, without the times of directories, which an interrupted merge changes.
listing() (
    cd "$1" || return
    find . -mindepth 1 -name '.merge.*' -prune -o -type d -printf '%P %y %m\n' -o \
        -printf '%P %y %m %n %T@\n' -exec sha256sum {} + | sort
)

# dies_at STEP: merges the layer onto `dir`, and is killed before the change number STEP; 0: not killed.
dies_at() {
    rm -f count
    # In a subshell, since it prints a message about the killed command.
    (FAULTS_STEP=$1 LD_PRELOAD=$ZLSNAP_PRELOAD/kill.so \
        tarunpack -q -j 1 "${sync[@]}" --merge dir <layer.tar) 2>/dev/null
    flock dir true # its processes are dead
}

# restore FROM: makes `dir` a copy of FROM with its hard links.
restore() {
    rm -rf dir
    cp -a "$1" dir
}

steps() {
    od -An -tu4 count | tr -d ' '
}

# each_step DIR NUMBER: prints NUMBER of the steps of a merge onto a copy of DIR, or with FAULTS=all all steps.
each_step() {
    restore "$1"
    dies_at 0
    few "$2" 1 "$(steps)"
}

# completed TEXT: another run completes the merge; a complete merge without a journal needs none.
completed() {
    if ! compgen -G 'dir/.merge.zlsnap-*/begun' >/dev/null && diff wanted <(listing dir) >/dev/null; then
        return
    fi
    tarunpack -q --no-sync --merge dir <layer.tar || fail "$1: the merge is not completed"
    diff wanted <(listing dir) || fail "$1: not what it should be"
    refute_leftovers dir
}

begin() {
    make_journal_layer >layer.tar
    standing before
    restore before
    tarunpack --no-sync --merge dir <layer.tar
    listing dir >wanted
    assert_equal "$(cat dir/d/l dir/e/m dir/z dir/x)" "$(cat before/{t,e/u,x,y})"
}

@test "killed at any step, twice in a row: the third run completes the merge" {
    local first second tried=0
    local sync=(--no-sync)
    begin
    for first in $(each_step before 12); do
        restore before
        dies_at "$first" || :
        rm -rf once
        cp -a dir once
        for second in $(each_step once 8); do
            restore once
            dies_at "$second" || :
            completed "steps $first and $second"
            tried=$((tried + 1))
        done
    done
    echo "# $tried pairs of kills" >&3
    [ $tried -gt 50 ]
}

@test "killed at any step with syncing: the next run completes the merge" {
    local step
    local sync=()
    begin
    for step in $(each_step before 20); do
        restore before
        dies_at "$step" || :
        completed "step $step"
    done
}

# interrupt: makes `once` the result of the last kill that leaves a journal and no link target.
interrupt() {
    local step
    local sync=(--no-sync)
    begin
    for step in $(each_step before 1000 | tac); do
        restore before
        dies_at "$step" || :
        if [ ! -e dir/t ] && compgen -G 'dir/.merge.zlsnap-*/begun' >/dev/null; then
            cp -a dir once
            return
        fi
    done
    fail 'no kill leaves a journal'
}

# recovered: judges a run with a failing call: it, or the next run, completes the merge.
recovered() {
    case $status in
    0) diff wanted <(listing dir) ;;
    1) says tarunpack && completed 'after a fault' ;;
    *) false ;;
    esac
}

@test "faults: a merge that completes an interrupted one, every system call and every allocation" {
    requires_command strace
    interrupt
    prepare() { restore once; }
    judge() { recovered; }
    input=$PWD/layer.tar
    each_call_fails tarunpack -j 1 --merge dir
    each_allocation_fails tarunpack -j 1 --merge dir
}

@test "faults: --clean does not remove an interrupted merge" {
    requires_command strace
    interrupt
    prepare() { restore once; }
    judge() { [[ $status == [01] ]] && completed 'after a cleaner'; }
    input=/dev/null
    each_call_fails tarunpack --clean dir
}

@test "another layer is refused after several interrupted merges of one layer" {
    local second
    interrupt
    tar -cf other.tar -C before t
    for second in $(each_step once 6); do
        restore once
        dies_at "$second" || :
        compgen -G 'dir/.merge.zlsnap-*/begun' >/dev/null || continue
        run -1 tarunpack --no-sync --merge dir <other.tar
        assert_output --partial "tarunpack: dir: only partly merged: the merge of layer \
sha256:$(sha256sum <layer.tar | cut -c -64) was interrupted; run it again first, or remove "
        completed "step $second"
    done
}

@test "an unreadable journal, and a merge of another user, stop a merge before it reads its layer" {
    local journal
    interrupt
    journal=$(compgen -G 'once/.merge.zlsnap-*/begun')
    journal=dir/${journal#once/}
    restore once
    mv "$journal" kept
    ln -s nowhere "$journal"
    run -1 tarunpack --no-sync --merge dir <layer.tar
    assert_output --partial "${journal%/begun}: cannot tell whether a merge was interrupted: "
    run -1 tarunpack --clean dir
    assert_output --partial "kept: cannot tell whether a merge was interrupted: "
    mv kept "$journal"
    chown -R 65534 "${journal%/begun}"
    chown 65534 dir
    run -1 tarunpack --no-sync --merge dir <layer.tar
    assert_output "tarunpack: ${journal%/begun}: belongs to a merge by user 65534, who must \
complete or remove it"
    chown -R 0 dir
    completed 'given back'
}

@test "a refused layer changes nothing below DIR, not even a ctime" {
    local before
    standing dir
    chown 65534 dir/d
    before=$(find dir -mindepth 1 -printf '%P %C@\n' | sort)
    /usr/bin/python3 - >refused.tar <<'PYTHON'
import sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    for name, kind in ("d", tarfile.DIRTYPE), ("e/link", tarfile.LNKTYPE):
        entry = tarfile.TarInfo(name)
        entry.type = kind
        entry.linkname = "missing" if kind == tarfile.LNKTYPE else ""
        archive.addfile(entry)
PYTHON
    run -3 tarunpack --no-sync --merge dir <refused.tar
    assert_equal "$(find dir -mindepth 1 -printf '%P %C@\n' | sort)" "$before"
}
