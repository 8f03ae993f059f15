"""The commands to compare, in groups, and how many times faster ours should be.

A command finds in its environment
    DIR           the tree
    TAR, DIGEST   the tar that tarpack writes for it, and its SHA-256
    LAYER         the layer that `zlsnap.sh create` makes of it, with LAYER.json
    OUT           an empty directory on its own file system
"""
from dataclasses import dataclass

# The sets for comparisons, and one for memory only.
COMPARED = ("kernel", "rootfs", "tiny", "large", "sparse", "node_modules")
SETS = COMPARED + ("bounds",)


@dataclass
class Group:
    """Commands that run in turns. The first one is ours; the table compares the others with it."""

    name: str
    title: str
    cases: dict
    place: str = "tmpfs"  # the file system of OUT
    cold: bool = False
    sets: tuple = COMPARED


@dataclass
class Target:
    """On each of `sets`, `ours` should be `times` faster than `other`; below 1, at most so much slower."""

    group: str
    sets: str
    ours: str
    other: str
    times: float
    metric: str = "wall"


# Packing into a pipe. Targets compare with GNU tar in the pax format, which stores the same: attributes
# require it. By default pax also stores access and change times, so these are deleted. With
# delete=mtime, times are those of the header block, in whole seconds. The GNU format, without attributes
# and fractions, is only shown. Every tool that can sort does: the digest of a tar in readdir order is of
# no use. No tool writes sparse entries, which layers must not contain.
TAR_PAX = (
    "tar -c --sort=name --format=posix --pax-option=delete=atime,delete=ctime{}"
    " --xattrs --xattrs-include='*' --acls --numeric-owner -C \"$DIR\" ."
)
PACK = {
    "tarpack ns": 'tarpack -q "$DIR"',
    "tarpack s": 'tarpack -q --time-precision=s "$DIR"',
    "tar pax": TAR_PAX.format(""),
    "tar pax s": TAR_PAX.format(",delete=mtime"),
    "tar gnu": 'tar -c --sort=name --format=gnu --numeric-owner -C "$DIR" .',
    "bsdtar pax": 'bsdtar -c --format=pax --no-read-sparse --numeric-owner -f - -C "$DIR" .',
}

SHA256SUM = 'tee >(sha256sum >"$OUT/{}")'
OPENSSL = 'tee >(openssl dgst -sha256 >"$OUT/{}")'
TEE = 'shasum-tee -q -o "$OUT/{}"'
ZSTD = "zstd -q -c -3 -T0"
LAYER = ' >"$OUT/layer"'


def create(pack, digest, blob_digest=None):
    stages = [PACK[pack], digest.format("digest"), ZSTD]
    if blob_digest:
        stages.append(blob_digest.format("blob-digest"))
    return " | ".join(stages) + LAYER


CREATE = {
    "tarpack ns": create("tarpack ns", TEE, TEE),
    "tarpack s": create("tarpack s", TEE, TEE),
    "zlsnap create": 'zlsnap.sh create -q "$DIR" "$OUT/layer" >/dev/null',
    "tar pax, sha256sum": create("tar pax", SHA256SUM),
    "tar pax s, sha256sum": create("tar pax s", SHA256SUM),
    "tar pax, openssl": create("tar pax", OPENSSL),
    "tar pax s, openssl": create("tar pax s", OPENSSL),
    "tar gnu, openssl": create("tar gnu", OPENSSL),
    "tar pax, openssl, both digests": create("tar pax", OPENSSL, OPENSSL),
    "bsdtar pax, openssl": create("bsdtar pax", OPENSSL),
    "zstd alone, ready tar": ZSTD + ' <"$TAR"' + LAYER,
}

DECODE = 'zstd -q -dc "$LAYER" | '
TARUNPACK = DECODE + 'tarunpack -q {}--expect="$DIGEST" "$OUT/tree"'
TAR_X = 'mkdir "$OUT/tree" && ' + DECODE + 'tar -xp -C "$OUT/tree"'

EXTRACT = {
    "tarunpack": TARUNPACK.format("--no-sync "),
    "zlsnap extract": 'zlsnap.sh extract -q --no-sync "$LAYER" "$OUT/tree"',
    "tar, not verified": TAR_X,
    "openssl, then tar": DECODE + 'openssl dgst -sha256 >"$OUT/digest" && ' + TAR_X,
    "sha256sum, then tar": DECODE + 'sha256sum >"$OUT/digest" && ' + TAR_X,
    "bsdtar, not verified": 'mkdir "$OUT/tree" && ' + DECODE + 'bsdtar -xpf - -C "$OUT/tree"',
    "zstd alone, to nowhere": DECODE + "cat >/dev/null",
}

SYNC = {
    "tarunpack": TARUNPACK.format(""),
    "tar, sync -f, not verified": TAR_X + ' && sync -f "$OUT/tree"',
    "the disk: the tar as one file": 'cat "$TAR" >"$OUT/tar" && sync -f "$OUT"',
}

THROUGH = 'cat "$TAR" | {} | cat >/dev/null'

HASH = {
    "shasum-tee": THROUGH.format(TEE.format("digest")),
    "tee, sha256sum": THROUGH.format(SHA256SUM.format("digest")),
    "tee, openssl": THROUGH.format(OPENSSL.format("digest")),
    "cat alone": THROUGH.format("cat"),
}

INTO_PIPE = {name: command + " | cat >/dev/null" for name, command in PACK.items()}

# The sparse set is left out where other tools would fill a tmpfs with its zeros, where another comparison
# on a disk already covers it, and with a cold cache, since there is almost nothing to read.
DENSE = tuple(name for name in COMPARED if name != "sparse")

GROUPS = (
    Group("pack", "Pack into a pipe, warm cache", INTO_PIPE),
    Group("cold", "Pack into a pipe, cold cache", INTO_PIPE, cold=True, sets=DENSE),
    Group("create", "Create a layer, on a tmpfs", CREATE),
    Group("extract-tmpfs", "Extract to tmpfs, no sync", EXTRACT, sets=DENSE),
    Group("extract-ext4", "Extract to ext4, no sync", EXTRACT, place="ext4", sets=DENSE),
    Group("sync", "Extract to ext4, synced", SYNC, place="ext4"),
    Group("tee", "Hash a stream of 2 GiB", HASH, sets=("large",)),
)

# All long operations of our programs; each runs once, without timing, to measure memory and disk space.
MEASURED_FOR_MEMORY = {
    "create": CREATE["tarpack ns"],
    "zlsnap create": CREATE["zlsnap create"],
    "extract": EXTRACT["tarunpack"],
    "zlsnap verify": 'zlsnap.sh verify -q "$LAYER" >/dev/null',
    "zlsnap digest": 'zlsnap.sh digest -q "$DIR" >/dev/null',
}
MEMORY_LIMIT = 64 << 20
TEMPORARY_LIMIT = 1 << 20  # no content, only some digests and empty directories


def _both_precisions(group, sets, suffix, times):
    return [
        Target(group, sets, "tarpack ns", "tar pax" + suffix, times),
        Target(group, sets, "tarpack s", "tar pax s" + suffix, times),
    ]


TARGETS = (
    *_both_precisions("create", "kernel rootfs tiny", ", sha256sum", 2.0),
    *_both_precisions("create", "kernel", ", openssl", 1.3),
    *_both_precisions("create", "rootfs", ", openssl", 1.5),
    *_both_precisions("create", "tiny", ", openssl", 2.0),
    # At most 1.3 times the time of zstd, which every pipe needs.
    Target("create", "kernel", "tarpack ns", "zstd alone, ready tar", 1 / 1.3),
    *_both_precisions("pack", "kernel tiny", "", 1.7),
    *_both_precisions("pack", "large", "", 1.5),
    *_both_precisions("cold", "kernel tiny", "", 3.0),
    *_both_precisions("cold", "rootfs", "", 1.8),
    Target("extract-tmpfs", "kernel", "tarunpack", "tar, not verified", 1.2),
    Target("extract-ext4", "kernel", "tarunpack", "tar, not verified", 1.5),
    Target("extract-ext4", "tiny", "tarunpack", "tar, not verified", 1.8),
    Target("extract-tmpfs", "kernel", "tarunpack", "openssl, then tar", 1.75),
    Target("extract-ext4", "kernel", "tarunpack", "openssl, then tar", 1.75),
    Target("sync", "kernel rootfs tiny large", "tarunpack", "tar, sync -f, not verified", 1.5),
    Target("tee", "large", "shasum-tee", "tee, sha256sum", 3.5),
    Target("tee", "large", "shasum-tee", "tee, openssl", 1.0),
    Target("tee", "large", "shasum-tee", "tee, openssl", 1.0, metric="cpu"),
)

# The columns of the summary and the bars of the plot: group, ours, other, heading.
HEADLINES = (
    ("create", "tarpack ns", "tar pax, sha256sum", "create / sha256sum"),
    ("create", "tarpack ns", "tar pax, openssl", "create / openssl"),
    ("pack", "tarpack ns", "tar pax", "pack"),
    ("cold", "tarpack ns", "tar pax", "pack, cold"),
    ("extract-tmpfs", "tarunpack", "tar, not verified", "extract to tmpfs"),
    ("extract-ext4", "tarunpack", "tar, not verified", "extract to ext4"),
    ("extract-ext4", "tarunpack", "openssl, then tar", "to ext4 / openssl first"),
    ("sync", "tarunpack", "tar, sync -f, not verified", "extract, synced"),
)
