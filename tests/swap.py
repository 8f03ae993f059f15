#!/usr/bin/python3
"""Exchanges directories for symbolic links and back, as fast as possible, until SIGTERM.

    swap.py OUTSIDE DIRECTORY...

Exchanges each directory below DIRECTORY for a link to OUTSIDE, again and again. DIRECTORY may be a pattern
for names that do not exist yet. Prints the number of exchanges when it reaches ENOUGH, and at SIGTERM.
Uses descriptors, so that its own links cannot lead it outside.
"""

import ctypes
import glob
import os
import signal
import sys

RENAME_EXCHANGE = 2
LINK = ".swap"
ENOUGH = 500

libc = ctypes.CDLL(None, use_errno=True)
ending = False


def end(*_):
    global ending
    ending = True


def exchange(directory, name, link):
    return libc.renameat2(directory, name, directory, link, RENAME_EXCHANGE) == 0


def swap(directory, name, outside):
    """Returns how often it did."""
    one, other = os.fsencode(name), os.fsencode(name + LINK)
    count = 0
    try:
        os.symlink(outside, other, dir_fd=directory)
    except OSError:
        return 0
    for _ in range(20):
        # Twice: it is not left exchanged unless somebody comes between.
        if exchange(directory, one, other):
            count += exchange(directory, other, one)
    try:
        os.unlink(other, dir_fd=directory)
    except OSError:
        pass
    return count


def swap_below(top, outside):
    count = 0
    for _, names, _, directory in os.fwalk(top):
        names[:] = [name for name in names if not name.endswith(LINK)]
        count += sum(swap(directory, name, outside) for name in names)
    return count


def main():
    count = printed = 0
    outside, patterns = sys.argv[1], sys.argv[2:]
    signal.signal(signal.SIGTERM, end)
    while not ending:
        for top in (top for pattern in patterns for top in glob.glob(pattern)):
            try:
                count += swap_below(top, outside)
            except OSError:
                pass  # it is gone by now
            if count >= ENOUGH and not printed:
                print(count, flush=True)
                printed = count
    print(count)


if __name__ == "__main__":
    main()
