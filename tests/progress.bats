#!/usr/bin/env bats
# Progress of zlsnap: shasum-tee's line and the summary.

load helpers
load driver

setup() {
    enter_work
    made_once make_layer
    export TERM=vt100
}

# drawn FILE: prints the lines that were drawn in FILE, in their order, and the messages.
drawn() {
    tr -d '\033' <"$1" | tr '\r' '\n' | sed 's/^\[K//; /^$/d'
}

# slow_tarpack: from now on packing pauses for some tenths of a second in the middle.
slow_tarpack() {
    fake tarpack "$(readlink -f "$ZLSNAP_BIN/tarpack") \"\$@\" | (head -c 1M; sleep 0.25; cat)"
}

@test "create --progress=always draws a line, and at the end prints a summary" {
    slow_tarpack
    rm layer layer.json
    zlsnap create --progress=always tree layer >out 2>err
    drawn err >lines
    grep -qE '^1\.[0-9] MiB  [0-9.]+ MiB/s  0:00$' lines
    assert_equal "$(tail -n 1 lines | sed 's/in [0-9]*\.[0-9] s/in N s/')" \
        "zlsnap: layer: 6 entries, 2.6 MiB to $(size_shown) in N s, $(jq -r .digest layer.json)"
    cmp out layer.json
    # The summary is on a line of its own, without remains of the progress line.
    [[ $(tail -n 1 err) == *$'\r\e[Kzlsnap: layer: '* ]]
}

# The size of the layer as in the summary.
size_shown() {
    local compressed size kib permille
    read -r compressed size < <(jq -r '"\(.compressed_size_bytes) \(.size_bytes)"' layer.json)
    kib=$(((compressed * 10 + 512) / 1024)) permille=$((compressed * 1000 / size)) # both in tenths
    echo "$((kib / 10)).$((kib % 10)) KiB ($((permille / 10)).$((permille % 10)) %)"
}

@test "create --progress estimates the size from the old LAYER.json" {
    slow_tarpack
    zlsnap create --progress=always tree layer >out 2>err
    drawn err | grep -qE '^ [34][0-9]% \[=*> *\] 1\.[0-9] MiB/2\.6 MiB .* ETA 0:0[0-9]$'
    echo lies >layer.json
    zlsnap create --progress=always tree layer >out 2>err
    drawn err | grep -qE '^1\.[0-9] MiB  '
}

@test "extract, verify and info --progress draw a bar and print a summary" {
    # Enough random bytes to fill the pipes.
    head -c 6M /dev/urandom >tree/random
    zlsnap create -q tree layer >/dev/null
    fake zstd "for word; do [[ \$word != -*dc ]] || sleep 0.3; done; exec $(type -P zstd) \"\$@\""
    local command summary
    summary=" 7 entries, $(jq -r '"\(.compressed_size_bytes / 1048576 * 10 | round / 10) MiB to \(
        .size_bytes / 1048576 * 10 | round / 10) MiB"' layer.json) ([0-9.]* %) in [0-9.]* s, $(jq -r .digest layer.json)\$"
    zlsnap extract --progress=always layer copy >out 2>err
    drawn err | grep -qE '^ *[0-9]+% \[=*> *\] .*/[67]\.[0-9] MiB .* ETA '
    drawn err | tail -n 1 | grep -q "^zlsnap: copy:$summary"
    compare_trees tree copy
    assert_size_zero out
    rm -r copy
    zlsnap extract --progress=always --summary=summary layer copy 2>err
    drawn err | tail -n 1 | grep -qE '^zlsnap: copy: [67]\.[0-9] MiB in [0-9.]+ s, sha256:'
    assert_equal "$(jq .entries summary)" 7
    zlsnap verify --progress=always layer >out 2>err
    drawn err | grep -qE '^ *[0-9]+% \[=*> *\] '
    drawn err | tail -n 1 | grep -q "^zlsnap: layer:$summary"
    assert_equal "$(cat out)" 'layer: OK'
    zlsnap info --progress=always layer >out 2>err
    drawn err | grep -qE '^ *[0-9]+% \[=*> *\] '
    [[ $(tail -c 4 err) == *$'\r\e[K' ]]
}

@test "draws nothing with --progress=never or -q, without a terminal, or on a dumb one" {
    local options
    for options in --progress --progress=auto --progress=never '-q --progress=always'; do
        # shellcheck disable=SC2086
        zlsnap extract $options layer copy 2>err
        assert_size_zero err
        rm -r copy
    done
    requires_command script
    TERM=dumb run -0 script -qec 'zlsnap extract layer copy' /dev/null </dev/null
    assert_output ''
}

@test "draws on a terminal by default, also in the background" {
    requires_command script
    run -0 script -qec 'stty tostop; zlsnap extract layer copy' /dev/null </dev/null
    assert_output --partial 'zlsnap: copy: 6 entries, '
    compare_trees tree copy
}

@test "a message replaces the line, and a failure removes it" {
    slow_tarpack
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
    zlsnap create --progress=always tree layer >out 2>err
    [[ $(tr '\n' '|' <err) == *$'\r\e[Ktarpack: warning: socket'* ]]
    fake zstd 'exec head -c 100 >/dev/null'
    run -1 bash -c 'zlsnap create --progress=always tree other 2>err >out'
    drawn err >lines
    refute grep -q entries lines
    [[ $(tail -n 1 lines) == 'zlsnap: '* ]]
    refute_leftovers .
}

@test "a signal removes the line" {
    fake tarpack "$(readlink -f "$ZLSNAP_BIN/tarpack") \"\$@\" | (head -c 1M; sleep 0.2; head -c 1M; exec sleep 60)"
    zlsnap create --progress=always tree other >out 2>err &
    local zlsnap=$!
    until grep -q /s err; do sleep 0.02; done
    kill -TERM "$zlsnap"
    wait "$zlsnap" || assert_equal "$?" 143
    assert_equal "$(tail -c 4 err)" $'\r\e[K'
}

@test "an invalid value of --progress is a usage error" {
    local command
    for command in 'create tree other' 'extract layer copy' 'verify layer' 'info layer'; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr zlsnap $command --progress=often
        assert_one_line "'--progress' takes auto, always or never, not 'often'"
    done
}
