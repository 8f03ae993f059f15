#!/usr/bin/python3
"""Random documents of snapshots, and which of them `zlsnap forget` has to keep, by another algorithm.

retention.py make STORE SERVICE/INSTANCE SEED GROUPS    writes documents of many hosts and directories
retention.py judge STORE SERVICE/INSTANCE RULE=N...     prints a line for each: ID REASONS, sorted; in $TZ
"""
import datetime
import glob
import hashlib
import json
import os
import random
import sys
import zoneinfo

PERIODS = {
    "last": None,
    "hourly": "%Y %j %H",
    "daily": "%Y %j",
    "weekly": "%G %V",
    "monthly": "%Y %m",
    "yearly": "%Y",
}


def make(store, name, seed, groups):
    rand = random.Random(seed)
    place = os.path.join(store, name)
    for kind in ("manifests", "snapshots"):
        os.makedirs(os.path.join(place, kind))
    manifest = "manifests/%s.zst" % ("a" * 64)
    with open(os.path.join(place, manifest), "w") as file:
        file.write("manifest")
    documents = []
    for group in range(groups):
        # From a change of the clock, at the end of a year, or anywhere; hours, days, months or years apart.
        start = rand.choice([1711850400, 1729994400, 1735689600, rand.randrange(10**9, 1735689600)])
        scale = rand.choice([1200, 7200, 50000, 300000, 2000000, 15000000])
        for _ in range(rand.randrange(1, 16)):
            time = max(0, start - int(rand.expovariate(1 / scale)) % 10**9)
            documents.append((time, "host%d" % (group % 7), "/srv/%d" % group))
            start = time if rand.random() < 0.7 else start
    rand.shuffle(documents)
    for sequence, (time, host, directory) in enumerate(documents):
        stamp = datetime.datetime.fromtimestamp(time, datetime.timezone.utc)
        key = "%012x" % rand.getrandbits(48)
        document = {
            "schema_version": 1, "name": name, "sequence": sequence, "time": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "id": key, "host": host, "directory": directory, "options": [], "chunks_digest": None,
            "tree_digest": "sha256:" + hashlib.sha256(key.encode()).hexdigest(), "entries": 1, "size_bytes": 1,
            "added_bytes": 1, "manifest": [{"object": manifest, "size_bytes": 8}], "chunks": [], "packs": [],
        }
        path = "%08d-%s-%s.json" % (sequence, stamp.strftime("%Y%m%dT%H%M%SZ"), key)
        with open(os.path.join(place, "snapshots", path), "w") as file:
            json.dump(document, file)


def judge(store, name, rules):
    zone = zoneinfo.ZoneInfo(os.environ["TZ"])
    groups = {}
    paths = sorted(glob.glob(os.path.join(store, name, "snapshots", "*.json")))
    for path in paths:
        with open(path) as file:
            document = json.load(file)
        time = datetime.datetime.fromisoformat(document["time"].replace("Z", "+00:00"))
        groups.setdefault((document["host"], document["directory"]), []).append((time, document["sequence"], document["id"]))
    kept = {}
    for snapshots in groups.values():
        for rule, pattern in PERIODS.items():
            newest = {}
            for time, sequence, key in snapshots:
                period = time.astimezone(zone).strftime(pattern) if pattern else key
                newest[period] = max(newest.get(period, (time, sequence, key)), (time, sequence, key))
            for _, _, key in sorted(newest.values(), reverse=True)[:int(rules.get(rule, 0))]:
                kept.setdefault(key, []).append(rule)
    last = paths[-1][-17:-5]
    kept.setdefault(last, ["newest"])
    for key in sorted(key for snapshots in groups.values() for _, _, key in snapshots):
        print(key, ",".join(kept.get(key, [])))


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
else:
    judge(sys.argv[2], sys.argv[3], dict(rule.split("=") for rule in sys.argv[4:]))
