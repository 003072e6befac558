"""The objective L of five terms, and the two views beside it.

L = [C_T/C_T0 + λ_S·S/S0 + λ_B·B/B0 + λ_H·C_H/C_H0 + λ_E·E/E0] / (1 + λ_S + λ_B + λ_H + λ_E), where
the references with index 0 are today's host doing the same work. They depend on no candidate: a
scale taken from the candidates, such as min–max, lets a hopeless option flip the winner.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.recommendation import TERM_NAMES, Goal, TermName

GOALS: Final[dict[Goal, dict[TermName, float]]] = {
    "balanced": dict.fromkeys(TERM_NAMES, 1.0),
    "speed": {**dict.fromkeys(TERM_NAMES, 0.1), "compute": 1.0},
    "cost": {**dict.fromkeys(TERM_NAMES, 1.0), "hardware": 10.0},
    "energy": {**dict.fromkeys(TERM_NAMES, 1.0), "energy": 10.0},
}
_FLOOR: Final = 0.01


@dataclass(frozen=True, slots=True)
class Ratios:
    """The terms over their references, [configurations, draws, terms], in the order of `names`."""

    values: Tensor
    names: tuple[TermName, ...]


def ratios(
    terms: TermTensors, reference: TermTensors, left_out: frozenset[TermName] = frozenset()
) -> Ratios:
    """Terms over references; bandwidth as the sum over links of the share of link-time it takes.

    `reference` has one row. Terms in `left_out` (Missing for one candidate) count for none.
    """
    names = tuple(name for name in TERM_NAMES if name not in left_out)
    columns = [
        terms.link_time / reference.link_time
        if name == "bandwidth"
        else terms.named(name) / reference.named(name)
        for name in names
    ]
    width = max(each.shape[1] for each in columns)
    return Ratios(torch.stack([each.expand(-1, width) for each in columns], dim=-1), names)


def weights(lambdas: dict[TermName, float], names: tuple[TermName, ...]) -> Tensor:
    """The λ as a vector that sums to 1; raises ValueError when all are zero or one is negative."""
    chosen = torch.tensor([lambdas[name] for name in names], dtype=torch.float64)
    if bool((chosen < 0).any()) or float(chosen.sum()) <= 0:
        raise ValueError("weights must not be negative, and one must be above zero")
    return chosen / chosen.sum()


def objective(scaled: Ratios, lambdas: dict[TermName, float]) -> Tensor:
    """L for every configuration and draw; 1 is like today's host, lower is better."""
    return scaled.values @ weights(lambdas, scaled.names)


def geometric(scaled: Ratios, lambdas: dict[TermName, float]) -> Tensor:
    """The weighted geometric mean of (x + floor)/(1 + floor): no zero decides alone."""
    logs = torch.log((scaled.values + _FLOOR) / (1 + _FLOOR))
    return torch.exp(logs @ weights(lambdas, scaled.names))


def currency(
    terms: TermTensors, value_of_time: Tensor, energy_price: Tensor, storage_price: Tensor
) -> Tensor:
    """All five terms in money: `energy_price` per J is 0 where the rent includes electricity.

    Bandwidth costs money as egress, which the hardware term holds already, and as time.
    """
    return (
        value_of_time * terms.compute
        + terms.hardware
        + energy_price * terms.energy
        + storage_price * terms.storage
    )
