import math

import pytest
import torch

from bitpath_cli.cost.uncertainty import (
    Draws,
    confidence_if_known,
    rank,
    sigma,
    simplex_share,
)
from bitpath_cli.model.reading import assumed, derived, measured, reported
from bitpath_cli.model.units import ONE, SECOND


def test_sigma_comes_from_the_interval_and_its_level() -> None:
    assert sigma(assumed(10, ONE, "a guess", 3)) == pytest.approx(math.log(3), rel=1e-3)
    wide = measured(10, SECOND, "clock", 10 / 1.5, 15)
    assert sigma(wide) == pytest.approx(math.log(1.5) / 1.96, rel=1e-3)


def test_a_measurement_is_never_surer_than_3_percent() -> None:
    assert sigma(measured(10, SECOND, "clock", 9.999, 10.001)) == 0.03


def test_what_is_stated_has_no_spread() -> None:
    assert sigma(assumed(10, ONE, "the user", 1)) == 0
    assert sigma(reported(8, ONE, "kernel")) == 0
    assert sigma(derived(8, ONE, "a sum")) == 0


def test_one_draw_is_the_value_itself() -> None:
    assert Draws(1).of("price", assumed(10, ONE, "a guess", 3)).tolist() == [10]


def test_draws_are_lognormal_around_the_value_and_shared_by_name() -> None:
    quantity = assumed(10, ONE, "a guess", 2)
    draws = Draws(4000)
    found = draws.of("price", quantity)
    assert torch.equal(found, draws.of("price", quantity))
    assert not torch.equal(found, draws.of("another", quantity))
    assert torch.equal(found, Draws(4000).of("price", quantity))
    assert found.median().item() == pytest.approx(10, rel=0.05)
    assert torch.log(found).std().item() == pytest.approx(math.log(2), rel=0.05)


def test_ranking_by_hand() -> None:
    scores = torch.tensor([[1.0, 1.0, 3.0, 1.0], [2.0, 2.0, 2.0, 2.0]], dtype=torch.float64)
    feasible = torch.tensor([[True, True, True, False], [True, True, True, True]])
    found = rank(scores, feasible)
    assert found.probability_best.tolist() == [0.5, 0.5]
    # The second loses twice by 1 of 1, wins once with regret 0 and once alone; the first loses
    # once by 1 of 2 in the three draws in which it is feasible.
    assert found.expected_regret[0].item() == pytest.approx(0.5 / 3)
    assert found.expected_regret[1].item() == pytest.approx(0.5)


def test_a_draw_in_which_nothing_is_feasible_counts_for_nobody() -> None:
    scores = torch.tensor([[1.0, 1.0], [2.0, 2.0]], dtype=torch.float64)
    feasible = torch.tensor([[True, False], [True, False]])
    assert rank(scores, feasible).probability_best.tolist() == [1, 0]
    none = rank(scores, torch.zeros_like(feasible))
    assert none.probability_best.tolist() == [0, 0]


def test_the_simplex_share_of_a_dominating_option_is_all_of_it() -> None:
    better = torch.tensor([[1.0, 1.0], [2.0, 2.0]], dtype=torch.float64)
    assert simplex_share(better, 0) == 1
    mirrored = torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64)
    assert simplex_share(mirrored, 0) == pytest.approx(0.5, abs=0.03)


def test_knowing_what_decides_settles_the_choice_and_knowing_anything_else_does_not() -> None:
    decisive = Draws(4000).of("price", assumed(1, ONE, "a guess", 2))
    irrelevant = Draws(4000).of("weather", assumed(1, ONE, "a guess", 2))
    winners = (decisive > 1).long()
    assert confidence_if_known(winners, decisive) == pytest.approx(1.0, abs=0.06)
    assert confidence_if_known(winners, irrelevant) == pytest.approx(0.5, abs=0.03)


def test_draws_without_a_feasible_strategy_tell_nothing() -> None:
    none = torch.full((100,), -1)
    assert confidence_if_known(none, torch.rand(100, dtype=torch.float64)) == 0.0


def test_the_winner_of_every_draw_is_kept() -> None:
    scores = torch.tensor([[1.0, 3.0, 1.0], [2.0, 2.0, 2.0]], dtype=torch.float64)
    feasible = torch.tensor([[True, True, False], [True, True, False]])
    assert rank(scores, feasible).winners.tolist() == [0, 1, -1]
