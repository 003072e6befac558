"""Packets of each network interface, and those that were lost there: /proc/net/dev, proc(5)."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import ONE

_SOURCE: Final = "/proc/net/dev"
_COLUMNS: Final = {
    "network_packets_received": 1, "network_receive_errors": 2, "network_receive_drops": 3,
    "network_packets_sent": 9, "network_send_errors": 10, "network_send_drops": 11,
}  # fmt: skip


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
        if not colon or len(fields) < 16 or not fields[0].isdigit():
            continue
        for label, column in _COLUMNS.items():
            value = reported(int(fields[column]), ONE, _SOURCE)
            readings.append(MeterReading(label, name.strip(), "counter", value))
    return tuple(readings)


METER = Meter(summary="packets, errors and drops per network interface", read=read)
