"""Where nothing is feasible: the configuration that fails by least, and the least that mends it."""

import math
from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.units import significant
from bitpath_cli.strategies import RATE_LEVERS, evaluate, select
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._candidates import candidate, configuration
from bitpath_cli.workflows._judgement import Judgement, excess_of

_MOST: Final = 64.0
_FACTORS: Final = 193


def smallest_change(judged: Judgement) -> str:
    """What the nearest configuration misses, and the smallest multiple of one rate that would do.

    That multiple may be of another strategy's rate. Memory and residency no rate mends.
    """
    rows = [row for name, row in judged.nearest.items() if name != "today"]
    excess = excess_of(judged.nominal)
    best = min(rows, key=lambda row: float(excess[row]), default=None)
    if best is None:
        return ""
    closest = candidate(judged, best, 0.0)
    reasons = "; ".join(each.sentence for each in closest.violations if each.removes)
    told = f"the nearest is {closest.configuration.label}: {reasons}"
    found = [
        (factor, lever, row)
        for row in rows
        for lever in RATE_LEVERS
        if (factor := _least_factor(judged, row, lever)) is not None
    ]
    if not found:
        return f"{told}; no rate alone, up to {_MOST:g} times as high, would make anything feasible"
    factor, lever, row = min(found)
    words = _wording.multiple(lever, factor)
    where = "it" if row == best else configuration(judged, row).label
    return f"{told}; {words} would make {where} feasible"


def _least_factor(judged: Judgement, row: int, lever: str) -> float | None:
    """The least multiple of a rate with which a row is feasible, to two digits, rounded up."""
    factors = torch.logspace(0, math.log10(_MOST), _FACTORS, dtype=torch.float64)
    plans = select(judged.plans, torch.tensor([row]))
    able = evaluate(judged.question, plans, Draws(1), {lever: factors}).feasible()[0]
    first = torch.nonzero(able.expand(_FACTORS)).flatten()
    if len(first) == 0:
        return None
    least = float(factors[first[0]])
    shown = float(significant(least, 2))
    return shown if shown >= least else shown + 10 ** (math.floor(math.log10(least)) - 1)
