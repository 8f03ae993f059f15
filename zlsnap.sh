#!/bin/bash -p
#
# zlsnap: the driver, and the only place where pipes are built.
#
#   create    tarpack | shasum-tee | zstd | shasum-tee  -> LAYER, LAYER.json
#   extract   zstd -dc | tarunpack                      -> DIR
#   verify    shasum-tee --zstd | zstd -dc | tarunpack --list
#   oci       LAYER... -> an image layout, whose images extract and verify read
#   push      image layout -> skopeo -> registry, or LAYER -> s3cmd -> S3 store; pull is the reverse
#   sync      DIR -> packs, a manifest and a document in a store; restore and pull are the reverse
#
# This file finds the parts of the driver and runs a command: a function, command_NAME, in a part below
# driver/. A part calls part() for the parts that it needs.

# With -p, bash takes no functions, no options and no start-up file from the environment. This starts it
# again if it runs without -p (`bash zlsnap.sh`), or if its options are exported, since other shells would
# take them (and -p may come from them). In POSIX mode, no function can replace export or exec.
if [[ $- != *p* || ${SHELLOPTS@a}${BASHOPTS@a} == *x* ]]; then
    POSIXLY_CORRECT=1
    export -n SHELLOPTS BASHOPTS
    exec "$BASH" -p -- "${BASH_SOURCE[0]}" "$@"
fi

# Variables that bash takes from the environment in spite of -p: they would end `read` early, stop functions,
# hide programs, or keep PIPESTATUS from being set.
unset -v POSIXLY_CORRECT PIPESTATUS TMOUT FUNCNEST EXECIGNORE BASH_COMPAT
# Variables that change what other programs do. LAYER.json would not record the effect of the first two.
unset -v ZSTD_CLEVEL ZSTD_NBTHREADS GZIP GREP_OPTIONS JQ_COLORS _POSIX2_VERSION

set -u -o pipefail
export LC_ALL=C

# The descriptor for our messages: standard error, if it is open. Descriptor 2 is for bash's own, see main().
exec {messages}>&2 || exec {messages}>/dev/null 2>&1
trap ended EXIT

# bash exits with 254 if it cannot fork.
ended() {
    (($? == 254)) || return 0
    printf 'zlsnap: no process could be started: their number or the memory is at its limit\n' >&"$messages"
    exit "${trouble-1}"
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

# Where the parts and the programs are. Only in the source tree is the driver called zlsnap.sh; a directory
# beside an installed one belongs to something else.
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

# program VARIABLE NAME: sets the variable to the path of one of our programs: beside the driver, where it was
# built or installed, or on the PATH.
program() {
    local dir
    for dir in "$beside" "$home" "$built"; do
        if [[ -f $dir/$2 && -x $dir/$2 ]]; then
            printf -v "$1" '%s' "$dir/$2"
            return
        fi
    done
    printf -v "$1" '%s' "$(type -P -- "$2")"
    [[ ${!1} ]] || die 1 "$2 not found: neither beside zlsnap nor on the PATH"
}

# The part that each command is in.
declare -A command_parts=(
    [create]=layer/create [describe]=layer/describe [extract]=layer/extract [verify]=layer/verify [list]=layer/list [info]=layer/info
    [mtree]=layer/list [digest]=layer/digest [diff]=layer/diff
    [oci]=image/oci [push]=store/push [pull]=store/push
    [sync]=store/sync [restore]=store/restore [snapshots]=store/snapshots [status]=store/status
    [check]=store/check [copy]=store/copy
    [forget]=store/forget [gc]=store/gc [clean]=store/clean
)

usage() {
    cat <<'END'
Usage: zlsnap COMMAND [OPTION]... OPERAND...
Snapshots of container layers: a directory as one compressed tar, with its digests.

  create DIR LAYER     pack DIR into a layer; write its digests and sizes to LAYER.json
  describe LAYER       write LAYER.json for a layer that tarpack | zstd made
  extract LAYER DIR    restore a layer; DIR is not changed unless the digest matches
  verify LAYER         check digests, sizes, frames and structure
  list LAYER           list the entries
  info LAYER           show digests, sizes and a summary of the contents
  mtree LAYER          print the mtree manifest
  digest DIR           print the tree digest of a directory
  diff A B             compare two directories or layers

  oci -o DIR[:TAG] LAYER...    make an image of layers, in the OCI image layout DIR
  extract oci:DIR[:TAG] DIR    restore all layers of an image; IMAGE can also be
                               oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]
  verify oci:DIR[:TAG]         check all layers of an image
  push LAYER REMOTE            copy a layer, or an image, oci:DIR[:TAG], to a registry,
                               docker://HOST/NAME[:TAG]; or a layer to an S3 store,
                               s3://BUCKET/PREFIX
  pull REMOTE LAYER            copy it from there, to a file or to oci:DIR[:TAG]

  sync NAME DIR STORE          keep a snapshot of DIR as NAME, SERVICE/INSTANCE, in a store: a
                               directory, s3://BUCKET/PREFIX or rclone:REMOTE:PATH
  restore NAME[@ID|@TIME] STORE DIR [PATH]...
                               restore a snapshot, the last or another one, or parts of it
  snapshots [NAME] STORE       list snapshots
  status NAME [DIR] STORE      show the last snapshot, and whether DIR has changed since
  list|info|mtree NAME[@ID|@TIME] STORE [PATH]...
                               look at a snapshot as at a layer, without its contents
  diff NAME[@ID|@TIME] [OTHER] STORE
                               compare a snapshot with another one, or with a directory
  pull NAME[@ID|@TIME] STORE LAYER
                               make a layer of a snapshot
  check [NAME] STORE           check that a store has all that its snapshots need
  copy NAME STORE STORE        copy snapshots to another store
  forget --keep-daily=N NAME STORE    forget all but some snapshots of a name
  gc [NAME] STORE              delete what no snapshot needs any more
  clean [DIR]...               remove what interrupted runs left on this machine

  help [COMMAND]               print this help, or that of a command, as --help does

For every command, before or after its name:
  -q, --quiet          print no warnings
  -h, --help           print the help
  -V, --version        print the version

Exit status: 0 success, 1 system error, 2 usage error, 3 the archive is malformed or
truncated, 4 the digest does not match.
END
}

version() {
    local path line
    program path tarpack
    line=$("$path" --version) || exit 1
    printf 'zlsnap (zlsnap) %s\n' "${line##* }"
}

main() {
    # Hides bash's own messages, which it would repeat if it could start no process.
    BASH_XTRACEFD=$messages
    exec 2>/dev/null
    part core/messages
    local first=() # options before the command
    while [[ ${1-} == -* ]]; do
        case $1 in
        -h | --help) tell usage ;;
        -V | --version) tell version ;;
        -q | --quiet | --progress | --progress=*) first+=("$1") ;;
        *) usage_error "unknown option '$(printable "$1")'" ;;
        esac
        shift
    done
    if [[ ${1-} == help ]]; then
        (($# < 3)) || usage_error "extra operand '$(printable "$3")'"
        [[ ${2-help} != @(help|-h|--help) ]] || tell usage
        set -- "$2" --help
    fi
    [[ ${1-} ]] || usage_error 'missing command'
    [[ ${command_parts[$1]-} ]] || usage_error "unknown command '$(printable "$1")'"
    command=$1
    part "${command_parts[$1]}"
    "command_$command" "${first[@]}" "${@:2}"
}

# A write beyond the limit (ulimit -f) fails with a message instead of a signal.
trap '' XFSZ

main "$@"
