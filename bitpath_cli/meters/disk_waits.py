"""How long reads and writes of each whole disk took: /proc/diskstats (admin-guide/iostats.rst)."""

from collections.abc import Collection
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import SECOND

_SOURCE: Final = "/proc/diskstats"
# What passes through a stacked device is counted at the disks below it as well.
_NO_DISKS: Final = ("loop", "ram", "zram", "dm-", "md")
_COLUMNS: Final = {6: "disk_read_time", 10: "disk_write_time", 13: "disk_queue_time"}
_WRAPS_AT_SECONDS: Final = 2**32 * 1e-3


def read(host: Host) -> tuple[MeterReading, ...]:
    """Summed over requests, so that time grows faster than the clock where they overlap."""
    table = host.read_text(_SOURCE)
    names = host.names("/sys/block")
    if isinstance(table, Missing) or isinstance(names, Missing):
        return ()
    return parse_diskstats(table, {each for each in names if not each.startswith(_NO_DISKS)})


def parse_diskstats(table: str, disks: Collection[str]) -> tuple[MeterReading, ...]:
    """Columns in milliseconds, which the kernel keeps in 32 bits."""
    readings = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 14 or fields[2] not in disks:
            continue
        for column, name in _COLUMNS.items():
            value = reported(int(fields[column]) * 1e-3, SECOND, _SOURCE)
            readings.append(MeterReading(name, fields[2], "counter", value, _WRAPS_AT_SECONDS))
    return tuple(readings)


METER = Meter(summary="time that requests to each disk took", read=read)
