"""Room on the filesystems of local disks: statvfs(3) for what /proc/self/mountinfo lists."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import BYTE

# Each is asked in its own thread, and a machine can have hundreds of mounts.
_MOST: Final = 16
_READ_ONLY_IMAGES: Final = frozenset({"squashfs", "erofs", "iso9660"})


def read(host: Host) -> tuple[MeterReading, ...]:
    """Size and what this user may still write; network filesystems may hang and are not asked."""
    told = host.read_text(f"/proc/{host.outside.process_id()}/mountinfo")
    readings: list[MeterReading] = []
    for place in () if isinstance(told, Missing) else parse_mounts(told)[:_MOST]:
        space = host.outside.space(place)
        if isinstance(space, Missing) or space.total_bytes <= 0:
            continue
        for name, size in (
            ("filesystem_size", space.total_bytes),
            ("filesystem_available", space.available_bytes),
        ):
            value = reported(size, BYTE, f"statvfs {place}")
            readings.append(MeterReading(name, place, "gauge", value))
    return tuple(readings)


def parse_mounts(mountinfo: str) -> tuple[str, ...]:
    """Where each block device is mounted first; a later mount of the same device shows the same.

    The device is told by its numbers, since containers see files bound from the same disk. An
    overlay has the room of the disk that its upper layer is on.
    """
    places: dict[str, str] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, origin = left.split(), right.split()
        if len(fields) < 6 or len(origin) < 2 or fields[2] in places:
            continue
        on_disk = origin[1].startswith("/dev/") and origin[0] not in _READ_ONLY_IMAGES
        if not on_disk and origin[0] != "overlay":
            continue
        places[fields[2]] = fields[4].encode().decode("unicode_escape")
    return tuple(places.values())


METER = Meter(summary="room on local filesystems", read=read)
