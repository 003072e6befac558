"""What knowing several inputs is worth, against cases in which it can be told by thought."""

import torch

from bitpath_cli.cost.information import confidence_if_all_known
from bitpath_cli.cost.uncertainty import Draws
from tests.questions import exact


def drawn(name: str, factor: float = 2.0) -> torch.Tensor:
    return Draws(4000).of(name, exact(1.0, factor=factor))


def test_what_alone_decides_is_worth_everything() -> None:
    rate = drawn("rate")
    winners = (rate > 1).long()
    assert confidence_if_all_known(winners, [rate]) > 0.97


def test_two_that_decide_together_are_worth_everything_and_one_of_them_about_three_quarters() -> (
    None
):
    """The sign of a + b, both alike: knowing a alone is right in 1/2 + atan(1)/π = 3/4."""
    one, other = drawn("one"), drawn("other")
    winners = (one * other > 1).long()
    assert confidence_if_all_known(winners, [one, other]) > 0.95
    assert abs(confidence_if_all_known(winners, [one]) - 0.75) < 0.03


def test_what_decides_at_both_ends_is_seen_too() -> None:
    rate = drawn("rate")
    far = torch.log(rate).abs() > 0.5
    assert confidence_if_all_known(far.long(), [rate]) > 0.95


def test_what_decides_nothing_is_worth_nothing() -> None:
    winners = (drawn("rate") > 1.4).long()
    now = float(torch.bincount(winners).max()) / len(winners)
    assert abs(confidence_if_all_known(winners, [drawn("else"), drawn("more")]) - now) < 0.02


def test_draws_without_a_winner_and_inputs_without_spread_are_harmless() -> None:
    winners = torch.full((4000,), -1)
    assert confidence_if_all_known(winners, [drawn("rate")]) == 0.0
    sure = torch.zeros(4000, dtype=torch.long)
    assert confidence_if_all_known(sure, [torch.ones(4000, dtype=torch.float64)]) == 1.0
    assert confidence_if_all_known(sure, []) == 0.0
