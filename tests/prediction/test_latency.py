import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.prediction.latency import (
    Wait,
    erlang_c,
    percentile_of_sum,
    sharing_wait,
    wait,
)


def real(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_erlang_c_of_one_server_is_its_utilisation() -> None:
    assert float(erlang_c(real(1), real(0.6))) == pytest.approx(0.6)


def test_erlang_c_by_hand_for_two_servers() -> None:
    # a = 1, c = 2: B = (1/2)/(1 + 1 + 1/2) = 0.2, C = B / (1 − ρ(1 − B)) = 0.2 / 0.6.
    assert float(erlang_c(real(2), real(1))) == pytest.approx(1 / 3)


def test_servers_that_cannot_keep_up_make_everyone_wait_for_ever() -> None:
    found = wait(real(1), real(10), real(0.2), "poisson")
    assert math.isinf(float(found.mean()))
    assert math.isinf(float(found.quantile(0.5)))


@given(servers=st.integers(1, 40), load=st.floats(0.01, 0.99))
def test_more_servers_wait_less(servers: int, load: float) -> None:
    offered = real(load * servers)
    assert float(erlang_c(real(servers + 1), offered)) <= float(erlang_c(real(servers), offered))


def test_deterministic_service_waits_half_of_m_m_1() -> None:
    # λ = 5/s, s = 0.1 s: M/M/1 waits ρ/(μ − λ) = 0.5/5 = 0.1 s, M/D/1 half of it.
    found = wait(real(1), real(5), real(0.1), "poisson")
    assert float(found.mean()) == pytest.approx(0.05)
    # P(W > t) = 0.5·exp(−10t): the 99th percentile is ln(50)/10.
    assert float(found.quantile(0.99)) == pytest.approx(math.log(50) / 10)
    assert float(found.quantile(0.4)) == 0


def test_periodic_arrivals_that_fit_do_not_wait() -> None:
    assert float(wait(real(1), real(5), real(0.1), "periodic").quantile(0.999)) == 0


def test_who_shares_a_link_takes_what_sharing_takes() -> None:
    """At ρ = 0.5, s = 0.1 s: 0.1 s more in the mean; e^0.5 − 1.5 = 0.1487, so 1.62 s² of variance.

    Then the tail's weight is 2 / (1 + 1.62) = 0.763 and its 99th percentile ln(76.3) / 7.63.
    """
    found = sharing_wait(real(5), real(0.1), "poisson")
    assert float(found.mean()) == pytest.approx(0.1)
    assert float(found.quantile(0.99)) == pytest.approx(0.568, rel=2e-3)


def test_a_link_that_is_asked_for_too_much_keeps_everyone_for_ever() -> None:
    assert math.isinf(float(sharing_wait(real(10), real(0.1), "poisson").quantile(0.5)))
    assert float(sharing_wait(real(5), real(0.1), "periodic").quantile(0.999)) == 0
    assert float(sharing_wait(real(0), real(0.1), "poisson").quantile(0.999)) == 0


@given(load=st.floats(0, 0.95), more=st.floats(1, 1.05), level=st.floats(0.5, 0.999))
def test_a_fuller_link_keeps_a_message_longer(load: float, more: float, level: float) -> None:
    few = sharing_wait(real(load), real(1), "poisson")
    many = sharing_wait(real(load * more), real(1), "poisson")
    assert float(many.quantile(level)) >= float(few.quantile(level)) - 1e-9


def test_the_percentile_of_one_wait_and_a_fixed_time_is_exact() -> None:
    one = wait(real(1), real(5), real(0.1), "poisson")
    fixed = real(0.2).unsqueeze(0)
    column = Wait(one.chance.unsqueeze(0), one.rate.unsqueeze(0), one.stable.unsqueeze(0))
    found = percentile_of_sum(fixed, (column,), 0.99)
    assert float(found) == pytest.approx(0.2 + float(one.quantile(0.99)), rel=0.01)


def test_percentiles_of_two_waits_do_not_add() -> None:
    rate = torch.ones((1, 1), dtype=torch.float64)
    always = Wait(torch.ones_like(rate), rate, torch.ones_like(rate, dtype=torch.bool))
    found = float(percentile_of_sum(torch.zeros_like(rate), (always, always), 0.99))
    # The sum is Erlang-2, whose 99th percentile is 6.638; two 99th ones would add to 9.21.
    assert found == pytest.approx(6.638, rel=0.02)
