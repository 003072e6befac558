"""Axes as people read them: ticks with units and prefixes, and labels that do not collide."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.units import SECOND, Unit, significant
from bitpath_cli.renderers._words import amount

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_TICKS: Final = 6
# Where a clock or a calendar has a name for it.
_TIMES: Final = (60.0, 600.0, 3600.0, 6 * 3600.0, *(86400.0 * 10**power for power in range(7)))


def log_ticks(axis: "Axis", low: float, high: float, unit: Unit, base: int = 10) -> None:
    """Powers of ten (of four for sizes) with their unit, between `low` and `high`."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    step = math.log(4 if base == 2 else 10)
    first, last = math.floor(math.log(low) / step), math.ceil(math.log(high) / step)
    stride = max(1, math.ceil((last - first) / _TICKS))
    places = [math.exp(power * step) for power in range(first, last + 1, stride)]
    if len([each for each in places if low <= each <= high]) < 2 and base != 2:
        places = [times * 10.0**power for power in range(first, last + 1) for times in (1, 2, 5)]
    if unit == SECOND:
        places = [each for each in places if each < min(high, _TIMES[0])] + _times(low, high)
    axis.set_major_locator(FixedLocator([_whole(each) for each in places]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(value, unit)))


def ratio_ticks(axis: "Axis", low: float, high: float) -> None:
    """Multiples on a logarithmic axis: ×0.1, ×1, ×10."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / _TICKS))
    powers = sorted({0, *range(0, last + 1, stride), *range(0, first - 1, -stride)})
    axis.set_major_locator(FixedLocator([10.0**power for power in powers]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"×{significant(value)}"))


def spread_out(places: Sequence[float], gap: float) -> list[float]:
    """The same places moved as little as keeps them `gap` apart, in the same order."""
    order = sorted(range(len(places)), key=lambda at: places[at])
    groups: list[list[int]] = []
    centres: list[float] = []
    for at in order:
        groups.append([at])
        centres.append(places[at])
        while len(groups) > 1 and _apart(groups, centres) < gap:
            last = groups.pop()
            centres.pop()
            groups[-1] += last
            centres[-1] = sum(places[each] for each in groups[-1]) / len(groups[-1])
    found = list(places)
    for group, centre in zip(groups, centres, strict=True):
        for index, at in enumerate(group):
            found[at] = centre + (index - (len(group) - 1) / 2) * gap
    return found


def _times(low: float, high: float) -> list[float]:
    """Those of the calendar that lie between, thinned where they are many."""
    found = [each for each in _TIMES if low <= each <= high]
    return found[:: max(1, math.ceil(len(found) / _TICKS))]


def _apart(groups: list[list[int]], centres: list[float]) -> float:
    """How much room lies between the last two groups, per gap that they need."""
    needed = (len(groups[-2]) + len(groups[-1])) / 2
    return (centres[-1] - centres[-2]) / needed


def _whole(value: float) -> float:
    """Without the rounding error of the exponential."""
    return float(f"{value:.9g}")
