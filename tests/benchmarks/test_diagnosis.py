"""What is said of samples that were written by hand."""

import pytest

from bitpath_cli.benchmarks._diagnosis import (
    judge_arrivals,
    judge_connections,
    judge_pairs,
    overlap_metrics,
)
from bitpath_cli.benchmarks._points import Scene
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import Block, Samples
from bitpath_cli.model.units import ONE

SCENE = Scene("all_reduce", 4, "a test's")
MB = 1_000_000


def seen(*blocks: dict[str, tuple[float, ...]]) -> Samples:
    made = tuple(Block(loops=1, seconds=(1.0,), evidence=each) for each in blocks)
    return Samples(work=1, unit=ONE, blocks=made, stopped="budget")


def test_slowdowns_are_medians_with_their_intervals() -> None:
    ratios = tuple(1 + 0.1 * n for n in range(11))
    compute, comm = overlap_metrics(
        seen({"compute_slowdown": ratios, "comm_slowdown": (2.0,) * 11}), SCENE
    )
    assert (compute.name, compute.unit) == ("overlap_compute_slowdown", "1")
    assert compute.value == pytest.approx(1.5)
    # With 11 values the second and the last but one bound the median at 95 %.
    assert compute.low == pytest.approx(1.1)
    assert compute.high == pytest.approx(1.9)
    assert (comm.name, comm.value, comm.low) == ("overlap_comm_slowdown", 2.0, 2.0)


def test_what_the_budget_did_not_reach_is_missing() -> None:
    for each in (*overlap_metrics(None, SCENE), *judge_connections(None, SCENE)[0]):
        assert each.missing is not None
        assert "budget" in each.missing.detail
    assert judge_pairs(None, SCENE) == ((), ())
    assert judge_arrivals(None, SCENE, ("a",)) == ((), ())


@pytest.mark.parametrize(
    ("two", "four", "gain", "words"),
    [
        (1.3, (1.6,) * 8, 1.6, "One connection is the limit: 4 at once carry 1.60 times as much"),
        (0.8, (0.9, 1.3) * 4, 1.1, "More connections may help: 4 at once"),
        (1.0, (0.98,) * 8, 1.0, "More connections would not help: 2 at once carry 1.00 times"),
    ],
)
def test_whether_one_connection_is_the_limit(
    two: float, four: tuple[float, ...], gain: float, words: str
) -> None:
    told = seen({"gain_2": (two,) * 8, "gain_4": four})
    (metric,), (finding,) = judge_connections(told, SCENE)
    assert finding.sentence.startswith(words)
    assert metric.value == pytest.approx(gain)
    assert bool(finding.next_step) is words.startswith("One")


def test_a_pair_by_hand_and_the_slow_host_among_four() -> None:
    """8 MB both ways in 80 ms are 100 MB/s; every pair of rank 2 takes ten times as long."""
    evidence: dict[str, tuple[float, ...]] = {"size": (8 * MB,)}
    for first in range(4):
        for second in range(first + 1, 4):
            seconds = 0.8 if 2 in (first, second) else 0.08
            evidence[f"transfer_{first}_{second}"] = (seconds,) * 6
            evidence[f"latency_{first}_{second}"] = (50e-6,) * 6
    pairs, (finding,) = judge_pairs(seen(evidence), SCENE)
    assert len(pairs) == 6
    assert isinstance(pairs[0].bandwidth, Quantity)
    assert isinstance(pairs[0].latency, Quantity)
    assert pairs[0].bandwidth.value == pytest.approx(100e6)
    assert pairs[0].latency.value == pytest.approx(50e-6)
    assert (finding.name, finding.ranks) == ("slow_host", (2,))
    assert "10% of what the others do" in finding.sentence


def test_a_rank_that_computes_slowly_is_late_and_its_transfer_is_not_slow() -> None:
    """Ranks arrive 1 ms after the start, rank 1 after 6 ms; the transfer takes all 10 ms."""
    evidence: dict[str, tuple[float, ...]] = {}
    evidence |= {f"arrival_{rank}": (6e-3 if rank == 1 else 1e-3,) * 12 for rank in range(3)}
    evidence |= {f"transfer_{rank}": (10e-3,) * 12 for rank in range(3)}
    addresses = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
    timings, (finding,) = judge_arrivals(seen(evidence), SCENE, addresses)
    assert [each.source_address.value for each in timings] == list(addresses)
    lateness = [each.lateness.value for each in timings if isinstance(each.lateness, Quantity)]
    assert lateness == pytest.approx([0, 5e-3, 0])
    assert (finding.name, finding.ranks) == ("late_rank", (1,))
    assert "last in 100% of the iterations, 5 ms after all others" in finding.sentence


def test_blocks_of_fresh_processes_are_put_together() -> None:
    found, _ = overlap_metrics(
        seen(
            {"compute_slowdown": (1.0,) * 6, "comm_slowdown": (1.0,) * 6},
            {"compute_slowdown": (1.2,) * 6, "comm_slowdown": (1.0,) * 6},
        ),
        SCENE,
    )
    assert found.value == pytest.approx(1.1)
    assert found.low is not None
    assert found.low < 1.0
