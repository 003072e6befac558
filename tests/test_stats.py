import math
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.stats import (
    Interval,
    blocked_median_interval,
    median_interval,
    normal_z,
    quantile,
    ratio_interval,
    student_t,
)

positive = st.floats(min_value=1e-9, max_value=1e3)
blocks = st.lists(st.lists(positive, min_size=1, max_size=12), min_size=1, max_size=6)


def test_quantiles_interpolate_between_order_statistics() -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert quantile([10.0, 20.0, 30.0], 0.95) == pytest.approx(29.0)
    assert quantile([7.0], 0.99) == 7.0
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


@pytest.mark.parametrize(
    ("count", "first", "last", "level"),
    [
        # The textbook table of order-statistic intervals of the median, ranks from 1.
        (6, 1, 6, 0.96875),
        (10, 2, 9, 0.978515625),
        (20, 6, 15, 0.958610535),
        (100, 40, 61, 0.964799800),
    ],
)
def test_the_interval_is_the_one_of_the_tables(
    count: int, first: int, last: int, level: float
) -> None:
    found = median_interval([float(rank) for rank in range(1, count + 1)])

    assert (found.low, found.high) == (first, last)
    assert found.level == pytest.approx(level, abs=1e-9)
    assert found.value == (count + 1) / 2


@pytest.mark.parametrize("count", range(1, 13))
def test_the_level_is_what_counting_all_outcomes_gives(count: int) -> None:
    found = median_interval([float(rank) for rank in range(count)])
    low, high = int(found.low), int(found.high)

    # Each sample falls below or above the true median like a coin.
    covering = sum(low < sum(coins) <= high for coins in product((0, 1), repeat=count))

    assert found.level == pytest.approx(covering / 2**count, abs=1e-12)
    assert (found.level >= 0.95) == (count >= 6)


def test_thousands_of_samples_follow_the_normal_approximation() -> None:
    found = median_interval([float(rank) for rank in range(5000)])

    assert found.level >= 0.95
    assert (found.high - found.low) / 2 == pytest.approx(
        normal_z(0.95) * math.sqrt(5000) / 2, abs=1
    )


def test_one_value_claims_nothing_and_no_value_is_refused() -> None:
    assert median_interval([3.0]).level == 0
    with pytest.raises(ValueError, match="no values"):
        median_interval([])
    with pytest.raises(ValueError, match="no values"):
        blocked_median_interval([[], []])


def test_two_blocks_are_two_observations() -> None:
    found = blocked_median_interval([[1.0, 1.0, 1.0], [math.e] * 30])

    # Logarithms 0 and 1: mean 0.5, deviation 1/√2, t(1) = 12.706, so 0.5 ± 6.353.
    assert found.low == pytest.approx(math.exp(0.5 - 6.353))
    assert found.high == pytest.approx(math.exp(0.5 + 6.353))
    assert found.value == pytest.approx((1 + math.e) / 2)
    assert found.level == 0.95


def test_a_long_block_does_not_outvote_short_ones() -> None:
    assert blocked_median_interval([[1.0], [1.0], [9.0] * 100]).value == 1.0


def test_one_block_has_the_interval_within_it_and_empty_blocks_do_not_count() -> None:
    values = [3.0, 1.0, 2.0, 5.0, 4.0, 6.0]
    assert blocked_median_interval([[], values]) == median_interval(values)


def test_it_covers_how_processes_differ_where_the_pooled_interval_does_not() -> None:
    random = Random(20261124)  # noqa: S311  (a simulation, not a secret)
    runs = 1000
    three_standard_errors = 3 * math.sqrt(0.95 * 0.05 / runs)
    covered = covered_when_pooled = 0
    for _ in range(runs):
        centres = [math.exp(random.gauss(0, 0.03)) for _ in range(3)]
        drawn = [
            [centre * math.exp(random.gauss(0, 0.005)) for _ in range(15)] for centre in centres
        ]
        blocked = blocked_median_interval(drawn)
        pooled = median_interval([value for block in drawn for value in block])
        covered += blocked.low <= 1 <= blocked.high
        covered_when_pooled += pooled.low <= 1 <= pooled.high

    assert covered / runs >= 0.95 - three_standard_errors
    assert covered_when_pooled / runs < 0.5


@given(blocks)
def test_the_value_lies_within_its_positive_bounds(drawn: list[list[float]]) -> None:
    found = blocked_median_interval(drawn)
    assert 0 < found.low <= found.value <= found.high
    assert 0 <= found.level <= 1


@given(blocks, st.floats(min_value=0.5, max_value=2))
def test_a_faster_clock_scales_everything(drawn: list[list[float]], factor: float) -> None:
    found = blocked_median_interval(drawn)
    scaled = blocked_median_interval([[value * factor for value in block] for block in drawn])
    assert scaled.value == pytest.approx(found.value * factor)
    assert scaled.low == pytest.approx(found.low * factor)
    assert scaled.high == pytest.approx(found.high * factor)


def test_students_t_meets_its_table_and_the_normal() -> None:
    assert student_t(2) == 4.303
    assert student_t(11) == pytest.approx(2.201, abs=1e-3)
    assert student_t(30) == pytest.approx(2.042, abs=1e-3)
    assert student_t(10_000) == pytest.approx(normal_z(0.95), abs=1e-3)


def test_the_half_width_is_relative() -> None:
    assert median_interval([90.0, 95.0, 100.0, 100.0, 105.0, 110.0]).half_width == 0.1
    assert median_interval([0.0, 0.0]).half_width == math.inf


def test_the_interval_of_a_ratio_adds_the_margins_of_both_in_squares() -> None:
    """By hand: both are 10 % wide in logarithms, so the ratio is √2 · ln 1.1 wide: × ÷ 1.1443."""
    wide = 1.1 ** math.sqrt(2)
    found = ratio_interval(Interval(110, 100, 121, 0.95), Interval(100, 100 / 1.1, 110, 0.95))
    assert found is not None
    assert found.value == pytest.approx(1.1)
    assert found.low == pytest.approx(1.1 / wide)
    assert found.high == pytest.approx(1.1 * wide)


def test_what_only_one_side_may_be_widens_only_that_side() -> None:
    """A numerator that may be 20 % more and no less; a denominator without any margin."""
    found = ratio_interval(Interval(100, 100, 120, 0.95), Interval(50, 50, 50, 0.95))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((2.0, 2.4))


def test_another_level_is_brought_to_95_percent_first() -> None:
    """80 % is 1.2816 sigma and 95 % is 1.9600: the margin grows by 1.5293."""
    found = ratio_interval(Interval(1, 1, math.e, 0.80), Interval(1, 1, 1, 0.95))
    assert found is not None
    assert math.log(found.high) == pytest.approx(1.95996 / 1.28155, abs=1e-4)


@pytest.mark.parametrize(
    "side", [Interval(1, 0, 2, 0.95), Interval(1, -1, 2, 0.95), Interval(1, 0.5, 2, 0.5)]
)
def test_there_is_no_ratio_to_nothing_and_none_of_two_samples(side: Interval) -> None:
    whole = Interval(1, 0.9, 1.1, 0.95)
    assert ratio_interval(side, whole) is None
    assert ratio_interval(whole, side) is None
