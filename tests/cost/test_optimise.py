"""Both rules against brute force, on objectives whose optimum is known or can be listed."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.cost.optimise import Rule, Target, decayed, descend

BOUNDS = (-3.0, 3.0)
STARTS = torch.tensor(
    [[0.0, 0.0, 0.0], [2.5, 2.5, 2.5], [-2.5, -2.5, -2.5], [2.9, -2.9, 0.5]], dtype=torch.float64
)
RULES: tuple[Rule, ...] = ("sgd", "adam")


def toy(theta: Tensor) -> Tensor:
    """Time over three rates that overlap in part, and a price that rises with each of them."""
    compute, network, storage = (1 / rate for rate in torch.exp(theta).unbind(-1))
    time = torch.maximum(0.5 * compute, 0.4 * network) + 0.3 * network + 0.2 * compute
    stall = torch.clamp_min(0.5 * storage - time, 0.0)
    price = 0.3 * torch.exp(theta) @ torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    return time + stall + price * (time + stall)


def brute_force(target: Target, decay: float, points: int = 41) -> float:
    """The lowest value on a grid; between its points there may be a little less."""
    line = torch.linspace(*BOUNDS, points, dtype=torch.float64).tolist()
    grid = torch.tensor(list(itertools.product(line, repeat=3)), dtype=torch.float64)
    return float(decayed(target, grid, decay).min())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("decay", [0.01, 0.1, 1.0])
def test_both_rules_reach_what_brute_force_finds_from_every_start(rule: Rule, decay: float) -> None:
    found = descend(toy, STARTS, decay, rule, BOUNDS)
    listed = brute_force(toy, decay)
    for value in found.value.tolist():
        assert 0.98 * listed < value < 1.001 * listed
    assert float(decayed(toy, found.best.unsqueeze(0), decay)) == pytest.approx(
        float(found.value.min())
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_optimum_by_hand(rule: Rule) -> None:
    """exp(−θ) + θ²/2 has its minimum where θ = exp(−θ): at the omega constant 0.567143."""
    found = descend(
        lambda theta: torch.exp(-theta[:, 0]), torch.zeros((1, 1), dtype=torch.float64), 1.0, rule,
        BOUNDS,
    )  # fmt: skip
    assert found.best.item() == pytest.approx(0.567143, abs=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_decay_holds_on_to_today_and_none_lets_go(rule: Rule) -> None:
    def distance(decay: float) -> float:
        return float(descend(toy, STARTS, decay, rule, BOUNDS).best.norm())

    assert distance(100.0) < distance(1.0) < distance(0.01)
    assert distance(100.0) < 0.02


@pytest.mark.parametrize("rule", RULES)
def test_a_bound_is_kept_and_a_steep_start_does_not_diverge(rule: Rule) -> None:
    def steep(theta: Tensor) -> Tensor:
        return 1000 * torch.exp(-3 * theta[:, 0])

    found = descend(steep, torch.full((1, 1), -3.0, dtype=torch.float64), 0.0, rule, BOUNDS)
    assert found.best.item() == pytest.approx(3.0)


@pytest.mark.parametrize("rule", RULES)
def test_where_nothing_runs_it_turns_back(rule: Rule) -> None:
    """A budget that allows no more than twice of what there is."""

    def limited(theta: Tensor) -> Tensor:
        value = torch.exp(-theta[:, 0])
        return torch.where(theta[:, 0] > math.log(2), torch.full_like(value, torch.inf), value)

    found = descend(limited, torch.zeros((1, 1), dtype=torch.float64), 0.01, rule, BOUNDS)
    assert 0.5 <= float(torch.exp(-found.best[0])) < 0.55


def test_a_start_from_which_nothing_runs_is_refused() -> None:
    start = torch.zeros((1, 1), dtype=torch.float64)
    with pytest.raises(ValueError, match="no finite L"):
        descend(lambda theta: theta[:, 0] + torch.inf, start, 0.1, "sgd", BOUNDS)


share = st.floats(0.05, 2.0)


@settings(max_examples=8, deadline=None)
@given(times=st.tuples(share, share, share), prices=st.tuples(share, share, share))
def test_both_rules_agree_with_brute_force_on_random_posynomials(
    times: tuple[float, float, float], prices: tuple[float, float, float]
) -> None:
    """Σ t_i/x_i · (1 + Σ p_i·x_i) is a posynomial, so its logarithmic form has one optimum."""

    def target(theta: Tensor) -> Tensor:
        spent = torch.exp(-theta) @ torch.tensor(times, dtype=torch.float64)
        cost = torch.exp(theta) @ torch.tensor(prices, dtype=torch.float64)
        return spent * (1 + cost) / (sum(times) * (1 + sum(prices)))

    listed = brute_force(target, 0.1, 31)
    for rule in RULES:
        for value in descend(target, STARTS, 0.1, rule, BOUNDS).value.tolist():
            assert 0.97 * listed < value < 1.001 * listed
