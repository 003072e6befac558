import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._alpha_beta import fit_line

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
