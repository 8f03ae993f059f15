#!/usr/bin/python3
"""Compares tarunpack with other readers of tar.

    differentials.py refused|accepted DIRECTORY

reads the archives of data/make-differentials in DIRECTORY, and prints a line for each that tarunpack does not
refuse with its reason, or that a reader sees otherwise than tarunpack.
"""

import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

import readers

KINDS = {"file": "0", "hardlink": "1", "symlink": "2", "char": "3", "block": "4", "directory": "5", "fifo": "6"}


def tarunpack(path):
    """Its exit status, rows as those of the readers, and messages."""
    with path.open("rb") as archive:
        run = subprocess.run(["tarunpack", "--list", "--json"], stdin=archive, capture_output=True, check=False)
    entries = map(json.loads, run.stdout.splitlines())
    rows = [readers.row(KINDS[entry["type"]], entry["path"].encode(), entry.get("size", 0),
                        entry.get("link", "").encode()) for entry in entries]
    return run.returncode, rows, run.stderr.decode().strip()


def refused(directory, cases):
    for name, reason, _ in cases:
        if not reason:
            continue
        status, _, said = tarunpack(directory / f"{name}.tar")
        if status != 3 or reason not in said or "\n" in said:
            yield f"{name}: {status}: {said}"


def accepted(directory, cases):
    names = {name: differs.split() for name, reason, differs in cases if not reason}
    paths = {name: directory / f"{name}.tar" for name in names}
    present = readers.present()
    by_node = dict(zip(names, readers.node(paths.values()))) if readers.has_node() else {}
    for name, differs in names.items():
        status, rows, said = tarunpack(paths[name])
        if status:
            yield f"{name}: {status}: {said}"
        seen = {"node": by_node[name]} if name in by_node else {}
        for reader, function in present.items():
            try:
                seen[reader] = function(paths[name])
            except readers.Failed as error:
                seen[reader] = error
        for reader, found in seen.items():
            if reader not in differs and found != rows:
                yield f"{name}: {reader} sees {found}, tarunpack {rows}"


def main():
    directory = pathlib.Path(sys.argv[2])
    cases = [line.split("\t") for line in (directory / "cases").read_text().splitlines()]
    wrong = list({"refused": refused, "accepted": accepted}[sys.argv[1]](directory, cases))
    print("\n".join(wrong), end="")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
