#!/usr/bin/python3
"""A second packer, written from doc/FORMAT.md alone: canonical.py DIR writes the tar of DIR.

It handles whiteouts and opaque directories of the trusted namespace, and assumes that tarpack refuses
nothing in the tree.
"""
import os
import stat
import sys

OVERLAY = 'trusted.overlay.'
out = sys.stdout.buffer


def record(keyword, value):
    rest = b' ' + keyword + b'=' + value + b'\n'
    length = 1
    while len(b'%d' % length) + len(rest) > length:
        length = len(b'%d' % length) + len(rest) if length > 9 else length + 1
    return b'%d' % length + rest


def padded(data):
    return data + bytes(-len(data) % 512)


def octal(size, number):
    return b'%0*o\0' % (size - 1, min(max(number, 0), 8 ** (size - 1) - 1))


def header(name, kind, mode, uid=0, gid=0, size=0, seconds=0, link=b'', device=(0, 0), prefix=b''):
    block = bytearray(name[:100].ljust(100, b'\0') + octal(8, mode) + octal(8, uid) + octal(8, gid)
                      + octal(12, size) + octal(12, seconds) + b' ' * 8 + kind
                      + link[:100].ljust(100, b'\0') + b'ustar\00000' + bytes(64)
                      + octal(8, device[0]) + octal(8, device[1]) + prefix.ljust(155, b'\0')
                      + bytes(12))
    block[148:156] = b'%06o\0 ' % sum(block)
    return bytes(block)


def is_utf8(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def decimal_time(ns):
    whole, fraction = divmod(abs(ns), 10**9)
    text = '%d.%09d' % (whole, fraction)
    return (('-' if ns < 0 else '') + text.rstrip('0').rstrip('.')).encode()


def split(path):
    """The prefix and the name of ustar; None where a record is needed."""
    if len(path) <= 100:
        return b'', path
    slash = path.find(b'/', len(path) - 101)
    if slash <= 0 or slash > 155 or slash + 1 == len(path):
        return None
    return path[:slash], path[slash + 1:]


def write_entry(path, kind, mode, uid=0, gid=0, size=0, ns=0, link=b'', device=(0, 0), xattrs=()):
    parts = split(path)
    long_link = len(link) > 100
    records = b''
    if parts is None and not is_utf8(path) or long_link and not is_utf8(link):
        records += record(b'hdrcharset', b'BINARY')
    if parts is None:
        records += record(b'path', path)
    if long_link:
        records += record(b'linkpath', link)
    for keyword, number, limit in ((b'size', size, 8**11), (b'uid', uid, 8**7), (b'gid', gid, 8**7)):
        if number >= limit:
            records += record(keyword, b'%d' % number)
    if ns % 10**9 or not 0 <= ns // 10**9 < 8**11:
        records += record(b'mtime', decimal_time(ns))
    for name, value in sorted(xattrs):
        escaped = name.replace(b'%', b'%25').replace(b'=', b'%3D')
        records += record(b'SCHILY.xattr.' + escaped, value)
    if records:
        out.write(header(b'PaxHeaders', b'x', 0o644, size=len(records)) + padded(records))
    prefix, name = parts or (b'', path)
    out.write(header(name, kind, mode, uid, gid, size, ns // 10**9, link, device, prefix))


def xattrs_of(path):
    names = os.listxattr(path, follow_symlinks=False)
    all_of_them = {os.fsencode(name): os.getxattr(path, name, follow_symlinks=False)
                   for name in names}
    opaque = all_of_them.get(OVERLAY.encode() + b'opaque') == b'y'
    return opaque, [(name, value) for name, value in all_of_them.items()
                    if not name.startswith(OVERLAY.encode())]


def is_whiteout(s):
    return stat.S_ISCHR(s.st_mode) and s.st_rdev == 0


def pack(disk, path, first_of):
    s = os.lstat(disk)
    opaque, xattrs = xattrs_of(disk)
    common = dict(mode=stat.S_IMODE(s.st_mode), uid=s.st_uid, gid=s.st_gid, ns=s.st_mtime_ns)
    if stat.S_ISDIR(s.st_mode):
        write_entry((path or b'.') + b'/', b'5', xattrs=xattrs, **common)
        pack_names(disk, path + b'/' if path else b'', opaque, first_of)
        return
    inode = s.st_dev, s.st_ino
    if s.st_nlink > 1 and first_of.setdefault(inode, path) != path:
        write_entry(path, b'1', link=first_of[inode], **common)
    elif stat.S_ISLNK(s.st_mode):
        write_entry(path, b'2', link=os.readlink(disk), xattrs=xattrs, **common)
    elif stat.S_ISREG(s.st_mode):
        write_entry(path, b'0', size=s.st_size, xattrs=xattrs, **common)
        with open(disk, 'rb') as file:
            out.write(padded(file.read()))
    elif stat.S_ISFIFO(s.st_mode):
        write_entry(path, b'6', xattrs=xattrs, **common)
    else:
        write_entry(path, b'3' if stat.S_ISCHR(s.st_mode) else b'4', xattrs=xattrs,
                    device=(os.major(s.st_rdev), os.minor(s.st_rdev)), **common)


def pack_names(disk, path, opaque, first_of):
    if opaque:
        write_entry(path + b'.wh..wh..opq', b'0', 0)
    for name in sorted(os.listdir(disk)):
        below = disk + b'/' + name
        if not is_whiteout(os.lstat(below)):
            pack(below, path + name, first_of)
        elif not opaque:
            write_entry(path + b'.wh.' + name, b'0', 0)


pack(os.fsencode(sys.argv[1]), b'', {})
out.write(bytes(1024))
