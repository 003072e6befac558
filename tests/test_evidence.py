from pathlib import Path

import pytest

from bitpath_cli.evidence import (
    Grown,
    Instant,
    Window,
    cpu_seconds,
    energy_per_work,
    look,
    window,
)
from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.reading import Quantity, failed, reported
from bitpath_cli.model.result import Block, Samples
from bitpath_cli.model.units import CELSIUS, FLOP, JOULE, SECOND, Unit
from tests.recorded import Recorded

RAPL = "change of /sys/class/powercap/intel-rapl:0/energy_uj"


def seen(*counters: Grown, seconds: float = 10.0) -> Window:
    return Window(seconds=seconds, own_cpu_seconds=0.0, counters=counters)


def joules(amount: float, subject: str, source: str = RAPL) -> Grown:
    return Grown(name="energy", subject=subject, reading=reported(amount, JOULE, source))


def samples(*seconds: list[float], work: float = 100.0, loops: int = 1) -> Samples:
    blocks = tuple(Block(loops=loops, seconds=tuple(each)) for each in seconds)
    return Samples(work=work, unit=FLOP, blocks=blocks, stopped="budget")


def machine(tmp_path: Path, processes: dict[int, str]) -> Host:
    (tmp_path / "proc").mkdir()
    for number, stat in processes.items():
        (tmp_path / f"proc/{number}").mkdir()
        (tmp_path / f"proc/{number}/stat").write_text(stat)
    (tmp_path / "proc/meminfo").write_text("")
    return Host(tmp_path, Recorded({"affinity": [0], "hostname": "h", "machine": "m"}, None))


def test_the_cpu_time_of_a_session_is_that_of_all_its_processes(tmp_path: Path) -> None:
    host = machine(
        tmp_path,
        {
            # user 100, system 20, and 3 and 4 of reaped children; a name with a parenthesis.
            7: "7 (rank) 0)) S 5 7 42 0 -1 0 0 0 0 0 100 20 3 4 20 0 1 0",
            8: "8 (peer) R 7 8 42 0 -1 0 0 0 0 0 50 0 0 0 20 0 1 0",
            9: "9 (other) R 1 9 9 0 -1 0 0 0 0 0 9999 0 0 0 20 0 1 0",
        },
    )
    assert cpu_seconds(host, 42) == pytest.approx(1.77)
    assert cpu_seconds(host, 43) == 0


def test_glances_become_a_window_and_a_broken_meter_silences_no_other(tmp_path: Path) -> None:
    told = iter([1.0, 4.0])
    gauge = MeterReading("temperature", "cpu", "gauge", reported(50.0, CELSIUS, "a file"))

    def read(_: Host) -> tuple[MeterReading, ...]:
        counted = reported(next(told), SECOND, "a file")
        return (MeterReading("busy_time", "host", "counter", counted), gauge)

    def break_down(_: Host) -> tuple[MeterReading, ...]:
        raise RuntimeError("our bug")

    host = machine(tmp_path, {})
    meters = [Meter("broken", break_down), Meter("fine", read)]
    before, after = look(host, meters, 42), look(host, meters, 42)
    found = window(before, after, difference(before.snapshot, after.snapshot))

    (counter,) = found.counters
    assert isinstance(counter.reading, Quantity)
    assert (counter.name, counter.reading.value) == ("busy_time", 3.0)
    assert found.gauges == (Instant(name="temperature", subject="cpu", before=50.0, after=50.0),)
    assert found.seconds == after.snapshot.at_seconds - before.snapshot.at_seconds
    assert found.own_cpu_seconds == 0


def test_joules_per_unit_of_work_are_summed_over_what_may_be_summed() -> None:
    windows = [
        seen(
            joules(30.0, "package-0"),
            joules(10.0, "package-1"),
            Grown(name="part_energy", subject="core", reading=reported(25.0, JOULE, RAPL)),
        )
    ]
    # 4 samples of 2 operations of 100 FLOP in each of two loops: 1600 FLOP for 40 J.
    loops = [samples([1.0] * 4, loops=2), samples([2.0] * 4, loops=2)]
    found = energy_per_work(windows, loops)

    assert found is not None
    assert (found.name, found.value, found.unit) == ("joules_per_flop", 0.025, "J/FLOP")
    assert found.low is None
    assert found.origin.source == "package-0, package-1; idle power included"


def test_joules_of_several_processes_have_an_interval() -> None:
    windows = [seen(joules(amount, "package-0")) for amount in (90.0, 100.0, 110.0)]
    found = energy_per_work(windows, [samples([1.0], [1.0], [1.0])])

    assert found is not None
    assert found.value == 1.0
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.9 < 1.1 < found.high


@pytest.mark.parametrize(
    "one",
    [
        seen(),
        seen(joules(0.0, "package-0")),
        seen(Grown(name="energy", subject="package-0", reading=failed("wrapped"))),
        seen(joules(5.0, "package-0"), seconds=0.1),
        seen(joules(5.0, "nvidia0", "change of nvmlDeviceGetTotalEnergyConsumption"), seconds=1.0),
    ],
)
def test_no_joules_are_invented(one: Window) -> None:
    assert energy_per_work([one], [samples([1.0])]) is None


def test_joules_of_unlike_work_are_not_mixed() -> None:
    other = samples([1.0]).model_copy(update={"unit": Unit("B")})
    assert energy_per_work([seen(joules(5.0, "package-0"))], [samples([1.0]), other]) is None


def test_a_window_survives_the_way_between_processes() -> None:
    told = seen(joules(5.0, "package-0"), Grown(name="x", subject="y", reading=failed("gone")))
    assert Window.model_validate_json(told.model_dump_json()) == told
