import mmap
from pathlib import Path

from bitpath_cli.host import Host
from bitpath_cli.meters.paging import METER, parse_vmstat
from tests.tree import tree


def test_pages_become_bytes_and_events_are_counted() -> None:
    text = "pgfault 9\npgmajfault 7\npswpin 1\npswpout 2\noom_kill 3"
    assert {each.name: each.quantity.value for each in parse_vmstat(text)} == {
        "major_faults": 7, "swapped_in": mmap.PAGESIZE, "swapped_out": 2 * mmap.PAGESIZE,
        "oom_kills": 3,
    }  # fmt: skip


def test_an_old_kernel_that_does_not_count_kills_has_no_such_counter() -> None:
    assert {each.name for each in parse_vmstat("pgmajfault 7\noom_kill x")} == {"major_faults"}


def test_this_machine_and_one_without_the_file(tmp_path: Path) -> None:
    assert "major_faults" in {each.name for each in METER.read(Host())}
    assert METER.read(tree(tmp_path, {})) == ()
