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
# Each command is a function, command_NAME, in a file of driver/; what it runs is a function too,
# which run() of driver/pipeline.sh starts in the background and waits for.

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

# shellcheck source=driver/messages.sh
source "$parts/messages.sh" || exit 1
# shellcheck source=driver/options.sh
source "$parts/options.sh" || exit 1
# shellcheck source=driver/progress.sh
source "$parts/progress.sh" || exit 1
# shellcheck source=driver/pipeline.sh
source "$parts/pipeline.sh" || exit 1
# shellcheck source=driver/verdict.sh
source "$parts/verdict.sh" || exit 1
# shellcheck source=driver/metadata.sh
source "$parts/metadata.sh" || exit 1
# shellcheck source=driver/image.sh
source "$parts/image.sh" || exit 1
# shellcheck source=driver/layers.sh
source "$parts/layers.sh" || exit 1
# shellcheck source=driver/layout.sh
source "$parts/layout.sh" || exit 1
# shellcheck source=driver/create.sh
source "$parts/create.sh" || exit 1
# shellcheck source=driver/extract.sh
source "$parts/extract.sh" || exit 1
# shellcheck source=driver/list.sh
source "$parts/list.sh" || exit 1
# shellcheck source=driver/extract_image.sh
source "$parts/extract_image.sh" || exit 1
# shellcheck source=driver/verify.sh
source "$parts/verify.sh" || exit 1
# shellcheck source=driver/info.sh
source "$parts/info.sh" || exit 1
# shellcheck source=driver/digest.sh
source "$parts/digest.sh" || exit 1
# shellcheck source=driver/diff.sh
source "$parts/diff.sh" || exit 1
# shellcheck source=driver/oci.sh
source "$parts/oci.sh" || exit 1
# shellcheck source=driver/push.sh
source "$parts/push.sh" || exit 1
# shellcheck source=driver/registry.sh
source "$parts/registry.sh" || exit 1
# shellcheck source=driver/s3.sh
source "$parts/s3.sh" || exit 1
# shellcheck source=driver/s3_layer.sh
source "$parts/s3_layer.sh" || exit 1
# shellcheck source=driver/refs.sh
source "$parts/refs.sh" || exit 1
# shellcheck source=driver/sync.sh
source "$parts/sync.sh" || exit 1
# shellcheck source=driver/gc.sh
source "$parts/gc.sh" || exit 1

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
    case ${1-} in
    create | extract | verify | list | info | mtree | digest | diff | oci | push | pull | \
        sync | restore | status | refs | gc)
        command=$1
        shift
        "command_$command" "$@"
        ;;
    -h | --help) tell usage ;;
    -V | --version) tell version ;;
    '') usage_error 'a command is needed' ;;
    -*) usage_error "unknown option '$(printable "$1")'" ;;
    *) usage_error "unknown command '$(printable "$1")'" ;;
    esac
}

# The write beyond a limit (ulimit -f) fails, and says of what.
trap '' XFSZ

main "$@"
