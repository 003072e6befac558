import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.benchmarks import CannotMeasure, Case, Conclusion, collectives
from bitpath_cli.benchmarks._operations import OPERATIONS, bus_factor
from bitpath_cli.isolation import Nursery
from bitpath_cli.model.reading import Missing, Quantity, Reason
from bitpath_cli.model.result import (
    Block,
    Direction,
    Doubt,
    Parameters,
    Samples,
    Scalar,
    Validity,
)
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
    burst: float = 0.0,
) -> Conclusion:
    """Raw sockets at 4 GiB/s, and an all-reduce whose ranks' mean is 90 % of the slowest."""
    samples = {"socket_exchange": loop(MIB, MIB / (4 << 30), loopback=loopback, burst=burst)}
    for size, seconds in times.items():
        samples[f"all_reduce_{size}"] = loop(
            size, seconds, operations=20, rank_seconds=0.9 * 20 * seconds, wrong=wrong
        )
    return collectives.conclude(case(ranks), context(tmp_path, threads=threads), samples)


FACTORS = {
    "all_reduce": (1.0, 4 / 3, 1.5, 1.75), "all_gather": (1 / 2, 2 / 3, 3 / 4, 7 / 8),
    "reduce_scatter": (1 / 2, 2 / 3, 3 / 4, 7 / 8), "all_to_all": (1 / 2, 2 / 3, 3 / 4, 7 / 8),
    "broadcast": (1, 1, 1, 1), "reduce": (1, 1, 1, 1), "send_recv": (1, 1, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_bus_factors_of_nccl_tests_for_2_3_4_and_8_ranks(name: str) -> None:
    assert [bus_factor(name, ranks) for ranks in (2, 3, 4, 8)] == pytest.approx(FACTORS[name])


def test_one_rank_has_no_bus_bandwidth(tmp_path: Path) -> None:
    factor = bus_factor("all_reduce", 1)
    assert isinstance(factor, Missing)
    assert factor.reason is Reason.UNSUPPORTED
    found = conclude(tmp_path, 1, {KIB: 1e-3, 2 * KIB: 1e-3, 4 * KIB: 1e-3})
    assert [each.busbw for each in found.points] == [factor] * 3
    assert [each.missing for each in found.metrics] == [factor] * 5


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
    alpha, beta, half, error = found.metrics[1:]
    assert (alpha.name, alpha.unit, beta.name, beta.unit) == ("alpha", "s", "beta", "s/B")
    assert alpha.value == pytest.approx(20e-6)
    assert beta.value == pytest.approx(1 / 2e9)
    assert "line over 9 sizes, at most 0% off" in alpha.origin.source
    # n½: 2(n−1)·20 µs of start-up are what 2(n−1)/n · 40 kB · n take at 2 GB/s.
    assert half.value == pytest.approx(ranks * 40e3)
    assert error.value == pytest.approx(0, abs=1e-6)
    assert [(each.from_bytes, each.to_bytes) for each in found.segments] == [(KIB, 64 * MIB)]
    # Far from the small sizes, the bus bandwidth tends to 1/β.
    busbw = found.points[-1].busbw
    assert isinstance(busbw, Quantity)
    assert busbw.value == pytest.approx(2e9, rel=0.02)


def test_fewer_than_three_sizes_give_no_line(tmp_path: Path) -> None:
    found = conclude(tmp_path, 2, {KIB: 1e-3, MIB: 2e-3})
    for each in found.metrics[1:4]:
        assert each.missing is not None
        assert "three sizes" in each.missing.detail
        assert "--budget" in each.missing.hint
    assert found.segments == ()


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


def parameters(**told: Scalar) -> Parameters:
    return {**case(4).parameters, **told}


def test_sizes_step_by_four_or_by_two() -> None:
    assert collectives.find_sizes(parameters(), 64 << 30, thorough=False) == tuple(SIZES)
    thorough = collectives.find_sizes(parameters(), 64 << 30, thorough=True)
    assert thorough == tuple(KIB * 2**step for step in range(19))
    assert thorough[-1] == 256 * MIB


def test_sizes_begin_and_end_where_it_was_asked() -> None:
    asked = parameters(min_size=2 * MIB, max_size=20 * MIB)
    assert collectives.find_sizes(asked, 64 << 30, thorough=False) == (
        2 * MIB, 8 * MIB, 20 * MIB,
    )  # fmt: skip
    # Three equal parts of whole elements: 1,024 and 4,096 rounded down.
    asked = parameters(op="all_gather", world_size=3, max_size=4096)
    assert collectives.find_sizes(asked, 64 << 30, thorough=False) == (1020, 4092)
    one = parameters(dtype="float64", min_size=1, max_size=1)
    assert collectives.find_sizes(one, 64 << 30, thorough=False) == (8,)


@given(st.integers(1 << 20, 1 << 42), st.integers(2, 4), st.booleans(), st.sampled_from([1, 2]))
def test_all_ranks_of_a_host_together_stay_within_half_of_the_memory(
    memory_bytes: int, ranks: int, thorough: bool, nodes: int
) -> None:
    asked = parameters(world_size=ranks * nodes, nodes=nodes)
    sizes = collectives.find_sizes(asked, memory_bytes, thorough)
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
    assert [each["name"] for each in told["metrics"]] == [
        "busbw_peak", "alpha", "beta", "half_bandwidth_size", "prediction_error",
    ]  # fmt: skip
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
        assert each["socket_exchange"] == [300.0, {"loopback": [1.0], "burst": [0.0]}]
        seconds, evidence = each["all_reduce_1024"]
        assert seconds == 600.0
        # Two operations at (1 + 1 + 300)/3 seconds on average.
        assert evidence["rank_seconds"] == [pytest.approx(2 * 302 / 3)]
        assert evidence["operations"] == [2]


@pytest.mark.parametrize("name", ["socket_exchange", "all_reduce_1024"])
def test_a_rank_that_is_killed_in_between_is_named(nursery: Nursery, name: str) -> None:
    words = str(nursery.run(reduced.kill_one, name, 60))
    assert words.startswith("Rank 1 of 3 was ended by SIGKILL")


def test_sizes_within_a_burst_never_make_the_peak(tmp_path: Path) -> None:
    """A bucket of 128 KiB: 25 of them are 3.1 MiB, so 1 MiB is left out however fast it was."""
    times = {MIB: 0.1e-3, 4 * MIB: 1.5e-3, 16 * MIB: 9e-3}
    found = conclude(tmp_path, 2, times, burst=128 * KIB)
    assert found.metrics[0].value == pytest.approx(4 * MIB / 1.5e-3)
    assert found.rests_on["busbw_peak"] == ("socket_exchange", f"all_reduce_{4 * MIB}")
    assert found.findings[0].name == "burst"
    assert "128 KiB" in found.findings[0].sentence


def test_where_no_size_passes_the_burst_there_is_no_peak(tmp_path: Path) -> None:
    peak = conclude(tmp_path, 2, {KIB: 1e-3, MIB: 2e-3}, burst=128 * KIB).metrics[0]
    assert peak.missing is not None
    assert "the largest size, 1 MiB, is less than 25" in peak.missing.detail
    assert "--max-size" in peak.missing.hint


def test_twice_as_many_ranks_are_extrapolated_from_three_on(tmp_path: Path) -> None:
    """α = 20 µs and 1/β = 2 GB/s: 8 ranks take 14·20 µs + 1.75·64 MiB/(2 GB/s) = 59 ms."""
    for ranks, told in ((2, []), (4, ["With 8 such ranks, 64 MiB would take about 59 ms"])):
        steps = 2 * (ranks - 1)
        times = {size: steps * 20e-6 + steps / ranks * size / 2e9 for size in SIZES}
        found = conclude(tmp_path, ranks, times).findings
        assert [each.sentence.partition(" by alpha")[0] for each in found] == told
        assert all("extrapolated" in each.sentence for each in found)


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int8", "int32", "int64"]
)
def test_every_collective_is_right_in_every_type(nursery: Nursery, dtype: str) -> None:
    told = json.loads(str(nursery.run(reduced.check_all, dtype, 60)))
    assert told == dict.fromkeys(OPERATIONS)


def test_one_wrong_element_is_found_in_every_collective(nursery: Nursery) -> None:
    """Rank 0's element 2 is off: one of 3·768, or 256 parts, or of the root's 768 alone."""
    told = json.loads(str(nursery.run(reduced.check_all, "float32 2", 60)))
    compared = dict.fromkeys(OPERATIONS, 3 * 768) | {"reduce_scatter": 3 * 256, "reduce": 768}
    assert told == {name: f"1 of {count} elements are wrong" for name, count in compared.items()}


def test_what_the_backend_refuses_in_one_rank_is_missing_in_all(nursery: Nursery) -> None:
    words = str(nursery.run(reduced.lack_a_type, "", 60))
    assert "gloo has no all_reduce of bfloat16: " in words


def test_three_ranks_are_diagnosed(nursery: Nursery) -> None:
    told = json.loads(str(nursery.run(reduced.diagnose, "", 60)))
    assert told["wrong"] == ""
    assert told["loops"][-4:] == ["pairs", "arrivals", "overlap", "connections"]
    assert [each["rank"] for each in told["ranks"]] == [0, 1, 2]
    assert sum(each["last_share"]["value"] for each in told["ranks"]) == pytest.approx(1)
    assert [(each["rank_a"], each["rank_b"]) for each in told["pairs"]] == [(0, 1), (0, 2), (1, 2)]
    assert all(each["bandwidth"]["value"] > 0 for each in told["pairs"])
    metrics = {each["name"]: each for each in told["metrics"]}
    for name in ("overlap_compute_slowdown", "overlap_comm_slowdown", "connections_gain"):
        assert metrics[name]["value"] > 0
        assert metrics[name]["unit"] == "1"
    assert told["rests_on"]["overlap_comm_slowdown"] == ["overlap"]
    assert "connections" in told["findings"]


def test_sizes_that_the_budget_did_not_reach_are_named(tmp_path: Path) -> None:
    found = conclude(tmp_path, 2, {size: 1e-3 + size / 1e9 for size in SIZES[:6]})
    (ended,) = [each for each in found.findings if each.name == "budget_spent"]
    assert ended.sentence == "The budget ended before 4 MiB."


def test_a_size_that_the_memory_does_not_hold_is_named(tmp_path: Path) -> None:
    """64 MiB for two ranks with four copies each, half of it to be used: 4 MiB for a rank."""
    asked = Case({**case(2).parameters, "max_size": 1 << 30})
    samples = {"socket_exchange": loop(MIB, 1e-3, loopback=1.0, burst=0.0)}
    for size in SIZES[:7]:
        samples[f"all_reduce_{size}"] = loop(
            size, size / 1e9, operations=20, rank_seconds=size / 5e7, wrong=0.0
        )
    small = context(tmp_path, threads=8, memory_bytes=64 * MIB)
    (limit,) = collectives.conclude(asked, small, samples).findings
    assert limit.name == "memory_limit"
    assert limit.sentence == "Half of the memory holds no more than 4 MiB for every rank."


@pytest.mark.parametrize(
    ("bytes_per_second", "fair"),
    [(None, 4 * MIB), (1e9, 4 * MIB), (12.5e6, 2 * MIB), (2.4e6, 256 * KIB), (1e3, 256 * KIB)],
)
def test_a_fair_size_takes_a_fifth_of_a_second(bytes_per_second: float | None, fair: int) -> None:
    assert collectives.find_fair_bytes(bytes_per_second) == fair


def test_nccl_says_which_version_it_is(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available() or torch.cuda.device_count() < 2:
        pytest.skip("needs two NVIDIA GPUs and a CUDA build of torch")
    from bitpath_cli.benchmarks._stage import describe_nccl

    found = describe_nccl({"NCCL_ALGO": "Ring", "op": "all_reduce"})
    assert found.sentence.startswith("NCCL 2.")
    assert found.sentence.endswith("of its variables NCCL_ALGO=Ring is set.")


def test_without_a_gpu_every_rank_refuses_nccl_with_what_to_do(nursery: Nursery) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU that torch can use")
    words = str(nursery.run(reduced.ask_for_nccl, "", 60))
    assert "can use no NVIDIA GPU here" in words
