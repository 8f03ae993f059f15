# shellcheck shell=bash disable=SC2034,SC2154
#
# Part of bench/comparison.sh: prints the results as a page.

# Results that no test here can determine.
declare -A known=([one_pass,tar]='yes, by tee' [one_pass,bsdtar]='yes, by tee' [one_pass,umoci]=yes
    [one_pass,skopeo]=- [one_pass,casync]=yes [one_pass,zlsnap]=yes
    [resume,tar]=- [resume,bsdtar]=- [resume,umoci]=- [resume,skopeo]='whole blobs'
    [resume,casync]='chunks' [resume,zlsnap]='yes (S3)'
    [dedup,casync]=yes [dedup,zlsnap]=yes [dedup,tar]=no [dedup,bsdtar]=no [dedup,umoci]='layers'
    [dedup,skopeo]='layers' [at_once,umoci]='refused' [cut,umoci]='refused')

# row KEY LABEL: prints a row of the table.
row() {
    local tool cell
    printf '| %s ' "$2"
    for tool in "${tools[@]}"; do
        cell=${known[$1,$tool]-${answer[$1,$tool]--}}
        [[ $1 != gate || $cell != yes || $tool != *tar ]] || cell='yes ¹'
        [[ $cell != yes* || $tool != zlsnap ]] || cell="**$cell**"
        printf '| %s ' "$cell"
    done
    printf '|\n'
}

head_row() {
    printf '| | GNU tar | bsdtar | umoci | skopeo | casync | **zlsnap** |\n'
    printf '|---|---|---|---|---|---|---|\n'
}

labels=(
    'modes=modes, setuid, setgid, sticky' 'owners=owners, including ids above 2²¹' 'times=times to the nanosecond'
    'xattrs=user xattrs' 'capabilities=file capabilities' 'acls=POSIX ACLs, access and default'
    'links=hard links' 'symlinks=hard links of symlinks' 'nodes=devices and fifos' 'holes=holes'
    'names=unusual names: not UTF-8, newline, 200 bytes' 'root=metadata of the root directory'
    'whiteouts=whiteouts and opaque directories, as OverlayFS has them'
    'mounts=the restored tree works as an upper directory' 'oci=whiteouts are stored as OCI `.wh.` entries'
    'sockets=packs a tree that contains a socket (skips it)' 'is_tar=GNU tar can read the stored archive'
    'same_bytes=same bytes for the same tree, made in another order on another file system'
    'one_pass=digest computed in a single pass ²' 'gate=nothing appears if a stored byte is wrong'
    'cut=a truncated stream leaves the existing tree unchanged'
    'diffid=a wrong diffID in an image is refused'
    'at_once=an existing tree is replaced atomically' 'contained=8 hostile archives change nothing outside the target'
    'resume=an interrupted upload resumes ²' 'dedup=sends only the changed parts of a tree ²'
)
compact=(
    'whiteouts=whiteouts and opaque directories are restored' 'oci=whiteouts are stored as OCI whiteouts'
    'links=hard links' 'holes=holes'
    'same_bytes=same tree, same bytes' 'one_pass=digest computed in one pass ²'
    'gate=wrong digest: nothing appears' 'cut=truncated stream: the old tree stays'
    'at_once=replaces a tree atomically' 'contained=hostile archives change nothing outside'
    'is_tar=GNU tar can read the archive' 'resume=interrupted uploads resume ²'
    'dedup=sends only changed data ²'
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
    zstd --version | tr -d '*' | sed 's/^ *//'
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

\`bench/comparison.sh\` writes this page. It packs and restores a tree with everything that an OverlayFS
upper directory can contain, with each tool and its best options, and checks the results. "-" means that
the tool does not do this at all.

## In short

<!-- compact: begin -->
$(rows "${compact[@]}")

¹ Only with a separate pass over the file (\`sha256sum -c\`); not from a pipe. ² Known from the tool's design; all
other rows were tested.
<!-- compact: end -->

## All results

$(rows "${labels[@]}")

¹ Only because \`sha256sum -c\` reads the file first; a stream from a pipe is unpacked before its digest is
known. ² Known from the tool's design, not tested here.

skopeo copies images and does not pack directories, so most rows do not apply to it; "same bytes" means
that it copies a manifest unchanged. umoci refuses to unpack into an existing tree. GNU tar writes its
process id into the names of sparse files (-S). casync cannot extract a name of 245 bytes ("File name too
long").

## What others do better

- **casync** fetches only the chunks that are missing, and reflinks the others from an existing tree. zlsnap restores
  into a new directory. casync also keeps chattr flags.
- **GNU tar** is installed everywhere, and makes incremental archives (\`--listed-incremental\`).
- **bsdtar** reads and writes many formats: cpio, zip, ISO 9660, 7-zip, mtree.
- **umoci** handles whole images, with their history and config. It also unpacks without root, and then
  records owners and devices beside the files.
- **skopeo** supports every registry and transport. zlsnap calls it.

## Times

$(printf '%s' "$measured"): $(find "$measured" | wc -l) entries, $(($(<bytes) / 1048576)) MiB as a tar; warm cache, medians of $runs runs in turns, $(nproc) cores, Linux $(uname -r).
MB is the peak memory of the largest process. For tar and bsdtar, sha256sum checks the file first. umoci
compresses with gzip, the others with zstd. Only zlsnap syncs its output to the disk before it exits.

$(times_table)

## Messages of the tools

$(printf -- '- %s\n' "${remarks[@]}" | tr -d '\200-\377')

## Versions and commands

    $(versions | sed '2,$s/^/    /')

\`pack_TOOL\` gets the tree and a directory for the result; \`restore_TOOL\` gets that directory and the target:

$(for tool in tar bsdtar umoci casync zlsnap; do declare -f "pack_$tool" "restore_$tool"; done | sed 's/^/    /')

$(declare -f copy_skopeo | sed 's/^/    /')
END
}
