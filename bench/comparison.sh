#!/usr/bin/env bash
#
# Tests what zlsnap and other tools can do, each called as its users would call it, and prints the results
# as Markdown (doc/comparison.md): bench/comparison.sh [DIR [RUNS]]. For the times, DIR (default /usr/share)
# is packed and restored RUNS times (default 3). Needs root.
#
# Every cell is the result of a test, unless the page marks it. The commands are the functions pack_* and
# restore_* in comparison/tools.sh; the page quotes them.
#
# Environment: BENCH_DIR and ZLSNAP_BIN, as for bench/run.
set -u -o pipefail

bench=$(dirname -- "$(readlink -f -- "$0")")
BENCH_DIR=$(realpath -m -- "${BENCH_DIR:-/var/tmp/zlsnap-bench}")
export LC_ALL=C TZ=UTC
PATH=$(realpath -m -- "${ZLSNAP_BIN:-$bench/../build/bin}"):$PATH
measured=$(realpath -- "${1:-/usr/share}") || exit
runs=${2:-3}
work=$BENCH_DIR/scratch/compare
tools=(tar bsdtar umoci skopeo casync zlsnap)
declare -A answer took memory size

die() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

clean_up() {
    umount "$work/tmpfs"
    cd / && rm -rf -- "$work"
}

programs_expect() {
    local program
    for program; do
        type -P "$program" >/dev/null || die "not installed: $program (make bench-deps installs it)"
    done
}

# shellcheck source=bench/comparison/tools.sh
source "$bench/comparison/tools.sh" || exit
# shellcheck source=bench/comparison/tree.sh
source "$bench/comparison/tree.sh" || exit
# shellcheck source=bench/comparison/trials.sh
source "$bench/comparison/trials.sh" || exit
# shellcheck source=bench/comparison/page.sh
source "$bench/comparison/page.sh" || exit

if [[ ! ${COMPARE_INSIDE-} ]]; then
    [[ $EUID -eq 0 ]] || die 'must run as root: it makes devices, owners and mounts'
    programs_expect tar bsdtar umoci skopeo casync zstd jq time python3 getfattr setfacl setcap zlsnap
    # Run in its own mount namespace, so that no mount is left behind however it ends.
    COMPARE_INSIDE=1 exec unshare --mount "$0" "$@"
fi
rm -rf -- "$work"
mkdir -p -- "$work" && cd "$work" || exit
trap clean_up EXIT
other=$work/tmpfs/tree
mkdir tmpfs && mount -t tmpfs tmpfs tmpfs || exit
remarks=()
tree_make tree && tree_make "$other" reversed
mkdir with-socket && echo text >with-socket/file
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("with-socket/socket")' || exit
hostile_make || exit
for tool in tar bsdtar umoci casync zlsnap; do
    trial_content "$tool"
    trial_faults "$tool"
done
trial_images
trial_times
page
