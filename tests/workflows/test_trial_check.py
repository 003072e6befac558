"""A host that has become slower than its report says: named, with its cause, and nothing else."""

import pytest

from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Quantity, derived, fact
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    CollectivePoint,
    Direction,
    Parameters,
    Validity,
    metric,
)
from bitpath_cli.model.units import (
    BYTE_PER_SECOND,
    FLOP_PER_SECOND,
    ONE,
    PER_SECOND,
    SECOND,
    Unit,
)
from bitpath_cli.workflows._trial_check import cases_of, find_gauges, judge_checks, sentence
from tests.sample_report import report

_SQUARE: Parameters = {"dtype": "float32", "device": "cpu", "m": 1024, "n": 1024, "k": 1024}
_READ: Parameters = {"operation": "read", "pattern": "random", "depth": 1}


def measured(
    benchmark: str, name: str, value: float, unit: Unit, told: Parameters
) -> BenchmarkResult:
    return BenchmarkResult(
        benchmark=benchmark, revision=1, parameters=told, validity=Validity.VALID,
        duration_seconds=1.0,
        metrics=(metric(name, derived(value, unit, "a test"), Direction.HIGHER),),
    )  # fmt: skip


def host(compute: float, memory: float, disk: float) -> tuple[BenchmarkResult, ...]:
    return (
        measured("gemm", "throughput", compute, FLOP_PER_SECOND, {**_SQUARE, "threads": 2}),
        measured(
            "memory_bandwidth", "triad", memory, BYTE_PER_SECOND, {"device": "cpu", "threads": 2}
        ),
        measured("disk", "iops", disk, PER_SECOND, _READ),
    )


def assessed(*more: BenchmarkResult) -> Report:
    return report().model_copy(update={"results": (*host(1e11, 4e10, 5000.0), *more)})


def slow(*again: BenchmarkResult, link: BenchmarkResult | None = None) -> dict[str, str]:
    then = assessed()
    checks = judge_checks(then, find_gauges(then), again, link, then.components)
    return {each.resource: each.cause for each in checks if each.is_slow}


def test_what_is_measured_again_is_the_case_of_the_report_with_most_threads() -> None:
    small = measured(
        "gemm",
        "throughput",
        9e9,
        FLOP_PER_SECOND,
        {**_SQUARE, "m": 256, "n": 256, "k": 256, "threads": 2},
    )
    alone = measured("gemm", "throughput", 5e10, FLOP_PER_SECOND, {**_SQUARE, "threads": 1})
    gauges = find_gauges(assessed(small, alone))
    assert cases_of(gauges) == {
        "gemm": ({**_SQUARE, "threads": 2},),
        "memory_bandwidth": ({"device": "cpu", "threads": 2},),
        "disk": (_READ,),
    }


def test_a_host_as_it_was_has_nothing_slow() -> None:
    assert slow(*host(0.9e11, 3.6e10, 4500.0)) == {}


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ((1e11, 2e10, 5000.0), "memory_bandwidth"),
        ((1e11, 4e10, 1000.0), "storage"),
        # Memory and the disk need the processor: nothing is said of them where that is slow.
        ((0.5e11, 2e10, 2500.0), "compute"),
        ((0.5e11, 1e10, 1000.0), "compute"),
    ],
)
def test_what_fell_is_named_and_what_fell_with_the_processor_is_not(
    found: tuple[float, float, float], named: str
) -> None:
    assert sorted(slow(*host(*found))) == named.split()


def test_fewer_processors_than_then_are_the_cause() -> None:
    then = assessed()
    known = next(each for each in then.components if isinstance(each, Limits))
    less = known.model_copy(
        update={
            "effective_cpus": derived(0.5, ONE, "a test"),
            "cpu_limit_source": fact("quota", "a test"),
        }
    )
    now = [*(each for each in then.components if each is not known), less]
    checks = judge_checks(then, find_gauges(then), host(0.4e11, 4e10, 5000.0), None, now)
    (found,) = [each for each in checks if each.is_slow]
    assert isinstance(found.share, Quantity)
    assert found.share.value == pytest.approx(0.4)
    assert "computing on this host runs at 40% of what its report measured" in sentence(found)
    assert "0.5 processors (quota)" in sentence(found)


def test_the_all_reduce_is_judged_beside_one_between_as_many_ranks() -> None:
    def link(value: float, ranks: int) -> BenchmarkResult:
        return measured(
            "collectives",
            "busbw_peak",
            value,
            BYTE_PER_SECOND,
            {"op": "all_reduce", "world_size": ranks},
        )

    then = assessed(link(1e8, 2))
    for ranks, named in ((2, ["network"]), (4, [])):
        checks = judge_checks(then, (), (), link(2e7, ranks), then.components)
        assert [each.resource for each in checks if each.is_slow] == named


def test_all_reduces_are_judged_at_the_largest_size_of_both() -> None:
    """A slow link has no time for the sizes at which a fast one has its peak."""

    def point(size: int, rate: float) -> CollectivePoint:
        seconds, told = derived(size / rate, SECOND, "a test"), derived(rate, BYTE_PER_SECOND, "it")
        return CollectivePoint(
            size_bytes=size, time=seconds, algbw=told, busbw=told, mean_time=seconds, wrong=0
        )

    def link(*points: CollectivePoint) -> BenchmarkResult:
        return BenchmarkResult(
            benchmark="collectives", revision=1, parameters={"op": "all_reduce", "world_size": 2},
            validity=Validity.VALID, duration_seconds=1.0, metrics=(), points=points,
        )  # fmt: skip

    then = assessed(link(point(1 << 16, 3e7), point(1 << 20, 1e8), point(1 << 24, 9e8)))
    (found,) = judge_checks(
        then, (), (), link(point(1 << 16, 2.9e7), point(1 << 20, 6e6)), then.components
    )
    assert (found.reported.value, found.found.value) == (1e8, 6e6)
    assert found.is_slow
