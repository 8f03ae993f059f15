#!/usr/bin/env bats
# make install and make uninstall, into a directory of the test.

load helpers

setup() {
    D=$BATS_TEST_TMPDIR/dest
    unset MAKEFLAGS MAKELEVEL MFLAGS
}

# What is built is taken as it is (-o all), whatever flags it was built with.
make_() {
    make -C "$PROJECT" -o all BUILD="${ZLSNAP_BIN%/bin}" DESTDIR="$D" PREFIX=/opt/zlsnap "$@"
}

@test "install puts programs and manuals where DESTDIR and PREFIX say, and nothing elsewhere" {
    make_ install
    local program
    for program in tarpack tarunpack shasum-tee zlsnap; do
        run -0 "$D/opt/zlsnap/bin/$program" --version
        assert_output --partial "$program"
    done
    local manual
    for manual in "$PROJECT"/*/*.[17]; do
        assert_file_exists "$D/opt/zlsnap/share/man/man${manual##*.}/${manual##*/}"
    done
    assert_file_exists "$D/opt/zlsnap/share/doc/zlsnap/examples/zlsnap-sync@.timer"
    run -0 find "$D" -type f ! -path "$D/opt/zlsnap/*"
    assert_output ''
}

@test "installed files can be read by everyone, whatever the umask" {
    (umask 077 && mkdir -p "$D" && make_ install)
    run -0 find "$D/opt/zlsnap/bin" -type f ! -perm 755
    assert_output ''
    run -0 find "$D/opt/zlsnap/share" -type f ! -perm 644
    assert_output ''
    run -0 find "$D/opt" -type d ! -perm 755
    assert_output ''
}

@test "the installed driver needs only what is installed" {
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

@test "uninstall removes every file that install put there, and no other" {
    mkdir -p "$D/opt/zlsnap/bin"
    touch "$D/opt/zlsnap/bin/other"
    make_ install
    make_ uninstall
    run -0 find "$D" ! -type d
    assert_output "$D/opt/zlsnap/bin/other"
}

@test "make help prints the manual of the Makefile" {
    run -0 make_ help
    assert_output --partial 'make deps'
    assert_output --partial 'DESTDIR'
}
