"""The report of bench/store: Markdown and a plot."""
import os
import shutil
import subprocess
import sys
import tempfile

from stores.targets import MIB, ON_DISK, ONE_FILE, PAGE_CACHE, TARGETS
from stores.tools import TOOLS

HERE = os.path.dirname(os.path.realpath(__file__))

# What is restored, and the command of a tool that does it.
RESTORES = {PAGE_CACHE: "restore", ON_DISK: "restore_synced", ONE_FILE: "one_file"}

ABOUT = """# Snapshots of a tree that changes

`bench/store` writes this page. A run makes a new store for each tool, in a directory, and then changes a tree, step by
step. After each step every tool takes a snapshot, in turns; at the end it restores the last one, each time into a new ext4
file system. The page cache is warm.
Cells have medians: seconds, CPU seconds of all processes, and bytes by which the store grew. *Times faster* compares the
fastest other tool with zlsnap. After each snapshot zlsnap restores it, which is not timed, and the canonical tars of
both trees are compared. `restic restore` runs with `--verify`; borg and casync verify what they read.

{machine}; {versions}; {dates}."""

SETS = {
    "kernel": "the Linux source, 84,000 files, 1.4 GB",
    "tiny": "200,000 files of 100 to 2000 bytes",
    "database": "one file of 1 GiB; its pages are changed in place",
    "log": "one file of 1 GiB",
    "linux": "the Linux source of Debian, 6.1, then 6.12, then 6.1 again",
    "million": "a million files of 20 to 200 bytes",
}

PLOTTED = (
    *(("kernel", label) for label in ("first", "unchanged", "1 file", "100 files", "chown -R", "touch all",
                                      "top renamed", ON_DISK, ONE_FILE)),
    ("linux", "6.12"),
    ("linux", "6.1 again"),
    ("database", "1 % of pages"),
    ("log", "1 MiB appended"),
)


def size(count):
    """Returns bytes for people."""
    for unit, factor in (("MB", 10**6), ("KB", 10**3)):
        if abs(count) >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} B"


def table(heading, rows):
    """Yields a Markdown table, and an empty line."""
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def cell(found, store, name, label, tool):
    """Returns what one tool needed for one step."""
    def median(metric):
        return found.median(store, name, label, tool, metric)
    words = []
    if median("wall") is not None:
        words.append(f"{median('wall'):.2f} s")
    if median("cpu") is not None:
        words.append(f"{median('cpu'):.1f} CPU s")
    if median("added") is not None:
        words.append(size(median("added")))
    if median("bytes") is not None:
        words.append(size(median("bytes")))
    if median("count") is not None:
        words.append(f"{median('count'):.0f}")
    if median("requests") is not None:
        words.append(f"{median('requests'):.0f} request" + ("" if median("requests") == 1 else "s"))
    return ", ".join(words)


def advantage(found, store, name, label):
    """Returns how many times faster zlsnap is than the fastest other tool, and which that is."""
    peers, mine = found.peers(store, name, label), found.median(store, name, label, "zlsnap", "wall")
    if not peers or not mine:
        return ""
    best = min(peers, key=peers.get)
    return f"{peers[best] / mine:.1f} ({best})"


def measured(found, store, name):
    """Yields the table of a set."""
    columns = found.tools(store, name)
    compared = len(columns) > 1 and "zlsnap" in columns
    rows = [[label, *(cell(found, store, name, label, tool) for tool in columns),
             *([advantage(found, store, name, label)] if compared else [])] for label in found.labels(store, name)]
    yield from table(["", *columns, *(["times faster"] if compared else [])], rows)


def runs(found, store, name):
    """Returns how many runs a set had, in words."""
    label = found.labels(store, name)[0]
    count = max(len(found.rows(store=store, set=name, label=label, tool=tool)) for tool in found.tools(store, name))
    return f"{count} run" + ("s" if count > 1 else "")


def sets(found, store, place):
    """Yields the sets of a kind of store."""
    for name, about in SETS.items():
        if found.labels(store, name):
            yield f"## {name}{place}"
            yield ""
            yield f"{about[0].upper()}{about[1:]}; {runs(found, store, name)}."
            yield ""
            yield from measured(found, store, name)


def recognition(found):
    """Yields what it takes to find out that nothing changed."""
    labels = found.labels("directory", "recognition")
    if not labels:
        return
    walls = {label: found.median("directory", "recognition", label, "zlsnap", "wall") for label in labels}
    base = walls["find -printf %s"]
    yield "## Finding out that nothing changed"
    yield ""
    yield f"The set tiny; {runs(found, 'directory', 'recognition')} in turns. Without a cache, every file is read."
    yield ""
    yield from table(["command", "seconds", "relative to find"],
                     [[f"`{label}`", f"{wall:.2f}", f"{wall / base:.2f}"] for label, wall in walls.items()])


def thousand(found):
    """Yields the many snapshots."""
    if found.labels("directory", "thousand"):
        yield "## Many snapshots"
        yield ""
        yield "The set tiny; a snapshot each time after a line was appended to 10 files anywhere in it. 1 run."
        yield ""
        yield from measured(found, "directory", "thousand")


def s3(found):
    """Yields the sets on an S3 server."""
    chapters = list(sets(found, "s3", ", S3"))
    if chapters:
        yield "## S3 on the loopback"
        yield ""
        yield ("The server is OpenStack Swift, which the tests use, on the same machine. restic runs with its rclone backend,"
               " since its own one sends what this server does not accept. Listings and unsuccessful requests count, too.")
        yield ""
        yield from chapters


def memory(found):
    """Yields the largest processes."""
    rows = []
    for name in (*SETS, "thousand"):
        labels = found.labels("directory", name)
        restores = [label for label in labels if label.startswith("restore")]
        syncs = [label for label in labels if label not in restores]
        for words, chosen in (("snapshot", syncs), ("restore", restores)):
            peaks = [found.most("directory", name, tool, "peak", chosen) for tool in TOOLS]
            if any(peaks):
                rows.append([f"{name}, {words}", *(f"{peak / MIB:.0f}" if peak else "" for peak in peaks)])
    if rows:
        yield "## Memory"
        yield ""
        yield "The largest process of all snapshots, and of all restores, in MiB."
        yield ""
        yield from table(["", *TOOLS], rows)


def amount(value, unit):
    """Returns a value with its unit."""
    if unit == "bytes":
        return size(value)
    if unit == "MiB":
        return f"{value / MIB:.0f} MiB"
    return f"{value:.2f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")


def targets(found):
    """Yields what was to be reached."""
    rows = []
    for target in TARGETS:
        value = target.value(found)
        if value is not None:
            rows.append([target.work, target.what, amount(value, target.unit),
                         ("≤ " if target.most else "≥ ") + amount(target.bound, target.unit),
                         "reached" if target.reached(value) else "**not reached**"])
    if rows:
        yield "## Targets"
        yield ""
        yield from table(["work", "", "measured", "target", ""], rows)


def about(found):
    """Returns the beginning of the page."""
    rows = found.data["rows"]
    versions = [f"{tool} {' and '.join(sorted({row['version'] for row in rows if row['tool'] == tool}))}"
                for tool in TOOLS if tool in found.all("tool")]
    machine = " and ".join(f"{row[0]} cores, Linux {row[1]}"
                           for row in sorted({(row["cores"], row["linux"]) for row in rows}))
    dates = found.all("date")
    return ABOUT.format(machine=machine, versions=", ".join(versions),
                        dates=" to ".join(dict.fromkeys((min(dates), max(dates)))))


def commands(found):
    """Yields the commands of the tools."""
    yield "## Commands"
    yield ""
    yield "`$STATE` is a cache of the tool outside of the store; `$OUT` is a new file system."
    yield ""
    for tool in found.all("tool"):
        for command in (TOOLS[tool].make, TOOLS[tool].snapshot, TOOLS[tool].restore, TOOLS[tool].restore_synced,
                        TOOLS[tool].one_file):
            if command:
                yield f"    {command}"
    yield ""


def markdown(found, plot=None):
    """Returns the report; `plot` is the file name of an image to include."""
    if not found.data["rows"]:
        sys.exit("bench: no results yet")
    lines = [about(found), ""]
    if found.data["small"]:
        lines += ["**Only parts of the trees were measured, to try the script: the figures mean nothing.**", ""]
    if plot:
        lines += [f"![Seconds of each operation and tool]({plot})", ""]
    lines += [*targets(found), *sets(found, "directory", ""), *recognition(found), *thousand(found)]
    lines += [*s3(found), *memory(found), *commands(found)]
    return "\n".join(lines).rstrip()


def plot_data(found):
    """Returns the seconds for gnuplot: a heading, then a row for each operation, ? for a missing value."""
    rows = []
    for name, label in PLOTTED:
        walls = [found.median("directory", name, label, tool, "wall") for tool in TOOLS]
        if any(walls):
            rows.append(f'"{name}: {label}" ' + " ".join(f"{wall:.3f}" if wall else "?" for wall in walls))
    return "\n".join(["operation " + " ".join(TOOLS), *rows]) + "\n" if rows else ""


def draw(found, path):
    """Draws the plot. Returns whether that was possible."""
    data = plot_data(found)
    if not data:
        return False
    if not shutil.which("gnuplot"):
        print("bench: gnuplot is not installed, so there is no plot (make bench-deps installs it)", file=sys.stderr)
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".data") as file:
        file.write(data)
        file.flush()
        subprocess.run(["gnuplot", "-c", f"{HERE}/plot.gp", file.name, path, str(len(TOOLS))], check=True)
    return True


def write(found, directory):
    """Writes the report and the plot to a directory."""
    plot = "benchmarks-store.svg" if draw(found, f"{directory}/benchmarks-store.svg") else None
    with open(f"{directory}/benchmarks-store.md", "w", encoding="utf-8") as file:
        file.write(markdown(found, plot) + "\n")
