"""Draws from the readings' spreads, and how sure a ranking is over them."""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.reading import Method, Quantity
from bitpath_cli.stats import normal_z

MEASURED_FLOOR: Final = 0.03
"""Machines drift: a measured value is never more certain than this, one sigma of its logarithm."""

TIE_BELOW: Final = 0.8
_CLASSES: Final = 10


def sigma(quantity: Quantity) -> float:
    """One sigma of the logarithm, from the interval and its level; 0 for what carries none."""
    if quantity.low is None or quantity.high is None or quantity.level is None:
        return MEASURED_FLOOR if quantity.origin.method is Method.MEASURED else 0.0
    if quantity.low <= 0 or quantity.high <= quantity.low:
        spread = 0.0
    else:
        spread = math.log(quantity.high / quantity.low) / 2 / normal_z(quantity.level)
    return max(spread, MEASURED_FLOOR) if quantity.origin.method is Method.MEASURED else spread


class Draws:
    """Lognormal draws with the value as median; the same quantity has the same draws everywhere.

    One draw means the values themselves. Draws are keyed by the quantity, not by who asks, so
    candidates that share hardware share its luck.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        """`count` draws of everything that is asked for, which `asked` remembers."""
        self.count = count
        self._seed = seed
        self._known: dict[str, Tensor] = {}
        self.asked: dict[str, Quantity] = {}

    def of(self, name: str, quantity: Quantity) -> Tensor:
        """A tensor [count] of positive values; `name` identifies the quantity."""
        if name not in self._known:
            self._known[name] = self._draw(name, quantity)
            self.asked[name] = quantity
        return self._known[name]

    def _draw(self, name: str, quantity: Quantity) -> Tensor:
        value = torch.full((self.count,), quantity.value, dtype=torch.float64)
        if self.count == 1:
            return value
        width = sigma(quantity)
        if width == 0:
            return value
        generator = torch.Generator().manual_seed(_stable_hash(name) ^ self._seed)
        normal = torch.randn(self.count, generator=generator, dtype=torch.float64)
        return value * torch.exp(width * normal)


def _stable_hash(text: str) -> int:
    """FNV-1a: Python's own hash of text changes from one process to the next."""
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state >> 1


@dataclass(frozen=True, slots=True)
class Ranking:
    """How candidates fare over the draws; rows are strategies, each by its best configuration.

    `winners` is the best row of every draw, −1 where nothing is feasible.
    """

    probability_best: Tensor
    expected_regret: Tensor
    rank_low: Tensor
    rank_high: Tensor
    winners: Tensor


def rank(scores: Tensor, feasible: Tensor) -> Ranking:
    """From L [candidates, draws] and whether each draw is feasible.

    An infeasible draw cannot win; where no candidate is feasible the draw counts for nobody.
    Regret is (L − L of the draw's best) / L of the draw's best, over the draws in which a candidate
    is feasible; ranks are the 10 % and 90 % ones.
    """
    judged = torch.where(feasible, scores, torch.full_like(scores, torch.inf))
    counted = torch.isfinite(judged).any(dim=0)
    if not bool(counted.any()):
        nothing = torch.zeros(len(scores), dtype=torch.float64)
        none = torch.full((scores.shape[1],), -1)
        return Ranking(nothing, nothing, nothing, nothing, none)
    winners = torch.where(counted, judged.argmin(dim=0), -1)
    judged = judged[:, counted]
    best, winner = judged.min(dim=0)
    wins = torch.nn.functional.one_hot(winner, len(scores)).double().mean(dim=0)
    able = torch.isfinite(judged)
    excess = torch.where(able, (judged - best) / best, torch.zeros_like(judged))
    regret = excess.sum(dim=1) / able.sum(dim=1).clamp_min(1)
    places = judged.argsort(dim=0).argsort(dim=0).double() + 1
    return Ranking(
        probability_best=wins,
        expected_regret=regret,
        rank_low=torch.quantile(places, 0.1, dim=1).round(),
        rank_high=torch.quantile(places, 0.9, dim=1).round(),
        winners=winners,
    )


def confidence_if_known(winners: Tensor, values: Tensor) -> float:
    """About how often the right strategy would be named if this input were known.

    Draws are sorted into ten classes by the input's value; each class names the strategy that wins
    most of it. Even a class of an input that decides nothing favours some strategy by chance, by
    about what shuffled draws show, and that is taken off.
    """
    counted = winners >= 0
    names, drawn = winners[counted], values[counted]
    if len(names) < _CLASSES:
        return 0.0
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(3))
    overall = float(torch.bincount(names).max()) / len(names)
    return overall + _by_class(names[torch.argsort(drawn)]) - _by_class(names[order])


def _by_class(ordered: Tensor) -> float:
    """The share of draws that the most frequent strategy of their class wins."""
    parts = torch.tensor_split(ordered, _CLASSES)
    return sum(int(torch.bincount(part).max()) for part in parts) / len(ordered)


def simplex_share(ratios: Tensor, winner: int, draws: int = 4096) -> float:
    """The share of all weightings (uniform on the λ-simplex) in which `winner` has the lowest L.

    `ratios` is [candidates, terms]. Exponentials that are normalised are uniform on the simplex.
    """
    generator = torch.Generator().manual_seed(7)
    weight = -torch.log(
        torch.rand(draws, ratios.shape[1], generator=generator, dtype=torch.float64)
    )
    weight = weight / weight.sum(dim=1, keepdim=True)
    return float((torch.argmin(ratios @ weight.T, dim=0) == winner).double().mean())
