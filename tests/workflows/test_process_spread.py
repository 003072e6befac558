"""The spread between processes by hand, and what it does to a prediction's interval."""

import math

import pytest

from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.result import BenchmarkResult, Block, Samples, Validity
from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.workflows._process_spread import process_spread, with_spread


def run_in(*processes: float) -> BenchmarkResult:
    """A result whose processes took these seconds."""
    blocks = tuple(
        Block(loops=1, seconds=(each,) * 3, warmup_seconds=(), calibration=()) for each in processes
    )
    return BenchmarkResult(
        benchmark="train_step", revision=1, parameters={}, validity=Validity.VALID,
        duration_seconds=1.0,
        samples={"step": Samples(work=1, unit=ONE, blocks=blocks, stopped="precise")},
    )  # fmt: skip


def test_three_pairs_are_pooled_and_widened_by_students_t() -> None:
    """Pairs ten per cent apart: a variance of ln(1.1)²/2 each; t of 3 degrees at 80 % is 1.638."""
    found = process_spread([run_in(1.0, 1.1), run_in(2.0, 2.2), run_in(3.3, 3.0)], "step")
    assert found == pytest.approx(math.log(1.1) / math.sqrt(2) * 1.638 / 1.2816, rel=0.01)


def test_one_process_or_a_single_pair_says_nothing() -> None:
    assert process_spread([run_in(1.0), run_in(2.0)], "step") is None
    assert process_spread([run_in(1.0, 1.1)], "step") is None


def test_the_interval_is_the_spread_of_processes_and_the_value_stays() -> None:
    origin = Origin(method=Method.MEASURED, source="a run")
    narrow = Quantity(value=2.0, unit=SECOND, origin=origin, low=1.99, high=2.01, level=0.95)
    wide = with_spread(narrow, math.log(1.25))
    assert (wide.value, wide.low, wide.high) == pytest.approx((2.0, 1.6, 2.5))
    assert with_spread(narrow, None) == narrow
