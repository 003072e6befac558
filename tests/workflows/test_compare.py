"""Two reports side by side: what is judged, what is refused, and what is called a regression."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.errors import BadValue, UnreadableReport
from bitpath_cli.model.comparison import Change, Comparison
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import Quantity, absent, fact, measured, reported
from bitpath_cli.model.report import ProbeRun, Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Metric,
    Validity,
    metric,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND, Unit
from bitpath_cli.workflows.compare import Manner, compare, parse_threshold
from tests.sample_report import CREATED, filled, latency, rate, report, result

CASE = {"operation": "read", "pattern": "random", "depth": 1}


def disk(value: float, **changes: Any) -> BenchmarkResult:
    """A disk whose bandwidth is so much, 2 % wide on each side."""
    return result("disk", {**CASE, **changes.pop("parameters", {})},
                  rate("bandwidth", value, BYTE_PER_SECOND), **changes)  # fmt: skip


def holding(*results: BenchmarkResult, **changes: Any) -> Report:
    return report(results=results, recommendations=(), recommendation=None, **changes)


def compared(before: BenchmarkResult, after: BenchmarkResult, **terms: Any) -> Comparison:
    later = {"created": CREATED + timedelta(days=1)}
    return compare(holding(before), holding(after, **later), Manner(**terms))


def only(found: Comparison) -> Change:
    assert len(found.changes) == 1
    return found.changes[0]


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (100e6, "same"),
        (101e6, "same"),
        (150e6, "better"),
        (50e6, "worse"),
        (105e6, "undecided"),
        (94e6, "undecided"),
    ],
)
def test_more_bandwidth_is_better_and_what_lies_within_the_margin_is_the_same(
    after: float, outcome: str
) -> None:
    change = only(compared(disk(100e6), disk(after)))
    assert change.outcome == outcome
    assert isinstance(change.change, Quantity)
    assert change.change.value == pytest.approx(after / 100e6 - 1)


def test_a_longer_latency_is_worse() -> None:
    before = result("disk", CASE, latency("latency_p99", 1e-3))
    after = result("disk", CASE, latency("latency_p99", 2e-3))
    assert only(compared(before, after)).outcome == "worse"
    assert only(compared(after, before)).outcome == "better"


def test_a_wider_margin_makes_the_same_of_more() -> None:
    assert only(compared(disk(100e6), disk(90e6))).outcome == "worse"
    assert only(compared(disk(100e6), disk(90e6), threshold=0.2)).outcome == "same"


@given(st.floats(1, 1e12), st.floats(1, 1e12))
def test_a_rate_and_the_time_that_it_takes_are_judged_alike(before: float, after: float) -> None:
    def timed(value: float) -> BenchmarkResult:
        low, high = 1 / (value * 1.02), 1 / (value * 0.98)
        seconds = measured(1 / value, SECOND, "this run", low, high)
        return result("disk", CASE, metric("time", seconds, Direction.LOWER))

    rates = only(compared(disk(before), disk(after))).outcome
    assert rates == only(compared(timed(before), timed(after))).outcome


def test_a_value_without_an_interval_is_never_called_a_change() -> None:
    alone = metric("bandwidth", reported(10e6, BYTE_PER_SECOND, "fio"), Direction.HIGHER)
    half = metric("bandwidth", reported(5e6, BYTE_PER_SECOND, "fio"), Direction.HIGHER)
    change = only(compared(result("disk", CASE, alone), result("disk", CASE, half)))
    assert change.outcome == "undecided"
    assert "cannot be told from noise" in change.reason
    assert isinstance(change.change, Quantity)
    assert change.change.value == -0.5


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (disk(50e6, parameters={"depth": 32}), "depth differs: 1, then 32"),
        (disk(50e6).model_copy(update={"revision": 2}), "revision 1 of the benchmark, then 2"),
        (
            result("disk", CASE, rate("bandwidth", 5e6, Unit("1/s"))),
            "in B/s before, in 1/s after",
        ),
        (
            result("disk", CASE, metric("bandwidth", reported(5e6, BYTE_PER_SECOND, "fio"),
                                        Direction.HIGHER)),
            "measured before, reported after",
        ),
    ],
)  # fmt: skip
def test_what_was_not_measured_alike_is_refused_with_the_reason(
    after: BenchmarkResult, words: str
) -> None:
    found = compared(disk(100e6), after)
    assert only(found).outcome == "not comparable"
    assert only(found).reason == words
    assert not found.compared_anything
    assert not found.is_finding


def test_another_version_of_the_library_is_refused_unless_it_is_asked_for() -> None:
    product = result("gemm", {"dtype": "float32"}, rate("throughput", 1e12, FLOP_PER_SECOND))
    old, new = (
        holding(product, components=(filled(Software, name="libraries", torch=fact(each, "pip")),))
        for each in ("2.12.0", "2.13.0")
    )
    assert only(compare(old, new)).reason.startswith("torch 2.12.0, then torch 2.13.0")
    assert only(compare(old, new, Manner(across=("library",)))).outcome == "same"


def test_a_parameter_may_differ_where_it_is_asked_for() -> None:
    after = disk(100e6, parameters={"engine": "fio libaio"})
    before = disk(100e6, parameters={"engine": "builtin"})
    assert only(compared(before, after)).outcome == "not comparable"
    assert only(compared(before, after, across=("engine",))).outcome == "same"


def test_ambiguous_pairs_are_not_made_by_leaving_a_parameter_out() -> None:
    many = [disk(100e6, parameters={"depth": depth}) for depth in (1, 2)]
    other = [disk(100e6, parameters={"depth": depth}) for depth in (4, 8)]
    found = compare(holding(*many), holding(*other), Manner(across=("depth",)))
    assert {each.outcome for each in found.changes} == {"not comparable"}


def test_what_is_no_longer_known_is_a_row_of_its_own_and_no_regression() -> None:
    gone = result("disk", CASE).model_copy(
        update={"validity": Validity.INVALID, "missing": absent("no room for a test file")}
    )
    found = compared(disk(100e6), gone)
    assert only(found).outcome == "now unknown"
    assert only(found).reason == "no room for a test file"
    assert not found.is_finding
    back = compared(gone, disk(100e6))
    assert only(back).outcome == "now known"


def test_what_was_not_measured_again_is_named_too() -> None:
    found = compare(holding(disk(100e6)), holding())
    assert only(found).outcome == "now unknown"
    assert only(found).reason == "the later report has no such result"


def test_an_invalid_value_is_not_usable_and_no_regression() -> None:
    cached = disk(1e6, validity=Validity.INVALID, reasons=(Doubt.CACHED_IO,))
    found = compared(disk(100e6), cached)
    assert only(found).outcome == "not usable"
    assert only(found).doubts_after == (Doubt.CACHED_IO,)
    assert not found.is_finding


def test_a_regression_in_doubt_says_so() -> None:
    busy = disk(50e6, validity=Validity.DEGRADED, reasons=(Doubt.CONTENDED,))
    found = compared(disk(100e6), busy)
    assert only(found).outcome == "worse"
    assert only(found).is_in_doubt
    assert found.is_finding


def test_that_a_value_became_doubtful_is_no_regression_by_itself() -> None:
    busy = disk(100e6, validity=Validity.DEGRADED, reasons=(Doubt.CONTENDED,))
    found = compared(disk(100e6), busy)
    assert only(found).outcome == "same"
    assert only(found).validity_after is Validity.DEGRADED
    assert not found.is_finding


def test_a_value_of_nothing_has_no_ratio() -> None:
    none = result("disk", CASE, metric("errors", reported(0.0, Unit("1"), "x"), Direction.LOWER))
    some = result("disk", CASE, metric("errors", reported(3.0, Unit("1"), "x"), Direction.LOWER))
    assert only(compared(none, some)).outcome == "not comparable"
    assert only(compared(none, none)).outcome == "same"


def test_every_size_of_a_collective_is_compared() -> None:
    found = compare(report(), report(created=CREATED + timedelta(days=1)))
    times = [each for each in found.changes if each.metric == "time"]
    assert {each.parameters["size_bytes"] for each in times}
    assert all(each.outcome in ("same", "undecided") for each in times)


def test_the_same_report_twice_has_no_change_beyond_its_own_spread() -> None:
    found = compare(report(), report())
    assert not found.is_finding
    assert not any(each.outcome in ("better", "worse") for each in found.changes)
    assert found.notes[0].text == "Both are the same report."


def test_swapped_reports_are_noticed() -> None:
    found = compare(holding(created=CREATED + timedelta(days=1)), holding())
    assert "younger" in found.notes[0].text


def machine(kernel: str, *others: Any, probes: tuple[str, ...] = ("system",)) -> Report:
    system = filled(System, name="edge-01", kernel=fact(kernel, "uname"))
    ran = tuple(ProbeRun(probe=each, seconds=0.1, succeeded=True) for each in probes)
    return holding(components=(system, *others), probes=ran)


def test_what_of_the_machine_changed_is_listed() -> None:
    found = compare(machine("6.1.0"), machine("6.8.0"))
    assert [(each.kind, each.field, each.event) for each in found.machine] == [
        ("system", "kernel", "changed")
    ]


def test_what_nobody_looked_for_is_not_called_gone() -> None:
    disks = tuple(each for each in report().components if each.kind == "disk")
    before = machine("6.1.0", *disks, probes=("system", "storage"))
    assert compare(before, machine("6.1.0")).machine == ()
    gone = compare(before, machine("6.1.0", probes=("system", "storage"))).machine
    assert [(each.kind, each.name, each.event) for each in gone] == [("disk", "nvme0n1", "removed")]


def test_the_terms_of_today_are_compared_by_value_and_are_no_regression_alone() -> None:
    before = report(results=())
    advice = before.recommendations[0]
    candidates = tuple(_dearer(each) if each.strategy == "today" else each
                       for each in advice.candidates)  # fmt: skip
    dearer = advice.model_copy(update={"candidates": candidates})
    found = compare(before, before.model_copy(update={"recommendations": (dearer,)}))
    cost = next(each for each in found.terms if (each.of, each.term) == ("today", "hardware"))
    assert cost.outcome == "worse"
    assert isinstance(cost.change, Quantity)
    assert cost.change.value == pytest.approx(0.5)
    assert cost.change.low is None
    assert not found.is_finding
    assert not found.advice[0].changed


def _dearer(candidate: Any) -> Any:
    cost = candidate.terms.hardware
    told = {"value": cost.value * 1.5, "low": cost.low * 1.5, "high": cost.high * 1.5}
    terms = candidate.terms.model_copy(update={"hardware": cost.model_copy(update=told)})
    return candidate.model_copy(update={"terms": terms})


def test_terms_for_another_site_are_refused() -> None:
    before = report(results=())
    moved = before.recommendations[0].model_copy(update={"site": "another"})
    found = compare(before, before.model_copy(update={"recommendations": (moved,)}))
    assert {each.outcome for each in found.terms} == {"not comparable"}
    assert "the site was" in found.terms[0].reason


def test_a_fleet_report_is_refused_by_name() -> None:
    with pytest.raises(UnreadableReport, match="it is a fleet report of 1 hosts"):
        compare(report(members=(report(),)), report())


@pytest.mark.parametrize(("typed", "value"), [("5%", 0.05), ("0.1", 0.1), ("12.5 %", 0.125)])
def test_a_threshold_is_typed_as_a_share(typed: str, value: float) -> None:
    assert parse_threshold(typed) == pytest.approx(value)


@pytest.mark.parametrize("typed", ["0", "100%", "-5%", "much", "5 GB", "nan"])
def test_other_thresholds_are_refused(typed: str) -> None:
    with pytest.raises(BadValue):
        parse_threshold(typed)


def test_a_metric_that_is_in_one_report_only_does_not_hide_the_other() -> None:
    def two(*metrics: Metric) -> BenchmarkResult:
        return result("disk", CASE, *metrics)

    before = two(rate("bandwidth", 1e8, BYTE_PER_SECOND), latency("latency_p50", 1e-3))
    after = two(rate("bandwidth", 1e8, BYTE_PER_SECOND))
    found = compared(before, after)
    assert [(each.metric, each.outcome) for each in found.changes] == [
        ("bandwidth", "same"), ("latency_p50", "now unknown"),
    ]  # fmt: skip
