"""The Pareto front of a recommendation in its two most human dimensions: time and money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Candidate, Recommendation
from bitpath_cli.renderers._charts import INK, MUTED, PAPER, SERIES, Chart, Numbers, draw_chart
from bitpath_cli.renderers._charts_axes import log_ticks
from bitpath_cli.renderers._words import label, reading, strategy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT: Final = 300
_MOST: Final = 200
_MARKERS: Final = {
    "edge": "o", "cloud_native": "s", "hybrid": "D", "distributed": "^", "today": "P",
}  # fmt: skip
_TIMES: Final = ("job_time", "latency_")
_PRICES: Final = ("job_price", "month_price")
State = Literal["wins", "front", "dominated", "infeasible"]


@dataclass(frozen=True, slots=True)
class Point:
    """A configuration with what it takes in time and money."""

    candidate: Candidate
    time: Quantity
    price: Quantity
    state: State


def draw_front(key: str, advice: Recommendation) -> Chart | None:
    """Time against money; None where fewer than two configurations have both."""
    points = _points(advice)
    if len(points) < 2:
        return None
    time, price = _axis_names(points[0].candidate)
    on_front = sum(each.state in ("wins", "front") for each in points)
    rows = tuple(
        (each.candidate.configuration.label, strategy(each.candidate.strategy), reading(each.time),
         reading(each.price), _STATES[each.state])
        for each in points
    )  # fmt: skip
    return draw_chart(
        f"{key}-front", f"{label(time).capitalize()} against {label(price)}",
        f"{len(points)} configurations, {on_front} of them on the Pareto front of all five terms: "
        "nothing else is better in every term. Nearer the lower left corner is better.",
        Numbers(("configuration", "strategy", label(time), label(price), "state"), rows), _HEIGHT,
        lambda axes: _paint(axes, points, (label(time), label(price))),
    )  # fmt: skip


_STATES: Final[dict[State, str]] = {
    "wins": "recommended", "front": "on the front", "dominated": "dominated",
    "infeasible": "not feasible",
}  # fmt: skip


def _points(advice: Recommendation) -> list[Point]:
    """Those that have both, under the names that the first has them."""
    found = []
    for each in advice.candidates[:_MOST]:
        time, price = (_figure(each, name) for name in _axis_names(each))
        if time is not None and price is not None:
            found.append(Point(each, time, price, _state(each, advice)))
    return [
        each for each in found
        if _axis_names(each.candidate) == _axis_names(found[0].candidate)
        and each.price.unit == found[0].price.unit
    ]  # fmt: skip


def _axis_names(candidate: Candidate) -> tuple[str, str]:
    names = tuple(candidate.predicted)
    time = next((name for name in names if name.startswith(_TIMES)), "")
    return time, next((name for name in names if name in _PRICES), "")


def _figure(candidate: Candidate, name: str) -> Quantity | None:
    found = candidate.predicted.get(name)
    return found if isinstance(found, Quantity) and found.value > 0 else None


def _state(candidate: Candidate, advice: Recommendation) -> State:
    if advice.winner is not None and candidate.configuration == advice.winner:
        return "wins"
    if not candidate.feasible:
        return "infeasible"
    return "front" if candidate.on_front else "dominated"


def _paint(axes: "Axes", points: Sequence[Point], names: tuple[str, str]) -> None:
    axes.set(xscale="log", yscale="log")
    for each in sorted(points, key=lambda each: each.state == "wins"):
        _paint_point(axes, each)
    left, right = _around(each.time.value for each in points)
    bottom, top = _around(each.price.value for each in points)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    log_ticks(axes.xaxis, left, right, points[0].time.unit)
    log_ticks(axes.yaxis, bottom, top, points[0].price.unit)
    axes.set_xlabel(names[0])
    axes.set_title(names[1], loc="left", size=11, color=MUTED)
    shapes = dict.fromkeys(each.candidate.strategy for each in points)
    _explain(axes, tuple(shapes), {each.state for each in points})


def _around(values: Iterable[float]) -> tuple[float, float]:
    """A little more than all of them, on a logarithmic axis."""
    known = tuple(values)
    return min(known) / 1.6, max(known) * 1.6


def _paint_point(axes: "Axes", point: Point) -> None:
    marker = _MARKERS[point.candidate.strategy]
    colour = {"wins": SERIES[0], "front": INK}.get(point.state, MUTED)
    hollow = point.state in ("dominated", "infeasible")
    axes.plot(
        [point.time.value], [point.price.value], linestyle="none",
        marker="x" if point.state == "infeasible" else marker,
        markersize=12 if point.state == "wins" else 7,
        color=PAPER if hollow and point.state != "infeasible" else colour, markeredgecolor=colour,
        markeredgewidth=1.3,
    )  # fmt: skip


def _explain(axes: "Axes", strategies: Sequence[StrategyName], states: set[State]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="none", marker=_MARKERS[each], color=INK, markersize=6,
               label=strategy(each))
        for each in strategies
    ]  # fmt: skip
    hollow: tuple[tuple[State, str, str], ...] = (
        ("dominated", "o", PAPER), ("infeasible", "x", MUTED),
    )  # fmt: skip
    for state, marker, colour in hollow:
        if state in states:
            handles.append(
                Line2D(
                    [],
                    [],
                    linestyle="none",
                    marker=marker,
                    markersize=6,
                    markeredgecolor=MUTED,
                    color=colour,
                    label=_STATES[state],
                )
            )
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, -0.19), ncols=3,
        columnspacing=1.4, handletextpad=0.2,
    )  # fmt: skip
