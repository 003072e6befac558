"""The figures of each message size, and the best of those that stand for the link's lasting rate.

algbw = size ÷ time and busbw = algbw · factor, as nccl-tests has them (doc/PERFORMANCE.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bitpath_cli.benchmarks._burst import MULTIPLE
from bitpath_cli.benchmarks._operations import bus_factor
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity, Reading, failed
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
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, SECOND, Unit, human
from bitpath_cli.stats import Interval, blocked_median_interval


@dataclass(frozen=True, slots=True)
class Scene:
    """What all figures of a case share: the collective, its ranks, and what speaks against it."""

    name: str
    ranks: int
    source: str
    reasons: tuple[Doubt, ...] = ()
    validity: Validity = Validity.VALID

    @property
    def origin(self) -> Origin:
        """Measured in this run."""
        return self.told("")

    def told(self, more: str) -> Origin:
        """Measured in this run, and how."""
        source = f"{self.source}, {more}" if more else self.source
        return Origin(method=Method.MEASURED, source=source)

    def metric(
        self, name: str, reading: Reading, unit: Unit, direction: Direction,
        ceiling: Ceiling | None = None,
    ) -> Metric:  # fmt: skip
        """A figure with what speaks against all of them, or why there is none."""
        if isinstance(reading, Missing):
            return missing_metric(name, unit, reading, direction, self.origin)
        return metric(
            name, reading, direction, ceiling=ceiling, reasons=self.reasons,
            validity=self.validity,
        )  # fmt: skip


def quantity(interval: Interval, unit: Unit, origin: Origin) -> Quantity:
    """An interval as a reading; without bounds where it has no level to speak of."""
    if not 0 < interval.level < 1:
        return Quantity(value=interval.value, unit=unit, origin=origin)
    return Quantity(
        value=interval.value, unit=unit, origin=origin, low=interval.low, high=interval.high,
        level=interval.level,
    )  # fmt: skip


def make_points(
    loops: Mapping[int, Samples], scene: Scene, ceiling: Ceiling | None
) -> tuple[CollectivePoint, ...]:
    """A point for every size in bytes that the budget reached, small sizes first."""
    return tuple(_make_point(size, loops[size], scene, ceiling) for size in sorted(loops))


def _make_point(
    size_bytes: int, samples: Samples, scene: Scene, ceiling: Ceiling | None
) -> CollectivePoint:
    factor = bus_factor(scene.name, scene.ranks)
    operations = sum(samples.evidence("operations"))
    p95 = samples.evidence("p95")
    changes: dict[str, Reading] = {}
    if p95:
        changes["time_p95"] = Quantity(value=median(p95), unit=SECOND, origin=scene.origin)
    return CollectivePoint(
        size_bytes=size_bytes,
        time=quantity(blocked_median_interval(samples.seconds_by_block), SECOND, scene.origin),
        algbw=rate(samples, size_bytes, BYTE_PER_SECOND, scene.source),
        busbw=factor
        if isinstance(factor, Missing)
        else rate(samples, size_bytes * factor, BYTE_PER_SECOND, scene.source),
        mean_time=Quantity(
            value=sum(samples.evidence("rank_seconds")) / operations, unit=SECOND,
            origin=scene.told("mean over ranks and operations"),
        ),
        wrong=int(sum(samples.evidence("wrong"))),
        ceiling=ceiling,
        **changes,
    )  # fmt: skip


def find_ceiling(samples: Samples) -> Ceiling:
    """What every rank sent while it received as much, over bare sockets in this run."""
    seconds = blocked_median_interval(samples.seconds_by_block)
    return Ceiling(
        value=samples.work / seconds.value,
        unit=BYTE_PER_SECOND,
        source="raw sockets around the same ranks, both ways at once, in this run",
    )


def lasting(
    points: Sequence[CollectivePoint], scene: Scene, burst_bytes: float
) -> tuple[CollectivePoint, ...]:
    """The points at which every link carried so much that its burst is a few per cent of it."""
    factor = bus_factor(scene.name, scene.ranks)
    if isinstance(factor, Missing):
        return ()
    return tuple(each for each in points if each.size_bytes * factor >= MULTIPLE * burst_bytes)


def find_peak(
    points: Sequence[CollectivePoint], scene: Scene, ceiling: Ceiling | None, burst_bytes: float
) -> tuple[Metric, int]:
    """The best bus bandwidth of the sizes that can be judged, and that size (0 where none)."""
    factor = bus_factor(scene.name, scene.ranks)
    judged = [
        (each.busbw, each.size_bytes)
        for each in lasting(points, scene, burst_bytes)
        if isinstance(each.busbw, Quantity)
    ]
    if judged:
        best, size_bytes = max(judged, key=lambda each: each[0].value)
        found: Reading = best
    else:
        size_bytes = 0
        found = factor if isinstance(factor, Missing) else _no_peak(points, burst_bytes)
    return scene.metric(
        "busbw_peak", found, BYTE_PER_SECOND, Direction.HIGHER, ceiling
    ), size_bytes  # fmt: skip


def _no_peak(points: Sequence[CollectivePoint], burst_bytes: float) -> Missing:
    if not points:
        return failed("the budget did not reach any size", "choose a larger --budget")
    burst, largest = human(burst_bytes, BYTE), human(points[-1].size_bytes, BYTE)
    return failed(
        f"the link lets a burst of {burst} through faster than it lasts, and the largest size, "
        f"{largest}, is less than {MULTIPLE} of them",
        "choose a larger --max-size or --budget",
    )
