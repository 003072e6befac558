from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.meters.frequency import METER, read_frequency, read_temperatures, spread
from tests.recorded import recorded
from tests.tree import tree

CPUS = "/sys/devices/system/cpu"


def test_the_mean_of_the_processors_that_may_be_used(tmp_path: Path) -> None:
    files = {
        f"{CPUS}/cpu{cpu}/cpufreq/scaling_cur_freq": khz
        for cpu, khz in enumerate((1000000, 2000000, 4000000, 9000000))
    }
    (found,) = read_frequency(tree(tmp_path, files, affinity=[0, 1, 2]))
    assert (found.name, found.form, found.quantity.unit) == ("cpu_frequency", "gauge", "Hz")
    assert found.quantity.value == pytest.approx(7e9 / 3)
    assert "mean of 3" in found.quantity.origin.source


def test_a_processor_that_does_not_tell_is_not_counted_as_0(tmp_path: Path) -> None:
    files = {
        f"{CPUS}/cpu0/cpufreq/scaling_cur_freq": 2000000,
        f"{CPUS}/cpu1/cpufreq/scaling_cur_freq": 0,
    }
    (found,) = read_frequency(tree(tmp_path, files, affinity=[0, 1, 2]))
    assert found.quantity.value == pytest.approx(2e9)


def test_packages_have_their_temperatures() -> None:
    found = {each.subject: each.quantity.value for each in METER.read(recorded("xeon-rapl"))}
    assert found["x86_pkg_temp (thermal_zone0)"] == pytest.approx(48.0)
    assert found["x86_pkg_temp (thermal_zone1)"] == pytest.approx(51.0)
    assert found["host"] == pytest.approx(3.3e9)


def test_zones_of_other_parts_and_sensors_that_are_off_are_left_out() -> None:
    found = [each.subject for each in read_temperatures(recorded("jetson"))]
    assert found == ["cpu-thermal (thermal_zone0)", "soc0-thermal (thermal_zone3)"]


def test_a_guest_has_neither() -> None:
    assert METER.read(recorded("container-v1")) == ()


@given(st.sets(st.integers(0, 1000), min_size=1).map(sorted), st.integers(1, 16))
def test_the_chosen_processors_are_some_of_those_and_not_too_many(
    cpus: list[int], most: int
) -> None:
    chosen = spread(cpus, most)
    assert len(chosen) == min(len(cpus), most) == len(set(chosen))
    assert set(chosen) <= set(cpus)
    assert list(chosen) == sorted(chosen)
