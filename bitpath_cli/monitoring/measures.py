"""What is watched: each measure is a ratio of meters' readings, in Python and in PromQL alike.

A measure that grows is Δ(over) ÷ Δ(per), or per second where `per` is empty; a level is the
readings themselves. Both may be divided by a further level, such as a limit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.meters import Change, MeterReading
from bitpath_cli.model.reading import Missing, Quantity, Reading, absent, derived, unsupported
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    CELSIUS,
    HERTZ,
    ONE,
    PER_SECOND,
    SECOND,
    WATT,
    Unit,
)
from bitpath_cli.model.watch import Group, Series

Key = tuple[str, str]
LEAST_DISK_SECONDS: Final = 0.005
_CPU_TIMES: Final = ("cpu_busy_time", "cpu_steal_time", "cpu_idle_time", "cpu_iowait_time")
_PACKETS: Final = ("network_packets_received", "network_packets_sent")
_LOST: Final = (
    "network_receive_errors", "network_receive_drops", "network_send_errors", "network_send_drops",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One watched value; `limit` names the level that it cannot pass.

    A growth of less than `least` is too coarse to divide: disks' times are told in milliseconds.
    What is read a moment later than the clock can pass `most`, which by its nature it cannot.
    """

    name: str
    group: Group
    unit: Unit
    summary: str
    over: tuple[str, ...]
    per: tuple[str, ...] = ()
    form: Literal["growth", "level"] = "growth"
    divided_by: str = ""
    limit: str = ""
    least: float = 0.0
    most: float = math.inf


def _level(
    name: str, group: Group, unit: Unit, summary: str, over: str = "", divided_by: str = "",
    limit: str = "",
) -> Measure:  # fmt: skip
    return Measure(name, group, unit, summary, (over or name,), (), "level", divided_by, limit)


MEASURES: Final = (
    Measure("cpu_busy", "compute", ONE, "share of all processors' time that was used",
            ("cpu_busy_time",), _CPU_TIMES),
    Measure("cpu_steal", "compute", ONE, "share of the processors' time that a hypervisor kept",
            ("cpu_steal_time",), _CPU_TIMES),
    Measure("cpu_iowait", "compute", ONE, "share of the processors' time spent idle for a disk",
            ("cpu_iowait_time",), _CPU_TIMES),
    _level("load_per_cpu", "compute", ONE, "tasks that want to run, for each processor",
           "load", "cpus"),
    Measure("cpus_used", "compute", ONE, "processors that the own cgroup used",
            ("group_cpu_time",), limit="cpu_limit"),
    Measure("quota_throttled", "compute", ONE, "share of the periods in which the quota ran out",
            ("throttled_periods",), ("quota_periods",)),
    Measure("cpu_pressure", "compute", ONE, "share of the time in which a task waited for a CPU",
            ("cpu_pressure_time",), most=1.0),
    _level("cpu_frequency", "compute", HERTZ, "mean frequency of the processors",
           limit="cpu_frequency_limit"),
    _level("temperature", "compute", CELSIUS, "temperature of processors and boards"),
    _level("memory_available_share", "memory", ONE, "share of the host's memory that can be had",
           "memory_available", "memory_total"),
    _level("swap_used_share", "memory", ONE, "share of the swap that is in use",
           "swap_used", "swap_total"),
    _level("group_memory_share", "memory", ONE, "share of the cgroup's memory limit that is in use",
           "group_memory_used", "group_memory_limit"),
    _level("group_memory_used", "memory", BYTE, "memory of the own cgroup without clean cache",
           limit="group_memory_limit"),
    Measure("memory_pressure", "memory", ONE,
            "share of the time in which a task waited for memory",
            ("memory_pressure_time",), most=1.0),
    Measure("swapped_out_rate", "memory", BYTE_PER_SECOND, "written to swap", ("swapped_out",)),
    Measure("major_fault_rate", "memory", PER_SECOND, "pages that had to be read from a disk",
            ("major_faults",)),
    Measure("oom_kill_rate", "memory", PER_SECOND, "processes killed for want of memory",
            ("oom_kills",)),
    Measure("group_oom_kill_rate", "memory", PER_SECOND,
            "processes of the own cgroup killed for want of memory", ("group_oom_kills",)),
    Measure("disk_busy", "storage", ONE, "share of the time in which a disk had work",
            ("disk_busy_time",), most=1.0),
    Measure("disk_read_rate", "storage", BYTE_PER_SECOND, "read from a disk", ("disk_read",)),
    Measure("disk_write_rate", "storage", BYTE_PER_SECOND, "written to a disk",
            ("disk_written",)),
    Measure("disk_read_operations", "storage", PER_SECOND, "reads of a disk", ("disk_reads",)),
    Measure("disk_write_operations", "storage", PER_SECOND, "writes to a disk",
            ("disk_writes",)),
    Measure("disk_read_latency", "storage", SECOND, "mean time of a read, waiting included",
            ("disk_read_time",), ("disk_reads",), least=LEAST_DISK_SECONDS),
    Measure("disk_write_latency", "storage", SECOND, "mean time of a write, waiting included",
            ("disk_write_time",), ("disk_writes",), least=LEAST_DISK_SECONDS),
    Measure("io_pressure", "storage", ONE, "share of the time in which a task waited for a disk",
            ("io_pressure_time",), most=1.0),
    _level("filesystem_available_share", "storage", ONE, "share of a filesystem that is free",
           "filesystem_available", "filesystem_size"),
    Measure("network_receive_rate", "network", BYTE_PER_SECOND, "received by an interface",
            ("network_received",), limit="network_speed"),
    Measure("network_send_rate", "network", BYTE_PER_SECOND, "sent by an interface",
            ("network_sent",), limit="network_speed"),
    Measure("network_lost", "network", ONE, "errors and drops as a share of the packets",
            _LOST, _PACKETS),
    Measure("tcp_resent", "network", ONE, "TCP segments that were sent again, as a share",
            ("tcp_segments_resent",), ("tcp_segments_sent",)),
    _level("gpu_kernel_active", "gpu", ONE,
           "share of the time in which any kernel ran, which is not how full the GPU is"),
    _level("gpu_memory_share", "gpu", ONE, "share of the GPU's memory that is in use",
           "gpu_memory_used", "gpu_memory_total"),
    _level("gpu_temperature", "gpu", CELSIUS, "temperature of the GPU"),
    _level("gpu_clock_core", "gpu", HERTZ, "clock of the GPU's cores", limit="gpu_clock_limit"),
    _level("gpu_power", "gpu", WATT, "power of the GPU's board", limit="gpu_power_limit"),
    _level("gpu_throttled", "gpu", ONE, "1 while heat or the power supply slows the GPU down"),
    Measure("gpu_heat_throttled", "gpu", ONE, "share of the time slowed down for heat",
            ("gpu_throttled_thermal",), most=1.0),
    Measure("gpu_power_capped", "gpu", ONE, "share of the time held at the power cap",
            ("gpu_throttled_power",), most=1.0),
    Measure("energy_power", "power", WATT, "power from a counter of energy", ("energy",)),
    _level("power", "power", WATT, "power of a part that may be summed"),
    _level("part_power", "power", WATT, "power of a part that another one covers"),
    _level("machine_power", "power", WATT, "power of the whole machine"),
    _level("drift_disk_read_latency", "drift", ONE,
           "mean time of a read, as a multiple of what was assessed"),
    _level("drift_disk_write_latency", "drift", ONE,
           "mean time of a write, as a multiple of what was assessed"),
    _level("drift_disk_bandwidth", "drift", ONE,
           "assessed bandwidth as a multiple of what a saturated disk moves now"),
    _level("drift_cpu_frequency", "drift", ONE,
           "assessed frequency under load as a multiple of the one under load now"),
    _level("drift_cpu_steal", "drift", ONE,
           "share of stolen time above the one during the assessment"),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Measure]] = {each.name: each for each in MEASURES}


@dataclass(frozen=True, slots=True)
class Window:
    """What two samples tell: how counters grew in so many seconds, and the levels at the end."""

    seconds: float
    growths: Mapping[Key, Quantity | Missing]
    levels: Mapping[Key, Quantity | Missing]


def window(
    seconds: float, changes: Sequence[Change], levels: Mapping[Key, Quantity | Missing]
) -> Window:
    """The same from the counters' changes."""
    return Window(seconds, {(each.name, each.subject): each.reading for each in changes}, levels)


def levels_of(readings: Sequence[MeterReading]) -> dict[Key, Quantity | Missing]:
    """The gauges among the readings."""
    return {(each.name, each.subject): each.quantity for each in readings if each.form == "gauge"}


def watch(seen: Window) -> tuple[Series, ...]:
    """Every measure of every subject that has it; one whose parts are gone is a Missing."""
    by_name: dict[str, list[str]] = {}
    for name, subject in (*seen.growths, *seen.levels):
        by_name.setdefault(name, []).append(subject)
    found = []
    for each in MEASURES:
        for subject in by_name.get(each.over[0], ()):
            reading = _value(each, subject, seen)
            if reading is not None:
                limit = seen.levels.get((each.limit, subject)) if each.limit else None
                known = limit if isinstance(limit, Quantity) else None
                found.append(
                    Series(name=each.name, subject=subject, group=each.group, reading=reading,
                           limit=known)
                )  # fmt: skip
    return tuple(found)


def _value(each: Measure, subject: str, seen: Window) -> Reading | None:
    """None where the subject has no such measure: a filesystem's limit, a cgroup without one."""
    part = seen.growths if each.form == "growth" else seen.levels
    over = _total(each.over, subject, part)
    per = _total(each.per, subject, part) if each.per else None
    divisor = seen.levels.get((each.divided_by, subject)) if each.divided_by else None
    if over is None or (each.per and per is None) or (each.divided_by and divisor is None):
        return None
    for needed in (over, per, divisor):
        if isinstance(needed, Missing):
            return needed
    assert isinstance(over, Quantity)  # noqa: S101  (the loop above)
    below = _below(each, per, divisor, seen.seconds)
    if below is None:
        return over
    if below <= 0:
        return absent(f"{each.name} of {subject}: nothing happened to measure it by")
    if over.value < each.least:
        return unsupported(f"{each.name} of {subject}: too little happened for the kernel's clock")
    return derived(min(over.value / below, each.most), each.unit, over.origin.source)


def _below(
    each: Measure, per: Reading | None, divisor: Reading | None, seconds: float
) -> float | None:
    """What to divide by; None for a level that stands as it was read."""
    if each.form == "level" and divisor is None:
        return None
    below = seconds if each.form == "growth" else 1.0
    if isinstance(per, Quantity):
        below = per.value
    return below * divisor.value if isinstance(divisor, Quantity) else below


def _total(
    names: tuple[str, ...], subject: str, part: Mapping[Key, Quantity | Missing]
) -> Quantity | Missing | None:
    """The sum over names; None where one of them does not exist for the subject."""
    found = [part.get((name, subject)) for name in names]
    if any(each is None for each in found):
        return None
    missing = next((each for each in found if isinstance(each, Missing)), None)
    if missing is not None:
        return missing
    known = [each for each in found if isinstance(each, Quantity)]
    if len(known) == 1:
        return known[0]
    return derived(sum(each.value for each in known), known[0].unit, known[0].origin.source)
