"""What readers of tar list of an archive, each as [(TYPE, NAME, SIZE, LINK)]: the type flag 0 to 6, names as bytes
without slashes at their ends, sizes of files only. A reader that fails raises Failed."""

import ctypes
import io
import json
import os
import re
import shutil
import subprocess
import tarfile

ENVIRONMENT = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
NODE = "/usr/share/nodejs/tar"


class Failed(Exception):
    pass


def row(kind, name, size, link):
    kind = "0" if kind in "\0007S" else kind
    name = re.sub(rb"/(\./)*/*", b"/", re.sub(rb"^(\.?/)+(?=.)", b"", name)).rstrip(b"/") or b"."
    return kind, name, size if kind == "0" else 0, link if kind in "12" else b""


def command(*words):
    run = subprocess.run(words, capture_output=True, env=ENVIRONMENT, check=False)
    if run.returncode:
        raise Failed(run.stderr.decode(errors="replace").strip())
    return run.stdout


def unescaped(text):
    return re.sub(rb"\\(\d{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else
                  {b"n": b"\n", b"t": b"\t", b"r": b"\r"}.get(m[1], m[1]), text)


# The first letter of a line of `tar -tv`. BusyBox shows a hard link as a file.
LETTERS = dict(zip("-hlcbdpCV", "0123456" "0V"))
LINE = re.compile(rb"(.)\S+ \S+ +(\d+(?:,\d+)?) \S+ \S+ (.*)", re.S)


def lines(text, arrow):
    rows = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if not match:
            raise Failed(f"cannot parse {line}")
        kind = LETTERS.get(match[1].decode(), match[1].decode())
        name, found, link = match[3].partition(b" -> " if kind == "2" else arrow)
        if found and kind == "0":
            kind = "1"
        rows.append(row(kind, unescaped(name), int(match[2].split(b",")[0]), unescaped(link)))
    return rows


def gnu(path):
    return lines(command("tar", "-tvf", path, "--numeric-owner", "--full-time",
                         "--quoting-style=escape"), b" link to ")


def busybox(path):
    return lines(command("busybox", "tar", "-tvf", path), b" -> ")


def python(path):
    try:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes()), encoding="utf-8") as archive:
            return [row(member.type.decode("latin-1"), os.fsencode(member.name), member.size,
                        os.fsencode(member.linkname)) for member in archive]
    except (tarfile.TarError, ValueError) as error:
        raise Failed(repr(error)) from error


class Libarchive:
    """bsdtar without a process for each archive."""

    FORMATS = {0o10: "0", 0o12: "2", 0o2: "3", 0o6: "4", 0o4: "5", 0o1: "6"}

    def __init__(self):
        self.libarchive = ctypes.CDLL("libarchive.so.13")
        for name in "pathname", "symlink", "hardlink":
            getattr(self.libarchive, f"archive_entry_{name}").restype = ctypes.c_char_p
        self.libarchive.archive_entry_size.restype = ctypes.c_int64
        self.libarchive.archive_error_string.restype = ctypes.c_char_p
        self.libarchive.archive_read_new.restype = ctypes.c_void_p

    def __call__(self, path):
        data = path.read_bytes()
        archive = ctypes.c_void_p(self.libarchive.archive_read_new())
        self.libarchive.archive_read_support_format_tar(archive)
        self.libarchive.archive_read_open_memory(archive, data, ctypes.c_size_t(len(data)))
        try:
            return list(self.rows(archive))
        finally:
            self.libarchive.archive_read_free(archive)

    def rows(self, archive):
        entry = ctypes.c_void_p()
        while True:
            result = self.libarchive.archive_read_next_header(archive, ctypes.byref(entry))
            if result == 1:
                return
            if result < -20:  # -20 is a warning
                raise Failed(str(self.libarchive.archive_error_string(archive)))
            hard = self.libarchive.archive_entry_hardlink(entry)
            link = self.libarchive.archive_entry_symlink(entry)
            kind = self.FORMATS.get(self.libarchive.archive_entry_filetype(entry) >> 12, "?")
            yield row("1" if hard is not None else kind, self.libarchive.archive_entry_pathname(entry),
                      self.libarchive.archive_entry_size(entry), hard or link or b"")


NODE_SCRIPT = """
const tar = require(process.argv[1]), rows = []
const kinds = {File: '0', OldFile: '0', ContiguousFile: '0', Link: '1', SymbolicLink: '2', CharacterDevice: '3',
  BlockDevice: '4', Directory: '5', FIFO: '6'}
for (const path of process.argv.slice(2)) {
  const entries = [], parser = new tar.Parse({strict: true})
  parser.on('entry', e => { entries.push([kinds[e.type] || '?', e.path, e.size, e.linkpath || '']); e.resume() })
  parser.on('error', e => entries.push(['!', e.message, 0, '']))
  parser.end(require('fs').readFileSync(path))
  rows.push(entries)
}
console.log(JSON.stringify(rows))
"""


def node(paths):
    """All archives in one process, since node takes long to start."""
    environment = {**ENVIRONMENT, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs"}
    run = subprocess.run(["node", "-e", NODE_SCRIPT, NODE, *map(str, paths)], capture_output=True,
                         env=environment, check=True)
    return [[row(kind, name.encode(), size, link.encode()) for kind, name, size, link in entries]
            for entries in json.loads(run.stdout)]


def present():
    """The readers of this machine, by their names in make-differentials; not node."""
    readers = {"python": python}
    if b"GNU tar" in subprocess.run(["tar", "--version"], capture_output=True, check=False).stdout:
        readers["gnu"] = gnu
    if shutil.which("busybox"):
        readers["busybox"] = busybox
    try:
        readers["bsdtar"] = Libarchive()
    except OSError:
        pass
    return readers


def has_node():
    return shutil.which("node") and os.path.isdir(NODE)
