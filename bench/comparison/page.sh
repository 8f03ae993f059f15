# shellcheck shell=bash disable=SC2034,SC2154
#
# Of bench/comparison.sh: the answers as a page.

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
    'links=hard links' 'holes=holes'
    'same_bytes=same tree, same bytes' 'one_pass=digest after one pass ³'
    'gate=wrong digest: nothing appears' 'cut=cut stream: the standing tree stays'
    'at_once=replaces a tree at once' 'contained=hostile archives stay inside'
    'is_tar=a tar that GNU tar reads' 'resume=interrupted uploads go on ³'
    'dedup=sends only changed parts ³'
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

\`bench/comparison.sh\` makes this page: a tree with all that an overlay upper directory can hold goes
through each tool, as its user would call it with the best options it has, and checks answer the rest.
"-" is what a tool does not do at all.

## In short

<!-- compact: begin -->
$(rows "${compact[@]}")

¹ The library that zlsnap replaces: not measured, as its users reported. ² After a pass of its own over
the file (\`sha256sum -c\`); not from a pipe. ³ By what the tool is; all else was tried.
<!-- compact: end -->

## All trials

$(rows "${labels[@]}")

¹ Not measured, as its users reported: three passes with an uncompressed temporary tar, symlinks
followed, failure on sockets, half-restored trees after errors; uploads to S3 survive crashes.
² Only since \`sha256sum -c\` reads the file first; what comes from a pipe is unpacked before its digest
is known. ³ By what the tool is, not by a trial here. skopeo copies images and packs nothing, so that
most rows are not its business; "same bytes" is that it copies a manifest as it is. umoci does not
unpack where a tree stands. GNU tar puts its process id into the names of sparse files (-S), casync
extracts no name of 245 bytes ("File name too long").

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

$(printf -- '- %s\n' "${remarks[@]}" | tr -d '\200-\377')

## Versions and commands

    $(versions | sed '2,$s/^/    /')

Where a function is given a directory of a store and a tree:

$(for tool in tar bsdtar umoci casync zlsnap; do declare -f "pack_$tool" "restore_$tool"; done | sed 's/^/    /')

$(declare -f copy_skopeo | sed 's/^/    /')
END
}
