from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters import Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.meters.diskstats import METER, parse_diskstats
from tests.recorded import recorded
from tests.tree import number, tree


def test_sectors_become_bytes() -> None:
    line = " 8 0 sda 100 1 4000 2 50 3 2000 4 0 700 9 0 0 0 0 0 0"
    found = {each.name: each for each in parse_diskstats(line, {"sda"})}
    assert {name: each.quantity.value for name, each in found.items()} == pytest.approx(
        {
            "disk_reads": 100,
            "disk_read": 4000 * 512,
            "disk_writes": 50,
            "disk_written": 2000 * 512,
            "disk_busy_time": 0.7,
        }
    )
    assert {each.subject for each in found.values()} == {"sda"}
    assert found["disk_busy_time"].wraps_at == pytest.approx(2**32 / 1000)
    assert found["disk_read"].wraps_at is None


@pytest.mark.parametrize(
    ("machine", "disks"),
    [
        ("xeon-rapl", {"sda", "nvme0n1", "sr0"}),
        ("jetson", {"mmcblk0", "nvme0n1"}),
        ("microvm", {"vda"}),
        ("dgx-8gpu", {f"nvme{i}n1" for i in range(10)}),
    ],
)
def test_whole_disks_alone_are_counted_so_that_sums_are_right(
    machine: str, disks: set[str]
) -> None:
    assert {each.subject for each in METER.read(recorded(machine))} == disks


def test_without_its_files_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {"/proc/diskstats": "8 0 sda 1"})) == ()


def test_lines_of_old_kernels_without_their_counters_are_left_out() -> None:
    assert parse_diskstats("8 1 sda1 1 2 3 4", {"sda1"}) == ()


def test_between_two_looks_at_this_machine_no_disk_counts_backwards() -> None:
    before, after = (Snapshot(float(at), METER.read(Host())) for at in (0, 1))
    changes = difference(before, after)
    assert len(changes) == len(before.readings)
    assert all(number(each.reading) >= 0 for each in changes)
