from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters import Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.meters.processors import METER, parse_load, parse_stat
from tests.recorded import recorded
from tests.tree import number, tree


def test_hundredths_of_a_second_become_seconds_by_what_they_went_for() -> None:
    line = "cpu  100 20 300 4000 50 6 7 80 0 0\ncpu0 1 2 3 4"
    found = {each.name: each.quantity.value for each in parse_stat(line)}
    assert found == pytest.approx(
        {
            "cpu_user_time": 1.2, "cpu_system_time": 3.0, "cpu_idle_time": 40.0,
            "cpu_iowait_time": 0.5, "cpu_interrupt_time": 0.13,
        }
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "cpu 1 2", "intr 1 2 3 4 5 6 7 8 9", "cpu 1 2 x 4 5 6 7 8 9"])
def test_anything_else_gives_nothing(text: str) -> None:
    assert parse_stat(text) == ()


def test_the_load_is_that_of_the_last_minute() -> None:
    (found,) = parse_load("1.25 0.90 0.75 2/900 12345")
    assert (found.name, found.form, found.quantity.value) == ("load", "gauge", 1.25)
    assert parse_load("nonsense") == ()


def test_a_recorded_machine() -> None:
    assert len(METER.read(recorded("microvm"))) == 6


def test_without_its_files_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {})) == ()


def test_between_two_looks_at_this_machine_no_time_goes_backwards() -> None:
    before, after = (Snapshot(float(at), METER.read(Host())) for at in (0, 1))
    # The kernel itself may take back idle and waiting time: proc(5).
    steady = [each for each in difference(before, after) if each.name == "cpu_user_time"]
    assert number(steady[0].reading) >= 0
