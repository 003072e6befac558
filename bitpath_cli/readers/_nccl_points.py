"""What one row of nccl-tests says, as a point of ours, by its doc/PERFORMANCE.md.

Rates are derived from sizes and times, since the tool prints them with two decimals; its own are
only checked against them, so that a mistaken unit or number of ranks does not pass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.reading import (
    Method,
    Missing,
    Origin,
    Quantity,
    reported,
    unsupported,
)
from bitpath_cli.model.result import (
    BenchmarkResult,
    CollectivePoint,
    Direction,
    Doubt,
    Metric,
    Parameters,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, SECOND
from bitpath_cli.readers import NOT_OURS
from bitpath_cli.readers._figures import File

_MICROSECOND: Final = 1e-6
_GIGA: Final = 1e9
# Below this the two decimals of a printed rate are too few to check anything by.
_CHECKED_ABOVE: Final = 1.0
_AGREES: Final = 0.03
_FACTORS: Final[Mapping[str, Callable[[int], float]]] = {
    "all_reduce": lambda n: 2 * (n - 1) / n,
    "all_gather": lambda n: (n - 1) / n,
    "reduce_scatter": lambda n: (n - 1) / n,
    "all_to_all": lambda n: (n - 1) / n,
    "gather": lambda n: (n - 1) / n,
    "scatter": lambda n: (n - 1) / n,
    "broadcast": lambda n: 1.0,
    "reduce": lambda n: 1.0,
    "send_recv": lambda n: 1.0,
}
_PROGRAMS: Final = {
    "all_reduce_perf": "all_reduce", "all_gather_perf": "all_gather",
    "reduce_scatter_perf": "reduce_scatter", "alltoall_perf": "all_to_all",
    "gather_perf": "gather", "scatter_perf": "scatter", "broadcast_perf": "broadcast",
    "reduce_perf": "reduce", "sendrecv_perf": "send_recv",
}  # fmt: skip
_TYPES: Final = {
    "float": "float32", "half": "float16", "double": "float64", "bfloat16": "bfloat16",
    "f8e4m3": "float8_e4m3", "f8e5m2": "float8_e5m2", "fp8_e4m3": "float8_e4m3",
    "fp8_e5m2": "float8_e5m2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A size in one of both ways; `wrong` is None where the tool did not check."""

    size_bytes: int
    dtype: str
    redop: str
    root: str
    in_place: bool
    time_us: float
    algbw: float
    busbw: float
    wrong: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """What all rows share."""

    file: File
    operation: str
    ranks: int
    nodes: int
    source: str
    iterations: float
    wrong_in_all: int | None = None


def operation_of(file: File, text: str) -> str:
    """The collective that a program's name says; the longest name that is in the text."""
    known = [program for program in _PROGRAMS if program in text]
    if not known:
        file.refuse(
            "it does not say which collective it is of; give the file a name such as "
            "all_reduce_perf.txt"
        )
    return _PROGRAMS[max(known, key=len)]


def make_results(run: Run, rows: Sequence[Row]) -> tuple[BenchmarkResult, ...]:
    """One `collectives` result for every type, operation and way, out of place before in place."""
    if not rows:
        run.file.refuse("there is no row with a size and a time in it")
    kinds = dict.fromkeys((each.dtype, each.redop, each.root, each.in_place) for each in rows)
    return tuple(
        _result(run, [each for each in rows if (each.dtype, each.redop, each.root,
                                                each.in_place) == kind])
        for kind in sorted(kinds, key=lambda kind: (kind[:3], kind[3]))
    )  # fmt: skip


def _result(run: Run, rows: Sequence[Row]) -> BenchmarkResult:
    first = rows[0]
    sizes = [each.size_bytes for each in rows]
    if len(set(sizes)) < len(sizes):
        run.file.refuse(
            "a size stands in it more than once: several jobs wrote into one file, as they do "
            "where nccl-tests was built without MPI=1"
        )
    doubts: tuple[Doubt, ...] = ()
    if all(each.wrong is None for each in rows) and run.wrong_in_all is None:
        doubts = (Doubt.UNCHECKED,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    if any(each.wrong for each in rows) or run.wrong_in_all:
        doubts, validity = (*doubts, Doubt.WRONG_RESULT), Validity.INVALID
    points = tuple(_point(run, each) for each in rows if each.size_bytes)
    parameters: Parameters = {
        "op": run.operation, "world_size": run.ranks, "nodes": run.nodes, "backend": "nccl",
        "dtype": _TYPES.get(first.dtype, first.dtype), "in_place": first.in_place,
        "engine": "nccl-tests",
    }  # fmt: skip
    if first.redop not in ("none", "sum"):
        parameters["reduction"] = first.redop
    if first.root not in ("-1", "0"):
        parameters["root"] = first.root
    return BenchmarkResult(
        benchmark="collectives", revision=NOT_OURS, parameters=parameters, validity=validity,
        reasons=doubts, points=points,
        duration_seconds=run.iterations * sum(each.time.value for each in points),
        metrics=(_peak(run, points, doubts, validity),),
    )  # fmt: skip


def _point(run: Run, row: Row) -> CollectivePoint:
    if row.time_us <= 0:
        run.file.refuse(f"{row.size_bytes} B take {row.time_us:g} µs in it")
    seconds = row.time_us * _MICROSECOND
    algbw = row.size_bytes / seconds
    _check(run, row, "algbw", row.algbw * _GIGA, algbw)
    busbw: Quantity | Missing
    if run.ranks < 2:
        busbw = unsupported("one rank alone has no bus bandwidth")
    else:
        carried = algbw * _FACTORS[run.operation](run.ranks)
        _check(run, row, "busbw", row.busbw * _GIGA, carried)
        busbw = reported(carried, BYTE_PER_SECOND, run.source)
    time = reported(seconds, SECOND, f"{run.source}, mean over iterations and ranks")
    return CollectivePoint(
        size_bytes=row.size_bytes, time=time, mean_time=time, wrong=row.wrong or 0,
        algbw=reported(algbw, BYTE_PER_SECOND, run.source), busbw=busbw,
    )  # fmt: skip


def _check(run: Run, row: Row, name: str, said: float, follows: float) -> None:
    if follows < _CHECKED_ABOVE * _GIGA:
        return
    if abs(said - follows) > _AGREES * follows:
        run.file.refuse(
            f"{name} of {row.size_bytes} B is {said / _GIGA:g} GB/s in it, where its time and "
            f"{run.ranks} ranks make {follows / _GIGA:.4g}"
        )


def _peak(
    run: Run, points: Sequence[CollectivePoint], doubts: tuple[Doubt, ...], validity: Validity
) -> Metric:
    found = [each.busbw for each in points if isinstance(each.busbw, Quantity)]
    if found:
        best = max(found, key=lambda each: each.value)
        return metric("busbw_peak", best, Direction.HIGHER, reasons=doubts, validity=validity)
    return missing_metric(
        "busbw_peak", BYTE_PER_SECOND, unsupported("one rank alone has no bus bandwidth"),
        Direction.HIGHER, Origin(method=Method.REPORTED, source=run.source),
    )  # fmt: skip
