"""The tools, the stores that they write to, and what can be measured of these."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import measure
from stores.trees import HERE, TREE, WORK

PROGRAMS = os.path.realpath(os.environ.get("ZLSNAP_BIN", f"{HERE}/../build/bin"))
OUT = f"{WORK}/out"  # where measure.fresh_filesystem() mounts
BUCKET, KEY, SECRET = "bucket", "bench-key", "bench-secret"


@dataclass(frozen=True)
class Tool:
    """Commands: make the store; take a snapshot; restore the last one, also synced to the disk; restore only the file
    $FILE of it; keep only the last one."""

    make: str
    snapshot: str
    restore: str
    restore_synced: str
    one_file: str | None
    forget: str | None


SYNC = 'sync -f "$OUT"'
GC = 'zlsnap.sh gc --grace=0 bench/1 "$STORE" >/dev/null'  # the first dooms, the second deletes
RESTIC = 'restic -q -r "$STORE" --cache-dir "$STATE"'
RESTIC_RESTORE = f'{RESTIC} restore latest --verify --target "$OUT"'
BORG_RESTORE = ('mkdir "$OUT/tree" && cd "$OUT/tree" && borg extract --numeric-ids'
                ' "$STORE::$(borg list --short --last 1 "$STORE")"')
CASYNC = 'casync {} --with=best --store="$STORE/default.castr"'
CASYNC_RESTORE = CASYNC.format("extract") + ' "$(printf "%s\n" "$STORE"/*.caidx | tail -n 1)" "$OUT/tree"'

TOOLS = {
    "zlsnap": Tool(
        "",
        'zlsnap.sh sync --state="$STATE" bench/1 "$TREE" "$STORE" >/dev/null',
        'zlsnap.sh restore --no-sync bench/1 "$STORE" "$OUT/tree"',
        'zlsnap.sh restore bench/1 "$STORE" "$OUT/tree"',
        'zlsnap.sh restore bench/1 "$STORE" "$OUT/tree" "$FILE"',
        f'zlsnap.sh forget --keep-last=1 bench/1 "$STORE" >/dev/null && {GC} && {GC}',
    ),
    "restic": Tool(
        'restic -q -r "$STORE" init',
        f'{RESTIC} backup "$TREE"',
        RESTIC_RESTORE,
        f"{RESTIC_RESTORE} && {SYNC}",
        f'{RESTIC_RESTORE} --include "$TREE/$FILE"',
        f"{RESTIC} forget --keep-last 1 --prune",
    ),
    "borg": Tool(
        'borg init -e none "$STORE"',
        'cd "$TREE" && borg create -C zstd,3 "$STORE::$EPOCHREALTIME" .',
        BORG_RESTORE,
        f"{BORG_RESTORE} && {SYNC}",
        f'{BORG_RESTORE} "$FILE"',
        'borg prune --keep-last 1 "$STORE" && borg compact "$STORE"',
    ),
    "casync": Tool(
        'mkdir "$STORE"',
        CASYNC.format("make") + ' "$STORE/$EPOCHREALTIME.caidx" "$TREE" >/dev/null',
        CASYNC_RESTORE,
        f"{CASYNC_RESTORE} && {SYNC}",
        None,
        None,
    ),
}
# The others have no S3 stores.
S3_TOOLS = ("zlsnap", "restic")


def version(tool):
    """Returns the version of a tool, for zlsnap with the commit."""
    if tool == "zlsnap":
        described = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"],
                                   check=False, capture_output=True, text=True).stdout.strip()
        return described or "of a tarball"
    output = subprocess.run([tool, "version" if tool == "restic" else "--version"],
                            check=True, capture_output=True, text=True).stdout
    return next(word for word in output.split() if word[0].isdigit())


def has_forget():
    """Returns whether zlsnap has the commands forget and gc of a store."""
    return subprocess.run([f"{PROGRAMS}/zlsnap.sh", "forget", "--help"], check=False, capture_output=True).returncode == 0


def files(path):
    """Yields path and size of each file below a directory."""
    for directory, _, names in os.walk(path):
        for name in names:
            yield f"{directory}/{name}", os.path.getsize(f"{directory}/{name}")


class Directories:
    """A directory for each tool."""

    kind = "directory"

    def start(self):
        """Begins a run in an empty WORK."""

    def stop(self):
        """Ends it."""

    def url(self, tool):
        """Returns what the tool calls its store."""
        return f"{WORK}/{tool}"

    def environment(self):
        """Returns what the commands see."""
        return {}

    def sizes(self, tool):
        """Yields key and size of each object."""
        return files(self.url(tool))

    def requests(self):
        """Returns the number of requests since the last call, if there are requests."""
        return None


class S3:
    """The S3 server of the tests, on the loopback; prefixes of one bucket."""

    kind = "s3"

    def __init__(self):
        self.server = 0
        self.port = 0
        self.seen = 0

    def start(self):
        directory = f"{WORK}/s3"
        os.mkdir(directory)
        environment = {**os.environ, "S3_KEY": KEY, "S3_SECRET": SECRET, "S3_BUCKET": BUCKET,
                       "EVENTLET_NO_GREENDNS": "yes", "DIR": directory, "SERVER": f"{HERE}/../tests/s3-server"}
        measure.adopt_orphans(False)  # measure.run() would wait for it
        self.server = int(subprocess.run('"$SERVER" "$DIR" >"$DIR/port" 2>"$DIR/messages" & echo $!', shell=True,
                                         check=True, env=environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE).stdout)
        measure.adopt_orphans()
        self.seen = 0
        for _ in range(600):
            with open(f"{directory}/port", encoding="ascii") as file:
                if port := file.read():
                    self.port = int(port)
                    return
            time.sleep(0.1)
        sys.exit(f"bench: the S3 server did not start, see {directory}/messages")

    def stop(self):
        if self.server:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.server, signal.SIGKILL)
                while True:
                    time.sleep(0.05)
                    os.kill(self.server, 0)
            self.server = 0

    def url(self, tool):
        # The server does not support the chunked signatures of restic's own backend for S3.
        return f"rclone:bench:{BUCKET}/restic" if tool == "restic" else f"s3://{BUCKET}/{tool}"

    def environment(self):
        endpoint = f"http://127.0.0.1:{self.port}"
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": endpoint, "S3CMD_CONFIG": "/dev/null", "RCLONE_CONFIG": "/dev/null",
                "RCLONE_CONFIG_BENCH_TYPE": "s3", "RCLONE_CONFIG_BENCH_PROVIDER": "Other",
                "RCLONE_CONFIG_BENCH_ENV_AUTH": "true", "RCLONE_CONFIG_BENCH_ENDPOINT": endpoint}

    def sizes(self, tool):
        address = f"127.0.0.1:{self.port}"
        listing = subprocess.run(["s3cmd", "--config=/dev/null", f"--access_key={KEY}", f"--secret_key={SECRET}",
                                  f"--host={address}", f"--host-bucket={address}", "--no-ssl", "ls", "--recursive",
                                  f"s3://{BUCKET}/{tool}/"], check=True, capture_output=True, text=True).stdout
        for line in listing.splitlines():
            _, _, size, key = line.split(maxsplit=3)
            yield key, int(size)

    def requests(self):
        time.sleep(0.2)  # the last lines of the log
        with open(f"{WORK}/s3/log", encoding="utf-8", errors="replace") as file:
            count = sum(1 for line in file if re.match("[A-Z]+ /", line))
        count, self.seen = count - self.seen, count
        return count


class Stores:
    """The stores of the tools of a run."""

    def __init__(self, place, tools):
        self.place = place
        self.tools = tools

    def environment(self, tool, **more):
        """Returns what the commands of a tool see."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ZLSNAP_"))}
        return {**inherited, **self.place.environment(), "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "LC_ALL": "C",
                "RESTIC_PASSWORD": "bench", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
                "BORG_BASE_DIR": f"{WORK}/borg.state", "STATE": f"{WORK}/{tool}.state", "TREE": TREE,
                "STORE": self.place.url(tool), "OUT": OUT, **more}

    def make(self):
        """Makes the stores."""
        self.place.start()
        for tool in self.tools:
            measure.run(TOOLS[tool].make, self.environment(tool))

    def sizes(self, tool):
        """Returns the bytes of a store, and those of the packs."""
        total = packs = 0
        for key, size in self.place.sizes(tool):
            total += size
            packs += size if "/packs/" in key else 0
        return total, packs

    def measured(self, command, tool, **more):
        """Runs a command; returns seconds, CPU seconds, the peak of a process in bytes, and requests."""
        measure.settle(False)
        self.place.requests()
        wall, cpu, peak = measure.run_peak(command, self.environment(tool, **more), f"{WORK}/peak")
        row = {"wall": wall, "cpu": cpu, "peak": peak}
        requests = self.place.requests()
        return row if requests is None else {**row, "requests": requests}

    def snapshot(self, tool):
        """Takes a snapshot; returns what it cost."""
        total, packs = self.sizes(tool)
        row = self.measured(TOOLS[tool].snapshot, tool)
        after, packs_after = self.sizes(tool)
        return {**row, "added": after - total, **({"content": packs_after - packs} if tool == "zlsnap" else {})}

    def restore(self, command, tool, **more):
        """Restores into a new file system; returns what it cost."""
        with measure.fresh_filesystem("ext4", WORK):
            return self.measured(command, tool, **more)

    def check(self):
        """Fails unless the last snapshot of zlsnap restores to the tree: the canonical tars are compared."""
        environment = self.environment("zlsnap")
        with measure.fresh_filesystem("ext4", WORK):
            measure.run(TOOLS["zlsnap"].restore, environment)
            measure.run('cmp <(tarpack "$TREE") <(tarpack "$OUT/tree")', environment)
