#!/usr/bin/python3
"""Prints the entries of a tree or an archive, one a line, in the same form for each reader.

    entries.py tree DIR     the tree itself
    entries.py python TAR   the archive as Python's tarfile lists it
    entries.py gnu TAR      as GNU tar does
    entries.py bsd TAR      as bsdtar does, without fractions of a second

A line has path, type, mode, owner, group, size or device number, mtime, and the target of a symbolic link.
A hard link is shown like its target: a tree does not record which name came first.
"""
import datetime
import decimal
import os
import re
import stat
import subprocess
import sys
import tarfile


def line(path, kind, mode, uid, gid, size, mtime, target):
    return [path.rstrip('/') or '.', kind, f'{mode:04o}', uid, gid, size, mtime, target]


def of_tree(root):
    paths = [root] + [os.path.join(above, name)
                      for above, dirs, files in os.walk(root) for name in dirs + files]
    for path in paths:
        s = os.lstat(path)
        kind = stat.filemode(s.st_mode)[0]
        size = s.st_size if kind == '-' else 0
        if kind in 'cb':
            size = f'{os.major(s.st_rdev)},{os.minor(s.st_rdev)}'
        target = os.readlink(path) if kind == 'l' else ''
        yield line(os.path.relpath(path, root), kind, s.st_mode & 0o7777, s.st_uid, s.st_gid, size,
                   s.st_mtime_ns, target)


def as_python_lists(tar):
    kinds = {tarfile.REGTYPE: '-', tarfile.DIRTYPE: 'd', tarfile.SYMTYPE: 'l',
             tarfile.LNKTYPE: 'h', tarfile.CHRTYPE: 'c', tarfile.BLKTYPE: 'b',
             tarfile.FIFOTYPE: 'p'}
    for entry in tarfile.open(tar):
        kind = kinds[entry.type]
        size = f'{entry.devmajor},{entry.devminor}' if kind in 'cb' else entry.size
        seconds = decimal.Decimal(entry.pax_headers.get('mtime', entry.mtime))
        yield line(entry.name, kind, entry.mode, entry.uid, entry.gid, size,
                   int(seconds * 10**9), entry.linkname)


def mode_of(text):
    bits = sum(1 << (8 - i) for i, c in enumerate(text[1:]) if c not in '-ST')
    return bits | sum(1 << (11 - i) for i in range(3) if text[3 + 3 * i] in 'sStT')


def time_of(text):
    """Nanoseconds of a date with a fraction."""
    whole, _, fraction = text.partition('.')
    date = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return int(date.timestamp()) * 10**9 + int(fraction.ljust(9, '0'))


def split_target(kind, name):
    if kind not in 'hl':
        return name, ''
    return re.split(' link to ' if kind == 'h' else ' -> ', name, maxsplit=1)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def as_gnu_lists(tar):
    listing = output('tar', '--numeric-owner', '--full-time', '--quoting-style=literal', '-tvf', tar)
    for text in listing.splitlines():
        mode, uid, gid, size, mtime, name = re.fullmatch(
            r'(\S{10}) (\d+)/(\d+) +(\S+) (\S+ \S+) +(.*)', text).groups()
        name, target = split_target(mode[0], name)
        yield line(name, mode[0], mode_of(mode), uid, gid, size, time_of(mtime), target)


def as_bsd_lists(tar):
    times = {}
    for text in output('bsdtar', '-cf-', '--format=mtree', '--options=mtree:!all,mtree:time',
                       '@' + tar).splitlines()[1:]:
        name, seconds = re.match(r'(\S+) time=(-?\d+)\.', text).groups()
        times[os.path.normpath(name.removeprefix('/'))] = int(seconds) * 10**9
    for text in output('bsdtar', '--numeric-owner', '-tvf', tar).splitlines():
        mode, uid, gid, size, name = re.fullmatch(
            r'(\S{10}) +\d+ (\d+) +(\d+) +(\S+) \w+ +\d+ +\S+ (.*)', text).groups()
        name, target = split_target(mode[0], name)
        yield line(name, mode[0], mode_of(mode), uid, gid, size,
                   times[os.path.normpath(name)], target)


def resolve(entries):
    """Gives the hard links the type, the size and the target of what they link to."""
    known = {}
    for entry in entries:
        path, kind, mode, uid, gid, size, mtime, target = entry
        if kind == 'h':
            first = known[target]
            entry[1], entry[5], entry[7] = first[1], first[5], first[7]
        known[path] = entry
        yield entry


def main():
    readers = {'tree': of_tree, 'python': as_python_lists, 'gnu': as_gnu_lists,
               'bsd': as_bsd_lists}
    for entry in sorted(resolve(readers[sys.argv[1]](sys.argv[2])), key=lambda e: e[0]):
        print(*(ascii(value).strip("'") for value in entry))


main()
