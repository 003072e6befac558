"""What was read from and written to each whole disk: /proc/diskstats (admin-guide/iostats.rst)."""

from collections.abc import Collection
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import BYTE, ONE, SECOND, Unit

_SOURCE: Final = "/proc/diskstats"
# What passes through a stacked device is counted at the disks below it as well.
_NO_DISKS: Final = ("loop", "ram", "zram", "dm-", "md")
# A sector is 512 bytes here whatever the device's own block is.
_COLUMNS: Final[tuple[tuple[int, str, Unit, float, float | None], ...]] = (
    (3, "disk_reads", ONE, 1, None),
    (5, "disk_read", BYTE, 512, None),
    (7, "disk_writes", ONE, 1, None),
    (9, "disk_written", BYTE, 512, None),
    # The kernel keeps this one in 32 bits of milliseconds.
    (12, "disk_busy_time", SECOND, 1e-3, 2**32 * 1e-3),
)


def read(host: Host) -> tuple[MeterReading, ...]:
    """Whole disks, not their partitions; inside a container they are the host's."""
    table = host.read_text(_SOURCE)
    names = host.names("/sys/block")
    if isinstance(table, Missing) or isinstance(names, Missing):
        return ()
    return parse_diskstats(table, {each for each in names if not each.startswith(_NO_DISKS)})


def parse_diskstats(table: str, disks: Collection[str]) -> tuple[MeterReading, ...]:
    """Counters per device; a device that was never used has a line all the same."""
    readings = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 14 or fields[2] not in disks:
            continue
        for column, name, unit, factor, wraps_at in _COLUMNS:
            value = reported(int(fields[column]) * factor, unit, _SOURCE)
            readings.append(MeterReading(name, fields[2], "counter", value, wraps_at))
    return tuple(readings)


METER = Meter(summary="bytes and operations per disk", read=read)
