import socket
from pathlib import Path

from bitpath_cli.host import Host
from bitpath_cli.meters import MeterReading, Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.meters.interfaces import METER, parse_dev
from tests.recorded import recorded
from tests.tree import number, tree


def values(readings: tuple[MeterReading, ...]) -> dict[tuple[str, str], float]:
    assert all(each.form == "counter" and each.quantity.unit == "B" for each in readings)
    return {(each.name, each.subject): each.quantity.value for each in readings}


def test_bytes_of_a_line_whose_name_touches_its_number() -> None:
    table = (
        "Inter-|   Receive                            |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
        "eth0:1:4294967296 2 0 0 0 0 0 0 900 3 0 0 0 0 0 0\n"
        "  cut: 1 2 3\n"
    )
    assert values(parse_dev(table)) == {
        ("network_received", "eth0:1"): 2**32,
        ("network_sent", "eth0:1"): 900,
    }


def test_a_recorded_machine() -> None:
    found = values(METER.read(recorded("container-v2")))
    assert found["network_received", "eth0"] == 7000
    assert found["network_sent", "eth0"] == 3000


def test_without_its_file_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {"/etc/hosts": ""})) == ()


def test_bytes_sent_to_this_machine_are_counted_at_its_loopback() -> None:
    payload = b"x" * 1000
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        before = Snapshot(0.0, METER.read(Host()))
        sender.sendto(payload, receiver.getsockname())
        assert receiver.recv(2000) == payload
        after = Snapshot(1.0, METER.read(Host()))
    grown = {
        each.name: number(each.reading)
        for each in difference(before, after)
        if each.subject == "lo"
    }
    assert grown["network_sent"] >= len(payload)
    assert grown["network_received"] >= len(payload)
