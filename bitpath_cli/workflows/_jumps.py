"""Where the level of a series changed, by medians alone: simple, and deaf to single outliers.

Binary segmentation: the split that leaves least around the medians of both sides is a jump where
these differ by more than noise can do, and each side is looked at again. Noise is taken from the
differences of neighbours, which a jump changes in one place only (von Neumann, 1941, with a median
in place of the mean).
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

_FEWEST: Final = 3
"""Values that each side of a jump needs: two may agree by chance, and one is an outlier."""

_MOST: Final = 200
# 1.4826 MAD is a normal sigma, and a difference of two values has √2 of it.
_TO_SIGMA: Final = 1.4826 / math.sqrt(2)
# A median of n values strays by √(π/2n) sigma.
_MEDIAN: Final = math.sqrt(math.pi / 2)
_FAR: Final = 4.0
_LEAST: Final = 0.05
_DRIFT: Final = 0.01


def find_jumps(values: Sequence[float]) -> tuple[int, ...]:
    """The places at which a new level begins; values must be positive, and are taken as factors.

    Of a longer series the youngest 200 values are looked at.
    """
    begin = max(0, len(values) - _MOST)
    if len(values) < 2 * _FEWEST or min(values) <= 0:
        return ()
    logarithms = [math.log(each) for each in values[begin:]]
    differences = [abs(b - a) for a, b in pairwise(logarithms)]
    noise = max(_TO_SIGMA * median(differences), _DRIFT)
    return tuple(sorted(_split(logarithms, begin, noise)))


def _split(values: Sequence[float], offset: int, noise: float) -> Iterator[int]:
    if len(values) < 2 * _FEWEST:
        return
    at = min(range(1, len(values)), key=lambda place: _left_over(values, place))
    if at < _FEWEST:
        yield from _split(values[at:], offset + at, noise)
        return
    if len(values) - at < _FEWEST:
        yield from _split(values[:at], offset, noise)
        return
    step = abs(median(values[at:]) - median(values[:at]))
    strays = noise * _MEDIAN * math.sqrt(1 / at + 1 / (len(values) - at))
    if step < _FAR * strays or step < math.log1p(_LEAST):
        return
    yield offset + at
    yield from _split(values[:at], offset, noise)
    yield from _split(values[at:], offset + at, noise)


def _left_over(values: Sequence[float], at: int) -> float:
    """The sum of all distances from the median of their side."""
    sides = (values[:at], values[at:])
    return sum(abs(each - centre) for side in sides for centre in (median(side),) for each in side)
