"""Nodes that follow the load of a day, and requests that find none warm, by hand."""

import math

import pytest
import torch

from bitpath_cli.prediction.elasticity import cold_share, paid_nodes


def hours(*needed: float) -> torch.Tensor:
    """A day: these hours, the rest one node."""
    day = list(needed) + [1.0] * (24 - len(needed))
    return torch.tensor([day], dtype=torch.float64)


def lag(seconds: float) -> torch.Tensor:
    return torch.tensor([[seconds]], dtype=torch.float64)


def test_without_a_lag_only_what_is_needed_is_paid() -> None:
    assert paid_nodes(hours(1, 5, 3), lag(0)).item() == pytest.approx((5 + 3 + 22) / 24)


def test_nodes_are_asked_for_before_the_hour_that_needs_them() -> None:
    """Half an hour early: four more nodes for half of the hour before the rise; none at a fall."""
    found = paid_nodes(hours(1, 5, 3), lag(1800)).item()
    assert found == pytest.approx((5 + 3 + 22 + 0.5 * 4 + 0.5 * 0) / 24)


def test_a_lag_of_two_hours_holds_the_largest_of_the_next_two() -> None:
    """Before an hour of 5 (hour 3 of the day) stand two hours that hold 5 instead of 1."""
    assert paid_nodes(hours(1, 1, 1, 5), lag(7200)).item() == pytest.approx((23 + 5 + 2 * 4) / 24)


def test_a_steady_load_pays_no_lag() -> None:
    assert paid_nodes(hours(), lag(3600)).item() == pytest.approx(1.0)


def test_a_gap_longer_than_a_machine_is_kept_is_a_cold_start() -> None:
    rate = torch.tensor([[1 / 600]], dtype=torch.float64)
    even = torch.ones(24, dtype=torch.float64)
    keep = torch.tensor([[300.0]], dtype=torch.float64)
    assert cold_share(rate, even, keep, "poisson").item() == pytest.approx(math.exp(-0.5))
    assert cold_share(rate, even, keep, "periodic").item() == 1.0
    assert cold_share(rate * 10, even, keep, "periodic").item() == 0.0


def test_quiet_hours_are_cold_and_count_by_their_requests() -> None:
    """A tenth of the load in 12 hours, 1.9 times it in the others; only the quiet are cold."""
    factors = torch.tensor([0.1] * 12 + [1.9] * 12, dtype=torch.float64)
    rate = torch.tensor([[1 / 100]], dtype=torch.float64)
    keep = torch.tensor([[300.0]], dtype=torch.float64)
    assert cold_share(rate, factors, keep, "periodic").item() == pytest.approx(0.05)
