"""Main memory, from /proc/meminfo, /sys/kernel/mm, /sys/devices/system/node, EDAC and DMI."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.memory import HugePagePool, Memory, NumaNode
from bitpath_cli.model.reading import Fact, Missing, Quantity, derived, fact, failed, reported
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.probes import Probe, Question, _sysfs
from bitpath_cli.probes._meminfo import PATH, meminfo, size
from bitpath_cli.probes._modules import modules
from bitpath_cli.probes._pressure import pressure
from bitpath_cli.probes._topology import NODES
from bitpath_cli.probes._virtualisation import is_virtual

_POOLS: Final = "/sys/kernel/mm/hugepages"
_HUGE: Final = "/sys/kernel/mm/transparent_hugepage/enabled"
# The kernel counts the same pages in both files; more than this apart, one of them is wrong.
_AGREEMENT: Final = 0.01

Sizes = tuple[Quantity | Missing, Quantity | Missing]


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """One component for all memory together."""
    fields = meminfo(host)
    fitted = modules(host, is_virtual(host))
    memory = Memory(
        name="main memory",
        total=size(fields, "MemTotal"),
        available=size(fields, "MemAvailable"),
        cached=size(fields, "Cached"),
        swap_total=size(fields, "SwapTotal"),
        swap_used=_swap_used(fields),
        transparent_huge_pages=_sysfs.chosen(host, _HUGE),
        huge_page_pools=_pools(host),
        modules=fitted.count,
        module_type=fitted.type,
        module_speed=fitted.speed,
        channels_bandwidth=fitted.bandwidth,
        ecc=fitted.ecc,
        corrected_errors=fitted.corrected,
        uncorrected_errors=fitted.uncorrected,
        pressure=pressure(host, "memory"),
        nodes=_nodes(host, fields),
    )
    return (memory,)


def _swap_used(fields: Mapping[str, int] | Missing) -> Quantity | Missing:
    total, free = size(fields, "SwapTotal"), size(fields, "SwapFree")
    if isinstance(total, Missing):
        return total
    if isinstance(free, Missing):
        return free
    return derived(total.value - free.value, BYTE, f"{PATH} SwapTotal - SwapFree")


def _pools(host: Host) -> tuple[HugePagePool, ...]:
    found = []
    for folder in host.matching(_POOLS, "hugepages-*kB"):
        kibibytes = folder.rpartition("-")[2].removesuffix("kB")
        if kibibytes.isdigit():
            found.append(
                HugePagePool(
                    page_size=reported(int(kibibytes) * 1024, BYTE, folder),
                    total=_sysfs.quantity(host, f"{folder}/nr_hugepages"),
                    free=_sysfs.quantity(host, f"{folder}/free_hugepages"),
                )
            )
    return tuple(found)


def _nodes(host: Host, fields: Mapping[str, int] | Missing) -> tuple[NumaNode, ...]:
    indices = _sysfs.cpulist(host, f"{NODES}/online")
    if isinstance(indices, Missing):
        return ()
    told = tuple(_told(host, index) for index in indices)
    kept = reconcile(told, (size(fields, "MemTotal"), size(fields, "MemFree")))
    return tuple(_node(host, index, *sizes) for index, sizes in zip(indices, kept, strict=True))


def reconcile(told: tuple[Sizes, ...], whole: Sizes) -> tuple[Sizes, ...]:
    """The nodes' total and free where they add up to the whole; otherwise what can still be said.

    A kernel that brings memory in late counts it in the whole and not in its node. A single node
    then has all of it; of several, none can be believed.
    """
    known = [total.value for total, _ in told if isinstance(total, Quantity)]
    total, free = whole
    if isinstance(total, Missing) or len(known) < len(told) or not known:
        return told
    if abs(sum(known) - total.value) <= _AGREEMENT * total.value:
        return told
    words = f"the nodes' MemTotal adds up to {sum(known):.0f} B, {PATH} says {total.value:.0f} B"
    if len(known) > 1:
        return ((failed(words), failed(words)),) * len(told)
    rule = f"{PATH}, for this is the only node; {words}"
    return ((derived(total.value, BYTE, rule), _replaced(free, rule)),)


def _replaced(free: Quantity | Missing, rule: str) -> Quantity | Missing:
    return free if isinstance(free, Missing) else derived(free.value, BYTE, rule)


def _told(host: Host, index: int) -> Sizes:
    path = f"{NODES}/node{index}/meminfo"
    fields = meminfo(host, path)
    return size(fields, "MemTotal", path), size(fields, "MemFree", path)


def _node(host: Host, index: int, total: Quantity | Missing, free: Quantity | Missing) -> NumaNode:
    folder = f"{NODES}/node{index}"
    cpus = _sysfs.cpulist(host, f"{folder}/cpulist")
    counted = cpus if isinstance(cpus, Missing) else reported(len(cpus), ONE, f"{folder}/cpulist")
    return NumaNode(
        index=index,
        total=total,
        free=free,
        cpus=counted,
        has_cpus=not isinstance(cpus, Missing) and bool(cpus),
        distances=_distances(host, f"{folder}/distance"),
    )


def _distances(host: Host, path: str) -> Fact | Missing:
    """Relative distances to all nodes in order, 10 being the node itself."""
    found = _sysfs.text(host, path)
    return found if isinstance(found, Missing) else fact(tuple(found.split()), path)


PROBE = Probe(summary="main memory: size, huge pages, swap, modules, NUMA nodes", find=find)
