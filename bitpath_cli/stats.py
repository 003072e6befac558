"""Order statistics and intervals of small samples, from the standard library alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, stdev
from typing import Final

# Student's t, two-sided 95 %, by degrees of freedom 1…10; beyond that the normal value is used.
_T95: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True, slots=True)
class Interval:
    """A point with its bounds and the level at which they are claimed to cover the truth."""

    value: float
    low: float
    high: float
    level: float

    @property
    def half_width(self) -> float:
        """Half the width relative to the value; infinite for a value of 0."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else math.inf


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile by linear interpolation (type 7); raises ValueError when there is no value."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    position = (len(ordered) - 1) * q
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median_interval(values: Sequence[float]) -> Interval:
    """The median with its distribution-free interval between order statistics.

    The level is the exact binomial coverage of the narrowest symmetric pair that reaches 95 %
    (Conover, Practical Nonparametric Statistics, §3.2); fewer than six values cannot reach it, and
    then the whole range is returned with the level that it has.
    """
    ordered = sorted(values)
    count = len(ordered)
    if count == 0:
        raise ValueError("no values")
    if count == 1:
        return Interval(ordered[0], ordered[0], ordered[0], 0.0)
    rank = 0
    while rank + 1 < (count - 1) / 2 and _coverage(count, rank + 1) >= 0.95:
        rank += 1
    return Interval(
        median(ordered), ordered[rank], ordered[count - 1 - rank], _coverage(count, rank)
    )


def blocked_median_interval(blocks: Sequence[Sequence[float]]) -> Interval:
    """The median over blocks with an interval that also covers how blocks differ.

    Samples of one process agree with each other better than with those of the next (allocation,
    page colours, thread placement), so the interval within a run is too narrow. It is the hull of
    the pooled interval and of Student's t over the blocks' medians.
    """
    filled = [block for block in blocks if block]
    pooled = median_interval([value for block in filled for value in block])
    if len(filled) < 3:
        return pooled
    centres = [median(block) for block in filled]
    margin = _t95(len(centres) - 1) * stdev(centres) / math.sqrt(len(centres))
    centre = fmean(centres)
    return Interval(
        pooled.value,
        min(pooled.low, max(centre - margin, min(min(block) for block in filled))),
        max(pooled.high, min(centre + margin, max(max(block) for block in filled))),
        min(pooled.level, 0.95) if pooled.level < 0.95 else 0.95,
    )


def normal_z(level: float) -> float:
    """How many sigma a two-sided interval of that level is wide on each side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _t95(freedom: int) -> float:
    return _T95[freedom - 1] if freedom <= len(_T95) else normal_z(0.95) * (1 + 1.5 / freedom)


def _coverage(count: int, rank: int) -> float:
    """P(the median lies between the order statistics rank and count-1-rank), rank from 0."""
    tail = sum(math.comb(count, k) for k in range(rank + 1)) / float(2**count)
    return 1 - 2 * tail
