#!/usr/bin/python3
"""The contents stream and the chunk map of a tree, as doc/FORMAT.md describes them.

contents.py TREE MAP [INDEX...]     writes the stream to standard output and the chunk map to MAP; contents
                                    in the indexes are not new
contents.py --check STREAM          prints DIGEST, kind and size of each record, after a check
"""

import hashlib
import itertools
import os
import stat
import sys

LIMIT = 1 << 20
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+-"
WORD = (1 << 64) - 1


def digest(data):
    return hashlib.sha256(data).hexdigest()


def gear():
    state = 0
    for _ in range(256):
        state = (state + 0x9E3779B97F4A7C15) & WORD
        mixed = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & WORD
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & WORD
        yield mixed ^ mixed >> 31


GEAR = list(gear())


def cut(data):
    """The length of the first chunk, where the content decides."""
    if len(data) <= 16 << 10:
        return len(data)
    rolling = 0
    for at in range((16 << 10) - 64, min(len(data), 256 << 10)):
        rolling = ((rolling << 1) + GEAR[data[at]]) & WORD
        if at >= 16 << 10 and rolling >> (64 - (18 if at < 64 << 10 else 14)) == 0:
            return at + 1
    return min(len(data), 256 << 10)


def chunks(data):
    at = 0
    while at < len(data):
        length = 16 << 10 if len(data) % (8 << 10) == 0 else cut(data[at : at + (256 << 10)])
        yield data[at : at + length]
        at += length


def files(path, name):
    """All regular files below, in the order of the walk, each inode once."""
    seen = set()

    def walk(path, name):
        for entry in sorted(os.listdir(path)):
            below, inode = os.path.join(path, entry), os.lstat(os.path.join(path, entry))
            if stat.S_ISDIR(inode.st_mode):
                yield from walk(below, os.path.join(name, entry))
            elif stat.S_ISREG(inode.st_mode) and inode.st_ino not in seen:
                seen.add(inode.st_ino)
                with open(below, "rb") as file:
                    yield os.path.join(name, entry), file.read()

    yield from walk(path, name)


def escaped(name):
    return b"".join(bytes([byte]) if byte in PLAIN else b"\\%03o" % byte for byte in name)


def write(tree, map_name, indexes):
    known = {digest(b"")}
    for index in indexes:
        with open(index, encoding="ascii") as lines:
            known |= {line[:64] for line in lines}
    out = sys.stdout.buffer

    def record(kind, data):
        if digest(data) not in known:
            known.add(digest(data))
            out.write(f"{digest(data)} {kind} {len(data)}\n".encode() + data)

    with open(map_name, "wb") as chunk_map:
        chunk_map.write(b"#chunks\n")
        for name, data in files(os.fsencode(tree), b"."):
            if len(data) <= LIMIT:
                record("file", data)
                continue
            chunk_map.write(escaped(name) + f" size={len(data)} sha256digest={digest(data)}\n".encode())
            parts = list(chunks(data))
            for chunk in parts:
                record("chunk", chunk)
            runs = itertools.groupby((digest(chunk), len(chunk)) for chunk in parts)
            for (chunk, length), run in runs:
                count = len(list(run))
                chunk_map.write(f"{chunk} {length}{f' {count}' if count > 1 else ''}\n".encode())
    out.write(b"end\n")


def check(stream):
    while (line := stream.readline()) != b"end\n":
        name, kind, size = line.decode().split()
        data = stream.read(int(size))
        assert len(data) == int(size) and digest(data) == name, line
        print(name, kind, size)
    assert stream.read() == b"", "data after the end"


if sys.argv[1] == "--check":
    with open(sys.argv[2], "rb") as file:
        check(file)
else:
    write(sys.argv[1], sys.argv[2], sys.argv[3:])
