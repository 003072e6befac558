import pytest

from bitpath_cli.errors import BadValue
from bitpath_cli.model.plan import Blueprint, Check, Expectation
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import BenchmarkResult, Direction, Doubt, Metric, Validity, metric
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND, Unit
from bitpath_cli.workflows.verify import verify
from tests.plans.examples import group, job, predicted
from tests.sample_report import around, report, result

RATE = Expectation(
    name="rate", forecast=predicted(200e9, FLOP_PER_SECOND), benchmark="gemm",
    metric="throughput", parameters={"dtype": "float32"}, device="a",
)  # fmt: skip
LINK = Expectation(
    name="link", forecast=predicted(1e8, BYTE_PER_SECOND), benchmark="collectives",
    metric="beta", parameters={"op": "all_reduce"}, is_inverse=True,
)  # fmt: skip
PLAN = job(group(2, "a"), group(1, "b"), expectations=(RATE, LINK))


def gemm(rate: float, dtype: str = "float32") -> BenchmarkResult:
    return result(
        "gemm", {"dtype": dtype},
        metric("throughput", around(rate, FLOP_PER_SECOND), Direction.HIGHER),
    )  # fmt: skip


def reduced(beta: float, **more: object) -> BenchmarkResult:
    unit = Unit("s/B")
    found = result("collectives", {"op": "all_reduce"}, _lower(beta, unit))
    return found.model_copy(update=more)


def _lower(value: float, unit: Unit) -> Metric:
    return metric("beta", around(value, unit), Direction.LOWER)


def check(
    *results: BenchmarkResult, plan: Blueprint = PLAN, node: int | None = None, **stated: str
) -> dict[str, Check]:
    found = verify(plan, report(results=results), stated, node)
    return {each.name: each for each in found}


@pytest.mark.parametrize(
    ("rate", "verdict"),
    # 200 GFLOP/s at × ÷ 1.25 are 160 to 250; a measurement is 2 % wide on each side.
    [
        (161e9, "as forecast"),
        (158e9, "as forecast"),
        (255e9, "as forecast"),
        (156e9, "worse"),
        (256e9, "better"),
    ],
)
def test_a_rate_lies_within_its_interval_or_not(rate: float, verdict: str) -> None:
    assert check(gemm(rate))["rate"].verdict == verdict


def test_the_best_of_the_matching_results_counts() -> None:
    found = check(gemm(100e9), gemm(200e9), gemm(900e9, "int8"))["rate"]
    assert found.verdict == "as forecast"
    assert isinstance(found.measured, Quantity)
    assert found.measured.value == 200e9


def test_a_batch_of_products_is_not_what_was_forecast() -> None:
    batch = gemm(900e9).model_copy(update={"parameters": {"dtype": "float32", "shape": "batched"}})
    found = check(gemm(200e9), batch)["rate"]
    assert isinstance(found.measured, Quantity)
    assert found.measured.value == 200e9


@pytest.mark.parametrize(
    ("beta", "verdict"),
    # 100 MB/s at × ÷ 1.25 is 80 to 125 MB/s, 12.5 to 8 ns a byte.
    [(10e-9, "as forecast"), (13e-9, "worse"), (7e-9, "better")],
)
def test_seconds_a_byte_are_compared_as_bytes_a_second(beta: float, verdict: str) -> None:
    found = check(reduced(beta))["link"]
    assert found.verdict == verdict
    assert isinstance(found.measured, Quantity)
    assert found.measured.value == pytest.approx(1 / beta)
    assert found.measured.low == pytest.approx(1 / (1.02 * beta))


def test_loopback_and_invalid_results_do_not_count() -> None:
    for more in ({"reasons": (Doubt.LOOPBACK_ONLY,)}, {"validity": Validity.INVALID}):
        found = check(reduced(10e-9, **more))["link"]
        assert found.verdict == "not measured"
        assert found.measured.kind == "missing"
        assert found.measured.detail == "no usable result of collectives with op all_reduce"
    assert check()["link"].measured.detail == "the benchmark collectives was not run"  # type: ignore[union-attr]


def test_a_number_leaves_out_other_machines_but_not_the_network() -> None:
    assert {"rate", "link"} <= set(check(node=0))
    assert "rate" in check(node=1)
    other = check(node=2)
    assert "rate" not in other
    assert "link" in other
    with pytest.raises(BadValue, match="'3' cannot be used"):
        check(node=3)


def test_the_programs_own_step_is_stated() -> None:
    silent = check()["step_time"]
    assert silent.verdict == "not measured"
    assert silent.measured.kind == "missing"
    assert silent.measured.hint == "--measured step_time=VALUE"
    # 0.5 s at × ÷ 1.25.
    assert check(step_time="450ms")["step_time"].verdict == "as forecast"
    assert check(step_time="0.7 s")["step_time"].verdict == "worse"
    assert check(step_time="100ms")["step_time"].verdict == "better"


def test_what_is_not_forecast_cannot_be_stated() -> None:
    with pytest.raises(BadValue, match="speed") as raised:
        check(speed="3")
    assert "step_time, job_time" in raised.value.why
    with pytest.raises(BadValue):
        check(step_time="3 parsecs")


def test_a_rate_that_was_stated_is_better_when_it_is_higher() -> None:
    plan = job(
        forecast={"samples_per_second": predicted(100, Unit("1/s")), "x": predicted(1, SECOND)}
    )
    assert check(plan=plan, samples_per_second="130/s")["samples_per_second"].verdict == "better"
