"""How much of an array lies in huge pages, and on which NUMA node: smaps and numa_maps, proc(5)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Reading, derived, unsupported
from bitpath_cli.model.units import ONE

HUGE_BYTES: Final = 2 << 20
"""Below this an array cannot have a huge page of its own on any processor of today."""

_POLICY: Final = "/sys/kernel/mm/transparent_hugepage/enabled"
_LIMIT: Final = 16 << 20
_MAPPING: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) ", re.M)
_FIELD: Final = re.compile(r"(Rss|AnonHugePages|Private_Hugetlb): +(\d+) kB")
_ON_NODE: Final = re.compile(r" N(\d+)=(\d+)")


@dataclass(frozen=True, slots=True)
class Extent:
    """Where an array lies in this process."""

    address: int
    size_bytes: int


def find_policy(host: Host) -> str:
    """The kernel's policy for transparent huge pages, which torch asks for where it is madvise."""
    told = host.read_text(_POLICY)
    chosen = None if isinstance(told, Missing) else re.search(r"\[(\w+)\]", told)
    return chosen[1] if chosen else "unknown"


def find_share(host: Host, extents: Sequence[Extent]) -> Reading:
    """Of the resident bytes of the arrays' mappings, the share in huge pages."""
    text = host.read_text("/proc/self/smaps", _LIMIT)
    return text if isinstance(text, Missing) else parse_share(text, extents)


def parse_share(smaps: str, extents: Sequence[Extent]) -> Reading:
    """The same from the text of smaps."""
    resident = huge = 0
    for begin, end, lines in _mappings(smaps):
        if any(each.address < end and begin < each.address + each.size_bytes for each in extents):
            told = {name: int(kib) for name, kib in _FIELD.findall(lines)}
            resident += told.get("Rss", 0)
            huge += told.get("AnonHugePages", 0) + told.get("Private_Hugetlb", 0)
    if resident == 0:
        return unsupported("/proc/self/smaps tells of no resident page of the arrays")
    return derived(huge / resident, ONE, "/proc/self/smaps: AnonHugePages of Rss")


def parse_node_share(numa_maps: str, extents: Sequence[Extent], node: int) -> float | None:
    """Of the arrays' pages, the share on a node; None where numa_maps does not tell."""
    lines = sorted(
        (int(line.split(" ", 1)[0], 16), line) for line in numa_maps.splitlines() if " " in line
    )
    # A mapping begins where its line says and ends somewhere before the next.
    chosen = {
        max(before)[1]
        for each in extents
        if (before := [one for one in lines if one[0] <= each.address])
    }
    pages = [(int(at), int(count)) for line in chosen for at, count in _ON_NODE.findall(line)]
    whole = sum(count for _, count in pages)
    return sum(count for at, count in pages if at == node) / whole if whole else None


def _mappings(smaps: str) -> Iterator[tuple[int, int, str]]:
    """First address, the address after the last, and the lines of every mapping."""
    heads = list(_MAPPING.finditer(smaps))
    for head, following in zip_longest(heads, heads[1:]):
        end = len(smaps) if following is None else following.start()
        yield int(head[1], 16), int(head[2], 16), smaps[head.end() : end]
