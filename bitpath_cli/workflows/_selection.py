"""Picks rows among many: what is worth drawing, each strategy's best, and what fails by least."""

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.configuration import StrategyName

REMOVED_BELOW: Final = 0.1
_MOST_DRAWN: Final = 40
_NEARLY: Final = 4.0
_ABOUT: Final = 1.25


def promising(names: tuple[StrategyName, ...], scores: Tensor, excess: Tensor) -> Tensor:
    """Each strategy's best by L among those nearly feasible, and those that fail by least.

    `excess` is by what factor a row misses its worst limit, at most 1 where it misses none.
    """
    chosen = torch.zeros(len(names), dtype=torch.bool)
    for _, rows in _by_name(names):
        missed, score = excess[rows], scores[rows]
        chosen[rows[ordered(missed, score)][:_MOST_DRAWN]] = True
        able = torch.nonzero(missed <= _NEARLY).flatten()
        first = ordered((missed[able] > 1).double(), score[able])[:_MOST_DRAWN]
        chosen[rows[able[first]]] = True
    return torch.nonzero(chosen).flatten()


def best_of_each(
    names: tuple[StrategyName, ...], scores: Tensor, probability: Tensor, sound: Tensor
) -> dict[StrategyName, int]:
    """The lowest L among those feasible as expected; else the likeliest of those not removed."""
    best: dict[StrategyName, int] = {}
    for name, rows in _by_name(names):
        expected = rows[sound[rows]]
        possible = rows[probability[rows] >= REMOVED_BELOW]
        if len(expected):
            best[name] = int(expected[ordered(scores[expected])[0]])
        elif len(possible):
            best[name] = int(possible[ordered(-probability[possible])[0]])
    return best


def nearest_of_each(
    names: tuple[StrategyName, ...], scores: Tensor, excess: Tensor
) -> dict[StrategyName, int]:
    """Among those that miss their limits about as little as any, the one with the lowest L."""
    found: dict[StrategyName, int] = {}
    for name, rows in _by_name(names):
        close = rows[excess[rows] <= _ABOUT * excess[rows].min()]
        found[name] = int(close[ordered(scores[close])[0]])
    return found


def ordered(*keys: Tensor) -> Tensor:
    """Indices that sort by the first key, then by the next; rows that are alike stay in order."""
    order = torch.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[torch.argsort(key[order], stable=True)]
    return order


def countable(scores: Tensor) -> Tensor:
    """What is no number is no low one either: it may never win a comparison."""
    return torch.nan_to_num(scores, nan=torch.inf, posinf=torch.inf)


def _by_name(names: tuple[StrategyName, ...]) -> Iterator[tuple[StrategyName, Tensor]]:
    """Each strategy with its rows, in the order in which they first come."""
    known = list(dict.fromkeys(names))
    number = {name: index for index, name in enumerate(known)}
    code = torch.tensor([number[name] for name in names], dtype=torch.long)
    for index, name in enumerate(known):
        yield name, torch.nonzero(code == index).flatten()
