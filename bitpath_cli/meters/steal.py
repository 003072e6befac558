"""Time that a hypervisor took from this machine, and time that it was busy: /proc/stat, proc(5)."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import SECOND

# The kernel's unit towards programs is 1/100 s on every architecture that torch runs on.
TICK_SECONDS: Final = 0.01
_BUSY: Final = (0, 1, 2, 5, 6)
_STEAL: Final = 7


def read(host: Host) -> tuple[MeterReading, ...]:
    """The first line of /proc/stat, which sums all processors; it comes before long lists."""
    found = host.read_text("/proc/stat", 512)
    return () if isinstance(found, Missing) else parse_stat(found)


def parse_stat(text: str) -> tuple[MeterReading, ...]:
    """Steal, and busy without it: user, nice, system and interrupts; guests are within user."""
    words = text.partition("\n")[0].split()
    if len(words) <= _STEAL + 1 or words[0] != "cpu":
        return ()
    if not all(word.isdigit() for word in words[1:]):
        return ()
    ticks = [int(word) for word in words[1:]]
    seconds = {
        "steal_time": ticks[_STEAL] * TICK_SECONDS,
        "busy_time": sum(ticks[index] for index in _BUSY) * TICK_SECONDS,
    }
    return tuple(
        MeterReading(name, "host", "counter", reported(value, SECOND, "/proc/stat"))
        for name, value in seconds.items()
    )


METER = Meter(summary="CPU time that was stolen by the hypervisor, and CPU time used", read=read)
