# shellcheck shell=bash
#
# Completion for bash 4.4 and later: zlsnap, tarpack, tarunpack, shasum-tee, tarstore, tarjoin and mtreediff. It does not need
# bash-completion, which finds this file by the name of each program.
#
# The line is parsed here, since COMP_WORDS splits words at each : and =. File names never become code: they
# are found by globs, in which the typed text is quoted.

# The options. A name with = has a value, a name with [=] may have one. tests/completions.bats compares the
# lists with --help.
_zlsnap_commands='create describe extract verify list info mtree digest diff oci push pull sync restore snapshots
    status check copy forget gc clean help'
_zlsnap_pack='whiteouts= exclude= exclude-from= one-file-system
    mtime= clamp-mtime[=] time-precision= owner= group= uid-map= gid-map= xattrs-include=
    xattrs-exclude= no-xattrs live jobs= verbose'
_zlsnap_digest=${_zlsnap_pack/mtime= clamp-mtime\[=] time-precision=/}
_zlsnap_limits='max-stream= max-size= max-entries= max-path= max-depth= max-pax= max-xattr='
_zlsnap_unpack="replace merge whiteouts= userxattr same-owner no-same-owner uid-map= gid-map=
    strict no-devices xattrs-include= no-xattrs no-holes no-sync summary= jobs= verbose $_zlsnap_limits"
_zlsnap_zstd='level= threads= long[=] rsyncable'
_zlsnap_s3='config= part-size= max-parts='
_zlsnap_store='config= seal= open='
_zlsnap_snapshot='config= open= verify='
_zlsnap_registry='platform= authfile= cert-dir= tls-verify= retries='
_zlsnap_image='compression= arch= annotation='

# The short options that have a value.
declare -A _zlsnap_letters=(
    [a]=algorithm [e]=expect [j]=jobs [l]=level [o]=output [T]=threads [X]=exclude-from
)

# _zlsnap_describe COMMAND: sets `options`, and `operands`: for each operand, its kinds, separated by |. A * at
# the end marks an operand that can be repeated.
_zlsnap_describe() {
    case $1 in
    create) options="progress[=] dry-run json $_zlsnap_zstd $_zlsnap_pack" operands='dir new' ;;
    describe) options="progress[=] expect= $_zlsnap_limits" operands='layer' ;;
    extract) options="progress[=] expect= platform= no-verify $_zlsnap_unpack" operands='layer|image dir' ;;
    verify) options="progress[=] expect= platform= $_zlsnap_limits" operands='layer|image' ;;
    list) options="expect= no-verify names verbose json $_zlsnap_snapshot $_zlsnap_limits" operands='layer dir|store' ;;
    info) options="progress[=] expect= metadata json $_zlsnap_snapshot $_zlsnap_limits" operands='layer dir|store' ;;
    mtree) options="expect= no-verify time $_zlsnap_snapshot $_zlsnap_limits" operands='layer dir|store' ;;
    digest) options="cache= time $_zlsnap_digest" operands='dir' ;;
    diff)
        options="time json fresh-options $_zlsnap_snapshot $_zlsnap_digest $_zlsnap_limits"
        operands='dir|layer dir|layer|store dir|store'
        ;;
    oci) options="progress[=] output= platform= $_zlsnap_image" operands='layer|image layer*' ;;
    push)
        options="progress[=] $_zlsnap_image $_zlsnap_s3 $_zlsnap_registry"
        operands='layer|image remote'
        ;;
    pull)
        options="progress[=] expect= $_zlsnap_snapshot $_zlsnap_zstd $_zlsnap_registry"
        operands='remote new|image|store new'
        ;;
    sync)
        options="progress[=] level= state= sign= fresh-options dry-run $_zlsnap_store $_zlsnap_pack"
        operands='name dir dir|store'
        ;;
    restore) options="progress[=] expect= $_zlsnap_snapshot $_zlsnap_unpack" operands='name dir|store dir' ;;
    snapshots) options='json config= open=' operands='name|dir|store dir|store' ;;
    status) options="state= expect= json fresh-options $_zlsnap_snapshot $_zlsnap_pack" operands='name dir|store dir|store' ;;
    check) options="progress[=] read-data dry-run json verify= $_zlsnap_store" operands='name|dir|store dir|store' ;;
    copy) options="all $_zlsnap_store" operands='name dir|store dir|store' ;;
    forget)
        options="all keep-last= keep-hourly= keep-daily= keep-weekly= keep-monthly= keep-yearly= dry-run json $_zlsnap_store"
        operands='name dir|store*'
        ;;
    gc) options="progress[=] grace= dry-run allow-remove-all json $_zlsnap_store" operands='name|dir|store dir|store' ;;
    clean) options='dry-run older-than= state=' operands='dir*' ;;
    help) options='' operands='command' ;;
    tarpack)
        options="manifest[=] cache= contents= chunks= known= known-chunks= summary= $_zlsnap_pack"
        operands='dir'
        ;;
    tarunpack)
        options="expect= adopt= clean dry-run older-than= list json manifest[=] from-manifest $_zlsnap_unpack"
        operands='dir'
        ;;
    shasum-tee)
        options='algorithm= expect= output= json oci zstd progress[=] size=' operands=''
        ;;
    tarstore) options='pack-size= level= jobs= no-sync summary=' operands='dir' ;;
    tarjoin) options='packs= indexes= chunks= path= expect= needs jobs= summary=' operands='' ;;
    mtreediff)
        options='apply max-size= format= summary= verbose' operands='file file'
        ;;
    *) return 1 ;;
    esac
    options+=' quiet help version'
}

# Finds the command: sets `command`, `options`, `operands`, and `first`, the index of its first argument. Fails
# if there is nothing to complete.
_zlsnap_command() {
    command=${1##*/} first=1
    [[ $command == zlsnap || $command == zlsnap.sh ]] || { _zlsnap_describe "$command" && return; }
    command=${words[1]} first=2
    if ((${#words[@]} == 2)); then
        case $current in
        -*) _zlsnap_offer --help --version ;;
        *) _zlsnap_offer_commands ;;
        esac
        return 1
    fi
    _zlsnap_describe "$command"
}

# _zlsnap_split TEXT: sets `words`, without quotes and redirections. The last word, which may be empty, is the
# one at the end of TEXT, and begins at `start`; `dynamic` is set if it contains an expansion, `redirected` if
# it is the file of a redirection.
_zlsnap_split() {
    local text=$1 i char quote='' word='' begun='' target=''
    words=() start=0 dynamic='' redirected=''
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        if [[ $quote == "'" ]]; then
            [[ $char == "'" ]] && quote='' || word+=$char
            continue
        fi
        case $char in
        \\)
            ((++i))
            [[ ! $quote || ${text:i:1} == [\$\`\"\\] ]] || word+=$char
            word+=${text:i:1} begun=yes
            ;;
        \" | \')
            if [[ $quote == "$char" ]]; then
                quote=''
            elif [[ $quote ]]; then
                word+=$char
            else
                quote=$char begun=yes
            fi
            ;;
        [[:space:]\<\>])
            if [[ $quote ]]; then
                word+=$char
                continue
            fi
            if [[ $char == [\<\>] ]]; then
                [[ ! $word || $word == *[!0-9]* ]] || begun=''
            fi
            [[ ! $begun || $target ]] || words+=("$word")
            [[ ! $begun ]] || target=''
            [[ $char != [\<\>] ]] || target=yes
            word='' begun='' dynamic='' start=$((i + 1))
            ;;
        *)
            [[ $char != [\$\`] ]] || dynamic=yes
            word+=$char begun=yes
            ;;
        esac
    done
    words+=("$word") redirected=$target
}

# _zlsnap_offer WORD...: offers the words that begin with the current one. readline replaces the current word
# only after its first `cut` characters.
_zlsnap_offer() {
    local word
    for word; do
        [[ $word != "$current"* ]] || COMPREPLY+=("${word:cut}")
    done
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[=:/] ]] || compopt -o nospace 2>/dev/null
}

_zlsnap_offer_commands() {
    # shellcheck disable=SC2086 # a list
    _zlsnap_offer $_zlsnap_commands
}

# _zlsnap_glob dir|file PATH: prints the paths that begin with PATH, each followed by a NUL.
_zlsnap_glob() (
    set +f
    GLOBIGNORE=
    shopt -u failglob nocaseglob
    shopt -s nullglob
    if [[ $1 == dir ]]; then
        found=("$2"*/)
    else
        found=("$2"*)
    fi
    [[ ${#found[@]} -eq 0 ]] || printf '%s\0' "${found[@]%/}"
)

# _zlsnap_paths dir|file|layer [PREFIX]: offers paths; PREFIX is the part of the current word before the path.
# For layers, other files are offered only if there are no files with the name of a layer.
_zlsnap_paths() {
    local kind=$1 prefix=${2-} path home='' name
    local -a found=() layers=()
    path=${current#"$prefix"}
    if [[ $tilde == yes && $path == \~/* ]]; then
        home=$HOME path=$HOME${path#\~}
    fi
    [[ $kind == dir ]] || kind='file'
    mapfile -d '' -t found < <(_zlsnap_glob "$kind" "$path")
    [[ ${path##*/} != .. ]] || found+=("$path")
    if [[ $1 == layer ]]; then
        for name in "${found[@]}"; do
            [[ $name != *.tar.zst && ! -d $name ]] || layers+=("$name")
        done
        [[ ${layers[*]} != *.tar.zst* ]] || found=("${layers[@]}")
    fi
    for name in "${found[@]}"; do
        [[ ! $home ]] || name=\~${name#"$home"}
        # It would be an option.
        [[ $prefix$name != -* || $plain ]] || name=./$name
        name=$prefix$name
        COMPREPLY+=("${name:cut}")
    done
    [[ ${#found[@]} -eq 0 ]] || compopt -o filenames 2>/dev/null
}

# _zlsnap_value --NAME PREFIX: offers values of an option; PREFIX is the part of the current word before the
# value.
_zlsnap_value() {
    local values='' plain=yes
    case $command$1 in
    extract--whiteouts | restore--whiteouts | tarunpack--whiteouts)
        values='overlay apply keep raw'
        ;;
    *--whiteouts) values='oci raw' ;;
    *--time-precision) values='ns s' ;;
    *--format) values='text json' ;;
    *--algorithm) values='256 384 512' ;;
    *--progress) values='auto always never' ;;
    *--manifest) values='time' ;;
    *--compression) values='zstd gzip' ;;
    *--arch) values='amd64 arm64 arm 386 ppc64le riscv64 s390x' ;;
    *--platform) values='linux/amd64 linux/arm64 linux/arm/v7 linux/386' ;;
    *--tls-verify) values='true false' ;;
    oci--output | *--state | *--adopt | *--known | *--packs | *--indexes | *--cert-dir) _zlsnap_paths dir "$2" ;;
    *--output | *--exclude-from | *--cache | *--chunks | *--known-chunks | *--summary | *--config | *--authfile)
        _zlsnap_paths file "$2"
        ;;
    esac
    for values in $values; do
        _zlsnap_offer "$2$values"
    done
}

# _zlsnap_operand N: offers values of the operand after N others.
_zlsnap_operand() {
    local -a kinds schemes=()
    local kind
    read -ra kinds <<<"$operands"
    kind=${kinds[$1]-}
    if [[ ! $kind && ${kinds[*]: -1} == *'*' ]]; then
        kind=${kinds[*]: -1}
    fi
    kind=${kind%'*'}
    case "|$kind|" in
    *'|remote|'*) schemes+=(docker:// s3://) ;;&
    *'|store|'*) schemes+=(s3:// rclone:) ;;&
    *'|image|'*) schemes+=(oci:) ;;
    esac
    if [[ "|$kind|" == *'|image|'* && $current == oci:* ]]; then
        _zlsnap_paths dir oci:
        return
    elif [[ "|$kind|" == *'|image|'* && $current == @(oci|docker)-archive:* ]]; then
        _zlsnap_paths file "${current%%:*}:"
        return
    fi
    case "|$kind|" in
    *'|layer|'*) _zlsnap_paths layer ;; # and directories, which lead to layers
    *'|dir|'*) _zlsnap_paths dir ;;
    *'|new|'* | *'|file|'*) _zlsnap_paths file ;;
    *'|command|'*) _zlsnap_offer_commands ;;
    esac
    _zlsnap_offer "${schemes[@]}"
}

# Reads the words before the current one. Sets `count`, the number of operands, `plain` if there was a --, and
# `value`, the option whose value is the current word.
_zlsnap_arguments() {
    local word letters
    count=0 plain='' value=''
    for word in "${words[@]:first:${#words[@]}-first-1}"; do
        if [[ $value ]]; then
            value=''
        elif [[ $plain || $word == - || $word != -* ]]; then
            ((++count))
        elif [[ $word == -- ]]; then
            plain=yes
        elif [[ $word == --* ]]; then
            [[ " ${options//[[:space:]]/ } " != *" ${word#--}= "* ]] || value=$word
        else
            for ((letters = 1; letters < ${#word}; letters++)); do
                value=${_zlsnap_letters[${word:letters:1}]-}
                [[ ! $value ]] || break
            done
            ((letters == ${#word} - 1)) && value=--$value || value=''
        fi
    done
}

_zlsnap_options() {
    local option
    local -a names=()
    for option in $options; do
        case $option in
        *'[=]') names+=("--${option%'[=]'}" "--${option%'[=]'}=") ;;
        *) names+=("--$option") ;;
        esac
    done
    _zlsnap_offer "${names[@]}"
}

# Sets `cut`; the argument is the part of the current word that readline keeps.
_zlsnap_cut() {
    local -a words
    local start dynamic redirected
    _zlsnap_split "$1"
    cut=${#words[-1]}
}

# _zlsnap PROGRAM TEXT: readline will replace TEXT, which is the end of the line.
_zlsnap() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT}
    local -a words
    local start dynamic redirected current cut tilde='' command first options operands
    local count plain value
    COMPREPLY=()
    _zlsnap_split "$line"
    if [[ $dynamic || $redirected ]]; then
        compopt -o bashdefault -o default 2>/dev/null
        return
    fi
    current=${words[-1]}
    [[ ${line:start:1} != \~ ]] || tilde=yes
    _zlsnap_cut "${line:start:${#line}-start-${#2}}"
    _zlsnap_command "$1" || return 0
    _zlsnap_arguments
    if [[ $value ]]; then
        _zlsnap_value "$value" ''
    elif [[ ! $plain && $current == --*=* ]]; then
        _zlsnap_value "${current%%=*}" "${current%%=*}="
    elif [[ ! $plain && $current == -* ]]; then
        _zlsnap_options
    else
        _zlsnap_operand "$count"
    fi
}

complete -F _zlsnap zlsnap zlsnap.sh tarpack tarunpack shasum-tee tarstore tarjoin mtreediff
