import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks._latency import KEPT, percentile_metrics, thin
from bitpath_cli.model.result import Direction, Doubt, Validity

LATENCIES = st.lists(st.floats(1e-6, 10), min_size=1, max_size=600)


def test_percentiles_of_a_known_ladder() -> None:
    # 1, 2 … 1001 µs: the 501st is the median; 1 + 0.99·1000 = the 991st is the 99th percentile.
    latencies = [each * 1e-6 for each in range(1, 1002)]
    p50, p99 = percentile_metrics(latencies, "a ladder")
    assert (p50.name, p99.name) == ("latency_p50", "latency_p99")
    assert p50.value == pytest.approx(501e-6)
    assert p99.value == pytest.approx(991e-6)
    # 1001·0.5 ± 1.96·√(1001·0.25) = 469.5 … 531.5, 1001·0.99 ± 1.96·√(9.9099) = 984.8 … 997.2.
    assert [p50.low, p50.high, p99.low, p99.high] == pytest.approx([469e-6, 532e-6, 984e-6, 998e-6])
    assert p50.direction is Direction.LOWER
    assert p50.reasons == p99.reasons == ()


def test_a_percentile_that_too_few_operations_support_says_so() -> None:
    p50, p99 = percentile_metrics([1e-3] * 100, "few")
    assert p50.reasons == ()
    assert p99.reasons == (Doubt.TOO_FEW,)
    assert p99.validity is Validity.DEGRADED
    assert p99.low is None


def test_an_invalid_percentile_does_not_become_better_by_being_one_of_few() -> None:
    _, p99 = percentile_metrics([1e-3] * 5, "few", (Doubt.CACHED_IO,), Validity.INVALID)
    assert p99.validity is Validity.INVALID
    assert p99.reasons == (Doubt.CACHED_IO, Doubt.TOO_FEW)


@given(LATENCIES)
def test_percentiles_are_ordered_and_inside_their_intervals(latencies: list[float]) -> None:
    p50, p99 = percentile_metrics(latencies, "any")
    assert p50.value is not None
    assert p99.value is not None
    assert min(latencies) <= p50.value <= p99.value <= max(latencies)
    for each in (p50, p99):
        if each.low is not None and each.high is not None and each.value is not None:
            assert each.low <= each.value <= each.high


def test_thinning_keeps_some_of_the_very_values() -> None:
    nanoseconds = range(1, 10 * KEPT)
    kept = thin([each * 1e-9 for each in nanoseconds])
    assert len({round(each * 1e9) for each in kept} & set(nanoseconds)) == KEPT


def test_few_latencies_are_all_kept() -> None:
    assert thin([0.25, 1.23456789012e-5]) == (0.25, 1.2346e-5)
