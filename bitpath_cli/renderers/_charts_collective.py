"""Bus bandwidth of a collective by message size, its α–β line, and the ceiling of the link."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import BenchmarkResult, Ceiling, CollectivePoint
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND
from bitpath_cli.renderers._charts import (
    DASHES,
    INK,
    MUTED,
    PAPER,
    SERIES,
    Chart,
    Numbers,
    draw_chart,
    short,
)
from bitpath_cli.renderers._charts_axes import log_ticks
from bitpath_cli.renderers._words import amount, label, reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT: Final = 310
_MOST: Final = 100
_SAMPLES: Final = 60


@dataclass(frozen=True, slots=True)
class Stretch:
    """A line through the times from one size to another: `start` seconds, then β a bus byte."""

    begin: float
    end: float
    start: float
    beta: float

    def busbw(self, bus_bytes: float) -> float:
        """What each rank's link carries a second, for so many bytes."""
        return bus_bytes / (self.start + self.beta * bus_bytes)


def draw_collective(key: str, result: BenchmarkResult) -> Chart | None:
    """None where no size has a bus bandwidth."""
    points = [each for each in result.points[:_MOST] if each.size_bytes > 0 and _busbw(each) > 0]
    if not points:
        return None
    operation = label(str(result.parameters.get("op", "collective")))
    over = f" over {result.parameters['backend']}" if "backend" in result.parameters else ""
    ranks = result.parameters.get("world_size", "?")
    rows = tuple(
        (amount(each.size_bytes, BYTE), reading(each.time), reading(each.algbw),
         reading(each.busbw), str(each.wrong))
        for each in result.points[:_MOST]
    )  # fmt: skip
    return draw_chart(
        key, short(f"{operation}{over}, {ranks} ranks", 48), _describe(result, points),
        Numbers(("size", "time", "algbw", "busbw", "wrong elements"), rows), _HEIGHT,
        lambda axes: _paint(axes, points, _fit(result), _ceiling(result, points)),
    )  # fmt: skip


def _describe(result: BenchmarkResult, points: Sequence[CollectivePoint]) -> str:
    told = f"Bus bandwidth of {len(points)} message sizes, with 95 % intervals"
    alpha, beta, ceiling = result.metric("alpha"), result.metric("beta"), _ceiling(result, points)
    if alpha is not None and beta is not None and alpha.value and beta.value:
        told += f"; the line is α = {reading(alpha.reading)}, β = {reading(beta.reading)}"
    if ceiling is not None:
        told += f"; the ceiling is {amount(ceiling.value, ceiling.unit)}: {ceiling.source}"
    return f"{told}."


def _ceiling(result: BenchmarkResult, points: Sequence[CollectivePoint]) -> Ceiling | None:
    """That of the largest message, else the one that the peak is compared with."""
    peak = result.metric("busbw_peak")
    return points[-1].ceiling or (None if peak is None else peak.ceiling)


def _busbw(point: CollectivePoint) -> float:
    return point.busbw.value if isinstance(point.busbw, Quantity) else 0.0


def _fit(result: BenchmarkResult) -> tuple[Stretch, ...]:
    """The lines of an all-reduce over a ring, t = 2(n−1)·α + 2(n−1)/n·β·S.

    Other operations take another number of steps, which their results do not hold.
    """
    ranks = result.parameters.get("world_size")
    if result.parameters.get("op") != "all_reduce" or not isinstance(ranks, int):
        return ()
    steps = 2 * (ranks - 1)
    if result.segments:
        return tuple(
            Stretch(each.from_bytes, each.to_bytes, steps * each.alpha.value, each.beta.value)
            for each in result.segments
            if isinstance(each.alpha, Quantity) and isinstance(each.beta, Quantity)
        )
    alpha, beta = result.metric("alpha"), result.metric("beta")
    if alpha is None or beta is None or alpha.value is None or beta.value is None:
        return ()
    sizes = [each.size_bytes for each in result.points]
    return (Stretch(min(sizes), max(sizes), steps * alpha.value, beta.value),)


def _paint(
    axes: "Axes",
    points: Sequence[CollectivePoint],
    fit: Sequence[Stretch],
    ceiling: Ceiling | None,
) -> None:
    sizes, speeds = [each.size_bytes for each in points], [_busbw(each) for each in points]
    left, right = min(sizes) / 2, max(sizes) * 2
    heights = [*speeds, *([] if ceiling is None else [ceiling.value])]
    bottom, top = min(heights) / 2.5, max(heights) * 2.4
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom, top))
    if ceiling is not None:
        axes.axhline(ceiling.value, color=INK, linestyle=DASHES[1], linewidth=1.5)
        axes.annotate(
            f"ceiling {amount(ceiling.value, ceiling.unit)}", (left, ceiling.value), (6, 5),
            textcoords="offset points", size=10.5,
        )  # fmt: skip
    factor = speeds[0] / points[0].algbw.value
    for each in fit:
        xs = [each.begin * (each.end / each.begin) ** (at / _SAMPLES) for at in range(_SAMPLES + 1)]
        axes.plot(xs, [each.busbw(x * factor) for x in xs], color=MUTED, linewidth=1.5)
    for point in points:
        _paint_point(axes, point)
    log_ticks(axes.xaxis, left, right, BYTE, base=2)
    log_ticks(axes.yaxis, bottom, top, BYTE_PER_SECOND)
    axes.set_xlabel("message size")


def _paint_point(axes: "Axes", point: CollectivePoint) -> None:
    speed = point.busbw
    if not isinstance(speed, Quantity):
        return
    if speed.low and speed.high:
        axes.plot([point.size_bytes] * 2, [speed.low, speed.high], color=SERIES[0], linewidth=1.5)
    axes.plot(
        [point.size_bytes], [speed.value], marker="X" if point.wrong else "o", color=SERIES[0],
        markeredgecolor=PAPER, markeredgewidth=1, markersize=8,
    )  # fmt: skip
