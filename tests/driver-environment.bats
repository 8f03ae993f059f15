#!/usr/bin/env bats
# Unrelated variables of the environment, a missing /proc and files beside zlsnap do not change its results.

load helpers
load driver

setup() {
    enter_work
}

# make_tour: makes "tree", and "expected" and "expected-short", the output of both tours where nothing is
# in their way.
make_tour() {
    mkdir -p tree/sub
    echo content >tree/file
    ln tree/file tree/sub/link
    seq 1000 >tree/sub/numbers
    touch -d @1000000000 tree/{file,sub/numbers,sub} tree
    tour zlsnap >expected 2>&1
    local -a stations=("${short_tour[@]}")
    tour zlsnap >expected-short 2>&1
}

# A part of the commands in tour(), for what begins like one that takes the whole tour.
short_tour=('create tree layer' 'info --json layer' 'digest tree' 'extract layer out' 'oci -o image layer'
    'verify oci:image' 'gc .' quick --version)
stations=('create tree layer' 'verify layer' 'info --json layer' 'list --names layer' 'mtree layer'
    'digest tree' 'digest tree/file' 'extract layer out' 'diff tree out' 'diff tree/sub layer'
    'oci -o image layer' 'verify oci:image' 'extract oci:image out2' 'extract --replace layer out2'
    'gc .' 'verify layer.json' 'create tree/nothing other' 'create tree tree/layer' quick --version)

# tour COMMAND...: uses the commands that need no server of the zlsnap that COMMAND runs, and prints what
# they print, and their statuses. What it has exported is what is in `environment`.
tour() {
    local words
    rm -rf layer* out* image
    for words in "${stations[@]}"; do
        # shellcheck disable=SC2086
        env -i PATH="$PATH" SOURCE_DATE_EPOCH=1000000000 "${environment[@]}" "$@" $words &&
            echo "$words: done" || echo "$words: $?"
    done
}
environment=()

# assert_same_tour COMMAND...: with `environment` as it is.
assert_same_tour() {
    local differences expected=expected
    [ "${#stations[@]}" -ne "${#short_tour[@]}" ] || expected='expected-short'
    differences=$(diff "$expected" <(untraced && tour "$@" 2>&1)) ||
        printf '%s\n' "$differences" | head -n 40 | batslib_decorate "$* is not the same" | fail
}

# assert_same_short_tour COMMAND...: likewise; with FAULTS=all the whole tour.
assert_same_short_tour() {
    [ "${FAULTS-}" = all ] || local -a stations=("${short_tour[@]}")
    assert_same_tour "$@"
}

# commands_called: prints the names of all that bash has built in, and of the programs that are called.
commands_called() {
    compgen -b
    echo {tarpack,tarunpack,shasum-tee,zstd,gzip,jq,awk,cat,tee,rm,mv,cp,ln,mkdir,rmdir,mktemp,chmod,chown} \
        {touch,stat,find,sort,sed,tr,head,tail,cut,grep,od,wc,date,sync,flock,split,md5sum,sha256sum} \
        {readlink,realpath,uname,sleep,env,bash,sh,program,stage,run,say,die} | tr ' ' '\n'
}

@test "functions that the caller exports are not called, whatever their name" {
    made_once make_tour
    local name
    while IFS= read -r name; do
        environment+=("BASH_FUNC_$name%%=() { echo FUNCTION; return 7; }")
    done < <(commands_called)
    assert_same_tour zlsnap
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
}

@test "options of the caller's shell are not ours" {
    made_once make_tour
    local options
    options=$(set -o | awk '$1 !~ /^(noexec|verbose|xtrace|onecmd|monitor)$/ { print $1 }' | paste -sd :)
    environment=("SHELLOPTS=$options" "BASHOPTS=$(shopt | awk '$1 != "extdebug" { print $1 }' | paste -sd :)")
    assert_same_tour zlsnap
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
    # These act before a `bash zlsnap` can do anything.
    environment=(SHELLOPTS=noexec:onecmd:verbose:xtrace)
    assert_same_tour zlsnap
}

@test "no start-up file is read: neither what BASH_ENV names nor ENV" {
    made_once make_tour
    printf 'echo noise\ncd /\nset -f\nalias exec=echo\nexit 7\n' >start-up
    environment=(BASH_ENV="$PWD/start-up" ENV="$PWD/start-up")
    assert_same_tour zlsnap
    # By a bash that was not told it is read, and then bash is started anew.
    printf 'set -f\nshopt -s nocasematch\nIFS=abc\ntee() { :; }\n' >start-up
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
}

@test "variables that the driver or bash have, too, are not taken from the environment" {
    made_once make_tour
    local words
    # Those of the driver, but for what is meant for it, and for what bash complains of before it reads the
    # first line.
    words=$({
        cat "$PROJECT"/zlsnap.sh "$PROJECT"/driver/*/*.sh | grep -oE '\$\{?[#!]?[A-Za-z_][A-Za-z0-9_]*' |
            tr -d '${#!'
        compgen -v
        echo TMOUT POSIXLY_CORRECT FUNCNEST EXECIGNORE PIPESTATUS CDPATH GLOBIGNORE IFS BASH_REMATCH \
            MAPFILE REPLY GREP_OPTIONS GREP_COLOR JQ_COLORS ZSTD_CLEVEL ZSTD_NBTHREADS GZIP \
            _POSIX2_VERSION CHILD_MAX COLUMNS LINES OPTIND TIMEFORMAT | tr ' ' '\n'
    } | sort -u | grep -vxE \
        'PATH|HOME|TMPDIR|SOURCE_DATE_EPOCH|SHELLOPTS|BASHOPTS|BASH_ENV|ENV|LC_.*|LANG|LD_.*|BASH_(SOURCE|COMPAT)')
    mapfile -t environment <<<"${words//$'\n'/=junk$'\n'}=junk"
    assert_same_tour zlsnap
    mapfile -t environment <<<"${words//$'\n'/=0$'\n'}=0"
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
    environment=(BASH_COMPAT=4.2)
    assert_same_tour zlsnap
}

@test "what is in ~/.jq is not taken for a part of ours" {
    made_once make_tour
    mkdir home
    echo 'def length: 0; def test(x): false; def map(x): []; def error(x): null;' >home/.jq
    environment=(HOME="$PWD/home")
    assert_same_tour zlsnap
}

@test "each message is shown where there is no /proc; what needs it says so" {
    requires_root
    made_once make_tour
    # shellcheck disable=SC2016
    no_proc() {
        run --separate-stderr unshare -m bash -c 'mount -t tmpfs none /proc && exec "$@"' bash "$@"
    }
    no_proc zlsnap quick
    assert_equal "$status" 2
    assert_one_line "unknown command 'quick'"
    no_proc zlsnap verify absent
    assert_equal "$status" 1
    assert_one_line 'absent: no such file'
    zlsnap create tree layer >/dev/null
    no_proc zlsnap verify layer
    assert_equal "$status" 0
    assert_output 'layer: OK'
    local words
    for words in 'create tree other' 'info layer' 'diff tree layer' 'oci -o image layer'; do
        # shellcheck disable=SC2086
        no_proc zlsnap $words
        assert_one_line '/proc is not mounted'
        assert_equal "$status" "$([[ $words == diff* ]] && echo 2 || echo 1)"
    done
    mkdir .left.zlsnap-abcdef
    no_proc zlsnap gc --older-than=0 .
    assert_equal "$status" 0
    assert_output ./.left.zlsnap-abcdef
    refute_leftovers .
}

@test "a directory called driver, or build, beside an installed zlsnap is not its own" {
    made_once make_tour
    install_programs "$PWD/prefix"
    rm prefix/bin/zlsnap.sh
    mkdir -p prefix/bin/driver/core prefix/bin/build/bin
    printf 'echo foreign\nexit 7\n' >prefix/bin/driver/core/messages.sh
    mv prefix/bin/tarpack prefix/bin/build/bin/
    PATH=${PATH//"$ZLSNAP_BIN":/}
    run -0 prefix/bin/zlsnap --help
    assert_line --partial 'Usage: zlsnap COMMAND'
    run -1 --separate-stderr prefix/bin/zlsnap digest tree
    assert_one_line 'tarpack not found'
}
