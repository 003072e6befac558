from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._pairs import find_players, schedule
from bitpath_cli.benchmarks._suspects import find_late, find_slow, last_shares


def links(ranks: int, slow: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """All pairs at about 100 MB/s, but for some."""
    return {
        pair: slow.get(pair, 100e6 * (1 + 0.01 * (sum(pair) % 5)))
        for pair in combinations(range(ranks), 2)
    }


@pytest.mark.parametrize("host", [0, 1, 2, 3])
def test_a_host_whose_link_carries_a_tenth_is_named_among_four(host: int) -> None:
    slow = {pair: 10e6 for pair in combinations(range(4), 2) if host in pair}
    suspect, = find_slow(links(4, slow))  # fmt: skip
    assert suspect.ranks == (host,)
    assert suspect.share == pytest.approx(0.1, rel=0.05)


def test_one_link_between_two_good_hosts_is_named_as_a_link() -> None:
    suspect, = find_slow(links(4, {(1, 3): 10e6}))  # fmt: skip
    assert suspect.ranks == (1, 3)


def test_a_host_and_a_link_elsewhere_are_both_named() -> None:
    slow = {pair: 10e6 for pair in combinations(range(6), 2) if 5 in pair} | {(0, 2): 30e6}
    assert [each.ranks for each in find_slow(links(6, slow))] == [(5,), (0, 2)]


@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_where_all_are_alike_nobody_is_named(ranks: int) -> None:
    assert find_slow(links(ranks, {})) == ()


def test_links_that_scatter_widely_accuse_nobody() -> None:
    """Factors of 3 between any two links: half of the median is nothing special there."""
    scattered = {pair: 3.0 ** (sum(pair) % 5) for pair in combinations(range(5), 2)}
    assert find_slow(scattered) == ()


def test_a_rank_that_always_comes_last_is_late_by_what_the_others_wait() -> None:
    rows = [[0.0] * 20, [1e-3] * 20, [6e-3] * 20]
    late = find_late(rows, 10e-3)
    assert late is not None
    assert (late.rank, late.share) == (2, 1.0)
    assert late.seconds == pytest.approx(5e-3)


@pytest.mark.parametrize(
    ("rows", "transfer"),
    [
        ([[0.0] * 20, [0.5e-3] * 20], 10e-3),  # a twentieth of the transfer
        ([[0.0, 6e-3] * 10, [6e-3, 0.0] * 10], 10e-3),  # now the one, now the other
        ([[0.0] * 9, [6e-3] * 9], 10e-3),  # too few iterations
        ([[6e-3] * 20], 10e-3),  # alone
        ([], 10e-3),
    ],
)
def test_nobody_is_late_without_proof(rows: list[list[float]], transfer: float) -> None:
    assert find_late(rows, transfer) is None


def test_shares_of_last_places_sum_to_one() -> None:
    assert last_shares([[0.0, 2.0, 0.0, 1.0], [1.0, 0.0, 3.0, 2.0]]) == (0.25, 0.75)


@given(st.lists(st.integers(0, 500), min_size=2, max_size=17, unique=True))
def test_everyone_meets_everyone_once_and_never_two_at_a_time(players: list[int]) -> None:
    rounds = schedule(players)
    met = [pair for pairs in rounds for pair in pairs]
    assert sorted(met) == sorted((min(pair), max(pair)) for pair in combinations(players, 2))
    for pairs in rounds:
        busy = [rank for pair in pairs for rank in pair]
        assert len(set(busy)) == len(busy)
    # No tournament is shorter: n − 1 rounds for an even number, n for an odd one.
    assert len(rounds) == len(players) - 1 + len(players) % 2


def test_one_rank_of_each_host_plays_and_all_where_there_is_one_host() -> None:
    assert find_players(["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"]) == (0, 2)
    assert find_players(["127.0.0.1"] * 3) == (0, 1, 2)
