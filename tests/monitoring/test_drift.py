"""What watching alone can say of a disk and of processors, computed by hand."""

from typing import Any

import pytest

from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.reading import Quantity, fact, reported
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, HERTZ, ONE, SECOND
from bitpath_cli.monitoring.drift import assessed, find
from bitpath_cli.monitoring.measures import Key, Window
from tests.sample_report import filled, latency, rate, report, result

KIB, MIB = 1 << 10, 1 << 20


def filesystem(*devices: str) -> Filesystem:
    return filled(Filesystem, name="/", devices=fact(devices, "x"), is_target=True)


def assessment(*devices: str, **changes: Any) -> Report:
    """Random 4 KiB reads one at a time took 100 µs, 1 MiB reads in order one at a time 500 µs."""
    small = {"operation": "read", "pattern": "random", "block_size": 4 * KIB, "depth": 1}
    large = {"operation": "read", "pattern": "sequential", "block_size": MIB, "depth": 1}
    return report(
        components=(filesystem(*(devices or ("sda",))),),
        results=(
            result("disk", small, latency("latency_p50", 100e-6),
                   rate("bandwidth", 40e6, BYTE_PER_SECOND), **changes),
            result("disk", large, latency("latency_p50", 500e-6),
                   rate("bandwidth", 2e9, BYTE_PER_SECOND), **changes),
        ),
    )  # fmt: skip


def reads(count: int, size: int, seconds_each: float, busy: float, written: int = 0) -> Window:
    """What a second of reads looks like, in which the disk was busy for so long."""
    growths: dict[Key, Any] = {
        ("disk_reads", "sda"): reported(count, ONE, "x"),
        ("disk_read", "sda"): reported(count * size, BYTE, "x"),
        ("disk_read_time", "sda"): reported(count * seconds_each, SECOND, "x"),
        ("disk_writes", "sda"): reported(written // MIB, ONE, "x"),
        ("disk_written", "sda"): reported(written, BYTE, "x"),
        ("disk_write_time", "sda"): reported(0.0, SECOND, "x"),
        ("disk_busy_time", "sda"): reported(busy, SECOND, "x"),
    }
    return Window(1.0, growths, {})


def drifts(given: Report, window: Window) -> dict[str, float]:
    return {
        each.name: each.reading.value
        for each in find(assessed(given), window)
        if isinstance(each.reading, Quantity)
    }


def test_small_reads_are_compared_with_the_least_that_was_as_hard() -> None:
    found = drifts(assessment(), reads(1000, 4 * KIB, 300e-6, busy=0.3))
    assert found == {"drift_disk_read_latency": pytest.approx(3.0)}


def test_larger_reads_may_take_a_seek_more_than_those_in_order_did() -> None:
    found = drifts(assessment(), reads(1000, 64 * KIB, 300e-6, busy=0.3))
    assert found == {"drift_disk_read_latency": pytest.approx(300e-6 / 600e-6)}


def test_more_at_a_time_than_was_assessed_says_nothing_of_latency() -> None:
    # A burst: for 10 ms there were 30 reads at a time.
    assert drifts(assessment(), reads(1000, 4 * KIB, 300e-6, busy=0.01)) == {}


def test_a_saturated_disk_should_move_what_easier_requests_did() -> None:
    found = drifts(assessment(), reads(1000, 4 * KIB, 2e-3, busy=1.0))
    assert found == {"drift_disk_bandwidth": pytest.approx(40e6 / (4000 * KIB))}


def test_a_disk_that_rests_in_between_is_not_called_slow() -> None:
    assert drifts(assessment(), reads(1000, 4 * KIB, 2e-3, busy=0.5)) == {}


def test_mixed_traffic_says_nothing_of_bandwidth() -> None:
    window = reads(1000, 4 * KIB, 2e-3, busy=1.0, written=40 * MIB)
    assert drifts(assessment(), window) == {}


@pytest.mark.parametrize(
    "window", [reads(9, 4 * KIB, 0.05, busy=0.45), reads(100, 4 * KIB, 1e-5, busy=0.001)]
)
def test_a_handful_of_requests_or_of_milliseconds_says_nothing(window: Window) -> None:
    assert drifts(assessment(), window) == {}


def test_what_was_invalid_bounds_nothing() -> None:
    assert (
        drifts(assessment(validity=Validity.INVALID), reads(1000, 4 * KIB, 300e-6, busy=0.3)) == {}
    )


def test_several_disks_behind_one_filesystem_cannot_be_told_apart() -> None:
    assert drifts(assessment("sda", "sdb"), reads(1000, 4 * KIB, 300e-6, busy=0.3)) == {}


def processors(busy: float, steal: float, hertz: float | None = None) -> Window:
    times = {"cpu_busy_time": busy, "cpu_steal_time": steal, "cpu_iowait_time": 0.0,
             "cpu_idle_time": 1 - busy - steal}  # fmt: skip
    levels: dict[Key, Any] = (
        {} if hertz is None else {("cpu_frequency", "host"): reported(hertz, HERTZ, "x")}
    )
    return Window(
        1.0, {(name, "host"): reported(t, SECOND, "x") for name, t in times.items()}, levels
    )


def gemm(**conditions: Quantity) -> Report:
    measured = result("gemm", {"dtype": "float32"}, rate("throughput", 1e11, BYTE_PER_SECOND))
    return report(results=(measured.model_copy(update={"conditions": conditions}),))


def test_the_clock_is_compared_under_load_only() -> None:
    given = gemm(cpu_frequency=reported(3e9, HERTZ, "x"))
    assert drifts(given, processors(0.9, 0.0, 2e9)) == {"drift_cpu_frequency": pytest.approx(1.5)}
    assert drifts(given, processors(0.3, 0.0, 2e9)) == {}
    assert drifts(given, processors(0.9, 0.0)) == {}


def test_steal_beyond_that_of_the_assessment() -> None:
    given = gemm(steal=reported(0.05, ONE, "x"))
    assert drifts(given, processors(0.75, 0.25)) == {"drift_cpu_steal": pytest.approx(0.2)}
    assert drifts(given, processors(0.99, 0.01)) == {"drift_cpu_steal": 0.0}
