#!/usr/bin/env bash
# Builds zlsnap for this Debian or Ubuntu, and zlsnap_VERSION_ARCHITECTURE.deb of it. `make deb`
# calls it; it needs dpkg-dev and binutils. No step needs root or debhelper.
#
#   packaging/deb.sh VERSION DIR    all of it is below DIR; the package's path goes to stdout
#
# The bytes depend on the source and on the versions of the tools alone: not on the directory, the
# time, the user, the umask or the locale. The date in it is the one that NEWS.md has for VERSION,
# unless SOURCE_DATE_EPOCH gives another.
set -euo pipefail
export LC_ALL=C TZ=UTC

version=$1
mkdir -p "$2"
work=$(realpath -- "$2" && echo .) # the path may end in a newline
work=${work%$'\n.'}
cd -P "$(dirname "$0")/.."

tree=$work/tree docs=$work/tree/usr/share/doc/zlsnap

# needed COMMAND=PACKAGE...: fails, and names the packages, unless all of the commands are there.
needed() {
    local need packages=''
    for need; do
        command -v "${need%%=*}" >/dev/null || [[ " $packages " == *" ${need#*=} "* ]] ||
            packages+=" ${need#*=}"
    done
    [[ -z $packages ]] || {
        echo "deb: missing packages:$packages; install them, or all that zlsnap uses with 'make deps'" >&2
        return 1
    }
}

# build: the programs, and in $tree what `make install` installs.
build() {
    export DEB_BUILD_MAINT_OPTIONS=hardening=+all
    local cflags cppflags ldflags # a failure in an argument of make would not be seen
    cflags=$(dpkg-buildflags --get CFLAGS)
    cppflags=$(dpkg-buildflags --get CPPFLAGS)
    ldflags=$(dpkg-buildflags --get LDFLAGS)
    make install BUILD="$work/build" DESTDIR="$tree" PREFIX=/usr \
        ZSHDIR=/usr/share/zsh/vendor-completions WERROR= HARDEN_CFLAGS=-fPIE HARDEN_LDFLAGS=-pie \
        CFLAGS="$cflags" CPPFLAGS="$cppflags" LDFLAGS="$ldflags" >&2
    find "$tree/usr/bin" -type f ! -name zlsnap \
        -exec strip --remove-section=.comment --remove-section=.note {} +
}

# changelog: the one entry that there is for a package that upstream makes.
changelog() {
    local maintainer date
    maintainer=$(sed -n 's/^Maintainer: //p' packaging/control)
    date=$(date -R -d "@$SOURCE_DATE_EPOCH")
    printf 'zlsnap (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * Release %s; /usr/share/doc/zlsnap/NEWS.md tells what is new.\n\n' "$version"
    printf ' -- %s  %s\n' "$maintainer" "$date"
}

# copyright: LICENSE in the form of Debian.
copyright() {
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    printf 'Upstream-Name: zlsnap\n\nFiles: *\n'
    sed -n "s|^Copyright (c) |Copyright: ${released%%-*} |p" LICENSE
    echo 'License: Expat'
    sed -n '/^Permission/,$ { s/^$/./; s/^/ /; p }' LICENSE
}

# policy: what Debian wants otherwise than `make install` has it.
policy() {
    copyright >"$docs/copyright"
    rm "$docs/LICENSE"
    changelog | gzip -9n >"$docs/changelog.gz"
    find "$tree/usr/share/man" -type f -exec gzip -9n {} +
}

# control: the files that are about the package, in $tree/DEBIAN.
control() {
    local meta=$work/debian
    mkdir "$tree/DEBIAN" "$meta"
    cp packaging/control "$meta"
    changelog >"$meta/changelog"
    (
        cd "$work" # dpkg's tools want a debian directory in theirs
        find tree/usr/bin -type f ! -name zlsnap -exec dpkg-shlibdeps -Tdebian/substvars {} +
        dpkg-gencontrol -Ptree
        cd tree
        find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums
    )
}

needed dpkg-deb=dpkg dpkg-architecture=dpkg-dev dpkg-buildflags=dpkg-dev dpkg-gencontrol=dpkg-dev \
    dpkg-shlibdeps=dpkg-dev objdump=binutils strip=binutils gzip=gzip
released=$(sed -n "s/^## ${version//./\\.} (\(.*\))\$/\1/p" NEWS.md)
if [[ -z $released ]]; then
    echo "deb: NEWS.md does not say when $version was released: '## $version (YYYY-MM-DD)'" >&2
    exit 1
fi
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$released" +%s)}

rm -rf "$tree" "$work/debian"
build
policy
control
chmod -R u=rwX,go=rX,a-st "$tree" # whatever DIR hands down: a group, a default ACL
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

package=$work/zlsnap_${version}_$(dpkg-architecture -qDEB_HOST_ARCH).deb
# xz, as other compressions are other distributions' defaults; threads cut its input in pieces.
DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
printf '%s\n' "$package"
