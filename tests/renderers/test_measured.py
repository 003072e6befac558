"""Which figures of the results are shown, against what, and in which words."""

import pytest

from bitpath_cli.model.result import BenchmarkResult, Direction, Doubt, Metric, Validity, metric
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND
from bitpath_cli.renderers._doubts import MEANINGS
from bitpath_cli.renderers._measured import Line, doubts, measure_lines
from tests.sample_report import around, latency, rate, result


def lines(*results: BenchmarkResult) -> tuple[Line, ...]:
    (group,) = measure_lines(results)
    return group.lines


def gemm(size: int, value: float, dtype: str = "float32", **changes: object) -> BenchmarkResult:
    made = result("gemm", {"dtype": dtype, "m": size}, rate("throughput", value, FLOP_PER_SECOND))
    return made.model_copy(update=changes)


def test_of_a_sweep_the_best_is_shown_with_its_place() -> None:
    (line,) = lines(gemm(256, 1e11), gemm(4096, 4e11), gemm(8192, 3e11))
    assert line.value == "400 GFLOP/s"
    assert line.aside == "best of 3: m 4,096"


def test_the_best_latency_is_the_shortest() -> None:
    depths = [
        result("disk", {"pattern": "random", "depth": depth}, latency("latency_p50", seconds))
        for depth, seconds in ((1, 80e-6), (32, 300e-6))
    ]
    (line,) = lines(*depths)
    assert (line.value, line.aside) == ("80 µs", "best of 2: depth 1")


def test_what_is_invalid_never_wins_against_what_is_not() -> None:
    (line,) = lines(gemm(256, 1e11), gemm(4096, 9e11, validity=Validity.INVALID))
    assert line.value == "100 GFLOP/s"


def test_where_everything_is_invalid_it_is_shown_as_not_usable() -> None:
    broken = gemm(256, 1e11, validity=Validity.INVALID, reasons=(Doubt.THROTTLED,))
    (line,) = lines(broken)
    assert (line.mark, line.verdict, line.doubts, line.share) == (
        "✗", "not usable", "throttled", None,
    )  # fmt: skip


def test_words_that_differ_make_lines_and_the_same_words_do_not() -> None:
    assert [each.name for each in lines(gemm(1, 1e9), gemm(1, 2e9, "int8"))] == ["float32", "int8"]
    reduced = result("collectives", {"op": "all_reduce", "backend": "gloo"},
                     rate("busbw_peak", 1e9, BYTE_PER_SECOND))  # fmt: skip
    assert [each.name for each in lines(reduced)] == ["all_reduce busbw peak"]


def test_bars_for_what_has_a_ceiling_and_the_rest_beside_the_first() -> None:
    found = lines(
        result("tcp", {}, latency("latency_p50", 14e-6),
               rate("bandwidth", 1e9, BYTE_PER_SECOND, 1.25e9, "the link")),
    )  # fmt: skip
    assert [(each.name, each.share, each.aside) for each in found] == [
        ("bandwidth", 0.8, "latency p50 14 µs")
    ]
    assert found[0].ceiling == "of 1.25 GB/s: the link"


@pytest.mark.parametrize(
    ("share", "verdict", "tone"),
    [
        (1.2, "over ceiling", "fair"),
        (1.0, "at ceiling", "good"),
        (0.9, "at ceiling", "good"),
        (0.89, "good", "good"),
        (0.7, "good", "good"),
        (0.5, "fair", "fair"),
        (0.39, "low", "poor"),
        (0.0001, "low", "poor"),
    ],
)
def test_verdicts_in_words(share: float, verdict: str, tone: str) -> None:
    (line,) = lines(result("tcp", {}, rate("bandwidth", share, BYTE_PER_SECOND, 1.0)))
    assert (line.verdict, line.tone, line.mark) == (verdict, tone, "")


def test_a_good_share_that_is_in_doubt_is_not_green() -> None:
    doubted = result("tcp", {}, rate("bandwidth", 0.95, BYTE_PER_SECOND, 1.0),
                     validity=Validity.DEGRADED, reasons=(Doubt.STEAL,))  # fmt: skip
    (line,) = lines(doubted)
    assert (line.verdict, line.tone, line.mark) == ("at ceiling", "fair", "!")


def test_a_latency_twice_its_floor_has_half_of_what_is_possible() -> None:
    floor = rate("x", 1.0, SECOND, 0.5).ceiling
    slow: Metric = metric("latency", around(1.0, SECOND), Direction.LOWER, ceiling=floor)
    (line,) = lines(result("tcp", {}, slow))
    assert line.share == 0.5


def test_every_doubt_has_a_meaning_and_a_next_step() -> None:
    assert set(MEANINGS) == set(Doubt)
    assert all(each.words and each.sentence and each.next_step for each in MEANINGS.values())


def test_doubts_of_results_and_of_metrics_are_told_once() -> None:
    one = gemm(1, 1e9, reasons=(Doubt.STEAL, Doubt.UNSTABLE))
    two = gemm(2, 1e9, reasons=(Doubt.STEAL,))
    assert doubts([one, two]) == (Doubt.STEAL, Doubt.UNSTABLE)
