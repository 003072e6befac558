"""Where the level of a series changed: made-up series whose jumps are known."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.workflows._jumps import find_jumps


def noisy(levels: Sequence[float], spread: float, seed: int = 1) -> list[float]:
    source = random.Random(seed)  # noqa: S311  (not for secrets)
    return [level * source.gauss(1, spread) for level in levels]


def test_one_jump_is_found_at_its_place() -> None:
    assert find_jumps(noisy([100] * 8 + [70] * 7, 0.01)) == (8,)


def test_two_jumps_are_found() -> None:
    assert find_jumps(noisy([100] * 6 + [150] * 6 + [120] * 6, 0.01)) == (6, 12)


def test_a_single_outlier_is_no_jump() -> None:
    values = noisy([100] * 15, 0.01)
    values[7] = 20
    assert find_jumps(values) == ()


def test_a_jump_needs_three_values_on_each_side() -> None:
    assert find_jumps([100, 100, 100, 100, 100, 50, 50]) == ()
    assert find_jumps([100, 100, 100, 100, 50, 50, 50]) == (4,)


def test_a_small_step_is_none_however_quiet_the_series() -> None:
    assert find_jumps([100.0] * 10 + [104.0] * 10) == ()
    assert find_jumps([100.0] * 10 + [106.0] * 10) == (10,)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [0.0] * 10, [-1.0] * 10])
def test_too_few_or_no_positive_values_have_no_jumps(values: list[float]) -> None:
    assert find_jumps(values) == ()


def test_noise_alone_makes_few_jumps() -> None:
    """Of 200 series of pure noise of 5 % at most 3 % show a jump."""
    found = sum(bool(find_jumps(noisy([100] * 20, 0.05, seed))) for seed in range(200))
    assert found <= 6


@given(st.lists(st.floats(0.1, 10), min_size=6, max_size=40), st.floats(0.01, 100))
def test_another_unit_moves_no_jump(values: list[float], factor: float) -> None:
    places = find_jumps(values)
    assert all(0 < place < len(values) for place in places)
    assert list(places) == sorted(set(places))
