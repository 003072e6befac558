"""All-reduce between ranks of this host, by the conventions of nccl-tests (doc/PERFORMANCE.md).

algbw = bytes per rank ÷ time and busbw = algbw · 2(n−1)/n, which is what every rank's link carries;
the time is the slowest rank's, and its median over operations.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._alpha_beta import fit_line
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.reading import (
    MEASURED_LEVEL,
    Method,
    Missing,
    Origin,
    Quantity,
    failed,
    unsupported,
)
from bitpath_cli.model.result import (
    Ceiling,
    CollectivePoint,
    Direction,
    Doubt,
    Metric,
    Samples,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, SECOND, Unit
from bitpath_cli.stats import blocked_median_interval

SECOND_PER_BYTE: Final = Unit("s/B")
_KIB: Final = 1 << 10
_SMALLEST_BYTES: Final = 1 * _KIB
_LARGEST_BYTES: Final = {False: 64 << 20, True: 256 << 20}
_STEP: Final = {False: 4, True: 2}
# Pattern, buffer, and what gloo and a check take besides; together at most half of the memory.
_COPIES: Final = 4
_MEMORY_SHARE: Final = 2
_MOST_RANKS: Final = 4
_EXCHANGE: Final = "socket_exchange"
_PREFIX: Final = "all_reduce_"


def bus_factor(ranks: int) -> float | Missing:
    """What each rank's link carries per byte of an all-reduce: 2(n−1)/n, nothing for one rank."""
    if ranks < 2:
        return unsupported(
            "one rank has nobody to exchange bytes with, so there is no bus bandwidth",
            "start at least two ranks",
        )
    return 2 * (ranks - 1) / ranks


def find_cases(context: Context) -> tuple[Case, ...]:
    """One all-reduce; two ranks even on one core, because fewer would reduce nothing."""
    size = max(2, min(context.threads, _MOST_RANKS))
    return (Case({"op": "all_reduce", "world_size": size, "backend": "gloo", "dtype": "float32"}),)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The raw exchange, then every size; needs the ranks that a launcher brings."""
    ranks = context.ranks
    if ranks is None:
        raise CannotMeasure(failed("no ranks were started for the collectives"))
    from bitpath_cli.benchmarks import _ring
    from bitpath_cli.benchmarks._all_reduce import AllReduce, Vectors

    sizes = find_sizes(context.memory_bytes, ranks.size, context.thorough)
    vectors = Vectors(sizes[-1])
    with _ring.ring(ranks) as exchange:
        loops = {
            _EXCHANGE: Loop(exchange, _ring.BLOCK_BYTES, BYTE, evidence=exchange.evidence),
        }
        for size_bytes in sizes:
            trial = AllReduce(ranks, vectors, size_bytes)
            loops[f"{_PREFIX}{size_bytes}"] = Loop(trial, size_bytes, BYTE, evidence=trial.evidence)
        yield loops


def find_sizes(memory_bytes: int, ranks: int, thorough: bool) -> tuple[int, ...]:
    """Bytes per rank from 1 KiB on, as far as all ranks' copies fit into half of the memory."""
    most = memory_bytes // (_MEMORY_SHARE * _COPIES * ranks)
    largest = max(_SMALLEST_BYTES, min(_LARGEST_BYTES[thorough], most))
    sizes = [_SMALLEST_BYTES]
    while sizes[-1] * _STEP[thorough] <= largest:
        sizes.append(sizes[-1] * _STEP[thorough])
    return tuple(sizes)


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The points by size, the best bus bandwidth, and the line through the times."""
    ranks = int(case.parameters["world_size"])
    source = f"collectives, all_reduce over {case.parameters['backend']}, {ranks} ranks"
    ceiling = _find_ceiling(samples[_EXCHANGE])
    sizes = sorted(int(name.removeprefix(_PREFIX)) for name in samples if name != _EXCHANGE)
    points = tuple(
        _make_point(size_bytes, samples[f"{_PREFIX}{size_bytes}"], ranks, ceiling, source)
        for size_bytes in sizes
    )
    doubts: tuple[Doubt, ...] = ()
    if any(samples[_EXCHANGE].evidence("loopback")):
        doubts += (Doubt.LOOPBACK_ONLY,)
    if context.threads < ranks // int(case.parameters.get("nodes", 1)):
        doubts += (Doubt.CONTENDED,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    if any(point.wrong for point in points):
        doubts, validity = (*doubts, Doubt.WRONG_RESULT), Validity.INVALID
    metrics = (
        _peak(points, ceiling, source, doubts, validity),
        *_fit(points, ranks, source, doubts, validity),
    )
    return Conclusion(metrics, points, validity, doubts)


def _make_point(
    size_bytes: int, samples: Samples, ranks: int, ceiling: Ceiling, source: str
) -> CollectivePoint:
    factor = bus_factor(ranks)
    origin = Origin(method=Method.MEASURED, source=source)
    seconds = blocked_median_interval(samples.seconds_by_block)
    has_interval = 0 < seconds.level < 1
    operations = sum(samples.evidence("operations"))
    return CollectivePoint(
        size_bytes=size_bytes,
        time=Quantity(
            value=seconds.value, unit=SECOND, origin=origin,
            low=seconds.low if has_interval else None,
            high=seconds.high if has_interval else None,
            level=seconds.level if has_interval else None,
        ),
        algbw=rate(samples, size_bytes, BYTE_PER_SECOND, source),
        busbw=factor
        if isinstance(factor, Missing)
        else rate(samples, size_bytes * factor, BYTE_PER_SECOND, source),
        mean_time=Quantity(
            value=sum(samples.evidence("rank_seconds")) / operations, unit=SECOND,
            origin=Origin(
                method=Method.MEASURED, source=f"{source}, mean over ranks and operations"
            ),
        ),
        wrong=int(sum(samples.evidence("wrong"))),
        ceiling=ceiling,
    )  # fmt: skip


def _find_ceiling(samples: Samples) -> Ceiling:
    """What every rank sent while it received as much, over bare sockets in this run."""
    seconds = blocked_median_interval(samples.seconds_by_block)
    return Ceiling(
        value=samples.work / seconds.value,
        unit=BYTE_PER_SECOND,
        source="raw sockets around the same ranks, both ways at once, in this run",
    )


def _peak(
    points: Sequence[CollectivePoint],
    ceiling: Ceiling,
    source: str,
    doubts: tuple[Doubt, ...],
    validity: Validity,
) -> Metric:
    """The best size's bus bandwidth."""
    busbws = [each.busbw for each in points if isinstance(each.busbw, Quantity)]
    if not busbws:
        refused = next((each.busbw for each in points if isinstance(each.busbw, Missing)), None)
        why = refused or failed("the budget did not reach any size", "choose a larger --budget")
        return _missing("busbw_peak", BYTE_PER_SECOND, why, Direction.HIGHER, source)
    best = max(busbws, key=lambda each: each.value)
    return metric(
        "busbw_peak", best, Direction.HIGHER, ceiling=ceiling, reasons=doubts, validity=validity
    )


def _fit(
    points: Sequence[CollectivePoint],
    ranks: int,
    source: str,
    doubts: tuple[Doubt, ...],
    validity: Validity,
) -> tuple[Metric, ...]:
    """α and β of a ring, t = 2(n−1)·α + 2(n−1)/n·β·S: seconds a message and seconds a byte."""
    names = (("alpha", SECOND), ("beta", SECOND_PER_BYTE))
    factor = bus_factor(ranks)
    line = fit_line([p.size_bytes for p in points], [p.time.value for p in points])
    if isinstance(factor, Missing) or line is None:
        why = factor if isinstance(factor, Missing) else failed(
            "a line needs at least three sizes, and the budget reached fewer",
            "choose a larger --budget",
        )  # fmt: skip
        return tuple(_missing(name, unit, why, Direction.LOWER, source) for name, unit in names)
    steps = 2 * (ranks - 1)
    origin = Origin(
        method=Method.MEASURED,
        source=f"{source}, line over {len(points)} sizes, at most {line.largest_error:.0%} off",
    )
    figures = (
        (line.intercept / steps, line.intercept_margin / steps),
        (line.slope / factor, line.slope_margin / factor),
    )
    return tuple(
        metric(
            name,
            Quantity(
                value=value, unit=unit, origin=origin, level=MEASURED_LEVEL,
                low=max(value - margin, 0.0), high=value + margin,
            ),
            Direction.LOWER, reasons=doubts, validity=validity,
        )
        if value > 0
        else _missing(
            name, unit, failed("the line through the times leaves no positive value"),
            Direction.LOWER, source,
        )
        for (name, unit), (value, margin) in zip(names, figures, strict=True)
    )  # fmt: skip


def _missing(name: str, unit: Unit, why: Missing, direction: Direction, source: str) -> Metric:
    origin = Origin(method=Method.MEASURED, source=source)
    return missing_metric(name, unit, why, direction, origin)


BENCHMARK = Benchmark(
    summary="All-reduce between ranks, beside raw sockets",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    ranks=_MOST_RANKS,
    blocks=3,
    weight=1.5,
)
