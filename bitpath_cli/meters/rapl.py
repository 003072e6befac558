"""Energy of processor packages and DRAM: the kernel's powercap zones, each joule counted once.

The zones' files are described in the kernel's Documentation/power/powercap/powercap.rst.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._number import number, words
from bitpath_cli.model.reading import Missing, absent, reported
from bitpath_cli.model.units import JOULE

POWERCAP: Final = "/sys/class/powercap"
_PER_JOULE: Final = 1_000_000
Scope = Literal["cpu_package", "cpu_cores", "uncore", "dram", "platform", "unknown"]
_SCOPES: Final[dict[str, Scope]] = {
    "core": "cpu_cores",
    "uncore": "uncore",
    "dram": "dram",
    "psys": "platform",
}
_DIE: Final = re.compile(r"(package-\d+)-die-\d+")
_PER_SOCKET: Final = ("AuthenticAMD", "HygonGenuine")


@dataclass(frozen=True, slots=True)
class Zone:
    """A powercap zone; `nested_in` and `mirror_of` name another zone's subject, or are empty.

    `counted` says whether its joules belong into a sum: they lie in no other counted zone, and no
    other counted zone shows the same counter.
    """

    path: str
    name: str
    subject: str
    scope: Scope
    mmio: bool
    nested_in: str = ""
    mirror_of: str = ""
    counted: bool = False

    @property
    def energy_path(self) -> str:
        """The counter in µJ, which since CVE-2020-8694 only root may read."""
        return f"{self.path}/energy_uj"

    @property
    def range_path(self) -> str:
        """The counter's range in µJ, after which it starts again at 0."""
        return f"{self.path}/max_energy_range_uj"


def find_zones(host: Host) -> tuple[Zone, ...] | Missing:
    """Every RAPL zone with its place among the others, or why there is none."""
    listed = host.names(POWERCAP)
    if isinstance(listed, Missing):
        return listed
    names = [name for name in listed if re.fullmatch(r"intel-rapl(-mmio)?(:\d+)+", name)]
    names.sort(key=_is_mmio)
    if not names:
        return absent(f"{POWERCAP} holds no RAPL zone")
    zones: dict[str, Zone] = {}
    for name in names:
        zone = _zone(host, name, zones.get(name.rpartition(":")[0]))
        if zone.name:
            zones[name] = zone
    if not zones:
        return absent(
            f"{POWERCAP} lists {names[0]} but its files are hidden, as container runtimes do",
            "start the container with -v /sys/devices/virtual/powercap:"
            "/sys/devices/virtual/powercap:ro",
        )
    return _counted(_joined_with_platform(_mirrored(host, tuple(zones.values()))))


def _zone(host: Host, name: str, parent: Zone | None) -> Zone:
    path = f"{POWERCAP}/{name}"
    called = words(host, f"{path}/name")
    scope = "cpu_package" if called.startswith("package") else _SCOPES.get(called, "unknown")
    # DRAM hangs below its package in /sys, and yet the package's counter leaves it out.
    inside = parent is not None and scope != "dram"
    top = f"mmio/{called}" if _is_mmio(name) else called
    return Zone(
        path=path,
        name=called,
        subject=f"{parent.subject}/{called}" if parent else top,
        scope=scope,
        mmio=_is_mmio(name),
        nested_in=parent.subject if parent and inside else "",
    )


def _is_mmio(name: str) -> bool:
    return name.startswith("intel-rapl-mmio")


def _mirrored(host: Host, zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """Marks zones that show another's counter: dies of an AMD socket, and MMIO beside MSR."""
    originals: dict[str, Zone] = {}
    mirrors: dict[str, str] = {}
    for zone in zones:
        parent = zone.subject.rpartition("/")[0]
        if zone.mmio:
            original = originals.get(zone.subject.removeprefix("mmio/"))
        elif parent in mirrors:
            original = originals.get(f"{mirrors[parent]}/{zone.name}")
        else:
            original = _same_socket(host, zone, originals)
        if original is None:
            originals[zone.subject] = zone
        else:
            mirrors[zone.subject] = original.subject
    return tuple(replace(zone, mirror_of=mirrors.get(zone.subject, "")) for zone in zones)


def _same_socket(host: Host, zone: Zone, originals: dict[str, Zone]) -> Zone | None:
    die = _DIE.fullmatch(zone.name)
    if die is None:
        return None
    for other in originals.values():
        of_other = _DIE.fullmatch(other.name)
        if of_other and of_other.group(1) == die.group(1) and _one_counter(host, other, zone):
            return other
    return None


def _one_counter(host: Host, first: Zone, second: Zone) -> bool:
    """Whether two zones read one counter: a reading of it falls between two readings of itself.

    Where the counters may not be read the maker decides: AMD's registers count per socket, whatever
    number of dies the zones' names tell.
    """
    before, between, after = (number(host, zone.energy_path) for zone in (first, second, first))
    if isinstance(before, Missing) or isinstance(between, Missing) or isinstance(after, Missing):
        return any(maker in words(host, "/proc/cpuinfo") for maker in _PER_SOCKET)
    if before <= after:
        return before <= between <= after
    return between >= before or between <= after


def _joined_with_platform(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """The platform's counter covers the packages and their DRAM."""
    platform = next((zone.subject for zone in zones if zone.scope == "platform"), "")
    return tuple(
        replace(zone, nested_in=platform) if platform and _is_part(zone) else zone for zone in zones
    )


def _counted(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """Packages and DRAM are counted; the platform, whose meaning each board chooses, only alone."""
    scopes = {"cpu_package", "dram"} if any(_is_part(zone) for zone in zones) else {"platform"}
    return tuple(
        replace(zone, counted=zone.scope in scopes and not zone.mirror_of) for zone in zones
    )


def _is_part(zone: Zone) -> bool:
    return zone.scope in {"cpu_package", "dram"} and not zone.mirror_of


def read(host: Host) -> tuple[MeterReading, ...]:
    """The counted zones' energy; a zone that cannot be read, or says 0, is left out: a gap."""
    zones = find_zones(host)
    if isinstance(zones, Missing):
        return ()
    return tuple(reading for zone in zones if zone.counted for reading in _read_zone(host, zone))


def _read_zone(host: Host, zone: Zone) -> tuple[MeterReading, ...]:
    raw, span = number(host, zone.energy_path), number(host, zone.range_path)
    # A zone that is switched off shows 0 for ever.
    if isinstance(raw, Missing) or raw <= 0:
        return ()
    return (
        MeterReading(
            name="energy",
            subject=zone.subject,
            form="counter",
            quantity=reported(raw / _PER_JOULE, JOULE, zone.energy_path),
            wraps_at=None if isinstance(span, Missing) or span <= 0 else span / _PER_JOULE,
        ),
    )


METER = Meter(summary="energy of processor packages and DRAM (RAPL)", read=read)
