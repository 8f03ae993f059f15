# Functions for tests of the modes of tarpack and tarunpack: `load modes` after `load helpers`.

# Only the tests in fs.bats sync.
unpack() {
    tarunpack --no-sync "$@"
}

# archive DIR NAME...: writes a tar of exactly these names in this order.
archive() {
    tar -C "$1" --format=posix --no-recursion -c "${@:2}"
}

# tar_with TYPE:NAME[:TARGET]...: writes a tar of these entries in this order, which need not make sense. TYPE is
# f, d, h, l, c or p. A file's content is its name; a device is 1:3. x:KEY=VALUE, any number of times, is a pax
# record for the next entry.
tar_with() {
    /usr/bin/python3 -c '
import io, sys, tarfile
kinds = dict(f=tarfile.REGTYPE, d=tarfile.DIRTYPE, h=tarfile.LNKTYPE, l=tarfile.SYMTYPE, c=tarfile.CHRTYPE,
             p=tarfile.FIFOTYPE)
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
    records = {}
    for text in sys.argv[1:]:
        if text.startswith("x:"):
            key, _, records[key] = text[2:].partition("=")
            continue
        kind, name, target = (text + ":").split(":")[:3]
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname, entry.mtime = kinds[kind], target, 1000000000
        entry.mode = 0o755 if kind == "d" else 0o644
        content = name.encode() if kind == "f" else b""
        entry.size, entry.devmajor, entry.devminor = len(content), 1, 3
        entry.pax_headers, records = records, {}
        tar.addfile(entry, io.BytesIO(content))
' "$@"
}

# stands FILE: prints its type, modification and change time on one line.
stands() {
    stat --format='%i %a %u:%g %.9Y %.9Z' "$1"
}
