"""What the answer hangs on: elasticities by autograd, and where it flips by root finding."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

Levers = Mapping[str, Tensor]
"""Factors on groups of inputs by name, each a scalar; 1 is the world as it is."""

BALANCED_WITHIN: Final = 0.2
_SPAN: Final = 64.0
_GRID: Final = 49


def elasticities(target: Callable[[Levers], Tensor], names: tuple[str, ...]) -> dict[str, float]:
    """∂ log(target) / ∂ log(lever) at 1 for each lever; `target` returns a positive scalar.

    For an elapsed time the elasticities over all rates sum to −1 (Euler's theorem: doubling every
    rate halves the time).
    """
    logs = {name: torch.zeros((), dtype=torch.float64, requires_grad=True) for name in names}
    value = torch.log(target({name: torch.exp(log) for name, log in logs.items()}))
    gradients = torch.autograd.grad(
        value, tuple(logs.values()), allow_unused=True, materialize_grads=True
    )
    return {name: float(gradient) for name, gradient in zip(names, gradients, strict=True)}


def ranked(found: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Resources by how much more of them would shorten the time, the bottleneck first."""
    helpful = [(name, value) for name, value in found.items() if value < -1e-6]
    return tuple(sorted(helpful, key=lambda each: each[1]))


def is_balanced(ordered: tuple[tuple[str, float], ...]) -> bool:
    """Whether the first two lie within 20 % of each other, so that naming one would mislead."""
    if len(ordered) < 2:
        return False
    first, second = abs(ordered[0][1]), abs(ordered[1][1])
    return second >= (1 - BALANCED_WITHIN) * first


@dataclass(frozen=True, slots=True)
class Flip:
    """The factor of a lever at which another candidate becomes the best."""

    factor: float
    other: int


def flip(scores: Callable[[Tensor], Tensor], winner: int) -> Flip | None:
    """The nearest factor, between 1/64 and 64, at which `winner` no longer has the lowest score.

    `scores` gives [candidates, factors], infinite where infeasible. A logarithmic grid finds the
    first crossing on each side of 1, a second grid between its two neighbours refines it.
    """
    half = torch.logspace(0, math.log10(_SPAN), _GRID, dtype=torch.float64)
    found = [
        crossing
        for path in (half, 1 / half)
        if (crossing := _first_crossing(scores, winner, path)) is not None
    ]
    return min(found, key=lambda each: abs(math.log(each.factor)), default=None)


def _first_crossing(scores: Callable[[Tensor], Tensor], winner: int, path: Tensor) -> Flip | None:
    """The first factor along the path with another winner, refined once."""
    for _ in range(2):
        table = scores(path)
        best = torch.where(torch.isfinite(table).any(dim=0), table.argmin(dim=0), -1)
        lost = torch.nonzero(best != winner).flatten()
        if len(lost) == 0 or int(lost[0]) == 0:
            return None
        index = int(lost[0])
        other, at = int(best[index]), float(path[index])
        start, end = math.log10(float(path[index - 1])), math.log10(at)
        path = torch.logspace(start, end, _GRID, dtype=torch.float64)
    return None if other < 0 else Flip(at, other)
