"""What the last document of a zlsnap store in a directory says."""
import glob
import json
import os

# Larger packs are never merged with others, see driver/store/known.sh.
SMALL_BYTES = 32 << 20


def last(store):
    """Returns the last document of the name bench/1."""
    names = sorted(glob.glob(f"{store}/bench/1/snapshots/*.json"), key=os.path.basename)
    with open(names[-1], encoding="utf-8") as file:
        return json.load(file)


def packs(store):
    """Returns how many packs the last snapshot needs."""
    return len(last(store)["packs"])


def small_packs(store):
    """Returns how many of them are small."""
    return sum(pack["size_bytes"] < SMALL_BYTES for pack in last(store)["packs"])
