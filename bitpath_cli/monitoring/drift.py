"""How today's machine compares with the assessed one, as far as watching alone can tell.

A workload chooses its own request sizes, places and queueing, so a value that is seen is compared
only where the assessment bounds it: requests that are no larger and no more at a time than those of
the assessment, at random places, should take no longer than those did; requests that are at least
as large and as many should move no less while the disk is busy all the time. What no workload shows
(arithmetic rates, memory bandwidth, all-reduce) is not guessed at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.reading import Fact, Quantity, derived
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Validity
from bitpath_cli.model.units import ONE
from bitpath_cli.model.watch import Series
from bitpath_cli.monitoring.measures import LEAST_DISK_SECONDS, Window

# Fewer requests than this say nothing about the disk.
LEAST_REQUESTS: Final = 10
# A frequency is one under load only above this share, and mixed traffic is neither read nor write.
_LOADED: Final = 0.8
_PURE: Final = 0.95
_SATURATED: Final = 0.95
# A mean depth of 1.02 is one at a time.
_SLACK: Final = 1.1


@dataclass(frozen=True, slots=True)
class Load:
    """What was asked of a disk, and what it did. `depth` is of requests at a time while busy."""

    is_read: bool
    is_random: bool
    size_bytes: float
    depth: float
    latency_seconds: float | None
    bandwidth: float | None


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a report says that can be compared: disks' loads, and the conditions under load."""

    disks: tuple[str, ...]
    loads: tuple[Load, ...]
    cpu_frequency: float | None
    cpu_steal: float | None


def assessed(report: Report) -> Assessed:
    """From a report's valid results; the disks are those behind the directory that was measured."""
    targets = [
        each for each in report.components if isinstance(each, Filesystem) and each.is_target
    ]
    disks = tuple(
        name
        for each in targets
        if isinstance(each.devices, Fact) and isinstance(each.devices.value, tuple)
        for name in each.devices.value
    )
    usable = [each for each in report.results if each.validity is not Validity.INVALID]
    return Assessed(
        # What several disks share cannot be told apart into each one's part.
        disks=disks if len(disks) == 1 else (),
        loads=tuple(_load(each) for each in usable if each.benchmark == "disk"),
        cpu_frequency=_condition(usable, "cpu_frequency"),
        cpu_steal=_condition(usable, "steal"),
    )


def find(told: Assessed, seen: Window) -> tuple[Series, ...]:
    """The drifts that this window shows; none where it shows nothing comparable."""
    return tuple(
        Series(name=name, subject=subject, group="drift", reading=value)
        for name, subject, value in (*_disks(told, seen), *_processors(told, seen))
    )


def _disks(told: Assessed, seen: Window) -> Iterator[tuple[str, str, Quantity]]:
    for disk in told.disks:
        for is_read, kind in ((True, "read"), (False, "write")):
            now = _seen(is_read, disk, seen)
            if now is None:
                continue
            slower = _slower(told, now)
            if slower is not None:
                source = f"{kind}s of {now.size_bytes:.0f} B, {now.depth:.1f} at a time"
                yield f"drift_disk_{kind}_latency", disk, derived(slower, ONE, source)
            less = _less(told, now)
            if less is not None:
                yield "drift_disk_bandwidth", disk, derived(less, ONE, f"{kind}s alone")


def _seen(is_read: bool, disk: str, seen: Window) -> Load | None:
    """The load of this window; None where too little happened to tell."""
    kinds = ("read", "write") if is_read else ("write", "read")
    (time, other_time), (count, _) = (
        [_grown(seen, f"disk_{kind}{suffix}", disk) for kind in kinds] for suffix in ("_time", "s")
    )
    moved, other_moved = (
        _grown(seen, name, disk)
        for name in (("disk_read", "disk_written") if is_read else ("disk_written", "disk_read"))
    )
    busy = _grown(seen, "disk_busy_time", disk)
    if time is None or other_time is None or count is None or busy is None or moved is None:
        return None
    if count < LEAST_REQUESTS or time < LEAST_DISK_SECONDS or busy < LEAST_DISK_SECONDS:
        return None
    is_alone = moved >= _PURE * (moved + (other_moved or 0.0))
    is_saturated = busy >= _SATURATED * seen.seconds
    return Load(
        is_read=is_read, is_random=True, size_bytes=moved / count,
        # Whatever else is in the queue holds a request up as well.
        depth=(time + other_time) / busy, latency_seconds=time / count,
        bandwidth=moved / seen.seconds if is_alone and is_saturated else None,
    )  # fmt: skip


def _slower(told: Assessed, now: Load) -> float | None:
    """Latency as a multiple of the least one that a harder load had when assessed.

    What was read in order paid for no seek, so that one at a random place is added to it.
    """
    alike = [each for each in told.loads if each.is_read == now.is_read and each.latency_seconds]
    seeks = [each.latency_seconds or 0.0 for each in alike if each.is_random]
    bounds = [
        (each.latency_seconds or 0.0) + (0.0 if each.is_random else min(seeks))
        for each in alike
        if seeks and _at_most(now.size_bytes, each.size_bytes) and _at_most(now.depth, each.depth)
    ]
    return now.latency_seconds / min(bounds) if bounds and now.latency_seconds else None


def _less(told: Assessed, now: Load) -> float | None:
    """The most bandwidth that an easier load had when assessed, as a multiple of today's.

    What was read in order was easier than today's in a way that nothing here can see.
    """
    bounds = [
        each.bandwidth
        for each in told.loads
        if each.is_read == now.is_read and each.is_random and each.bandwidth
        and _at_most(each.size_bytes, now.size_bytes) and _at_most(each.depth, now.depth)
    ]  # fmt: skip
    return max(bounds) / now.bandwidth if bounds and now.bandwidth else None


def _at_most(one: float, other: float) -> bool:
    return one <= other * _SLACK


def _processors(told: Assessed, seen: Window) -> Iterator[tuple[str, str, Quantity]]:
    busy, steal, idle, waiting = (
        _grown(seen, name, "host")
        for name in ("cpu_busy_time", "cpu_steal_time", "cpu_idle_time", "cpu_iowait_time")
    )
    if busy is None or steal is None or idle is None or waiting is None:
        return
    total = busy + steal + idle + waiting
    if total <= 0 or (busy + steal) / total < _LOADED:
        return
    frequency = seen.levels.get(("cpu_frequency", "host"))
    if told.cpu_frequency and isinstance(frequency, Quantity) and frequency.value > 0:
        ratio = told.cpu_frequency / frequency.value
        yield "drift_cpu_frequency", "host", derived(ratio, ONE, "cpufreq under load")
    if told.cpu_steal is not None:
        more = max(0.0, steal / (busy + steal) - told.cpu_steal)
        yield "drift_cpu_steal", "host", derived(more, ONE, "/proc/stat under load")


def _grown(seen: Window, name: str, subject: str) -> float | None:
    found = seen.growths.get((name, subject))
    return found.value if isinstance(found, Quantity) else None


def _load(result: BenchmarkResult) -> Load:
    told = result.parameters
    return Load(
        is_read=told.get("operation") == "read", is_random=told.get("pattern") == "random",
        size_bytes=float(told.get("block_size", 0)), depth=float(told.get("depth", 0)),
        latency_seconds=_figure(result, "latency_p50"), bandwidth=_figure(result, "bandwidth"),
    )  # fmt: skip


def _figure(result: BenchmarkResult, name: str) -> float | None:
    found = result.figure(name)
    return None if found is None else found.value


def _condition(results: list[BenchmarkResult], name: str) -> float | None:
    """The value beside the matrix products, which load every processor; their least."""
    values = [
        found.value
        for each in results
        if each.benchmark == "gemm" and isinstance(found := each.conditions.get(name), Quantity)
    ]
    return min(values) if values else None
