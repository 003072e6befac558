import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks import CannotMeasure, Case, Conclusion, collectives
from bitpath_cli.isolation import Nursery
from bitpath_cli.model.reading import Missing, Quantity, Reason
from bitpath_cli.model.result import Block, Direction, Doubt, Samples, Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, SECOND
from tests.benchmarks import reduced
from tests.benchmarks.scenes import context

KIB, MIB = 1 << 10, 1 << 20
SIZES = [KIB * 4**step for step in range(9)]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(preload=("torch", "torch.distributed")) as running:
        yield running


def case(ranks: int) -> Case:
    return Case({"op": "all_reduce", "world_size": ranks, "backend": "gloo", "dtype": "float32"})


def loop(work: float, seconds: float, **evidence: float) -> Samples:
    """Ten equal samples."""
    seen: dict[str, tuple[float, ...]] = {name: (value,) for name, value in evidence.items()}
    block = Block(loops=1, seconds=(seconds,) * 10, evidence=seen)
    return Samples(work=work, unit=BYTE, blocks=(block,), stopped="precise")


def conclude(
    tmp_path: Path,
    ranks: int,
    times: Mapping[int, float],
    threads: int = 8,
    loopback: float = 1.0,
    wrong: float = 0.0,
) -> Conclusion:
    """Raw sockets at 4 GiB/s, and an all-reduce whose ranks' mean is 90 % of the slowest."""
    samples = {"socket_exchange": loop(MIB, MIB / (4 << 30), loopback=loopback)}
    for size, seconds in times.items():
        samples[f"all_reduce_{size}"] = loop(
            size, seconds, operations=20, rank_seconds=0.9 * 20 * seconds, wrong=wrong
        )
    return collectives.conclude(case(ranks), context(tmp_path, threads=threads), samples)


@pytest.mark.parametrize(("ranks", "factor"), [(2, 1.0), (3, 4 / 3), (4, 1.5), (8, 1.75)])
def test_the_bus_factor_by_hand(ranks: int, factor: float) -> None:
    assert collectives.bus_factor(ranks) == pytest.approx(factor)


def test_one_rank_has_no_bus_bandwidth(tmp_path: Path) -> None:
    factor = collectives.bus_factor(1)
    assert isinstance(factor, Missing)
    assert factor.reason is Reason.UNSUPPORTED
    found = conclude(tmp_path, 1, {KIB: 1e-3, 2 * KIB: 1e-3, 4 * KIB: 1e-3})
    assert [each.busbw for each in found.points] == [factor] * 3
    assert [each.missing for each in found.metrics] == [factor] * 3


def test_a_point_by_hand(tmp_path: Path) -> None:
    """4 ranks, 16 MiB in 10 ms: algbw 1.678 GB/s and busbw one and a half times that."""
    point, = conclude(tmp_path, 4, {16 * MIB: 10e-3}).points  # fmt: skip
    assert point.size_bytes == 16 * MIB
    assert isinstance(point.busbw, Quantity)
    assert point.time.value == 10e-3
    assert point.algbw.value == pytest.approx(1677721600)
    assert point.busbw.value == pytest.approx(2516582400)
    assert point.mean_time.value == pytest.approx(9e-3)
    assert (point.time.unit, point.busbw.unit) == (SECOND, BYTE_PER_SECOND)
    assert point.ceiling is not None
    assert point.ceiling.value == pytest.approx(4 << 30)
    assert "raw sockets" in point.ceiling.source
    assert point.wrong == 0


def test_the_peak_is_the_best_size_beside_the_sockets(tmp_path: Path) -> None:
    times = {MIB: 0.5e-3, 4 * MIB: 1.5e-3, 16 * MIB: 9e-3}
    peak = conclude(tmp_path, 2, times).metrics[0]
    assert peak.name == "busbw_peak"
    assert peak.value == pytest.approx(4 * MIB / 1.5e-3)
    assert peak.fraction_of_ceiling == pytest.approx(4 * MIB / 1.5e-3 / (4 << 30))
    assert peak.direction is Direction.HIGHER


@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_alpha_and_beta_of_a_ring_are_recovered(tmp_path: Path, ranks: int) -> None:
    """t = 2(n−1)·α + 2(n−1)/n·S·β with α = 20 µs and 1/β = 2 GB/s."""
    steps = 2 * (ranks - 1)
    times = {size: steps * 20e-6 + steps / ranks * size / 2e9 for size in SIZES}
    found = conclude(tmp_path, ranks, times)
    alpha, beta = found.metrics[1:]
    assert (alpha.name, alpha.unit, beta.name, beta.unit) == ("alpha", "s", "beta", "s/B")
    assert alpha.value == pytest.approx(20e-6)
    assert beta.value == pytest.approx(1 / 2e9)
    assert "at most 0% off" in alpha.origin.source
    # Far from the small sizes, the bus bandwidth tends to 1/β.
    busbw = found.points[-1].busbw
    assert isinstance(busbw, Quantity)
    assert busbw.value == pytest.approx(2e9, rel=0.02)


def test_fewer_than_three_sizes_give_no_line(tmp_path: Path) -> None:
    found = conclude(tmp_path, 2, {KIB: 1e-3, MIB: 2e-3})
    for each in found.metrics[1:]:
        assert each.missing is not None
        assert "three sizes" in each.missing.detail
        assert "--budget" in each.missing.hint


def test_a_budget_that_reached_no_size_says_so(tmp_path: Path) -> None:
    found = conclude(tmp_path, 2, {})
    assert found.points == ()
    assert all(each.missing is not None for each in found.metrics)


@pytest.mark.parametrize(
    ("changes", "doubts", "validity"),
    [
        ({}, (Doubt.LOOPBACK_ONLY,), Validity.DEGRADED),
        ({"loopback": 0.0}, (), Validity.VALID),
        ({"threads": 1}, (Doubt.LOOPBACK_ONLY, Doubt.CONTENDED), Validity.DEGRADED),
        ({"wrong": 3.0}, (Doubt.LOOPBACK_ONLY, Doubt.WRONG_RESULT), Validity.INVALID),
    ],
)
def test_what_speaks_against_a_collective(
    tmp_path: Path, changes: dict[str, float], doubts: tuple[Doubt, ...], validity: Validity
) -> None:
    times = {size: 1e-4 + size / 1e9 for size in SIZES}
    found = conclude(tmp_path, 2, times, **changes)  # type: ignore[arg-type]
    assert (found.reasons, found.validity) == (doubts, validity)
    assert all((each.reasons, each.validity) == (doubts, validity) for each in found.metrics)
    assert all(each.wrong == changes.get("wrong", 0) for each in found.points)


@pytest.mark.parametrize(("threads", "ranks"), [(1, 2), (2, 2), (3, 3), (4, 4), (64, 4)])
def test_ranks_are_two_to_four(tmp_path: Path, threads: int, ranks: int) -> None:
    assert collectives.find_cases(context(tmp_path, threads=threads)) == (case(ranks),)


def test_sizes_step_by_four_or_by_two() -> None:
    assert collectives.find_sizes(64 << 30, 4, thorough=False) == tuple(SIZES)
    thorough = collectives.find_sizes(64 << 30, 4, thorough=True)
    assert thorough == tuple(KIB * 2**step for step in range(19))
    assert thorough[-1] == 256 * MIB


@given(st.integers(1 << 20, 1 << 42), st.integers(2, 4), st.booleans())
def test_all_ranks_together_stay_within_half_of_the_memory(
    memory_bytes: int, ranks: int, thorough: bool
) -> None:
    sizes = collectives.find_sizes(memory_bytes, ranks, thorough)
    assert sizes[0] == KIB
    assert 4 * ranks * sizes[-1] <= memory_bytes // 2


def test_without_ranks_there_is_nothing_to_open(tmp_path: Path) -> None:
    alone = replace(context(tmp_path), ranks=None)
    with pytest.raises(CannotMeasure), collectives.open_loops(case(2), alone):
        pass


def test_three_ranks_measure_and_every_sum_is_right(nursery: Nursery) -> None:
    told = json.loads(str(nursery.run(reduced.measure, "", 60)))
    assert told["wrong"] == ""
    assert told["loops"] == ["socket_exchange", *(f"all_reduce_{size}" for size in SIZES[:4])]
    assert [each["size_bytes"] for each in told["points"]] == SIZES[:4]
    for point in told["points"]:
        assert point["wrong"] == 0
        assert point["busbw"]["value"] == pytest.approx(4 / 3 * point["algbw"]["value"])
        assert point["ceiling"]["value"] > 0
    assert [each["name"] for each in told["metrics"]] == ["busbw_peak", "alpha", "beta"]
    assert told["reasons"] == ["loopback_only"]
    # The mean over ranks is over every operation that was run, and over nothing else.
    for name, (counted, ran) in told["operations"].items():
        assert counted == ([] if name == "socket_exchange" else [ran])


def test_one_wrong_element_in_one_rank_is_seen_by_all(nursery: Nursery) -> None:
    told: list[str] = []
    assert nursery.run(reduced.spoil_one, "", 60, told.append) == ""
    # One element is off in the sum, hence in all three ranks' copies of it; the spoiling rank
    # expects its own pattern three times over and so finds its copy wrong as well.
    assert [json.loads(each) for each in told] == [[None, "3 of 768 elements are wrong"]] * 3


def test_the_slowest_ranks_time_counts_in_every_rank(nursery: Nursery) -> None:
    told: list[str] = []
    assert nursery.run(reduced.slow_one, "", 60, told.append) == ""
    for each in map(json.loads, told):
        # The raw exchange is one interval; of the all-reduce, each operation is one.
        assert each["socket_exchange"] == [300.0, {"loopback": [1.0]}]
        seconds, evidence = each["all_reduce_1024"]
        assert seconds == 600.0
        # Two operations at (1 + 1 + 300)/3 seconds on average.
        assert evidence["rank_seconds"] == [pytest.approx(2 * 302 / 3)]
        assert evidence["operations"] == [2]


@pytest.mark.parametrize("name", ["socket_exchange", "all_reduce_1024"])
def test_a_rank_that_is_killed_in_between_is_named(nursery: Nursery, name: str) -> None:
    words = str(nursery.run(reduced.kill_one, name, 60))
    assert words.startswith("Rank 1 of 3 was ended by SIGKILL")
