from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._byte_account import ByteAccount
from bitpath_cli.host import Host
from tests.recorded import Recorded


def write(root: Path, read_sectors: int, written_sectors: int) -> None:
    line = f"8 0 sda 90 5 {read_sectors} 60 45 3 {written_sectors} 35 0 55 95\n"
    (root / "proc/diskstats").write_text(line)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A directory on sda, and a process that counts its own bytes too."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/io").write_text("read_bytes: 4096\nwrite_bytes: 0\n")
    write(tmp_path, 1000, 1000)
    told: dict[str, Any] = {"device_numbers": {"/": [8, 0]}}
    host = Host(tmp_path, Recorded(told, None))
    return Context(host=host, threads=1, memory_bytes=1, cache_bytes=0, directory="/")


def test_only_what_moves_from_the_first_request_on_counts(tmp_path: Path, context: Context) -> None:
    account = ByteAccount(context, "read")
    write(tmp_path, 5000, 1000)
    with account.asking(4096):
        write(tmp_path, 5008, 9000)
    with account.asking(512):
        write(tmp_path, 5009, 9000)
    told = account.evidence()
    assert sum(told["asked_bytes"]) == 4608
    assert sum(told["moved_bytes"]) == 9 * 512


def test_writes_count_where_it_is_writing_that_is_asked(tmp_path: Path, context: Context) -> None:
    account = ByteAccount(context, "write")
    account.open()
    write(tmp_path, 9000, 1003)
    account.add(1536, 2.0, 0.5)
    told = account.evidence()
    assert sum(told["moved_bytes"]) == 3 * 512
    assert sum(told["wall_seconds"]) == 2.0
    assert sum(told["cpu_seconds"]) == 0.5


def test_another_processs_bytes_are_not_in_our_own_count(tmp_path: Path, context: Context) -> None:
    (tmp_path / "proc/diskstats").unlink()
    for of_another, is_told in ((True, False), (False, True)):
        account = ByteAccount(context, "read", of_another_process=of_another)
        account.open()
        account.add(4096, 1.0, 0.1)
        assert ("moved_bytes" in account.evidence()) is is_told


def test_a_counter_that_is_lost_proves_nothing(tmp_path: Path, context: Context) -> None:
    account = ByteAccount(context, "read")
    with account.asking(4096):
        (tmp_path / "proc/diskstats").unlink()
    assert "moved_bytes" not in account.evidence()
