from pathlib import Path

import pytest

from bitpath_cli.meters.disk_waits import METER, parse_diskstats
from tests.recorded import recorded
from tests.tree import tree

LINE = " 8 0 sda 100 1 4000 250 50 3 2000 40 0 700 290 0 0 0 0 0 0"


def test_milliseconds_become_seconds() -> None:
    found = {each.name: each.quantity.value for each in parse_diskstats(LINE, {"sda"})}
    assert found == pytest.approx(
        {"disk_read_time": 0.25, "disk_write_time": 0.04, "disk_queue_time": 0.29}
    )


def test_they_wrap_where_the_kernels_32_bits_end() -> None:
    assert {each.wraps_at for each in parse_diskstats(LINE, {"sda"})} == {4294967.296}


def test_partitions_and_stacked_devices_are_left_out() -> None:
    assert parse_diskstats(LINE, {"sdb"}) == ()
    assert {each.subject for each in METER.read(recorded("xeon-rapl"))} >= {"sda", "nvme0n1"}


def test_without_its_files_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {"/proc/diskstats": LINE})) == ()
