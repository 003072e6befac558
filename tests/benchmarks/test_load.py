import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._load import Traffic, answer_in_order, draw_arrivals


class Clock:
    """A clock that only moves when somebody waits or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait_until(self, moment: float) -> None:
        assert moment > self.now
        self.now = moment


def latencies(arrivals: tuple[float, ...], seconds: tuple[float, ...]) -> list[float]:
    clock = Clock()

    def work(index: int) -> None:
        clock.now += seconds[index]

    found, busy = answer_in_order(work, arrivals, clock, clock.wait_until)
    assert busy == pytest.approx(sum(seconds))
    return found


def test_a_slow_answer_makes_those_late_that_arrived_meanwhile() -> None:
    # Arrivals at 0, 1, 2 and 10 s; the first takes 5 s, the others 1 s each: they end at 5, 6, 7
    # and 11 s, so the second waited from its arrival at 1 s on although it was only then begun.
    assert latencies((0.0, 1.0, 2.0, 10.0), (5.0, 1.0, 1.0, 1.0)) == pytest.approx([5, 5, 5, 1])


@given(
    st.floats(0.1, 1e4), st.lists(st.floats(1e-6, 10), min_size=1, max_size=50), st.integers(0, 9)
)
def test_latencies_follow_lindley(rate: float, seconds: list[float], seed: int) -> None:
    """W(n+1) = max(0, W(n) + S(n) − A(n+1)) (Lindley, 1952) for one server."""
    arrivals = draw_arrivals(rate, len(seconds), "poisson", seed)
    found = latencies(arrivals, tuple(seconds))
    wait = 0.0
    for index, each in enumerate(seconds):
        assert found[index] == pytest.approx(wait + each, rel=1e-6, abs=1e-6)
        following = arrivals[index + 1] if index + 1 < len(arrivals) else math.inf
        wait = max(0.0, wait + each - (following - arrivals[index]))


def test_periodic_arrivals_are_even() -> None:
    assert draw_arrivals(4.0, 4, "periodic", 1) == (0.0, 0.25, 0.5, 0.75)


def test_poisson_arrivals_have_the_rate_and_are_drawn_again_alike() -> None:
    arrivals = draw_arrivals(50.0, 20_000, "poisson", 3)
    # The mean of 20 000 exponential gaps has a standard error of 0.7 %.
    assert arrivals[-1] / 20_000 == pytest.approx(1 / 50, rel=0.03)
    assert arrivals == draw_arrivals(50.0, 20_000, "poisson", 3)
    assert arrivals != draw_arrivals(50.0, 20_000, "poisson", 4)
    assert list(arrivals) == sorted(arrivals)


def test_traffic_is_at_least_one_request() -> None:
    assert Traffic(10.0, 2.5).count == 25
    assert Traffic(0.01, 1.0).count == 1
