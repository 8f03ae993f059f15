"""Runs commands and measures time, CPU, memory and disk space."""
import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
EXT4_BYTES = 16 << 30
SAMPLE_SECONDS = 0.005


def adopt_orphans(adopt=True):
    """Makes this process wait for `tee >(...)` and other children that a shell does not wait for; or not any more."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _reap():
    """Yields the pid, status and rusage of every child until there are none."""
    while True:
        try:
            yield os.wait4(-1, 0)
        except ChildProcessError:
            return


def run(command, environment, name=None):
    """Runs a shell command and all its children to the end; returns wall and CPU seconds. Messages contain the name."""
    stdin = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    argv = ["bash", "-o", "pipefail", "-c", command]
    cpu, code = 0.0, None
    begin = time.monotonic()
    shell = os.posix_spawnp("bash", argv, environment, file_actions=[stdin], setpgroup=0)
    try:
        for pid, status, usage in _reap():
            cpu += usage.ru_utime + usage.ru_stime
            if pid == shell:
                code = os.waitstatus_to_exitcode(status)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell, signal.SIGTERM)
        for _ in _reap():
            pass
        raise
    wall = time.monotonic() - begin
    if code != 0:
        raise SystemExit(f"bench: failed with status {code}: {name or command}")
    return wall, cpu


def run_peak(command, environment, file):
    """The same; also returns the peak memory of the largest process, in bytes. Writes it to the file first.

    GNU time measures it, see make_wrappers().
    """
    watched = 'exec env time -q -f %M -o "$PEAK" bash -o pipefail -c "$COMMAND"'
    wall, cpu = run(watched, {**environment, "PEAK": file, "COMMAND": command}, command)
    with open(file, encoding="ascii") as lines:
        return wall, cpu, int(lines.read()) * 1024


def _call(*argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def fresh_filesystem(kind, work):
    """Mounts an empty tmpfs or ext4; yields its directory.

    Each run gets a new one: on an ext4 where a tree was just deleted, making a tree takes far longer.
    """
    out, image = f"{work}/out", f"{work}/ext4.image"
    os.makedirs(out, exist_ok=True)
    if kind == "tmpfs":
        _call("mount", "-t", "tmpfs", "-o", "mode=755", "bench", out)
    else:
        with open(image, "wb") as file:
            file.truncate(EXT4_BYTES)
        _call("mkfs.ext4", "-q", "-F", image)
        # Otherwise the kernel initialises tables during the measurement.
        _call("mount", "-o", "loop,noinit_itable", image, out)
    try:
        yield out
    finally:
        _call("umount", out)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(image)


def settle(cold):
    """Writes back what the previous run left; empties the caches if the next run needs that."""
    os.sync()
    if cold:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3")


def _used_bytes(path):
    status = os.statvfs(path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


class DiskWatch:
    """Measures the peak use of a file system during a run, minus its use after the run."""

    def __init__(self, path):
        self.path = path
        self.peak = 0
        self.temporary = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, _used_bytes(self.path))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self.temporary = max(0, self.peak - _used_bytes(self.path))


def make_wrappers(directory, programs):
    """Makes scripts that run our programs under GNU time, which writes their peaks to $PEAKS.

    The rusage of a child of Python is of no use: its peak includes the memory of Python when the child
    was started, which is more than some of our programs ever use.
    """
    os.makedirs(directory)
    for name in ("tarpack", "tarunpack", "shasum-tee"):
        script = f"{directory}/{name}"
        with open(script, "w", encoding="utf-8") as file:
            time_command = f"time -q -a -o \"$PEAKS\" -f '%M {name}'"
            file.write(f'#!/bin/sh\nexec env {time_command} "{programs}/{name}" "$@"\n')
        os.chmod(script, 0o755)
    os.symlink(f"{programs}/zlsnap.sh", f"{directory}/zlsnap.sh")


def peaks(command, environment, out, file):
    """Runs a command with the wrappers; returns {program: peak bytes} and temporary bytes."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)
    with DiskWatch(out) as disk:
        run(command, {**environment, "PEAKS": file})
    highest = {}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            kibibytes, name = line.split()
            highest[name] = max(highest.get(name, 0), int(kibibytes) * 1024)
    return highest, disk.temporary
