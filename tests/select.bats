# tarunpack DIR PATH... and tarunpack --list PATH...: some entries of an archive, with the directories above them.
# shellcheck disable=SC2154 # set by run

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p tree/{a/b/c,a-b,etc/ssl}
    echo passwd >tree/etc/passwd
    echo cert >tree/etc/ssl/cert
    echo deep >tree/a/b/c/deep
    echo other >tree/a/b/other
    echo beside >tree/a-b/beside
    ln -s etc/passwd tree/link
    chmod 750 tree/a
    chmod 700 tree/etc/ssl
    setfattr -n user.x -v y tree/a/b
    find tree -exec touch -hd @1234567.5 {} +
    tarpack tree >tree.tar
    DIGEST=$(sha256sum <tree.tar | cut -d " " -f 1)
}

# cut_down PATH...: makes the tree "wanted" of what PATH... selects, with the metadata of all directories.
cut_down() {
    local path selected
    rm -rf wanted
    cp -a tree wanted
    (cd wanted && find . -depth -mindepth 1 | while IFS= read -r path; do
        path=${path#./}
        for selected; do
            [[ $path/ != "$selected"/* && $selected/ != "$path"/* ]] || continue 2
        done
        rm -r "$path"
    done)
    (cd tree && find . -type d -print0) | while IFS= read -rd '' path; do
        [ ! -d "wanted/$path" ] || touch -r "tree/$path" "wanted/$path"
    done
}

@test "unpacks the entries at the paths, everything below them, and the directories above them" {
    local paths
    for paths in etc/passwd etc a/b/c/deep 'a/b/c etc/passwd' a 'a a/b/other' link 'link a-b' 'a/b/other a/b/c'; do
        # shellcheck disable=SC2086 # a list
        unpack out $paths <tree.tar
        # shellcheck disable=SC2086
        cut_down $paths
        compare_trees wanted out
        # --list shows what would be unpacked.
        # shellcheck disable=SC2086
        tarunpack --manifest $paths <tree.tar | cmp - <(tarpack --manifest out)
        rm -r out
    done
}

@test "a path may begin with / or ./ and end with a slash; . is everything" {
    local path selected
    for path in /etc/passwd ./etc/passwd etc//./passwd etc/passwd/ //etc/passwd; do
        assert_equal "$(tarunpack -t "$path" <tree.tar)" $'./\netc/\netc/passwd'
    done
    for path in . / ./; do
        tarunpack --manifest "$path" <tree.tar | cmp - <(tarpack --manifest tree)
    done
    assert_equal "$(tarunpack -t -- etc/passwd etc/passwd <tree.tar)" $'./\netc/\netc/passwd'
}

@test "a path that no entry is at is an error after all was read, and nothing is published" {
    run -1 --separate-stderr unpack out none etc a/b/none ./a/ <tree.tar
    assert_equal "$stderr" 'tarunpack: none: not in the archive
tarunpack: a/b/none: not in the archive'
    assert_equal "$(entries)" 'tree tree.tar'
    run -1 --separate-stderr tarunpack -t etc/pass etc/passwd/x <tree.tar
    assert_equal "$stderr" 'tarunpack: etc/pass: not in the archive
tarunpack: etc/passwd/x: not in the archive'
    run -2 --separate-stderr unpack out ../etc <tree.tar
    assert_equal "${#stderr_lines[@]}" 1
    run -2 unpack out '' <tree.tar
}

@test "the whole stream is read and verified" {
    unpack --expect="$DIGEST" out etc/passwd <tree.tar
    assert_equal "$(cat out/etc/passwd)" passwd
    cp tree.tar bad.tar
    printf X | dd of=bad.tar bs=1 seek=$(($(stat -c %s tree.tar) - 1)) conv=notrunc status=none
    run -4 unpack --expect="$DIGEST" bad a <bad.tar
    run -4 unpack --expect="$DIGEST" bad none <bad.tar
    run -3 unpack bad a <bad.tar
    run -4 tarunpack -t --expect="$DIGEST" a <bad.tar
    run -3 unpack bad a < <(head -c -1024 tree.tar)
    assert_not_exists bad
    # Limits are those of the whole archive.
    run -3 unpack --max-entries=5 bad etc/passwd <tree.tar
}

@test "directories that the archive does not have get the defaults; later entries of a path win" {
    tar_with f:a/b/c f:x/y f:x/z >odd.tar
    unpack out x/y <odd.tar
    assert_equal "$(cd out && find . -printf '%P %y %m\n' | sort)" $' d 755\nx d 755\nx/y f 644'
    tar_with f:p/q f:other l:p/q:other >twice.tar
    unpack twice p/q <twice.tar
    assert_equal "$(readlink twice/p/q)" other
}

@test "--summary counts the selected entries, and the bytes of the stream" {
    unpack --summary=counts out etc/passwd link <tree.tar
    assert_equal "$(jq -c '[.entries,.files,.directories,.symlinks,.content_bytes,.bytes]' counts)" \
        "[4,1,2,1,7,$(stat -c %s tree.tar)]"
    tarunpack -t --summary=listed etc/passwd link <tree.tar
    cmp counts listed
}

@test "a whiteout is selected by what it hides, the opaque marker with its directory" {
    tar_with d:a f:a/.wh..wh..opq f:a/.wh.gone f:a/.wh.other f:a/new d:b f:b/.wh.x >layer.tar
    assert_equal "$(tarunpack -t a/gone <layer.tar | xargs)" 'a/ a/.wh..wh..opq a/.wh.gone'
    assert_equal "$(tarunpack -t a/.wh.gone <layer.tar | xargs)" 'a/ a/.wh..wh..opq a/.wh.gone'
    assert_equal "$(tarunpack -t a/new b <layer.tar | xargs)" 'a/ a/.wh..wh..opq a/new b/ b/.wh.x'
    # If they are files, the names decide.
    run -1 --separate-stderr tarunpack -t --whiteouts=keep a/gone <layer.tar
    assert_equal "$stderr" 'tarunpack: a/gone: not in the archive'
    assert_equal "$(tarunpack -t --whiteouts=raw a/.wh.gone <layer.tar | xargs)" 'a/ a/.wh.gone'
    requires_root
    unpack out a/gone <layer.tar
    assert_equal "$(stat -c '%t:%T' out/a/gone)" 0:0
    assert_equal "$(entries out/a)" gone
    assert_equal "$(getfattr --only-values -n trusted.overlay.opaque out/a)" y
}

@test "PATH goes with neither --merge nor --replace nor a run that reads no archive" {
    mkdir out
    touch out/old
    run -2 --separate-stderr unpack --merge out etc <tree.tar
    assert_equal "$stderr" "tarunpack: --merge applies a whole layer: no PATH goes with it; try 'tarunpack --help'"
    run -2 --separate-stderr unpack --replace out etc <tree.tar
    assert_regex "$stderr" 'tarunpack: --replace would remove all other entries of DIR: no PATH goes with it'
    run -2 --separate-stderr tarunpack --clean . etc
    assert_regex "$stderr" "tarunpack: extra operand 'etc'"
    run -2 --separate-stderr tarunpack --adopt=.out.zlsnap-aaaaaa out etc
    assert_equal "$(entries out)" old
}

@test "a thousand paths" {
    mkdir many
    (cd many && mkdir {1..40} && for dir in {1..40}; do touch "$dir"/{1..50}; done)
    tarpack many >many.tar
    (cd many && find . -name '*7' -type f | sort -R) >names
    local -a paths
    mapfile -t paths <names
    unpack out "${paths[@]}" <many.tar
    assert_equal "$(cd out && find . -type f | sort)" "$(sort names)"
}

# --------------------------------------------------------------------------- hard links

# links_tree: makes "links.tar", in which first/NAME is the first name of what second/NAME and third/NAME are.
links_tree() {
    mkdir -p links/{first,second,third}
    echo small >links/first/small
    head -c 300000 /dev/urandom >links/first/large
    ln -s target links/first/symlink
    mkfifo links/first/fifo
    setfattr -n user.x -v y links/first/small
    chmod 4750 links/first/large
    local name
    for name in small large symlink fifo; do
        ln links/first/$name links/second/$name
        ln links/first/$name links/third/$name
    done
    find links -exec touch -hd @1234567.5 {} +
    tarpack links >links.tar
}

@test "the first selected name of a file becomes the file, if the archive is a file" {
    links_tree
    rm -r links/first
    touch -d @1234567.5 links
    unpack --expect="$(sha256sum <links.tar | cut -d ' ' -f 1)" out second third <links.tar
    compare_trees links out
    unpack -j 1 single third second <links.tar
    compare_trees links single
    unpack --summary=counts one third/small <links.tar
    assert_equal "$(cat one/third/small)" small
    assert_equal "$(jq -c '[.entries,.files,.hardlinks]' counts)" '[3,1,0]'
    # The archive begins where the standard input is.
    cat tree.tar links.tar >both
    { head -c "$(stat -c %s tree.tar)" >/dev/null && unpack again second/small; } <both
    assert_equal "$(cat again/second/small)" small
}

@test "a selected first name needs no second reading, also from a pipe" {
    links_tree
    rm -r links/second
    touch -d @1234567.5 links
    unpack out first third < <(cat links.tar)
    compare_trees links out
}

@test "from a pipe, a hard link whose first name is not selected is an error that names it" {
    links_tree
    run -1 --separate-stderr unpack out second/small third/small < <(cat links.tar)
    assert_equal "$stderr" 'tarunpack: second/small: is a hard link to first/small, which is not selected; select it too, or read the archive from a file
tarunpack: third/small: is a hard link to first/small, which is not selected; select it too, or read the archive from a file'
    assert_not_exists out
    refute_leftovers .
    tar_with f:x h:{a..z}:x >many.tar
    run -1 --separate-stderr unpack out {a..w} < <(cat many.tar)
    assert_equal "${#stderr_lines[@]}" 11
    assert_equal "${stderr_lines[10]}" 'tarunpack: 13 more hard links to entries that are not selected'
    tarunpack -t second/small < <(cat links.tar) >list
    assert_equal "$(xargs <list)" './ second/ second/small'
}

@test "hard links that no reader could make are refused, whatever is selected" {
    local message='which is not selected; select it too'
    tar_with f:x h:link:none >none.tar
    tar_with h:link:x f:x >early.tar
    tar_with f:x h:y:x h:link:y >chain.tar
    tar_with f:x f:x h:link:x >twice.tar
    tar_with d:x h:link:x >directory.tar
    local name target
    for name in none:none early:x chain:y twice:x directory:x; do
        target=${name#*:} name=${name%:*}
        run -1 --separate-stderr unpack out link <"$name.tar"
        assert_equal "$stderr" "tarunpack: link: is a hard link to $target, $message"
        assert_not_exists out
    done
    run -3 unpack out link none <none.tar
}

@test "a later entry with the name of a hard link wins" {
    tar_with f:x h:a:x h:b:x f:a >later.tar
    unpack out a b <later.tar
    assert_equal "$(cat out/a) $(cat out/b)" 'a x'
    assert_equal "$(stat -c %h out/a out/b | xargs)" '1 1'
    tar_with f:x f:y h:a:x h:a:y h:b:y >changed.tar
    unpack changed a b <changed.tar
    assert_equal "$(cat changed/a) $(stat -c %h changed/b)" 'y 2'
}

@test "a hard link to a hard link has the same first name" {
    tar_with f:x h:a:x h:b:a h:c:b >chain.tar
    unpack out a b c <chain.tar
    assert_equal "$(cat out/a) $(stat -c %h out/c)" 'x 3'
    tar_with f:x h:a:x h:b:a f:a h:c:a >chain.tar
    unpack two a b c <chain.tar
    assert_equal "$(cat two/a two/b two/c) $(stat -c %h two/a two/b two/c | xargs)" 'axa 2 1 2'
}

@test "the second reading is verified, too" {
    requires_command strace
    tar_with f:first h:second:first >links.tar
    local digest
    digest=$(sha256sum <links.tar | cut -d ' ' -f 1)
    strace -f --seccomp-bpf -qqq -o /dev/null -e trace=lseek -e inject=lseek:delay_exit=1500000:when=2 \
        tarunpack --no-sync --expect="$digest" out second <links.tar 2>message &
    sleep 0.7
    dd if=/dev/zero of=links.tar bs=1 seek=512 count=1 conv=notrunc status=none
    local status=0
    wait $! || status=$?
    assert_equal "$status" 4
    assert_not_exists out
    assert_regex "$(cat message)" '^tarunpack: the digest does not match'
}

@test "a device that is left out: hard links to it are left out, too" {
    requires_root
    tar_with c:null h:a:null h:b:null >device.tar
    unpack out a b <device.tar
    assert_equal "$(stat -c '%t:%T %h' out/a)" '1:3 2'
    run -0 --separate-stderr unpack --no-devices none a b <device.tar
    assert_equal "$(entries none)" ''
}
