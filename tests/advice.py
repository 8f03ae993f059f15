#!/usr/bin/python3
"""Prints the options that messages name, each with a command that may print that message.

advice.py driver FILE...   lines "COMMAND OPTION", from the functions in the files of the driver
advice.py program FILE...  lines "OPTION", from the strings in C sources

A command may print the messages of all functions that it can reach by calls. An option that a message
quotes ('option '--level' takes a number') was given by the user and is not advice, and neither are two
options that "exclude each other". The command of `zlsnap gc --keep-last=N` is gc.
"""

import re
import sys

GIVEN = re.compile(r"'--[^']*'|--\S+ and --\S+ (?:exclude|contradict) each other")
OF_COMMAND = re.compile(r"zlsnap ([a-z]+) (--[a-z-]+)")
OF_OTHERS = re.compile(r"(?:tarpack|tarunpack|skopeo|s3cmd|zstd)[^;,()]* --[a-z-]+")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
MESSAGE = re.compile(r"\b(?:usage_error|die|warn|say|expected_read|s3_failed)\b(.*)|\bproblem\+?=(.*)")


def advice(text):
    """The options in it, as pairs of a command, or None, and an option."""
    text = GIVEN.sub("", text)
    found = [pair for pair in OF_COMMAND.findall(text) if pair[1] != "--help"]
    text = OF_OTHERS.sub("", OF_COMMAND.sub("", text))
    return found + [(None, option) for option in OPTION.findall(text) if option != "--help"]


def functions(files):
    """The bodies of all functions, by name."""
    bodies = {}
    for file in files:
        with open(file, encoding="utf-8", errors="surrogateescape") as source:
            text = re.sub(r"^\s*#.*\n", "", source.read(), flags=re.M).replace("\\\n", " ")
        for name, body in re.findall(r"^(\w+)\(\) [({]\n(.*?)^[)}]", text, flags=re.M | re.S):
            # An operator at the end of a line goes on in the next one.
            bodies[name] = re.sub(r"(\|\||&&)\s*\n\s*", r"\1 ", body)
    return bodies


def driver(files):
    bodies = functions(files)
    calls = {name: set(re.findall(r"\w+", body)) & bodies.keys() for name, body in bodies.items()}
    pairs = set()
    for command in [name for name in bodies if name.startswith("command_")]:
        reached, new = set(), {command}
        while new:
            reached |= new
            new = set().union(*(calls[name] for name in new)) - reached
        for name in reached:
            if name.startswith("usage_") and name != "usage_error":
                continue
            for line in bodies[name].split("\n"):
                for match in MESSAGE.finditer(line):
                    for other, option in advice(match[1] or match[2] or ""):
                        pairs.add(f"{other or command.removeprefix('command_')} {option}")
    return pairs


def program(files):
    pairs = set()
    for file in files:
        with open(file, encoding="utf-8") as source:
            text = re.sub(r'"\s*\n?\s*"', "", source.read())
        for string in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
            if "\\n" in string:  # of the help
                continue
            pairs.update(option for other, option in advice(string) if not other)
    return pairs


kind, *sources = sys.argv[1:]
for line in sorted({"driver": driver, "program": program}[kind](sources)):
    print(line)
