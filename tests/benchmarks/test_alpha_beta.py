import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._alpha_beta import ENOUGH, fit_curve, fit_line, leave_one_out

SIZES = [1024.0 * 4**step for step in range(9)]


@given(
    st.floats(1e-7, 1e-1), st.floats(1e-12, 1e-6),
    st.lists(st.integers(8, 30), min_size=3, max_size=12, unique=True),
)  # fmt: skip
def test_a_line_is_recovered_from_points_on_it(
    intercept: float, slope: float, powers: list[int]
) -> None:
    sizes = [float(2**power) for power in powers]
    line = fit_line(sizes, [intercept + slope * size for size in sizes])
    # Where one part is lost in the other's rounding, no fit can find it.
    if intercept > 1e-6 * slope * min(sizes) and slope * max(sizes) > 1e-6 * intercept:
        assert line is not None
        assert line.intercept == pytest.approx(intercept, rel=1e-3)
        assert line.slope == pytest.approx(slope, rel=1e-3)
        assert line.largest_error < 1e-6


def test_small_sizes_count_as_much_as_large_ones() -> None:
    """With 10 % added to the largest time alone, absolute squares would sacrifice the small."""
    seconds = [50e-6 + size / 2e9 for size in SIZES]
    seconds[-1] *= 1.1
    line = fit_line(SIZES, seconds)
    assert line is not None
    assert line.intercept == pytest.approx(50e-6, rel=0.05)
    assert line.slope == pytest.approx(1 / 2e9, rel=0.05)
    assert 0.02 < line.largest_error < 0.1


def test_margins_by_hand() -> None:
    # Sizes 1, 2, 4; times 1, 2, 2. Then x = 1, ½, ½ and, relative to 4, y = ¼, ¼, ½.
    # xx = 3/2, yy = 3/8, xy = 5/8, sx = 2, sy = 1; the determinant is 9/16 - 25/64 = 11/64.
    line = fit_line([1, 2, 4], [1, 2, 2])
    assert line is not None
    intercept, slope = (2 * 3 / 8 - 5 / 8) / (11 / 64), (3 / 2 - 2 * 5 / 8) / (11 / 64)
    assert line.intercept == pytest.approx(intercept) == pytest.approx(8 / 11)
    assert line.slope == pytest.approx(slope / 4) == pytest.approx(4 / 11)
    # The relative errors are 1/11, -3/11 and 1/11, so the variance with one freedom is 1/11.
    assert line.largest_error == pytest.approx(3 / 11)
    margin = 12.706 * math.sqrt(1 / 11 / (11 / 64))
    assert line.intercept_margin == pytest.approx(margin * math.sqrt(3 / 8))
    assert line.slope_margin == pytest.approx(margin * math.sqrt(3 / 2) / 4)


@pytest.mark.parametrize("sizes", [[1024.0, 4096.0], [1024.0, 1024.0, 4096.0]])
def test_two_sizes_leave_no_freedom(sizes: list[float]) -> None:
    assert fit_line(sizes, [1e-3] * len(sizes)) is None


def test_one_line_that_is_good_enough_stays_alone() -> None:
    seconds = [50e-6 + size / 2e9 for size in SIZES]
    curve = fit_curve(SIZES, [each * (1.1 if n % 2 else 0.95) for n, each in enumerate(seconds)])
    assert curve is not None
    assert len(curve.lines) == 1
    assert curve.largest_error <= ENOUGH
    assert curve.ranges == ((SIZES[0], SIZES[-1]),)


def test_another_algorithm_for_large_sizes_is_another_line() -> None:
    """50 µs and 1 GB/s up to 256 KiB, 2 ms and 4 GB/s from 1 MiB on: no one line has both."""
    seconds = [
        50e-6 + size / 1e9 if size <= 256 << 10 else 2e-3 + size / 4e9 for size in SIZES
    ]  # fmt: skip
    curve = fit_curve(SIZES, seconds)
    assert curve is not None
    assert list(curve.ranges) == [(1024, 256 << 10), (1 << 20, 64 << 20)]
    first, last = curve.lines
    assert [first.intercept, first.slope] == pytest.approx([50e-6, 1e-9])
    assert [last.intercept, last.slope] == pytest.approx([2e-3, 0.25e-9])
    # Between the two the nearer one by ratio: 500 KiB is nearer to 256 KiB than to 1 MiB.
    assert curve.at(500 << 10) == pytest.approx(50e-6 + (500 << 10) / 1e9)
    assert curve.at(530 << 10) == pytest.approx(2e-3 + (530 << 10) / 4e9)


def test_a_size_left_out_of_a_line_is_predicted_by_it() -> None:
    seconds = [50e-6 + size / 2e9 for size in SIZES]
    errors = leave_one_out(SIZES, seconds)
    assert len(errors) == len(SIZES) - 2
    assert max(errors) == pytest.approx(0, abs=1e-9)
    seconds[4] *= 1.25
    # The others still lie on the line, so what is left out shows its whole excess: 1 − 1/1.25.
    assert leave_one_out(SIZES, seconds)[3] == pytest.approx(0.2)


def test_three_sizes_leave_nothing_to_predict_from() -> None:
    assert leave_one_out(SIZES[:3], [1.0, 2.0, 4.0]) == ()


@pytest.mark.parametrize("seconds", [[3.0, 2.0, 1.0], [1.0, 2.0]])
def test_times_that_do_not_grow_give_no_curve(seconds: list[float]) -> None:
    assert fit_curve(SIZES[: len(seconds)], seconds) is None


@given(st.lists(st.floats(1e-6, 10), min_size=3, max_size=10))
def test_a_curve_covers_every_size_in_order(seconds: list[float]) -> None:
    sizes = [1024.0 * 4**step for step in range(len(seconds))]
    curve = fit_curve(sizes, seconds)
    if curve is not None:
        edges = [edge for pair in curve.ranges for edge in pair]
        assert edges == sorted(edges)
        assert (edges[0], edges[-1]) == (sizes[0], sizes[-1])
        assert all(line.slope > 0 for line in curve.lines)
