#!/usr/bin/env bats
# Unrelated variables of the environment, a missing /proc and files beside zlsnap do not change its results.

load helpers
load driver

setup() {
    enter_work
}

# make_tour: makes "tree", and "expected" and "expected-short", the output of both tours in a clean environment.
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

# The short tour takes only some of the commands.
short_tour=('create tree layer' 'info --json layer' 'digest tree' 'extract layer out' 'oci -o image layer'
    'verify oci:image' 'clean .' quick --version)
stations=('create tree layer' 'verify layer' 'info --json layer' 'list --names layer' 'mtree layer'
    'digest tree' 'digest tree/file' 'extract layer out' 'diff tree out' 'diff tree/sub layer'
    'oci -o image layer' 'verify oci:image' 'extract oci:image out2' 'extract --replace layer out2'
    'clean .' 'verify layer.json' 'create tree/nothing other' 'create tree tree/layer' quick --version)

# tour COMMAND...: runs COMMAND, which is zlsnap, with each line of `stations`: the commands that need no server.
# Prints their output and statuses. Only the variables in `environment` are exported.
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

# assert_same_tour COMMAND...: the tour with `environment` prints what is expected.
assert_same_tour() {
    local differences expected=expected
    [ "${#stations[@]}" -ne "${#short_tour[@]}" ] || expected='expected-short'
    differences=$(diff "$expected" <(tour "$@" 2>&1)) ||
        printf '%s\n' "$differences" | head -n 40 | batslib_decorate "$* is not the same" | fail
}

# assert_same_short_tour COMMAND...: likewise for the short tour, or with FAULTS=all for the whole one.
assert_same_short_tour() {
    [ "${FAULTS-}" = all ] || local -a stations=("${short_tour[@]}")
    assert_same_tour "$@"
}

# commands_called: prints the names of bash's builtins and of the programs and functions that the driver calls.
commands_called() {
    compgen -b
    echo {tarpack,tarunpack,shasum-tee,zstd,gzip,jq,awk,cat,tee,rm,mv,cp,ln,mkdir,rmdir,mktemp,chmod,chown} \
        {touch,stat,find,sort,sed,tr,head,tail,cut,grep,od,wc,date,sync,flock,split,md5sum,sha256sum} \
        {readlink,realpath,uname,sleep,env,bash,sh,program,stage,run,say,die} | tr ' ' '\n'
}

@test "never calls functions that the caller exported, and ignores variables with the names of its own and of bash's" {
    made_once make_tour
    local name words
    local -a functions=()
    while IFS= read -r name; do
        functions+=("BASH_FUNC_$name%%=() { echo FUNCTION; return 7; }")
    done < <(commands_called)
    # Excluded are the variables that zlsnap documents, and those that make bash itself print a message.
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
    environment+=("${functions[@]}")
    assert_same_tour zlsnap
    # Not together: with POSIXLY_CORRECT, `bash zlsnap` itself refuses the functions.
    mapfile -t environment <<<"${words//$'\n'/=0$'\n'}=0"
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
    environment=("${functions[@]}")
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
}

@test "ignores the options of the caller's shell" {
    made_once make_tour
    local options
    options=$(set -o | awk '$1 !~ /^(noexec|verbose|xtrace|onecmd|monitor)$/ { print $1 }' | paste -sd :)
    environment=("SHELLOPTS=$options" "BASHOPTS=$(shopt | awk '$1 != "extdebug" { print $1 }' | paste -sd :)")
    assert_same_tour zlsnap
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
    # A `bash zlsnap` could not prevent the effect of these.
    environment=(SHELLOPTS=noexec:onecmd:verbose:xtrace BASH_COMPAT=4.2)
    assert_same_tour zlsnap
}

@test "does not read the start-up files of BASH_ENV and ENV, and ignores definitions in ~/.jq" {
    made_once make_tour
    mkdir home
    echo 'def length: 0; def test(x): false; def map(x): []; def error(x): null;' >home/.jq
    printf 'echo noise\ncd /\nset -f\nalias exec=echo\nexit 7\n' >start-up
    environment=(BASH_ENV="$PWD/start-up" ENV="$PWD/start-up" HOME="$PWD/home")
    assert_same_tour zlsnap
    # `bash zlsnap` reads it, and then starts bash again without it.
    printf 'set -f\nshopt -s nocasematch\nIFS=abc\ntee() { :; }\n' >start-up
    assert_same_short_tour bash "$ZLSNAP_BIN/zlsnap"
}

@test "without /proc: prints its messages, and commands that need /proc say so" {
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
    no_proc zlsnap clean --older-than=0 .
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
