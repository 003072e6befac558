"""Batches that gather and tokens by the batch, by hand."""

import math
from itertools import accumulate
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.prediction.batching import Decoder, busy_batch, gathered, pass_under_way
from bitpath_cli.prediction.latency import wait


def real(value: float) -> torch.Tensor:
    return torch.tensor([[value]], dtype=torch.float64)


def decoder(most: float = 256.0) -> Decoder:
    """Weights are read in 10 ms, a sequence's context in 0.1 ms; a token computes for 0.05 ms."""
    return Decoder(
        weights=real(0.010), context=real(1e-4), product=real(5e-5), beside=real(0.0),
        overhead=real(0.0), most=real(most),
    )  # fmt: skip


def test_a_step_reads_the_weights_once_and_the_context_of_every_sequence() -> None:
    assert decoder().step(real(1)).item() == pytest.approx(0.0101)
    assert decoder().step(real(20)).item() == pytest.approx(0.012)


def test_a_step_with_much_to_compute_is_bound_by_the_arithmetic() -> None:
    costly = Decoder(real(0.010), real(0.0), real(1e-3), real(0.0), real(0.0), real(256.0))
    assert costly.step(real(5)).item() == pytest.approx(0.010)
    assert costly.step(real(40)).item() == pytest.approx(0.040)


def test_littles_law_says_how_many_sequences_are_in_work() -> None:
    """500 tokens a second: b = 500·(10 ms + b·0.1 ms), so 5 / (1 - 0.05)."""
    assert decoder().sequences(real(500)).item() == pytest.approx(5 / 0.95)


def test_more_tokens_than_can_be_made_fill_the_memory() -> None:
    assert decoder(most=64).sequences(real(20_000)).item() == 64


def test_a_pass_gathers_what_came_during_the_last_one() -> None:
    """9 ms and 1 ms more for each: at 100/s a pass takes 10 ms and one request comes meanwhile."""
    found = gathered(real(100), real(0.010), real(0.001), real(32))
    assert found.item() == pytest.approx(1.0)
    # b = 500·(9 ms + b·1 ms), so 4.5 / 0.5.
    assert gathered(real(500), real(0.010), real(0.001), real(32)).item() == pytest.approx(9.0)
    assert gathered(real(5000), real(0.010), real(0.001), real(32)).item() == 32


def test_what_is_left_of_a_pass_is_half_of_it_on_the_average() -> None:
    """Passes of 10 ms for 2 requests at 100/s: one is under way half of the time."""
    mean, late = pass_under_way(real(100), real(2), real(0.010), 0.99, "poisson")
    assert mean.item() == pytest.approx(0.5 * 0.010 / 2)
    assert late.item() == pytest.approx(0.010 * (1 - 0.01 / 0.5))
    rare = pass_under_way(real(0.5), real(1), real(0.010), 0.99, "poisson")
    assert rare[1].item() == 0
    steady = pass_under_way(real(50), real(1), real(0.010), 0.99, "periodic")
    assert [each.item() for each in steady] == [0, 0]


def simulated(rate: float, single: float, marginal: float, most: int) -> tuple[float, float]:
    """The mean and the 99th percentile of the wait before a node that takes what has come."""
    random = Random(1)  # noqa: S311
    arrivals = list(accumulate(random.expovariate(rate) for _ in range(40_000)))
    waits: list[float] = []
    free, first = 0.0, 0
    while first < len(arrivals):
        start = max(free, arrivals[first])
        behind = first
        while behind < min(len(arrivals), first + most) and arrivals[behind] <= start:
            behind += 1
        waits += [start - each for each in arrivals[first:behind]]
        free = start + single + (behind - first - 1) * marginal
        first = behind
    return sum(waits) / len(waits), sorted(waits)[int(0.99 * len(waits))]


@pytest.mark.parametrize("rate", [20, 80, 200, 400])
def test_the_wait_for_a_batch_is_near_that_of_a_simulated_node(rate: float) -> None:
    """Passes of 10 ms and 1 ms for each further request, up to 8; at 400/s they are 85 % full.

    The mean is up to a third below or above; the percentile is never much below, and at most a
    half above, since those of the two parts are added.
    """
    mean, late = simulated(rate, 0.010, 0.001, 8)
    together = gathered(real(rate), real(0.010), real(0.001), real(8))
    seconds = 0.010 + (together - 1) * 0.001
    left, longest = pass_under_way(real(rate), together, seconds, 0.99, "poisson")
    further = wait(real(8), real(rate), real(0.017), "poisson")
    assert 0.65 * mean < (left + further.mean()).item() < 1.35 * mean
    assert 0.9 * late < (longest + further.quantile(0.99)).item() < 1.5 * late


def test_a_busy_batch_is_poissons_and_bounded_by_what_fits() -> None:
    assert busy_batch(real(16), 2.0, real(256)).item() == pytest.approx(24)
    assert busy_batch(real(16), 2.0, real(20)).item() == 20
    assert busy_batch(real(0.01), 0.0, real(20)).item() == 1


@given(st.floats(0.1, 1e5), st.floats(1.01, 10))
def test_more_tokens_never_need_fewer_sequences(rate: float, more: float) -> None:
    calm, full = decoder().sequences(real(rate)), decoder().sequences(real(rate * more))
    assert calm.item() <= full.item() * (1 + 1e-12)
    assert math.isfinite(full.item())
