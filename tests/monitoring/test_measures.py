"""What follows from two samples, computed by hand."""

import pytest

from bitpath_cli.meters import MeterReading
from bitpath_cli.model.reading import Missing, Quantity, failed, reported
from bitpath_cli.model.units import BYTE, ONE, SECOND, Unit
from bitpath_cli.monitoring.measures import MEASURES, Key, Window, levels_of, watch
from tests.tree import number, why


def amount(value: float, unit: Unit = SECOND) -> Quantity:
    return reported(value, unit, "a test")


def seen(
    growths: dict[Key, Quantity | Missing] | None = None,
    levels: dict[Key, Quantity | Missing] | None = None,
    seconds: float = 2.0,
) -> dict[Key, Quantity | Missing]:
    found = watch(Window(seconds, growths or {}, levels or {}))
    return {(each.name, each.subject): each.reading for each in found}


def test_shares_of_the_processors_time() -> None:
    times = {"cpu_busy_time": 3.0, "cpu_steal_time": 0.2, "cpu_idle_time": 0.6,
             "cpu_iowait_time": 0.2}  # fmt: skip
    found = seen({(name, "host"): amount(value) for name, value in times.items()})
    assert number(found["cpu_busy", "host"]) == pytest.approx(0.75)
    assert number(found["cpu_steal", "host"]) == pytest.approx(0.05)
    assert number(found["cpu_iowait", "host"]) == pytest.approx(0.05)


def test_rates_are_over_the_time_between_the_samples() -> None:
    found = seen({("disk_read", "sda"): amount(4e6, BYTE)})
    assert number(found["disk_read_rate", "sda"]) == pytest.approx(2e6)


def test_latency_is_the_time_of_the_requests_by_their_number() -> None:
    found = seen({("disk_read_time", "sda"): amount(0.4), ("disk_reads", "sda"): amount(80, ONE)})
    assert number(found["disk_read_latency", "sda"]) == pytest.approx(0.005)


def test_without_requests_there_is_no_latency_rather_than_none() -> None:
    found = seen({("disk_read_time", "sda"): amount(0), ("disk_reads", "sda"): amount(0, ONE)})
    assert "nothing happened" in why(found["disk_read_latency", "sda"]).detail


def test_a_millisecond_clock_tells_nothing_of_a_few_microseconds() -> None:
    found = seen({("disk_read_time", "sda"): amount(0), ("disk_reads", "sda"): amount(9, ONE)})
    assert "too little" in why(found["disk_read_latency", "sda"]).detail


def test_a_part_that_cannot_be_read_makes_the_whole_unknown() -> None:
    gone = failed("the disk was pulled out")
    found = seen({("disk_read_time", "sda"): amount(0.4), ("disk_reads", "sda"): gone})
    assert found["disk_read_latency", "sda"] == gone


def test_a_subject_without_all_parts_has_no_such_measure() -> None:
    assert ("group_memory_share", "cgroup") not in seen(
        levels={("group_memory_used", "cgroup"): amount(5, BYTE)}
    )


def test_levels_are_shares_of_their_limits() -> None:
    levels: dict[Key, Quantity | Missing] = {
        ("memory_available", "host"): amount(2 << 30, BYTE),
        ("memory_total", "host"): amount(8 << 30, BYTE),
        ("load", "host"): amount(6, ONE),
        ("cpus", "host"): amount(4, ONE),
    }
    found = seen(levels=levels)
    assert number(found["memory_available_share", "host"]) == 0.25
    assert number(found["load_per_cpu", "host"]) == 1.5


def test_losses_are_summed_over_both_directions() -> None:
    counts = {"network_receive_errors": 1, "network_receive_drops": 2, "network_send_errors": 0,
              "network_send_drops": 1, "network_packets_received": 300,
              "network_packets_sent": 100}  # fmt: skip
    found = seen({(name, "eth0"): amount(count, ONE) for name, count in counts.items()})
    assert number(found["network_lost", "eth0"]) == pytest.approx(0.01)


def test_a_share_of_the_time_is_never_more_than_all_of_it() -> None:
    found = seen({("cpu_pressure_time", "host"): amount(2.02)})
    assert number(found["cpu_pressure", "host"]) == 1.0


def test_a_known_limit_stands_beside_its_value() -> None:
    window = Window(
        1.0, {("network_received", "eth0"): amount(1e6, BYTE)},
        {("network_speed", "eth0"): amount(125e6, Unit("B/s"))},
    )  # fmt: skip
    (found,) = watch(window)
    assert found.limit is not None
    assert found.limit.value == 125e6


def test_only_gauges_are_levels() -> None:
    readings = [
        MeterReading("load", "host", "gauge", amount(1, ONE)),
        MeterReading("oom_kills", "host", "counter", amount(1, ONE)),
    ]
    assert set(levels_of(readings)) == {("load", "host")}


def test_names_are_unique_and_have_a_sentence() -> None:
    assert len({each.name for each in MEASURES}) == len(MEASURES)
    assert all(each.summary and not each.summary.endswith(".") for each in MEASURES)
