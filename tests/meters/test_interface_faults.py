from pathlib import Path

from bitpath_cli.meters.interface_faults import METER, parse_dev
from tests.recorded import recorded
from tests.tree import tree

TABLE = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
eth0:1: 9000 30 1 2 0 0 0 0 800 20 3 4 0 0 0 0
  cut: 1 2 3
"""


def test_packets_errors_and_drops_of_both_directions() -> None:
    found = {(each.name, each.subject): each.quantity.value for each in parse_dev(TABLE)}
    assert found == {
        ("network_packets_received", "eth0:1"): 30, ("network_receive_errors", "eth0:1"): 1,
        ("network_receive_drops", "eth0:1"): 2, ("network_packets_sent", "eth0:1"): 20,
        ("network_send_errors", "eth0:1"): 3, ("network_send_drops", "eth0:1"): 4,
    }  # fmt: skip


def test_a_recorded_machine_and_one_without_the_file(tmp_path: Path) -> None:
    assert "eth0" in {each.subject for each in METER.read(recorded("container-v2"))}
    assert METER.read(tree(tmp_path, {})) == ()
