"""What each network interface received and sent: /proc/net/dev, proc(5).

RDMA bypasses these counters.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import BYTE

_SOURCE: Final = "/proc/net/dev"
_SENT_COLUMN: Final = 8


def read(host: Host) -> tuple[MeterReading, ...]:
    """The interfaces of this process's network namespace."""
    table = host.read_text(_SOURCE)
    return () if isinstance(table, Missing) else parse_dev(table)


def parse_dev(table: str) -> tuple[MeterReading, ...]:
    """Lines `name: 8 columns received, 8 columns sent`; a name may touch its first number."""
    readings = []
    for line in table.splitlines():
        name, colon, rest = line.rpartition(":")
        fields = rest.split()
        if not colon or len(fields) <= _SENT_COLUMN or not fields[0].isdigit():
            continue
        for label, column in (("network_received", 0), ("network_sent", _SENT_COLUMN)):
            value = reported(int(fields[column]), BYTE, _SOURCE)
            readings.append(MeterReading(label, name.strip(), "counter", value))
    return tuple(readings)


METER = Meter(summary="bytes per network interface", read=read)
