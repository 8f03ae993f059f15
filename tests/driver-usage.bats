#!/usr/bin/env bats
# The command line of zlsnap, and where it finds its programs.
# shellcheck disable=SC2154
# shellcheck disable=SC2030,SC2031

load helpers
load driver

commands=(create describe extract verify list info mtree digest diff oci push pull sync restore snapshots status check copy forget gc
    clean)

# The help of each command.
setup_file() {
    local command
    mkdir "$BATS_FILE_TMPDIR/help"
    for command in "${commands[@]}"; do
        zlsnap "$command" --help >"$BATS_FILE_TMPDIR/help/$command"
    done
}

setup() {
    enter_work
    help=$BATS_FILE_TMPDIR/help
}

@test "no function of the driver is defined twice" {
    run -0 sed -nE 's/^([a-z_0-9]+)\(\) [({].*/\1/p' "$PROJECT"/zlsnap.sh "$PROJECT"/driver/*/*.sh
    assert_equal "$(sort <<<"$output" | uniq -d)" ''
    ((${#lines[@]} > 200))
}

# options_said COMMAND OPTION...: prints the status and the message of the command for each option, in a line. Only its
# options are read, by one process.
options_said() (
    local parts=("$PROJECT"/driver/*/*.sh) word
    parts=("${parts[@]#"$PROJECT/driver/"}")
    source_parts "${parts[@]%.sh}"
    # shellcheck disable=SC2034 # the driver's
    local -A option=()
    # shellcheck disable=SC2034 # the driver's
    local command=$1 messages=1 drawn=
    eval "read_$(declare -f options_read)"
    # shellcheck disable=SC2317 # the commands call it
    options_read() {
        read_options_read "$@"
        echo 'zlsnap: '
        exit
    }
    for word in "${@:2}"; do
        said=$("command_$command" "$word") && status=0 || status=$?
        printf '%s\n' "$status ${said#zlsnap: }"
    done
)

# refute_layer TEXT: each command that accepts a layer without a digest prints one line with TEXT, status 3.
refute_layer() {
    local words
    for words in 'list file' 'info file' 'mtree file' 'diff tree file' 'extract --no-verify file out'; do
        # shellcheck disable=SC2086
        run -3 --separate-stderr zlsnap $words
        assert_one_line "file: $1"
        assert_output ''
    done
    refute_leftovers .
}

# refute_usage TEXT ARGUMENT...: the arguments are a usage error, reported in one line that contains TEXT.
refute_usage() {
    run -2 --separate-stderr zlsnap "${@:2}"
    assert_one_line "$1"
    assert_said "; try 'zlsnap .*--help'\$"
    assert_output ''
}

@test "a file that is not a layer is reported as such, not as damaged" {
    mkdir tree
    seq 1000 >file
    refute_layer 'is not a layer'
    tar -cf file tree
    refute_layer 'is not a layer'
    : >file
    refute_layer 'is empty'
}

@test "--help and --version that can't be printed: one line, status 1" {
    local words
    for words in --help --version 'create --help' 'diff -V'; do
        # shellcheck disable=SC2016
        run -1 --separate-stderr bash -c "zlsnap $words >/dev/full"
        assert_one_line 'cannot write to standard output'
        run -1 --separate-stderr bash -c "zlsnap $words >&-"
        assert_one_line 'cannot write to standard output'
    done
}

# help_closed COMMAND
help_closed() {
    zlsnap "$1" --help >&"$closed"
}

@test "--help: no message if the reader has closed the pipe" {
    local command reader closed
    mkfifo pipe
    cat pipe >/dev/null &
    reader=$!
    exec {closed}>pipe
    kill "$reader"
    wait "$reader" || :
    for command in "${commands[@]}"; do
        run -141 help_closed "$command"
        assert_output ''
    done
    exec {closed}>&-
}

@test "--help and --version go to standard output, with and without a command" {
    local command option
    for option in -h --help; do
        run -0 --separate-stderr zlsnap "$option"
        assert_line --partial 'Usage: zlsnap COMMAND'
        assert_stderr 0 ''
    done
    for command in "${commands[@]}"; do
        run -0 --separate-stderr zlsnap "$command" -h
        assert_line --partial "Usage: zlsnap $command"
        assert_stderr 0 ''
        assert_equal "$output" "$(<"$help/$command")"
    done
    for option in -V --version; do
        run -0 zlsnap "$option"
        assert_output "$(tarpack --version | sed 's/^tarpack/zlsnap/')"
        run -0 zlsnap create "$option"
        assert_output "$(tarpack --version | sed 's/^tarpack/zlsnap/')"
    done
}

# options_of_manual COMMAND: prints the long options in the manual's section on the command.
options_of_manual() {
    sed -n "/^\\.Ss zlsnap $1/,/^\\.S[hs]/s/^\\.\\(It .*\\)\\{0,1\\}Fl -\\([a-z-]*\\).*/--\\2/p" \
        "$PROJECT/doc/zlsnap.1"
}

@test "the help has at most 90 columns and names each option of the manual" {
    local command option
    for command in "${commands[@]}"; do
        run -0 cat "$help/$command"
        refute_line --regexp '.{91}'
        for option in $(options_of_manual "$command"); do
            assert_output --partial -- "$option"
        done
    done
    run -0 options_of_manual create
    assert_line --rsyncable
    assert_line --exclude
}

@test "the manual names each option in the help" {
    local command option manual
    manual=$(sed 's/\\&//g' "$PROJECT/doc/zlsnap.1")
    for command in "${commands[@]}"; do
        while read -r option; do
            grep -qE -e "(Fl |Ql .*-)${option#-}( |=|\$|,)" <<<"$manual" || fail "$command: $option"
        done < <(sed -n 's/^ \{2,6\}\(-. *,\)\{0,1\} *\(--[a-z-]*\).*/\2/p' "$help/$command")
    done
}

# assert_taken COMMAND OPTION...: the command has these options.
assert_taken() {
    run -0 options_said "$@"
    assert_equal "${#lines[@]}" $(($# - 1))
    refute_output --partial 'unknown option'
}

@test "messages recommend only options that the command has" {
    local command option sources options
    (cd "$PROJECT" && tests/advice.py driver zlsnap.sh driver/*/*.sh) >advice
    grep -qx 'extract --no-verify' advice
    while read -r command option; do
        assert_taken "$command" "$option"
    done <advice
    # Messages of the programs. Excluded are the options that only the driver uses, and those for packs.
    mapfile -t sources < <(find "$PROJECT/tarpack" -name '*.c')
    "$PROJECT/tests/advice.py" program "${sources[@]}" >advice
    grep -qx -e --live advice
    mapfile -t options < <(grep -vxE -e '--(cache|chunks|contents|known|known-chunks|manifest|summary)' advice)
    for command in create digest diff sync status; do
        assert_taken "$command" "${options[@]}"
    done
    mapfile -t sources < <(find "$PROJECT/tarunpack" -name '*.c')
    "$PROJECT/tests/advice.py" program "${sources[@]}" >advice
    grep -qx -e --merge advice
    mapfile -t options < <(grep -vxE -e '--(adopt|clean|dry-run|from-manifest|json|list|manifest|older-than)' advice)
    for command in extract restore; do
        assert_taken "$command" "${options[@]}"
    done
}

@test "without LAYER.json, the message recommends options of the command" {
    made_once make_layer
    rm layer.json
    refute_usage 'there is no layer.json: give the digest with --expect; ' verify layer
    refute_usage 'there is no layer.json: give the digest with --expect, or --no-verify; ' extract layer out
    local words
    for words in 'list layer' 'mtree layer' 'info layer' 'diff tree layer'; do
        # shellcheck disable=SC2086
        run -0 zlsnap $words
    done
}

@test "each command accepts the options in its help" {
    local command options
    for command in "${commands[@]}"; do
        # The text mentions --manifest of tarpack.
        mapfile -t options < <(grep -o -e '--[a-z][a-z-]*' "$help/$command" | grep -vx -e --help -e --manifest)
        assert_taken "$command" "${options[@]}"
    done
}

@test "the help names every command" {
    run -0 zlsnap --help
    local command
    for command in "${commands[@]}"; do
        assert_line --regexp "^  $command "
    done
}

@test "help COMMAND is COMMAND --help, and help alone is --help" {
    local command
    for command in "${commands[@]}"; do
        assert_equal "$(zlsnap help "$command")" "$(zlsnap "$command" --help)"
    done
    assert_equal "$(zlsnap help)" "$(zlsnap --help)"
    assert_equal "$(zlsnap help help)" "$(zlsnap --help)"
    assert_equal "$(zlsnap help --help)" "$(zlsnap --help)"
    refute_usage "unknown command 'snapshot'" help snapshot
    refute_usage "extra operand 'b'" help create b
}

@test "-q and --progress may come before the command" {
    mkdir tree
    run -0 --separate-stderr zlsnap --progress=always create tree b.tar.zst
    assert_equal "$(grep -c 'b.tar.zst: 1 entry,' <<<"$stderr")" 1
    refute_usage "unknown option '--progress'" --progress digest tree
    refute_usage 'missing command' -q
}

@test "a missing and an unknown command are usage errors" {
    refute_usage 'missing command'
    refute_usage "unknown command 'snapshot'" snapshot a b
    refute_usage "unknown option '--quick'" --quick create a b
    refute_usage "unknown command '\$'" $'\n'
}

@test "a name in a message is escaped if it has control characters, also C1, or is not UTF-8" {
    run -1 --separate-stderr zlsnap list $'a\xff'
    assert_one_line "zlsnap: \$'a\\377': no such file"
    run -1 --separate-stderr zlsnap list $'a\xc2\x9b'
    assert_one_line "zlsnap: \$'a\\302\\233': no such file"
    run -1 --separate-stderr zlsnap list $'\e[1m'
    assert_one_line "zlsnap: \$'\\E[1m': no such file"
    run -1 --separate-stderr zlsnap list $'caf\xc3\xa9 \xf0\x9f\x98\x80'
    assert_one_line $'zlsnap: caf\xc3\xa9 \xf0\x9f\x98\x80: no such file'
}

@test "missing, extra and empty operands are usage errors" {
    refute_usage 'missing operand DIR' create
    refute_usage 'missing operand LAYER' create tree
    refute_usage "extra operand 'third'" create tree layer third
    refute_usage 'missing operand DIR' extract layer
    refute_usage "extra operand 'b'" verify a b
    refute_usage 'the operand DIR is empty' create '' layer
    refute_usage 'the operand DIR is empty' extract layer ''
    local command
    for command in verify list info mtree; do
        refute_usage 'missing operand LAYER' "$command"
    done
    refute_usage 'standard input has no LAYER.json' verify -
    refute_usage 'only one of A and B can be standard input' diff - /dev/stdin
    refute_usage 'only one LAYER can be standard input' oci -o image - -
    refute_usage "'--metadata' is for a file" info --metadata -
    refute_usage 'push needs a file as LAYER' push - s3://bucket
    refute_usage 'push needs a file as LAYER' push - docker://localhost/name
    refute_usage 'LAYER must be a file here' pull docker://localhost/name -
    refute_usage 'missing operand DIR' digest
}

@test "unknown options, missing values and extra values are usage errors" {
    local command
    for command in "${commands[@]}"; do
        run -0 options_said "$command" --nothing --nothing=1 -Z --= --quiet=yes
        assert_output "2 unknown option '--nothing'; try 'zlsnap $command --help'
2 unknown option '--nothing'; try 'zlsnap $command --help'
2 unknown option '-Z'; try 'zlsnap $command --help'
2 unknown option '--'; try 'zlsnap $command --help'
2 option '--quiet' takes no value; try 'zlsnap $command --help'"
    done
    refute_usage "unknown option '--nothing'" create --nothing a b
    refute_usage "unknown option '--nothing'" create --nothing=1 a b
    refute_usage "unknown option '-Z'" create -Z a b
    refute_usage "unknown option '--'" create --= a b
    refute_usage "option '--quiet' takes no value" create --quiet=yes a b
    refute_usage "unknown option '--manifest'" create --manifest tree layer
    refute_usage "unknown option '--summary'" create --summary=file tree layer
    refute_usage "option '--level' needs a value" create tree layer -l
    refute_usage "option '--level' needs a value" create tree layer --level
    refute_usage "option '--exclude' needs a value" create tree layer --exclude
    refute_usage "option '--expect' needs a value" verify layer --expect
    refute_usage "option '--live' takes no value" create --live=1 tree layer
    refute_usage "unknown option '--level --threads'" create '--level --threads' tree layer
    refute_usage "unknown option '\$'--\\n''" create $'--\n' tree layer
}

@test "invalid numbers and numbers out of range are usage errors" {
    local value
    for value in 0 23 -1 3x 03 '' 99999999999999999999 '1+1'; do
        refute_usage "option '--level' takes a number from 1 to 22" create --level="$value" tree layer
    done
    for value in 257 -1 x ''; do
        refute_usage "option '--threads' takes a number from 0 to 256" create -T "$value" tree layer
    done
    for value in 9 28 x; do
        refute_usage "option '--long' takes a number from 10 to 27" create --long="$value" tree layer
    done
}

@test "options may follow operands; short options may be joined, also with a value" {
    made_once make_layer
    zlsnap create tree -l1 one -q -T 1 >/dev/null
    zlsnap create -qT1 tree two --level 1 >/dev/null
    zlsnap create -ql1 tree -T1 three >/dev/null
    zlsnap create --threads=1 -q --level=1 -- tree four >/dev/null
    cmp one two && cmp one three && cmp one four
    zlsnap list -qv one >/dev/null
    run -1 --separate-stderr zlsnap list -- -v
    assert_one_line 'no such file'
}

@test "a missing program is named" {
    made_once make_layer
    local program
    for program in zstd jq; do
        without_program "$program"
        run -1 --separate-stderr zlsnap create tree other
        assert_one_line "$program not found"
        run -1 --separate-stderr zlsnap verify layer
        assert_one_line "$program not found"
        run -1 --separate-stderr zlsnap extract layer copy
        assert_one_line "$program not found"
        refute_leftovers .
    done
}

@test "extract with --expect needs no jq" {
    made_once make_layer
    local digest
    digest=$(jq -r .digest layer.json)
    without_program jq
    zlsnap extract -e "$digest" layer copy
}

@test "uses the programs beside it, not those on the PATH" {
    mkdir tree bad
    printf '#!/bin/sh\nexit 9\n' | tee bad/tarpack bad/shasum-tee bad/tarunpack >/dev/null
    chmod +x bad/*
    PATH=$PWD/bad:$PATH "$ZLSNAP_BIN/zlsnap" create tree layer >/dev/null
    PATH=$PWD/bad:$PATH "$ZLSNAP_BIN/zlsnap" extract layer copy
}

@test "runs from the source tree, through links, with any name and from any directory" {
    mkdir tree
    ln -s "$ZLSNAP_BIN/zlsnap" 'a link'
    zlsnap digest tree >expected
    './a link' digest tree | cmp - expected
    bash './a link' digest tree | cmp - expected
    (cd / && "$OLDPWD/a link" digest "$OLDPWD/tree") | cmp - expected
    (cd "$ZLSNAP_BIN" && PATH=.:/usr/bin:/bin && zlsnap digest "$OLDPWD/tree") | cmp - expected
    "$PROJECT/zlsnap.sh" digest tree | cmp - expected
}

@test "a missing program of zlsnap itself is named" {
    mkdir alone
    cp -L "$PROJECT/zlsnap.sh" alone/zlsnap.sh
    cp -R "$PROJECT/driver" alone/driver
    run -1 --separate-stderr env PATH=/usr/bin:/bin alone/zlsnap.sh digest alone
    assert_one_line 'tarpack not found'
}

@test "the user's locale, IFS and shell variables have no effect" {
    made_once make_layer
    run -0 --separate-stderr env LC_ALL=tr_TR.UTF-8 IFS=0123456789 POSIXLY_CORRECT=1 CDPATH=/ GREP_OPTIONS=-v \
        zlsnap verify layer
    assert_output 'layer: OK'
    env LC_ALL=de_DE.UTF-8 POSIXLY_CORRECT=1 zlsnap create -q tree other -l 3 >/dev/null
    cmp layer other
}

@test "all names may end with a newline" {
    local d=$'d\n' l=$'l\n' o=$'o\n'
    mkdir "$d"
    echo content >"$d/file"
    zlsnap create "$d" "$l" >/dev/null
    run -0 zlsnap verify "$l"
    assert_output "\$'l\\n': OK"
    run -0 zlsnap list --names "$l"
    run -0 zlsnap info "$l"
    zlsnap mtree "$l" >manifest
    assert_equal "sha256:$(sha256sum <manifest | cut -d ' ' -f 1)" "$(zlsnap digest "$d")"
    run -0 zlsnap diff "$d" "$l"
    zlsnap extract "$l" $'out\n'
    compare_trees "$d" $'out\n'
    zlsnap oci -o "$o" "$l" >/dev/null
    zlsnap oci -o "$o:two" "oci:$o" "$l" >/dev/null
    zlsnap extract --replace "oci:$o:two" $'out\n'
    compare_trees "$d" $'out\n'
    ln -s "$d" $'link\n'
    run -1 --separate-stderr zlsnap extract "oci:$o:two" $'link\n'
    assert_one_line "is a symbolic link to \$'d\\n'"
    mkdir -p "$d"/.x.zlsnap-abcdef tmp/"$d"
    TMPDIR=$PWD/tmp/$d run -0 zlsnap clean --older-than=0 --state="$d" "$d"
    assert_output "\$'d\\n'/.x.zlsnap-abcdef"
    assert_not_exists "$d"/.x.zlsnap-abcdef
}

@test "extract --replace refuses to replace a directory that contains the layer, through any path" {
    local name
    for name in $'d\n' d; do
        mkdir "$name"
        echo content >"$name/file"
        zlsnap create "$name" layer >/dev/null
        mv layer "$name/l"
        mv layer.json "$name/l.json"
        refute_usage 'contains the layer itself' extract --replace "$name/l" "$name"
        ln -s "$name/l" link
        cp "$name/l.json" link.json
        refute_usage 'contains the layer itself' extract --replace link "$name"
        ln -s "$PWD/$name" elsewhere
        refute_usage 'contains the layer itself' extract --replace elsewhere/l "$name"
        assert_exists "$name/l"
        rm link link.json elsewhere
    done
}

@test "-X reads patterns from standard input and other descriptors" {
    mkdir tree
    touch tree/{a,b,c}
    printf 'a\nb\n' >patterns
    zlsnap create -X patterns tree expected >/dev/null
    zlsnap digest -X patterns tree >expected.digest
    assert_equal "$(zlsnap list --names expected | xargs)" './ c'
    local file
    for file in - /dev/stdin //dev/stdin /dev/./fd/0 /proc/self//fd/0; do
        zlsnap create -X "$file" tree layer >/dev/null < <(cat patterns)
        cmp layer expected
        zlsnap create -X "$file" tree layer <patterns >/dev/null
        cmp layer expected
        zlsnap digest -X "$file" tree < <(cat patterns) | cmp - expected.digest
        zlsnap diff -X "$file" tree layer < <(cat patterns)
    done
    for file in {3..12}; do
        eval "zlsnap create -X /dev/fd/$file tree layer $file<patterns" >/dev/null
        cmp layer expected
        eval "zlsnap digest -X /dev/fd/$file tree $file<patterns" | cmp - expected.digest
    done
    zlsnap create -X <(cat patterns) tree layer >/dev/null
    cmp layer expected
    zlsnap digest -X <(cat patterns) tree | cmp - expected.digest
    # Without -X, standard input is not read.
    (zlsnap create tree layer >/dev/null && zlsnap digest tree >/dev/null && cat) <patterns >left
    cmp left patterns
}

@test "-X refuses a pipe if tarpack runs twice, and a terminal" {
    mkdir tree other
    local file
    for file in - /dev/stdin /dev/fd/3; do
        refute_usage 'must be a regular file' diff -X "$file" tree other </dev/null 3<<<a
        refute_usage 'must be a regular file' sync -X "$file" web/1 tree s3://bucket </dev/null 3<<<a
    done
    refute_usage 'must be a regular file' diff -X <(echo a) tree other
    # The terminal is standard input; messages go to a file.
    run -2 "$PROJECT/tests/terminal.py" '' bash -c 'exec zlsnap digest -X - tree >said 2>&1' </dev/null
    assert_equal "$(<said)" \
        "zlsnap: standard input is a terminal; patterns are read from a file or a pipe; try 'zlsnap digest --help'"
    zlsnap create tree layer >/dev/null
    refute_usage 'standard input cannot be both' diff -X - tree - <layer
    # tarpack's message.
    run -1 --separate-stderr zlsnap create -X absent tree layer
    assert_stderr 1 '^tarpack: absent: '
    for file in - /dev/stdin //dev/stdin; do
        run -1 --separate-stderr bash -c "zlsnap create -X $file tree layer <&-"
        assert_one_line 'standard input is closed'
    done
}

@test "works with standard error closed" {
    made_once make_layer
    run -0 bash -c 'zlsnap verify layer 2>&-'
    run -0 bash -c 'zlsnap extract layer copy 2>&-'
    compare_trees tree copy
    run -1 bash -c 'zlsnap extract layer copy 2>&-'
    bash -c 'zlsnap create tree other >/dev/null 2>&-'
    zlsnap verify other
}
