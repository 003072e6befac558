"""The host's memory and swap at this instant: /proc/meminfo, proc(5)."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import BYTE

_SOURCE: Final = "/proc/meminfo"
_KIB: Final = 1024


def read(host: Host) -> tuple[MeterReading, ...]:
    """Inside a container these are the host's, whatever the container may use."""
    found = host.read_text(_SOURCE, 4096)
    return () if isinstance(found, Missing) else parse_meminfo(found)


def parse_meminfo(text: str) -> tuple[MeterReading, ...]:
    """Lines `Name: number kB`; a host without swap has no swap rather than 0 of 0 used."""
    sizes: dict[str, int] = {}
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        if len(words) == 3 and words[1].isdigit():
            sizes[words[0]] = int(words[1]) * _KIB
    values = {
        "memory_total": sizes.get("MemTotal"),
        "memory_available": sizes.get("MemAvailable"),
    }
    if sizes.get("SwapTotal") and "SwapFree" in sizes:
        values["swap_total"] = sizes["SwapTotal"]
        values["swap_used"] = sizes["SwapTotal"] - sizes["SwapFree"]
    return tuple(
        MeterReading(name, "host", "gauge", reported(size, BYTE, _SOURCE))
        for name, size in values.items()
        if size is not None
    )


METER = Meter(summary="memory and swap of the host", read=read)
