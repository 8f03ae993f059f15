#!/usr/bin/env bats
# The manuals describe exactly the options, variables and files of the programs.

load helpers

PROGRAMS='tarpack tarunpack shasum-tee tarstore tarjoin mtreediff'
PAGES=(doc/zlsnap.1 doc/zlsnap.7 mtreediff/mtreediff.1 shasum-tee/shasum-tee.1 tarjoin/tarjoin.1
    tarpack/tarpack.1 tarstore/tarstore.1 tarunpack/tarunpack.1)

setup() {
    requires_command mandoc
    cd "$PROJECT" || return
}

# rendered PAGE: prints the page without its examples, each paragraph on one line.
rendered() {
    mandoc -T utf8 -O width=300 "$1" | col -bx | sed '/^EXAMPLES/,/^[^ E]/d'
}

# options: prints the options in standard input, sorted: -l, --name, and with a value --name= or --name[=
options() {
    grep -oE -- '(^|[ ,(])(-[[:alnum:]]|--[a-z][a-z-]*(\[?=)?)' | tr -d ' ,(' | sort -u
}

# option_names: the same without the values.
option_names() {
    options | sed 's/\[*=$//' | sort -u
}

# items: prints the names of the options that standard input describes, one line for each description.
items() {
    grep -E '^ +-' | sed -E 's/([^ ])  .*/\1/'
}

# commands: prints the commands of zlsnap.
commands() {
    sed -n 's/^command_\([a-z]*\)() {$/\1/p' driver/*/*.sh | sort
}

# nothing: fails and prints standard input if it is not empty.
nothing() {
    local lines
    lines=$(cat)
    [ -z "$lines" ] || fail "$1: $lines"
}

@test "a program's manual describes exactly the options and values that the program accepts" {
    local program
    for program in $PROGRAMS; do
        # As in the tables for getopt_long(3).
        {
            sed -n -E 's/^ *\{"([a-z-]*)", (no|required|optional)_argument.*/--\1 \2/p' \
                "$program/options.c" | sed 's/ no$//; s/ required/=/; s/ optional/[=/'
            grep -oE '":[A-Za-z:]{3,}"' "$program/options.c" | grep -o '[A-Za-z]' | sed 's/^/-/'
        } | sort -u >"$BATS_TEST_TMPDIR/options"
        grep -q . "$BATS_TEST_TMPDIR/options"
        rendered "$program/$program.1" | items | options | diff -u "$BATS_TEST_TMPDIR/options" -
    done
}

@test "a program's manual and its --help have the same options" {
    local program
    for program in $PROGRAMS; do
        rendered "$program/$program.1" | items | options >"$BATS_TEST_TMPDIR/manual"
        "$program" --help | items | options >"$BATS_TEST_TMPDIR/help"
        grep -q . "$BATS_TEST_TMPDIR/help"
        comm -13 "$BATS_TEST_TMPDIR"/{manual,help} | nothing "not in $program.1"
        # The help may describe two related options on one line.
        "$program" --help | option_names >"$BATS_TEST_TMPDIR/help"
        option_names <"$BATS_TEST_TMPDIR/manual" | comm -23 - "$BATS_TEST_TMPDIR/help" |
            nothing "not in $program --help"
    done
}

@test "a program's synopsis has the described options, the short form if there is one" {
    local program limits
    for program in $PROGRAMS; do
        limits='' # tarunpack's are one in its synopsis
        [[ $program != tarunpack ]] || limits='s/^--max-.*/--max-LIMIT/'
        rendered "$program/$program.1" | items | sed -E 's/^( +-[[:alnum:]])[ ,].*/\1/' | option_names |
            grep -vx -e -h -e -V | sed "$limits" | sort -u >"$BATS_TEST_TMPDIR/described"
        grep -q . "$BATS_TEST_TMPDIR/described"
        rendered "$program/$program.1" | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' |
            grep -oE -- '[[ ]--?[[:alpha:]-]+' | tr -d '[ ' >"$BATS_TEST_TMPDIR/synopsis"
        {
            grep '^--' "$BATS_TEST_TMPDIR/synopsis"
            grep '^-[^-]' "$BATS_TEST_TMPDIR/synopsis" | grep -o '[^-]' | sed 's/^/-/'
        } | sort -u | diff - "$BATS_TEST_TMPDIR/described"
    done
}

@test "zlsnap(1) and the --help of its commands have the same options" {
    local command
    {
        zlsnap --help
        commands | while read -r command; do
            zlsnap "$command" --help
        done
    } | option_names >"$BATS_TEST_TMPDIR/help"
    rendered doc/zlsnap.1 | option_names >"$BATS_TEST_TMPDIR/manual"
    # The manual also mentions options of tar and zstd.
    diff -u <(grep -vx -e -t -e -f "$BATS_TEST_TMPDIR/manual") \
        <(grep -vx -e -t -e -f "$BATS_TEST_TMPDIR/help")
}

@test "zlsnap(1) describes exactly the existing commands" {
    diff <({ commands && echo help; } | sort) \
        <(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/ s/^\.Cm \([a-z]*\)$/\1/p' doc/zlsnap.1 | sort -u)
}

@test "zlsnap(7) describes every environment variable that is read" {
    {
        grep -ohE '\$\{[A-Z][A-Z0-9_]+:?-' zlsnap.sh driver/*/*.sh
        grep -rohE --include='*.c' --exclude-dir={tests,build} 'getenv\("[A-Z_0-9]+"' .
    } | tr -dc 'A-Z0-9_\n' | grep -vxE 'ZLSNAP_(DRAWN|OUTPUT)' | # for zlsnap's own programs only
        sort -u >"$BATS_TEST_TMPDIR/read"
    grep -qx TMPDIR "$BATS_TEST_TMPDIR/read"
    sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh FILES/ s/^\.It Ev //p' doc/zlsnap.7 | tr -s ' ,' '\n' |
        sort -u | comm -23 "$BATS_TEST_TMPDIR/read" - | nothing 'not in zlsnap.7'
}

@test "zlsnap(7) describes the keys of LAYER.json" {
    mkdir "$BATS_TEST_TMPDIR/tree"
    zlsnap create "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/layer" >/dev/null
    diff <(jq -r 'keys[]' "$BATS_TEST_TMPDIR/layer.json") \
        <(sed -n '/^\.Ss The metadata file/,/^\.Sh/ s/^\.It Li //p' doc/zlsnap.7 | sort)
}

@test "all manuals have examples, exit status and security considerations, and refer to zlsnap(7)" {
    local page section
    for page in "${PAGES[@]}"; do
        for section in 'EXIT STATUS' EXAMPLES 'SEE ALSO' 'SECURITY CONSIDERATIONS'; do
            grep -qx ".Sh $section" "$page" || fail "$page: no $section"
        done
        [ "$page" = doc/zlsnap.7 ] || grep -q '^\.Xr zlsnap 7' "$page" || fail "$page: no zlsnap(7)"
    done
    assert_equal "$(echo */*.[1-9])" "${PAGES[*]}"
}

@test "mandoc accepts all manuals, and they refer only to existing pages" {
    local page name section
    run -0 mandoc -T lint -W warning "${PAGES[@]}"
    for page in "${PAGES[@]}"; do
        sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' "$page" | while read -r name section; do
            case $name in
            tarpack | tarunpack | shasum-tee | tarstore | tarjoin | mtreediff | zlsnap)
                compgen -G "*/$name.$section" >/dev/null || fail "$page: $name($section)"
                ;;
            esac
        done
    done
}
