#!/usr/bin/env bats
# make dist and make deb, in copies of the source tree. Archive and package are made once for all tests, without
# optimisation, which halves the time of the build.

load ../helpers
load ../driver

setup() {
    requires_command git rsync
    unset "${!MAKE@}" MFLAGS
    export DEB_BUILD_OPTIONS=noopt GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    S=$BATS_FILE_TMPDIR/source # a repository with the tested files, whether they are committed or not
    VERSION=$(sed -n 's/^VERSION := //p' "$PROJECT/Makefile")
    ARCHIVE=$S/build/zlsnap-$VERSION.tar.gz
    [ -e "$S" ] || make_checkout
}

make_checkout() {
    mkdir -p "$S"
    rsync -a --exclude=/.git --filter=':- .gitignore' "$PROJECT/" "$S"
    git -C "$S" init -q
    git -C "$S" add -A
    GIT_AUTHOR_DATE='2001-02-03 04:05:06 +0200' GIT_COMMITTER_DATE='2001-02-03 04:05:06 +0200' \
        git -C "$S" -c user.name=tests -c user.email=tests@example.org commit -q -m source
}

dist() {
    [ -e "$ARCHIVE" ] || make -s -C "$S" dist
}

# deb: builds $PACKAGE, once.
deb() {
    requires_command dpkg-deb dpkg-shlibdeps
    PACKAGE=$S/build/zlsnap_${VERSION}_$(dpkg --print-architecture).deb
    [ -e "$PACKAGE" ] || make -s -C "$S" deb >"$BATS_TEST_TMPDIR/log" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/log"
        return 1
    }
}

# elsewhere: prints the path of a directory that belongs to the user of as_user.
elsewhere() {
    local dir=$BATS_FILE_TMPDIR/elsewhere
    mkdir -p "$dir"
    [ "$EUID" -ne 0 ] || chown 65534:65534 "$dir"
    chmod 2770 "$dir"
    echo "$dir"
}

# --------------------------------------------------------------------------- make dist

@test "the source archive has the committed files in one directory, owned by root, with the date of the commit" {
    dist
    run -0 --separate-stderr tar -tzf "$ARCHIVE"
    assert_equal "$(grep -v '/$' <<<"$output")" "$(git -C "$S" ls-files | sed "s,^,zlsnap-$VERSION/,")"
    run -0 --separate-stderr tar -tvzf "$ARCHIVE" --full-time --numeric-owner
    run -1 grep -v ' 0/0 .* 2001-02-03 02:05:06 ' <<<"$output"
}

@test "another user with other settings makes the same source archive from another clone" {
    dist
    local clone
    clone=$(elsewhere)/clone
    (umask 077 && git clone -q "$S" "$clone")
    [ "$EUID" -ne 0 ] || chown -R 65534:65534 "$clone"
    printf '[tar]\n\tumask = 0077\n[core]\n\tautocrlf = true\n\tattributesFile = %s\n' \
        "$BATS_TEST_TMPDIR/attributes" >"$BATS_TEST_TMPDIR/gitconfig"
    echo '* export-ignore' >"$BATS_TEST_TMPDIR/attributes"
    chmod a+rx "$BATS_TEST_TMPDIR"
    as_user env GIT_CONFIG_GLOBAL="$BATS_TEST_TMPDIR/gitconfig" TZ=Asia/Tokyo \
        bash -c 'umask 077 && make -s -C "$1" dist BUILD=other/dir' - "$clone"
    cmp "$ARCHIVE" "$clone/other/dir/${ARCHIVE##*/}"
}

@test "uncommitted changes are listed, and are not in the source archive" {
    local copy=$BATS_TEST_TMPDIR/copy
    git clone -q "$S" "$copy"
    echo more >>"$copy/README.md"
    echo more >"$copy/lib/more.h"
    run -0 --separate-stderr make -s -C "$copy" dist
    # shellcheck disable=SC2154 # bats assigns it
    assert_equal "$stderr" $'dist: not committed, so not in the archive:\n M README.md\n?? lib/more.h'
    dist
    cmp "$ARCHIVE" "$copy/build/${ARCHIVE##*/}"
}

@test "make dist fails outside of a git checkout, even inside another repository" {
    git init -q "$BATS_TEST_TMPDIR"
    mkdir "$BATS_TEST_TMPDIR/copy"
    git -C "$S" archive HEAD | tar -x -C "$BATS_TEST_TMPDIR/copy"
    run ! --separate-stderr make -s -C "$BATS_TEST_TMPDIR/copy" dist
    [[ $stderr == *"is not a git checkout"* ]]
    rm -rf "$BATS_TEST_TMPDIR/.git"
    GIT_CEILING_DIRECTORIES=$BATS_TEST_TMPDIR run ! make -s -C "$BATS_TEST_TMPDIR/copy" dist
    git init -q "$BATS_TEST_TMPDIR/copy"
    run ! make -s -C "$BATS_TEST_TMPDIR/copy" dist # nothing is committed
    run -0 find "$BATS_TEST_TMPDIR/copy/build" -type f
    assert_output ''
}

# --------------------------------------------------------------------------- make deb

@test "another user makes the same package elsewhere, from the source archive" {
    deb
    dist
    local dir
    dir=$(elsewhere)
    as_user env -u LC_ALL LANG=C.UTF-8 TZ=Asia/Tokyo CFLAGS=-O0 bash -c '
        umask 077 && tar -xmzf - -C "$1" && make -s -C "$1/$2" deb BUILD=other' \
        - "$dir" "zlsnap-$VERSION" <"$ARCHIVE" >"$BATS_TEST_TMPDIR/log" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/log"
        false
    }
    run -0 cmp "$PACKAGE" "$dir/zlsnap-$VERSION/other/${PACKAGE##*/}"
}

@test "the package has the files of make install, owned by root, with compressed manuals" {
    requires_command file
    deb
    local tree=$BATS_TEST_TMPDIR/tree installed=$BATS_TEST_TMPDIR/installed
    dpkg-deb -x "$PACKAGE" "$tree"
    make -s -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" DESTDIR="$installed" PREFIX=/usr install
    run -0 diff <(cd "$installed" && find . ! -type d | sort) <(cd "$tree" && find . ! -type d |
        sed 's,\(/man/.*\)\.gz,\1,; s,/zsh/vendor-completions/,/zsh/site-functions/,
            s,/copyright$,/LICENSE,; /\/changelog\.gz$/d' | sort)

    assert_file_exists "$tree/usr/share/zsh/vendor-completions/_zlsnap"

    run -0 bash -c "dpkg-deb --fsys-tarfile '$PACKAGE' | tar -tv --numeric-owner"
    run -1 grep -vE '^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) 0/0 ' <<<"$output"
    # A name or a date in a gzip header would differ between machines.
    run -0 find "$tree" -name '*.gz' -exec file {} +
    assert_line --partial 'gzip compressed data'
    refute_line --regexp ', was |last modified'
}

@test "md5sums lists all files of the package, sorted" {
    deb
    dpkg-deb -R "$PACKAGE" "$BATS_TEST_TMPDIR/tree"
    cd "$BATS_TEST_TMPDIR/tree"
    md5sum --quiet -c DEBIAN/md5sums
    run -0 cut -c 35- DEBIAN/md5sums
    assert_output "$(find usr -type f | sort)"
}

@test "SOURCE_DATE_EPOCH is the date of everything in the package, even if it is in the future" {
    deb
    mkdir "$BATS_TEST_TMPDIR/deb"
    cp -a "$S/build/deb/build" "$BATS_TEST_TMPDIR/deb"
    local package
    package=$(SOURCE_DATE_EPOCH=4102444800 \
        "$S/packaging/deb.sh" "$VERSION" "$BATS_TEST_TMPDIR/deb" 2>"$BATS_TEST_TMPDIR/log")
    run -0 dpkg-deb -c "$package"
    run -1 grep -v ' 2100-01-01 00:00 ' <<<"$output"
    run -0 bash -c "dpkg-deb --ctrl-tarfile '$package' | tar -tv"
    run -1 grep -v ' 2100-01-01 00:00 ' <<<"$output"
    run -0 bash -c "dpkg-deb --fsys-tarfile '$package' |
        tar -xO ./usr/share/doc/zlsnap/changelog.gz | zcat"
    assert_line --partial 'Fri, 01 Jan 2100 00:00:00 +0000'
}

@test "the package lists its dependencies" {
    deb
    assert_equal "$(dpkg-deb -f "$PACKAGE" Package Version)" $'Package: zlsnap\nVersion: '"$VERSION"
    run -0 dpkg-deb -f "$PACKAGE" Depends
    local needed
    for needed in libc6 libssl3 libzstd1 jq zstd; do
        assert_regex "$output" "(^|, )$needed(t64)?( |,|\$)"
    done
    assert_equal "$(dpkg-deb -f "$PACKAGE" Recommends)" 's3cmd, skopeo'
}

@test "lintian finds nothing in the package" {
    requires_command lintian
    deb
    # lintian leaves databases in TMPDIR.
    TMPDIR=$BATS_TEST_TMPDIR run -0 --separate-stderr lintian --fail-on error,warning "$PACKAGE"
    assert_output ''
}

@test "the package can be installed, works, and leaves nothing behind when it is purged" {
    requires_overlay
    deb
    cd "$BATS_TEST_TMPDIR"
    mkdir upper work root
    cp "$PACKAGE" upper/package.deb
    cat >upper/session <<'END'
set -eu
dpkg --no-triggers -i /package.deb # the trigger of man-db indexes all manuals, which takes seconds
dpkg --verify zlsnap
cd "$(mktemp -d)"
mkdir tree
echo content >tree/file
zlsnap create tree layer.tar.zst
zlsnap verify layer.tar.zst
zlsnap extract layer.tar.zst copy
cat copy/file
man -w zlsnap tarpack tarunpack shasum-tee tarstore tarjoin mtreediff
rm -r "$PWD"
dpkg --no-triggers --purge zlsnap
END
    # An overlay of this machine's root takes all changes; the mounts end with the namespace.
    run -0 env -u BASH_ENV -u TMPDIR PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        unshare -m bash -euc '
            mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
            mount --bind /proc root/proc
            mount --bind /dev root/dev
            exec chroot root bash /session'
    assert_line content
    assert_line /usr/share/man/man1/tarpack.1.gz
    # Only dpkg's own database and log remain.
    run -0 find upper ! -type d ! -path 'upper/var/lib/dpkg/*' ! -path 'upper/var/log/dpkg.log' \
        ! -name package.deb ! -name session
    assert_output ''
    run -0 find upper -name '*zlsnap*'
    assert_output ''
    run -1 grep -x 'Package: zlsnap' upper/var/lib/dpkg/status
}

@test "make deb lists missing packages before it builds anything" {
    without_program dpkg-buildflags strip dpkg-shlibdeps
    run ! --separate-stderr make -s -C "$S" deb BUILD="$BATS_TEST_TMPDIR/build"
    # shellcheck disable=SC2154 # bats assigns it
    assert_equal "${stderr_lines[0]}" \
        "deb: missing packages: dpkg-dev binutils; install them, or run 'make deps deb'"
    run -0 find "$BATS_TEST_TMPDIR/build" ! -type d
    assert_output ''
}

@test "make deb fails without a package if a tool of dpkg fails" {
    requires_command dpkg-deb
    local tool
    for tool in dpkg-buildflags dpkg-shlibdeps dpkg-gencontrol dpkg-architecture; do
        fake "$tool" 'exit 1'
        run ! make -s -C "$S" deb BUILD="$BATS_TEST_TMPDIR/build"
        rm "$BATS_TEST_TMPDIR/fakes/$tool"
        [ "$tool" != dpkg-buildflags ] || assert_not_exists "$BATS_TEST_TMPDIR/build/deb/build/bin"
        run find "$BATS_TEST_TMPDIR/build" -name '*.deb'
        assert_output ''
    done
}

@test "make deb fails if NEWS.md has no date for the version" {
    requires_command dpkg-deb
    run ! --separate-stderr make -s -C "$S" deb VERSION=0.0.99
    [[ $stderr == *"NEWS.md does not say when 0.0.99 was released"* ]]
    run -0 find "$S/build" -name '*0.0.99*'
    assert_output ''
}
