"""Formats results.json as Markdown and a plot.

usage: report.py RESULTS [DIR]
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import cases

MIB = 1 << 20


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Results:
    """The measurements by group, set and case; None where there are none."""

    def __init__(self, results):
        self.machine = results["machine"]
        self.groups = results["groups"]

    def of(self, group, name):
        return self.groups.get(f"{group} {name}")

    def values(self, group, name, case, metric="wall"):
        runs = (self.of(group, name) or {"runs": []})["runs"]
        return [run[metric] for run in runs if run["case"] == case]

    def median(self, group, name, case, metric="wall"):
        values = self.values(group, name, case, metric)
        return statistics.median(values) if values else None

    def times_faster(self, group, name, ours, other, metric="wall"):
        """Returns the ratio of the medians: above 1, ours takes less."""
        mine = self.median(group, name, ours, metric)
        theirs = self.median(group, name, other, metric)
        return theirs / mine if mine and theirs else None

    def sets(self, group):
        return [name for name in cases.SETS if self.of(group, name)]


def table(heading, rows, left=1):
    """Yields a Markdown table; the first `left` columns are text, the others numbers."""
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * left + "---:|" * (len(heading) - left)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def summary(results):
    """Yields the table of speed ratios: one row for each set, one column for each comparison."""
    rows = []
    for name in cases.SETS:
        ratios = [results.times_faster(group, name, *pair) for group, *pair, _ in cases.HEADLINES]
        if any(ratios):
            rows.append([name] + [f"{ratio:.2f}" if ratio else "" for ratio in ratios])
    if rows:
        yield from table(["times faster"] + [words for *_, words in cases.HEADLINES], rows)


def target_row(results, target, name):
    ratio = results.times_faster(target.group, name, target.ours, target.other, target.metric)
    if ratio is None:
        return None
    title = next(group.title for group in cases.GROUPS if group.name == target.group)
    what = f"{target.ours} / {target.other}" + (" (CPU)" if target.metric == "cpu" else "")
    reached = "reached" if ratio >= target.times else "**not reached**"
    return [title, name, what, f"{ratio:.2f}", f"{target.times:.2f}", reached]


def targets(results):
    rows = [
        row
        for target in cases.TARGETS
        for name in target.sets.split()
        if (row := target_row(results, target, name))
    ]
    if rows:
        yield "## Targets"
        yield ""
        heading = ["comparison", "set", "ours / other", "times faster", "at least", ""]
        yield from table(heading, rows, left=3)


def spread(values):
    return f"{min(values):.2f}–{max(values):.2f}"


def case_rows(results, group, name):
    ours = next(iter(group.cases))
    for case in group.cases:
        walls = results.values(group.name, name, case)
        if not walls:
            continue
        yield [
            case,
            f"{statistics.median(walls):.2f}",
            spread(walls),
            f"{results.median(group.name, name, case, 'cpu'):.2f}",
            f"{results.times_faster(group.name, name, ours, case):.2f}",
        ]


def group_tables(results, group):
    names = results.sets(group.name)
    if not names:
        return
    yield f"## {group.title}"
    yield ""
    for name in names:
        measured = results.of(group.name, name)
        rounds = 1 + max(run["round"] for run in measured["runs"])
        made = f"runs: {rounds}, {measured['date']}, zlsnap {measured['zlsnap']}"
        yield f"{name}: {facts(measured['facts'])} ({made})"
        yield ""
        heading = ["", "median, s", "least–most", "CPU, s", "times the first"]
        yield from table(heading, case_rows(results, group, name))


def facts(of):
    return (
        f"{of['file_count']:,} entries, tar {of['size_bytes'] / 1e6:,.0f} MB,"
        f" compressed {of['compressed_size_bytes'] / 1e6:,.0f} MB"
    )


def memory_row(name, rows):
    """Returns each program's highest peak over all commands, and that of temporary disk space."""
    highest = {}
    for row in rows:
        for program, peak in row["peaks"].items():
            highest[program] = max(highest.get(program, 0), peak)
    temporary = max(row["temporary"] for row in rows)
    within = max(highest.values()) < cases.MEMORY_LIMIT and temporary < cases.TEMPORARY_LIMIT
    programs = ("tarpack", "shasum-tee", "tarunpack")
    return (
        [name]
        + [f"{highest.get(program, 0) / MIB:.1f}" for program in programs]
        + [f"{temporary / MIB:.1f}", "reached" if within else "**not reached**"]
    )


def memory_table(results):
    rows = [memory_row(name, results.of("memory", name)["rows"]) for name in results.sets("memory")]
    if not rows:
        return
    yield "## Peak memory and temporary disk, MiB"
    yield ""
    yield (
        f"The peak memory of one process in {', '.join(cases.MEASURED_FOR_MEMORY)}, and the peak"
        " disk space on the target's file system beyond the result. The targets are below"
        f" {cases.MEMORY_LIMIT // MIB} and {cases.TEMPORARY_LIMIT // MIB}."
    )
    yield ""
    heading = ["", "tarpack", "shasum-tee", "tarunpack", "temporary disk", ""]
    yield from table(heading, rows)


def machine(of):
    sha = "with" if of["sha_instructions"] else "without"
    versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
    yield (
        f"{of['cpu']}, {of['cores']} cores, {sha} SHA instructions, {of['memory'] / (1 << 30):.0f}"
        f" GiB of memory, Linux {of['kernel']}; {versions}."
    )
    yield ""


def commands(results):
    yield "## Commands"
    yield ""
    yield "`$OUT` is a new, empty file system for each run. bench/cases.py explains the other variables."
    yield ""
    shown = []
    for group in cases.GROUPS:
        # Print commands once that also run with a cold cache or on another file system.
        if not results.sets(group.name) or group.cases in shown:
            continue
        shown.append(group.cases)
        yield f"### {group.title}"
        yield ""
        for case, command in group.cases.items():
            yield f"    # {case}"
            yield f"    {command}"
        yield ""


INTRODUCTION = """\
# Benchmarks

`make bench` writes this page. Each round of a comparison runs every command once, in turns. Times are medians
of the rounds, and ratios are ratios of medians. CPU seconds include all processes of a pipe. On a shared
machine, differences below 15 % mean little. A cold cache means that the page cache of this machine is empty;
the host of a virtual machine may still have the data in its own.
[architecture.md](architecture.md#where-the-time-goes) explains why some targets are not reached.
"""


def markdown(results, plot=None):
    """Returns the whole report; `plot` is the file name of an image to include."""
    of = Results(results)
    lines = [INTRODUCTION, *machine(of.machine)]
    if plot:
        lines += [f"![How many times faster than other tools]({plot})", ""]
    lines += [*summary(of), *targets(of)]
    for group in cases.GROUPS:
        lines += group_tables(of, group)
    lines += [*memory_table(of), *commands(of)]
    return "\n".join(lines).rstrip()


def plot_data(results):
    """Returns the summary for gnuplot: a heading, then a row for each set, ? for a missing value."""
    rows = ["set " + " ".join(f'"{words}"' for *_, words in cases.HEADLINES)]
    for name in cases.SETS:
        ratios = [results.times_faster(group, name, *pair) for group, *pair, _ in cases.HEADLINES]
        if any(ratios):
            rows.append(" ".join([name] + [f"{ratio:.3f}" if ratio else "?" for ratio in ratios]))
    return "\n".join(rows) + "\n"


def draw(results, path):
    """Draws the plot. Returns whether that was possible."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot.gp")
    data = plot_data(Results(results))
    if data.count("\n") < 2:
        return False
    if not shutil.which("gnuplot"):
        print("bench: gnuplot is not installed, so there is no plot (make bench-deps installs it)", file=sys.stderr)
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".data") as file:
        file.write(data)
        file.flush()
        columns = str(len(cases.HEADLINES))
        subprocess.run(["gnuplot", "-c", script, file.name, path, columns], check=True)
    return True


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        results = load(sys.argv[1])
    except FileNotFoundError:
        sys.exit("bench: no results yet")
    if len(sys.argv) == 2:
        print(markdown(results))
        return
    plot = "benchmarks.svg" if draw(results, f"{sys.argv[2]}/benchmarks.svg") else None
    with open(f"{sys.argv[2]}/benchmarks.md", "w", encoding="utf-8") as file:
        file.write(markdown(results, plot) + "\n")


if __name__ == "__main__":
    main()
