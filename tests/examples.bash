# The functions of examples.bats: `load examples` after `load helpers`, `load driver`, `load images` and `load s3`.
# shellcheck disable=SC2034,SC2154

# --------------------------------------------------------------------------- made once a file

# make_trees: makes the lower and the upper directory of a container, "base" and "upper", and their layers.
make_trees() {
    local made=$BATS_FILE_TMPDIR/made
    mkdir -p "$made/base/"{dir,gone,replaced,var/cache} "$made"/{upper,work,merged}
    cd "$made" || return
    seq 20000 >base/dir/numbers
    echo base | tee base/{gone,replaced}/file base/var/cache/file >base/file
    ln base/file base/hard
    ln -s file base/symlink
    mount_overlay base upper work merged
    echo upper >merged/dir/new
    rm -r merged/gone merged/replaced
    mkdir merged/replaced
    touch merged/replaced/compiled.pyc merged/'a name'
    cp /bin/true merged/setuid
    chmod 4755 merged/setuid
    chown 12:34 merged/dir/numbers
    setfattr -n user.name -v value merged/dir
    mkdir merged/kinds
    make_kinds merged/kinds
    umount merged
    zlsnap create base base.tar.zst >/dev/null
    zlsnap create upper upper.tar.zst >/dev/null
}

# make_kinds DIR: makes an entry with each kind of metadata.
make_kinds() (
    cd "$1" || return
    cp /bin/true capable
    setcap cap_net_raw+ep capable
    ln capable linked
    echo text >file
    setfacl -m u:7:rw,g:8:r file
    chown 12:34 file
    chmod 2750 file
    setfattr -n trusted.note -v text file
    mkdir -m 3775 dir
    setfacl -d -m u:7:rwx dir
    ln -s ../file symlink
    chown -h 12:34 symlink
    mkfifo -m 620 fifo
    mknod device c 1 3
    truncate -s 1M sparse
    touch -h -d @1234567890.123456789 file symlink fifo device sparse dir
)

# can REQUIRES: the function REQUIRES would not skip a test.
# shellcheck disable=SC2317
can() (
    skip() { exit 1; }
    "$@"
)

requires_registry() {
    requires_command curl docker-registry openssl skopeo
}

# make_registry: starts a registry with TLS, for registry.example.org. Its image app:1 has both layers, compressed
# with gzip, which old clients can read, too.
make_registry() {
    local cert=$BATS_FILE_TMPDIR/cert made=$BATS_FILE_TMPDIR/made
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$cert.key" -out "$cert.pem" 2>/dev/null
    export REGISTRY_HTTP_TLS_CERTIFICATE=$cert.pem REGISTRY_HTTP_TLS_KEY=$cert.key
    export SSL_CERT_FILE=$cert.pem
    registry_start
    export registry registry_pid
    zlsnap oci --compression=gzip "$made"/{base,upper}.tar.zst -o "$BATS_FILE_TMPDIR/image"
    zlsnap push "oci:$BATS_FILE_TMPDIR/image" "docker://$registry/app:1"
} >/dev/null

# make_store: starts an S3 store with the bucket of the examples.
make_store() {
    s3_start
    s3_ mb s3://snapshots >/dev/null
}

# make_stubs: makes stand-ins for ssh, docker and make. `ssh MACHINE` runs the command in the directory on/MACHINE,
# the upper directory of a container X is docker/X, and make does nothing.
make_stubs() {
    local stubs=$BATS_FILE_TMPDIR/stubs
    mkdir "$stubs"
    cat >"$stubs/docker" <<'END'
#!/bin/sh
echo "$@" >>"$PLACE/docker.log"
case $* in
'inspect -f {{.GraphDriver.Data.UpperDir}} '*) echo "$PLACE/docker/$4" ;;
'pause '* | 'unpause '*) echo "$2" ;;
*) exit 125 ;;
esac
END
    cat >"$stubs/make" <<'END'
#!/bin/sh
exec /usr/bin/env -u MAKEFLAGS -u MAKELEVEL /usr/bin/make -n -C "$PROJECT" "$@"
END
    cat >"$stubs/ssh" <<'END'
#!/bin/sh
mkdir -p "$PLACE/on/$1" && cd "$PLACE/on/$1" && shift && exec sh -c "$*"
END
    chmod +x "$stubs"/*
}

# --------------------------------------------------------------------------- preparations

# base NAME, upper NAME: copies the tree to NAME; only upper has whiteouts.
base() {
    mkdir -p "$(dirname "$1")"
    cp -a "$BATS_FILE_TMPDIR/made/base" "$1"
}

upper() {
    mkdir -p "$(dirname "$1")"
    cp -a "$BATS_FILE_TMPDIR/made/upper" "$1"
}

# upper_of_session: makes the upper directory that the session in README.md shows.
upper_of_session() {
    mkdir -p {lower,upper}/{etc,var/cache/apt} upper/srv/www work merged
    touch lower/etc/motd lower/var/cache/apt/pkgcache.bin
    rm -r upper
    mkdir upper
    mount_overlay lower upper work merged
    rm -r merged/etc/motd merged/var/cache/apt
    mkdir -p merged/var/cache/apt merged/srv/www
    head -c 35664 /dev/zero >merged/srv/helper
    chmod 4755 merged/srv/helper
    head -c 1988895 /dev/zero >merged/srv/www/data.csv
    echo 'Hello, layers!' >merged/srv/www/index.html
    umount merged
}

# layer NAME [base|upper]: copies the layer to NAME.
layer() {
    cp "$BATS_FILE_TMPDIR/made/${2-upper}.tar.zst" "$1"
    cp "$BATS_FILE_TMPDIR/made/${2-upper}.tar.zst.json" "$1.json"
}

# tar_of NAME [base|upper]: writes the layer's tar to NAME.
tar_of() {
    zstd -qdc "$BATS_FILE_TMPDIR/made/${2-upper}.tar.zst" >"$1"
}

# diffid [base|upper], blob_digest [base|upper]: prints the layer's digests.
diffid() {
    jq -r .digest "$BATS_FILE_TMPDIR/made/${1-upper}.tar.zst.json"
}

blob_digest() {
    jq -r .compressed_digest "$BATS_FILE_TMPDIR/made/${1-upper}.tar.zst.json"
}

# --------------------------------------------------------------------------- running

# examples_of DOCUMENT: stores them in `examples`.
examples_of() {
    /usr/bin/python3 "$PROJECT/tests/examples.py" "$1" >"$BATS_TEST_TMPDIR/examples" &&
        mapfile -d '' -t examples <"$BATS_TEST_TMPDIR/examples"
}

# run_examples DOCUMENT: runs each example in an empty directory of its own.
run_examples() {
    local document=$1 example examples meanwhile=: stdout stderr lines number=0
    local UPPER=$BATS_FILE_TMPDIR/made/upper BASE=$BATS_FILE_TMPDIR/made/base
    local -x digest url PLACE
    s3_environment
    PATH=$BATS_FILE_TMPDIR/stubs:$PATH
    cd "$PROJECT" || return
    examples_of "$document"
    ((${#examples[@]})) || fail "$document has no examples"
    for example in "${examples[@]}"; do
        # bats shows this last if the example fails.
        printf '\n%s:\n%s\n' "$document" "$example"
        PLACE=$BATS_TEST_TMPDIR/$((number += 1))
        mkdir "$PLACE"
        cd "$PLACE" || return
        example
        cleanup_mounts "$PLACE"
    done
}

# here TEXT: prints the example with this machine instead of its hosts, and the test's directories instead of the
# system's.
here() {
    sed -E -e "s,registry\.example\.org,$registry,g" -e "s,https://s3\.example\.org,http://$S3_HOST,g" \
        -e "s,(ACCESS_KEY_ID=)\.\.\.,\1$S3_KEY,; s,(SECRET_ACCESS_KEY=)\.\.\.,\1$S3_SECRET," \
        -e "s,(^|[ \"'=:])(/(var/lib|srv|mnt|backup|home)([/ ]|$)),\1$PLACE\2,g" <<<"$1"
}

# follow [STATUS]: runs the example as a script that ends at the first failure, and sets $stdout and $stderr to its
# output. A line of three dots in it stands for the commands in `meanwhile`.
follow() {
    local status=0
    bash -e -o pipefail -c "...() { $meanwhile; }"$'\n'"$(here "$example")" example \
        >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null || status=$?
    stdout=$(<"$BATS_TEST_TMPDIR/stdout")
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    [ "$status" -eq "${1-0}" ] || batslib_print_kv_multi status "$status" stdout "$stdout" \
        stderr "$stderr" | batslib_decorate "the example fails, or should" | fail
}

# follow_session: runs the commands of a session. They must print the lines shown, except for dates, digests
# and empty lines.
follow_session() {
    local line script='exec 2>&1'
    while IFS= read -r line; do
        [[ $line != [\$#]' '* ]] || printf -v script '%s\nprintf "%%s\\n" %q\n%s' "$script" "$line" "${line:2}"
    done <<<"$example"
    bash -c "$script" session </dev/null | masked >"$BATS_TEST_TMPDIR/session" || :
    masked <<<"$example" | diff - "$BATS_TEST_TMPDIR/session"
}

masked() {
    sed -E -e '/^$/d' -e 's/[0-9a-f]{8,}(…[0-9a-f]+)?/DIGEST/g' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/DATE/'
}

# tells REGEX: standard output matches.
tells() {
    [[ $stdout =~ $1 ]] || batslib_print_kv_multi stdout "$stdout" stderr "$stderr" regex "$1" |
        batslib_decorate 'the example does not print it' | fail
}

# store FILE...: stores their contents in the new directory "packs".
store() {
    mkdir packs
    contents "$@" | tarstore packs >/dev/null
}

# web_store: stores the new directory "web" in the new directory "packs", with "web.mtree" and "web.chunks".
web_store() {
    mkdir -p packs web/etc
    seq 1000 >web/etc/web.conf
    head -c 3000000 /dev/urandom >web/large
    tarpack --manifest=time --contents=3 --chunks=web.chunks web 3>&1 >web.mtree | tarstore packs >/dev/null
}

# --------------------------------------------------------------------------- checking results

# packs_hold FILE: the directory "packs" has a pack of this content, and nothing else.
packs_hold() {
    assert_equal "$(packs_check packs)" "$(sha256sum <"$1" | cut -d ' ' -f 1)"
}

# same A B: the directories are equal in everything that a layer can hold.
same() {
    compare_trees --upper "$1" "$2"
}

# as_userxattr DIR: replaces its trusted.overlay attribute by the user.overlay one.
as_userxattr() {
    setfattr -x trusted.overlay.opaque "$1/replaced"
    setfattr -n user.overlay.opaque -v y "$1/replaced"
}

# as_tar_has_it DIR: makes a copy with .wh. files instead of whiteouts, and prints its name.
as_tar_has_it() {
    local copy=$PWD/as-tar-has-it
    cp -a "$1" "$copy"
    rm "$copy/gone"
    setfattr -x trusted.overlay.opaque "$copy/replaced"
    touch -d @0 "$copy/.wh.gone" "$copy/replaced/.wh..wh..opq"
    chmod 0 "$copy/.wh.gone" "$copy/replaced/.wh..wh..opq"
    touch -r "$1/replaced" "$copy/replaced"
    touch -r "$1" "$copy"
    echo "$copy"
}

# holds TAR DIR, holds LAYER DIR: unpacked, the file is the same as DIR.
holds() {
    rm -rf held
    if [[ $1 == *.zst ]]; then
        zstd -qdc "$1" | tarunpack held
    else
        tarunpack held <"$1"
    fi
    same "$2" held
}

# in_registry NAME:TAG: prints the digest of the image's manifest.
in_registry() {
    curl -fsS --cacert "$SSL_CERT_FILE" -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
        "https://$registry/v2/${1%:*}/manifests/${1#*:}" >manifest
    printf 'sha256:%s\n' "$(sha256sum <manifest | cut -d ' ' -f 1)"
}

# is_both DIR: DIR is the same as an overlay mount of both trees.
is_both() {
    local merged=$BATS_FILE_TMPDIR/made/merged
    mount -t overlay overlay -o "lowerdir=$UPPER:$BASE" "$merged"
    same "$merged" "$1"
    umount "$merged"
}

# lists REGEX: a whole line of standard output matches.
lists() {
    grep -qxE -- "$1" <<<"$stdout" || batslib_print_kv_multi stdout "$stdout" stderr "$stderr" regex "$1" |
        batslib_decorate 'the example does not list it' | fail
}
