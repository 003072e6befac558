from pathlib import Path
from typing import Literal

import pytest

from bitpath_cli.benchmarks import Case, memory_bandwidth
from bitpath_cli.model.components.cpu import Cache, Cpu
from bitpath_cli.model.reading import derived, reported
from bitpath_cli.model.result import Samples
from bitpath_cli.model.units import BYTE, ONE
from tests.benchmarks.scenes import MIB, context, samples
from tests.sample_report import filled

KIB = 1 << 10
# The levels of two cores with 48 KiB and 1 MiB each, and 32 MiB for both.
SIZES: tuple[tuple[int, Literal["data", "instruction", "unified"], int], ...] = (
    (1, "data", 48 * KIB), (1, "instruction", 32 * KIB), (2, "unified", MIB),
    (3, "unified", 32 * MIB),
)  # fmt: skip


def cpu(sizes: tuple[tuple[int, Literal["data", "instruction", "unified"], int], ...]) -> Cpu:
    caches = tuple(
        Cache(level=level, type=kind, size=reported(size, BYTE, "sysfs"),
              instances=derived(1, ONE, "sysfs"), total=derived(size, BYTE, "sysfs"))
        for level, kind, size in sizes
    )  # fmt: skip
    return filled(Cpu, name="cpu", caches=caches, core_groups=())


def sweep(found: tuple[Case, ...]) -> list[tuple[object, object]]:
    return [
        (each.parameters["level"], each.parameters["working_set_bytes"])
        for each in found
        if each.parameters["variant"] == "level"
    ]


def test_every_cache_is_half_filled_and_memory_outgrows_the_last(tmp_path: Path) -> None:
    found = memory_bandwidth.find_cases(context(tmp_path, cpu(SIZES)))
    assert sweep(found) == [
        ("L1", 24 * KIB), ("L2", 512 * KIB), ("L3", 8 * MIB), ("L3", 16 * MIB),
        ("memory", 128 * MIB),
    ]  # fmt: skip


def test_thoroughly_every_power_of_two_is_named_by_the_cache_that_holds_it(tmp_path: Path) -> None:
    found = sweep(memory_bandwidth.find_cases(context(tmp_path, cpu(SIZES), thorough=True)))
    levels = {size: level for level, size in found}
    assert {1 << power for power in range(12, 28)} <= levels.keys()
    assert [levels[size] for size in (32 * KIB, 64 * KIB, MIB, 2 * MIB, 32 * MIB, 64 * MIB)] == [
        "L1", "L2", "L2", "L3", "L3", "memory",
    ]  # fmt: skip


def test_a_quick_run_has_no_sweep(tmp_path: Path) -> None:
    assert sweep(memory_bandwidth.find_cases(context(tmp_path, cpu(SIZES), quick=True))) == []


def test_caches_that_nobody_knows_give_a_working_set_without_a_level(tmp_path: Path) -> None:
    assert sweep(memory_bandwidth.find_cases(context(tmp_path))) == [("unknown", 256 * MIB)]


def test_of_unlike_cores_the_smaller_cache_counts(tmp_path: Path) -> None:
    unlike = cpu(((1, "data", 32 * KIB), (1, "data", 48 * KIB), (2, "unified", 2 * MIB)))
    assert ("L1", 16 * KIB) in sweep(memory_bandwidth.find_cases(context(tmp_path, unlike)))


def test_little_memory_leaves_out_what_does_not_fit(tmp_path: Path) -> None:
    found = sweep(memory_bandwidth.find_cases(context(tmp_path, cpu(SIZES), memory_bytes=8 * MIB)))
    assert found == [("L1", 24 * KIB), ("L2", 512 * KIB), ("L2", MIB)]


def one_case(root: Path) -> Case:
    found = memory_bandwidth.find_cases(context(root, cpu(SIZES)))
    return next(each for each in found if each.parameters.get("level") == "L2")


def test_the_loops_of_a_working_set_are_right(tmp_path: Path) -> None:
    scene = context(tmp_path, cpu(SIZES))
    with memory_bandwidth.open_loops(one_case(tmp_path), scene) as loops:
        assert {name: (loop.work, loop.unit) for name, loop in loops.items()} == {
            "latency": (8192, "1"), "call": (1, "1"), "read": (16 * MIB, "B"),
        }  # fmt: skip
        for loop in loops.values():
            assert loop.trial.find_error() is None
            assert loop.trial.run(2) > 0


def conclude(root: Path, told: dict[str, Samples]) -> dict[str, float | None]:
    found = memory_bandwidth.conclude(one_case(root), context(root), told)
    return {each.name: each.value for each in found.metrics}


def test_latency_is_a_walk_less_its_call_by_hop(tmp_path: Path) -> None:
    told = {
        "latency": samples(1000, ONE, (5.5e-6,) * 6),
        "call": samples(1, ONE, (0.5e-6,) * 6),
        "read": samples(4e9, BYTE, (0.5,) * 6),
    }
    assert conclude(tmp_path, told) == pytest.approx({"read": 8e9, "latency": 5e-9})


def test_the_bounds_of_latency_are_the_worst_of_both(tmp_path: Path) -> None:
    told = {
        "latency": samples(1, ONE, (8.0, 10.0, 12.0, 10.0, 10.0, 10.0)),
        "call": samples(1, ONE, (1.0, 2.0, 3.0, 2.0, 2.0, 2.0)),
        "read": samples(4e9, BYTE, (0.5,) * 6),
    }
    found = memory_bandwidth.conclude(one_case(tmp_path), context(tmp_path), told)
    latency = found.metrics[1]
    # Of six values the smallest and the largest bound the median.
    assert (latency.low, latency.value, latency.high) == (8 - 3, 10 - 2, 12 - 1)


def test_what_the_budget_did_not_reach_is_missing(tmp_path: Path) -> None:
    told = {"latency": samples(1000, ONE, (5.5e-6,) * 6)}
    assert conclude(tmp_path, told) == {"read": None, "latency": None}


def test_a_call_that_took_longer_than_the_walk_gives_no_latency(tmp_path: Path) -> None:
    told = {
        "latency": samples(10, ONE, (1e-6,) * 6),
        "call": samples(1, ONE, (2e-6,) * 6),
        "read": samples(4e9, BYTE, (0.5,) * 6),
    }
    assert conclude(tmp_path, told)["latency"] is None
