"""The line t = intercept + slope·n through the times of a collective, by least relative squares.

After Hockney, The communication challenge for MPP (Parallel Computing, 1994); relative errors,
because times span four orders of magnitude and the largest would decide alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bitpath_cli.stats import student_t


@dataclass(frozen=True, slots=True)
class Line:
    """The fit, half the widths of its 95 % intervals, and the largest relative error it leaves."""

    intercept: float
    slope: float
    intercept_margin: float
    slope_margin: float
    largest_error: float


def fit_line(sizes: Sequence[float], seconds: Sequence[float]) -> Line | None:
    """Minimise Σ((a + b·nᵢ − tᵢ)/tᵢ)²; None for fewer than three sizes, which leave no freedom.

    With x = 1/t and y = n/t the model is 1 = a·x + b·y; its normal equations are solved directly,
    and the margins are Student's t times the standard errors.
    """
    count = len(set(sizes))
    if count < 3:
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
