#!/bin/bash -p
#
# zlsnap: the driver, and the only place where pipes are built.
#
#   create    tarpack | shasum-tee | zstd | shasum-tee  -> LAYER, LAYER.json
#   extract   zstd -dc | tarunpack                      -> DIR
#   verify    shasum-tee --zstd | zstd -dc | tarunpack --list
#   oci       LAYER... -> an image layout, of which extract and verify read images too
#   push      image layout -> skopeo -> registry, or LAYER -> s3cmd -> S3 store; pull, the other way
#   sync      DIR -> create -> push -> a pointer in the store; restore, the other way
#
# This file only finds its parts and calls one of them. A command is a function, command_NAME, in a part
# below driver/, which says by part() which other parts it needs.

# With -p, bash takes no functions, no options and no start-up file from the environment. Here for
# `bash zlsnap.sh`, and where options would be handed on to other shells (or are what the p comes from);
# in POSIX mode, which ends with this shell, no function is called instead of export and exec.
if [[ $- != *p* || ${SHELLOPTS@a}${BASHOPTS@a} == *x* ]]; then
    POSIXLY_CORRECT=1
    export -n SHELLOPTS BASHOPTS
    exec "$BASH" -p -- "${BASH_SOURCE[0]}" "$@"
fi

# Variables that bash takes from the environment even so: exported, they would end `read` early, stop
# functions or hide programs, and PIPESTATUS would keep its value after every pipe.
unset -v POSIXLY_CORRECT PIPESTATUS TMOUT FUNCNEST EXECIGNORE BASH_COMPAT
# Variables that change what the programs do. The first two would change the bytes of a layer with no
# trace of it in LAYER.json.
unset -v ZSTD_CLEVEL ZSTD_NBTHREADS GZIP GREP_OPTIONS JQ_COLORS _POSIX2_VERSION

set -u -o pipefail
export LC_ALL=C

# Standard error for our messages; where it is closed there is nobody to tell anything. Descriptor 2 is
# bash's, see main().
exec {messages}>&2 || exec {messages}>/dev/null 2>&1
trap ended EXIT

# Where bash can start no process, it ends by itself, with 254.
ended() {
    (($? == 254)) || return 0
    printf 'zlsnap: no process could be started: their number or the memory is at its limit\n' >&"$messages"
    exit 1
}

self=${BASH_SOURCE[0]}
case $self in
*/*) beside=${self%/*} ;;
*) beside=. ;;
esac
home=$beside
if [[ -L $self ]]; then
    { self=$(readlink -f -- "$self"); } 2>/dev/null
    home=${self%/*}
fi

# Where the other parts and the programs are. Only in the source tree the driver is called zlsnap.sh;
# what stands beside an installed one is somebody else's.
case ${self##*/} in
zlsnap.sh) parts=$home/driver built=$home/build/bin ;;
*) parts=$home/../lib/zlsnap built=$home/../bin ;;
esac

# part NAME...: reads these parts of the driver, each once. A part is read inside this function, so what
# it declares has to be global: `declare -g`.
part() {
    for part; do
        [[ ! ${parts_read[$part]-} ]] || continue
        parts_read[$part]=yes
        # shellcheck source=/dev/null # all parts are checked together, see Makefile
        source "$parts/$part.sh" || exit 1
    done
}

declare -A parts_read=()

# program NAME: prints the path of one of our programs: beside the driver, where it was built or
# installed, or on the PATH.
program() {
    local dir
    for dir in "$beside" "$home" "$built"; do
        if [[ -f $dir/$1 && -x $dir/$1 ]]; then
            printf '%s' "$dir/$1"
            return
        fi
    done
    type -P -- "$1" || die 1 "$1 not found: neither beside zlsnap nor on the PATH"
}

# The part that each command is in.
declare -A command_parts=(
    [create]=layer/create [extract]=layer/extract [verify]=layer/verify [list]=layer/list [info]=layer/info
    [mtree]=layer/list [digest]=layer/digest [diff]=layer/diff
    [oci]=image/oci [push]=store/push [pull]=store/push
    [sync]=store/sync [restore]=store/restore [status]=store/status [refs]=store/refs [gc]=store/gc
)

usage() {
    cat <<'END'
Usage: zlsnap COMMAND [OPTION]... OPERAND...
Snapshots of container layers: a directory as one tar, compressed, with its digests.

  create DIR LAYER     write DIR as a layer, and its digests and sizes to LAYER.json
  extract LAYER DIR    restore it: nothing appears at DIR unless the digest holds
  verify LAYER         check digests, sizes, frames and structure; write nothing
  list LAYER           list what is in it
  info LAYER           show its digests, sizes, and what is in it
  mtree LAYER          print the mtree manifest of what is in it
  digest DIR           print the digest of a directory: the SHA-256 of its manifest
  diff A B             compare two directories or layers, entry by entry

  oci -o DIR[:TAG] LAYER...    make an image of layers, in the OCI image layout DIR
  extract oci:DIR[:TAG] DIR    restore all layers of an image
  verify oci:DIR[:TAG]         check them
  push LAYER REMOTE            copy a layer, or an image, oci:DIR[:TAG], to a registry:
                               REMOTE is docker://HOST/NAME[:TAG]; or a layer to an S3
                               store, s3://BUCKET/PREFIX
  pull REMOTE LAYER            copy it from there, to a file or to oci:DIR[:TAG]

  sync NAME DIR URL            keep a directory in an S3 store, as NAME, SERVICE/INSTANCE
  restore NAME URL DIR         restore what was last kept there
  status NAME [DIR] URL        show which layer it is, and whether DIR is what is in it
  refs URL                     list the names that there are
  gc [DIR|URL]...              remove what killed runs have left, and old layers

  -q, --quiet          no warnings (every command has these three)
  -h, --help           show this help, or with a command that command's
  -V, --version        show the version

Exit status: 0 done, 1 the system failed, 2 usage, 3 the archive is malformed or
truncated, 4 the digest does not match.
END
}

version() {
    local line
    line=$("$(program tarpack)" --version) || exit 1
    printf 'zlsnap (zlsnap) %s\n' "${line##* }"
}

main() {
    # bash would say in its own words, and several times, that it can start no process.
    BASH_XTRACEFD=$messages
    exec 2>/dev/null
    part core/messages
    case ${1-} in
    -h | --help) tell usage ;;
    -V | --version) tell version ;;
    '') usage_error 'a command is needed' ;;
    -*) usage_error "unknown option '$(printable "$1")'" ;;
    esac
    [[ ${command_parts[$1]-} ]] || usage_error "unknown command '$(printable "$1")'"
    command=$1
    part "${command_parts[$1]}"
    "command_$command" "${@:2}"
}

# The write beyond a limit (ulimit -f) fails, and says of what.
trap '' XFSZ

main "$@"
