"""Order statistics and intervals of small samples, from the standard library alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, stdev
from typing import Final

LEVEL: Final = 0.95
_LEAST_LEVEL: Final = 0.6

# Student's t, two-sided 95 %, by degrees of freedom from 1; beyond that its expansion is used.
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
    then the whole range is returned with the level that it has (0 for one value).
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank, level = _narrowest_pair(len(ordered))
    return Interval(median(ordered), ordered[rank], ordered[-1 - rank], level)


def blocked_median_interval(blocks: Sequence[Sequence[float]]) -> Interval:
    """The median over fresh processes, with an interval that covers how processes differ.

    Samples of one process agree with each other better than with those of the next (allocation,
    page colours, thread placement), so what lies within a run says nothing about the next run. With
    two or more blocks each block's median is one observation: the value is their median, so a long
    block does not outvote a short one, and the interval is the hull of Student's t over their
    logarithms (times are positive and processes differ by factors) and of the pooled interval.

    One block knows nothing of other processes: its interval is that of `median_interval`. Raises
    ValueError where there is no value, or where several blocks hold one that is not positive.
    """
    filled = [block for block in blocks if block]
    pooled = median_interval([value for block in filled for value in block])
    if len(filled) < 2:
        return pooled
    centres = [median(block) for block in filled]
    logarithms = [math.log(centre) for centre in centres]
    margin = student_t(len(centres) - 1) * stdev(logarithms) / math.sqrt(len(centres))
    value, centre = median(centres), fmean(logarithms)
    return Interval(
        value,
        min(value, pooled.low, math.exp(centre - margin)),
        max(value, pooled.high, math.exp(centre + margin)),
        LEVEL,
    )


def ratio_interval(numerator: Interval, denominator: Interval) -> Interval | None:
    """The ratio of two independent positive values with its 95 % interval.

    The logarithms' margins are added in squares, side by side (MOVER: Zou and Donner, Construction
    of confidence limits about effect measures, Statistics in Medicine 27, 2008), after each was
    widened or narrowed from its own level to 95 % as a normal one. None where a bound is not
    positive or a level is below 60 %, as it is for fewer than three samples.
    """
    sides = (numerator, denominator)
    if any(min(each.low, each.value) <= 0 or each.level < _LEAST_LEVEL for each in sides):
        return None
    up = math.hypot(_margin(numerator, numerator.high), _margin(denominator, denominator.low))
    down = math.hypot(_margin(numerator, numerator.low), _margin(denominator, denominator.high))
    ratio = numerator.value / denominator.value
    return Interval(ratio, ratio * math.exp(-down), ratio * math.exp(up), LEVEL)


def _margin(side: Interval, bound: float) -> float:
    """How far a bound is from the value in logarithms, at 95 %."""
    return abs(math.log(bound / side.value)) * normal_z(LEVEL) / normal_z(side.level)


def normal_z(level: float) -> float:
    """How many sigma a two-sided interval of that level is wide on each side."""
    return NormalDist().inv_cdf((1 + level) / 2)


def student_t(freedom: int) -> float:
    """Student's t for a two-sided 95 % interval; above 10 degrees by expansion (A&S 26.7.5)."""
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    z = normal_z(LEVEL)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _narrowest_pair(count: int) -> tuple[int, float]:
    """The rank r, from 0, of the narrowest pair (r, count-1-r) that covers 95 %, and its coverage.

    P(the median lies outside) is 2·P(Binomial(count, ½) <= r).
    """
    rank, tail = 0, _probability(count, 0)
    while rank + 1 < (count - 1) / 2:
        wider_tail = tail + _probability(count, rank + 1)
        if 1 - 2 * wider_tail < LEVEL:
            break
        rank, tail = rank + 1, wider_tail
    return rank, max(0.0, 1 - 2 * tail)


def _probability(count: int, successes: int) -> float:
    """P(Binomial(count, ½) = successes), by logarithms because 2^count soon leaves the floats."""
    if count <= 60:
        return float(math.comb(count, successes) / (1 << count))
    return math.exp(
        math.lgamma(count + 1) - math.lgamma(successes + 1) - math.lgamma(count - successes + 1)
        - count * math.log(2)
    )  # fmt: skip
