"""How far one value is from an earlier one, and whether that is the same, better or worse.

The region of equivalence is symmetric in ratios, from 1 ÷ (1 + margin) to 1 + margin, so that a
time and the rate that follows from it are judged alike.
"""

import math
from typing import Literal

from bitpath_cli.model.reading import MEASURED_LEVEL, Missing, Quantity, absent, derived, failed
from bitpath_cli.model.result import Direction
from bitpath_cli.model.units import ONE
from bitpath_cli.stats import Interval, ratio_interval

Judgement = Literal["better", "worse", "same", "undecided"]


def ratio(before: Quantity, after: Quantity) -> Quantity | Missing:
    """After ÷ before with its 95 % interval where both have one; Missing where there is none."""
    source = "after ÷ before"
    if before.value == after.value == 0:
        return derived(1.0, ONE, source)
    if before.value <= 0 or after.value < 0:
        return absent(f"there is no ratio to a value of {min(before.value, after.value):g}")
    found = after.value / before.value
    if not math.isfinite(found):
        return failed("the ratio leaves the range of numbers")
    plain = derived(found, ONE, source)
    left, right = _interval(before), _interval(after)
    known = ratio_interval(right, left) if left is not None and right is not None else None
    if known is None or not math.isfinite(known.high):
        return plain
    low, high = min(known.low, found), max(known.high, found)
    return plain.model_copy(update={"low": low, "high": high, "level": MEASURED_LEVEL})


def relative_change(before: Quantity, after: Quantity) -> Quantity | Missing:
    """The ratio less one, with its interval."""
    found = ratio(before, after)
    if isinstance(found, Missing):
        return found
    plain = derived(found.value - 1, ONE, "after ÷ before - 1")
    if found.low is None or found.high is None:
        return plain
    interval = {"low": found.low - 1, "high": found.high - 1, "level": found.level}
    return plain.model_copy(update=interval)


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
