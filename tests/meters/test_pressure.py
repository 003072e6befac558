from pathlib import Path

import pytest

from bitpath_cli.meters import MeterReading
from bitpath_cli.meters.pressure import METER
from tests.recorded import recorded
from tests.tree import tree

PSI = "avg10=0.00 avg60=0.00 avg300=0.00"


def values(readings: tuple[MeterReading, ...]) -> dict[tuple[str, str], float]:
    assert all(each.form == "counter" and each.quantity.unit == "s" for each in readings)
    return {(each.name, each.subject): each.quantity.value for each in readings}


def test_the_host_s_pressure_in_seconds(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/pressure/cpu": f"some {PSI} total=2500000\nfull {PSI} total=0",
            "/proc/pressure/io": f"some {PSI} total=4000000\nfull {PSI} total=3000000",
        },
    )
    assert values(METER.read(host)) == pytest.approx(
        {
            ("cpu_pressure_time", "host"): 2.5,
            ("io_pressure_time", "host"): 4.0,
            ("io_full_pressure_time", "host"): 3.0,
        }
    )


def test_the_own_group_s_pressure_is_told_apart() -> None:
    found = values(METER.read(recorded("container-v2")))
    assert found["cpu_pressure_time", "cgroup"] == pytest.approx(9.0)
    assert found["cpu_full_pressure_time", "cgroup"] == pytest.approx(8.0)
    assert found["memory_pressure_time", "cgroup"] == pytest.approx(0.25)
    assert ("cpu_pressure_time", "host") in found
    assert ("cpu_full_pressure_time", "host") not in found


def test_a_kernel_without_pressure_gives_nothing() -> None:
    assert METER.read(recorded("container-v1")) == ()


def test_other_text_gives_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {"/proc/pressure/cpu": "some total=many"})) == ()
