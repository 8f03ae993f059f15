"""Lays out tar archives block by block, also such that no program should write."""

BLOCK = 512
END = bytes(2 * BLOCK)


def octal(number, length):
    return b"%0*o\0" % (length - 1, number)


def base256(number, length):
    """The binary form of numbers that do not fit or are negative."""
    value = number.to_bytes(length, "big", signed=True)
    return bytes([value[0] | 0x80]) + value[1:]


def field(value, length):
    """A header field: numbers in octal, bytes as they are."""
    value = octal(value, length) if isinstance(value, int) else value
    assert len(value) <= length, value
    return value.ljust(length, b"\0")


def header(name, kind=b"0", size=0, mode=0o644, uid=0, gid=0, mtime=1000000000, link=b"",
           magic=b"ustar\00000", major=0, minor=0, prefix=b"", tail=b"", checksum=None, patch=()):
    """One header block; `tail` is what stands in the last bytes of it, from 345 on. `patch` has pairs of
    offset and bytes, which replace what stands there."""
    block = b"".join([
        field(name, 100), field(mode, 8), field(uid, 8), field(gid, 8), field(size, 12),
        field(mtime, 12), b" " * 8, kind, field(link, 100), field(magic, 8), bytes(64),
        field(major, 8), field(minor, 8), field(tail or prefix, 167)])
    for offset, text in patch:
        block = block[:offset] + text + block[offset + len(text):]
    if checksum is None:
        checksum = b"%06o\0 " % sum(block)
    return block[:148] + field(checksum, 8) + block[156:]


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def entry(name, data=b"", kind=b"0", **fields):
    fields.setdefault("size", len(data))
    return header(name, kind, **fields) + padded(data)


def file(name, data=b"evil\n", **fields):
    return entry(name, data, **fields)


def directory(name, **fields):
    fields.setdefault("mode", 0o755)
    return entry(name, kind=b"5", **fields)


def symlink(name, link, **fields):
    return entry(name, kind=b"2", link=link, mode=0o777, **fields)


def hardlink(name, link, **fields):
    return entry(name, kind=b"1", link=link, **fields)


def record(key, value):
    """One record of a pax header, with the length that it has to have."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def raw_pax(text, kind=b"x", **fields):
    return entry(b"pax", text, kind=kind, **fields)


def pax(*pairs, kind=b"x"):
    return raw_pax(b"".join(record(key, value) for key, value in pairs), kind)


def long_name(name, kind=b"L"):
    return entry(b"././@LongLink", name, kind=kind, magic=b"ustar  \0")
