"""Measures the cases of cases.py, set by set, and writes results.json. Started by bench/run."""
import argparse
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import cases
import measure
import report


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def version(*argv):
    """Returns the first version number that a program prints, or ''."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.search(r"\bv?([0-9]+\.[0-9.]*[0-9])", done.stdout)
    return found[1] if found else ""


def commit(directory):
    """Returns the commit of the work tree that contains the programs, or ''."""
    argv = ["git", "-C", directory, "describe", "--always", "--dirty"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine(programs):
    """Returns the machine and the versions that the results are for."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        info = file.read()
    model = re.search(r"^model name\s*: (.*)", info, re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    versions = {name: version(name, "--version") for name in ("tar", "bsdtar", "zstd", "sha256sum")}
    versions["openssl"] = version("openssl", "version")
    versions["zlsnap"] = commit(programs) or version(f"{programs}/tarpack", "--version")
    return {
        "cpu": model[1] if model else os.uname().machine,
        "cores": len(os.sched_getaffinity(0)),
        "sha_instructions": bool(re.search(r"\b(sha_ni|sha2)\b", info)),
        "memory": memory,
        "kernel": os.uname().release,
        "versions": versions,
    }


class Set:
    """A data set, with a layer and a tar that exist while it is measured."""

    def __init__(self, name, base, programs):
        self.name = name
        self.work = f"{base}/work"
        self.tree = f"{base}/sets/{name}"
        self.layer = f"{self.work}/layer"
        self.tar = f"{self.work}/tar"
        self.wrappers = f"{self.work}/wrappers"
        self.environment = {**os.environ, "DIR": self.tree, "TAR": self.tar, "LAYER": self.layer}
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        self.programs = programs
        self.facts = {}

    def __enter__(self):
        say(f"{self.name}: making its layer")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        measure.make_wrappers(self.wrappers, self.programs)
        create = 'zlsnap.sh create -q "$DIR" "$LAYER" >/dev/null && zstd -q -d "$LAYER" -o "$TAR"'
        measure.run(create, self.environment)
        with open(f"{self.layer}.json", encoding="utf-8") as file:
            facts = json.load(file)
        self.environment["DIGEST"] = facts["digest"]
        wanted = ("file_count", "size_bytes", "compressed_size_bytes")
        self.facts = {key: facts[key] for key in wanted}
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.work, ignore_errors=True)

    def warm(self):
        """Reads everything that the commands read into the cache."""
        measure.run('tarpack -q "$DIR" | cat "$TAR" "$LAYER" - >/dev/null', self.environment)

    def once(self, group, command):
        """Returns the wall and CPU seconds of one run on a new file system."""
        with measure.fresh_filesystem(group.place, self.work) as out:
            measure.settle(group.cold)
            return measure.run(command, {**self.environment, "OUT": out, "TMPDIR": out})

    def compare(self, group, rounds):
        """Runs all commands of a group in turns, so that a disturbance affects all of them.

        Every other round is in reverse order, so that no command always follows the same one.
        """
        runs = []
        if not group.cold:
            self.warm()
        for number in range(rounds):
            say(f"{self.name}: {group.title}, round {number + 1} of {rounds}")
            for name, command in list(group.cases.items())[:: 1 - number % 2 * 2]:
                wall, cpu = self.once(group, command)
                runs.append({"case": name, "round": number, "wall": wall, "cpu": cpu})
        return runs

    def memory(self):
        """Returns the peak memory of the programs in each of our commands, and temporary bytes."""
        say(f"{self.name}: memory and temporary disk")
        environment = {**self.environment, "PATH": f"{self.wrappers}:{os.environ['PATH']}"}
        rows = []
        for name, command in cases.MEASURED_FOR_MEMORY.items():
            place = "ext4" if self.name == "sparse" else "tmpfs"
            with measure.fresh_filesystem(place, self.work) as out:
                environment.update(OUT=out, TMPDIR=out)
                peaks, disk = measure.peaks(command, environment, out, f"{self.work}/peaks")
            rows.append({"command": name, "peaks": peaks, "temporary": disk})
        return rows


def selected(only):
    """Returns the groups in a list such as `pack,extract`, and whether it contains memory."""
    words = only.split(",") if only else ["memory"] + [group.name for group in cases.GROUPS]
    groups = [
        group
        for group in cases.GROUPS
        if group.name in words or group.name.partition("-")[0] in words
    ]
    known = {"memory"}.union(*({g.name, g.name.partition("-")[0]} for g in cases.GROUPS))
    unknown = set(words) - known
    if unknown:
        say(f"unknown comparison: {', '.join(sorted(unknown))}")
        sys.exit(2)
    return groups, "memory" in words


def measure_set(data, groups, memory, rounds):
    """Yields (key, result) for each selected measurement of one set."""
    for group in groups:
        if data.name in group.sets:
            runs = data.compare(group, rounds)
            yield f"{group.name} {data.name}", {"runs": runs, "facts": data.facts}
    if memory:
        yield f"memory {data.name}", {"rows": data.memory(), "facts": data.facts}


def save(path, results):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", required=True)
    parser.add_argument("--only")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--add", action="store_true")
    return parser.parse_args()


def stop(number, _):
    # An exception, so that file systems are unmounted.
    sys.exit(128 + number)


def main():
    options = arguments()
    groups, memory = selected(options.only)
    base, programs = os.environ["BENCH_DIR"], os.environ["ZLSNAP_BIN"]
    path = f"{base}/results.json"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    measure.adopt_orphans()
    results = {"groups": {}}
    if options.add and os.path.exists(path):
        results = report.load(path)
    results["machine"] = machine(programs)
    for name in options.sets.split(","):
        with Set(name, base, programs) as data:
            for key, result in measure_set(data, groups, memory, options.runs):
                result["date"] = datetime.date.today().isoformat()
                result["zlsnap"] = results["machine"]["versions"]["zlsnap"]
                results["groups"][key] = result
                save(path, results)
    print(report.markdown(results))


if __name__ == "__main__":
    main()
