#!/usr/bin/env bash
#
# Makes data sets: bench/data.sh SET... A set that exists is kept. Called by bench/run.
#
#   kernel        the Linux source, from a Debian package
#   kernel-6.12   a later version, from a later Debian release
#   rootfs        a root file system, made by debootstrap
#   tiny          200,000 small files in 2,000 directories
#   large         1 GiB of incompressible data, 1 GiB of text
#   sparse        a file of 10 GiB with 64 MiB of data
#   node_modules  some well-known packages with their dependencies, installed by npm
#   bounds        a file of 20 GiB without data, a million entries, 100,000 files with two names
#   million       a million files of 20 to 200 bytes in 10,000 directories
#
# A set is the directory $BENCH_DIR/sets/SET. If a set cannot be made here, a message names it, it is left
# out, and the exit status is 1. Environment: DEBIAN_MIRROR (default http://deb.debian.org/debian).
set -u -o pipefail

bench=$(dirname -- "$(readlink -f -- "$0")")
sets=$(realpath -m -- "${BENCH_DIR:-/var/tmp/zlsnap-bench}")/sets

say() {
    printf 'bench: %s\n' "$*" >&2
}

# needs PROGRAM...
needs() {
    local program
    for program; do
        type -P "$program" >/dev/null || { say "$program is not installed (make bench-deps installs it)" && return 1; }
    done
}

# Each make_ function fills the current directory, and may use $scratch.

# The package is only unpacked, not installed.
make_kernel() {
    local archives=(/usr/src/linux-source-*.tar.xz)
    needs xz || return
    if [[ ! -f ${archives[0]} ]]; then
        needs apt-get dpkg-deb || return
        mkdir "$scratch/package" && (
            cd "$scratch/package" && apt-get download -q linux-source-6.1 && dpkg-deb -x ./*.deb .
        ) >&2 || return
        archives=("$scratch"/package/usr/src/linux-source-*.tar.xz)
    fi
    xz -dc -T0 "${archives[0]}" | tar -x --strip-components=1
}

# The package is in a later release than this system may have, so apt is of no use.
make_kernel_later() {
    local mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian} name=linux-source-6.12 file digest
    needs curl dpkg-deb sha256sum xz || return
    read -r file digest < <(curl -fsS "$mirror/dists/trixie/main/binary-amd64/Packages.xz" | xz -dc |
        awk -v package="$name" '
            /^Package: / { ours = $2 == package }
            ours && /^Filename: / { file = $2 }
            ours && /^SHA256: / { print file, $2 }' | sort -V | tail -n 1)
    [[ $digest ]] || { say "$mirror has no package $name" && return 1; }
    curl -fsS -o "$scratch/package.deb" "$mirror/$file" &&
        sha256sum --check --quiet <<<"$digest  $scratch/package.deb" >&2 &&
        dpkg-deb -x "$scratch/package.deb" "$scratch" || return
    xz -dc -T0 "$scratch/usr/src/$name.tar.xz" | tar -x --strip-components=1
}

# A fixed release, so that results can be compared.
make_rootfs() {
    needs debootstrap || return
    debootstrap bookworm "$PWD" >"$scratch/log" 2>&1 && return
    tail -n 3 "$scratch/log" >&2
    return 1
}

# No --before=DATE for their dependencies: a mirror may give packages other dates.
make_node_modules() {
    needs npm || return
    npm_config_cache=$scratch/npm npm install --prefix "$PWD" --no-save --ignore-scripts --no-audit \
        --no-fund --loglevel=error --legacy-peer-deps react-scripts@5.0.1 @angular/cli@17.3.7 >&2
}

# make_set SET: makes a set under a temporary name, and renames it when it is complete.
make_set() (
    part=$sets/$1.part scratch=$sets/$1.scratch
    trap 'rm -rf -- "$part" "$scratch"' EXIT
    rm -rf -- "$part" "$scratch"
    mkdir -p -- "$part" "$scratch" && cd "$part" || exit
    say "making the set $1"
    case $1 in
    kernel) make_kernel ;;
    kernel-6.12) make_kernel_later ;;
    rootfs) make_rootfs ;;
    node_modules) make_node_modules ;;
    tiny | large | sparse | bounds | million) python3 "$bench/generate.py" "$1" . ;;
    *) say "unknown set: $1" && false ;;
    esac && mv -T -- "$part" "$sets/$1"
)

status=0
for set; do
    [[ -d $sets/$set ]] || make_set "$set" || { say "the set $set is left out" && status=1; }
done
exit "$status"
