"""TCP segments that were sent, and sent again: /proc/net/snmp (the counters of RFC 4022)."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import ONE

_SOURCE: Final = "/proc/net/snmp"
_NAMES: Final = {"OutSegs": "tcp_segments_sent", "RetransSegs": "tcp_segments_resent"}


def read(host: Host) -> tuple[MeterReading, ...]:
    """Of this process's network namespace, all interfaces together, loopback among them."""
    found = host.read_text(_SOURCE, 1 << 14)
    return () if isinstance(found, Missing) else parse_snmp(found)


def parse_snmp(text: str) -> tuple[MeterReading, ...]:
    """A line of names and one of numbers, both beginning with `Tcp:`."""
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith("Tcp:")]
    if len(lines) != 2:
        return ()
    return tuple(
        MeterReading(_NAMES[key], "host", "counter", reported(int(count), ONE, _SOURCE))
        for key, count in zip(*lines, strict=False)
        if key in _NAMES and count.isdigit()
    )


METER = Meter(summary="TCP segments sent and sent again", read=read)
