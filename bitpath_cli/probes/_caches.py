"""Caches, each shared instance counted once; virtual machines make the sharing up.

Read from /sys/devices/system/cpu/cpu*/cache; the kernel's Documentation/ABI explains it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.model.components.cpu import Cache
from bitpath_cli.model.reading import Missing, Quantity, absent, derived, reported
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.probes import _sysfs
from bitpath_cli.probes._topology import FOLDER

_Type = Literal["data", "instruction", "unified"]
_TYPES: Final[dict[str, _Type]] = {
    "Data": "data", "Instruction": "instruction", "Unified": "unified",
}  # fmt: skip
_SOURCE: Final = "cpu*/cache/index*, unique shared_cpu_list"


@dataclass(frozen=True, slots=True)
class _Instance:
    level: int
    type: _Type
    size_bytes: int
    shared_by: tuple[int, ...]


def caches(host: Host, cpus: tuple[int, ...] | Missing) -> tuple[Cache, ...]:
    """Levels and types in order; hybrid processors give one entry for each size."""
    if isinstance(cpus, Missing):
        return ()
    alike = Counter((each.level, each.type, each.size_bytes) for each in _instances(host, cpus))
    return tuple(
        Cache(
            level=level,
            type=type_,
            size=reported(size_bytes, BYTE, "cpu*/cache/index*/size"),
            instances=derived(count, ONE, _SOURCE),
            total=derived(size_bytes * count, BYTE, _SOURCE),
        )
        for (level, type_, size_bytes), count in sorted(alike.items())
    )


def last_level(found: tuple[Cache, ...]) -> Quantity | Missing:
    """All caches of the highest level together."""
    if not found:
        return absent(f"{FOLDER}/cpu*/cache describes no cache")
    level = max(each.level for each in found)
    totals = [each.total for each in found if each.level == level and each.type != "instruction"]
    known = sum(each.value for each in totals if isinstance(each, Quantity))
    return derived(known, BYTE, f"L{level}: {_SOURCE}")


def _instances(host: Host, cpus: tuple[int, ...]) -> set[_Instance]:
    """Every instance; a CPU's index is read unless a like CPU's list has told of it already.

    Cores with another number of caches count as unlike, for their numbers mean other levels.
    """
    found: set[_Instance] = set()
    covered: dict[tuple[int, str], set[int]] = {}
    for cpu in cpus:
        folder = f"{FOLDER}/cpu{cpu}/cache"
        paths = host.matching(folder, "index*")
        for path in paths:
            told = covered.setdefault((len(paths), path.rpartition("/")[2]), set())
            if cpu in told:
                continue
            instance = _instance(host, path)
            if instance is not None:
                found.add(instance)
                told.update(instance.shared_by)
    return found


def _instance(host: Host, folder: str) -> _Instance | None:
    """One folder; None where it leaves out what describes a cache, as ARM firmware may."""
    level = _sysfs.integer(host, f"{folder}/level")
    type_, size = host.read_text(f"{folder}/type"), host.read_text(f"{folder}/size")
    shared_by = _sysfs.cpulist(host, f"{folder}/shared_cpu_list")
    if isinstance(level, Missing) or isinstance(type_, Missing):
        return None
    if isinstance(size, Missing) or isinstance(shared_by, Missing) or type_ not in _TYPES:
        return None
    try:
        return _Instance(level, _TYPES[type_], _sysfs.parse_size(size), shared_by)
    except ValueError:
        return None
