from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters.tcp_segments import METER, parse_snmp
from tests.tree import tree

TEXT = """\
Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn InSegs OutSegs RetransSegs InErrs
Tcp: 1 -1 500 400 8 0
Udp: InDatagrams
Udp: 3"""


def test_numbers_stand_below_their_names() -> None:
    assert {each.name: each.quantity.value for each in parse_snmp(TEXT)} == {
        "tcp_segments_sent": 400, "tcp_segments_resent": 8,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "Tcp: OutSegs", "Tcp: OutSegs\nTcp:", "Tcp: OutSegs\nTcp: x"])
def test_half_a_table_gives_nothing(text: str) -> None:
    assert parse_snmp(text) == ()


def test_this_machine_and_one_without_the_file(tmp_path: Path) -> None:
    assert len(METER.read(Host())) == 2
    assert METER.read(tree(tmp_path, {})) == ()
