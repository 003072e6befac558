"""The lines t = intercept + slope·n through the times of a collective, by least relative squares.

After Hockney, The communication challenge for MPP (Parallel Computing, 1994); relative errors,
because times span four orders of magnitude and the largest would decide alone. Where one line
leaves too much, ranges of sizes get lines of their own.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from bitpath_cli.stats import student_t

ENOUGH: Final = 0.15
"""The relative error up to which one line is enough."""

_LEAST_SIZES: Final = 3
_MOST_SEGMENTS: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """The fit, half the widths of its 95 % intervals, and the largest relative error it leaves."""

    intercept: float
    slope: float
    intercept_margin: float
    slope_margin: float
    largest_error: float

    def at(self, size: float) -> float:
        """Seconds for a size."""
        return self.intercept + self.slope * size


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines one after the other, each with the first and last size that it was fitted to."""

    ranges: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]

    @property
    def largest_error(self) -> float:
        """The largest relative error at any measured size."""
        return max(line.largest_error for line in self.lines)

    def at(self, size: float) -> float:
        """Seconds for a size; between two ranges the nearer one by ratio counts."""
        borders = [math.sqrt(last * first) for (_, last), (first, _) in pairwise(self.ranges)]
        return self.lines[sum(size >= border for border in borders)].at(size)


def fit_curve(sizes: Sequence[float], seconds: Sequence[float]) -> Curve | None:
    """The fewest lines, three at most, that leave no size more than 15 % off.

    Where even three leave more, those that leave the least. Every line has three sizes or more, so
    that it has an error to speak of.
    """
    points = sorted(zip(sizes, seconds, strict=True))
    best: Curve | None = None
    for cuts in _cuts(len(points)):
        found = _fit_between(points, cuts)
        if found is None:
            continue
        if best is not None and len(found.lines) > len(best.lines) and _is_enough(best):
            break
        if best is None or found.largest_error < best.largest_error:
            best = found
    return best


def leave_one_out(sizes: Sequence[float], seconds: Sequence[float]) -> tuple[float, ...]:
    """The relative error at each size but the first and last, predicted from all others."""
    points = sorted(zip(sizes, seconds, strict=True))
    errors = []
    for left_out in range(1, len(points) - 1):
        others = points[:left_out] + points[left_out + 1 :]
        curve = fit_curve([size for size, _ in others], [time for _, time in others])
        if curve is not None:
            size, time = points[left_out]
            errors.append(abs(curve.at(size) / time - 1))
    return tuple(errors)


def _is_enough(curve: Curve) -> bool:
    return curve.largest_error <= ENOUGH


def _cuts(count: int) -> Iterator[tuple[int, ...]]:
    """Where the ranges of so many points may begin, few ranges first."""
    for segments in range(1, _MOST_SEGMENTS + 1):
        for inner in combinations(range(_LEAST_SIZES, count - _LEAST_SIZES + 1), segments - 1):
            edges = (0, *inner, count)
            if all(end - begin >= _LEAST_SIZES for begin, end in pairwise(edges)):
                yield edges


def _fit_between(points: Sequence[tuple[float, float]], edges: tuple[int, ...]) -> Curve | None:
    lines = []
    for begin, end in pairwise(edges):
        line = fit_line([size for size, _ in points[begin:end]], [t for _, t in points[begin:end]])
        if line is None or line.slope <= 0:
            return None
        lines.append(line)
    ranges = tuple((points[begin][0], points[end - 1][0]) for begin, end in pairwise(edges))
    return Curve(ranges, tuple(lines))


def fit_line(sizes: Sequence[float], seconds: Sequence[float]) -> Line | None:
    """Minimise Σ((a + b·nᵢ − tᵢ)/tᵢ)²; None for fewer than three sizes, which leave no freedom.

    With x = 1/t and y = n/t the model is 1 = a·x + b·y; its normal equations are solved directly,
    and the margins are Student's t times the standard errors.
    """
    if len(set(sizes)) < _LEAST_SIZES:
        return None
    # Sizes relative to the largest keep the normal equations well conditioned.
    scale = max(sizes)
    xs = [1 / t for t in seconds]
    ys = [n / scale / t for n, t in zip(sizes, seconds, strict=True)]
    xx, yy = sum(x * x for x in xs), sum(y * y for y in ys)
    xy = sum(x * y for x, y in zip(xs, ys, strict=True))
    sx, sy = sum(xs), sum(ys)
    determinant = xx * yy - xy * xy
    if determinant <= 0:
        return None
    intercept = (sx * yy - sy * xy) / determinant
    slope = (sy * xx - sx * xy) / determinant
    errors = [intercept * x + slope * y - 1 for x, y in zip(xs, ys, strict=True)]
    freedom = len(xs) - 2
    variance = sum(error * error for error in errors) / freedom
    margin = student_t(freedom) * math.sqrt(variance / determinant)
    return Line(
        intercept=intercept,
        slope=slope / scale,
        intercept_margin=margin * math.sqrt(yy),
        slope_margin=margin * math.sqrt(xx) / scale,
        largest_error=max(abs(error) for error in errors),
    )
