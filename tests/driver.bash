# Functions for tests of zlsnap: `load driver` after `load helpers`.

# enter_work: changes to a new, empty directory of the test.
enter_work() {
    mkdir "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return
}

# made_once FUNCTION: copies the files that FUNCTION makes in an empty directory to the current one. FUNCTION
# runs once a test file.
made_once() {
    local made=$BATS_FILE_TMPDIR/$1
    if [ ! -d "$made" ]; then
        mkdir "$made.part"
        (cd "$made.part" && "$1")
        mv "$made.part" "$made"
    fi
    cp -a "$made/." .
}

# make_layer: makes the directory "tree", of some MB, and its layer "layer".
make_layer() {
    mkdir -p tree/sub
    echo content >tree/file
    ln tree/file tree/sub/link
    ln -s file tree/symlink
    seq 400000 >tree/sub/numbers
    chmod 4711 tree/sub/numbers
    zlsnap create tree layer >created
}

# set_metadata FILTER: changes layer.json with jq.
set_metadata() {
    jq "$1" layer.json >changed.json
    mv changed.json layer.json
}

# flip_byte FILE OFFSET
flip_byte() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059 # an escape
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# fake NAME SCRIPT: from now on zlsnap runs this bash script instead of the program NAME.
fake() {
    local fakes=$BATS_TEST_TMPDIR/fakes program
    if [ ! -d "$fakes" ]; then
        mkdir "$fakes"
        for program in zlsnap tarpack tarunpack shasum-tee; do
            ln -s "$(readlink -f "$ZLSNAP_BIN/$program")" "$fakes/$program"
        done
        PATH=$fakes:$PATH
    fi
    rm -f "$fakes/$1"
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$fakes/$1"
    chmod +x "$fakes/$1"
}

# log_calls NAME...: from now on writes a line to ../log for each call of these programs, without the
# random part of temporary names.
log_calls() {
    local program
    for program; do
        fake "$program" 'printf "%s %s\n" "${0##*/}" "$*" | sed "s/zlsnap-....../zlsnap/g" \
            >>../log; exec /usr/bin/env -S PATH=/usr/bin:/bin "${0##*/}" "$@"'
    done
}

# without_program NAME...: removes these programs, and no others, from the PATH.
without_program() {
    local dir=$BATS_TEST_TMPDIR/without-$1
    mkdir "$dir"
    ln -s /usr/bin/* /bin/* "$dir" 2>/dev/null || true
    (cd "$dir" && rm "$@")
    PATH=$ZLSNAP_BIN:$dir
}

# start COMMAND...: starts it in the background and sets $driver to its process id. It has the signal actions
# of a foreground process (GNU parallel ignores ALRM), and a variable by which survivors() finds its
# descendants.
# shellcheck disable=SC2034
start() {
    env --default-signal=INT,QUIT,ALRM ZLSNAP_TEST="$BATS_TEST_TMPDIR" "$@" 3>&- &
    driver=$!
}

# exists_like GLOB
exists_like() {
    compgen -G "$1" >/dev/null
}

# survivors: prints /proc/PID/environ of each process that start() started, and of their descendants.
survivors() {
    grep -lszx "ZLSNAP_TEST=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ
}

none_survives() {
    [ -z "$(survivors)" ]
}

# assert_said REGEX: the standard error of the last `run --separate-stderr` matches.
# shellcheck disable=SC2154 # set by run
assert_said() {
    [[ $stderr =~ $1 ]] || batslib_print_kv_single_or_multi 6 'stderr' "$stderr" 'regex' "$1" |
        batslib_decorate 'not the message that was expected' | fail
}

# assert_stderr COUNT REGEX: it has COUNT lines and matches.
# shellcheck disable=SC2154
assert_stderr() {
    assert_said "$2"
    [[ ${#stderr_lines[@]} -eq $1 ]] || batslib_print_kv_multi 'stderr' "$stderr" |
        batslib_decorate "not $1 lines" | fail
}

# assert_one_line TEXT: it is one message of zlsnap and contains TEXT.
# shellcheck disable=SC2154
assert_one_line() {
    assert_stderr 1 '^zlsnap: '
    [[ $stderr == *"$1"* ]] || batslib_print_kv_single 9 'stderr' "$stderr" 'substring' "$1" |
        batslib_decorate 'the line does not say it' | fail
}

# source_parts NAME...: defines the functions of these parts of the driver, but not of the parts that they
# need.
source_parts() {
    local part
    # shellcheck disable=SC2317 # the parts call it
    part() { :; }
    for part; do
        # shellcheck source=/dev/null # checked by make lint-shell
        source "$PROJECT/driver/$part.sh"
    done
}

# documents_here: the snapshots in "store" are of "tree" here, as if they had not been made elsewhere and copied.
# shellcheck disable=SC2094 # another file
documents_here() {
    local document
    for document in store/*/*/snapshots/*.json; do
        jq -c --arg tree "$(realpath tree)" '.directory = $tree' "$document" >document
        mv document "$document"
    done
}
