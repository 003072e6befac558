"""Counters with wraps, gaps and mirrors, replayed: the joules come out exactly."""

import itertools
from pathlib import Path

import pytest

from bitpath_cli.evidence import Glance, Window, average_power, energy_per_work, window
from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, Snapshot, nvml, rapl
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.result import Block, Samples
from bitpath_cli.model.units import FLOP
from tests.meters.test_rapl import AMD_RANGE, CAP, INTEL_RANGE, Running, zone_files
from tests.nvml_fake import door, driver, h100, module
from tests.recorded import recorded
from tests.tree import write

MICRO = 1_000_000


def between(before: Snapshot, after: Snapshot) -> Window:
    return window(Glance(before, 0.0), Glance(after, 0.0), difference(before, after))


def windows(meter: Meter, hosts: list[Host], step_seconds: float) -> list[Window]:
    taken = [Snapshot(index * step_seconds, meter.read(host)) for index, host in enumerate(hosts)]
    return [between(*pair) for pair in itertools.pairwise(taken)]


def work(count: int, flop: float) -> list[Samples]:
    blocks = tuple(Block(loops=1, seconds=(1.0,)) for _ in range(count))
    return [Samples(work=flop, unit=FLOP, blocks=blocks, stopped="budget")]


def wrapped(start: int, steps: list[int], span: int) -> list[int]:
    """Raw values of a counter that grows so and starts again at its range, never showing 0."""
    raws = [start]
    for step in steps:
        raws.append((raws[-1] + step - 1) % span + 1)
    return raws


def test_a_socket_of_two_dies_with_wraps_counts_each_joule_once(tmp_path: Path) -> None:
    # 240 W for half an hour in steps of 60 s: a counter of 65.5 kJ wraps every 273 s.
    steps = [240 * 60 * MICRO] * 30
    raws = wrapped(AMD_RANGE - 5 * MICRO, steps, AMD_RANGE)
    for number in range(2):
        write(tmp_path, zone_files(f"intel-rapl:{number}", f"package-0-die-{number}", 1, AMD_RANGE))
    # Each snapshot reads a mirror between two readings of the first, and then the first itself.
    host = Running(
        tmp_path,
        {
            f"{CAP}/intel-rapl:0/energy_uj": [raw for raw in raws for _ in range(3)],
            f"{CAP}/intel-rapl:1/energy_uj": raws,
        },
    )
    found = windows(rapl.METER, [host] * len(raws), 60.0)
    power = average_power(found)
    assert power is not None
    assert power.value == pytest.approx(240.0, rel=1e-9)
    assert power.origin.source == "package-0-die-0; idle power included"
    joules = energy_per_work(found, work(len(found), 1e12))
    assert joules is not None
    assert joules.value == pytest.approx(240 * 60 / 1e12, rel=1e-9)


def test_packages_and_memory_are_summed_over_a_wrap(tmp_path: Path) -> None:
    files = {
        **zone_files("intel-rapl:0", "package-0", 1, INTEL_RANGE),
        **zone_files("intel-rapl:0:0", "dram", 1, INTEL_RANGE),
        **zone_files("intel-rapl-mmio:0", "package-0", 1, INTEL_RANGE),
    }
    write(tmp_path, files)
    package = wrapped(INTEL_RANGE - 100 * MICRO, [150 * 10 * MICRO] * 2, INTEL_RANGE)
    memory = wrapped(7 * MICRO, [25 * 10 * MICRO] * 2, INTEL_RANGE)
    host = Running(
        tmp_path,
        {f"{CAP}/intel-rapl:0/energy_uj": package, f"{CAP}/intel-rapl:0:0/energy_uj": memory},
    )
    power = average_power(windows(rapl.METER, [host] * 3, 10.0))
    assert power is not None
    assert power.value == pytest.approx(175.0, rel=1e-9)
    assert power.origin.source == "package-0, package-0/dram; idle power included"


@pytest.mark.parametrize("gap", ["0", "nonsense"])
def test_a_gap_gives_no_power_and_what_lies_around_it_is_exact(tmp_path: Path, gap: str) -> None:
    write(tmp_path, zone_files("intel-rapl:0", "package-0", 1, INTEL_RANGE))
    raws = [1000, 1000 + 60 * MICRO, gap, 1000 + 180 * MICRO, 1000 + 240 * MICRO]
    host = Running(tmp_path, {f"{CAP}/intel-rapl:0/energy_uj": raws})
    found = windows(rapl.METER, [host] * 5, 1.0)
    assert [average_power([each]) is None for each in found] == [False, True, True, False]
    assert average_power(found) is None
    whole = average_power([found[0], found[3]])
    assert whole is not None
    assert whole.value == pytest.approx(60.0, rel=1e-9)


def gpu(millijoules: list[int]) -> list[Host]:
    return [
        recorded(
            "dgx-8gpu",
            door(
                module(
                    driver("550.54", 12040),
                    [{**h100(0), "nvmlDeviceGetTotalEnergyConsumption": each}],
                )
            ),
        )
        for each in millijoules
    ]


def test_a_gpus_own_counter_is_exact_over_windows_that_are_long_enough() -> None:
    found = windows(nvml.METER, gpu([5_000_000, 5_700_000, 7_100_000]), 2.0)
    assert [power.value for each in found if (power := average_power([each]))] == [350.0, 700.0]
    short = windows(nvml.METER, gpu([5_000_000, 5_700_000]), 0.5)
    assert average_power(short) is None


def test_a_gpu_whose_driver_was_set_back_gives_no_power() -> None:
    (found,) = windows(nvml.METER, gpu([9_000_000, 20_000]), 2.0)
    assert average_power([found]) is None
    (energy,) = [each for each in found.counters if each.name == "energy"]
    assert isinstance(energy.reading, Missing)


def test_a_window_in_which_a_counter_may_have_wrapped_twice_gives_no_power(tmp_path: Path) -> None:
    write(tmp_path, zone_files("intel-rapl:0", "package-0", 1, AMD_RANGE))
    raws = [1000, 1000 + 60 * MICRO, 1000 + 120 * MICRO]
    host = Running(tmp_path, {f"{CAP}/intel-rapl:0/energy_uj": raws})
    taken = [Snapshot(at, rapl.METER.read(host)) for at in (0.0, 100.0, 300.0)]
    short, long = (between(*pair) for pair in itertools.pairwise(taken))
    assert average_power([short]) is not None
    assert average_power([long]) is None
