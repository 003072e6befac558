"""How far one fresh process's time is from the next one's: what a prediction of a run must allow.

Two processes say little about it, so several cases of one program are pooled (a pooled variance of
logarithms, with Student's t in place of the normal for what few observations leave open).
"""

import math
from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

from bitpath_cli.model.reading import ONE_SIGMA, PREDICTED_LEVEL, Quantity
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.stats import normal_z

_LEAST_FREEDOM: Final = 2


def process_spread(results: Sequence[BenchmarkResult], loop: str) -> float | None:
    """One sigma of the logarithm of a single process's median; None where too few were run.

    Widened so that a normal interval of predictions' level has Student's width.
    """
    squares, freedom = 0.0, 0
    for each in results:
        blocks = each.samples[loop].seconds_by_block
        centres = [math.log(median(block)) for block in blocks if block]
        if len(centres) > 1:
            middle = fmean(centres)
            squares += sum((centre - middle) ** 2 for centre in centres)
            freedom += len(centres) - 1
    if freedom < _LEAST_FREEDOM:
        return None
    return math.sqrt(squares / freedom) * _small_sample(freedom)


def with_spread(quantity: Quantity, spread: float | None) -> Quantity:
    """The quantity with that interval instead of the one from its own two processes."""
    if spread is None or spread <= 0:
        return quantity
    factor = math.exp(spread)
    return quantity.model_copy(
        update={
            "low": quantity.value / factor, "high": quantity.value * factor, "level": ONE_SIGMA,
        }
    )  # fmt: skip


def _small_sample(freedom: int) -> float:
    """Student's t over the normal's z, by expansion (Abramowitz and Stegun, 26.7.5)."""
    z = normal_z(PREDICTED_LEVEL)
    first = (z**2 + 1) / 4
    second = (5 * z**4 + 16 * z**2 + 3) / 96
    return 1 + first / freedom + second / freedom**2
