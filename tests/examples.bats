#!/usr/bin/env bats
# Runs every example in the manuals and README.md. The function example() below prepares each example and checks
# its results. An example without an entry there is a failure.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load helpers
load driver
load images
load s3
load examples
load packs

setup_file() {
    requires_root
    requires_command jq
    local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    requires_overlay
    make_trees
    make_stubs
    # Only some documents need these.
    if can requires_registry; then make_registry; fi
    if can requires_s3; then make_store; fi
}

teardown_file() {
    registry_stop
    s3_stop
    cleanup_mounts "$BATS_FILE_TMPDIR"
}

# --------------------------------------------------------------------------- the examples

# example: prepares, runs and checks $example. The first pattern that matches its text applies.
# shellcheck disable=SC2016
example() {
    case $example in

    # ----- tarpack(1)

    *'tarpack upper | shasum-tee --oci -o layer.digest |'*)
        upper upper
        follow
        holds layer.tar.zst upper
        assert_equal "sha256:$(zstd -dc layer.tar.zst | sha256sum)" "$(<layer.digest)  -"
        ;;
    *'tarunpack -e "$(cat layer.digest)" restored')
        layer layer.tar.zst
        diffid >layer.digest
        follow
        same "$UPPER" restored
        rm -r restored
        diffid base >layer.digest
        follow 4
        assert_not_exists restored
        ;;
    *'| shasum-tee -o layer.sha256 |'*)
        upper upper
        follow
        holds layer.tar.zst upper
        tells '-: OK'
        ;;
    *"ssh host.example.org 'zstd -dc | tarunpack copy'"*)
        upper upper
        follow
        same upper on/host.example.org/copy
        same upper back
        ;;
    *'tarpack --exclude='*'-X patterns rootfs > layer.tar')
        base rootfs
        mkdir rootfs/dir/.git
        touch rootfs/a.tmp rootfs/dir/b.pyc rootfs/dir/.git/HEAD
        follow
        rm -r rootfs/a.tmp rootfs/dir/b.pyc rootfs/dir/.git rootfs/var/cache/*
        diff <(tar -tf layer.tar) <(tarpack rootfs | tar -t)
        ;;
    'tarpack --clamp-mtime --owner=0 --group=0 rootfs > layer.tar')
        base rootfs
        export SOURCE_DATE_EPOCH=1700000000
        follow
        mv layer.tar first.tar
        touch rootfs/file
        chown 12 rootfs/file
        follow
        cmp first.tar layer.tar
        unset SOURCE_DATE_EPOCH
        ;;
    *'umoci raw add-layer --image app:latest layer.tar'*)
        tar_of layer.tar base
        follow
        in_registry app:latest
        zlsnap extract oci:app:latest rootfs
        same "$BASE" rootfs
        ;;
    'tarpack --uid-map='*)
        upper upper
        chown -hR 100012:100034 upper
        setfacl -b -m u:100007:rw,g:100008:r upper/kinds/file
        setfacl -b -d -m u:100007:rwx upper/kinds/dir
        follow
        assert_equal "$(tar --numeric-owner -tvf layer.tar dir/numbers | cut -d ' ' -f 2)" 12/34
        ;;
    'tarpack --live -x --summary='*)
        base srv
        follow
        holds srv.tar.zst srv
        assert_equal "$(jq .symlinks summary.json)" 1
        ;;
    'diff <(tarpack --manifest one) <(tarpack --manifest two)')
        upper one
        upper two
        follow
        touch two/new
        follow 1
        tells '^[^>]*> \./new type=file [^>]*$'
        ;;
    'tarpack --manifest=time upper > today.mtree'*)
        upper upper
        tarpack --manifest=time upper >yesterday.mtree
        follow
        touch upper/setuid
        follow 1
        tells '> \./setuid '
        ;;
    'tarpack --manifest --cache=upper.cache upper | sha256sum')
        upper upper
        follow
        lists "$(zlsnap digest upper | cut -d : -f 2)  -"
        follow
        lists "$(tarpack --manifest upper | sha256sum)"
        assert_file_not_empty upper.cache
        ;;
    *'| tarstore packs &&'*'mv chunks.new chunks'*)
        upper upper
        follow
        tarjoin --packs=packs --chunks=chunks <manifest | cmp - <(tarpack upper)
        entries packs >before
        follow
        entries packs | cmp - before
        ;;
    'tarpack --manifest=time rootfs | bsdtar -tvf -')
        base rootfs
        follow
        tells ' \./symlink -> file'
        ;;

    # ----- mtreediff(1)

    *'mtreediff old.mtree new.mtree | zstd > new.delta.zst'*)
        upper DIR
        tarpack --manifest=time DIR >old.mtree
        touch DIR/added
        follow
        cmp new.mtree <(tarpack --manifest=time DIR)
        [ "$(zstd -dc new.delta.zst | wc -l)" -lt 12 ]
        ;;
    *'mtreediff --format=text <(sorted old.mtree)'*)
        upper upper
        tarpack --manifest upper >old.mtree
        touch 'upper/a b'
        tarpack --manifest upper >new.mtree
        follow
        tells '^added a b$'
        ;;

    # ----- tarunpack(1)

    *'zstd -dc layer.tar.zst | tarunpack --expect "$digest" rootfs')
        layer layer.tar.zst
        digest=$(diffid)
        follow
        same "$UPPER" rootfs
        ;;
    'ssh backup.example.org cat layer.tar.zst | zstd -dc |'*)
        mkdir -p on/backup.example.org
        layer on/backup.example.org/layer.tar.zst
        digest=$(diffid base)
        follow 4
        assert_not_exists rootfs
        digest=$(diffid)
        follow
        same "$UPPER" rootfs
        ;;
    *'tarunpack --expect "$digest" --replace /srv/app')
        base srv/app
        layer v2.tar.zst
        digest=$(diffid)
        follow
        same "$UPPER" srv/app
        ;;
    *'for layer in base.tar app.tar config.tar; do'*)
        tar_of base.tar base
        tar_of app.tar
        tar_of config.tar
        follow
        is_both rootfs
        ;;
    'skopeo copy docker://registry.example.org/app:1 dir:app'*)
        follow
        is_both rootfs
        ;;
    *'tarunpack --uid-map=0:100000:65536 --gid-map='*)
        layer layer.tar.zst
        follow
        cp -a "$UPPER" expected
        as_userxattr expected
        find expected -exec stat -c '%u %g %n' {} + >owners
        while read -r user group path; do
            chown -h "$((user + 100000)):$((group + 100000))" "$path"
        done <owners
        chmod --reference="$UPPER/setuid" expected/setuid
        setcap cap_net_raw+ep expected/kinds/capable
        setfacl -b -m u:100007:rw,g:100008:r expected/kinds/file
        setfacl -b -d -m u:100007:rwx expected/kinds/dir
        chmod --reference="$UPPER/kinds/file" expected/kinds/file
        same expected upper
        ;;
    *'unshare -Ur tarunpack --userxattr upper')
        layer layer.tar.zst
        follow
        cp -a "$UPPER" expected
        as_userxattr expected
        rm expected/kinds/device
        touch -r "$UPPER/kinds" expected/kinds
        chown -h 0:0 expected/dir/numbers expected/kinds/{file,symlink}
        setfattr -x trusted.note expected/kinds/file
        setfacl -b expected/kinds/{file,dir} # the ACLs name users without an id there
        chmod 750 expected/kinds/file        # was setgid for another group
        same expected upper
        ;;
    'gzip -dc strange.tar.gz | tarunpack -tv'*)
        base base
        mknod base/device c 1 3
        tarpack base | gzip >strange.tar.gz
        follow
        tells 'crw-r--r-- 0/0 +1,3 .* device'
        rm base/device
        touch -r quarantine/strange base
        same base quarantine/strange
        assert_equal "$(stat -c %a quarantine)" 700
        ;;
    'cmp <(zstd -dc layer.tar.zst | tarunpack --manifest) '*)
        upper DIR
        layer layer.tar.zst
        follow
        touch DIR/new
        follow 1
        ;;
    *'tarunpack --expect DIGEST restored etc/ssl')
        base base
        mkdir -p base/etc/ssl
        echo certificate >base/etc/ssl/cert
        touch -d @1000000000 base/etc base
        tarpack base | zstd -q -o layer.tar.zst
        example=${example/DIGEST/$(tarpack base | sha256sum | cut -d ' ' -f 1)}
        follow
        find base -mindepth 1 -maxdepth 1 ! -name etc -exec rm -r {} +
        touch -d @1000000000 base
        same base restored
        ;;
    *'tarunpack --manifest > v1.mtree'*)
        layer v1.tar.zst base
        layer v2.tar.zst
        follow 1
        tells '> \./setuid '
        ;;
    'tarunpack --json < layer.tar |'*'| sort -rn | head')
        tar_of layer.tar
        follow
        lists '[0-9]+ setuid'
        ;;
    'tarunpack --clean /srv')
        mkdir -p srv/.app.zlsnap-AbCdEf/tree/dir
        chmod 700 srv/.app.zlsnap-AbCdEf
        follow
        lists '.app.zlsnap-AbCdEf'
        assert_equal "$(ls -A srv)" ''
        ;;

    # ----- tarstore(1)

    *'} | tarstore packs')
        seq 1000 >web.conf
        follow
        packs_hold web.conf
        ;;
    *'index=$(grep -l "^$digest " packs/*.index)'*)
        seq 1000 >web.conf
        store web.conf /bin/true
        digest=$(sha256sum <web.conf | cut -d ' ' -f 1)
        follow
        assert_equal "$stdout" "$(<web.conf)"
        ;;
    *'sha256sum -c --quiet && zstd -tq'*)
        store /bin/true
        follow
        printf x >>packs/*.zst
        follow 1
        ;;

    # ----- tarjoin(1)

    *'tarjoin --packs=packs --chunks=web.chunks < web.mtree | tarunpack copy')
        upper web
        head -c 3000000 /dev/urandom >web/large
        follow
        same web copy
        ;;
    *'--path=etc/web.conf'*)
        web_store
        digest=$(sha256sum <web.mtree | cut -d ' ' -f 1)
        follow
        assert_equal "$(cd part && find . | sort | tr '\n' ' ')" '. ./etc ./etc/web.conf '
        cmp web/etc/web.conf part/etc/web.conf
        ;;
    *'--path=etc --needs'*)
        web_store
        follow
        assert_regex "$stdout" "^$(basename packs/*.zst .zst) [0-9]+ $((10#$(head -n 1 packs/*.index | cut -d ' ' -f 3))) sha256:$(sha256sum <packs/*.index | cut -d ' ' -f 1)$"
        ;;

    # ----- shasum-tee(1)

    *'tarpack DIR | shasum-tee --oci -o tar.digest'*)
        upper DIR
        follow
        holds layer.tar.zst DIR
        assert_equal "sha256:$(zstd -dc layer.tar.zst | sha256sum)" "$(<tar.digest)  -"
        assert_equal "sha256:$(sha256sum <layer.tar.zst)" "$(<blob.digest)  -"
        ;;
    'tarpack DIR | shasum-tee -o tar.sha256'*)
        upper DIR
        follow
        assert_equal "$stdout" $'-: OK\n-: OK'
        holds layer.tar.zst DIR
        ;;
    'shasum-tee --zstd --json < layer.tar.zst > /dev/null')
        layer layer.tar.zst
        follow
        assert_equal "$(jq -r '.digest, .diff_id' <<<"$stderr")" "$(blob_digest && diffid)"
        ;;
    *'ssh backup.example.org "shasum-tee -e $digest'*)
        layer layer.tar.zst
        follow
        cmp layer.tar.zst on/backup.example.org/web.tar.zst
        layer layer.tar.zst base
        sed -i "s/$(blob_digest base)/$(blob_digest)/" layer.tar.zst.json
        rm on/backup.example.org/*
        follow 4
        assert_not_exists on/backup.example.org/web.tar.zst
        ;;
    'curl -fsS "$url" | shasum-tee --zstd'*)
        layer there
        url=file://$PWD/there
        digest=$(blob_digest base)
        follow 4
        assert_not_exists layer.tar.zst
        digest=$(blob_digest)
        follow
        cmp there layer.tar.zst
        ;;
    'curl -fsS -C - -o layer.part "$url"'*)
        layer there
        url=file://$PWD/there
        digest=$(blob_digest)
        head -c 1000 there >layer.part
        follow
        cmp there layer.tar.zst
        ;;
    'shasum-tee -o blob.digest --progress '*)
        layer layer.tar.zst
        digest=$(diffid)
        follow
        same "$UPPER" DIR
        assert_equal "$(<blob.digest)" "$(sha256sum <layer.tar.zst)"
        ;;

    # ----- zlsnap(7)

    *'jq -r .compressed_digest web.tar.zst.json'*)
        upper upper
        follow
        mapfile -t lines <<<"${stdout//sha256:/}"
        assert_equal "${lines[0]}  -" "${lines[1]}"
        assert_equal "${lines[2]}  web.tar.zst" "${lines[3]}"
        assert_equal "${lines[4]}  -" "${lines[5]}"
        assert_equal "$(printf '%s\n' "${lines[@]:0:6}" | cut -c -64 | sort -u | wc -l)" 3
        ;;
    'echo "$digest  web.tar.zst" | sha256sum -c || exit'*)
        layer web.tar.zst
        digest=$(blob_digest)
        digest=${digest#sha256:}
        follow
        same "$(as_tar_has_it "$UPPER")" web
        rm -r web
        layer web.tar.zst base
        follow 1
        assert_not_exists web
        ;;
    'zlsnap extract base.tar.zst base'$'\n'*'-o lowerdir=web:base'*)
        layer base.tar.zst base
        layer web.tar.zst
        touch -r "$UPPER" time
        follow
        touch -r time upper merged
        is_both merged
        ;;
    'zlsnap extract --whiteouts=apply base.tar.zst rootfs'*)
        layer base.tar.zst base
        layer web.tar.zst
        follow
        is_both rootfs
        ;;
    'zlsnap list --json web.tar.zst |'*)
        layer web.tar.zst
        follow
        assert_equal "$stdout" $'.wh.gone\nreplaced/.wh..wh..opq'
        ;;

    # ----- zlsnap(1)

    'zlsnap create /var/lib/containers/web/upper web.tar.zst'*)
        upper var/lib/containers/web/upper
        mkdir -p srv/web
        follow
        same var/lib/containers/web/upper srv/web/upper
        ;;
    'digest=$(zlsnap create upper web.tar.zst | jq -r .digest)'*)
        upper upper
        follow
        same upper copy
        ;;
    'zlsnap pull docker://registry.example.org/app:1 oci:app:1'*)
        meanwhile='rm merged/file; echo new >merged/new'
        follow
        meanwhile=:
        zlsnap extract oci:app:2 rootfs
        same merged rootfs
        assert_equal "$(cat rootfs/new)" new
        lists "$(in_registry app:2)"
        ;;
    'zlsnap sync --live web/1 /var/lib/containers/web/upper s3://snapshots/prod'*)
        upper var/lib/containers/web/upper
        mkdir -p srv/web
        follow
        tells '^web/1 synced [0-9a-f]{12}.web/1 .* entries '
        same var/lib/containers/web/upper srv/web/upper
        ;;
    'zlsnap forget --keep-daily=7 --keep-weekly=4 '*)
        upper web
        mkdir mnt
        zlsnap sync web/1 web mnt/backup
        touch web/new
        zlsnap sync web/1 web mnt/backup
        follow
        tells ' forget.web/1 .* keep .* problems 0'
        ;;
    'zlsnap restore web/1@2026-11-28 /mnt/backup old etc/web.conf'*)
        mkdir -p mnt srv/web/etc
        echo first >srv/web/etc/web.conf
        touch srv/web/other
        zlsnap sync web/1 srv/web mnt/backup
        example=${example//2026-11-28/$(date -u +%F)}
        follow
        assert_equal "$(cd old && find . -type f)" ./etc/web.conf
        cmp srv/web/etc/web.conf old/etc/web.conf
        ;;
    'export ZLSNAP_SEAL='*)
        requires_command age
        upper srv/web
        mkdir mnt
        age-keygen -o key.txt 2>said
        recipient=$(sed -n 's/^Public key: //p' said)
        export recipient
        follow
        tells 'web/1 copied [0-9a-f]{12}.*problems 0'
        ;;
    'for layer in *.tar.zst; do'*)
        layer a.tar.zst
        layer b.tar.zst base
        follow
        assert_equal "$stdout" ''
        flip_byte b.tar.zst 1000
        follow
        assert_equal "$stdout" 'b.tar.zst: FAILED'
        ;;
    '[ "$(zlsnap digest upper)" = '*)
        upper upper
        layer web.tar.zst
        follow
        touch upper/new
        follow 1
        ;;
    'zlsnap diff yesterday.tar.zst upper'*'zlsnap info web.tar.zst')
        upper upper
        layer yesterday.tar.zst
        layer web.tar.zst
        follow
        lists 'w.* gone \(deleted\)'
        lists "digest +$(diffid)"
        touch upper/new
        follow 1
        lists 'added new'
        ;;
    'zlsnap mtree web.tar.zst > web.mtree'*)
        layer web.tar.zst
        follow
        lists '\./setuid'
        diff web.mtree <(tarpack --manifest "$UPPER")
        ;;
    *'tarpack upper | shasum-tee -o digest | zstd > web.tar.zst')
        upper upper
        follow
        holds web.tar.zst upper
        assert_equal "$(<digest)" "$(zstd -qdc web.tar.zst | sha256sum)"
        ;;

    # ----- README.md

    'zlsnap create upper web.tar.zst '*'zlsnap extract web.tar.zst restored '*)
        upper upper
        follow
        holds web.tar.zst upper
        same upper restored
        ;;
    'zlsnap restore web/1 /mnt/backup part etc/web.conf '*)
        mkdir -p mnt srv/web/upper/etc
        echo first >srv/web/upper/etc/web.conf
        touch srv/web/upper/other
        zlsnap sync web/1 srv/web/upper mnt/backup
        cp -a srv/web/upper before
        echo changed >srv/web/upper/other
        example=${example//2026-11-28/$(date -u +%F)}
        follow
        assert_equal "$(cd part && find . -type f)" ./etc/web.conf
        same before old
        same before srv/web/upper
        ;;
    'zlsnap create upper - | ssh backup.example.org '*)
        mkdir -p on/backup.example.org
        upper upper
        follow
        same upper restored
        ;;
    *'tarunpack --expect DIGEST DIR '*)
        base DIR
        example=${example/DIGEST/$(tarpack DIR | sha256sum | cut -d ' ' -f 1)}
        example=${example/$'\nzstd'/$'\nrm -r DIR\nzstd'}
        follow
        same "$BASE" DIR
        ;;
    '# tarpack upper | shasum-tee | zstd > web.tar.zst'*)
        upper_of_session
        example=${example//"$(grep -oE '[0-9a-f]{64}' <<<"$example" | head -n 1)"/$(
            tarpack upper | sha256sum | cut -d ' ' -f 1)}
        follow_session
        same upper restored
        assert_not_exists other
        ;;
    'make deps demo '*)
        follow
        tells '\.ci/deps.*tests/demo\.sh.*tests/run'
        ;;
    'docker pause web'*)
        upper docker/web
        follow
        holds web.tar.zst docker/web
        assert_equal "$(cut -d ' ' -f 1 docker.log | xargs)" 'pause inspect unpause'
        ;;
    'mkdir -p /srv/web/work /srv/web/merged'*)
        base srv/base
        layer web.tar.zst
        follow
        is_both srv/web/merged
        ;;
    'zlsnap extract web.tar.zst /srv/layers/web'*)
        base srv/base
        mkdir srv/layers
        layer web.tar.zst
        follow
        is_both srv/view
        ;;
    'zlsnap push web.tar.zst docker://registry.example.org/snapshots:web'*)
        layer web.tar.zst
        follow
        cmp web.tar.zst copy.tar.zst
        is_both rootfs
        lists "$(in_registry app:2)"
        ;;
    'export AWS_ENDPOINT_URL=https://s3.example.org AWS_ACCESS_KEY_ID=...'*)
        upper srv/web/upper
        touch srv/web/upper/unlike-others
        unset S3CMD_CONFIG
        follow
        S3CMD_CONFIG=$S3_CONFIG
        tells 'web/1 synced [0-9a-f]{12}.*compared .*: unchanged.*problems 0'
        same srv/web/upper srv/web/again
        ;;
    'zlsnap sync web/1 /srv/web/upper /mnt/backup '*)
        upper srv/web/upper
        mkdir mnt
        mkdir -p srv/web/upper/etc
        echo hello >srv/web/upper/etc/index.html
        example=${example/srv\/www\/index.html/etc/index.html}
        example=${example/2026-11-28/$(date +%F)}
        follow
        same srv/web/upper srv/web/again
        cmp srv/web/upper/etc/index.html part/etc/index.html
        ;;
    'zlsnap sync --seal='*)
        upper srv/web/upper
        mkdir mnt
        ssh-keygen -q -t ed25519 -N '' -C me -f key
        echo "me $(<key.pub)" >allowed
        age-keygen -o key.txt 2>recipient
        example=${example/age1.../"$(sed -n 's/^Public key: //p' recipient)"}
        example=${example/$'\n\nzlsnap sync --sign'/$'\nrm -r srv/web/again\nzlsnap sync --sign'}
        follow
        same srv/web/upper srv/web/again
        ;;
    'zlsnap pull web/1@2026-11-28 /mnt/backup web.tar.zst'*)
        upper srv/web/upper
        mkdir mnt
        zlsnap sync web/1 srv/web/upper mnt/backup
        example=${example/2026-11-28/$(date +%F)}
        follow
        holds web.tar.zst srv/web/upper
        ;;
    *'upper 3>&1 > mon.mtree | tarstore packs'*)
        upper_of_session
        cp -a upper monday
        example=${example/$'\n\ntarpack'/$'\n\necho new >upper/etc/new\ntarpack'}
        follow
        lists 'added etc/new'
        assert_equal "$(grep -cE '^[0-9a-f]{64} [0-9]+$' <<<"$stdout")" 2
        same monday restored
        assert_equal "$(cd part && find . -type f)" ./srv/www/index.html
        cmp upper/srv/www/index.html part/srv/www/index.html
        ;;
    'sha256sum web.tar.zst '*'tar -xp --numeric-owner '*)
        layer web.tar.zst
        follow
        lists "$(blob_digest | cut -d : -f 2)  web.tar.zst"
        lists "$(diffid | cut -d : -f 2)  -"
        same "$(as_tar_has_it "$UPPER")" unpacked
        ;;
    'zlsnap diff web.tar.zst /srv/web/upper'*)
        upper srv/web/upper
        layer web.tar.zst
        mkdir mnt
        zlsnap sync web/1 srv/web/upper mnt/backup
        follow
        assert_equal "$stdout" ''
        touch srv/web/upper/new
        example=${example//$'\n'/' || '}
        follow 1
        assert_equal "$stdout" $'added new\nadded new'
        ;;

    *) fail "nobody has prepared for this example in $document: it belongs into tests/examples.bats" ;;
    esac
}

@test "the examples of tarpack(1)" {
    requires_registry
    requires_command bsdtar umoci
    run_examples tarpack/tarpack.1
}

@test "the examples of tarunpack(1)" {
    requires_registry
    unshare -Ur true || skip 'needs user namespaces'
    run_examples tarunpack/tarunpack.1
}

@test "the examples of tarstore(1)" {
    run_examples tarstore/tarstore.1
}

@test "the examples of tarjoin(1)" {
    run_examples tarjoin/tarjoin.1
}

@test "the examples of mtreediff(1)" {
    run_examples mtreediff/mtreediff.1
}

@test "the examples of shasum-tee(1)" {
    requires_command curl
    run_examples shasum-tee/shasum-tee.1
}

@test "the examples of zlsnap(1)" {
    requires_registry
    requires_s3
    requires_command bsdtar
    run_examples doc/zlsnap.1
}

@test "the examples of zlsnap(7)" {
    run_examples doc/zlsnap.7
}

@test "the examples of README.md" {
    requires_registry
    requires_s3
    run_examples README.md
}

@test "the examples of every manual are run" {
    local manual
    for manual in "$PROJECT"/*/*.[1-9]; do
        grep -qxF "    run_examples ${manual#"$PROJECT"/}" "$BATS_TEST_FILENAME" || fail "$manual is not"
    done
}

@test "an example without an entry, or with an unexpected status, is a failure" {
    local example='zlsnap frobnicate' meanwhile=: document=new.1 PLACE=$PWD
    run -1 example
    assert_output --partial 'nobody has prepared for this example in new.1'
    example=$'false\ntrue'
    run -1 follow
    assert_output --partial 'the example fails'
    follow 1
    example='false | true'
    follow 1
    run -1 follow 4
}

@test "a session whose commands print something else is a failure" {
    local example=$'$ echo one two\none two\n$ ls -d /nowhere\nls: cannot access \'/nowhere\': '
    example+=$'No such file or directory\n\n$ echo 2026-01-02 03:04 0123456789abcdef\n'
    example+='2025-02-01 04:03 01234567…cdef'
    follow_session
    example=${example/$'\none two'/$'\none too'}
    run -1 follow_session
}

@test "the examples of a manual are the literal displays in its EXAMPLES, as printed" {
    cat >"$BATS_TEST_TMPDIR/page.1" <<'END'
.Sh DESCRIPTION
.Dl not this
.Sh EXAMPLES
Text.
.Bd -literal -offset indent
one \e
    two | \(aqthree\(aq
\&...

four
.Ed
.Dl five
.Sh SEE ALSO
.Bd -literal
nor this
.Ed
END
    local examples
    examples_of "$BATS_TEST_TMPDIR/page.1"
    assert_equal "${#examples[@]}" 2
    assert_equal "${examples[0]}" $'one \\\n    two | \'three\'\n...\n\nfour'
    assert_equal "${examples[1]}" five
    printf '.Sh EXAMPLES\n.Bd -literal\n.Nm x\n.Ed\n' >"$BATS_TEST_TMPDIR/page.1"
    run -1 examples_of "$BATS_TEST_TMPDIR/page.1"
    assert_output --partial 'a macro in a literal display'
}

@test "the examples of README.md are its blocks of commands, not of diagrams" {
    cat >"$BATS_TEST_TMPDIR/page.md" <<'END'
Text, and `code`
    that is no block.

    one \
        two

    # three

- item

      four
```sh
five
```

```text
not this
```

    DIR → not this

Text.

    # six
    what it → prints
END
    local examples
    examples_of "$BATS_TEST_TMPDIR/page.md"
    assert_equal "${#examples[@]}" 4
    assert_equal "${examples[0]}" $'one \\\n    two\n\n# three'
    assert_equal "${examples[1]}" four
    assert_equal "${examples[2]}" five
    assert_equal "${examples[3]}" $'# six\nwhat it → prints'
}
