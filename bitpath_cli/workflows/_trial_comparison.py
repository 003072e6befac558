"""Figures and choices of a trial: how far measured is from predicted, and the regret."""

import math
from collections.abc import Callable
from itertools import combinations

from torch import Tensor

from bitpath_cli.model.reading import Quantity, Reading, derived, failed
from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.trial import Comparison, Decision, FigureName
from bitpath_cli.model.units import ONE


def compared(name: FigureName, predicted: Reading, measured: Reading) -> Comparison:
    """One figure; there is no error where either is missing or nothing was predicted."""
    if not isinstance(measured, Quantity):
        return Comparison(name=name, predicted=predicted, measured=measured, error=measured)
    if not isinstance(predicted, Quantity) or predicted.value <= 0:
        why = failed("nothing was predicted to divide by")
        return Comparison(name=name, predicted=predicted, measured=measured, error=why)
    low, high = predicted.low, predicted.high
    return Comparison(
        name=name, predicted=predicted, measured=measured,
        error=derived(measured.value / predicted.value - 1, ONE, "measured ÷ predicted − 1"),
        is_covered=low <= measured.value <= high if low is not None and high is not None else None,
    )  # fmt: skip


def decided(
    goal: Goal,
    guessed: Tensor,
    true: Tensor,
    chosen: tuple[int, int],
    noise_of: Callable[[int], float],
    *,
    is_allowed: bool = True,
) -> Decision:
    """L of all candidates as predicted and as measured; `chosen` are recommended and best.

    A difference within the noise of both is a tie, and right where the recommended `is_allowed`.
    """
    recommended, best = chosen
    regret = float(true[recommended] / true[best] - 1)
    noise = math.hypot(noise_of(recommended), noise_of(best))
    return Decision(
        goal=goal, predicted=tuple(guessed.tolist()), measured=tuple(true.tolist()),
        recommended=recommended, best=best, regret=max(0.0, regret), noise=noise,
        is_right=recommended == best or (is_allowed and regret <= noise),
        rank_correlation=_rank_correlation(guessed, true),
    )  # fmt: skip


def _rank_correlation(guessed: Tensor, true: Tensor) -> Reading:
    """Kendall's τ: pairs in the same order less pairs in the other, over all pairs."""
    pairs = list(combinations(range(len(true)), 2))
    if len(pairs) < 2:
        return failed("two candidates have one order only: a correlation would say nothing")
    agree = [
        math.copysign(1, float((guessed[a] - guessed[b]) * (true[a] - true[b]))) for a, b in pairs
    ]
    return derived(sum(agree) / len(pairs), ONE, "Kendall's τ of L predicted and L measured")
