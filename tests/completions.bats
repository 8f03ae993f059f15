#!/usr/bin/env bats
# The completions of bash, zsh and fish offer exactly the options of --help, and quote any file name.

load helpers
load driver

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    help_read >help
    mkdir -p values/dir
    touch values/file
}

setup() {
    enter_work
}

# --------------------------------------------------------------------------- options in --help

# callers: prints the programs and the commands of zlsnap as they are typed.
callers() {
    printf '%s\n' tarpack tarunpack shasum-tee tarstore tarjoin mtreediff
    zlsnap --help | sed -n 's/^  \([a-z][a-z]*\) .*/zlsnap \1/p' | sort -u
}

# help_read: prints all options, as "CALLER -LETTER" or "CALLER --NAME=VALUE".
help_read() {
    local caller
    callers | while read -r caller; do
        {
            [[ $caller == 'zlsnap help' ]] || $caller --help
            case $caller in
            zlsnap*) # according to zlsnap --help, every command has these three
                printf '  %s\n' '-q, --quiet' '-h, --help' '-V, --version'
                [[ $caller != *status ]] || # its help refers to zlsnap sync
                    zlsnap sync --help | sed -n '/^For tarpack:/,/^$/p'
                ;;
            esac
        } | help_options | sed "s/^/$caller /"
    done | sort -u
}

# help_options: reads a help text and prints the options in its list and in its usage lines.
help_options() {
    sed -nE '/^(Usage|  +or): /s/[][]/ /gp; /^ +-/{s/^ +//; s/  .*//; p}' |
        grep -oE -e '--[a-z][a-z-]*(\[=[^]]*\]|=[^ ,]*)?' -e '(^|[ ,])-[A-Za-z],' | tr -d ' ,'
}

# expected bash|zsh|fish: prints the expected offers in a directory with a file and a directory: the commands, and
# for each caller its options and their values. bash is offered no short options, but the = of long options that
# take a value.
expected() {
    callers | sed -n 's/^zlsnap \(.*\)/zlsnap \t\1\nzlsnap help \t\1/p'
    if [ "$1" = bash ]; then
        printf 'zlsnap -\t%s\n' --help --version
        sed -nE 's/^(.*) (--[^=]*=?).*/\1 -\t\2/p' "$BATS_FILE_TMPDIR/help" |
            sed -E '/\[=/ { s/\[=//p; s/$/=/ }'
    else
        printf 'zlsnap -\t%s\n' --help --version -h -V
        sed -nE 's/^(.*) (--?[A-Za-z-]+).*/\1 -\t\2/p' "$BATS_FILE_TMPDIR/help"
    fi
    {
        sed -nE 's/^(.* --[a-z-]+)(\[)?=([^]]*).*/\1= \3/p' "$BATS_FILE_TMPDIR/help"
        sed -nE 's/^(.* --[a-z-]+)=(.*)/\1 \2/p' "$BATS_FILE_TMPDIR/help"
    } | expected_values
}

# expected_values: reads "CALLER --NAME= VALUE" or "CALLER --NAME VALUE", where VALUE is as in the help, and prints
# a line for each offer.
expected_values() {
    local line option values
    while read -r line; do
        values=${line##* } line=${line% *}
        option=${line##* }
        case ${option%=}=$values in
        *=DIR* | *=STAGING) values=dir ;;
        *=FILE) values='dir file' ;;
        *=WHEN) values='auto always never' ;;
        --format=FORM) values='text json' ;;
        --algorithm=N) values='256 384 512' ;;
        --arch=ARCH) values='amd64 arm64 arm 386 ppc64le riscv64 s390x' ;;
        --platform=*) values='linux/amd64 linux/arm64 linux/arm/v7 linux/386' ;;
        --tls-verify=false) values='true false' ;;
        *=*[A-Z]*) continue ;;
        esac
        [[ $line == *= ]] || line+=' '
        # shellcheck disable=SC2086 # a list
        printf "$line\t%s\n" ${values//|/ }
    done
}

# lines: prints command lines whose completions together offer everything.
lines() {
    printf '%s\n' 'zlsnap ' 'zlsnap help ' 'zlsnap -'
    callers | sed 's/$/ -/'
    sed -nE 's/^(.* --[a-z-]+)(\[)?=.*/\1=/p' "$BATS_FILE_TMPDIR/help"
    sed -nE 's/^(.* --[a-z-]+)=.*/\1 /p' "$BATS_FILE_TMPDIR/help"
}

# --------------------------------------------------------------------------- the shells

# complete_SHELL: reads command lines, and prints each offer at their ends: the line, a tab, the word.

# Runs without readline, which would change the words, and without programs, since it needs none.
complete_bash() {
    env -i PATH=/nonexistent "$BASH" --norc -u -c '
        source "$1"
        while IFS= read -r COMP_LINE; do
            COMP_POINT=${#COMP_LINE}
            _zlsnap "${COMP_LINE%% *}" "${COMP_LINE##*[ =:]}"
            ((${#COMPREPLY[@]} == 0)) || printf "$COMP_LINE\t%s\n" "${COMPREPLY[@]}"
        done' bash "$PROJECT/completions/zlsnap.bash" | sort -u
}

# zsh completes only in an interactive shell. Every offer goes through compadd.
complete_zsh() {
    zsh_rc '
        unsetopt auto_list
        compadd() {
            local -a hits
            if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
                builtin compadd -A hits "$@"
                print -rl -- "$LBUFFER"$'\''\t'\''${^hits} >>$ZDOTDIR/hits
            fi
            builtin compadd "$@"
        }'
    {
        sed 's/$/\\t\\x15/'
        printf '%s\n' 'exit\r'
    } | ZDOTDIR=$BATS_TEST_TMPDIR terminal zsh -d -i
    grep -v '^$' "$BATS_TEST_TMPDIR/hits" | sort -u
}

complete_fish() {
    HOME=$BATS_TEST_TMPDIR fish --no-config -c '
        source $argv[1]
        while read -l line
            for found in (complete -C $line)
                string split \t -- $found | read -l word
                printf "%s\t%s\n" $line (string replace -r "(?<=.)/\$" "" -- $word)
            end
        end' "$PROJECT/completions/zlsnap.fish" | sed -E 's/\t--[a-z-]+=(.)/\t\1/; s/=$//' | sort -u
}

# terminal SHELL [ARGUMENT]...: runs the shell on a terminal and types standard input.
terminal() {
    HOME=$BATS_TEST_TMPDIR TERM=xterm "$PROJECT/tests/terminal.py" 'ready>' "$@" \
        >"$BATS_TEST_TMPDIR/screen"
}

# zsh_rc COMMANDS: makes the start-up file of zsh, which also runs COMMANDS.
zsh_rc() {
    printf '%s\n' "fpath=('$PROJECT/completions' \$fpath)" 'PS1="ready> "' \
        'autoload -Uz compinit' 'compinit -D -u' "$1" >"$BATS_TEST_TMPDIR/.zshrc"
}

# --------------------------------------------------------------------------- offers

# offers_all SHELL: the shell offers what is expected.
offers_all() {
    cd "$BATS_FILE_TMPDIR/values" || return
    lines >"$BATS_TEST_TMPDIR/lines"
    expected "$1" | sort -u >"$BATS_TEST_TMPDIR/expected"
    "complete_$1" <"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/offered"
    diff -U 0 "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/offered"
}

@test "help_read finds known options" {
    local line
    for line in 'tarpack -X' 'tarpack --exclude-from=FILE' 'zlsnap create --long[=N]' \
        'zlsnap oci -o' 'zlsnap status --whiteouts=oci|raw' 'zlsnap list --quiet'; do
        run -0 grep -cFx -e "$line" "$BATS_FILE_TMPDIR/help"
    done
    run -0 callers
    assert_line 'zlsnap gc'
}

@test "bash offers exactly the commands, options and values of --help" {
    run offers_all bash
    assert_output ''
}

@test "zsh offers exactly the commands, options and values of --help" {
    requires_command zsh python3
    run offers_all zsh
    assert_output ''
}

@test "fish offers exactly the commands, options and values of --help" {
    requires_command fish
    run offers_all fish
    assert_output ''
}

# --------------------------------------------------------------------------- file names

# Each begins with another letter. A name that a shell evaluates makes the file "ran".
LAYERS=('a b.tar.zst' 'c$(touch ran).tar.zst' 'd`touch ran`.tar.zst' 'e*?[x]{y,z}.tar.zst'
    'f"g.tar.zst' "h'i.tar.zst" 'j;touch ran&.tar.zst' 'k\l.tar.zst' $'m\nn.tar.zst'
    'w!p #q.tar.zst' 'é ü.tar.zst')

# type KEYS ARGUMENT...: adds KEYS to the keys to type, and the ARGUMENTs to the expected arguments.
type() {
    printf '%s\\r' "$1" >>../keys
    shift
    (($# == 0)) || printf '<%s>' "$@" >>../expected
}

# type_names: changes to a directory with the names, and types for each of them. Here, the programs only write
# their arguments to the file "called".
type_names() {
    local program name LC_ALL=C.UTF-8
    mkdir bin names only
    for program in zlsnap tarpack tarunpack shasum-tee mtreediff zstd skopeo s3cmd jq; do
        printf '#!/bin/sh\nprintf "<%%s>" "$@" >>"%s/called"\n' "$PWD" >"bin/$program"
        chmod +x "bin/$program"
    done
    PATH=$PWD/bin:$PATH
    cd names || return
    touch -- "${LAYERS[@]}" 'r s'
    mkdir -p -- 't u/n *o' 'v(w' '-x y' '../only/-x y'
    touch 't u/l m.tar.zst'
    for name in "${LAYERS[@]}"; do
        type "zlsnap verify ${name:0:1}\\t" verify "$name"
    done
    type 'zlsnap extract "a\t t\t' extract "${LAYERS[0]}" 't u/'
    type "zlsnap extr\\t 'c\\t v\\t" extract "${LAYERS[1]}" 'v(w/'
    type 'zlsnap verify --expect 0 oci:t\t' verify --expect 0 'oci:t u/'
    type 'zlsnap digest t\tn\t' digest 't u/n *o/'
    type 'zlsnap verify t\tl\t' verify 't u/l m.tar.zst'
    type 'zlsnap create t\t r\t' create 't u/' 'r s'
    type 'zlsnap pull docker:\thost/name oci:t\t' pull docker://host/name 'oci:t u/'
    type 'zlsnap sync a\t t\t s\tbucket' sync a 't u/' s3://bucket
    type 'zlsnap digest --cache=r\t t\t' digest '--cache=r s' 't u/'
    type 'tarpack --cache r\t ./-\t' --cache 'r s' './-x y/'
    type 'tarpack -- -\t' -- '-x y/'
    type 'tarunpack t\t r\t' 't u/' r # the archive is not known
    type 'tarpack --time-precision=n\t r\t' --time-precision=ns r # "r s" is not a directory
}

# leads_to_calls SHELL [ARGUMENT]...: typing in the shell calls the programs with the expected arguments.
leads_to_calls() {
    printf '%s' 'exit\r' >>../keys
    LC_ALL=C.UTF-8 terminal "$@" <../keys
    assert_equal "$(<../called)" "$(<../expected)"
    assert_equal "$(find .. -name ran)" ''
}

@test "bash completes any file name, evaluates no part of it and starts no program" {
    type_names
    type 'cd ../only' # a name that begins with a dash is completed only after --
    type 'tarpack \t' './-x y/'
    printf '%s\n' 'PS1="ready> "' "source '$PROJECT/completions/zlsnap.bash'" >../rc
    leads_to_calls bash --rcfile ../rc -i
}

@test "zsh completes any file name, evaluates no part of it and starts no program" {
    requires_command zsh python3
    type_names
    type 'cd ../only'
    type 'tarpack \t' './-x y/'
    zsh_rc 'unsetopt auto_remove_slash'
    ZDOTDIR=$BATS_TEST_TMPDIR leads_to_calls zsh -d -i
}

@test "fish completes any file name, evaluates no part of it and starts no program" {
    requires_command fish python3
    type_names
    type 'cd ../only'
    type 'tarpack \t' ''
    leads_to_calls fish --no-config -C "source '$PROJECT/completions/zlsnap.fish'
        function fish_prompt; echo 'ready> '; end"
}
