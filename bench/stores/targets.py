"""What zlsnap must reach."""
from dataclasses import dataclass
from typing import Callable

KB, MB, MIB = 10**3, 10**6, 1 << 20
PEERS = ("restic", "borg", "casync")


@dataclass(frozen=True)
class Target:
    """A value of the results that has to be at least, or at most, a bound. Without measurements it is None."""

    work: str
    what: str
    value: Callable
    bound: float
    unit: str = ""
    most: bool = False

    def reached(self, value):
        """Returns whether the value is within the bound."""
        return value <= self.bound if self.most else value >= self.bound


def ours(found, name, label, metric="wall", store="directory"):
    """Returns a median of zlsnap."""
    return found.median(store, name, label, "zlsnap", metric)


def over(first, second):
    """Returns a ratio, None if a part is missing."""
    return None if first is None or not second else first / second


def faster(name, label, times, *others, of=None):
    """How many times faster than the fastest of the others; `of` is their set and label, if they differ."""
    def value(found):
        walls = [wall for tool, wall in found.peers("directory", *(of or (name, label))).items()
                 if tool in (others or PEERS)]
        return over(min(walls, default=None), ours(found, name, label))
    return Target(f"{name}: {label}", f"times faster than {', '.join(others or PEERS)}", value, times)


def share(name, label, most, *others):
    """How much was added, relative to the least of the others."""
    def value(found):
        added = [size for tool, size in found.peers("directory", name, label, "added").items()
                 if tool in (others or PEERS)]
        return over(ours(found, name, label, "added"), min(added, default=None))
    return Target(f"{name}: {label}", f"added, relative to {', '.join(others or PEERS)}", value, most, most=True)


def at_most(name, label, metric, bound, unit, what, store="directory"):
    """A value of zlsnap alone."""
    work = f"{name}: {label}" + (", S3" if store == "s3" else "")
    return Target(work, what, lambda found: ours(found, name, label, metric, store), bound, unit, True)


def added(name, label, bound):
    """The bytes added."""
    return at_most(name, label, "added", bound, "bytes", "bytes added")


def no_content(name, label):
    """No new pack."""
    return at_most(name, label, "content", 0, "bytes", "bytes added to packs")


def beyond_content(name, label, bound):
    """The bytes added, beyond what the changed files have when they are compressed."""
    def value(found):
        size, content = ours(found, name, label, "added"), ours(found, name, label, "allowance")
        return None if size is None else size - content
    return Target(f"{name}: {label}", "bytes added beyond the compressed content", value, bound, "bytes", True)


def relative(name, label, other, most, what, metric="wall"):
    """A value relative to that of another label."""
    def value(found):
        return over(ours(found, name, label, metric), ours(found, name, other, metric))
    return Target(f"{name}: {label}", what, value, most, most=True)


def peak(label):
    """The largest process."""
    return at_most("million", label, "peak", 128 * MIB, "MiB", "largest process")


# What restores are measured: label and attribute of a tool.
PAGE_CACHE, ON_DISK, ONE_FILE = "restore to the page cache", "restore to the disk", "restore of one file"

TARGETS = (
    faster("kernel", "first", 2.5),
    share("kernel", "first", 0.8, "restic"),
    faster("kernel", "unchanged", 12, "restic"),
    relative("recognition", "zlsnap sync", "find -printf %s", 2.5, "relative to find -printf %s"),
    faster("kernel", "1 file", 8),
    beyond_content("kernel", "1 file", 8 * KB),
    faster("kernel", "1 file after chown", 8),
    beyond_content("kernel", "1 file after chown", 8 * KB),
    faster("thousand", "sync 1000", 8, of=("tiny", "1 file")),
    beyond_content("thousand", "sync 1000", 8 * KB),
    faster("kernel", "100 files", 6),
    added("kernel", "100 files", 500 * KB),
    *(target for label, bound in (("chown -R", 10 * KB), ("touch all", 300 * KB), ("top renamed", MB))
      for target in (added("kernel", label, bound), no_content("kernel", label), faster("kernel", label, 5))),
    added("database", "1 % of pages", 15 * MB),
    faster("database", "1 % of pages", 2),
    added("log", "1 MiB appended", 1.2 * MB),
    added("log", "renamed", 10 * KB),
    *(target for label in ("6.12", "6.1 again") for target in (share("linux", label, 1), faster("linux", label, 1))),
    no_content("linux", "6.1 again"),
    *(target for label in (PAGE_CACHE, ON_DISK)
      for target in (faster("kernel", label, 2.2, "restic", "borg"), faster("kernel", label, 1.5, "casync"))),
    at_most("kernel", ONE_FILE, "wall", 0.5, "s", "seconds"),
    at_most("kernel", "unchanged", "requests", 2, "", "requests", "s3"),
    at_most("kernel", "1 file", "requests", 8, "", "requests", "s3"),
    at_most("kernel", "1 file", "wall", 3, "s", "seconds", "s3"),
    peak("first"),
    peak("1 file"),
    peak(PAGE_CACHE),
    at_most("thousand", "the store: small packs", "count", 24, "", "small packs"),
    relative("thousand", "the store after that", "a new store of that tree", 2,
             "relative to a new store of the same tree", "bytes"),
    relative("thousand", "restore of the last", "restore of the first", 1.5, "relative to the first"),
)
