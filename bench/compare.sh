#!/usr/bin/env bash
#
# Puts zlsnap and other tools through the same trials, each as its user would call it, and prints the
# answers as Markdown (doc/comparison.md): bench/compare.sh [DIR [RUNS]], DIR being the tree that is
# packed and restored for the times (default /usr/share), RUNS how often (default 3). Needs root.
#
# Every cell is what a check found; what no check can find out is marked as such. The commands are
# the functions pack_* and restore_* below, which the page quotes.
#
# Environment: BENCH_DIR and ZLSNAP_BIN, as for bench/run.
set -u -o pipefail

bench=$(dirname -- "$(readlink -f -- "$0")")
BENCH_DIR=$(realpath -m -- "${BENCH_DIR:-/var/tmp/zlsnap-bench}")
export LC_ALL=C TZ=UTC
PATH=$(realpath -m -- "${ZLSNAP_BIN:-$bench/../build/bin}"):$PATH
measured=$(realpath -- "${1:-/usr/share}") || exit
runs=${2:-3}
work=$BENCH_DIR/work/compare
tools=(tar bsdtar umoci skopeo casync zlsnap)
declare -A answer took memory size

die() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

clean_up() {
    umount "$work/tmpfs"
    cd / && rm -rf -- "$work"
}

programs_expect() {
    local program
    for program; do
        type -P "$program" >/dev/null || die "not installed: $program (make bench-deps installs it)"
    done
}

# --------------------------------------------------------------------------- the tools

# pack_TOOL TREE STORE: STORE is an empty directory. restore_TOOL STORE TARGET: with the digest
# checked, wherever the tool can. stored_TOOL STORE: names the file with the contents.

pack_tar() {
    tar -c --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        --sort=name --numeric-owner --xattrs --xattrs-include='*' --acls -S -C "$1" . |
        zstd -q -T0 | tee "$2/layer.tar.zst" | sha256sum >"$2/layer.sha256"
}
restore_tar() {
    sha256sum --quiet -c "$1/layer.sha256" <"$1/layer.tar.zst" && mkdir -p "$2" &&
        zstd -dc "$1/layer.tar.zst" | tar -xp --numeric-owner --xattrs --xattrs-include='*' --acls -C "$2"
}

pack_bsdtar() {
    bsdtar -c --format=pax --numeric-owner --xattrs --acls -C "$1" . |
        zstd -q -T0 | tee "$2/layer.tar.zst" | sha256sum >"$2/layer.sha256"
}
restore_bsdtar() {
    sha256sum --quiet -c "$1/layer.sha256" <"$1/layer.tar.zst" && mkdir -p "$2" &&
        zstd -dc "$1/layer.tar.zst" | bsdtar -xp -S --numeric-owner --xattrs --acls -f - -C "$2"
}

pack_umoci() {
    umoci --log=error init --layout "$2/image" && umoci --log=error new --image "$2/image:it" &&
        umoci --log=error insert --image "$2/image:it" "$1" /
}
restore_umoci() {
    umoci --log=error unpack --image "$1/image:it" "$2.bundle"
    local status=$?
    [[ ! -e $2.bundle/rootfs ]] || mv -T "$2.bundle/rootfs" "$2"
    rm -rf "$2.bundle"
    return $status
}

pack_casync() {
    casync make --with=best --store="$2/layer.castr" "$2/layer.caidx" "$1" >"$2/layer.digest"
}
restore_casync() {
    casync extract --with=best --delete=yes --store="$1/layer.castr" "$1/layer.caidx" "$2"
}

pack_zlsnap() {
    zlsnap create "$1" "$2/layer.tar.zst"
}
restore_zlsnap() {
    zlsnap extract --replace "$1/layer.tar.zst" "$2"
}

stored_file() {
    case $1 in
    umoci) printf '%s\n' "$2/image/blobs/sha256/$(layer_blob "$2/image")" ;;
    casync) find "$2/layer.castr" -name '*.cacnk' -size +1k | sort | tail -n 1 ;;
    *) printf '%s\n' "$2/layer.tar.zst" ;;
    esac
}

# What has to be equal where the trees are.
stored_identity() {
    case $1 in
    umoci) layer_blob "$2/image" ;;
    casync) sha256sum <"$2/layer.caidx" ;;
    *) sha256sum <"$2/layer.tar.zst" ;;
    esac
}

stored_as_tar() {
    case $1 in
    umoci) gzip -dc "$(stored_file umoci "$2")" ;;
    casync) cat "$2/layer.caidx" ;;
    *) zstd -dc "$2/layer.tar.zst" ;;
    esac
}

# blob_of LAYOUT DIGEST
blob_of() {
    printf '%s/blobs/sha256/%s\n' "$1" "${2#sha256:}"
}

image_manifest() {
    blob_of "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")"
}

layer_blob() {
    jq -r '.layers[-1].digest | ltrimstr("sha256:")' "$(image_manifest "$1")"
}

# --------------------------------------------------------------------------- the tree

# tree_make DIR [REVERSED]: all that an upper directory can hold, made in this order or the other.
tree_make() {
    local makers=(modes owners attributes links nodes sparse names whiteouts bulk) i
    [[ ! ${2-} ]] || makers=(bulk whiteouts names sparse nodes links attributes owners modes)
    mkdir -p "$1"
    for i in "${makers[@]}"; do
        (cd "$1" && "make_$i") || die "cannot make the tree in $1"
    done
    (
        cd "$1" || exit
        chmod 0751 . && chown 12:34 . && setfattr -n user.root -v yes .
        find . -depth -print0 | xargs -0 touch -h -d '2001-02-03 04:05:06.123456789Z'
    )
}

make_modes() {
    install -m 4755 /bin/true setuid && mkdir odd sticky && chmod 2511 odd && chmod 1777 sticky
    echo text >plain && chmod 0604 plain
}
make_owners() {
    echo text >owned && chown 1234:5678 owned && echo text >big && chown 3000000:4000000 big
}
make_attributes() {
    echo text >noted && setfattr -n user.note -v 'a text' noted && mkdir noted-dir
    setfattr -n user.note -v 'another' noted-dir
    cp /bin/true capable && setcap cap_net_raw+ep capable
    echo text >acl && setfacl -m u:1234:rw- acl && mkdir acl-dir
    setfacl -m u:1234:rwx,d:u:1234:r-x acl-dir
}
make_links() {
    echo text >link-a && ln link-a link-b && ln -s link-a symlink && ln symlink symlink-b
}
make_nodes() {
    mknod char c 1 3 && mknod block b 7 99 && mkfifo fifo && chmod 0640 char block fifo
}
make_sparse() {
    truncate -s 64M sparse && echo end | dd of=sparse bs=1M seek=63 conv=notrunc status=none
}
make_names() {
    echo text >$'not-utf8-\xff\xfe' && echo text >$'new\nline' && echo text >./-rf
    echo text >"$(printf 'long-%0195d' 0)"
}
# What does not compress, so that half of a layer is more than a buffer of it.
make_bulk() {
    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(8 << 20))' >bulk
}
make_whiteouts() {
    mknod -m 0 gone c 0 0 && mkdir opaque && echo text >opaque/new
    setfattr -n trusted.overlay.opaque -v y opaque
}

# --------------------------------------------------------------------------- what is kept

# facet_NAME, in a tree: prints what has to be equal in both.
facet_modes() { stat -c '%a %n' setuid odd sticky plain; }
facet_owners() { stat -c '%u:%g %n' owned big; }
facet_times() { stat -c '%.9Y %n' plain odd symlink fifo sparse; }
facet_xattrs() { getfattr -d -m '^user\.' -e hex noted noted-dir; }
facet_capabilities() { getfattr -d -m '^security\.capability' -e hex capable; }
facet_acls() { getfacl -n acl acl-dir; }
facet_links() { stat -c '%h %F' link-a link-b && [[ link-a -ef link-b ]] && readlink symlink; }
facet_symlinks() { stat -c '%h %F' symlink && [[ $(stat -c %i symlink) == "$(stat -c %i symlink-b)" ]]; }
facet_nodes() { stat -c '%F %t:%T %a %n' char block fifo; }
facet_holes() { sha256sum <sparse && (($(stat -c %b sparse) < 2048)) && echo sparse; }
facet_names() { cat $'not-utf8-\xff\xfe' $'new\nline' ./-rf long-*; }
facet_root() { stat -c '%a %u:%g %.9Y' . && getfattr -d -m '^user\.' -e hex .; }
facet_whiteouts() { stat -c '%F %t:%T' gone && getfattr --only-values -n trusted.overlay.opaque opaque; }

facets=(modes owners times xattrs capabilities acls links symlinks nodes holes names root whiteouts)

# facet_same NAME TREE OTHER
facet_same() {
    local one other
    one=$(cd "$2" && "facet_$1" 2>/dev/null | tr '\0' ' ') || die "the tree has no $1"
    other=$(cd "$3" && "facet_$1" 2>/dev/null | tr '\0' ' ') && [[ $one == "$other" ]]
}

# answers ROW TOOL COMMAND...: yes where the command is successful.
answers() {
    local key=$1,$2
    if "${@:3}"; then answer[$key]=yes; else answer[$key]=no; fi
}

overlay_mounts() {
    rm -rf lower merged ovl && mkdir -p lower/opaque merged ovl
    cp -a "$1" ovl/upper && mkdir ovl/work && touch lower/gone lower/opaque/old lower/kept || return
    mount -t overlay overlay -o "lowerdir=lower,upperdir=ovl/upper,workdir=ovl/work" merged || return
    local seen
    seen=$(cd merged && ls -d gone opaque/old opaque/new kept 2>/dev/null)
    umount merged
    [[ $seen == $'kept\nopaque/new' ]]
}

# Status and last message of one run, for the page.
tell() {
    local label=$1 status
    shift
    "$@" >run.out 2>run.err
    status=$?
    [[ ! -s run.err && $status -eq 0 ]] || remarks+=("$label: exit $status$(
        [[ ! -s run.err ]] || printf ', `%s`' "$(tr -d '\140' <run.err | tr -c '[:print:]\n' '?' |
            sed "s|$work/||g" | grep -v '^ *$' | tail -n 1 | cut -c 1-160)")")
    return $status
}

trial_content() {
    local tool=$1 facet
    rm -rf store again target && mkdir store again
    answers packs "$tool" tell "$tool packs" "pack_$tool" tree store
    answers restores "$tool" tell "$tool restores" "restore_$tool" store target
    for facet in "${facets[@]}"; do
        answers "$facet" "$tool" facet_same "$facet" tree target
    done
    answers mounts "$tool" overlay_mounts target 2>/dev/null
    answers is_tar "$tool" tar_reads "$tool"
    answers oci "$tool" has_oci_whiteout "$tool"
    "pack_$tool" "$other" again >/dev/null 2>&1
    answers same_bytes "$tool" test "$(stored_identity "$tool" store)" = "$(stored_identity "$tool" again)"
    rm -rf again && mkdir again && answers sockets "$tool" tell "$tool packs a socket" \
        "pack_$tool" with-socket again
}

tar_reads() {
    stored_as_tar "$1" store 2>/dev/null | tar -t >/dev/null 2>&1
}
has_oci_whiteout() {
    stored_as_tar "$1" store 2>/dev/null | tar -t 2>/dev/null | sed 's|^\./||' | grep -qx '\.wh\.gone'
}

# --------------------------------------------------------------------------- what goes wrong

# flip FILE: another byte in its middle.
flip() {
    local at byte
    at=$(($(stat -c %s "$1") / 2))
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$(printf %o $((byte ^ 255)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# All that can be seen of a directory, but not its whiteouts' times.
look() {
    [[ -e $1 ]] || { echo absent && return; }
    (cd "$1" && find . -printf '%y %m %T@ %s %P\n' | sort)
}

# refused_whole TOOL TARGET: the broken store is refused, and the target is what it was.
refused_whole() {
    local before status
    before=$(look "$2")
    tell "$1, broken" "restore_$1" store "$2" && return 1
    [[ $(look "$2") == "$before" ]] || {
        remarks+=("$1, broken: left $(look "$2" | wc -l) entries in the target")
        return 1
    }
}

# receive_TOOL TARGET: from a pipe, as one fetches and unpacks; the digest is known.
receive_tar() { mkdir -p "$1" && zstd -dc | tar -xp --xattrs --xattrs-include='*' --acls -C "$1"; }
receive_bsdtar() { mkdir -p "$1" && zstd -dc | bsdtar -xp --xattrs --acls -f - -C "$1"; }
receive_zlsnap() { zstd -dc | tarunpack --replace --expect "$(jq -r .digest store/layer.tar.zst.json)" "$1"; }

# A stream that ends early where a tree stands already; where no stream can be read, a stored file
# that does.
cut_leaves() {
    local tool=$1 before file
    rm -rf target && mkdir target && echo old >target/old && touch -d 2001-01-01 target
    before=$(look target)
    file=$(stored_file "$tool" store)
    if type -t "receive_$tool" >/dev/null; then
        head -c $(($(stat -c %s "$file") / 2)) "$file" | "receive_$tool" target >/dev/null 2>&1
    else
        truncate -s $(($(stat -c %s "$file") / 2)) "$file"
        "restore_$tool" store target >/dev/null 2>&1
    fi
    [[ $(look target) == "$before" ]]
}

# As seen by its inode: one tree gives way to the other, or is changed file by file.
replaces_at_once() {
    local inode
    rm -rf target && mkdir target && echo old >target/old
    inode=$(stat -c %i target)
    "restore_$1" store target >/dev/null 2>&1
    [[ $(stat -c %i target) != "$inode" && ! -e target/old && -e target/plain ]]
}

hostile_make() {
    python3 - "$work/outside" <<'END'
import io, sys, tarfile
outside = sys.argv[1]
def entry(tar, name, kind=tarfile.REGTYPE, link='', data=b''):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, link, len(data), 0o755
    tar.addfile(info, io.BytesIO(data))
def make(name, *entries):
    with tarfile.open(name, 'w') as tar:
        for one in entries:
            entry(tar, *one)
REG, SYM, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
make('hostile-dots.tar', ('../outside/dots', REG, '', b'x'), ('a/../../outside/more', REG, '', b'x'))
make('hostile-absolute.tar', (outside + '/absolute', REG, '', b'x'))
make('hostile-symlink.tar', ('to', SYM, outside), ('to/through', REG, '', b'x'))
make('hostile-relative.tar', ('to', SYM, '../outside'), ('to/through', REG, '', b'x'))
make('hostile-swap.tar', ('d/', tarfile.DIRTYPE), ('d', SYM, outside), ('d/through', REG, '', b'x'))
make('hostile-hard.tar', ('hard', HARD, outside + '/victim'), ('hard', REG, '', b'overwritten'))
make('hostile-hard-dots.tar', ('hard', HARD, '../outside/victim'))
make('hostile-whiteout.tar', ('to', SYM, '../outside'), ('to/.wh.victim', REG))
END
}

unpack_hostile() {
    case $1 in
    tar) mkdir target && tar -xp -C target <"$2" ;;
    bsdtar) mkdir target && bsdtar -xp -f - -C target <"$2" ;;
    zlsnap) tarunpack target <"$2" ;;
    umoci)
        rm -rf image && umoci --log=error init --layout image && umoci --log=error new --image image:it
        umoci --log=error raw add-layer --image image:it "$2" && restore_umoci . target
        ;;
    esac
}

contained() {
    local archive status=0
    for archive in hostile-*.tar; do
        rm -rf outside target target.bundle && mkdir outside && echo victim >outside/victim
        touch -d 2001-01-01 outside/victim outside
        local before
        before=$(look outside && stat -c %h outside/victim)
        unpack_hostile "$1" "$archive" >/dev/null 2>&1
        [[ $(look outside && stat -c %h outside/victim) == "$before" ]] || {
            remarks+=("$1: $archive reached what is outside")
            status=1
        }
    done
    return $status
}

trial_faults() {
    local tool=$1
    answers at_once "$tool" replaces_at_once "$tool"
    cp -a store whole
    flip "$(stored_file "$tool" store)"
    rm -rf target && answers gate "$tool" refused_whole "$tool" target
    rm -rf store && cp -a whole store
    answers cut "$tool" cut_leaves "$tool"
    rm -rf store && mv whole store
    if [[ $tool == casync ]]; then answer[contained,casync]=-; else answers contained "$tool" contained "$tool"; fi
}

# --------------------------------------------------------------------------- images

# Leaves image:it as a whole and consistent image whose config has the wrong diffID.
diffid_spoil() {
    local manifest config new
    manifest=$(image_manifest "$1")
    config=$(blob_of "$1" "$(jq -r .config.digest "$manifest")")
    jq -c '.rootfs.diff_ids[-1] = "sha256:" + "0" * 64' "$config" >new-config
    new=$(sha256sum <new-config | cut -d ' ' -f 1) && cp new-config "$1/blobs/sha256/$new"
    jq -c --arg digest "sha256:$new" --argjson size "$(stat -c %s new-config)" \
        '.config.digest = $digest | .config.size = $size' "$manifest" >new-manifest
    new=$(sha256sum <new-manifest | cut -d ' ' -f 1) && cp new-manifest "$1/blobs/sha256/$new"
    jq -c --arg digest "sha256:$new" --argjson size "$(stat -c %s new-manifest)" \
        '.manifests[0].digest = $digest | .manifests[0].size = $size' "$1/index.json" >new-index
    cp new-index "$1/index.json"
}

fails() {
    ! "$@" >/dev/null 2>&1
}

copy_skopeo() {
    skopeo copy -q --insecure-policy --preserve-digests "oci:$1:it" "oci:$2:it"
}

trial_images() {
    rm -rf store image spoilt copy && mkdir store && mkdir small && echo text >small/file
    pack_umoci small store >/dev/null && cp -a store/image image && cp -a image spoilt
    diffid_spoil spoilt
    cp -a spoilt store/spoilt && rm -rf store/image && mv store/spoilt store/image
    answers diffid umoci fails restore_umoci store target
    answers diffid zlsnap fails zlsnap extract oci:spoilt:it target
    answers diffid skopeo fails copy_skopeo spoilt copy
    rm -rf copy
    copy_skopeo image copy || die 'skopeo does not copy'
    answers same_bytes skopeo cmp -s "$(image_manifest image)" "$(image_manifest copy)"
    rm -rf copy
    flip "image/blobs/sha256/$(layer_blob image)"
    answers gate skopeo fails copy_skopeo image copy
    [[ ! -s copy/index.json ]] || answer[gate,skopeo]=no
}

# --------------------------------------------------------------------------- times

# timed TOOL,VERB COMMAND...: appends seconds and the kilobytes of the largest process.
timed() {
    local key=$1 spent
    shift
    spent=$(
        # shellcheck disable=SC2163 # the function that it names
        export -f "$1"
        { command time -f '%e %M' -o timing bash -o pipefail -c '"$@"' - "$@" >/dev/null 2>&1; } || echo failed
        tail -n 1 timing
    )
    [[ $spent != failed* ]] || spent='- -'
    took[$key]+="${spent% *} " memory[$key]+="${spent#* } "
}

median() {
    local values
    # shellcheck disable=SC2086 # a list
    mapfile -t values < <(printf '%s\n' $1 | sort -n)
    printf '%s' "${values[$((${#values[@]} / 2))]}"
}

trial_times() {
    local run tool
    for ((run = 0; run < runs; run++)); do
        tar -cf - -C "$measured" . | wc -c >bytes # warm
        for tool in tar bsdtar umoci casync zlsnap; do
            rm -rf store target && mkdir store && sync
            timed "$tool,pack" "pack_$tool" "$measured" store
            size[$tool]=$(du -sm --apparent-size store | cut -f 1)
            timed "$tool,restore" "restore_$tool" store target
        done
    done
}

# --------------------------------------------------------------------------- the page

declare -A crate=([packs]=- [restores]=- [modes]='no setuid' [owners]=no [xattrs]=no
    [capabilities]=no [acls]=no [links]=no [symlinks]='followed' [whiteouts]=no [mounts]=no
    [same_bytes]=no [one_pass]='no: three' [gate]=no [cut]=no [resume]=yes [sockets]=no [is_tar]=yes)

# What no check here can find out.
declare -A known=([one_pass,tar]='yes, by tee' [one_pass,bsdtar]='yes, by tee' [one_pass,umoci]=yes
    [one_pass,skopeo]=- [one_pass,casync]=yes [one_pass,zlsnap]=yes
    [resume,tar]=- [resume,bsdtar]=- [resume,umoci]=- [resume,skopeo]='whole blobs'
    [resume,casync]='chunks' [resume,zlsnap]='yes (S3)'
    [dedup,casync]=yes [dedup,zlsnap]=no [dedup,tar]=no [dedup,bsdtar]=no [dedup,umoci]='layers'
    [dedup,skopeo]='layers' [at_once,umoci]='refused' [cut,umoci]='refused')

# row KEY LABEL: as a line of the table.
row() {
    local tool cell
    printf '| %s ' "$2"
    for tool in "${tools[@]}"; do
        cell=${known[$1,$tool]-${answer[$1,$tool]--}}
        [[ $1 != gate || $cell != yes || $tool != *tar ]] || cell='yes ²'
        [[ $cell != yes* || $tool != zlsnap ]] || cell="**$cell**"
        printf '| %s ' "$cell"
    done
    printf '| %s |\n' "${crate[$1]--}"
}

head_row() {
    printf '| | GNU tar | bsdtar | umoci | skopeo | casync | **zlsnap** | Rust crate ¹ |\n'
    printf '|---|---|---|---|---|---|---|---|\n'
}

labels=(
    'modes=modes, setuid, setgid, sticky' 'owners=owners, also above 2²¹' 'times=times to the nanosecond'
    'xattrs=user xattrs' 'capabilities=file capabilities' 'acls=POSIX ACLs, access and default'
    'links=hard links' 'symlinks=hard links of symlinks' 'nodes=devices and fifos' 'holes=holes'
    'names=odd names: not UTF-8, newline, 200 bytes' 'root=the root directory itself'
    'whiteouts=whiteouts and opaque directories, as in the upper'
    'mounts=the restored tree mounts as that upper' 'oci=a whiteout is an OCI `.wh.` entry'
    'sockets=packs a tree with a socket (skips it)' 'is_tar=what is stored is a tar that GNU tar reads'
    'same_bytes=same bytes for the same tree: other order, other file system'
    'one_pass=digest known after one pass ³' 'gate=nothing appears where a stored byte is wrong'
    'cut=a cut stream changes nothing of the tree that stands'
    'diffid=a wrong diffID in an image is refused'
    'at_once=a standing tree is replaced at once' 'contained=8 hostile archives reach nothing outside'
    'resume=an interrupted upload goes on ³' 'dedup=sends only what changed in a tree ³'
)
compact=(
    'whiteouts=whiteouts and opaque directories come back' 'oci=... and are OCI whiteouts in the archive'
    'capabilities=capabilities' 'acls=POSIX ACLs' 'holes=holes' 'names=names that are not UTF-8'
    'same_bytes=same tree, same bytes' 'one_pass=digest after one pass'
    'gate=wrong digest: nothing appears' 'cut=cut stream: the standing tree stays'
    'at_once=replaces a tree at once' 'contained=hostile archives stay inside'
    'is_tar=a tar that GNU tar reads' 'resume=interrupted uploads go on' 'dedup=sends only changed parts'
)

rows() {
    local one
    head_row
    for one; do
        row "${one%%=*}" "${one#*=}"
    done
}

versions() {
    tar --version | head -n 1
    bsdtar --version
    umoci --version
    skopeo --version
    casync --version
    zstd --version | tr -d '*'
    zlsnap --version | head -n 1
}

times_table() {
    local tool
    printf '| | pack, s | MB | restore, s | MB | stored, MiB |\n|---|---:|---:|---:|---:|---:|\n'
    for tool in tar bsdtar umoci casync zlsnap; do
        printf '| %s | %s | %d | %s | %d | %s |\n' "$tool" "$(median "${took[$tool,pack]}")" \
            "$(megabytes "${memory[$tool,pack]}")" "$(median "${took[$tool,restore]}")" \
            "$(megabytes "${memory[$tool,restore]}")" "${size[$tool]}"
    done
}

megabytes() {
    local kilobytes
    kilobytes=$(median "$1")
    [[ $kilobytes == - ]] && echo 0 || echo $((kilobytes / 1000))
}

page() {
    cat <<END
# Compared with others

\`bench/compare.sh\` makes this page: a tree with all that an overlay upper directory can hold goes
through each tool, as its user would call it with the best options it has, and checks answer the rest.
"-" is what a tool does not do at all.

## In short

<!-- compact: begin -->
$(rows "${compact[@]}")

¹ The library that zlsnap replaces: not measured, as its users reported. ² After a pass of its own over
the file (\`sha256sum -c\`); not from a pipe. Trials, versions and commands: [doc/comparison.md](doc/comparison.md).
<!-- compact: end -->

## All trials

$(rows "${labels[@]}")

¹ Not measured, as its users reported: three passes with an uncompressed temporary tar, symlinks
followed, failure on sockets, half-restored trees after errors; uploads to S3 survive crashes.
² Only since \`sha256sum -c\` reads the file first; what comes from a pipe is unpacked before its digest
is known. ³ By what the tool is, not by a trial here. skopeo copies images and packs nothing, so that
most rows are not its business; "same bytes" is that it copies a manifest as it is. umoci does not
unpack where a tree stands. GNU tar puts its process id into the names of sparse files (-S), casync
extracts no name of 245 bytes ("File name too long": its temporary names are longer).

## What others do better

- **casync** stores chunks: of a new version it sends and fetches only those that are not there yet,
  and reflinks the rest from a tree that stands. A zlsnap layer is the whole directory again. casync
  also keeps chattr flags.
- **GNU tar** is everywhere, and makes incremental archives (\`--listed-incremental\`).
- **bsdtar** reads and writes many formats: cpio, zip, ISO 9660, 7-zip, mtree.
- **umoci** handles whole images, with their history and config, and unpacks without root, where it
  keeps owners and devices beside the files.
- **skopeo** knows every registry and transport. zlsnap calls it.

## Times

$(printf '%s' "$measured"): $(find "$measured" | wc -l) entries, $(($(<bytes) / 1048576)) MiB as a tar; warm, medians of $runs, by turns, $(nproc) cores, Linux $(uname -r).
MB is the largest process at its peak. tar and bsdtar are checked by sha256sum first; umoci compresses
with gzip, the others with zstd. Only zlsnap brings to the disk what it wrote before it ends.

$(times_table)

## What they said

$(printf -- '- %s\n' "${remarks[@]}")

## Versions and commands

    $(versions | sed '2,$s/^/    /')

Where a function is given a directory of a store and a tree:

$(for tool in tar bsdtar umoci casync zlsnap; do declare -f "pack_$tool" "restore_$tool"; done | sed 's/^/    /')

$(declare -f copy_skopeo | sed 's/^/    /')
END
}

if [[ ! ${COMPARE_INSIDE-} ]]; then
    [[ $EUID -eq 0 ]] || die 'has to run as root: it makes devices, owners and mounts'
    programs_expect tar bsdtar umoci skopeo casync zstd jq time python3 getfattr setfacl setcap zlsnap
    # In a mount namespace of its own: whichever way it ends, no mount is left.
    COMPARE_INSIDE=1 exec unshare --mount "$0" "$@"
fi
rm -rf -- "$work"
mkdir -p -- "$work" && cd "$work" || exit
trap clean_up EXIT
other=$work/tmpfs/tree
mkdir tmpfs && mount -t tmpfs tmpfs tmpfs || exit
remarks=()
tree_make tree && tree_make "$other" reversed
mkdir with-socket && echo text >with-socket/file
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("with-socket/socket")' || exit
hostile_make || exit
for tool in tar bsdtar umoci casync zlsnap; do
    trial_content "$tool"
    trial_faults "$tool"
done
trial_images
trial_times
page
