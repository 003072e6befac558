"""NUMA nodes with processors that we may use, from /sys/devices/system/node, and staying on one."""

import contextlib
import os
from collections.abc import Iterator
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing

_FOLDER: Final = "/sys/devices/system/node"


def find_nodes(host: Host) -> dict[int, tuple[int, ...]]:
    """Processors by node, as far as we may run on them; nodes without any are left out."""
    allowed = set(host.outside.affinity())
    found: dict[int, tuple[int, ...]] = {}
    for path in host.matching(_FOLDER, "node[0-9]*"):
        told = host.read_text(f"{path}/cpulist")
        cpus = () if isinstance(told, Missing) else _parse(told)
        if usable := tuple(each for each in cpus if each in allowed):
            found[int(path.rpartition("node")[2])] = usable
    return found


@contextlib.contextmanager
def staying_on(cpus: tuple[int, ...]) -> Iterator[None]:
    """This thread, and those that it starts meanwhile, run on these processors alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _parse(cpulist: str) -> tuple[int, ...]:
    """`0-3,8` as numbers; an empty list is a node of memory alone."""
    found: list[int] = []
    for part in filter(None, cpulist.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)
