"""Time that tasks waited for CPU, memory or I/O (the kernel's accounting/psi.rst)."""

import re
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._cgroup import find_groups
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import SECOND

RESOURCES: Final = ("cpu", "memory", "io")
_LINE: Final = re.compile(r"^(some|full) .*\btotal=(\d+)", re.MULTILINE)
_LIMIT: Final = 512


def read(host: Host) -> tuple[MeterReading, ...]:
    """The whole host's pressure, and that of the own group of version 2."""
    readings = [*_read(host, "/proc/pressure/{}", "host")]
    # Version 1 knows no pressure of a group.
    groups = find_groups(host, "")
    if groups is not None:
        readings += _read(host, groups.folders[0] + "/{}.pressure", "cgroup")
    return tuple(readings)


def parse_pressure(text: str, resource: str, subject: str, source: str) -> list[MeterReading]:
    """`some` is time in which a task waited, `full` time in which all did; totals are in µs.

    The host's `full` of the CPU has no meaning and is always 0, so it is left out.
    """
    readings = []
    for kind, total in _LINE.findall(text):
        if (kind, resource, subject) == ("full", "cpu", "host"):
            continue
        name = f"{resource}_pressure_time" if kind == "some" else f"{resource}_full_pressure_time"
        value = reported(int(total) * 1e-6, SECOND, f"{source} {kind} total")
        readings.append(MeterReading(name, subject, "counter", value))
    return readings


def _read(host: Host, pattern: str, subject: str) -> list[MeterReading]:
    readings = []
    for resource in RESOURCES:
        path = pattern.format(resource)
        found = host.read_text(path, _LIMIT)
        if not isinstance(found, Missing):
            readings += parse_pressure(found, resource, subject, path)
    return readings


METER = Meter(summary="pressure: time that tasks waited for CPU, memory and I/O", read=read)
