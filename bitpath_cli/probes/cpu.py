"""The processors, from /proc/cpuinfo, /proc/stat, /proc/pressure and /sys/devices/system/cpu."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.reading import (
    Fact,
    Missing,
    Quantity,
    absent,
    derived,
    fact,
    failed,
    reported,
)
from bitpath_cli.model.units import ONE
from bitpath_cli.probes import Probe, Question, _caches, _instructions, _sysfs, _topology
from bitpath_cli.probes._frequency import frequency
from bitpath_cli.probes._pressure import pressure

_VULNERABILITIES: Final = f"{_topology.FOLDER}/vulnerabilities"


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """One component for all processors together."""
    cpuinfo = host.read_text(_instructions.CPUINFO)
    fields = _instructions.read_cpuinfo(cpuinfo)
    online = _topology.online_cpus(host)
    cores = _topology.groups(host, online, _topology.CORE)
    packages = _topology.groups(host, online, _topology.PACKAGE)
    found = _caches.caches(host, online)
    rates = frequency(host, cpuinfo)
    model = _instructions.model(host, fields)
    cpu = Cpu(
        name=str(model.value) if isinstance(model, Fact) else "processor",
        vendor=_instructions.vendor(host, fields),
        model=model,
        family=_instructions.family(fields),
        microcode=_instructions.told(fields, "microcode"),
        logical_cpus=_count(online, f"{_topology.FOLDER}/online"),
        possible_cpus=_count(
            _sysfs.cpulist(host, f"{_topology.FOLDER}/possible"), f"{_topology.FOLDER}/possible"
        ),
        physical_cores=_topology.counted(cores, "core_cpus_list"),
        sockets=_topology.packages(host, packages),
        dies=_topology.counted(
            _topology.groups(host, online, _topology.DIE), "die_cpus_list"
        ),
        threads_per_core=_topology.threads_per_core(cores),
        smt_active=_sysfs.switch(host, f"{_topology.FOLDER}/smt/active"),
        core_groups=_topology.core_groups(host, online),
        numa_nodes=_topology.numa_nodes(host),
        isa=_instructions.instruction_sets(fields),
        caches=found,
        last_level_cache=_caches.last_level(found),
        frequency_now=rates.now,
        frequency_min=rates.minimum,
        frequency_max=rates.maximum,
        frequency_limit=rates.limit,
        frequency_base=rates.base,
        governor=rates.governor,
        frequency_driver=rates.driver,
        boost=rates.boost,
        vulnerabilities=_vulnerabilities(host),
        steal_fraction=_steal(host),
        pressure=pressure(host, "cpu"),
        load=_load(host),
        throttle_count=_throttled(host, packages),
    )  # fmt: skip
    return (cpu,)


def parse_steal(stat: str) -> float:
    """The share of all time since boot that the hypervisor gave to others.

    The first eight fields are the whole; guest time, the ninth and tenth, is within user's.
    ValueError where there is no steal, as before Linux 2.6.11.
    """
    for line in stat.splitlines():
        if line.startswith("cpu "):
            ticks = [int(word) for word in line.split()[1:9]]
            if len(ticks) == 8 and sum(ticks) > 0:
                return ticks[7] / sum(ticks)
    raise ValueError("no line 'cpu' with eight counters")


def _steal(host: Host) -> Quantity | Missing:
    found = host.read_text("/proc/stat")
    if isinstance(found, Missing):
        return found
    try:
        return derived(parse_steal(found), ONE, "/proc/stat: steal ÷ all time since boot")
    except ValueError as error:
        return failed(f"/proc/stat: {error}")


def _load(host: Host) -> Quantity | Missing:
    found = _sysfs.text(host, "/proc/loadavg")
    if isinstance(found, Missing):
        return found
    try:
        return reported(float(found.split()[0]), ONE, "/proc/loadavg, one minute")
    except ValueError:
        return failed("/proc/loadavg does not begin with a number")


def _vulnerabilities(host: Host) -> Fact | Missing:
    """What this processor is affected by, with the mitigation, which costs speed."""
    names = host.names(_VULNERABILITIES)
    if isinstance(names, Missing):
        return names
    affected = []
    for name in names:
        state = _sysfs.text(host, f"{_VULNERABILITIES}/{name}")
        if not isinstance(state, Missing) and state != "Not affected":
            affected.append(f"{name}: {state}")
    return fact(tuple(affected), _VULNERABILITIES)


def _throttled(host: Host, packages: _topology.Groups | Missing) -> Quantity | Missing:
    """Thermal throttling of all packages since boot, which only Intel's driver counts."""
    if isinstance(packages, Missing):
        return packages
    counts = [
        _sysfs.integer(
            host, f"{_topology.FOLDER}/cpu{package[0]}/thermal_throttle/package_throttle_count"
        )
        for package in packages
    ]
    known = [each for each in counts if not isinstance(each, Missing)]
    if len(known) < len(counts):
        return next((each for each in counts if isinstance(each, Missing)), absent("no package"))
    return derived(sum(known), ONE, "sum of the packages' package_throttle_count since boot")


def _count(cpus: tuple[int, ...] | Missing, source: str) -> Quantity | Missing:
    return cpus if isinstance(cpus, Missing) else reported(len(cpus), ONE, source)


PROBE = Probe(summary="processors: topology, instruction sets, caches, clocks", find=find)
