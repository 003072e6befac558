"""Control groups with limits of their own, in version 1 or 2, and programs that live in them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOUNT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Group:
    """A group's folders: one in version 2, one per controller in version 1."""

    folders: tuple[Path, ...]
    is_v2: bool

    def run(self, *words: str, limit_seconds: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """Run a module of this interpreter inside."""

        def enter() -> None:
            for folder in self.folders:
                (folder / "cgroup.procs").write_text(str(os.getpid()))

        return subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=limit_seconds, preexec_fn=enter,
        )  # fmt: skip

    def killed(self) -> int:
        """How many processes were killed in it because memory ran out."""
        name = "memory.events" if self.is_v2 else "memory.oom_control"
        for folder in self.folders:
            if not (folder / name).exists():
                continue
            for line in (folder / name).read_text().splitlines():
                key, _, value = line.partition(" ")
                if key == "oom_kill":
                    return int(value)
        raise AssertionError("no file of the group counts what was killed")


def lacking() -> str:
    """Why there can be no groups here, or nothing."""
    if os.geteuid() != 0:
        return "needs root to make control groups"
    try:
        with group(cpus=1.0):
            return ""
    except OSError as error:
        return f"control groups cannot be made here: {error}"


@contextlib.contextmanager
def group(cpus: float | None = None, memory_bytes: int | None = None) -> Iterator[Group]:
    """A group with these limits, gone afterwards."""
    is_v2 = (MOUNT / "cgroup.controllers").exists()
    name = f"bitpath-lab-{os.getpid()}-{next(_NUMBERS)}"
    controllers = [MOUNT] if is_v2 else [MOUNT / "cpu", MOUNT / "memory"]
    folders = tuple(each / name for each in controllers)
    made = Group(folders, is_v2)
    try:
        for each in folders:
            each.mkdir()
        if is_v2:
            (MOUNT / "cgroup.subtree_control").write_text("+cpu +memory")
        if cpus is not None:
            _limit_cpus(made, int(cpus * PERIOD_US))
        if memory_bytes is not None:
            file = "memory.max" if is_v2 else "memory.limit_in_bytes"
            (folders[-1] / file).write_text(str(memory_bytes))
        yield made
    finally:
        for each in folders:
            if each.exists():
                each.rmdir()


def _limit_cpus(made: Group, quota_us: int) -> None:
    folder = made.folders[0]
    if made.is_v2:
        (folder / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        return
    (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (folder / "cpu.cfs_quota_us").write_text(str(quota_us))
