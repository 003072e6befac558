"""What a table says of pairs: the ratio, and when the noise leaves it undecided."""

import pytest

from bitpath_cli.stats import Interval
from bitpath_cli.workflows.repeat import find_spreads
from tests.reference.coverage import coverage
from tests.reference.coverage import draw as draw_spreads
from tests.reference.pairs import Row, Verdict, alternate, draw, row
from tests.workflows.test_repeat import run


def test_the_ratio_is_the_median_of_pairs_with_its_interval() -> None:
    pairs = [
        (ratio * base, base) for ratio, base in zip(range(1, 11), [1.0, 100.0] * 5, strict=True)
    ]
    found = row("x", "y", pairs, 0.97, 1.03)
    assert found.ratio.value == 5.5
    assert (found.ratio.low, found.ratio.high) == (2, 9)
    assert found.pairs == 10


@pytest.mark.parametrize(
    ("low", "high", "level", "verdict"),
    [
        (0.98, 1.02, 0.95, "reached"), (0.90, 0.95, 0.95, "missed"), (1.04, 1.1, 0.95, "missed"),
        (0.95, 1.00, 0.95, "undecided"), (1.00, 1.10, 0.95, "undecided"),
        (0.99, 1.01, 0.75, "undecided"),
    ],
)  # fmt: skip
def test_noise_that_reaches_over_an_end_decides_nothing(
    low: float, high: float, level: float, verdict: Verdict
) -> None:
    made = Row("x", "y", Interval((low + high) / 2, low, high, level), 10, 0.97, 1.03)
    assert made.verdict == verdict
    assert verdict in draw([made])


def test_one_sided_ranges() -> None:
    assert Row("x", "y", Interval(2, 1.5, 9, 0.95), 10, 0.9, None).verdict == "reached"
    assert Row("x", "y", Interval(2, 1.5, 9, 0.95), 10, None, 1.1).verdict == "missed"
    assert Row("x", "y", Interval(2, 1.5, 9, 0.95), 10, None, 1.1).wanted == "≤ 1.1"


def test_the_first_of_a_pair_changes_with_every_pair() -> None:
    order: list[str] = []

    def take(name: str, value: float) -> dict[str, float]:
        order.append(name)
        return {"speed": value, name: 1.0}

    found = alternate(3, lambda: take("ours", 2.0), lambda: take("theirs", 4.0))
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert found == {"speed": [(2.0, 4.0)] * 3}


def test_the_share_of_intervals_that_hold() -> None:
    found = find_spreads([run(100), run(100.5), run(110)])
    assert coverage(found) == pytest.approx(2 / 3)
    assert coverage([]) == 0
    assert draw_spreads(found).endswith("67% of the intervals hold (90% wanted): missed.\n")


def test_a_pair_of_which_one_half_fails_is_left_out_and_the_others_stand() -> None:
    turns = iter((1.0, None, 3.0))

    def ours() -> dict[str, float]:
        told = next(turns)
        if told is None:
            raise RuntimeError("it reached nothing")
        return {"rate": told}

    found = alternate(3, ours, lambda: {"rate": 2.0})
    assert found == {"rate": [(1.0, 2.0), (3.0, 2.0)]}
