#!/usr/bin/env bats
# Options of tarpack and tarunpack that select, change or report something.

load helpers
load modes

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir tree
}

# names_of COMMAND...: prints the names in the tar that COMMAND writes, sorted, without a leading "./".
names_of() {
    "$@" | tar -t | sed 's,^\./,,' | sort
}

# entry_facts DIR [FORMAT]: prints each entry's name and find's FORMAT.
entry_facts() {
    find "$1" -printf "%P ${2:-%y %m %U:%G}\n" | sort
}

# --------------------------------------------------------------------------- selecting entries

@test "--exclude leaves out the same entries as GNU tar" {
    mkdir -p tree/{a/b/c,sub/a,x1/deep,'sp ace',.hidden}
    touch tree/{a/b/c/f.o,a/f.c,sub/a/f.o,x1/deep/f.c,x1/f.o,'sp ace'/f.c,'*lit',.hidden/f,ä,f.o,f.oo}
    local pattern
    for pattern in '*.o' a a/b b/c 'sub/*' 'a*/f.c' '[a-f]' 'x?' f 'x1/*f*' '*deep*' '\*lit' '.h*' \
        'sp ace' ä 'a/*/c' nothing 'sub/a/f.o' 'a/*.o' ./a ./a/b ./b ./sub './*.o' './*/f.o' './x?' \
        './.h*' './[a-f]' ./nothing ./sub/a/f.o; do
        diff <(names_of tar -C tree --exclude="$pattern" -c .) \
            <(names_of tarpack -q --exclude="$pattern" tree) || fail "--exclude='$pattern'"
    done
    # Unlike in GNU tar, a trailing slash is ignored.
    diff <(tarpack --exclude=a tree) <(tarpack --exclude=a/ tree)
}

@test "--exclude: a leading / or ./ anchors a pattern at DIR" {
    mkdir -p tree/{a/b,sub/a/b}
    touch tree/{f.o,a/f.o}
    local name pattern
    for name in a a/b b '*.o' 'a/*' sub/a 'a/[a-z]'; do
        names_of tar -C tree --exclude="./$name" -c . >wanted
        names_of tarpack -q --exclude="./$name" tree | diff wanted -
        for pattern in "/$name" "//$name" "/./$name" ".//$name" "././$name" "/$name/"; do
            names_of tarpack -q --exclude="$pattern" tree | diff wanted - || fail "--exclude='$pattern'"
        done
        names_of tarpack -q -X - tree <<<"$pattern" | diff wanted -
    done
    tarpack tree >all.tar
    for pattern in / ./ . // ./.; do
        tarpack -q --exclude="$pattern" tree | cmp - all.tar # DIR itself is not excluded
    done
}

@test "warns once about a pattern that excludes nothing, and names its file and line" {
    mkdir -p tree/{etc/ssl,var/cache}
    touch tree/{etc/hosts,etc/ssl/hosts}
    printf 'hosts\n\nhots\r\n#x\n' >patterns
    run -0 --separate-stderr tarpack --manifest --exclude=nope --exclude=/etc/hosts -X patterns tree
    # shellcheck disable=SC2154
    assert_equal "$stderr" "\
tarpack: warning: --exclude: pattern 'nope' excludes nothing beyond what other patterns exclude
tarpack: warning: patterns:3: pattern 'hots\\015' excludes nothing beyond what other patterns exclude
tarpack: warning: patterns:4: pattern '#x' excludes nothing beyond what other patterns exclude"
    run -0 --separate-stderr tarpack --manifest --exclude=/ssl --exclude= tree
    assert_equal "$stderr" "\
tarpack: warning: --exclude: pattern '/ssl' excludes nothing
tarpack: warning: --exclude: pattern '' excludes nothing"
    # No warning if two patterns match the same entry.
    run -0 --separate-stderr tarpack --manifest --exclude=/etc --exclude='e*' --exclude=etc tree
    assert_equal "$stderr" ''
    run -0 --separate-stderr tarpack --manifest -X - tree <<<nope
    assert_equal "$stderr" "tarpack: warning: standard input:1: pattern 'nope' excludes nothing"
    run -0 --separate-stderr tarpack -q --manifest --exclude=nope -X patterns tree
    assert_equal "$stderr" ''
    # No warning if the tree was not walked to its end.
    truncate -s 1M tree/zeros
    run -1 --separate-stderr bash -c 'tarpack --exclude=nope tree >/dev/full'
    assert_equal "$stderr" 'tarpack: cannot write to standard output: No space left on device'
}

@test "-X refuses a file with a NUL byte, which would end a pattern" {
    touch tree/{a,b}
    printf 'x\na\0b\n' >patterns
    run -2 --separate-stderr tarpack --manifest -X patterns tree
    assert_equal "$output" ''
    assert_equal "$stderr" 'tarpack: patterns:2: NUL byte in a pattern; the file must have one pattern per line'
}

@test "-X can be repeated, and reads files and standard input" {
    touch tree/{a,b,c,d,e,'f g'}
    printf 'a\n\nb\n' >first
    printf 'f g\nc' >second
    diff <(names_of tar -C tree -X first -X second --exclude=d -c .) \
        <(names_of tarpack -X first --exclude-from=second --exclude=d tree)
    assert_equal "$(names_of tarpack -X - tree <first | wc -l)" 5
    assert_equal "$(names_of tarpack -X /dev/stdin tree < <(printf 'a\nb') | wc -l)" 5
    run -1 tarpack -X absent tree
    assert_output 'tarpack: absent: cannot open: No such file or directory'
}

@test "the root can't be excluded; if a file's first name is excluded, the next one carries the data" {
    echo content >tree/a
    ln tree/a tree/b
    tarpack --exclude='*a' tree | unpack out
    assert_equal "$(entry_facts out '%y')" $' d\nb f'
    assert_equal "$(tarpack --exclude='*' tree | tarunpack -t)" ./
}

@test "-x packs mount points but not the mounted files, as GNU tar does" {
    requires_root
    mkdir -p tree/{mount,dir}
    touch tree/{dir/in,zone}
    mount -t tmpfs none tree/mount
    touch tree/mount/out
    diff <(names_of tar -C tree --one-file-system -c .) <(names_of tarpack -x tree)
    diff <(names_of tar -C tree -c .) <(names_of tarpack tree)
}

# --------------------------------------------------------------------------- times

# times_of OPTION...: prints names and times in the packed tree.
times_of() {
    tarpack "$@" tree | tarunpack --json | jq -r '"\(.path) \(.mtime | join("."))"'
}

@test "--mtime sets all times, and accepts several formats" {
    touch tree/f
    local date seconds
    while read -r date seconds; do
        assert_equal "$(times_of --mtime="$date")" ". $seconds"$'\n'"f $seconds"
    done <<'END'
@0 0.0
@12.5 12.500000000
@-1.25 -2.750000000
@99999999999 99999999999.0
2001-02-03 981158400.0
2001-02-03T04:05 981173100.0
2001-02-03T04:05:06 981173106.0
2001-02-03T04:05:06.789 981173106.789000000
2001-02-03T04:05:06Z 981173106.0
2001-02-03T04:05:06+02:30 981164106.0
2000-02-29 951782400.0
2016-12-31T23:59:60 1483228800.0
2016-12-31T23:59:60.5Z 1483228800.500000000
2017-01-01T00:00:00 1483228800.0
2012-06-30T23:59:60 1341100800.0
2017-01-01T08:59:60+09:00 1483228800.0
2016-12-31T15:59:60-08:00 1483228800.0
END
    TZ=Asia/Tokyo assert_equal "$(TZ=Asia/Tokyo times_of --mtime=2001-02-03 | tail -n 1)" 'f 981158400.0'
}

@test "an invalid date is a usage error" {
    local date
    for date in '' now 5 @ @x @1x 2001-02-30 2001-13-01 01-02-03 2001-02-03T25:00 2001-02-03T04 \
        '2001-02-03 x' @1e5 @--1 2001-02-03T04:05:06+2 2001-02-03T24:00:00 2001-02-03T04:60 \
        2001-02-03T04:05:61 2001-00-10 2001-02-00 2001-04-31 2001-02-29 \
        2016-12-31T12:00:60 2016-12-31T23:58:60 2016-12-30T23:59:60 2016-09-30T23:59:60 \
        2016-12-31T23:59:60+09:00 2017-01-01T00:00:60 2016-12-31T23:59:61; do
        run -2 tarpack --mtime="$date" tree
        run -2 tarpack --clamp-mtime="$date" tree
    done
}

@test "--clamp-mtime changes only later times; the date is its value, --mtime's or SOURCE_DATE_EPOCH" {
    touch -d @100.5 tree/old
    touch -d @200.5 tree/new
    touch -d @150 tree
    local clamped=$'. 150.0\nnew 150.0\nold 100.500000000'
    assert_equal "$(times_of --clamp-mtime=@150)" "$clamped"
    assert_equal "$(times_of --clamp-mtime --mtime=@150)" "$clamped"
    assert_equal "$(times_of --mtime=@150 --clamp-mtime)" "$clamped"
    export SOURCE_DATE_EPOCH=150
    assert_equal "$(times_of --clamp-mtime)" "$clamped"
    assert_equal "$(times_of --clamp-mtime=@200)" $'. 150.0\nnew 200.0\nold 100.500000000'
    # SOURCE_DATE_EPOCH alone has no effect.
    assert_equal "$(times_of)" $'. 150.0\nnew 200.500000000\nold 100.500000000'
    SOURCE_DATE_EPOCH=x run -2 tarpack --clamp-mtime tree
    unset SOURCE_DATE_EPOCH
    run -2 tarpack --clamp-mtime tree
    assert_output --partial SOURCE_DATE_EPOCH
}

@test "--time-precision=s rounds times down to seconds, which saves extended headers" {
    touch -d @100.999999999 tree/f
    touch -d @-0.5 tree/g
    touch -d @5 tree
    assert_equal "$(times_of --time-precision=s)" $'. 5.0\nf 100.0\ng -1.0'
    assert_equal "$(times_of --time-precision=ns)" $'. 5.0\nf 100.999999999\ng -1.500000000'
    rm tree/g
    assert_equal "$(tarpack --time-precision=s tree | wc -c)" 2048
    run -2 tarpack --time-precision=us tree
}

# --------------------------------------------------------------------------- owners

@test "--owner and --group set all owners, and override maps" {
    touch tree/f
    assert_equal "$(tarpack --owner=7 --group=4294967294 tree | tarunpack --json |
        jq -c '[.uid, .gid]')" $'[7,4294967294]\n[7,4294967294]'
    assert_equal "$(tarpack --owner=7 --uid-map=500000:0:1 --group=8 --gid-map=500000:0:1 tree |
        tarunpack --json | jq -c '[.uid, .gid]' | uniq)" '[7,8]'
    local id
    for id in '' -1 x 4294967295 '1 ' root; do
        run -2 tarpack --owner="$id" tree
        run -2 tarpack --group="$id" tree
    done
}

# mapped_tree: makes a tree with owners, ACL entries and a capability's root id from 100000 on.
mapped_tree() {
    mkdir tree/d
    touch tree/f tree/d/g
    cp /bin/true tree/program
    chown -R 100000:100010 tree
    chown 100005:100006 tree/f
    setfacl -m u:100001:rwx,g:100002:r,m::rwx tree/f
    setfacl -m d:u:100003:rwx,d:g:100004:x tree/d
    setcap -n 100000 cap_net_raw+ep tree/program || skip 'needs setcap -n'
    [[ $(getcap -n tree/program) == *'[rootid=100000]' ]] || skip 'needs capabilities of version 3'
}

# ids DIR: prints all ids in the tree.
ids() {
    (
        cd "$1" || exit
        stat -c '%n %u:%g' . f d d/g program
        getfacl -cn f d | grep -E '^(default:)?(user|group):[0-9]'
        getcap -n program
    )
}

MAPPED='. 0:10
f 5:6
d 0:10
d/g 0:10
program 0:10
user:1:rwx
group:2:r--
default:user:3:rwx
default:group:4:--x
program cap_net_raw=ep'

@test "id maps of tarpack: owners, ACL entries, root ids of capabilities" {
    requires_root
    requires_command setcap setfacl
    mapped_tree
    local maps=(--uid-map=100000:0:65536 --gid-map=100000:0:65536)
    tarpack "${maps[@]}" tree | unpack mapped
    assert_equal "$(ids mapped)" "$MAPPED"
    # tarunpack's maps restore the ids.
    tarpack mapped | unpack --uid-map=0:100000:65536 --gid-map=0:100000:65536 back
    diff <(ids tree | sed 's/ \[rootid=.*//') <(ids back | sed 's/ \[rootid=.*//')
}

@test "id maps of tarunpack: owners, ACL entries, root ids of capabilities" {
    requires_root
    requires_command setcap setfacl
    mapped_tree
    local maps=(--uid-map=100000:0:65536 --gid-map=100000:0:65536)
    tarpack tree | unpack "${maps[@]}" mapped
    assert_equal "$(ids mapped)" "$MAPPED"
    tarpack tree | unpack --uid-map=100000:200000:65536 --gid-map=100000:300000:65536 moved
    run -0 ids moved
    assert_line 'f 200005:300006'
    assert_line 'default:group:300004:--x'
    assert_line 'program cap_net_raw=ep [rootid=200000]'
}

@test "id maps: the first matching range wins, and an id without a range is an error" {
    requires_root
    touch tree/{a,b}
    chown 5:5 tree/a
    chown 6:6 tree/b
    local maps=(--uid-map=5:50:1 --uid-map=0:0:6 --uid-map=6:60:10)
    assert_equal "$(tarpack "${maps[@]}" tree | tarunpack --json | jq -s -c 'map(.uid)')" '[0,50,60]'
    run -1 --separate-stderr tarpack --uid-map=0:0:6 tree
    # shellcheck disable=SC2154
    assert_equal "$stderr" 'tarpack: b: no range maps its owner (6)'
    tarpack tree >tree.tar
    run -3 unpack --gid-map=0:0:6 out <tree.tar
    assert_output --partial 'tarunpack: b: '
    assert_not_exists out
    chown 5:7 tree/a
    run -1 --separate-stderr tarpack --uid-map=0:100:10 --gid-map=0:0:6 tree
    assert_equal "$stderr" 'tarpack: a: no range maps its group (7)'
    # The same for an id in an ACL.
    chown 0:0 tree/a tree/b
    setfacl -m u:77:r tree/a
    run -1 --separate-stderr tarpack --uid-map=0:0:6 tree
    assert_equal "$stderr" 'tarpack: a: no range maps an id in its ACL or capability (77)'
    setfacl -b -m g:78:r tree/a
    run -1 --separate-stderr tarpack --gid-map=0:0:6 tree
    assert_equal "$stderr" 'tarpack: a: no range maps an id in its ACL or capability (78)'
    setfacl -b -m u:77:r tree/a
    run -3 unpack --uid-map=0:0:6 out < <(tarpack tree)
    assert_output --partial 'tarunpack: a: an id in its ACL'
}

@test "an invalid map is a usage error of both programs" {
    local map
    for map in '' 1 1:2 1:2:0 1:2:3:4 x:1:1 -1:0:1 0:4294967295:1 4294967290:0:6 ' 1:2:3' 1:2:3x; do
        run -2 tarpack --uid-map="$map" tree
        run -2 tarpack --gid-map="$map" tree
        run -2 unpack --uid-map="$map" out </dev/null
        run -2 unpack --gid-map="$map" out </dev/null
    done
    tarpack --uid-map=0:0:4294967295 --gid-map=0:0:4294967290 --gid-map=4294967290:0:5 tree >/dev/null
}

# foreign_tar: makes "foreign.tar", whose entries belong to other users and have setuid and setgid bits.
foreign_tar() {
    touch tree/{suid,sgid,sticky}
    mkdir tree/dir
    chmod 4755 tree/suid
    chmod 2755 tree/sgid
    chmod 1644 tree/sticky
    chmod 3777 tree/dir
    tarpack --owner=12 --group=34 tree >foreign.tar
}

@test "owners: root restores them; with --no-same-owner everything belongs to root, without setuid and setgid" {
    requires_root
    foreign_tar
    unpack out <foreign.tar
    assert_equal "$(entry_facts out)" "$(printf '%s\n' ' d 755 12:34' 'dir d 3777 12:34' \
        'sgid f 2755 12:34' 'sticky f 1644 12:34' 'suid f 4755 12:34')"
    run -0 unpack --no-same-owner mine <foreign.tar
    assert_output ''
    assert_equal "$(entry_facts mine)" "$(printf '%s\n' ' d 755 0:0' 'dir d 1777 0:0' \
        'sgid f 755 0:0' 'sticky f 1644 0:0' 'suid f 755 0:0')"
    run -2 unpack --same-owner --no-same-owner out <foreign.tar
}

@test "owners: an ordinary user becomes the owner, with one warning; --same-owner is an error" {
    requires_root
    foreign_tar
    install -d -o 65534 -g 65534 home
    run -0 as_user tarunpack --no-sync home/out <foreign.tar
    assert_equal "${#lines[@]}" 1
    assert_regex "$output" '^tarunpack: warning: owners were left out, and setuid'
    assert_equal "$(entry_facts home/out | head -n 3)" "$(printf '%s\n' ' d 755 65534:65534' \
        'dir d 1777 65534:65534' 'sgid f 755 65534:65534')"
    run -0 as_user tarunpack --no-sync --no-same-owner home/quiet <foreign.tar
    assert_output ''
    compare_trees home/out home/quiet
    run -1 as_user tarunpack --no-sync --same-owner home/same <foreign.tar
    assert_output --partial 'cannot set its owner'
    assert_not_exists home/same
    # No warning about the user's own entries.
    as_user tarpack home/out >own.tar
    run -0 as_user tarunpack --no-sync --same-owner home/same <own.tar
    assert_output ''
    compare_trees home/out home/same
}

@test "owners: root of a user namespace restores the ids that exist there" {
    unshare -Ur true || skip 'needs user namespaces'
    foreign_tar
    install -d -o 65534 -g 65534 home
    run -0 as_user unshare -Ur tarunpack --no-sync home/out <foreign.tar
    assert_regex "$output" '^tarunpack: warning: owners were left out'
    run -1 as_user unshare -Ur tarunpack --no-sync --same-owner home/same <foreign.tar
    assert_output --partial 'cannot set its owner: Invalid argument'
    run -0 as_user unshare -Ur tarunpack --no-sync --same-owner home/root \
        < <(tarpack --owner=0 --group=0 tree)
    assert_output ''
    [ "$EUID" -ne 0 ] || assert_equal "$(entry_facts home/root | tail -n 1)" 'suid f 4755 65534:65534'
    run -0 as_user unshare -Ur tarunpack --no-sync --same-owner --uid-map=12:0:1 --gid-map=34:0:1 \
        home/mapped <foreign.tar
}

# --------------------------------------------------------------------------- attributes

# attributes_of OPTION...: prints the names of all attributes in the packed tree.
attributes_of() {
    tarpack "$@" tree | tarunpack --json | jq -r '.xattrs // {} | keys[]' | sort
}

@test "attributes: --no-xattrs, --xattrs-exclude, --xattrs-include" {
    requires_root
    requires_command setfacl setcap
    touch tree/f
    setfattr -n user.one -v 1 tree/f
    setfattr -n user.two -v 2 tree/f
    setfattr -n trusted.three -v 3 tree/f
    setfattr -n security.evm -v 0x0312345678901234567890123456789012345678901234 tree/f 2>/dev/null || :
    setfattr -n security.selinux -v 'system_u:object_r:etc_t:s0' tree/f
    setfattr -n security.other -v x tree/f
    setcap cap_net_raw+ep tree/f
    setfacl -m u:5:r tree/f
    local all='security.capability security.other system.posix_acl_access trusted.three user.one user.two'
    assert_equal "$(attributes_of | xargs)" "$all"
    assert_equal "$(attributes_of --no-xattrs)" ''
    assert_equal "$(attributes_of --xattrs-exclude='user.*' | xargs)" "${all% user.one*}"
    assert_equal "$(attributes_of --xattrs-exclude='user.*' --xattrs-exclude='[s-t]*')" ''
    assert_equal "$(attributes_of --xattrs-include=security.selinux | grep -c selinux)" 1
    assert_equal "$(attributes_of --xattrs-include='*' | grep -c selinux)" 1
    assert_equal "$(attributes_of --xattrs-include='*' --xattrs-exclude='*')" ''
    assert_equal "$(attributes_of --xattrs-include=user.one | xargs)" "$all"
    # tarunpack restores all or none.
    tarpack tree | unpack out
    assert_equal "$(getfattr -m - out/f | grep -c =)" 0
    diff <(getfattr -m - out/f | sed 's,^# file: .*,,') \
        <(getfattr -m - tree/f | sed 's,^# file: .*,,' | grep -v selinux | grep -v evm)
    tarpack tree | unpack --no-xattrs none
    assert_equal "$(getfattr -m - none/f)" ''
    assert_equal "$(stat -c %a none/f)" "$(stat -c %a tree/f)"
}

@test "attributes: --no-xattrs still recognizes whiteouts and opaque directories" {
    requires_root
    mkdir tree/d
    setfattr -n trusted.overlay.opaque -v y tree/d
    assert_equal "$(names_of tarpack --no-xattrs tree | xargs)" 'd/ d/.wh..wh..opq'
    tarpack tree | unpack --no-xattrs out
    assert_equal "$(getfattr --only-values -n trusted.overlay.opaque out/d)" y
}

@test "attributes: warns an ordinary user once about the omitted ones" {
    requires_root
    touch tree/{f,g}
    setfattr -n trusted.x -v 1 tree/f
    setfattr -n trusted.x -v 1 tree/g
    setfattr -n user.x -v 1 tree/f
    install -d -o 65534 -g 65534 home
    tarpack --owner=65534 --group=65534 tree >tree.tar
    run -0 as_user tarunpack --no-sync home/out <tree.tar
    assert_output 'tarunpack: warning: 2 attributes trusted.* were left out: this user may not set them'
    assert_equal "$(getfattr -m - home/out/f | xargs)" '# file: home/out/f user.x'
    run -0 as_user tarunpack --no-sync --no-xattrs home/none <tree.tar
    assert_output ''
}

@test "attributes: those that Linux does not have are left out, with one warning for each kind" {
    tar_with x:LIBARCHIVE.xattr.com.apple.provenance=AQAA x:SCHILY.xattr.com.apple.quarantine=q \
        x:SCHILY.xattr.user.k=v f:a x:SCHILY.xattr.com.apple.quarantine=q x:SCHILY.xattr.nothing=n d:b/ \
        x:SCHILY.xattr.system.nfs=x f:b/c d:. >foreign.tar
    local jobs
    for jobs in 1 4; do
        run -0 unpack -j "$jobs" "out$jobs" <foreign.tar
        assert_output "tarunpack: warning: 3 attributes com.apple.* were left out: this file system does not hold them
tarunpack: warning: 1 attribute nothing was left out: this file system does not hold it
tarunpack: warning: 1 attribute system.nfs was left out: this file system does not hold it"
        assert_equal "$(getfattr -d "out$jobs/a" | sed 1d)" 'user.k="v"'
    done
    run -0 unpack --merge out1 <foreign.tar
    assert_equal "${#lines[@]}" 3
    compare_trees out1 out4
    run -0 unpack --no-xattrs none <foreign.tar
    assert_output ''
}

@test "attributes: labels of another machine are restored only with --xattrs-include" {
    requires_root
    tar_with x:SCHILY.xattr.security.selinux=other_u:object_r:other_t:s0 x:SCHILY.xattr.security.other=1 f:a \
        x:SCHILY.xattr.security.selinux=other_u:object_r:other_t:s0 l:l:a x:SCHILY.xattr.system.nfs4_acl=x d:d >labels.tar
    run -0 unpack out <labels.tar
    assert_output "tarunpack: warning: 2 attributes security.selinux were left out: --xattrs-include restores them
tarunpack: warning: 1 attribute system.nfs4_acl was left out: --xattrs-include restores it"
    run -0 getfattr -h -m - out/a out/l
    refute_output --partial selinux
    assert_line security.other
    run -1 unpack --strict strict <labels.tar
    assert_output 'tarunpack: a: the attribute security.selinux would be left out: --xattrs-include restores them'
    run -0 unpack --xattrs-include='security.s*' included <labels.tar
    assert_output --partial '1 attribute system.nfs4_acl was left out'
    assert_equal "$(getfattr -h --only-values -n security.selinux included/a)" other_u:object_r:other_t:s0
    run -0 unpack --xattrs-include='*' all <labels.tar
    assert_output 'tarunpack: warning: 1 attribute system.nfs4_acl was left out: this file system does not hold it'
}

@test "ACLs with names instead of ids, and those of NFS version 4, are needed for nothing and left out" {
    tar_with "x:SCHILY.acl.access=user::rw-,user:bob:rw-,group::r--,mask::rw-,other::r--" f:a \
        "x:SCHILY.acl.default=user::rwx,group:staff:r-x,group::r-x,mask::r-x,other::r-x" x:SCHILY.acl.access=user:bob:r d:d \
        x:SCHILY.acl.ace=owner@:rw-p--aARWcCos:-------:allow f:d/f >acls.tar
    run -0 tarunpack --list <acls.tar
    assert_output $'a\nd/\nd/f'
    run -0 unpack --no-xattrs none <acls.tar
    assert_output ''
    run -0 unpack out <acls.tar
    assert_output "tarunpack: warning: 3 ACLs were left out: there are no ids for the names in them
tarunpack: warning: 1 attribute SCHILY.acl.* was left out: this file system does not hold it"
    assert_equal "$(getfattr -m - out/a out/d)" ''
    run -1 unpack --strict strict <acls.tar
    assert_output --partial 'tarunpack: a: '
    tar_with x:SCHILY.acl.access=user::rwx,user:bob:rwx:7,group::r-x,mask::rwx,other::r-x f:a >ids.tar
    run -0 unpack --strict strict <ids.tar
}

@test "--strict: what would be left out is an error that names the path, and nothing appears" {
    local record
    for record in SCHILY.xattr.com.apple.quarantine=q SCHILY.xattr.nothing=n SCHILY.xattr.user.k=v; do
        tar_with "x:$record" l:link:a >strict.tar
        run -1 unpack --strict out <strict.tar
        assert_output --partial "tarunpack: link: cannot set the attribute $(sed 's/SCHILY.xattr.//; s/=.*//' <<<"$record")"
        run -1 unpack --strict --merge tree <strict.tar
    done
    run -0 unpack --strict --no-xattrs out <strict.tar
    rm -r out
    tar_with x:mtime=-99999999999 f:old >old.tar
    run -1 unpack --strict out <old.tar
    assert_output --partial 'old: the file system cannot store its time, -99999999999'
    assert_not_exists out
}

@test "--strict: owners and devices that this user may not restore are errors, unless they are not wanted" {
    requires_root
    install -d -o 65534 -g 65534 home
    tar_with f:file >foreign.tar
    run -1 as_user tarunpack --no-sync --strict home/out <foreign.tar
    assert_output --partial 'file: cannot set its owner'
    run -0 as_user tarunpack --no-sync --strict --no-same-owner home/out <foreign.tar
    tar_with c:null >device.tar
    run -1 as_user tarunpack --no-sync --strict --no-same-owner home/new <device.tar
    assert_output --partial 'null: cannot create device'
    run -0 as_user tarunpack --no-sync --strict --no-same-owner --no-devices home/new <device.tar
    assert_output ''
}

@test "attributes: user.* of symbolic links, fifos and devices are left out" {
    requires_root
    tar_with x:SCHILY.xattr.user.k=v l:l:a x:SCHILY.xattr.user.k=v p:p x:SCHILY.xattr.user.k=v c:c \
        x:SCHILY.xattr.trusted.k=v l:t:a f:a >types.tar
    run -0 unpack out <types.tar
    assert_output 'tarunpack: warning: 3 attributes user.* were left out: this type of file cannot have them'
    assert_equal "$(getfattr -hd -m trusted out/t | sed 1d)" 'trusted.k="v"'
    assert_equal "$(entry_facts out %y)" $' d\na f\nc c\nl l\np p\nt l'
}

@test "attributes: an archive with any number of kinds has a few warnings only" {
    local entries=() i
    for i in {1..40}; do
        entries+=("x:SCHILY.xattr.ns$i.x.y=v")
    done
    tar_with "${entries[@]}" f:a >kinds.tar
    run -0 unpack out <kinds.tar
    assert_equal "${#lines[@]}" 16
    assert_line 'tarunpack: warning: 25 attributes of other kinds were left out: this file system does not hold them'
}

# --------------------------------------------------------------------------- what goes together

@test "tarunpack refuses every option that the other options make useless" {
    local mode option
    mkdir dir
    # Each word is an option and the modes that read it: new tree, merge, list, adopt, clean,
    # list from a manifest.
    for option in --replace:ta --no-sync:tma --same-owner:tm --no-same-owner:tm --uid-map=0:1:1:tm \
        --gid-map=0:1:1:tm --no-xattrs:tm --no-devices:tm --no-holes:tm --userxattr:tm --whiteouts=apply:tmlf \
        --summary=file:tmlf --jobs=2:tml --max-stream=1:tml --max-size=1:tml --max-entries=1:tml \
        --max-path=1:tml --max-depth=1:tml --max-pax=1:tml --max-xattr=1:tml --manifest:lf --json:lf \
        --dry-run:c --older-than=0:c --expect="$(printf '%064d' 0):tml" -q:tmlacf -v:tmlacf; do
        for mode in t: m:--merge l:--list a:--adopt=.none.zlsnap-abcdef c:--clean \
            f:--from-manifest; do
            local -a command=(tarunpack "${option%:*}")
            [ "$mode" = t: ] || command+=("${mode#*:}")
            [[ $mode != f:* ]] || command+=(--list)
            [[ $mode == [lf]:* ]] || [[ $option == *:l* ]] || command+=(none)
            run --separate-stderr "${command[@]}" </dev/null
            if [[ ${option##*:} == *"${mode%%:*}"* ]]; then
                [ "$status" -ne 2 ] || fail "${command[*]} is refused: $stderr"
            else
                [ "$status" -eq 2 ] || [[ $option == *:l* && $mode == t: ]] ||
                    fail "${command[*]} is not refused: $status"
            fi
        done
    done
    run -2 --separate-stderr tarunpack --list --no-holes
    assert_equal "$stderr" "tarunpack: --list, --json and --manifest write no directory: --no-holes does not go \
with them; try 'tarunpack --help'"
    run -2 --separate-stderr tarunpack -t --max-size=5X
    assert_equal "$stderr" "tarunpack: --max-size takes a number of bytes, or one with K, M, G or T, not '5X'; \
try 'tarunpack --help'"
}

# --------------------------------------------------------------------------- devices, holes

@test "devices: --no-devices omits them without a warning, an ordinary user gets one; fifos are not devices" {
    requires_root
    mknod tree/null c 1 3
    ln tree/null tree/second
    mknod tree/loop b 7 1
    mkfifo tree/fifo
    tarpack --owner=65534 --group=65534 tree >tree.tar
    unpack out <tree.tar
    assert_equal "$(stat -c '%F %t:%T' out/null out/loop | xargs)" \
        'character special file 1:3 block special file 7:1'
    run -0 --separate-stderr unpack --no-devices without <tree.tar
    assert_equal "$(entry_facts without %y)" $' d\nfifo p'
    install -d -o 65534 -g 65534 home
    run -0 as_user tarunpack --no-sync home/out <tree.tar
    assert_output --partial 'tarunpack: warning: devices were left out: this user may not create them'
    assert_equal "$(entry_facts home/out %y)" $' d\nfifo p'
}

@test "devices: hard links to devices that were left out are left out too, all other bad links are refused" {
    requires_root
    local tar
    tar_with c:null h:second:null h:third:null >devices.tar
    tar_with c:null h:second:null h:third:second >chain.tar # GNU tar writes no such archive
    tar_with c:null d:dir h:link:dir >dir.tar
    tar_with c:null f:file h:link:none >none.tar
    install -d -o 65534 -g 65534 home
    for tar in devices chain; do
        run -0 --separate-stderr unpack --no-devices $tar <$tar.tar
        assert_equal "$(entries $tar)" ''
        # shellcheck disable=SC2154 # set by run
        assert_equal "${stderr_lines[0]}" 'tarunpack: warning: second: left out: links to null'
        run -0 as_user tarunpack --no-sync home/$tar <$tar.tar
        assert_equal "$(entries home/$tar)" ''
        mkdir onto
        echo other >onto/null # not what the layer's links mean
        unpack -q --no-devices --merge onto <$tar.tar
        assert_equal "$(entries onto)" null
        rm -r onto
    done
    run -3 --separate-stderr unpack --no-devices out <dir.tar
    assert_equal "$stderr" 'tarunpack: link: links to dir, which is a directory'
    run -3 --separate-stderr unpack --no-devices out <none.tar
    assert_equal "$stderr" 'tarunpack: link: links to none, which does not exist'
    run -3 as_user tarunpack --no-sync home/out <none.tar
    assert_line 'tarunpack: link: links to none, which does not exist'
}

@test "holes: long runs of zeros become holes, but not with --no-holes" {
    truncate -s 4M tree/hole
    echo end >>tree/hole
    head -c 1M /dev/zero >tree/zeros
    tarpack tree >tree.tar
    unpack out <tree.tar
    unpack --no-holes full <tree.tar
    compare_trees tree out
    compare_trees tree full
    [ "$(stat -c %b out/hole)" -le 16 ]
    [ "$(stat -c %b out/zeros)" -le 16 ]
    [ "$(stat -c %b full/hole)" -ge 8192 ]
    [ "$(stat -c %b full/zeros)" -ge 2048 ]
}

# --------------------------------------------------------------------------- limits

# limit NAME N: with the limit N "tree.tar" is accepted, with N - 1 refused, and the option is named.
limit() {
    tarunpack -t "--max-$1=$2" <tree.tar >/dev/null || fail "--max-$1=$2 is too little"
    unpack "--max-$1=$2" "out-$1" <tree.tar || fail "--max-$1=$2 is too little"
    run -3 --separate-stderr tarunpack -t "--max-$1=$(($2 - 1))" <tree.tar
    assert_regex "$stderr" "^tarunpack: .*$(($2 - 1))"
    run -3 unpack "--max-$1=$(($2 - 1))" "refused-$1" <tree.tar
    assert_not_exists "refused-$1"
}

@test "each limit accepts exactly its value, and one more is status 3" {
    mkdir tree/dir
    seq 1000 >tree/numbers
    truncate -s 3000 tree/hole
    head -c 500 /dev/zero | tr '\0' v >value
    setfattr -n user.large -v "$(cat value)" tree/numbers
    touch "tree/dir/$(printf 'n%.0s' {1..200})"
    touch -d @5 tree tree/* tree/dir/*
    tarpack tree >tree.tar
    limit stream "$(stat -c %s tree.tar)"
    limit size $(($(stat -c %s tree/numbers) + 3000))
    limit entries 5
    limit path 204
    limit xattr 500
    # "NNN SCHILY.xattr.user.large=VALUE\n" is the largest header.
    limit pax $((4 + 13 + 10 + 1 + 500 + 1))
}

@test "--max-entries counts directories that paths imply" {
    mkdir -p tree/a/b/c
    touch tree/a/b/c/d
    tar -cf implied.tar -C tree a/b/c/d
    tarunpack --no-sync --max-entries=4 fits <implied.tar
    run -3 tarunpack --no-sync --max-entries=3 not <implied.tar
    assert_output 'tarunpack: the archive has more than 3 entries (--max-entries)'
}

@test "limits are numbers, with K, M, G or T for powers of 1024" {
    head -c 2048 /dev/zero >tree/f
    tarpack tree >tree.tar
    tarunpack -t --max-size=2K <tree.tar
    run -3 tarunpack -t --max-size=1K <tree.tar
    tarunpack -t --max-size=1M --max-stream=1G --max-entries=1T <tree.tar
    local number
    for number in '' K -1 1k2 x 1E 99999999999999999999 9999999999T; do
        run -2 tarunpack -t --max-size="$number" <tree.tar
    done
}

# --------------------------------------------------------------------------- reports

@test "--summary: tarpack and tarunpack count the same" {
    mkdir -p tree/{d1,d2}
    seq 100 >tree/d1/f
    ln tree/d1/f tree/d2/link
    ln -s f tree/d1/symlink
    mkfifo tree/fifo
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/socket")'
    if [ "$EUID" -eq 0 ]; then
        mknod tree/null c 1 3
        mknod tree/gone c 0 0
        setfattr -n trusted.overlay.opaque -v y tree/d2
    fi
    tarpack -q --summary=packed.json tree >tree.tar
    tarunpack --no-sync --summary=/dev/fd/3 out <tree.tar 3>unpacked.json
    run -0 jq -c . packed.json
    if [ "$EUID" -eq 0 ]; then
        assert_output "$(jq -nc --argjson bytes "$(stat -c %s tree.tar)" '{entries: 10, files: 1,
            directories: 3, symlinks: 1, hardlinks: 1, devices: 1, fifos: 1, whiteouts: 1,
            opaques: 1, skipped_sockets: 1, content_bytes: 292, bytes: $bytes}')"
    fi
    diff <(jq -S 'del(.skipped_sockets)' packed.json) <(jq -S 'del(.skipped_sockets)' unpacked.json)
    # A failed run empties the file.
    run -1 bash -c 'tarpack -q --summary=packed.json tree >/dev/full'
    assert_size_zero packed.json
    run -3 unpack --summary=unpacked.json other < <(head -c 2048 tree.tar)
    assert_size_zero unpacked.json
}

@test "-tv prints what tar -tv prints" {
    mkdir -p tree/dir
    seq 100000 >tree/dir/numbers
    ln tree/dir/numbers tree/link
    ln -s 'a b' tree/symlink
    mkfifo tree/fifo
    touch tree/{suid,sgid,sticky} tree/'back\slash' tree/$'\x01' "tree/$(printf 'n%.0s' {1..150})"
    chmod 4711 tree/suid
    chmod 2640 tree/sgid
    chmod 1700 tree/dir
    chmod 1777 tree/sticky
    [ "$EUID" -ne 0 ] || mknod tree/null c 1 3
    [ "$EUID" -ne 0 ] || chown 123456:7654321 tree/fifo
    touch -d @0 tree/suid
    touch -d @99999999999 tree/sgid
    tarpack tree >tree.tar
    diff <(tar --numeric-owner -tvf tree.tar | tr -s ' ') <(tarunpack -tv <tree.tar | tr -s ' ')
    diff <(tar -tf tree.tar) <(tarunpack -t <tree.tar)
    local zone
    for zone in America/New_York Asia/Kolkata; do
        diff <(TZ=$zone tar --numeric-owner -tvf tree.tar | tr -s ' ') \
            <(TZ=$zone tarunpack -tv <tree.tar | tr -s ' ')
    done
    # Printable names are not escaped.
    touch tree/ünï
    run -0 tarunpack -t < <(tarpack tree)
    assert_line ünï
}

@test "-tv --whiteouts=overlay|apply: whiteouts are listed as deletions" {
    mkdir -p tree/dir
    touch tree/dir/.wh..wh..opq tree/dir/kept tree/.wh..wh.x 'tree/.wh.a b' tree/dir/.wh.ünï tree/.wh..wh..opq
    tar -C tree --sort=name --owner=0 --group=0 --mtime=@0 --mode=0 -cf tree.tar .
    local form
    for form in overlay apply; do
        run -0 env TZ=UTC tarunpack -tv --whiteouts="$form" <tree.tar
        assert_line 'w--------- 0/0               0 1970-01-01 00:00 dir/ (opaque)'
        assert_line 'w--------- 0/0               0 1970-01-01 00:00 ./ (opaque)'
        assert_line 'w--------- 0/0               0 1970-01-01 00:00 a b (deleted)'
        assert_line 'w--------- 0/0               0 1970-01-01 00:00 dir/ünï (deleted)'
        assert_line '---------- 0/0               0 1970-01-01 00:00 dir/kept'
        assert_line '---------- 0/0               0 1970-01-01 00:00 .wh..wh.x' # AUFS metadata, not a whiteout
    done
    for form in keep raw; do
        run -0 tarunpack -tv --whiteouts="$form" <tree.tar
        assert_output "$(tarunpack -tv <tree.tar)"
        refute_line --regexp '^w'
    done
}

@test "--summary: names of open descriptors do not empty their files" {
    touch tree/f
    tarpack tree >tree.tar
    echo before >log
    local name
    tarunpack -q --no-sync --summary=/dev/stdout out <tree.tar >>log
    for name in /dev/fd/3 /proc/self/fd/3; do
        rm -r out
        tarunpack -q --no-sync --summary=$name out <tree.tar 3>>log
    done
    assert_equal "$(head -n 1 log)" before
    assert_equal "$(grep -c '"entries":' log)" 3
}

@test "--list --summary: counts the listed entries, unless the archive is broken" {
    seq 1000 >tree/numbers
    ln -s x tree/symlink
    tarpack --summary=packed.json tree >tree.tar
    local form
    for form in -t -tv --json --manifest; do
        tarunpack $form --summary=listed.json <tree.tar >/dev/null
        cmp packed.json listed.json
    done
    run -3 tarunpack -t --summary=listed.json < <(head -c 2048 tree.tar)
    assert_size_zero listed.json
    run -2 bash -c 'tarunpack -t --summary=same.json <tree.tar 2>&1 >same.json'
    assert_output --partial --summary
}

@test "--json: each entry is an object with all its metadata" {
    mkdir tree/dir
    echo content >tree/dir/f
    ln tree/dir/f tree/zlink
    ln -s $'t\xff"\\\n' tree/symlink
    touch tree/$'\xfe' tree/.x
    chmod 6755 tree/dir/f
    touch -d @-1.5 tree/dir/f
    setfattr -n user.bin -v 0x00ff tree/.x
    if [ "$EUID" -eq 0 ]; then
        mknod tree/loop b 7 9
        mknod tree/gone c 0 0
    fi
    tarpack --owner=1 --group=2 tree >tree.tar
    tarunpack --json <tree.tar >list
    assert_equal "$(jq -c . <list | wc -l)" "$(wc -l <list)"
    # get PATH FILTER: prints the output of the jq filter for the entry.
    get() {
        jq -c --arg path "$1" "select(.path == \$path) | $2" list
    }
    assert_equal "$(get dir/f '[.type,.mode,.uid,.gid,.size,.mtime]')" \
        '["file","6755",1,2,8,[-2,500000000]]'
    assert_equal "$(get zlink '[.type,.link,.size]')" '["hardlink","dir/f",0]'
    assert_equal "$(get dir .type)" '"directory"'
    assert_equal "$(get . .type)" '"directory"'
    assert_equal "$(get symlink '.link_base64 | @base64d | length > 0')" true
    assert_equal "$(jq -r 'select(.path == "symlink") | .link_base64' list | base64 -d | od -An -tx1)" \
        "$(printf 't\xff"\\\n' | od -An -tx1)"
    assert_equal "$(jq -r 'select(.path_base64) | .path_base64' list)" "$(printf '\xfe' | base64)"
    assert_equal "$(get .x .xattrs)" '{"user.bin":"AP8="}'
    if [ "$EUID" -eq 0 ]; then
        assert_equal "$(get loop '[.type,.device]')" '["block",[7,9]]'
        assert_equal "$(get .wh.gone .whiteout)" true
    fi
}

@test "-v prints the packed names, -q no warnings; stdout has only data" {
    touch tree/$'a\nb'
    run -0 --separate-stderr bash -c 'tarpack -v tree >tree.tar'
    assert_equal "$stderr" $'tarpack: .\ntarpack: a\\012b'
    run -0 --separate-stderr unpack -v out <tree.tar
    assert_output ''
    run -0 tarunpack -q --no-same-owner --no-sync quiet <tree.tar
    assert_output ''
}
