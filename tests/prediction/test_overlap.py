import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.prediction.overlap import backward_and_reduce


def number(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def seconds(
    backward: float, ready: list[float], spent: list[float], own: float, other: float
) -> float:
    return float(
        backward_and_reduce(
            number(backward), ready, [number(each) for each in spent], number(own), number(other)
        )
    )


def test_without_slowdown_it_is_the_recurrence_of_ddp() -> None:
    # Ready at 2, 6 and 10 s of 10 s; reductions of 5, 1 and 2 s: e = 7, 8, then 10 + 2.
    assert seconds(10, [0.2, 0.6, 1.0], [5, 1, 2], 1, 1) == pytest.approx(12)
    # With a first reduction of 9 s: e = 11, 12, 14.
    assert seconds(10, [0.2, 0.6, 1.0], [9, 1, 2], 1, 1) == pytest.approx(14)


def test_two_that_share_a_core_gain_nothing_by_overlap() -> None:
    assert seconds(10, [0.2, 0.6, 1.0], [5, 1, 2], 2, 2) == pytest.approx(18)


def test_a_reduction_that_only_waits_for_the_wire_costs_the_computation_what_it_steals() -> None:
    # κ = 1.25 while 4 s of reduction go on beside 8 s of backward: 4 s yield 3.2 s of it, and the
    # other 4.8 s run alone; 2 s before the first is ready, then 2 s for the last reduction.
    assert seconds(10, [0.2, 1.0], [4, 2], 1.25, 1) == pytest.approx(2 + 4 + 4.8 + 2)


@given(
    st.floats(0.01, 100), st.lists(st.floats(0.01, 50), min_size=1, max_size=6),
    st.floats(1, 3), st.floats(1, 3), st.floats(0, 1),
)  # fmt: skip
def test_it_takes_no_less_than_either_and_no_more_than_both_in_turn(
    backward: float, spent: list[float], own: float, other: float, last: float
) -> None:
    ready = [last * (index + 1) / len(spent) for index in range(len(spent))]
    took = seconds(backward, ready, spent, own, other)
    assert took >= max(backward, sum(spent)) * (1 - 1e-9)
    if own + other <= own * other:
        # Then doing both at once is no faster than doing one after the other, but no slower
        # than a slowed-down backward followed by everything that still waits.
        assert took >= (backward + sum(spent)) * (1 - 1e-9)
    assert took <= (backward * own + sum(spent)) * (1 + 1e-9)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0, 1), st.floats(1, 3))
def test_a_slower_reduction_is_never_faster(
    backward: float, spent: float, ready: float, own: float
) -> None:
    quick = seconds(backward, [ready], [spent], own, 1)
    assert seconds(backward, [ready], [spent * 1.1], own, 1) >= quick * (1 - 1e-9)
