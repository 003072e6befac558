"""α and β of a collective from its times by size, and how well they predict what was left out.

In the cost model of rings and trees a collective of S bytes takes t = steps·α + factor·β·S, with
the steps and factor of its operation: so 1/β is the bus bandwidth that large sizes come near to.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

from bitpath_cli.benchmarks._alpha_beta import ENOUGH, Curve, Line, fit_curve, leave_one_out
from bitpath_cli.benchmarks._operations import bus_factor, find_operation
from bitpath_cli.benchmarks._points import Scene
from bitpath_cli.model.reading import (
    MEASURED_LEVEL,
    Missing,
    Origin,
    Quantity,
    Reading,
    derived,
    failed,
)
from bitpath_cli.model.result import CollectivePoint, CostSegment, Direction, Finding, Metric
from bitpath_cli.model.units import BYTE, ONE, SECOND, Unit, human

SECOND_PER_BYTE: Final = Unit("s/B")
_LEAST_RANKS: Final = 3


def fit_cost(
    points: Sequence[CollectivePoint], scene: Scene
) -> tuple[tuple[Metric, ...], tuple[CostSegment, ...], tuple[Finding, ...]]:
    """The metrics alpha, beta, half_bandwidth_size and prediction_error, and the lines by size."""
    factor = bus_factor(scene.name, scene.ranks)
    sizes = [float(each.size_bytes) for each in points]
    seconds = [each.time.value for each in points]
    curve = None if isinstance(factor, Missing) else fit_curve(sizes, seconds)
    if isinstance(factor, Missing) or curve is None:
        why = factor if isinstance(factor, Missing) else failed(
            "a line needs at least three sizes that take longer the larger they are",
            "choose a larger --budget",
        )  # fmt: skip
        return _metrics(scene, why, why, why, why), (), ()
    steps = find_operation(scene.name).steps(scene.ranks)
    origin = _origin(curve, scene, len(points))
    first, last = curve.lines[0], curve.lines[-1]
    metrics = _metrics(
        scene,
        _positive(first.intercept / steps, first.intercept_margin / steps, SECOND, origin),
        _positive(last.slope / factor, last.slope_margin / factor, SECOND_PER_BYTE, origin),
        _half_size(first, last),
        _prediction_error(sizes, seconds, scene),
    )
    segments = tuple(
        CostSegment(
            from_bytes=int(begin), to_bytes=int(end), largest_error=line.largest_error,
            alpha=_positive(line.intercept / steps, line.intercept_margin / steps, SECOND, origin),
            beta=_positive(
                line.slope / factor, line.slope_margin / factor, SECOND_PER_BYTE, origin
            ),
        )
        for (begin, end), line in zip(curve.ranges, curve.lines, strict=True)
    )  # fmt: skip
    return metrics, segments, _with_more_ranks(curve, scene, sizes[-1])


def _origin(curve: Curve, scene: Scene, sizes: int) -> Origin:
    """How many lines; of several, α is that of the small sizes and β that of the large ones."""
    lines = "line" if len(curve.lines) == 1 else (
        f"{len(curve.lines)} lines, alpha of the first and beta of the last,"
    )  # fmt: skip
    return scene.told(f"{lines} over {sizes} sizes, at most {curve.largest_error:.0%} off")


def _metrics(
    scene: Scene, alpha: Reading, beta: Reading, half_size: Reading, error: Reading
) -> tuple[Metric, ...]:
    return (
        scene.metric("alpha", alpha, SECOND, Direction.LOWER),
        scene.metric("beta", beta, SECOND_PER_BYTE, Direction.LOWER),
        scene.metric("half_bandwidth_size", half_size, BYTE, Direction.LOWER),
        scene.metric("prediction_error", error, ONE, Direction.LOWER),
    )


def _positive(value: float, margin: float, unit: Unit, origin: Origin) -> Reading:
    if value <= 0:
        return failed("the line through the times leaves no positive value")
    return Quantity(
        value=value, unit=unit, origin=origin, level=MEASURED_LEVEL,
        low=max(value - margin, 0.0), high=value + margin,
    )  # fmt: skip


def _half_size(first: Line, last: Line) -> Reading:
    """n½ of Hockney: the size at which the start-up takes as long as the bytes."""
    if first.intercept <= 0:
        return failed("the line through the times leaves no start-up time")
    return derived(first.intercept / last.slope, BYTE, "alpha and beta: where both take as long")


def _prediction_error(sizes: Sequence[float], seconds: Sequence[float], scene: Scene) -> Reading:
    """The median relative error at sizes that the lines were fitted without."""
    errors = leave_one_out(sizes, seconds)
    if not errors:
        return failed("leaving out one size needs four or more", "choose a larger --budget")
    origin = scene.told(
        f"each of {len(errors)} sizes left out in turn and predicted from the others, at most "
        f"{max(errors):.0%} off"
    )
    return Quantity(value=median(errors), unit=ONE, origin=origin)


def _with_more_ranks(curve: Curve, scene: Scene, size_bytes: float) -> tuple[Finding, ...]:
    """The largest size with twice as many ranks, where three ranks or more were measured."""
    line, more = curve.lines[-1], 2 * scene.ranks
    operation = find_operation(scene.name)
    if scene.ranks < _LEAST_RANKS or line.intercept < 0 or curve.largest_error > ENOUGH:
        return ()
    startup = line.intercept * operation.steps(more) / operation.steps(scene.ranks)
    moving = line.slope * size_bytes * operation.factor(more) / operation.factor(scene.ranks)
    return (
        Finding(
            name="more_ranks",
            sentence=f"With {more} such ranks, {human(size_bytes, BYTE)} would take about "
            f"{human(startup + moving, SECOND)} by alpha and beta: extrapolated from "
            f"{scene.ranks} ranks, not measured.",
        ),
    )
