#!/usr/bin/env bash
# make demo: makes snapshots of a tree of this machine, with a pipe and with zlsnap.sh, restores them, and compares
# the trees with diff and rsync. Root is not required. Writes to ${TMPDIR:-/var/tmp} and cleans up.
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
export PATH=${ZLSNAP_BIN:-$project/build/bin}:$PATH
largest_mb=300

work=$(mktemp -d "${TMPDIR:-/var/tmp}/zlsnap-demo-XXXXXX")
clean_up() {
    chmod -R u+rwX "$work" # a restored tree may have read-only directories
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
cd "$work"

title() {
    if [ -t 1 ]; then printf '\n\e[1m%s\e[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

# show COMMANDLINE: prints the command line, runs it and prints the time. Returns its status.
show() {
    local start=$EPOCHREALTIME status=0
    printf '$ %s\n' "$1"
    bash -o pipefail -c "$1" || status=$?
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "  (%.1f s)\n", end - start }'
    [ "$status" -eq 0 ] || printf '  exit status %d\n' "$status"
    return "$status"
}

# megabytes DIR: prints the size of the tree, or nothing if it is absent, partly unreadable or slow to read.
megabytes() {
    if [ -d "$1" ] && [ -z "$(find "$1" -xdev ! -readable -print -quit 2>&1)" ]; then
        timeout 5 du -sxm "$1" | cut -f 1
    fi
}

# pick_tree: prints the common directory with the most entries that is not too large for a demonstration or for
# this disk.
pick_tree() {
    local dir size count best='' best_count=0 free_mb
    free_mb=$(df --output=avail -m . | tail -n 1)
    for dir in /usr/share /usr/share/{doc,man,perl,locale,zoneinfo} /usr/include /usr/lib/gcc \
        /usr/lib/python3* /usr/bin; do
        [ -L "$dir" ] && continue
        size=$(megabytes "$dir")
        if [ -z "$size" ] || [ "$size" -gt "$largest_mb" ] || [ $((size * 4)) -gt "$free_mb" ]; then
            continue
        fi
        count=$(find "$dir" | wc -l)
        [ "$count" -le "$best_count" ] || best=$dir best_count=$count
    done
    echo "${best:-$project}"
}

# prove_equal A B: fails unless diff and rsync find no difference.
prove_equal() {
    show "diff -r --no-dereference $1 $2"
    show "rsync --dry-run --archive --itemize-changes --hard-links --acls --xattrs --delete \
$1/ $2/ | tee differences"
    [ ! -s differences ]
}

tree=$(pick_tree)
if [ "$EUID" -ne 0 ]; then
    # An ordinary user can't restore the owners of other users' files.
    title "Not root: the demonstration takes a copy of $tree that belongs to you"
    cp -a "$tree" tree
    chmod -R u+rwX tree
    tree=tree
fi

entries=$(find "$tree" | wc -l) size=$(du -shx "$tree" | cut -f 1)
title "A tree of this machine: $tree, $entries entries, $size"

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
status=0
show "zstd -dc damaged.tar.zst | tarunpack --expect $digest damaged" || status=$?
[ "$status" -eq 4 ]
[ -z "$(find . -maxdepth 1 \( -name damaged -o -name '.*.zlsnap-*' \))" ]
echo '  nothing is there, and nothing was left beside it'

title 'Done: restored twice, nothing is different'
tar_size=$(jq .size_bytes driven.tar.zst.json) layer_size=$(stat -c %s layer.tar.zst)
printf 'digest of the tar   %s\n' "$digest"
printf 'digest of the layer sha256:%s\n' "$(sha256sum layer.tar.zst | cut -d ' ' -f 1)"
printf 'digest of the tree  %s\n' "$(cat digest-of-tree)"
printf 'size                %s as a tar, %s as a layer\n' \
    "$(numfmt --to=iec "$tar_size")" "$(numfmt --to=iec "$layer_size")"

title 'Next'
cat <<END
  make install                            install zlsnap, or put $project/build/bin on the PATH
  zlsnap create DIR layer.tar.zst         pack a directory of yours as a layer
  zlsnap extract layer.tar.zst COPY       restore it
  zlsnap sync me/1 DIR STORE              keep a snapshot in the directory STORE; again whenever DIR has changed
  zlsnap restore me/1 STORE COPY          restore the last one
  zlsnap --help                           all commands
END
