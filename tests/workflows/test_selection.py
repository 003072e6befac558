"""The selection by tensors against its definition, row by row in plain Python."""

import random

import torch
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.workflows._selection import (
    best_of_each,
    countable,
    nearest_of_each,
    ordered,
    promising,
)

NAMES: tuple[StrategyName, ...] = ("edge", "cloud_native", "hybrid", "distributed", "today")


def a_table(seed: int, rows: int) -> tuple[tuple[StrategyName, ...], list[list[float]]]:
    """Names, L, excess and P(feasible); few distinct values, so that there are many ties."""
    dice = random.Random(seed)  # noqa: S311
    names = tuple(dice.choice(NAMES) for _ in range(rows))
    scores = [dice.choice([0.2, 0.5, 0.5, 1.0, dice.random(), float("inf")]) for _ in names]
    excess = [dice.choice([0.3, 1.0, 1.1, 3.9, 5.0, 8 * dice.random()]) for _ in names]
    chances = [dice.choice([0.0, 0.05, 0.3, 0.7, 1.0]) for _ in names]
    return names, [scores, excess, chances]


def tensor(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def rows_of(names: tuple[StrategyName, ...], name: StrategyName) -> list[int]:
    return [index for index, each in enumerate(names) if each == name]


tables = st.builds(a_table, st.integers(0, 10**6), st.integers(1, 300))


@given(table=tables)
def test_the_promising_are_forty_of_each_by_score_and_forty_that_miss_least(
    table: tuple[tuple[StrategyName, ...], list[list[float]]],
) -> None:
    names, (scores, excess, _) = table
    chosen: set[int] = set()
    for name in set(names):
        rows = rows_of(names, name)
        able = [row for row in rows if excess[row] <= 4]
        chosen.update(sorted(able, key=lambda row: (excess[row] > 1, scores[row]))[:40])
        chosen.update(sorted(rows, key=lambda row: (excess[row], scores[row]))[:40])
    assert promising(names, tensor(scores), tensor(excess)).tolist() == sorted(chosen)


@given(table=tables)
def test_the_best_has_the_lowest_score_of_those_that_are_sound_else_is_the_likeliest(
    table: tuple[tuple[StrategyName, ...], list[list[float]]],
) -> None:
    names, (scores, _, chances) = table
    sound = [chance >= 0.5 for chance in chances]
    expected: dict[str, int] = {}
    for name in set(names):
        rows = rows_of(names, name)
        if usual := [row for row in rows if sound[row]]:
            expected[name] = min(usual, key=lambda row: scores[row])
        elif possible := [row for row in rows if chances[row] >= 0.1]:
            expected[name] = max(possible, key=lambda row: chances[row])
    found = best_of_each(names, tensor(scores), tensor(chances), torch.tensor(sound))
    assert found == expected


@given(table=tables)
def test_the_nearest_has_the_lowest_score_of_those_that_miss_about_as_little_as_any(
    table: tuple[tuple[StrategyName, ...], list[list[float]]],
) -> None:
    names, (scores, excess, _) = table
    expected: dict[str, int] = {}
    for name in set(names):
        rows = rows_of(names, name)
        least = min(excess[row] for row in rows)
        close = [row for row in rows if excess[row] <= 1.25 * least]
        expected[name] = min(close, key=lambda row: scores[row])
    assert nearest_of_each(names, tensor(scores), tensor(excess)) == expected


def test_rows_that_are_alike_stay_in_order() -> None:
    assert ordered(tensor([2, 1, 2, 1])).tolist() == [1, 3, 0, 2]
    assert ordered(tensor([1, 1, 1, 0]), tensor([3, 1, 3, 9])).tolist() == [3, 1, 0, 2]


def test_what_is_no_number_never_wins() -> None:
    scores = countable(tensor([float("nan"), 2.0, float("inf")]))
    assert scores.tolist() == [float("inf"), 2.0, float("inf")]
    sound = torch.isfinite(scores)
    names: tuple[StrategyName, ...] = ("edge", "edge", "edge")
    assert best_of_each(names, scores, tensor([1, 1, 1]), sound) == {"edge": 1}
