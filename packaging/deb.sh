#!/usr/bin/env bash
# Builds zlsnap and its package zlsnap_VERSION_ARCHITECTURE.deb for this Debian or Ubuntu. Called by
# `make deb`. Requires dpkg-dev and binutils, but neither root nor debhelper.
#
#   packaging/deb.sh VERSION DIR    builds below DIR and prints the path of the package
#
# The bytes of the package depend only on the source and the versions of the tools, not on the directory,
# the time, the user, the umask or the locale. Its date is the date of VERSION in NEWS.md, unless
# SOURCE_DATE_EPOCH is set.
set -euo pipefail
export LC_ALL=C TZ=UTC

version=$1
mkdir -p "$2"
work=$(realpath -- "$2" && echo .) # the path may end in a newline
work=${work%$'\n.'}
cd -P "$(dirname "$0")/.."

tree=$work/tree docs=$work/tree/usr/share/doc/zlsnap

# needed COMMAND=PACKAGE...: fails and names the missing packages unless all commands exist.
needed() {
    local need packages=''
    for need; do
        command -v "${need%%=*}" >/dev/null || [[ " $packages " == *" ${need#*=} "* ]] ||
            packages+=" ${need#*=}"
    done
    [[ -z $packages ]] || {
        echo "deb: missing packages:$packages; install them, or run 'make deps deb'" >&2
        return 1
    }
}

# build: builds the programs and installs them in $tree.
build() {
    export DEB_BUILD_MAINT_OPTIONS=hardening=+all
    local cflags cppflags ldflags # in an argument of make a failure would be ignored
    cflags=$(dpkg-buildflags --get CFLAGS)
    cppflags=$(dpkg-buildflags --get CPPFLAGS)
    ldflags=$(dpkg-buildflags --get LDFLAGS)
    make install BUILD="$work/build" DESTDIR="$tree" PREFIX=/usr \
        ZSHDIR=/usr/share/zsh/vendor-completions WERROR= HARDEN_CFLAGS=-fPIE HARDEN_LDFLAGS=-pie \
        CFLAGS="$cflags" CPPFLAGS="$cppflags" LDFLAGS="$ldflags" >&2
    find "$tree/usr/bin" -type f ! -name zlsnap \
        -exec strip --remove-section=.comment --remove-section=.note {} +
}

# changelog: prints the only entry, for a package that upstream builds.
changelog() {
    local maintainer date
    maintainer=$(sed -n 's/^Maintainer: //p' packaging/control)
    date=$(date -R -d "@$SOURCE_DATE_EPOCH")
    printf 'zlsnap (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * Release %s; see /usr/share/doc/zlsnap/NEWS.md.\n\n' "$version"
    printf ' -- %s  %s\n' "$maintainer" "$date"
}

# copyright: prints LICENSE in Debian's format.
copyright() {
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    printf 'Upstream-Name: zlsnap\n\nFiles: *\n'
    sed -n "s|^Copyright (c) |Copyright: ${released%%-*} |p" LICENSE
    echo 'License: Expat'
    sed -n '/^Permission/,$ { s/^$/./; s/^/ /; p }' LICENSE
}

# policy: changes what Debian requires to be different from `make install`.
policy() {
    copyright >"$docs/copyright"
    rm "$docs/LICENSE"
    changelog | gzip -9n >"$docs/changelog.gz"
    find "$tree/usr/share/man" -type f -exec gzip -9n {} +
}

# control: writes the control files of the package to $tree/DEBIAN.
control() {
    local meta=$work/debian
    mkdir "$tree/DEBIAN" "$meta"
    cp packaging/control "$meta"
    changelog >"$meta/changelog"
    (
        cd "$work" # dpkg's tools expect a directory debian in the current one
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
chmod -R u=rwX,go=rX,a-st "$tree" # DIR may pass on its group or a default ACL
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

package=$work/zlsnap_${version}_$(dpkg-architecture -qDEB_HOST_ARCH).deb
# xz explicitly, since the default depends on the distribution; one thread, since several split the input.
DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
printf '%s\n' "$package"
