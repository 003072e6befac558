"""What the kernel did for want of memory: /proc/vmstat (the kernel's vm_event_item.h)."""

import mmap
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import BYTE, ONE, Unit

_SOURCE: Final = "/proc/vmstat"
_LINES: Final[dict[str, tuple[str, Unit, int]]] = {
    "pgmajfault": ("major_faults", ONE, 1),
    "pswpin": ("swapped_in", BYTE, mmap.PAGESIZE),
    "pswpout": ("swapped_out", BYTE, mmap.PAGESIZE),
    "oom_kill": ("oom_kills", ONE, 1),
}


def read(host: Host) -> tuple[MeterReading, ...]:
    """Counters of the whole host since it was started."""
    found = host.read_text(_SOURCE, 1 << 16)
    return () if isinstance(found, Missing) else parse_vmstat(found)


def parse_vmstat(text: str) -> tuple[MeterReading, ...]:
    """Lines `name number`; old kernels do not count kills."""
    readings = []
    for line in text.splitlines():
        key, _, count = line.partition(" ")
        if key in _LINES and count.isdigit():
            name, unit, size = _LINES[key]
            value = reported(int(count) * size, unit, _SOURCE)
            readings.append(MeterReading(name, "host", "counter", value))
    return tuple(readings)


METER = Meter(summary="page faults from disk, swapping, and kills for want of memory", read=read)
