# Hostile archives, made by data/make-hostile. Each is unpacked beside a directory that no archive may reach
# (canary) and contains the absolute name of another one (outside). Neither directory may change. A refused
# archive leaves no files; the tree of an accepted one is compared.

load helpers
load refusals

setup_file() {
    requires_command python3
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p outside/dir
    echo canary >outside/file
    ln -s file outside/link
    touch outside/dir/file
    "$PROJECT/tests/data/make-hostile" archives "$PWD/outside"
}

setup() {
    requires_root # owners, devices, whiteouts
    ARCHIVES=$BATS_FILE_TMPDIR/archives
    OUTSIDE=$BATS_FILE_TMPDIR/outside
    cp -a "$OUTSIDE" "$BATS_TEST_TMPDIR/canary"
    mkdir "$BATS_TEST_TMPDIR/place"
    cd "$BATS_TEST_TMPDIR/place" || return
    before=$(surroundings)
}

# surroundings: prints everything but the target, with change times. The output is the same before and after
# unless something was made, changed or removed.
surroundings() {
    find "$OUTSIDE" .. ! -path .. ! -path ../place ! -path '../place/target*' \
        -printf '%p %y %i %n %#m %U:%G %s %T@ %C@ %l\n'
}

untouched() {
    assert_equal "$1: $(surroundings)" "$1: $before"
}

# unpack_archive NAME: sets $said to the messages and $status to the exit status.
unpack_archive() {
    status=0
    rm -rf target
    said=$(tarunpack --no-sync target <"$ARCHIVES/$1.tar" 2>&1) || status=$?
    untouched "$1"
}

# refuse_tree NAME LINE [STATUS]: unpacking fails with a line that matches the pattern LINE and leaves no files.
refuse_tree() {
    unpack_archive "$1"
    # shellcheck disable=SC2053
    [[ $said == "tarunpack: "$2 && $status -eq ${3-3} ]] ||
        batslib_print_kv_multi expected "${3-3}: tarunpack: $2" actual "$status: $said" |
        batslib_decorate "$1 was not refused as it should be" | fail
    [ ! -e target ]
}

# refuse NAME LINE: likewise, and --list fails with the same line.
refuse() {
    refuse_tree "$@"
    local listed=0 line
    line=$(tarunpack --list <"$ARCHIVES/$1.tar" 2>&1 >/dev/null) || listed=$?
    assert_equal "$1: $listed: $line" "$1: 3: $said"
}

# accept NAME [LINE]: unpacking succeeds without messages, or with LINE, and makes the tree that standard
# input describes: a line for each entry with find's type, mode, path and link target.
accept() {
    unpack_archive "$1"
    # shellcheck disable=SC2053
    [[ $said == ${2-} && $status -eq 0 ]] || assert_equal "$1: $status: $said" "$1: 0: ${2-}"
    assert_equal "$1:$(find target -mindepth 1 -printf '\n%y %m %P %l' | LC_ALL=C sort -k 3)" \
        "$1:$(sed '/ -> /!s/$/ /; s/ -> / /; 1s/^/\n/')"
}

content() {
    assert_equal "$1: $(cat "target/$1")" "$1: $2"
}

# opaque DIR: it has the attribute of an opaque directory.
opaque() {
    assert_equal "$1: $(getfattr --only-values -n trusted.overlay.opaque "target/$1")" "$1: y"
}

# --------------------------------------------------------------------------- paths

@test "hostile: a path with .. is refused, in any header" {
    local name
    for name in path-up path-up-in-the-midst path-up-at-the-end path-up-alone \
        path-up-in-the-prefix path-up-in-pax path-up-in-gnu-name path-up-in-sparse-name \
        whiteout-above; do
        refuse "$name" "*: path is empty or contains a NUL or '..'"
    done
    refuse path-up-for-all 'a global header sets values of entries, *'
}

@test "hostile: an absolute path is unpacked below the target, with one warning" {
    local below=${OUTSIDE#/}
    unpack_archive path-absolute
    assert_equal "$status: $said" "0: tarunpack: warning: removing leading '/' from names"
    assert_equal "$(find target -type f -printf '%P ')" "x $below/evil "
    assert_equal "$(stat -c %a "target/$below" "target/${below%/*}" | tr '\n' ' ')" '700 755 '
}

@test "hostile: an empty path is refused" {
    refuse path-empty "path is empty or *"
}

@test "hostile: a root that is not a directory is refused" {
    local name
    for name in path-root-is-a-file path-root-by-dots-is-a-file path-root-is-a-symlink; do
        refuse "$name" '*'
    done
}

@test "hostile: a backslash is not a separator" {
    accept path-with-backslashes <<'EOF'
f 644 ..\canary\evil
EOF
}

@test "hostile: redundant dots and slashes are dropped" {
    accept path-with-dots-and-slashes <<'EOF'
d 755 a
d 755 a/b
f 644 a/b/c
EOF
}

@test "hostile: a component of 256 bytes is refused, one of 255 is accepted" {
    refuse path-component-256 '*: path has a component of more than 255 bytes'
    accept path-component-255 <<EOF
d 755 d
f 644 d/$(printf 'n%.0s' {1..255})
EOF
}

@test "hostile: a path of 2 MiB is refused, one longer than PATH_MAX is accepted" {
    refuse path-2-mib 'd/d/*...*d/x: the path is longer than 1048576 bytes (--max-path)'
    unpack_archive path-deep
    assert_equal "$status: $said" '0: '
    assert_equal "$(find target -type d -printf . | wc -c)" 701
}

# --------------------------------------------------------------------------- symbolic links

@test "hostile: a path through a symbolic link of the archive leads to a place in the tree" {
    local name
    for name in symlink-then-file-through:evil symlink-then-over-a-file-there:file; do
        accept "${name%:*}" <<EOF
d 755 canary
f 644 canary/${name#*:}
l 777 s -> ../../canary
EOF
    done
    accept symlink-then-directory-through <<'EOF'
d 755 canary
d 755 canary/dir
l 777 s -> ../../canary
EOF
    accept symlink-then-symlink-through <<'EOF'
d 755 canary
l 777 canary/evil -> x
l 777 s -> ../../canary
EOF
    accept symlink-then-device-through <<'EOF'
d 755 canary
p 644 canary/evil
l 777 s -> ../../canary
EOF
    unpack_archive symlink-then-whiteout-through
    assert_equal "$status:$said:$(stat -c '%F %t:%T' target/canary/file)" '0::character special file 0:0'
    unpack_archive symlink-then-opaque-through
    opaque canary
    unpack_archive symlink-absolute-then-through
    assert_equal "$status:$said:$(cat "target$OUTSIDE/evil")" 0::evil
    unpack_archive symlink-to-proc
    assert_equal "$status:$said:$(cat target/proc/self/cwd/evil)" 0::evil
}

@test "hostile: nor does a link that leads above the root, or a chain of links, lead outside" {
    accept symlink-to-the-root-of-proc <<'EOF'
d 755 proc
f 644 proc/evil
l 777 s -> /proc/self/root/../..
EOF
    accept symlink-far-up <<'EOF'
f 644 evil
l 777 s -> /../../../..
EOF
    accept symlink-chain <<'EOF'
l 777 a -> b
l 777 b -> c
l 777 c -> ../../canary
d 755 canary
f 644 canary/evil
EOF
    accept symlink-chain-of-directories <<'EOF'
d 755 canary
f 644 canary/evil
d 755 d
l 777 d/up -> ..
l 777 e -> d/up/../../canary
EOF
    accept symlink-to-here <<'EOF'
l 777 d -> .
f 644 x
EOF
    accept symlink-that-changes <<'EOF'
d 755 a
f 644 a/one
d 755 c
f 644 c/two
d 700 s
f 644 s/three
EOF
    unpack_archive symlink-of-40
    assert_equal "$status:$said:$(cat target/s40/evil)" 0::evil
}

@test "hostile: a path through links that lead nowhere, to a file or to a reserved name is refused" {
    local name
    for name in symlink-{loop,to-itself}; do
        refuse_tree "$name" 's/evil: a parent in the path goes through too many symbolic links'
    done
    refuse_tree symlink-of-41 's0/evil: a parent in the path goes through too many symbolic links'
    refuse_tree symlink-to-a-file-then-through 's/evil: a parent in the path is not a directory'
    for name in symlink-to-a-{mark,whiteout,staging-directory}; do
        refuse_tree "$name" 's/evil: a parent in the path is a symbolic link to a reserved name'
    done
    refuse_tree symlink-to-256-bytes 't/x: a parent in the path is a symbolic link to a path that is too long'
    refuse_tree symlink-that-grows 's/evil: a parent in the path is a symbolic link to a path that is too long'
}

@test "hostile: a symbolic link is replaced, not followed" {
    accept symlink-replaced-by-file <<'EOF'
f 644 s
EOF
    content s evil
    accept symlink-replaced-by-directory <<'EOF'
d 700 s
f 644 s/evil
EOF
    accept symlink-replaced-by-fifo <<'EOF'
p 644 s
EOF
}

@test "hostile: the metadata of a symbolic link does not change its target" {
    accept symlink-with-a-mode <<EOF
l 777 s -> $OUTSIDE/file
EOF
    assert_equal "$(stat -c '%u %Y' target/s)" '7 1000000000'
}

@test "hostile: a symbolic link with a target that is empty, too long or contains a NUL is refused" {
    refuse symlink-without-target 's: link target is empty, *'
    refuse symlink-with-nul 'link target is empty, too long or contains a NUL*'
    refuse symlink-4096 's: link target *'
    refuse symlink-2-mib 's: link target *'
    accept symlink-4095 <<EOF
l 777 s -> $(printf 't%.0s' {1..4095})
EOF
    accept gnu-link-long <<EOF
l 777 s -> $(printf '../%.0s' {1..100})canary
EOF
}

# --------------------------------------------------------------------------- hard links

@test "hostile: a hard link to a file outside is refused" {
    refuse hardlink-up "h: path is empty or contains a NUL or '..'"
    refuse hardlink-up-to-the-outside-directory "h: path is empty or contains a NUL or '..'"
    refuse gnu-link-up "h: path is empty or contains a NUL or '..'"
    refuse_tree hardlink-absolute "warning: removing leading '/' from names
tarunpack: h: links to ${OUTSIDE#/}/file, which does not exist"
}

@test "hostile: the target of a hard link may be below a symbolic link, but not outside" {
    accept hardlink-through-a-symlink-inside <<'EOF'
d 755 d
f 644 d/f
f 644 d/g
f 644 h
l 777 s -> /d
l 777 t -> s/../s
EOF
    assert_equal "$(stat -c %h target/h)" 3
}

@test "hostile: a hard link through a symbolic link to the outside, a loop or a file is refused" {
    refuse_tree hardlink-through-a-symlink 'h: links to s/file, which does not exist'
    refuse_tree hardlink-through-a-loop 'h: links to s/f, which does not exist'
    refuse_tree hardlink-through-a-file 'h: links to f/x, which does not exist'
}

@test "hostile: a hard link to a directory or to the root is refused" {
    refuse_tree hardlink-to-a-directory 'h: links to d, which is a directory'
    refuse_tree hardlink-to-the-root 'h: links to ., which is a directory'
}

@test "hostile: a hard link to a missing or a later entry is refused" {
    refuse_tree hardlink-to-nothing 'h: links to missing, which does not exist'
    refuse_tree hardlink-to-what-comes-later 'h: links to f, which does not exist'
    refuse_tree hardlink-to-itself 'h: links to h, which does not exist'
    refuse hardlink-without-target 'h: link target is empty, *'
}

@test "hostile: a hard link to itself changes nothing if the entry exists" {
    accept hardlink-to-itself-standing <<'EOF'
f 644 h
EOF
    content h evil
}

@test "hostile: a hard link with content is refused, since readers disagree about its end" {
    refuse hardlink-with-data 'h: readers disagree about the content of hard links'
}

@test "hostile: a hard link to a whiteout is refused" {
    refuse_tree hardlink-to-a-whiteout 'h: links to f, which is a whiteout'
    refuse_tree hardlink-to-a-whiteouts-name 'h: links to .wh.f, which does not exist'
}

@test "hostile: a hard link to a symbolic link does not follow it" {
    accept hardlink-to-a-symlink <<EOF
l 777 h -> $OUTSIDE/file
l 777 s -> $OUTSIDE/file
EOF
    assert_equal "$(stat -c %h target/s)" 2
    accept hardlink-to-a-symlink-rewritten <<EOF
f 644 h
l 777 s -> $OUTSIDE/file
EOF
    content h evil
}

@test "hostile: a hard link to a fifo is accepted" {
    accept hardlink-to-a-fifo <<'EOF'
p 644 h
p 644 p
EOF
    assert_equal "$(stat -c %h target/p)" 2
}

@test "hostile: a repeated entry does not change hard links to the earlier one" {
    accept hardlink-then-target-rewritten <<'EOF'
f 644 f
f 644 h
EOF
    content f new
    content h old
}

# --------------------------------------------------------------------------- conflicting entries

@test "hostile: a file is replaced by a directory, and an empty directory by any type" {
    accept file-becomes-directory <<'EOF'
d 755 x
f 644 x/y
EOF
    accept directory-becomes-file <<'EOF'
f 644 x
EOF
    accept directory-and-file-take-turns <<'EOF'
d 755 x
EOF
    accept hardlink-over-a-directory <<'EOF'
f 644 d
f 644 f
EOF
}

@test "hostile: a directory that is not empty is not replaced" {
    local name
    for name in full-directory-becomes-{file,symlink,hardlink,fifo}; do
        refuse_tree "$name" 'x: would replace a directory that is not empty'
    done
}

@test "hostile: a directory without an entry of its own is replaced, with all in it" {
    accept implied-directory-becomes-file <<<'f 644 x'
    content x evil
    accept implied-directory-becomes-symlink <<'EOF'
d 755 t
f 644 t/z
l 777 x -> t
EOF
    accept implied-directory-comes-back <<'EOF'
d 755 x
d 755 x/y
f 644 x/y/w
EOF
    refuse_tree implied-directory-becomes-hardlink-into-itself 'x: links to x/y, which does not exist'
}

@test "hostile: an entry below a file, a fifo or a device is refused" {
    local name
    for name in entry-below-a-{file,fifo,device}; do
        refuse_tree "$name" 'x/y: a parent in the path is not a directory'
    done
}

@test "hostile: the later of two entries with the same name wins" {
    accept entry-twice <<'EOF'
f 640 x
EOF
    content x new
    assert_equal "$(stat -c %u target/x)" 0
}

@test "hostile: a directory has all metadata from the later of its entries" {
    accept directory-twice <<'EOF'
d 750 x
f 644 x/y
EOF
    assert_equal "$(stat -c %u:%g target/x)" 0:8
    assert_equal "$(getfattr -d target/x)" ''
    accept root-twice </dev/null
    assert_equal "$(stat -c '%a %u:%g' target)" '751 0:8'
}

@test "hostile: the root's entry may come last, and be read-only" {
    accept root-last <<'EOF'
f 644 x
EOF
    assert_equal "$(stat -c '%a %u' target)" '700 7'
    accept root-not-writable <<'EOF'
d 0 d
f 644 d/x
EOF
    assert_equal "$(stat -c %a target)" 555
}

# --------------------------------------------------------------------------- whiteouts

@test "hostile: a whiteout of an empty name, of . or of .. is refused" {
    refuse_tree whiteout-of-nothing 'd/.wh.: a whiteout without a name'
    refuse_tree whiteout-of-here 'd/.wh..: a whiteout without a name'
    refuse_tree whiteout-of-above 'd/.wh...: a whiteout without a name'
}

@test "hostile: an entry of any type is a whiteout if its name says so" {
    accept whiteout-of-every-type < <(printf 'c 0 %d\n' {0..8})
    assert_equal "$(stat -c %t:%T target/* | sort -u)" 0:0
    accept whiteout-with-content <<'EOF'
c 0 x
f 644 y
EOF
    accept whiteout-as-upper-has-it <<'EOF'
c 0 x
EOF
}

@test "hostile: a whiteout of a name of 255 bytes is accepted, of 256 bytes refused" {
    accept whiteout-of-255-bytes <<<"c 0 $(printf 'n%.0s' {1..255})"
    refuse whiteout-of-256-bytes '*: path has a component of more than 255 bytes'
}

@test "hostile: an entry of any type is an opaque marker if its name says so" {
    accept opaque-of-every-type < <(printf 'd 755 %d\n' {0..8})
    local name
    for name in target/*; do
        opaque "${name##*/}"
    done
}

@test "hostile: an opaque marker may come at any place, and be in the root" {
    accept opaque-before-and-after <<'EOF'
d 755 a
f 644 a/x
d 755 b
f 644 b/x
EOF
    opaque a
    opaque b
    accept opaque-root </dev/null
    opaque .
}

@test "hostile: a path with the name of a whiteout or a marker as a parent is refused" {
    refuse_tree whiteout-in-the-path '.wh.x/y: a parent in the path has the name of a whiteout'
    refuse_tree whiteout-in-the-path-of-a-directory '.wh.x/y: a parent in the path has *'
    refuse_tree opaque-in-the-path '.wh..wh..opq/y: a parent in the path has *'
}

@test "hostile: a whiteout before or after an entry of its layer does not delete it" {
    local name
    for name in whiteout-{before,after}-file; do
        accept "$name" <<<'f 644 x'
        content x evil
    done
    for name in whiteout-{before,after}-{directory,implied}; do
        accept "$name" <<'EOF'
d 755 x
f 644 x/y
EOF
        opaque x
    done
    for name in whiteout-{before,after}-symlink; do
        accept "$name" <<<'l 777 x -> y'
    done
    for name in whiteout-{before,after}-fifo; do
        accept "$name" <<<'p 644 x'
    done
    accept whiteout-between-files <<<'f 644 x'
    content x new
}

@test "hostile: names of AUFS are left out with a warning, and entries below them" {
    accept aufs-names "tarunpack: warning: .wh..wh.aufs: left out: *
tarunpack: warning: .wh..wh.plnk: left out: *
tarunpack: warning: .wh..wh.orph: left out: AUFS metadata" <<'EOF'
f 644 x
EOF
    refuse_tree aufs-links-elsewhere 'd/.wh..wh.plnk/7.7: a parent in the path has the name of a whiteout'
}

@test "hostile: hard links to the names that AUFS keeps for them" {
    accept aufs-links 'tarunpack: warning: .wh..wh.plnk: left out: *
tarunpack: warning: .wh..wh.plnk/d/x: left out: *
tarunpack: warning: .wh..wh.plnk/s: left out: *
tarunpack: warning: .wh..wh.orph/x: left out: AUFS metadata' <<'EOF'
d 755 d
f 644 d/g
f 644 f
f 644 h
EOF
    assert_equal "$(stat -c %h target/f)" 3
    refuse_tree aufs-links-to-nothing 'f: links to .wh..wh.plnk/8.8, which does not exist'
    accept aufs-links-through-a-symlink 'tarunpack: warning: .wh..wh.plnk: left out: *' </dev/null
}

# --------------------------------------------------------------------------- headers

@test "hostile: a checksum that is wrong, blank or not a number is refused" {
    refuse checksum-wrong 'this is not a tar archive'
    local name
    for name in checksum-{wrong-later,blank,no-number}; do
        refuse "$name" 'header checksum does not match, in the header that ends at byte 1536'
    done
}

@test "hostile: a checksum of signed bytes is accepted" {
    accept checksum-signed < <(printf 'f 644 \xff\xfe\xfd\n')
}

@test "hostile: an archive without the data of its last entry is truncated" {
    refuse size-8-gib-and-no-data 'the archive is truncated after 1536 bytes'
}

@test "hostile: sizes beyond the limit are refused at once" {
    local name
    for name in size-limit-and-more size-of-two-beyond-limit size-in-pax-terabytes \
        gnu-sparse-size-petabytes sparse-size-exabytes; do
        refuse "$name" '*: the files have more than 8796093022208 bytes in total (--max-size)'
    done
}

@test "hostile: sizes that are malformed, negative or too large are refused" {
    local name
    for name in size-{2-to-63,negative,no-octal,behind-a-nul,with-a-sign} \
        size-in-pax-{too-large,negative,with-junk}; do
        refuse "$name" 'malformed number, in the header that ends at byte *'
    done
    refuse size-2-to-63-less-one 'x: size out of range'
}

@test "hostile: a size in a pax header that differs from one that the header block could hold is refused" {
    accept size-in-pax-and-header <<'EOF'
f 644 x
f 644 y
EOF
    local name
    for name in size-in-pax-differs{,-and-is-less}; do
        refuse "$name" 'x: the sizes in the header and in the pax record differ'
    done
}

@test "hostile: the size of a directory is ignored, one of a symbolic link refused" {
    accept size-of-a-directory <<'EOF'
d 755 x
f 644 y
EOF
    refuse size-of-a-symlink 'x: a type without content has a size'
    refuse size-of-an-old-file-with-a-slash 'x: a type without content has a size'
    local name
    for name in size-of-a{,-contiguous}-file-with-a-slash; do
        refuse "$name" 'x/: the path ends in a slash, but the type is not directory'
    done
}

@test "hostile: negative owners, and 2^32-1, which chown(2) ignores, are refused" {
    refuse uid-negative 'malformed number, *'
    refuse gid-negative 'malformed number, *'
    local name
    for name in uid-2-to-32-less-one gid-2-to-32-less-one uid-in-pax-2-to-32-less-one \
        gid-in-pax-2-to-32; do
        refuse "$name" 'x: owner or group id out of range'
    done
    accept uid-2-to-32-less-two <<<'f 644 x'
    assert_equal "$(stat -c %u target/x)" 4294967294
}

@test "hostile: malformed times and too large ones are refused, times before 1970 accepted" {
    refuse mtime-overflows 'malformed number, *'
    refuse mtime-2-to-63 'malformed number, *'
    local name
    for name in mtime-in-pax-{too-large,too-small,no-number}; do
        refuse "$name" 'malformed time, *'
    done
    accept mtime-beyond-the-file-system 'tarunpack: warning: 1 modification time was changed to the nearest *' <<<'f 644 x'
    accept mtime-negative <<<'f 644 x'
    assert_equal "$(stat -c %Y target/x)" -86400
}

@test "hostile: all bits of a mode but the permissions are ignored" {
    accept mode-with-file-type <<<'f 640 x'
    accept mode-with-all-bits <<<'f 7777 x'
}

@test "hostile: device numbers that the kernel would truncate are refused" {
    refuse device-major-too-large 'x: malformed number'
    refuse device-minor-too-large 'x: malformed number'
    refuse device-negative 'malformed number, *'
    refuse device-in-pax-too-large 'x: the device numbers in the header and in the pax record differ'
    accept device-largest <<<'c 644 x'
    assert_equal "$(stat -c %t:%T target/x)" fff:fffff
    refuse device-of-a-file-is-no-number 'malformed number, *'
}

@test "hostile: an unknown type is refused" {
    local name
    for name in type-{8,9,A,E,I,N,Z,a,high-byte}-unknown; do
        refuse "$name" 'x: unknown entry type'
    done
}

@test "hostile: part of a multi-volume or an incremental archive is refused" {
    refuse type-incremental-directory 'x/: part of an incremental archive'
    refuse type-multi-volume 'x: part of a multi-volume archive'
    refuse type-multi-volume-in-pax 'part of a multi-volume archive, *'
}

@test "hostile: a volume label is ignored, and a contiguous file is a file" {
    accept type-volume-label <<<'f 644 x'
    accept type-contiguous <<<'f 644 x'
    accept type-none-and-a-slash <<<'d 755 x'
}

# --------------------------------------------------------------------------- pax headers

@test "hostile: a NUL in a pax path is refused" {
    refuse pax-path-with-nul "path is empty or contains a NUL or '..', *"
}

@test "hostile: records with a wrong length are refused" {
    local name
    for name in pax-length-{too-short,too-long,zero,missing,negative,overflows,hexadecimal} \
        pax-{newline,equals,keyword,space}-missing pax-padded-with-nuls-inside; do
        refuse "$name" 'malformed extended header record, in the header that ends at byte 1024'
    done
}

@test "hostile: the last record of a keyword wins, an empty one is refused" {
    accept pax-duplicate-record <<<'f 644 y'
    refuse pax-deletes-its-path 'an extended header has a record without a value, *'
    accept pax-unknown-keyword <<<'f 644 x'
    accept xattr-twice <<<'f 644 x'
    assert_equal "$(getfattr --only-values -n user.x target/x)" new
    refuse xattr-with-two-values 'x: an extended attribute has two values'
}

# Some readers use the first of two headers, some the last, some both.
@test "hostile: a second extended header of the same type, and a global one after a local one, are refused" {
    local name
    for name in pax-twice gnu-{name,link}-twice pax-for-all-behind-{one-for-one,a-gnu-name,a-gnu-link} \
        volume-label-behind-a-{pax-header,gnu-name,gnu-link}; do
        refuse "$name" 'an extended header has no entry after it'
    done
}

@test "hostile: a pax header without an entry or without its content is refused" {
    refuse pax-without-entry 'an extended header has no entry after it'
    refuse pax-without-anything 'the archive is truncated after 1024 bytes'
    refuse pax-without-content 'the archive is truncated after 1024 bytes'
}

@test "hostile: extended headers of terabytes are refused at once, with little memory" {
    refuse pax-larger-than-allowed 'the extended headers of an entry are longer than 16777216 bytes (--max-pax)'
    refuse pax-for-all-of-terabytes 'the global headers have more than 65536 bytes in total'
    refuse pax-for-all-too-many 'the global headers have more than 65536 bytes in total'
    local name
    for name in pax-of-terabytes gnu-name-of-terabytes gnu-link-of-terabytes; do
        refuse "$name" 'the extended headers of an entry are longer than 16777216 bytes (--max-pax)'
        # The sanitizers need more address space.
        [[ $ZLSNAP_BIN == *address* || $ZLSNAP_BIN == *thread* ]] || (
            ulimit -v 100000
            tarunpack --no-sync target <"$ARCHIVES/$name.tar" 2>&1 | grep -q -e --max-pax
        )
    done
}

@test "hostile: global headers with anything but comments, and unknown character sets, are refused" {
    accept pax-for-all-with-a-comment <<<'f 644 x'
    local name
    for name in pax-for-all-with-{attributes,map,an-owner}; do
        refuse "$name" 'a global header sets values of entries, which some readers ignore, *'
    done
    refuse pax-charset-unknown 'unsupported hdrcharset, *'
}

@test "hostile: attributes with a bad name or a too long value are refused" {
    refuse xattr-too-large 'x: the attribute user.x is longer than 65536 bytes (--max-xattr)'
    local name
    for name in xattr-{without-name,name-256}; do
        refuse "$name" 'malformed extended attribute, *'
    done
    refuse xattr-name-with-nul 'malformed extended header record, *'
    refuse xattr-no-base64 'malformed extended attribute, *'
    accept xattr-name-with-encoded-nul <<<'f 644 x'
    assert_equal "$(getfattr --only-values -n user.a%00b target/x)" v
}

@test "hostile: attributes of an overlay are escaped" {
    accept xattr-of-overlay <<'EOF'
d 755 d
f 644 x
EOF
    assert_equal "$(getfattr -h -d -m - target/d target/x | grep -v '^#')" \
        'trusted.overlay.overlay.opaque="y"
trusted.overlay.overlay.redirect="/canary"

trusted.overlay.overlay.metacopy=""'
}

@test "hostile: a malformed ACL, and a default ACL of a file, are refused" {
    refuse acl-no-text 'malformed access control list, *'
    refuse acl-no-attribute 'x: malformed access control list'
    refuse acl-default-of-a-file 'x: malformed access control list'
}

@test "hostile: an ACL with names instead of ids, and one of a symbolic link, are left out" {
    accept acl-of-names "tarunpack: warning: 1 ACL was left out: there are no ids for the names in it" <<<'f 644 x'
    assert_equal "$(getfattr -m - target/x)" ''
    accept acl-of-a-symlink "tarunpack: warning: 1 ACL was left out: this type of file cannot have it" <<<'l 777 s -> x'
}

@test "hostile: a directory has only the attributes of the later of its entries" {
    accept directory-twice-with-attributes <<<'d 700 d'
    assert_equal "$(getfattr -h -d -m - target/d)" "$(printf '# file: target/d\nuser.new="2"')"
}

# 1100 ACLs of 64 KiB each, which are kept in memory until the end.
@test "hostile: the memory for the ACLs of directories is limited" {
    run -3 tarunpack --no-sync target < <(/usr/bin/python3 - 2>&- <<'PYTHON'
import struct, sys, tarfile
none = 0xffffffff
entries = [(1, 7, none)] + [(2, 7, id) for id in range(8000)] + [(tag, 7, none) for tag in (4, 16, 32)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
    for number in range(1100):
        info = tarfile.TarInfo("d%d" % number)
        info.type = tarfile.DIRTYPE
        info.pax_headers = {"SCHILY.xattr.system.posix_acl_default":
                            value.decode("utf-8", "surrogateescape")}
        archive.addfile(info)
PYTHON
    )
    assert_output --partial 'tarunpack: the ACLs and labels of all directories, and the paths of '
    assert_output --partial 'have more than 67108864 bytes'
    assert_not_exists target
}

# --------------------------------------------------------------------------- GNU's headers

@test "hostile: GNU long names end at a NUL or at the end of their header, and are those of the pax header" {
    accept gnu-name-without-nul <<<"f 644 $(printf 'y%.0s' {1..200})"
    refuse gnu-name-with-nul-inside "path is empty or contains a NUL or '..', *"
    accept gnu-name-and-pax <<<'f 644 y'
    refuse gnu-name-and-another-in-pax 'z: the GNU long name and the pax path differ'
    refuse gnu-name-empty "x: path is empty or contains a NUL or '..'"
    refuse gnu-name-without-entry 'an extended header has no entry after it'
    refuse gnu-link-without-entry 'an extended header has no entry after it'
    refuse gnu-name-cut 'the archive is truncated after 1024 bytes'
}

# --------------------------------------------------------------------------- sparse files

# zeros_but FILE SIZE [OFFSET LENGTH]...: FILE has SIZE bytes: "ab" repeated at these ranges, and zeros.
zeros_but() {
    local file=target/$1 size=$2
    shift 2
    truncate -s "$size" ../expected
    while [ $# -gt 0 ]; do
        yes ab | tr -d '\n' | head -c "$2" |
            dd of=../expected bs=1 seek="$1" conv=notrunc status=none
        shift 2
    done
    cmp ../expected "$file"
    rm ../expected
}

@test "hostile: valid sparse files of all formats are accepted" {
    accept gnu-sparse-good <<'EOF'
f 644 x
f 644 y
EOF
    zeros_but x 8192 512 512 4096 512
    local -a extents=()
    local i name
    for ((i = 0; i < 25; i++)); do
        extents+=($((1024 * i)) 512)
    done
    accept gnu-sparse-extended <<<'f 644 x'
    zeros_but x 30720 "${extents[@]}"
    for name in sparse-00-good sparse-01-good sparse-10-good; do
        accept "$name" <<<'f 644 sparse'
        zeros_but sparse 8192 512 256 4096 256
    done
}

@test "hostile: sparse maps that overlap, descend, overflow or have a wrong total are refused" {
    local name
    for name in gnu-sparse-{overlaps,descends,exceeds-its-size,too-little-data,too-much-data} \
        gnu-sparse-{overflows,negative,size-negative,half-a-pair,cut,without-end} \
        sparse-00-{half-a-pair,without-offset,descends} \
        sparse-01-{half-a-pair,overlaps,exceeds-its-size,overflows,wraps-around,with-junk} \
        sparse-01-{too-little-data,without-size} \
        sparse-10-{count-too-large,count-beyond-its-data,no-number,number-missing} \
        sparse-10-{number-without-end,without-map,overlaps,too-little-data} \
        sparse-{two-maps,version-unknown}; do
        refuse "$name" '*malformed sparse map*'
    done
    refuse gnu-sparse-with-a-slash 'x/: the path ends in a slash, but the type is not directory'
}

# --------------------------------------------------------------------------- all archives

@test "hostile: every archive is tested here" {
    local words
    words=$(grep -oE '[a-z0-9]+-[A-Za-z0-9{},-]+' "$BATS_TEST_FILENAME" | sort -u | tr '\n' ' ')
    eval "printf '%s\n' $words" | sort -u >../words
    for archive in "$ARCHIVES"/*.tar; do
        archive=${archive##*/}
        printf "%s\n" "${archive%.tar}"
    done | sort | comm -23 - ../words >../missing
    assert_equal "$(cat ../missing)" ''
}

# A script that unpacks each archive in $1 with `tarunpack $2 $3`, onto a copy of $4 if given, and prints the
# archives that end with a status other than 0, 1 or 3 or leave files.
# shellcheck disable=SC2016
UNPACK_ALL='shopt -s dotglob nullglob
    for archive in "$1"/*.tar; do
        [ -z "$4" ] || cp -a "$4" "$2"
        status=0
        tarunpack -q --no-sync "$2" $3 <"$archive" 2>/dev/null || status=$?
        [[ $status -eq 0 || $status -eq 1 || $status -eq 3 ]] || echo "$archive: $status"
        [ -n "$4" ] || [ "$status" -eq 0 ] || [ ! -e "$2" ] || echo "$archive: left a target"
        left=("${2%/*}"/.*.zlsnap-* "$2"/.*.zlsnap-*)
        [ ${#left[@]} -eq 0 ] || echo "$archive: left ${left[*]}"
        [ ! -e "$2" ] || rm -r "$2" 2>/dev/null || { chmod -R u+rwX "$2" && rm -r "$2"; }
    done'

@test "hostile: nothing outside is touched with --whiteouts=raw" {
    run -0 bash -c "$UNPACK_ALL" bash "$ARCHIVES" ./target --whiteouts=raw
    assert_output ''
    untouched all
}

@test "hostile: nothing outside is touched with --whiteouts=keep" {
    run -0 bash -c "$UNPACK_ALL" bash "$ARCHIVES" ./target --whiteouts=keep
    assert_output ''
    untouched all
}

@test "hostile: nothing outside is touched by a merge onto links to it" {
    local name
    mkdir target-links
    for name in a b d e f h s x y canary outside .wh.x; do
        ln -s ../../canary "target-links/$name"
    done
    run -0 bash -c "$UNPACK_ALL" bash "$ARCHIVES" ./target --merge target-links
    assert_output ''
    untouched all
}

@test "hostile: archives that fail for an ordinary user leave no files" {
    install -d -o 65534 -g 65534 target-his
    chmod a+rx "$BATS_FILE_TMPDIR" "$ARCHIVES"
    run -0 as_user bash -c "$UNPACK_ALL" bash "$ARCHIVES" target-his/target
    assert_output ''
    untouched all
}
