import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.benchmarks import _tcp_flows
from bitpath_cli.benchmarks._tcp_flows import OPERATION_BYTES, Flows, Tally
from bitpath_cli.benchmarks._tcp_look import Look
from bitpath_cli.host import Host
from tests.recorded import Recorded


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def arrive(tally: Tally, clock: Clock, *arrivals: tuple[float, int]) -> None:
    for now, count in arrivals:
        clock.now = now
        tally.add(count)


def test_the_time_is_from_an_arrival_to_an_arrival() -> None:
    clock = Clock()
    tally = Tally(clock)
    arrive(tally, clock, (1.0, 500))
    tally.begin(1000)
    # What began before it was asked for does not count, nor does the time until the next.
    arrive(tally, clock, (5.0, 300), (6.0, 400), (7.0, 600))
    assert tally.wait(0) == 2.0
    assert tally.total_bytes == 1800


def test_what_comes_between_two_windows_is_in_the_second() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.begin(1000)
    arrive(tally, clock, (0.0, 1), (2.0, 1000))
    assert tally.wait(0) == 2.0
    # Nobody counts for four seconds, and what piled up comes at once.
    arrive(tally, clock, (6.0, 1500))
    tally.begin(1000)
    arrive(tally, clock, (6.5, 750))
    assert tally.wait(0) == pytest.approx(4.5 * 1000 / 2250)


def test_what_comes_beyond_the_number_costs_its_part_of_the_time() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.begin(1000)
    arrive(tally, clock, (0.0, 1), (1.0, 900), (3.0, 1100))
    assert tally.wait(0) == pytest.approx(3.0 * 1000 / 2000)


def test_nothing_is_told_before_all_has_come_and_an_end_is_told_at_once() -> None:
    tally = Tally(Clock())
    tally.begin(1000)
    tally.add(10)
    assert tally.wait(0) is None
    tally.fail("it closed the connection")
    with pytest.raises(ConnectionError, match="it closed"):
        tally.wait(60)


@pytest.fixture
def ends() -> Iterator[tuple[Flows, Flows]]:
    made = Flows("a", Host()), Flows("a", Host())
    yield made
    for each in made:
        each.close()


def join(sender: Flows, receiver: Flows, streams: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for _ in range(streams):
            sender.attach(socket.create_connection(listening.getsockname()), "send")
            receiver.attach(listening.accept()[0], "receive")
    receiver.start(streams, 5)
    sender.start(streams, 5)


@pytest.mark.parametrize("streams", [1, 4])
def test_bytes_flow_and_are_counted_where_they_arrive(
    ends: tuple[Flows, Flows], streams: int
) -> None:
    sender, receiver = ends
    join(sender, receiver, streams)
    assert receiver.pace(4 * OPERATION_BYTES) > 0
    there, here = receiver.look(), sender.look()
    assert there.received_bytes >= 4 * OPERATION_BYTES
    assert here.received_bytes == 0
    assert not there.is_wrong
    assert there.sent_bytes is None
    assert here.mss is not None
    assert here.mss > 0


def test_other_bytes_than_were_meant_are_noticed() -> None:
    sender, receiver = Flows("a", Host()), Flows("b", Host())
    join(sender, receiver, 1)
    receiver.pace(2 * OPERATION_BYTES)
    assert receiver.look().is_wrong
    for each in (sender, receiver):
        each.close()


def test_a_flow_that_stands_still_is_given_up(
    ends: tuple[Flows, Flows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tcp_flows, "_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(_tcp_flows, "SILENCE_SECONDS", 0.03)
    waited = threading.Event()
    _, receiver = ends
    with pytest.raises(ConnectionError, match="no byte came"):
        receiver.pace(1, waited.set)
    assert waited.is_set()


def test_a_sender_that_goes_ends_the_wait(ends: tuple[Flows, Flows]) -> None:
    sender, receiver = ends
    join(sender, receiver, 1)
    receiver.pace(OPERATION_BYTES)
    sender.close()
    with pytest.raises(ConnectionError):
        receiver.pace(1 << 40)


def test_connections_that_never_come_are_an_error(ends: tuple[Flows, Flows]) -> None:
    with pytest.raises(TimeoutError, match="0 of 2"):
        ends[0].start(2, 0.01)


def test_a_look_knows_every_processors_interrupts(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    stat = tmp_path / "proc/stat"
    host = Host(tmp_path, Recorded({"affinity": [0]}, None))
    flows = Flows("a", host)
    stat.write_text("cpu  9 9 9 9 9 9 9 9\ncpu0 5 0 1 9 0 2 10 0\ncpu1 5 0 1 9 0 0 40 0\nintr 7\n")
    before = flows.look()
    stat.write_text("cpu  9 9 9 9 9 9 9 9\ncpu0 6 0 1 9 0 2 85 0\ncpu1 5 0 1 9 0 5 45 0\nintr 7\n")
    assert before.interrupts == pytest.approx((0.12, 0.40))
    assert flows.look().busiest_interrupts(before) == pytest.approx(0.75)
    told = before.model_dump(mode="json")
    assert Look.model_validate(told) == before
