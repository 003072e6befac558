"""How far one value is from an earlier one, and whether that is the same, better or worse.

The region of equivalence is symmetric in ratios, from 1 ÷ (1 + margin) to 1 + margin, so that a
time and the rate that follows from it are judged alike.
"""

import math
from typing import Final, Literal

from bitpath_cli.model.reading import MEASURED_LEVEL, Missing, Quantity, absent, derived, failed
from bitpath_cli.model.result import Direction
from bitpath_cli.model.units import ONE
from bitpath_cli.stats import Interval, ratio_interval

Judgement = Literal["better", "worse", "same", "undecided"]
_SOURCE: Final = "after ÷ before - 1"


def relative_change(before: Quantity, after: Quantity) -> Quantity | Missing:
    """The change with its 95 % interval where both have one; Missing where no ratio exists."""
    if before.value == after.value == 0:
        return derived(0.0, ONE, _SOURCE)
    if before.value <= 0 or after.value < 0:
        return absent(f"there is no ratio to a value of {min(before.value, after.value):g}")
    change = after.value / before.value - 1
    if not math.isfinite(change):
        return failed("the ratio leaves the range of numbers")
    plain = derived(change, ONE, _SOURCE)
    left, right = _interval(before), _interval(after)
    ratio = ratio_interval(right, left) if left is not None and right is not None else None
    if ratio is None or not math.isfinite(ratio.high):
        return plain
    return plain.model_copy(
        update={
            "low": min(ratio.low - 1, change), "high": max(ratio.high - 1, change),
            "level": MEASURED_LEVEL,
        }
    )  # fmt: skip


def judge(change: Quantity, direction: Direction, margin: float) -> tuple[Judgement, str]:
    """Same where the whole interval lies within the margin, changed where it lies outside of it.

    The second is why there is no interval to decide with; empty where it crosses the margin.
    """
    if change.low is None or change.high is None:
        if change.value == 0:
            return "same", ""
        return "undecided", "no interval on one side, so a change cannot be told from noise"
    least, most = 1 / (1 + margin) - 1, margin
    if least <= change.low and change.high <= most:
        return "same", ""
    if change.low > most:
        return ("better" if direction is Direction.HIGHER else "worse"), ""
    if change.high < least:
        return ("worse" if direction is Direction.HIGHER else "better"), ""
    return "undecided", ""


def judge_prediction(change: Quantity, margin: float) -> Judgement:
    """The value alone decides, and less is better: both rest on the same assumptions.

    The spread of a price that nobody knows is in both predictions and not in their ratio.
    """
    if 1 / (1 + margin) - 1 <= change.value <= margin:
        return "same"
    return "worse" if change.value > 0 else "better"


def without_interval(value: Quantity) -> Quantity:
    """The value alone, for a spread that says nothing about a change."""
    return derived(value.value, value.unit, value.origin.source)


def _interval(value: Quantity) -> Interval | None:
    if value.low is None or value.high is None or value.level is None:
        return None
    return Interval(value.value, value.low, value.high, value.level)
