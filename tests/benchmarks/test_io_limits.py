from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks._io_limits import IoLimit, IoLimits, find_io_limits
from bitpath_cli.host import Host
from tests.recorded import Recorded


def machine(root: Path, files: dict[str, str], number: tuple[int, int] = (8, 1)) -> Host:
    """A directory on sda1, which is 8:1 of the disk 8:0."""
    block = root / "sys/devices/virtual/block/sda/sda1"
    block.mkdir(parents=True)
    (block / "partition").write_text("1\n")
    (block.parent / "dev").write_text("8:0\n")
    links = root / "sys/dev/block"
    links.mkdir(parents=True)
    (links / "8:1").symlink_to("/sys/devices/virtual/block/sda/sda1")
    (links / "8:0").symlink_to("/sys/devices/virtual/block/sda")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    told: dict[str, Any] = {"device_numbers": {"/": list(number)}}
    return Host(root, Recorded(told, None))


V2 = {
    "proc/self/cgroup": "0::/jobs/one\n",
    "sys/fs/cgroup/jobs/one/io.max": "8:0 rbps=50000000 wbps=max riops=max wiops=120\n",
}
V1 = {
    "proc/self/cgroup": "7:blkio:/jobs/one\n0::/\n",
    "sys/fs/cgroup/blkio/jobs/one/blkio.throttle.read_bps_device": "8:16 1000\n8:0 50000000\n",
    "sys/fs/cgroup/blkio/jobs/blkio.throttle.write_iops_device": "8:0 120\n",
}


@pytest.mark.parametrize(
    ("files", "bandwidth", "requests"),
    [
        (V2, "rbps in /sys/fs/cgroup/jobs/one/io.max", "wiops in /sys/fs/cgroup/jobs/one/io.max"),
        (
            V1,
            "/sys/fs/cgroup/blkio/jobs/one/blkio.throttle.read_bps_device",
            "/sys/fs/cgroup/blkio/jobs/blkio.throttle.write_iops_device",
        ),
    ],
    ids=["version 2", "version 1"],
)
def test_limits_on_the_disk_below_a_partition(
    tmp_path: Path, files: dict[str, str], bandwidth: str, requests: str
) -> None:
    host = machine(tmp_path, files)
    assert find_io_limits(host, "/", "read") == IoLimits(IoLimit(5e7, bandwidth), None)
    assert find_io_limits(host, "/", "write") == IoLimits(None, IoLimit(120, requests))


def test_the_least_of_a_group_and_those_above_it_holds(tmp_path: Path) -> None:
    above = {"sys/fs/cgroup/jobs/io.max": "8:0 rbps=20000000 wbps=max riops=max wiops=max\n"}
    found = find_io_limits(machine(tmp_path, {**V2, **above}), "/", "read")
    assert found.bandwidth == IoLimit(2e7, "rbps in /sys/fs/cgroup/jobs/io.max")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "0::/\n"},
        {**V2, "sys/fs/cgroup/jobs/one/io.max": "8:16 rbps=5 wbps=max\n"},
        {**V2, "sys/fs/cgroup/jobs/one/io.max": "8:0 rbps=max wbps=max\nnonsense\n\n8:0 rbps\n"},
    ],
    ids=["no groups", "no limits", "another disk", "no numbers"],
)
def test_nothing_is_limited(tmp_path: Path, files: dict[str, str]) -> None:
    assert find_io_limits(machine(tmp_path, files), "/", "read") == IoLimits(None, None)


def test_a_filesystem_without_a_device_has_no_limit(tmp_path: Path) -> None:
    assert find_io_limits(machine(tmp_path, V2, (0, 44)), "/", "read") == IoLimits(None, None)


@pytest.mark.parametrize(
    ("bandwidth", "requests", "block_bytes", "bound"),
    [
        (5e7, None, 4096, 5e7),
        (None, 1000.0, 4096, 4_096_000),
        (5e7, 1000.0, 4096, 4_096_000),
        (5e7, 1000.0, 1 << 20, 5e7),
        (None, None, 4096, None),
    ],
)
def test_what_binds_is_the_lesser(
    bandwidth: float | None, requests: float | None, block_bytes: int, bound: float | None
) -> None:
    made = [None if each is None else IoLimit(each, "x") for each in (bandwidth, requests)]
    assert IoLimits(*made).bind(block_bytes) == bound
