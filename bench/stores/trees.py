"""The trees that are kept, and what changes in them."""
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BENCH = os.path.realpath(os.environ.get("BENCH_DIR", "/var/tmp/zlsnap-bench"))
WORK = f"{BENCH}/scratch/store"
TREE = f"{WORK}/tree"
MIB, PAGE = 1 << 20, 8192

# What --small takes of the sets of bench/data.sh.
PARTS = {"kernel": ("kernel", "mm", "lib"), "kernel-6.12": ("kernel", "mm", "lib"), "tiny": ("00", "01"),
         "million": ("00",)}


class Scale:
    """Whether trees are made small, to try the script."""

    small = False

    @classmethod
    def mebibytes(cls):
        """Returns the size of the database and the log."""
        return 64 if cls.small else 1024


# --------------------------------------------------------------------------- making


def copy(name):
    """Makes the tree equal to a set of bench/data.sh."""
    source = f"{BENCH}/sets/{name}"
    parts = [f"{source}/{part}" for part in PARTS[name]] if Scale.small else [f"{source}/"]
    subprocess.run(["rsync", "-a", "--delete", *parts, f"{TREE}/"], check=True)
    return []


def database():
    """A database whose pages compress to about half."""
    os.mkdir(TREE)
    with open(f"{TREE}/data", "wb") as file:
        for _ in range(Scale.mebibytes() * MIB // PAGE):
            file.write(os.urandom(PAGE // 2) + bytes(PAGE // 2))


def log():
    """A log."""
    os.mkdir(TREE)
    with open(f"{TREE}/log", "wb") as file:
        for _ in range(Scale.mebibytes()):
            file.write(lines(MIB))


def lines(size):
    """Returns `size` bytes of a log."""
    source = random.Random(time.time_ns())
    text = []
    length = 0
    while length < size:
        text.append(b"%d host daemon[%d]: request %016x took %d us\n" %
                    (time.time_ns(), source.randrange(9999), source.getrandbits(64), source.randrange(10**6)))
        length += len(text[-1])
    return b"".join(text)[:size]


# --------------------------------------------------------------------------- changing
# Each function returns the files that have new contents and are small.


def nothing():
    """Changes nothing."""
    return []


def regular_files():
    """Returns the paths of all regular files, in the order of names."""
    found = []
    for directory, names, leaves in os.walk(TREE):
        names.sort()
        found += (f"{directory}/{leaf}" for leaf in sorted(leaves))
    return [path for path in found if not os.path.islink(path)]


def scattered(count):
    """Returns `count` regular files, spread over the tree."""
    found = regular_files()
    return found[len(found) // (2 * count) :: len(found) // count][:count]


def append_line(paths):
    """Appends a line to each file."""
    for path in paths:
        with open(path, "ab") as file:
            file.write(b"changed %d\n" % time.time_ns())
    return paths


def edit(count):
    """Appends a line to `count` files."""
    return append_line(scattered(count))


def chown():
    """Changes the owner of everything."""
    owner = 1000 + (os.stat(TREE).st_uid % 2) + 1
    subprocess.run(["chown", "-hR", f"{owner}:{owner}", TREE], check=True)
    return []


def touch():
    """Gives every file another time."""
    subprocess.run(["find", TREE, "-exec", "touch", "-h", "{}", "+"], check=True)
    return []


def rename():
    """Moves everything below another directory of the top."""
    names = os.listdir(TREE)
    os.mkdir(f"{TREE}/moved")
    for name in names:
        os.rename(f"{TREE}/{name}", f"{TREE}/moved/{name}")
    return []


def pages():
    """Overwrites 1 % of the pages of the database, in place."""
    count = Scale.mebibytes() * MIB // PAGE
    with open(f"{TREE}/data", "r+b") as file:
        for page in random.Random(time.time_ns()).sample(range(count), count // 100):
            file.seek(page * PAGE + 64)
            file.write(os.urandom(256))
    return []


def append():
    """Appends 1 MiB to the log."""
    with open(f"{TREE}/log", "ab") as file:
        file.write(lines(MIB))
    return []


def rotate():
    """Renames the log, as logrotate does."""
    os.rename(f"{TREE}/log", f"{TREE}/log.1")
    return []


def compressed(paths):
    """Returns how many bytes the files have when each is compressed."""
    return sum(len(subprocess.run(["zstd", "-q", "-3", "-c", path], check=True, capture_output=True).stdout)
               for path in paths)


# --------------------------------------------------------------------------- sets

STEPS = [("first", nothing), ("unchanged", nothing), ("1 file", lambda: edit(1)), ("100 files", lambda: edit(100))]

# What the sets need of bench/data.sh.
NEEDED = {"kernel": ["kernel"], "tiny": ["tiny"], "linux": ["kernel", "kernel-6.12"], "million": ["million"],
          "recognition": ["tiny"], "thousand": ["tiny"]}


def is_possible(name):
    """Makes what a set needs; returns whether that was possible, and says why if it was not."""
    if subprocess.run([f"{HERE}/data.sh", *NEEDED.get(name, [])], check=False).returncode == 0:
        return True
    print(f"bench: the set {name} of bench/store is left out", file=sys.stderr)
    return False


# SET: (maker, [(label, change)]). Restores follow. thousand and recognition have steps of their own.
SETS = {
    "kernel": (lambda: copy("kernel"), STEPS + [("chown -R", chown), ("1 file after chown", lambda: edit(1)),
                                                ("touch all", touch), ("top renamed", rename)]),
    "tiny": (lambda: copy("tiny"), STEPS),
    "database": (database, [("first", nothing), ("1 % of pages", pages)]),
    "log": (log, [("first", nothing), ("1 MiB appended", append), ("renamed", rotate)]),
    "linux": (lambda: copy("kernel"), [("first, 6.1", nothing), ("6.12", lambda: copy("kernel-6.12")),
                                       ("6.1 again", lambda: copy("kernel"))]),
    "million": (lambda: copy("million"), [("first", nothing), ("unchanged", nothing), ("1 file", lambda: edit(1))]),
    "recognition": (lambda: copy("tiny"), []),
    "thousand": (lambda: copy("tiny"), []),
}
