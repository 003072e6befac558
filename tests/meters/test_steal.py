import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters import MeterReading
from bitpath_cli.meters.steal import METER, parse_stat
from tests.recorded import recorded


def values(readings: tuple[MeterReading, ...]) -> dict[str, float]:
    assert all((each.subject, each.form) == ("host", "counter") for each in readings)
    assert all(each.quantity.unit == "s" for each in readings)
    return {each.name: each.quantity.value for each in readings}


def test_ticks_become_seconds_and_guests_are_not_counted_twice() -> None:
    line = "cpu  100 20 30 4000 500 6 7 80 90 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    # user + nice + system + irq + softirq; guests (90, 10) are within user and nice.
    assert values(parse_stat(line)) == pytest.approx({"steal_time": 0.80, "busy_time": 1.63})


@pytest.mark.parametrize("text", ["", "cpu", "cpu 1 2 3 4 5 6 7", "cpu a b c d e f g h", "intr 1"])
def test_what_is_no_such_line_gives_nothing(text: str) -> None:
    assert parse_stat(text) == ()


def test_a_recorded_guest_lost_time_to_its_host() -> None:
    assert values(METER.read(recorded("container-v1")))["steal_time"] == pytest.approx(5.0)


def test_this_machine_s_processors_were_busy() -> None:
    first, last = values(METER.read(Host())), values(METER.read(Host()))
    assert 0 < first["busy_time"] <= last["busy_time"]
