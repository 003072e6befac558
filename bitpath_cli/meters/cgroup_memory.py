"""Memory of this process's own control group and its limit (the kernel's cgroup-v2.rst and v1)."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._cgroup import Groups, find_groups
from bitpath_cli.meters._number import number
from bitpath_cli.model.reading import Missing, derived, reported
from bitpath_cli.model.units import BYTE, ONE

# Version 1 writes "no limit" as the largest multiple of a page below 2**63.
_NO_LIMIT: Final = 1 << 62
_FILES: Final = {
    1: ("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"),
    2: ("memory.current", "memory.max", "inactive_file"),
}


def read(host: Host) -> tuple[MeterReading, ...]:
    """What is used without what the kernel can drop at once, the limit that binds, and kills."""
    groups = find_groups(host, "memory")
    if groups is None:
        return ()
    return (*_used(host, groups), *_limit(host, groups), *_kills(host, groups))


def parse_stat(text: str) -> dict[str, int]:
    """The lines `name number`."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _used(host: Host, groups: Groups) -> tuple[MeterReading, ...]:
    usage, _, droppable = _FILES[groups.version]
    path = f"{groups.folders[0]}/{usage}"
    used = number(host, path)
    told = host.read_text(f"{groups.folders[0]}/memory.stat", 1 << 14)
    if isinstance(used, Missing) or isinstance(told, Missing):
        return ()
    size = max(0, used - parse_stat(told).get(droppable, 0))
    value = derived(size, BYTE, f"{path} − {droppable}")
    return (MeterReading("group_memory_used", "cgroup", "gauge", value),)


def _limit(host: Host, groups: Groups) -> tuple[MeterReading, ...]:
    """The least limit of the own group and those above it; nothing where none is set."""
    limits = {}
    for folder in groups.folders:
        path = f"{folder}/{_FILES[groups.version][1]}"
        found = number(host, path)
        if not isinstance(found, Missing) and 0 < found < _NO_LIMIT:
            limits[path] = found
    if not limits:
        return ()
    path = min(limits, key=lambda each: limits[each])
    value = reported(limits[path], BYTE, path)
    return (MeterReading("group_memory_limit", "cgroup", "gauge", value),)


def _kills(host: Host, groups: Groups) -> tuple[MeterReading, ...]:
    name = "memory.events" if groups.version == 2 else "memory.oom_control"
    path = f"{groups.folders[0]}/{name}"
    told = host.read_text(path, 4096)
    count = None if isinstance(told, Missing) else parse_stat(told).get("oom_kill")
    if count is None:
        return ()
    return (MeterReading("group_oom_kills", "cgroup", "counter", reported(count, ONE, path)),)


METER = Meter(summary="memory of the own cgroup, its limit, and kills in it", read=read)
