import pytest
import torch
from torch import Tensor

from bitpath_cli.cost.sensitivity import Levers, elasticities, flip, is_balanced, ranked


def test_elasticities_of_a_sum_are_its_shares_and_those_of_rates_sum_to_minus_one() -> None:
    def elapsed(levers: Levers) -> Tensor:
        return 6 / levers["compute"] + 3 / levers["network"] + 1 / levers["storage"]

    found = elasticities(elapsed, ("compute", "network", "storage", "unused"))
    assert found["compute"] == pytest.approx(-0.6)
    assert found["network"] == pytest.approx(-0.3)
    assert found["unused"] == 0
    assert sum(found.values()) == pytest.approx(-1)


def test_the_bottleneck_comes_first_and_what_does_not_help_is_left_out() -> None:
    ordered = ranked({"compute": -0.3, "network": -0.7, "price": 0.4, "storage": 0.0})
    assert ordered == (("network", -0.7), ("compute", -0.3))
    assert not is_balanced(ordered)
    assert is_balanced((("network", -0.5), ("compute", -0.41)))


def rising(factors: Tensor) -> Tensor:
    """The first costs 1, the second 10 / factor: they cross at 10."""
    return torch.stack([torch.ones_like(factors), 10 / factors])


def test_the_break_even_point_is_found() -> None:
    found = flip(rising, 0)
    assert found is not None
    assert found.factor == pytest.approx(10, rel=0.01)
    assert found.other == 1


def test_the_nearer_of_two_crossings_counts() -> None:
    def scores(factors: Tensor) -> Tensor:
        return torch.stack([torch.ones_like(factors), 10 / factors, 2 * factors])

    found = flip(scores, 0)
    assert found is not None
    assert found.factor == pytest.approx(0.5, rel=0.01)
    assert found.other == 2


def test_no_crossing_within_a_factor_of_64_is_no_answer() -> None:
    def scores(factors: Tensor) -> Tensor:
        return torch.stack([torch.ones_like(factors), 100 / factors])

    assert flip(scores, 0) is None


def test_becoming_infeasible_is_no_other_winner() -> None:
    def scores(factors: Tensor) -> Tensor:
        gone = torch.where(factors < 0.5, torch.inf, torch.ones_like(factors))
        return gone.unsqueeze(0)

    assert flip(scores, 0) is None
