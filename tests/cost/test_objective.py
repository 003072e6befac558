import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.cost.objective import GOALS, currency, geometric, objective, ratios, weights
from bitpath_cli.cost.pareto import dominated
from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.recommendation import TERM_NAMES


def terms(*rows: tuple[float, float, float, float, float]) -> TermTensors:
    """Rows of compute, storage, link-time, hardware and energy; bytes are twice the link-time."""
    table = torch.tensor(rows, dtype=torch.float64)
    column = [table[:, index : index + 1] for index in range(5)]
    return TermTensors(column[0], column[1], 2 * column[2], column[2], column[3], column[4])


TODAY = terms((100, 10, 100, 1000, 50))


def scores(found: TermTensors, goal: str = "balanced") -> list[float]:
    chosen = {name: values for name, values in GOALS.items() if name == goal}
    return objective(ratios(found, TODAY), next(iter(chosen.values()))).squeeze(1).tolist()


def test_today_with_full_links_scores_1_whatever_the_goal() -> None:
    for goal in GOALS:
        assert scores(TODAY, goal) == pytest.approx([1])


def test_the_objective_by_hand() -> None:
    # Ratios 0.5, 2, 0.1, 3 and 0.4.
    other = terms((50, 20, 10, 3000, 20))
    assert scores(other) == pytest.approx([6.0 / 5])
    assert scores(other, "cost") == pytest.approx([(0.5 + 2 + 0.1 + 30 + 0.4) / 14])
    assert scores(other, "speed") == pytest.approx([(0.5 + 0.1 * 5.5) / 1.4])


def test_a_term_that_is_left_out_counts_for_none() -> None:
    found = ratios(terms((50, 20, 10, 3000, 20)), TODAY, frozenset({"hardware"}))
    assert found.names == ("compute", "storage", "bandwidth", "energy")
    assert objective(found, GOALS["balanced"]).item() == pytest.approx(3.0 / 4)


def test_weights_that_are_all_zero_or_negative_are_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        weights(dict.fromkeys(TERM_NAMES, 0.0), TERM_NAMES)
    with pytest.raises(ValueError, match="negative"):
        weights({**dict.fromkeys(TERM_NAMES, 1.0), "energy": -1.0}, TERM_NAMES)


def test_the_limits_of_a_weight() -> None:
    other = terms((50, 20, 10, 3000, 20))
    found = ratios(other, TODAY)
    none = {**dict.fromkeys(TERM_NAMES, 0.0), "compute": 1.0}
    huge = {**dict.fromkeys(TERM_NAMES, 1.0), "hardware": 1e12}
    assert objective(found, none).item() == pytest.approx(0.5)
    assert objective(found, huge).item() == pytest.approx(3.0)


def test_a_zero_does_not_decide_the_geometric_view_alone() -> None:
    free = ratios(terms((1000, 10, 0, 1000, 50)), TODAY)
    assert geometric(free, GOALS["balanced"]).item() > 0.5


def test_the_currency_view_by_hand() -> None:
    price = torch.tensor(0.5, dtype=torch.float64)
    none = torch.zeros((), dtype=torch.float64)
    assert currency(TODAY, price, price, none).item() == pytest.approx(50 + 1000 + 25)


ratio = st.floats(0.01, 100)
row = st.tuples(ratio, ratio, ratio, ratio, ratio)


@given(rows=st.lists(row, min_size=2, max_size=6), worse=st.floats(1.01, 9))
def test_adding_a_dominated_option_never_changes_the_winner(
    rows: list[tuple[float, float, float, float, float]], worse: float
) -> None:
    before = scores(terms(*rows))
    best = rows[before.index(min(before))]
    after = scores(terms(*rows, tuple(value * worse for value in best)))  # type: ignore[arg-type]
    assert after[:-1] == pytest.approx(before)
    assert after[-1] > min(before)


@given(rows=st.lists(row, min_size=1, max_size=8), factor=st.floats(1e-6, 1e6))
def test_changing_a_unit_never_changes_a_score(
    rows: list[tuple[float, float, float, float, float]], factor: float
) -> None:
    here, there = terms(*rows), TODAY
    scaled = TermTensors(
        here.compute, here.storage, here.bandwidth, here.link_time, here.hardware * factor,
        here.energy,
    )  # fmt: skip
    base = TermTensors(
        there.compute, there.storage, there.bandwidth, there.link_time,
        there.hardware * factor, there.energy,
    )  # fmt: skip
    plain = objective(ratios(here, there), GOALS["balanced"])
    assert torch.allclose(objective(ratios(scaled, base), GOALS["balanced"]), plain)


def naive(values: Tensor) -> list[bool]:
    return [
        any(bool((other <= mine).all()) and bool((other < mine).any()) for other in values)
        for mine in values
    ]


@given(rows=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=30))
def test_dominance_agrees_with_its_definition(rows: list[tuple[int, ...]]) -> None:
    values = torch.tensor(rows, dtype=torch.float64)
    assert dominated(values).tolist() == naive(values)


def test_dominance_over_more_rows_than_a_block() -> None:
    values = torch.rand((600, 4), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert dominated(values).tolist() == naive(values)
