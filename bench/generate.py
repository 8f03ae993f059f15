#!/usr/bin/env python3
"""Generates the data sets that are not from packages; always the same bytes.

usage: generate.py tiny|large|sparse|bounds|million DIR
"""
import os
import random
import sys

MIB = 1 << 20
TEXT_BYTES = 16 * MIB  # eight times the window of zstd -3, so that it does not find a second copy


def text(source):
    """Returns TEXT_BYTES of words; frequent words are short, as in prose."""
    letters = "etaoinshrdlcumwfgypbvkjxqz"
    words = ["".join(source.choices(letters[:20], k=source.randint(2, 11))) for _ in range(20000)]
    words.sort(key=len)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    parts, size = [], 0
    while size < TEXT_BYTES:
        line = " ".join(source.choices(words, weights, k=1000)) + "\n"
        parts.append(line)
        size += len(line)
    return "".join(parts).encode()[:TEXT_BYTES]


def tiny(root, source):
    """200,000 files of 100 to 2000 bytes in 2,000 directories; times have fractions."""
    prose = text(source)
    for directory in range(2000):
        path = f"{root}/{directory % 50:02}/{directory:04}"
        os.makedirs(path)
        for number in range(100):
            name = f"{path}/file-{number:02}-{source.getrandbits(32):08x}"
            size = source.randint(100, 2000)
            start = source.randrange(TEXT_BYTES - size)
            with open(name, "wb", buffering=0) as file:
                file.write(prose[start : start + size])
            time = 1_600_000_000_000_000_000 + source.getrandbits(56)
            os.utime(name, ns=(time, time))


def large(root, source):
    """1 GiB of incompressible data and 1 GiB of text."""
    with open(f"{root}/random", "wb") as file:
        for _ in range(1024):
            file.write(source.randbytes(MIB))
    prose = text(source)
    with open(f"{root}/text", "wb") as file:
        for _ in range((1 << 30) // TEXT_BYTES):
            file.write(prose)


def sparse(root, source):
    """A file of 10 GiB with 64 MiB of data, in pieces."""
    pieces, size = 64, 10 << 30
    with open(f"{root}/sparse", "wb") as file:
        file.truncate(size)
        for piece in range(pieces):
            file.seek(piece * (size // pieces))
            file.write(source.randbytes(MIB))


def bounds(root, source):
    """Data that could make memory grow: a file of 20 GiB, a million entries, 100,000 hard links."""
    with open(f"{root}/sparse", "wb") as file:
        file.truncate(20 << 30)
        file.seek(source.randrange(20 << 30))
        file.write(source.randbytes(MIB))
    for names in ("many", "links/first", "links/second"):
        os.makedirs(f"{root}/{names}")
    for number in range(1_000_000):
        os.mknod(f"{root}/many/{number:06}", 0o644)
    for number in range(100_000):
        # All first names come before all second ones.
        os.mknod(f"{root}/links/first/{number:06}", 0o644)
        os.link(f"{root}/links/first/{number:06}", f"{root}/links/second/{number:06}")


def million(root, source):
    """A million files of 20 to 200 bytes in 10,000 directories."""
    prose = text(source)
    for directory in range(10_000):
        path = f"{root}/{directory % 100:02}/{directory:05}"
        os.makedirs(path)
        for number in range(100):
            size = source.randint(20, 200)
            start = source.randrange(TEXT_BYTES - size)
            with open(f"{path}/{number:02}", "wb", buffering=0) as file:
                file.write(prose[start : start + size])


if __name__ == "__main__":
    makers = {"tiny": tiny, "large": large, "sparse": sparse, "bounds": bounds, "million": million}
    if len(sys.argv) != 3 or sys.argv[1] not in makers:
        sys.exit(__doc__)
    makers[sys.argv[1]](sys.argv[2], random.Random(sys.argv[1]))
