"""What one end of the flows has seen until now: bytes, processor time, its kernel's own account."""

import time
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, FiniteFloat

from bitpath_cli.benchmarks._tcp_info import TcpInfo
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.record import Record

# The kernel's unit towards programs, proc(5), and the fields irq and softirq of a `cpu` line.
_TICK_SECONDS: Final = 0.01
_INTERRUPTS: Final = slice(6, 8)

Interrupts = Annotated[tuple[FiniteFloat, ...], Field(max_length=4096)]


class Look(Record):
    """Totals since the beginning; None where the kernel does not tell.

    `interrupts` are the seconds of every processor in interrupts, where the kernel receives.
    `sent_bytes`, `busy_seconds` and `limited_seconds` are sums over the connections that send.
    """

    at_seconds: FiniteFloat
    cpu_seconds: FiniteFloat
    interrupts: Interrupts
    received_bytes: int
    is_wrong: bool
    sent_bytes: FiniteFloat | None
    retransmitted_bytes: FiniteFloat | None
    busy_seconds: FiniteFloat | None
    limited_seconds: FiniteFloat | None
    mss: FiniteFloat | None
    mtu: FiniteFloat | None
    round_trip_seconds: FiniteFloat | None

    def busiest_interrupts(self, since: "Look") -> float:
        """Seconds in interrupts of the processor that had most of them since another look."""
        both = zip(self.interrupts, since.interrupts, strict=False)
        return max((now - then for now, then in both), default=0.0)


def look(host: Host, received_bytes: int, is_wrong: bool, connections: Sequence[TcpInfo]) -> Look:
    """This process's end now; `connections` are those that it sends on."""
    # All connections take the same way, so that one tells for all.
    first = connections[0] if connections else None
    return Look(
        at_seconds=monotonic(), cpu_seconds=time.process_time(), interrupts=_interrupts(host),
        received_bytes=received_bytes, is_wrong=is_wrong,
        sent_bytes=_sum(connections, "sent_bytes"),
        retransmitted_bytes=_sum(connections, "retransmitted_bytes"),
        busy_seconds=_sum(connections, "busy_seconds"),
        limited_seconds=_sum(connections, "limited_seconds"),
        mss=first and first.mss, mtu=first and first.mtu,
        round_trip_seconds=first and first.round_trip_seconds,
    )  # fmt: skip


def _sum(connections: Sequence[TcpInfo], name: str) -> float | None:
    values = [getattr(each, name) for each in connections]
    return None if not values or None in values else float(sum(values))


def _interrupts(host: Host) -> tuple[float, ...]:
    told = host.read_text("/proc/stat")
    lines = [] if isinstance(told, Missing) else told.splitlines()
    return tuple(
        sum(int(each) for each in line.split()[_INTERRUPTS]) * _TICK_SECONDS
        for line in lines
        if line.startswith("cpu") and not line.startswith("cpu ")
    )
