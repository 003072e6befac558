"""The disk's cases, and a small machine with a disk, for the tests of the benchmark."""

from pathlib import Path
from typing import Any

from bitpath_cli.benchmarks import Case, Context
from bitpath_cli.benchmarks._disk_kinds import RAW, TRAINING
from bitpath_cli.host import Host
from tests.recorded import Recorded

MIB = 1 << 20
CASES = [Case(kind.parameters("builtin")) for kind in (*RAW, *TRAINING)]
SEQUENTIAL_READ, SEQUENTIAL_WRITE, RANDOM_READ, DEEP_READ = CASES[:4]
SMALL_FILES, SHUFFLED, CHECKPOINT_WRITE, CHECKPOINT_READ = CASES[4:]
PLAIN = ["bandwidth", "iops", "latency_p50", "latency_p95", "latency_p99"]


def name_of(case: Case) -> str:
    told = case.parameters
    return f"{told['operation']} {told['pattern']} {told['depth']}"


def told(tmp_path: Path, *, number: tuple[int, int] = (8, 1), **outside: Any) -> Context:
    """A machine with ext4 on sda1 at its root."""
    (tmp_path / "proc/self").mkdir(parents=True, exist_ok=True)
    (tmp_path / "proc/self/mountinfo").write_text("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (tmp_path / "proc/diskstats").write_text("8 1 sda1 90 5 4000 60 45 3 800 35 0 55 95\n")
    (tmp_path / "proc/self/io").write_text("read_bytes: 4096\nwrite_bytes: 0\n")
    known: dict[str, Any] = {"device_numbers": {"/": list(number)}, **outside}
    host = Host(tmp_path, Recorded(known, None))
    return Context(host=host, threads=2, memory_bytes=1 << 30, cache_bytes=0, directory="/")
