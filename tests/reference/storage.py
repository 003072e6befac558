"""bitpath's built-in engine beside fio: same directory, file size and requests.

Run it alone on the machine: `python -m tests.reference.storage [PAIRS [DIRECTORY]]`. Either has a
file of its own for each job, laid out in the same way: where a file lies decides as much as who
reads it. Each kind of request has its own pairs, so that a second of one lies beside a second of
the other; the harness is called here as a fresh process calls it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from bitpath_cli import harness
from bitpath_cli.benchmarks import Case, disk
from bitpath_cli.benchmarks._direct_io import unnamed_file
from bitpath_cli.benchmarks._directory import find_filesystem, find_obstacle
from bitpath_cli.benchmarks._disk_kinds import RAW, Kind
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing
from bitpath_cli.workflows._jobs import find_context
from tests.reference.pairs import PAIRS, Row, alternate, draw, row

_WANTED: Final = (0.95, 1.05)
_LIMIT_SECONDS: Final = 120
_SECONDS: Final = 1.0
_NANOSECOND: Final = 1e-9
_REFERENCE: Final = "fio libaio, direct=1"
_FILE_BYTES: Final = {"read": 128 << 20, "write": 64 << 20}
_LAYING_SECONDS: Final = 30.0
_READ: Final = ("--size=128M", "--time_based", "--runtime=1")
# Writes are bounded, as ours are, and an fsync after every 16 of them counts in both. The one after
# the last fio does only where another block follows.
_WRITE: Final = ("--size=64M", "--io_size=257M", "--overwrite=1", "--fsync=16")
_JOBS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("sequential", "read"): ("--rw=read", *_READ),
    ("sequential", "write"): ("--rw=write", *_WRITE),
    ("random", "read"): ("--rw=randread", *_READ),
}
_Named = dict[str, float]


def lacking_tools(directory: Path | None = None) -> str:
    """Why there is nothing to compare with here, or nothing."""
    if shutil.which("fio") is None:
        return "needs the program fio: make lab"
    place = str(directory or Path.cwd())
    filesystem = find_filesystem(Host(), place)
    if isinstance(filesystem, Missing):
        return f"needs a disk: {filesystem.detail}"
    obstacle = find_obstacle(place, filesystem)
    return f"needs a disk: {obstacle.detail}" if obstacle else ""


def rows(count: int = PAIRS, directory: Path | None = None) -> list[Row]:
    """A row for every quantity of every kind of request, in a directory or here."""
    made = []
    with tempfile.TemporaryDirectory(dir=directory or Path.cwd(), prefix=".bitpath-") as place:
        for kind in RAW:
            found = alternate(count, partial(_ours, kind, place), partial(_theirs, kind, place))
            for name, pairs in found.items():
                least, most = (None, None) if name.endswith("p99") else _WANTED
                made.append(row(f"disk: {name}", _REFERENCE, pairs, least, most))
    return sorted(made, key=lambda each: each.quantity)


def _ours(kind: Kind, place: str) -> _Named:
    """What a second of the budget gives."""
    context = find_context(Host(), (), place, thorough=False)
    case = Case(kind.parameters("builtin"))
    with disk.open_loops(case, context) as loops:
        taken = harness.sample(loops, _SECONDS, monotonic, harness.tick(monotonic))
    found = {each.name: each.value for each in disk.conclude(case, context, taken.samples).metrics}
    return _named(
        kind, found["bandwidth"] or 0.0, found["latency_p50"] or 0.0, found["latency_p99"] or 0.0
    )


def _theirs(kind: Kind, place: str) -> _Named:
    size_bytes = _FILE_BYTES[kind.operation]
    with unnamed_file(place, size_bytes) as file:
        file.fill(size_bytes, _LAYING_SECONDS)
        path = f"/proc/{os.getpid()}/fd/{file.descriptor}"
        done = subprocess.run(
            [
                shutil.which("fio") or "fio", "--name=reference", f"--filename={path}",
                "--allow_file_create=0", "--fallocate=none",
                "--ioengine=libaio", "--direct=1", "--lat_percentiles=1",
                "--randrepeat=0", "--scramble_buffers=0", "--output-format=json",
                f"--bs={kind.block_bytes}", f"--iodepth={kind.depth}",
                *_JOBS[kind.pattern, kind.operation],
            ],
            capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr or done.stdout)
    told: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    figures = told["jobs"][0][kind.operation]
    p50, p99 = (
        _NANOSECOND * figures["lat_ns"]["percentile"][name] for name in ("50.000000", "99.000000")
    )
    return _named(kind, figures["bw_bytes"], p50, p99)


def _named(kind: Kind, rate: float, p50: float, p99: float) -> _Named:
    """Requests a second are the bandwidth over the size of one, in both: one ratio for the two."""
    words = f"{kind.pattern} {kind.operation}"
    words += f" 4 KiB, depth {kind.depth}" if kind.pattern == "random" else " 1 MiB"
    return {f"{words}, bandwidth and IOPS": rate, f"{words}, p50": p50, f"{words}, p99": p99}


def main() -> None:
    """Print the table."""
    directory = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if reason := lacking_tools(directory):
        sys.exit(f"tests.reference.storage {reason}")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    sys.stdout.write(draw(rows(count, directory)))


if __name__ == "__main__":
    main()
