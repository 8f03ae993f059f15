#!/usr/bin/env bats
# make install and make uninstall with a DESTDIR.

load helpers

setup() {
    D=$BATS_TEST_TMPDIR/dest
    unset MAKEFLAGS MAKELEVEL MFLAGS DESTDIR
}

# With -o all, make installs the existing programs, even if they were built with other flags.
make_() {
    make -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" DESTDIR="$D" PREFIX=/opt/zlsnap "$@"
}

# assert_same_content FILE DIR: the file of the same name in DIR has the same bytes.
assert_same_content() {
    assert_file_exists "$2/${1##*/}"
    cmp "$1" "$2/${1##*/}"
}

@test "install puts programs and manuals below DESTDIR and PREFIX, and nothing elsewhere" {
    make_ install
    local program
    for program in tarpack tarunpack shasum-tee tarstore tarjoin mtreediff zlsnap; do
        run -0 "$D/opt/zlsnap/bin/$program" --version
        assert_output --partial "$program"
    done
    local manual
    for manual in "$PROJECT"/*/*.[17]; do
        assert_same_content "$manual" "$D/opt/zlsnap/share/man/man${manual##*.}"
    done
    run -0 find "$D" ! -type d ! -path "$D/opt/zlsnap/*"
    assert_output ''
}

@test "install puts documents, examples and completions into their standard directories" {
    make_ install PREFIX=/usr
    local share=$D/usr/share file program
    for file in "$PROJECT"/{README.md,NEWS.md,LICENSE} "$PROJECT"/doc/*.md; do
        assert_same_content "$file" "$share/doc/zlsnap"
    done
    for file in "$PROJECT"/doc/examples/*; do
        assert_same_content "$file" "$share/doc/zlsnap/examples"
    done
    assert_same_content "$PROJECT/completions/_zlsnap" "$share/zsh/site-functions"
    for program in tarpack tarunpack shasum-tee tarstore tarjoin mtreediff zlsnap; do # the same file for all programs
        cmp "$PROJECT/completions/zlsnap.bash" "$share/bash-completion/completions/$program"
        cmp "$PROJECT/completions/zlsnap.fish" "$share/fish/vendor_completions.d/$program.fish"
    done
}

@test "each directory has a variable" {
    make_ install PREFIX=/none BINDIR=/a/bin MANDIR=/b/man DOCDIR=/c/doc \
        BASHDIR=/d/bash ZSHDIR=/e/zsh FISHDIR=/f/fish
    local manuals=("$PROJECT"/*/*.[17])
    assert_file_exists "$D/a/bin/tarpack"
    assert_equal "$(find "$D/b/man" -type f | wc -l)" ${#manuals[@]}
    assert_file_exists "$D/c/doc/README.md"
    assert_file_exists "$D/d/bash/zlsnap"
    assert_file_exists "$D/e/zsh/_zlsnap"
    assert_file_exists "$D/f/fish/zlsnap.fish"
    assert_not_exists "$D/none"
    run -0 "$D/a/bin/zlsnap" --help # finds its parts
    run -0 diff <(cd "$PROJECT/driver" && find . | sort) <(cd "$D/a/lib/zlsnap" && find . | sort)
}

@test "BINDIR may end in slashes" {
    make_ install BINDIR=/a/bin//
    run -0 "$D/a/bin/zlsnap" --help # finds its parts
    make_ uninstall BINDIR=/a/bin//
    run -0 find "$D" ! -type d
    assert_output ''
}

@test "prefix on the command line is PREFIX, but not in the environment" {
    local install=(make -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" DESTDIR="$D" install)
    PREFIX=/none "${install[@]}" prefix=/a
    assert_equal "$(ls "$D")" a
    prefix=/none "${install[@]}" PREFIX=/b
    assert_equal "$(ls "$D")" $'a\nb'
    prefix=/none "${install[@]}"
    assert_equal "$(ls "$D")" $'a\nb\nusr'
}

@test "DATADIR moves manuals, documents and completions together" {
    make_ install DATADIR=/data
    run -0 ls "$D/data"
    assert_output $'bash-completion\ndoc\nfish\nman\nzsh'
    assert_not_exists "$D/opt/zlsnap/share"
}

@test "installed files are readable for everyone with any umask" {
    (umask 077 && mkdir -p "$D" && make_ install)
    run -0 find "$D/opt/zlsnap/bin" -type f ! -perm 755
    assert_output ''
    run -0 find "$D/opt/zlsnap/share" "$D/opt/zlsnap/lib" -type f ! -perm 644
    assert_output ''
    run -0 find "$D/opt" -type d ! -perm 755
    assert_output ''
}

@test "the installed driver needs no file of the source tree" {
    make_ install
    mkdir "$BATS_TEST_TMPDIR/tree"
    echo content >"$BATS_TEST_TMPDIR/tree/file"
    cd "$BATS_TEST_TMPDIR"
    PATH=$D/opt/zlsnap/bin:/usr/sbin:/usr/bin:/sbin:/bin
    zlsnap create tree layer.tar.zst >/dev/null
    zlsnap extract layer.tar.zst copy
    run -0 cat copy/file
    assert_output content
}

@test "uninstall removes all files, links and directories of zlsnap" {
    make_ install PREFIX=/usr
    run -0 find "$D" -type l
    assert_output
    make_ uninstall PREFIX=/usr
    run -0 find "$D" ! -type d
    assert_output ''
    run -0 find "$D" -name '*zlsnap*'
    assert_output ''
}

@test "uninstall keeps files that it did not install" {
    mkdir -p "$D/opt/zlsnap/bin" "$D/opt/zlsnap/lib/zlsnap"
    touch "$D/opt/zlsnap/bin/other" "$D/opt/zlsnap/lib/zlsnap/other"
    make_ install
    make_ uninstall
    run -0 find "$D" ! -type d -printf '%P\n'
    assert_equal "$(sort <<<"$output")" $'opt/zlsnap/bin/other\nopt/zlsnap/lib/zlsnap/other'
}

@test "uninstall succeeds if nothing is installed" {
    make_ install
    make_ uninstall
    make_ uninstall
    rm -r "$D"
    make_ uninstall
}

@test "installing over an installation replaces it" {
    make_ install
    find "$D" -printf '%P %M %s %l\n' | sort >"$BATS_TEST_TMPDIR/first"
    find "$D" -type f -exec truncate -s 1 {} +
    make_ install
    find "$D" -printf '%P %M %s %l\n' | sort >"$BATS_TEST_TMPDIR/second"
    # The sizes of directories depend on the file system.
    run -0 diff <(grep -v ' d' "$BATS_TEST_TMPDIR/first") <(grep -v ' d' "$BATS_TEST_TMPDIR/second")
}

@test "DESTDIR may contain spaces, quotes and glob characters" {
    mkdir "$BATS_TEST_TMPDIR/a b'c\"d*"
    D="$BATS_TEST_TMPDIR/a b'c\"d*"
    make_ install
    assert_file_executable "$D/opt/zlsnap/bin/tarpack"
    run -0 "$D/opt/zlsnap/bin/zlsnap" --version
    run -0 find "$BATS_TEST_TMPDIR" -mindepth 1 -maxdepth 1
    assert_output "$D"
    make_ uninstall
    run -0 find "$D" ! -type d
    assert_output ''
}

# assert_installed DIR ARGUMENT...: make install with these arguments writes only below DIR, uninstall removes all
# of it, and neither changes the source tree.
assert_installed() {
    local dir=$1 goal
    shift
    ls -A "$PROJECT" >"$BATS_FILE_TMPDIR/checkout"
    for goal in install uninstall; do
        make -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" "$goal" "$@"
        run -0 diff "$BATS_FILE_TMPDIR/checkout" <(ls -A "$PROJECT")
        run -0 find "$BATS_TEST_TMPDIR" -mindepth 1 ! -type d ! -path "$dir/*"
        assert_output ''
        [ "$goal" = uninstall ] || run -0 "$dir/bin/zlsnap" --version
    done
    run -0 find "$dir" ! -type d
    assert_output ''
}

@test "without DESTDIR, install uses PREFIX alone" {
    assert_installed "$BATS_TEST_TMPDIR/prefix" PREFIX="$BATS_TEST_TMPDIR/prefix"
}

@test "DESTDIR may come from the environment or the command line, and contain any characters" {
    local name
    for name in plain 'with spaces' ' first' 'last ' 'a$(b)$$c'; do
        D=$BATS_TEST_TMPDIR/$name
        DESTDIR=$D assert_installed "$D/opt" PREFIX=/opt
        rm -r "$D"
        D=$BATS_TEST_TMPDIR/${name//$/} # make expands $ on its command line
        assert_installed "$D/opt" PREFIX=/opt DESTDIR="$D"
        DESTDIR=/dev/null assert_installed "$D/opt" PREFIX=/opt DESTDIR="$D"
        rm -r "$D"
    done
}

@test "an empty DESTDIR is like none" {
    DESTDIR='' assert_installed "$BATS_TEST_TMPDIR/prefix" PREFIX="$BATS_TEST_TMPDIR/prefix"
    assert_installed "$BATS_TEST_TMPDIR/prefix" PREFIX="$BATS_TEST_TMPDIR/prefix" DESTDIR=
}

@test "make help prints the comment in the Makefile" {
    run -0 make_ help
    assert_output --partial 'make deps'
    assert_output --partial 'DESTDIR'
}
