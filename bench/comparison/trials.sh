# shellcheck shell=bash disable=SC2004,SC2034,SC2154
#
# Part of bench/comparison.sh: tests of content, faults and images, and times.

# --------------------------------------------------------------------------- content

# facet_NAME, called in a tree: prints what must be equal in the original and in the restored tree.
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

# answers ROW TOOL COMMAND...: sets the cell to yes if the command succeeds, else to no.
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

# tell LABEL COMMAND...: records the status and the last message of a run for the page.
tell() {
    local label=$1 status
    shift
    "$@" >run.out 2>run.err
    status=$?
    [[ ! -s run.err && $status -eq 0 ]] || remarks+=("$label: exit $status$(
        [[ ! -s run.err ]] || printf ', `%s`' "$(tr -d '\140' <run.err | tr -cd '[:print:]\n' |
            sed "s|$work/||g; s/^[: ]*//" | grep -v '^ *$' | tail -n 1 | cut -c 1-160)")")
    return $status
}

# Whether GNU tar gives the same bytes if it does not look for holes.
dense_is_same() {
    local sparse=()
    rm -rf again dense && mkdir again dense
    pack_tar tree dense >/dev/null 2>&1
    pack_tar "$other" again >/dev/null 2>&1
    [[ $(stored_identity tar dense) == "$(stored_identity tar again)" ]]
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
    [[ $tool != tar ]] || ! dense_is_same || answer[same_bytes,tar]='not with -S'
    rm -rf again && mkdir again && answers sockets "$tool" tell "$tool packs a socket" \
        "pack_$tool" with-socket again
}

tar_reads() {
    stored_as_tar "$1" store 2>/dev/null | tar -t >/dev/null 2>&1
}
has_oci_whiteout() {
    stored_as_tar "$1" store 2>/dev/null | tar -t 2>/dev/null | sed 's|^\./||' | grep -qx '\.wh\.gone'
}

# --------------------------------------------------------------------------- faults

# flip FILE: changes the byte in its middle.
flip() {
    local at byte
    at=$(($(stat -c %s "$1") / 2))
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$(printf %o $((byte ^ 255)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# look DIR: lists everything visible in a directory.
look() {
    [[ -e $1 ]] || { echo absent && return; }
    (cd "$1" && find . -printf '%y %m %T@ %s %P\n' | sort)
}

# refused_whole TOOL TARGET: whether the broken store is refused and the target unchanged.
refused_whole() {
    local before status
    before=$(look "$2")
    tell "$1, broken" "restore_$1" store "$2" && return 1
    [[ $(look "$2") == "$before" ]] || {
        remarks+=("$1, broken: left $(look "$2" | wc -l) entries in the target")
        return 1
    }
}

# receive_TOOL TARGET: unpacks from a pipe; the digest is known.
receive_tar() { mkdir -p "$1" && zstd -dc | tar -xp --xattrs --xattrs-include='*' --acls -C "$1"; }
receive_bsdtar() { mkdir -p "$1" && zstd -dc | bsdtar -xp --xattrs --acls -f - -C "$1"; }
receive_zlsnap() { zstd -dc | tarunpack --replace --expect "$(jq -r .digest store/layer.tar.zst.json)" "$1"; }

# cut_leaves TOOL: whether a truncated stream leaves an existing tree unchanged. For a tool that cannot read
# a stream, the stored file is truncated.
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

# replaces_at_once TOOL: whether the target becomes a new inode, or is changed file by file.
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

# diffid_spoil LAYOUT: gives the image a wrong diffID in its config, and is otherwise consistent.
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

# timed TOOL,VERB COMMAND...: appends the seconds, and the kilobytes of the largest process.
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
