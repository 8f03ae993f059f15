#!/usr/bin/env bash
# make demo: snapshots a real tree of this machine, by the plain pipe and by zlsnap.sh, restores it,
# and proves by tools that are not ours that nothing is different. Works as root and as a plain
# user; writes to ${TMPDIR:-/var/tmp} and cleans up.
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
export PATH=${ZLSNAP_BIN:-$project/build/bin}:$PATH
largest_mb=250

work=$(mktemp -d "${TMPDIR:-/var/tmp}/zlsnap-demo-XXXXXX")
clean_up() {
    chmod -R u+rwX "$work" # a restored tree may have directories that even its owner can't write
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
cd "$work"

title() {
    if [ -t 1 ]; then printf '\n\e[1m%s\e[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

# show COMMANDLINE: prints it, runs it, prints how long it took. Fails as it does.
show() {
    local start=$EPOCHREALTIME status=0
    printf '$ %s\n' "$1"
    bash -o pipefail -c "$1" || status=$?
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "  (%.1f s)\n", end - start }'
    return "$status"
}

# The megabytes of a tree; nothing if it can't be read whole, or not soon enough.
megabytes() {
    [ -d "$1" ] && [ -z "$(find "$1" -xdev ! -readable -print -quit 2>&1)" ] || return 0
    timeout 10 du -sxm "$1" 2>/dev/null | cut -f 1
}

# Picks the largest tree that is not too large for a demonstration, or for this disk.
pick_tree() {
    local dir size best='' best_size=0 free_mb
    free_mb=$(df --output=avail -m . | tail -n 1)
    for dir in /usr/share /usr/lib/python3* /usr/include /usr/bin /usr/share/doc /usr/share/zoneinfo \
        /usr/share/perl /usr/lib/gcc /usr/share/i18n /usr/share/man /usr/sbin; do
        [ -L "$dir" ] && continue
        size=$(megabytes "$dir")
        if [ -n "$size" ] && [ "$size" -gt "$best_size" ] && [ "$size" -le "$largest_mb" ] &&
            [ $((size * 4)) -le "$free_mb" ]; then
            best=$dir best_size=$size
        fi
    done
    echo "${best:-$project}"
}

# prove_equal A B
prove_equal() {
    show "diff -r --no-dereference $1 $2"
    show "rsync --dry-run --archive --itemize-changes --hard-links --acls --xattrs --delete $1/ $2/ \
> differences.txt"
    cat differences.txt
    [ ! -s differences.txt ]
}

tree=$(pick_tree)
if [ "$EUID" -ne 0 ]; then
    # A plain user can't restore the owners of others' files.
    title "Not root: the demonstration takes a copy of $tree that belongs to you"
    cp -a "$tree" tree
    chmod -R u+rwX tree
    tree=$work/tree
fi

title "A tree of this machine: $tree, $(find "$tree" | wc -l) entries, $(du -shx "$tree" | cut -f 1)"

title '1. Snapshot by the plain pipe: one pass, no temporary file'
show "tarpack $tree | shasum-tee --oci -o digest | zstd -q > layer.tar.zst"
digest=$(<digest)
echo "the layer's digest (diffID): $digest"

title '2. Restore: nothing appears unless the digest holds'
show "zstd -dc layer.tar.zst | tarunpack --expect $digest restored"

title '3. Both are equal, by tools that are not ours'
prove_equal "$tree" restored

title '4. A snapshot of what was restored has the same digest'
show "tarpack restored | sha256sum | tee again"
[ "sha256:$(cut -d ' ' -f 1 again)" = "$digest" ]

title '5. The same with the driver: atomic, with metadata, every exit code looked at'
show "zlsnap.sh create $tree driven.tar.zst"
show "cmp layer.tar.zst driven.tar.zst"
show "zlsnap.sh verify driven.tar.zst"
show "zlsnap.sh extract driven.tar.zst restored-too"
show "zlsnap.sh digest $tree | tee digest-of-tree"
show "zlsnap.sh digest restored-too | tee digest-of-restored"
cmp digest-of-tree digest-of-restored

title '6. A layer with a few damaged bytes: it is refused, and nothing appears'
cp layer.tar.zst damaged.tar.zst
dd if=/dev/zero of=damaged.tar.zst bs=1 count=16 conv=notrunc status=none \
    seek=$(($(stat -c %s layer.tar.zst) / 2))
if show "zstd -dc damaged.tar.zst | tarunpack --expect $digest damaged"; then
    echo "demo: a damaged layer was restored" >&2
    exit 1
fi
[ ! -e damaged ]

title 'Done: restored twice, nothing is different'
tar_size=$(jq .size_bytes driven.tar.zst.json) layer_size=$(stat -c %s layer.tar.zst)
printf 'digest of the tar   %s\n' "$digest"
printf 'digest of the layer sha256:%s\n' "$(sha256sum layer.tar.zst | cut -d ' ' -f 1)"
printf 'digest of the tree  %s\n' "$(cat digest-of-tree)"
printf 'size                %s as a tar, %s as a layer\n' \
    "$(numfmt --to=iec "$tar_size")" "$(numfmt --to=iec "$layer_size")"
