"""Control groups with limits of their own, in version 1 or 2, and programs that live in them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOUNT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
_NUMBERS = count()
_V1_NAMES = {"rbps": "read_bps", "wbps": "write_bps", "riops": "read_iops", "wiops": "write_iops"}
# `ip netns exec` mounts a /sys of its own, in which no groups are seen.
_MOUNT = """
if [ "$0" = 2 ]; then mount -t cgroup2 none /sys/fs/cgroup
else
  mount -t tmpfs none /sys/fs/cgroup
  for each in cpu memory cpuset blkio; do
    mkdir "/sys/fs/cgroup/$each" && mount -t cgroup -o "$each" none "/sys/fs/cgroup/$each"
  done
fi && exec "$@"
"""


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


def visible() -> tuple[str, ...]:
    """What a program on a host of the lab is started with, so that it sees its groups."""
    version = "2" if (MOUNT / "cgroup.controllers").exists() else "1"
    return ("sh", "-c", _MOUNT, version)


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
def group(
    cpus: float | None = None,
    memory_bytes: int | None = None,
    disk: Mapping[str, int] | None = None,
    place: Path = ROOT,
) -> Iterator[Group]:
    """A group with these limits, gone afterwards; OSError where there can be none.

    `disk` limits the one behind a place by the words of io.max: rbps, wbps, riops and wiops.
    """
    is_v2 = (MOUNT / "cgroup.controllers").exists()
    name = f"bitpath-lab-{os.getpid()}-{next(_NUMBERS)}"
    controllers = [MOUNT] if is_v2 else [MOUNT / "cpu", MOUNT / "memory"]
    if disk is not None and not is_v2:
        controllers.append(MOUNT / "blkio")
    folders = tuple(each / name for each in controllers)
    made = Group(folders, is_v2)
    try:
        for each in folders:
            each.mkdir()
        if is_v2:
            controlled = "+cpu +memory" + (" +io" if disk is not None else "")
            (MOUNT / "cgroup.subtree_control").write_text(controlled)
        if cpus is not None:
            _limit_cpus(made, int(cpus * PERIOD_US))
        if memory_bytes is not None:
            file = "memory.max" if is_v2 else "memory.limit_in_bytes"
            (folders[0 if is_v2 else 1] / file).write_text(str(memory_bytes))
        if disk is not None:
            _limit_disk(made, _disk_of(place), disk)
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


def _limit_disk(made: Group, disk: str, limits: Mapping[str, int]) -> None:
    if made.is_v2:
        words = " ".join(f"{name}={amount}" for name, amount in limits.items())
        (made.folders[0] / "io.max").write_text(f"{disk} {words}")
        return
    for name, amount in limits.items():
        file = f"blkio.throttle.{_V1_NAMES[name]}_device"
        (made.folders[-1] / file).write_text(f"{disk} {amount}")


def _disk_of(place: Path) -> str:
    """The whole disk behind a place, major:minor: limits are set on no partition."""
    number = place.stat().st_dev
    own = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    return ((own.parent if (own / "partition").exists() else own) / "dev").read_text().strip()
