# What the tests of zlsnap share: `load driver` after `load helpers`.

# enter_work: goes to an empty directory of the test's, in which nothing else is made.
enter_work() {
    mkdir "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return
}

# made_once FUNCTION: what the function makes in an empty directory, in the current one. The first test
# of a file that asks for it has it made, and all get copies.
made_once() {
    local made=$BATS_FILE_TMPDIR/$1
    if [ ! -d "$made" ]; then
        mkdir "$made.part"
        (cd "$made.part" && "$1")
        mv "$made.part" "$made"
    fi
    cp -a "$made/." .
}

# make_layer: makes the directory "tree" and its layer "layer", of some MB, in the current directory.
make_layer() {
    mkdir -p tree/sub
    echo content >tree/file
    ln tree/file tree/sub/link
    ln -s file tree/symlink
    seq 400000 >tree/sub/numbers
    chmod 4711 tree/sub/numbers
    zlsnap create tree layer >created
}

# set_metadata FILTER: changes layer.json by jq.
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

# fake NAME SCRIPT: from now on zlsnap finds this instead of the program of that name.
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

# log_calls NAME...: from now on what zlsnap calls of these programs goes to ../log, too, a line for each
# call; without what is by chance in the names of temporary directories.
log_calls() {
    local program
    for program; do
        fake "$program" 'printf "%s %s\n" "${0##*/}" "$*" | sed "s/zlsnap-....../zlsnap/g" \
            >>../log; exec /usr/bin/env -S PATH=/usr/bin:/bin "${0##*/}" "$@"'
    done
}

# without_program NAME...: takes them off the PATH, with all else still there.
without_program() {
    local dir=$BATS_TEST_TMPDIR/without-$1
    mkdir "$dir"
    ln -s /usr/bin/* /bin/* "$dir" 2>/dev/null || true
    (cd "$dir" && rm "$@")
    PATH=$ZLSNAP_BIN:$dir
}

# start COMMAND...: starts it in the background, with the signals of a foreground process (GNU parallel
# ignores ALRM) and a mark by which survivors() knows what came of it; $driver is its process.
# shellcheck disable=SC2034
start() {
    env --default-signal=INT,QUIT,ALRM ZLSNAP_TEST="$BATS_TEST_TMPDIR" "$@" 3>&- &
    driver=$!
}

# exists_like GLOB
exists_like() {
    compgen -G "$1" >/dev/null
}

# The processes that came of what start() started.
survivors() {
    grep -lszx "ZLSNAP_TEST=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ
}

none_survives() {
    [ -z "$(survivors)" ]
}

# assert_said REGEX: what the last `run --separate-stderr` said matches.
# shellcheck disable=SC2154 # set by run
assert_said() {
    [[ $stderr =~ $1 ]] || batslib_print_kv_single_or_multi 6 'stderr' "$stderr" 'regex' "$1" |
        batslib_decorate 'not the message that was expected' | fail
}

# assert_stderr COUNT REGEX: it has so many lines and matches.
# shellcheck disable=SC2154
assert_stderr() {
    assert_said "$2"
    [[ ${#stderr_lines[@]} -eq $1 ]] || batslib_print_kv_multi 'stderr' "$stderr" |
        batslib_decorate "not $1 lines" | fail
}

# assert_one_line TEXT: it is one line, of zlsnap, and holds the text.
# shellcheck disable=SC2154
assert_one_line() {
    assert_stderr 1 '^zlsnap: '
    [[ $stderr == *"$1"* ]] || batslib_print_kv_single 9 'stderr' "$stderr" 'substring' "$1" |
        batslib_decorate 'the line does not say it' | fail
}

# source_parts NAME...: the functions of these parts of the driver, without the parts that they need.
source_parts() {
    local part
    # shellcheck disable=SC2317 # the parts call it
    part() { :; }
    for part; do
        # shellcheck source=/dev/null # checked by make lint-shell
        source "$PROJECT/driver/$part.sh"
    done
}
