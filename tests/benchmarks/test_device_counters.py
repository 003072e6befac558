from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks._device_counters import Moved, between, find_counter
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Reason
from tests.recorded import Recorded

DISKSTATS = """\
   8       0 sda 100 5 8000 70 50 3 1600 40 0 60 110 0 0 0 0 0 0
   8       1 sda1 90 5 4000 60 45 3 800 35 0 55 95 0 0 0 0 0 0
 254       0 vda 10 0 80 7 5 0 16 4 0 6 11
"""
PROCESS = "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 40960\nwrite_bytes: 8192\n"
IO_STAT = """\
259:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0
253:0 rbytes=900 wbytes=2100 rios=1 wios=2 dbytes=0 dios=0
"""
BLKIO = """\
8:0 Read 3000
8:0 Write 500
8:0 Sync 3500
8:0 Total 3500
Total 3500
"""


def machine(root: Path, number: list[int], files: dict[str, str]) -> Host:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    told: dict[str, Any] = {"device_numbers": {"/data": number}}
    return Host(root, Recorded(told, None))


@pytest.mark.parametrize(
    ("number", "name", "expected", "is_virtual"),
    [
        ([8, 1], "sda1", Moved(4000 * 512, 800 * 512), False),
        ([254, 0], "vda", Moved(80 * 512, 16 * 512), True),
    ],
)
def test_the_directorys_own_device_counts_sectors(
    tmp_path: Path, number: list[int], name: str, expected: Moved, is_virtual: bool
) -> None:
    files = {"proc/diskstats": DISKSTATS, "proc/self/io": PROCESS}
    counter = find_counter(machine(tmp_path, number, files), "/data")
    assert not isinstance(counter, Missing)
    assert counter.read() == {name: expected}
    assert counter.is_own_device
    assert counter.is_virtual is is_virtual
    assert counter.source == f"/proc/diskstats {number[0]}:{number[1]}"


def test_without_a_device_of_its_own_the_process_is_counted(tmp_path: Path) -> None:
    files = {"proc/diskstats": DISKSTATS, "proc/self/io": PROCESS}
    counter = find_counter(machine(tmp_path, [0, 44], files), "/data")
    assert not isinstance(counter, Missing)
    assert counter.read() == {"process": Moved(40960, 8192)}
    assert not counter.is_own_device


def test_else_the_cgroup_is_counted(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/box\n", "sys/fs/cgroup/box/io.stat": IO_STAT}
    counter = find_counter(machine(tmp_path, [0, 44], files), "/data")
    assert not isinstance(counter, Missing)
    assert counter.read() == {"259:0": Moved(1000, 2000), "253:0": Moved(900, 2100)}
    assert not counter.is_own_device


def test_else_the_cgroup_of_version_1_is_counted(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "5:cpu,cpuacct:/box\n3:blkio:/box\n0::/\n",
        "sys/fs/cgroup/blkio/box/blkio.throttle.io_service_bytes": BLKIO,
    }
    counter = find_counter(machine(tmp_path, [0, 44], files), "/data")
    assert not isinstance(counter, Missing)
    assert counter.read() == {"8:0": Moved(3000, 500)}


def test_where_nothing_counts_it_says_so(tmp_path: Path) -> None:
    found = find_counter(machine(tmp_path, [0, 44], {}), "/data")
    assert isinstance(found, Missing)
    assert found.reason is Reason.UNSUPPORTED


def test_of_stacked_devices_the_busiest_moved_the_bytes() -> None:
    before = {"dm-0": Moved(100, 10), "sda": Moved(1000, 0)}
    after = {"dm-0": Moved(600, 10), "sda": Moved(1500, 90), "sdb": Moved(40, 0)}
    assert between(before, after) == Moved(500, 90)
