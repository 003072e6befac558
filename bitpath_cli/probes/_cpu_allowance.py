"""How many CPUs this process may use: affinity, cpuset and quota told apart, and which one binds.

Read from sched_getaffinity and the cgroup files cpu.max, cpu.cfs_quota_us, cpuset and cpu.stat.
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
    failed,
    reported,
)
from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.probes import _cgroup, _sysfs, _topology

_QUOTA_FILES: Final = {2: ("cpu.max",), 1: ("cpu.cfs_quota_us",)}
_CPUSET_FILES: Final = {
    2: ("cpuset.cpus.effective",),
    1: ("cpuset.effective_cpus", "cpuset.cpus"),
}
_THROTTLED_TIME: Final = {2: ("throttled_usec", 1e-6), 1: ("throttled_time", 1e-9)}


@dataclass(frozen=True, slots=True)
class CpuAllowance:
    """`source` names what binds: host, affinity, cpuset or quota, and where that is read."""

    host: Quantity | Missing
    affinity: Quantity | Missing
    cpuset: Quantity | Missing
    quota: Quantity | Missing
    effective: Quantity | Missing
    source: Fact | Missing
    threads: Quantity | Missing
    throttled_periods: Quantity | Missing
    throttled_time: Quantity | Missing


def cpu_allowance(host: Host) -> CpuAllowance:
    """Everything that bounds this process's CPUs."""
    online = _topology.online_cpus(host)
    host_cpus = _counted(online, f"{_topology.FOLDER}/online")
    allowed = host.outside.affinity()
    affinity = (
        reported(len(allowed), ONE, "sched_getaffinity")
        if allowed
        else failed("sched_getaffinity gave no CPU")
    )
    cpuset = _cpuset(host)
    groups = _cgroup.chain(host, "cpu")
    quota, folder, unknown = _quota(host, groups)
    bounds = [
        (each, name)
        for each, name in (
            (host_cpus, "host"), (cpuset, "cpuset"), (affinity, "affinity"), (quota, "quota")
        )
        if isinstance(each, Quantity)
    ]  # fmt: skip
    effective, source = _binding(bounds, unknown)
    periods, time = _throttled(host, groups, folder)
    return CpuAllowance(
        host_cpus, affinity, cpuset, quota, effective, source, _threads(effective), periods, time
    )


def _quota(
    host: Host, groups: _cgroup.Chain | Missing
) -> tuple[Quantity | Missing, str, Missing | None]:
    """The quota, the folder that sets it, and why an even tighter one may be hidden."""
    if isinstance(groups, Missing):
        return groups, "", None if groups.reason is Reason.ABSENT else groups
    found = _cgroup.least(host, groups, _QUOTA_FILES[groups.version], _cgroup.read_quota)
    if found.value is not None:
        return reported(found.value, ONE, found.source), found.folder, found.unknown
    nothing = absent(f"no group from {groups.path} up to {groups.folders[-1]} sets a quota")
    return found.unknown or nothing, found.folder, found.unknown


def _cpuset(host: Host) -> Quantity | Missing:
    """The CPUs of the nearest group that has the controller; it already honours its ancestors."""
    groups = _cgroup.chain(host, "cpuset")
    if isinstance(groups, Missing):
        return groups
    for folder in groups.folders:
        for file in _CPUSET_FILES[groups.version]:
            found = _sysfs.cpulist(host, f"{folder}/{file}")
            if isinstance(found, Missing) and found.reason is not Reason.ABSENT:
                return found
            if not isinstance(found, Missing) and found:
                return reported(len(found), ONE, f"{folder}/{file}")
    return absent(f"no group from {groups.path} up to {groups.folders[-1]} has a cpuset")


def _binding(
    bounds: list[tuple[Quantity, str]], unknown: Missing | None
) -> tuple[Quantity | Missing, Fact | Missing]:
    """The least bound and its name; of equal ones the first, for an affinity follows a cpuset."""
    if not bounds:
        nothing = failed("neither the host's CPUs nor the affinity nor a cgroup could be read")
        return nothing, nothing
    least, name = min(bounds, key=lambda bound: bound[0].value)
    source = fact(name, least.origin.source)
    rule = f"min(host, affinity, cpuset, quota): {name}, {least.origin.source}"
    if unknown is None:
        return derived(least.value, ONE, rule), source
    words = f"{rule}; a quota may be hidden ({unknown.detail})"
    hidden = Origin(method=Method.ASSUMED, source=words)
    return Quantity(
        value=least.value, unit=ONE, origin=hidden, low=min(1.0, least.value), high=least.value,
        level=ONE_SIGMA,
    ), source  # fmt: skip


def _threads(effective: Quantity | Missing) -> Quantity | Missing:
    if isinstance(effective, Missing):
        return effective
    return derived(max(1, int(effective.value)), ONE, "floor of the effective CPUs, at least 1")


def _throttled(
    host: Host, groups: _cgroup.Chain | Missing, folder: str
) -> tuple[Quantity | Missing, Quantity | Missing]:
    """Periods and seconds in which the group that sets the quota, else the own, was held back."""
    if isinstance(groups, Missing):
        return groups, groups
    path = f"{folder or groups.folders[0]}/cpu.stat"
    counters = _cgroup.read_counters(host, path)
    if isinstance(counters, Missing):
        return counters, counters
    name, factor = _THROTTLED_TIME[groups.version]
    nothing = absent(f"{path} does not count throttling: the controller cpu is off for the group")
    return (
        reported(counters["nr_throttled"], ONE, f"{path} nr_throttled")
        if "nr_throttled" in counters
        else nothing,
        reported(counters[name] * factor, SECOND, f"{path} {name}")
        if name in counters
        else nothing,
    )


def _counted(cpus: tuple[int, ...] | Missing, source: str) -> Quantity | Missing:
    return cpus if isinstance(cpus, Missing) else reported(len(cpus), ONE, source)
