"""Which logical CPUs share a core, a die, a package, a kind or a NUMA node.

Read from /sys/devices/system/cpu and /node; the kernel's admin-guide/cputopology.rst explains it.
"""

from collections import defaultdict
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.components.cpu import CoreGroup
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    absent,
    derived,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE
from bitpath_cli.probes import _sysfs

FOLDER: Final = "/sys/devices/system/cpu"
NODES: Final = "/sys/devices/system/node"
# The second name of each is what kernels before 5.3 call it.
CORE: Final = ("core_cpus_list", "thread_siblings_list")
DIE: Final = ("die_cpus_list",)
PACKAGE: Final = ("package_cpus_list", "core_siblings_list")
_KINDS: Final = (
    ("performance", "/sys/devices/cpu_core/cpus"),
    ("efficiency", "/sys/devices/cpu_atom/cpus"),
    ("low power", "/sys/devices/cpu_lowpower/cpus"),
)

Groups = tuple[tuple[int, ...], ...]


def online_cpus(host: Host) -> tuple[int, ...] | Missing:
    """The logical CPUs that run."""
    found = _sysfs.cpulist(host, f"{FOLDER}/online")
    if isinstance(found, Missing):
        return found
    return found or unsupported(f"{FOLDER}/online is empty")


def groups(host: Host, cpus: tuple[int, ...] | Missing, lists: tuple[str, ...]) -> Groups | Missing:
    """The sets of CPUs that share what `lists` is about, each read from its first CPU alone.

    These sets tell apart what the ids cannot: core 0 of one package from core 0 of another.
    """
    if isinstance(cpus, Missing):
        return cpus
    found: list[tuple[int, ...]] = []
    left = set(cpus)
    for cpu in cpus:
        if cpu not in left:
            continue
        members = _members(host, cpu, lists)
        if isinstance(members, Missing):
            return members
        together = left.intersection((cpu, *members))
        left -= together
        found.append(tuple(sorted(together)))
    return tuple(found)


def counted(shared: Groups | Missing, what: str) -> Quantity | Missing:
    """How many there are."""
    return shared if isinstance(shared, Missing) else derived(len(shared), ONE, f"unique {what}")


def packages(host: Host, shared: Groups | Missing) -> Quantity | Missing:
    """The sockets; device-tree kernels before 5.19 number clusters as packages."""
    if isinstance(shared, Missing):
        return shared
    if (
        len(shared) > 1
        and host.exists("/proc/device-tree/cpus")
        and not host.exists(f"{FOLDER}/cpu{shared[0][0]}/topology/cluster_id")
    ):
        return unsupported(f"this kernel tells its {len(shared)} clusters of cores as packages")
    return counted(shared, "package_cpus_list")


def threads_per_core(cores: Groups | Missing) -> Quantity | Missing:
    """Hardware threads in each core, where all cores have equally many."""
    if isinstance(cores, Missing):
        return cores
    sizes = sorted({len(core) for core in cores})
    if len(sizes) != 1:
        return unsupported(f"the cores differ: {sizes[0]} to {sizes[-1]} threads")
    return derived(sizes[0], ONE, "CPUs in each core_cpus_list")


def core_groups(host: Host, cpus: tuple[int, ...] | Missing) -> tuple[CoreGroup, ...]:
    """Kinds of cores on a hybrid processor; none where all are of one kind."""
    if isinstance(cpus, Missing):
        return ()
    kinds = []
    for name, path in _KINDS:
        found = _sysfs.cpulist(host, path)
        if not isinstance(found, Missing) and found:
            kinds.append(CoreGroup(name=name, cpus=reported(len(found), ONE, path)))
    if kinds:
        return tuple(kinds) if len(kinds) > 1 else ()
    return _capacities(host, cpus)


def numa_nodes(host: Host) -> Quantity | Missing:
    """NUMA nodes with CPUs; nodes of memory alone are counted with the memory."""
    path = f"{NODES}/has_cpu"
    found = _sysfs.cpulist(host, path)
    if isinstance(found, Missing):
        return found
    return reported(len(found), ONE, path) if found else absent(f"{path} names no node")


def _members(host: Host, cpu: int, lists: tuple[str, ...]) -> tuple[int, ...] | Missing:
    folder = f"{FOLDER}/cpu{cpu}/topology"
    found = _sysfs.cpulist(host, f"{folder}/{lists[0]}")
    for name in lists[1:]:
        if not isinstance(found, Missing):
            break
        found = _sysfs.cpulist(host, f"{folder}/{name}")
    return found


def _capacities(host: Host, cpus: tuple[int, ...]) -> tuple[CoreGroup, ...]:
    """ARM's big and little cores differ in cpu_capacity, of which the largest is 1024."""
    counts: dict[int, int] = defaultdict(int)
    for cpu in cpus:
        capacity = _sysfs.integer(host, f"{FOLDER}/cpu{cpu}/cpu_capacity")
        if isinstance(capacity, Missing):
            return ()
        counts[capacity] += 1
    if len(counts) < 2:
        return ()
    return tuple(
        CoreGroup(name=f"capacity {each}", cpus=reported(counts[each], ONE, "cpu_capacity"))
        for each in sorted(counts, reverse=True)
    )
