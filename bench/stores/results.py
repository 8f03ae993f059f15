"""The file of the measurements."""
import datetime
import json
import os
import statistics
import sys

from stores import tools


class Results:
    """Rows of measurements, which are kept in a JSON file after each."""

    def __init__(self, path, small, fresh):
        self.path = path
        self.data = {"small": small, "rows": []}
        if not fresh and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.data = json.load(file)
        self.versions = {}

    def expect(self, small):
        """Ends the program if the file has measurements of the other kind."""
        if self.data["small"] != small:
            sys.exit(f"bench: {self.path} has measurements {'without' if small else 'with'} --small (--fresh forgets them)")

    def add(self, row):
        """Keeps a row."""
        tool = row["tool"]
        if tool not in self.versions:
            self.versions[tool] = tools.version(tool)
        machine = {"cores": len(os.sched_getaffinity(0)), "linux": os.uname().release}
        self.data["rows"].append({**row, "version": self.versions[tool], **machine,
                                  "date": datetime.date.today().isoformat()})
        with open(f"{self.path}.part", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=0)
        os.replace(f"{self.path}.part", self.path)
        print("bench: " + ", ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}"
                                    for key, value in row.items()), file=sys.stderr, flush=True)

    def all(self, key):
        """Returns the different values of a key, in order of appearance."""
        return list(dict.fromkeys(row[key] for row in self.data["rows"]))

    def rows(self, **wanted):
        """Returns the rows with these values."""
        return [row for row in self.data["rows"] if all(row[key] == value for key, value in wanted.items())]

    def labels(self, store, name):
        """Returns the labels of a set, in order of appearance."""
        return list(dict.fromkeys(row["label"] for row in self.rows(store=store, set=name)))

    def tools(self, store, name):
        """Returns the tools that a set was measured with."""
        measured = {row["tool"] for row in self.rows(store=store, set=name)}
        return [tool for tool in tools.TOOLS if tool in measured]

    def median(self, store, name, label, tool, metric):
        """Returns a median, None if there is no measurement."""
        values = [row[metric] for row in self.rows(store=store, set=name, label=label, tool=tool) if metric in row]
        return statistics.median(values) if values else None

    def most(self, store, name, tool, metric, labels):
        """Returns the greatest value of some labels."""
        values = [row[metric] for label in labels
                  for row in self.rows(store=store, set=name, label=label, tool=tool) if metric in row]
        return max(values, default=None)

    def peers(self, store, name, label, metric="wall"):
        """Returns {tool: median} of the others."""
        values = {tool: self.median(store, name, label, tool, metric) for tool in tools.TOOLS if tool != "zlsnap"}
        return {tool: value for tool, value in values.items() if value is not None}
