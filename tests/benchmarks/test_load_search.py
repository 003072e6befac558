from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._load import answer_in_order, draw_arrivals
from bitpath_cli.benchmarks._load_search import Bisection, Episode, find_rate

EPISODES = st.lists(
    st.builds(
        lambda rate, requests, late: Episode(rate, requests, min(late, requests)),
        st.floats(0.1, 100), st.integers(1, 500), st.integers(0, 500),
    ),
    min_size=1, max_size=20,
)  # fmt: skip


def test_the_crossing_by_hand() -> None:
    # 0 of 100 late at 10/s and 4 of 100 at 40/s; 2 % is half way, in logarithms: 10·4^½ = 20/s.
    found = find_rate([Episode(10.0, 100, 0), Episode(40.0, 100, 4)], 0.02, 100.0)
    assert found is not None
    assert found.value == pytest.approx(20.0)
    assert found.low <= 10.0
    assert found.high >= 40.0


def test_neighbours_that_fall_are_pooled() -> None:
    # 3 % at 10/s and 1 % at 20/s are 2 % each: all that is allowed, so the crossing lies beyond.
    episodes = [Episode(10.0, 100, 3), Episode(20.0, 100, 1), Episode(30.0, 100, 50)]
    found = find_rate(episodes, 0.02, 100.0)
    assert found is not None
    assert found.value == pytest.approx(20.0)


def test_no_rate_is_no_number() -> None:
    assert find_rate([Episode(1.0, 100, 2), Episode(2.0, 100, 100)], 0.01, 10.0) is None


def test_nothing_passes_what_the_server_can_do() -> None:
    found = find_rate([Episode(5.0, 100, 0), Episode(9.0, 100, 0)], 0.01, 8.0)
    assert found is not None
    assert found.value == 8.0
    assert found.high == 8.0


@given(EPISODES, st.floats(0.001, 0.5))
def test_the_interval_holds_the_value(episodes: list[Episode], allowed: float) -> None:
    found = find_rate(episodes, allowed, 100.0)
    if found is not None:
        assert 0 < found.low <= found.value <= found.high <= 100.0


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_every_rate_that_is_tried_is_below_capacity(verdicts: list[bool]) -> None:
    search = Bisection(100.0)
    for verdict in verdicts:
        rate = search.next_rate()
        assert 0 < rate < 100.0
        search.learn(rate, verdict)


def test_bisection_closes_in_on_the_boundary() -> None:
    search = Bisection(100.0)
    rates = []
    for _ in range(12):
        rates.append(search.next_rate())
        search.learn(rates[-1], rates[-1] <= 37.0)
    assert all(each == pytest.approx(37.0, rel=0.16) for each in rates[6:])


def test_it_finds_the_rate_of_a_queue_that_theory_knows() -> None:
    """M/D/1: the simulated server answers in exactly 10 ms, so 50 ms are kept by waits of 40."""
    now = [0.0]

    def wait_until(moment: float) -> None:
        now[0] = moment

    def work(_: int) -> None:
        now[0] += 0.01

    search, episodes = Bisection(100.0), []
    for seed in range(30):
        rate = search.next_rate()
        arrivals = draw_arrivals(rate, 4000, "poisson", seed)
        latencies, _ = answer_in_order(work, arrivals, lambda: now[0], wait_until)
        late = sum(each > 0.05 for each in latencies)
        search.learn(rate, late <= 0.05 * 4000)
        episodes.append(Episode(rate, 4000, late))
    found = find_rate(episodes, 0.05, 100.0)
    assert found is not None
    assert found.low <= _exact_rate() <= found.high
    assert found.value == pytest.approx(_exact_rate(), rel=0.05)


def _exact_rate() -> float:
    """The rate at which P(W <= 4 services) = 0.95 in M/D/1, by bisection on Erlang's formula."""
    low, high = 0.1, 0.99
    for _ in range(60):
        load = (low + high) / 2
        low, high = (load, high) if _waits_at_most(4, load) > 0.95 else (low, load)
    return 100 * low


def _waits_at_most(services: int, load: float) -> float:
    """P(W <= t) = (1 − ρ) Σ_j (−ρ(t − j))^j / j! · e^{ρ(t − j)}, t in services (Erlang, 1909)."""
    return (1 - load) * sum(
        (-load * (services - j)) ** j / factorial(j) * exp(load * (services - j))
        for j in range(services + 1)
    )
