"""One thread's reading rate and latency by working set: first cache, second, third, memory.

Reading is torch's sum over the same elements again and again; latency is a walk along addresses in
random order, one per cache line (see _chase.py).
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bitpath_cli.benchmarks import Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._huge_pages import HUGE_BYTES, Extent, find_policy, find_share
from bitpath_cli.benchmarks._memory_streams import (
    CACHE_FACTOR,
    MEMORY_SHARE,
    huge_page_metric,
    kernel_metrics,
)
from bitpath_cli.host import Host
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.reading import (
    Method,
    Missing,
    Origin,
    Quantity,
    Reading,
    failed,
)
from bitpath_cli.model.result import Direction, Metric, Parameters, Samples, metric, missing_metric
from bitpath_cli.model.units import BYTE, ONE, SECOND
from bitpath_cli.stats import Interval, blocked_median_interval

VARIANT: Final = "level"
_WEIGHT: Final = 0.25
_SMALLEST_BYTES: Final = 4096
_UNKNOWN_MEMORY_BYTES: Final = 256 << 20
_LINE: Final = "/sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size"
_USUAL_LINE_BYTES: Final = 64
# Enough for one call of torch's to cost nothing beside it.
_READ_BYTES: Final = 16 << 20
_READ: Final = "memory_bandwidth (working set read again and again by a sum)"
_LATENCY: Final = "memory_bandwidth (addresses in random order, followed by glibc's loop)"


def find_cases(context: Context) -> tuple[Case, ...]:
    """Half of every cache, and memory; every power of two where all sizes are wanted.

    Of the last cache a quarter as well: others have a part of it, on a virtual machine unseen.
    """
    if context.quick:
        return ()
    levels = _find_levels(context.components)
    last_bytes = levels[-1][1] if levels else 0
    wanted = max(CACHE_FACTOR * last_bytes, HUGE_BYTES) if levels else _UNKNOWN_MEMORY_BYTES
    allowed = int(context.memory_bytes * MEMORY_SHARE) // 2
    largest = _floor_to_power(min(wanted, allowed))
    sizes = {size // 2 for _, size in levels} | {last_bytes // 4, largest}
    if context.thorough:
        sizes |= {1 << power for power in range(12, largest.bit_length())}
    common: Parameters = {
        "variant": VARIANT, "dtype": "float64", "device": "cpu",
        "huge_pages": find_policy(context.host), "threads": 1,
    }  # fmt: skip
    return tuple(
        Case({**common, "level": _level(size, levels), "working_set_bytes": size}, _WEIGHT)
        for size in sorted(sizes)
        if _SMALLEST_BYTES <= size <= largest
    )


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """Reading; walking; and calling without walking, which is to be taken off the walk."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._chase import Chase
    from bitpath_cli.benchmarks._streams import Rereading
    from bitpath_cli.benchmarks._torch_loops import CpuTrial

    size_bytes = int(case.parameters["working_set_bytes"])
    with _torch_loops.threads(1):
        chase = Chase(size_bytes, _line_bytes(context.host))
        reading = Rereading(size_bytes, max(1, _READ_BYTES // size_bytes))
        seen = _find_pages(context.host, size_bytes, (chase.extent, reading.extent))
        yield {
            "latency": Loop(
                CpuTrial(chase.walk, chase.find_error), chase.hops, ONE, evidence=lambda: seen
            ),
            "call": Loop(CpuTrial(chase.call, lambda: None), 1, ONE),
            "read": Loop(CpuTrial(reading.read, reading.find_error), reading.read_bytes, BYTE),
        }


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Bytes a second of a core's reads, and seconds a dependent read."""
    (read,) = kernel_metrics(("read",), samples, _READ)
    metrics = [read, _latency(samples)]
    if int(case.parameters["working_set_bytes"]) >= HUGE_BYTES:
        metrics.append(huge_page_metric(samples["latency"]))
    rests_on = {"read": ("read",), "latency": ("latency",), "huge_page_share": ()}
    return Conclusion(tuple(metrics), rests_on)


def _latency(samples: Mapping[str, Samples]) -> Metric:
    origin = Origin(method=Method.MEASURED, source=_LATENCY)
    reading = _seconds_per_hop(samples, origin)
    if isinstance(reading, Missing):
        return missing_metric("latency", SECOND, reading, Direction.LOWER, origin)
    return metric("latency", reading, Direction.LOWER)


def _seconds_per_hop(samples: Mapping[str, Samples], origin: Origin) -> Reading:
    """Without the time of the call; its share is small but in the first cache."""
    if "call" not in samples:
        return failed("the budget was spent before its turn", "use a larger --budget")
    walk = blocked_median_interval(samples["latency"].seconds_by_block)
    call = blocked_median_interval(samples["call"].seconds_by_block)
    hops = samples["latency"].work
    if walk.value <= call.value:
        return failed("calling took longer than walking", "run it again on a quiet machine")
    return _over(walk, call, hops, origin)


def _over(walk: Interval, call: Interval, hops: float, origin: Origin) -> Quantity:
    value = (walk.value - call.value) / hops
    if not 0 < walk.level < 1:
        return Quantity(value=value, unit=SECOND, origin=origin)
    return Quantity(
        value=value, unit=SECOND, origin=origin, level=walk.level,
        low=max(0.0, walk.low - call.high) / hops, high=max(value, (walk.high - call.low) / hops),
    )  # fmt: skip


def _find_pages(
    host: Host, size_bytes: int, extents: Sequence[Extent]
) -> Mapping[str, tuple[float, ...]]:
    """Small arrays lie beside others, of whose pages nothing is to be said."""
    share = find_share(host, extents) if size_bytes >= HUGE_BYTES else None
    return {"huge_page_share": (share.value,)} if isinstance(share, Quantity) else {}


def _find_levels(components: Sequence[object]) -> tuple[tuple[str, int], ...]:
    """Name and size of each level's data cache as one processor sees it, the smallest first."""
    cpu = next((each for each in components if isinstance(each, Cpu)), None)
    found: dict[int, int] = {}
    for each in cpu.caches if cpu is not None else ():
        if each.type != "instruction" and isinstance(each.size, Quantity):
            # Of cores of several kinds the smallest cache holds on all.
            size = int(each.size.value)
            found[each.level] = min(size, found.get(each.level, size))
    return tuple((f"L{level}", size) for level, size in sorted(found.items()))


def _level(size_bytes: int, levels: Sequence[tuple[str, int]]) -> str:
    """The smallest cache that holds it, and memory where none does."""
    if not levels:
        return "unknown"
    return next((name for name, most in levels if size_bytes <= most), "memory")


def _line_bytes(host: Host) -> int:
    told = host.read_text(_LINE)
    return int(told) if isinstance(told, str) and told.isdigit() else _USUAL_LINE_BYTES


def _floor_to_power(size: int) -> int:
    return 1 << max(0, size.bit_length() - 1)
