"""Injected truth: a control group's limit on the disk is known, and the figures must follow it."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.places import disk_directory
from tests.lab.groups import MOUNT, ROOT

MB = 1_000_000
READ, WRITE = 40 * MB, 50 * MB
REQUESTS = 1500
WITHIN = 0.1
_NUMBERS = itertools.count()
_V1 = {"rbps": "read_bps", "wbps": "write_bps", "riops": "read_iops", "wiops": "write_iops"}


def whole_disk(directory: Path) -> str:
    """`major:minor` of the disk below a directory; limits are not set on partitions."""
    number = directory.stat().st_dev
    place = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    if (place / "partition").exists():
        place = place.parent
    return (place / "dev").read_text().strip()


@contextlib.contextmanager
def limited(disk: str, limits: Mapping[str, int]) -> Iterator[Path]:
    """A group that may do so much on a disk, gone afterwards; OSError where there can be none."""
    is_v2 = (MOUNT / "cgroup.controllers").exists()
    top = MOUNT if is_v2 else MOUNT / "blkio"
    folder = top / f"bitpath-lab-disk-{os.getpid()}-{next(_NUMBERS)}"
    folder.mkdir()
    try:
        if is_v2:
            (top / "cgroup.subtree_control").write_text("+io")
            words = " ".join(f"{name}={amount}" for name, amount in limits.items())
            (folder / "io.max").write_text(f"{disk} {words}")
        else:
            for name, amount in limits.items():
                file = folder / f"blkio.throttle.{_V1[name]}_device"
                file.write_text(f"{disk} {amount}")
        yield folder
    finally:
        folder.rmdir()


def lacking() -> str:
    """Why no disk can be limited here, or nothing."""
    if os.geteuid() != 0:
        return "needs root to make control groups"
    try:
        with limited(whole_disk(Path.cwd()), {"rbps": READ}):
            return ""
    except OSError as error:
        return f"a control group cannot limit the disk here: {error}"


pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def measure(folder: Path, directory: Path, *engine: str) -> dict[str, dict[str, Any]]:
    """Results by name of what is measured past the page cache inside a group."""

    def enter() -> None:
        (folder / "cgroup.procs").write_text(str(os.getpid()))

    done = subprocess.run(
        [sys.executable, "-m", "tests.lab.raw_disk", "bench", "storage", "-b", "quick",
         "--json", "--dir", str(directory), *engine],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=90, preexec_fn=enter,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(directory.iterdir()) == []
    return {
        " ".join(str(told["parameters"][name]) for name in ("operation", "pattern", "depth")): told
        for told in json.loads(done.stdout)["results"]
    }


def check(result: dict[str, Any], metric: str, limit: float) -> None:
    """The figure is the limit, within 10 %, and the limit is named as what held it."""
    found = next(each for each in result["metrics"] if each["name"] == metric)
    assert found["value"] == pytest.approx(limit, rel=WITHIN)
    assert "io_limit" in result["reasons"]
    assert result["validity"] == "degraded"
    assert found["ceiling"]["value"] == limit
    assert "cgroup" in found["ceiling"]["source"]


def test_limits_in_bytes_a_second_are_followed_and_named(directory: Path) -> None:
    with limited(whole_disk(directory), {"rbps": READ, "wbps": WRITE}) as folder:
        found = measure(folder, directory, "--engine", "builtin")
    check(found["read sequential 1"], "bandwidth", READ)
    check(found["write sequential 1"], "bandwidth", WRITE)
    check(found["read random 32"], "bandwidth", READ)


def test_a_limit_in_requests_a_second_is_followed_and_named(directory: Path) -> None:
    with limited(whole_disk(directory), {"riops": REQUESTS}) as folder:
        found = measure(folder, directory, "--engine", "builtin")
    check(found["read random 1"], "iops", REQUESTS)
    check(found["read random 32"], "iops", REQUESTS)
    assert "io_limit" not in found["write sequential 1"]["reasons"]


def test_a_group_without_a_limit_is_not_accused(directory: Path) -> None:
    with limited(whole_disk(directory), {}) as folder:
        found = measure(folder, directory, "--engine", "builtin")
    assert all("io_limit" not in each["reasons"] for each in found.values())
    assert all(each["metrics"][0]["ceiling"] is None for each in found.values())
