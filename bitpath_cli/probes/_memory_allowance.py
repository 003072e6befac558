"""How much memory this process may use: the host's, and the least limit of its control groups.

Read from /proc/meminfo and the cgroup files memory.max, memory.high, memory.limit_in_bytes,
memory.stat and the groups' usage.
"""

from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import (
    ONE_SIGMA,
    Fact,
    Method,
    Missing,
    Origin,
    Quantity,
    Reason,
    absent,
    derived,
    fact,
    reported,
)
from bitpath_cli.model.units import BYTE
from bitpath_cli.probes import _cgroup, _sysfs
from bitpath_cli.probes._meminfo import meminfo, size

# Beyond memory.high the kernel reclaims and delays so hard that it is a limit in all but name.
_LIMITS: Final = {2: ("memory.max", "memory.high"), 1: ("memory.limit_in_bytes",)}
_USAGE: Final = {2: "memory.current", 1: "memory.usage_in_bytes"}
_RECLAIMABLE: Final = {2: "inactive_file", 1: "total_inactive_file"}
_PAGE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class MemoryAllowance:
    """`source` names what binds: host or cgroup, and where that is read."""

    host: Quantity | Missing
    limit: Quantity | Missing
    used: Quantity | Missing
    effective: Quantity | Missing
    available: Quantity | Missing
    source: Fact | Missing


def memory_allowance(host: Host) -> MemoryAllowance:
    """Everything that bounds this process's memory."""
    fields = meminfo(host)
    total, free = size(fields, "MemTotal"), size(fields, "MemAvailable")
    groups = _cgroup.chain(host, "memory")
    if isinstance(groups, Missing):
        hidden = None if groups.reason is Reason.ABSENT else groups
        effective, source = _binding(total, groups, hidden)
        return MemoryAllowance(total, groups, groups, effective, free, source)
    least = _tightest(host, groups)
    limit: Quantity | Missing = (
        reported(least.value, BYTE, least.source)
        if least.value is not None
        else least.unknown
        or absent(f"no group from {groups.path} up to {groups.folders[-1]} limits memory")
    )
    used = _sysfs.quantity(host, f"{least.folder}/{_USAGE[groups.version]}", BYTE)
    effective, source = _binding(total, limit, least.unknown)
    return MemoryAllowance(
        total, limit, used, effective, _available(host, groups, least, free), source
    )


def _tightest(host: Host, groups: _cgroup.Chain) -> _cgroup.Least:
    """The walk's least; version 1 also tells the least of ancestors that the mount hides."""
    found = _cgroup.least(host, groups, _LIMITS[groups.version], _cgroup.read_limit)
    if groups.version == 2:
        return found
    path = f"{groups.folders[0]}/memory.stat"
    counters = _cgroup.read_counters(host, path)
    name = "hierarchical_memory_limit"
    if isinstance(counters, Missing) or counters.get(name, _cgroup.NO_LIMIT) >= _cgroup.NO_LIMIT:
        return found
    if found.value is not None and found.value <= counters[name]:
        return found
    return _cgroup.Least(counters[name], f"{path} {name}", groups.folders[0], found.unknown)


def _binding(
    total: Quantity | Missing, limit: Quantity | Missing, hidden: Missing | None
) -> tuple[Quantity | Missing, Fact | Missing]:
    """The lesser of host and limit; a hidden limit makes it an upper bound, and assumed."""
    if isinstance(total, Missing) and isinstance(limit, Missing):
        return total, total
    known = [each for each in (total, limit) if isinstance(each, Quantity)]
    least = min(known, key=lambda each: each.value)
    source = fact("host" if least is total else "cgroup", least.origin.source)
    rule = f"min(host, cgroups): {least.origin.source}"
    if hidden is None:
        return derived(least.value, BYTE, rule), source
    words = f"{rule}; a limit may be hidden ({hidden.detail})"
    return Quantity(
        value=least.value, unit=BYTE, origin=Origin(method=Method.ASSUMED, source=words),
        low=min(_PAGE_BYTES, least.value), high=least.value, level=ONE_SIGMA,
    ), source  # fmt: skip


def _available(
    host: Host, groups: _cgroup.Chain, least: _cgroup.Least, free: Quantity | Missing
) -> Quantity | Missing:
    """The least of what the host has left and what every limited group has left.

    A group's page cache on the inactive list is reclaimed before anything fails, so it counts.
    """
    rooms = [] if isinstance(free, Missing) else [(free.value, "MemAvailable")]
    for folder in groups.folders:
        limit = _group_limit(host, groups, folder, least)
        used = _sysfs.integer(host, f"{folder}/{_USAGE[groups.version]}")
        if limit is None or isinstance(used, Missing):
            continue
        counters = _cgroup.read_counters(host, f"{folder}/memory.stat")
        cache = (
            0 if isinstance(counters, Missing) else counters.get(_RECLAIMABLE[groups.version], 0)
        )
        rooms.append((max(0.0, limit - used + cache), f"limit - usage + inactive file of {folder}"))
    if not rooms:
        return free
    room, rule = min(rooms)
    return derived(room, BYTE, rule)


def _group_limit(
    host: Host, groups: _cgroup.Chain, folder: str, least: _cgroup.Least
) -> float | None:
    """One group's own limit, or the tightest that memory.stat told of it."""
    found = [_cgroup.read_limit(host, f"{folder}/{file}") for file in _LIMITS[groups.version]]
    known = [each for each in found if each is not None and not isinstance(each, Missing)]
    if folder == least.folder and least.value is not None:
        known.append(least.value)
    return min(known, default=None)
