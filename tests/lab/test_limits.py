"""Injected truth: a limit is set that is known, and the figures must follow it and name it.

Runs with a limit and without take turns, and the median of their ratios is judged. Where it is off
and something else ran meanwhile, that is said instead of a failure.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import pytest

from tests.lab.extent import FULL
from tests.lab.groups import Group, group, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
QUOTA = 0.5
TOLERANCE = 0.1
PAIRS = 6 if FULL else 2
MEMORY_BYTES = 1 << 30
COMPUTE = ("tests.lab.one_case", "bench", "compute", "-b", "quick", "--json")
LEVEL = ("tests.lab.one_level", "bench", "memory", "-b", "quick", "--json")
MEMORY = ("tests.lab.brief", "bench", "memory", "-b", "quick", "--json")
LIMITS = ("bitpath_cli", "probe", "--json")
SPIN = "while True: pass"

Result = dict[str, Any]


def one(done: "subprocess.CompletedProcess[str]") -> Result:
    assert done.returncode == 0, done.stderr
    found: Result = json.loads(done.stdout)["results"][0]
    return found


def figure(result: Result, name: str) -> float:
    return float(next(each["value"] for each in result["metrics"] if each["name"] == name))


def take_turns(
    free: Callable[[], Result], held: Callable[[], Result]
) -> tuple[list[Result], list[Result]]:
    """So many results of both; every second pair begins with the limited one."""
    without: list[Result] = []
    within: list[Result] = []
    for number in range(PAIRS):
        for take, kept in ((free, without), (held, within))[:: -1 if number % 2 else 1]:
            kept.append(take())
    return without, within


def must_follow(truth: float, without: list[Result], within: list[Result], name: str) -> None:
    """The median ratio is the truth within 10 %, or something else ran on the machine."""
    ratio = median(
        figure(held, name) / figure(free, name) for free, held in zip(without, within, strict=True)
    )
    others = {"contended", "steal"} & {doubt for each in without for doubt in each["reasons"]}
    if others and ratio != pytest.approx(truth, rel=TOLERANCE):
        pytest.skip(f"something else ran on this machine: {', '.join(sorted(others))}")
    assert ratio == pytest.approx(truth, rel=TOLERANCE)


def test_a_cpu_quota_is_followed_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Half a processor takes twice as long to come to the first loop.
    monkeypatch.setenv("LAB_SECONDS", "8")
    with group() as free, group(cpus=QUOTA) as limited:
        without, within = take_turns(
            lambda: one(free.run(*LEVEL)), lambda: one(limited.run(*LEVEL))
        )
    for each in within:
        assert "cpu_quota" in each["reasons"]
        assert each["validity"] == "degraded"
    assert not any("cpu_quota" in each["reasons"] for each in without)
    must_follow(QUOTA, without, within, "read")
    must_follow(1 / QUOTA, without, within, "latency")


def test_a_memory_limit_bounds_the_arrays_and_kills_nothing() -> None:
    with group(memory_bytes=MEMORY_BYTES) as limited:
        found = one(limited.run(*MEMORY))
        told = json.loads(limited.run(*LIMITS).stdout)
        assert limited.killed() == 0
    assert found["missing"] is None
    assert 3 * found["parameters"]["array_bytes"] <= MEMORY_BYTES / 4
    # A short budget may end before the last kernel's turn, but never before the first's.
    assert found["metrics"][0]["value"] > 0
    caches, limits = (
        next(each for each in told["components"] if each["kind"] == kind)
        for kind in ("cpu", "limits")
    )
    assert limits["effective_memory"]["value"] == pytest.approx(MEMORY_BYTES, rel=TOLERANCE)
    # Where STREAM's rule asks for more than the limit leaves, the result says so.
    wanted = 4 * caches["last_level_cache"].get("value", 0)
    is_small = found["parameters"]["array_bytes"] < wanted
    assert ("too_small" in found["reasons"]) == is_small


def test_arrays_beyond_a_memory_limit_are_refused_and_kill_nothing() -> None:
    with group(memory_bytes=MEMORY_BYTES) as limited:
        done = limited.run("bitpath_cli", "bench", "memory", "--array-size", "1GiB")
        assert limited.killed() == 0
    assert done.returncode == 2
    assert "--array-size: '1 GiB' cannot be used" in " ".join(done.stderr.split())


@contextmanager
def spinning(processors: set[int], beside: Group | None = None) -> Iterator[None]:
    """A busy program on each of these processors, in a group of its own where one is given."""
    spinners = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in processors]
    try:
        for processor, each in zip(sorted(processors), spinners, strict=True):
            os.sched_setaffinity(each.pid, {processor})
            for folder in () if beside is None else beside.folders:
                (folder / "cgroup.procs").write_text(str(each.pid))
        yield
    finally:
        for each in spinners:
            each.kill()
            each.wait()


def test_noisy_neighbours_are_named() -> None:
    with group() as beside, spinning(os.sched_getaffinity(0)):
        found = one(beside.run(*LEVEL))
    assert "contended" in found["reasons"]
    assert found["validity"] == "degraded"
    # With as many neighbours as processors we are left with half of one of them at most.
    assert found["conditions"]["foreign_cpu"]["value"] >= 0.5 * (1 - TOLERANCE)


@pytest.fixture
def one_processor() -> Iterator[set[int]]:
    """All that is started runs on the last of the processors."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {max(before)})
        yield {max(before)}
    finally:
        os.sched_setaffinity(0, before)


def test_a_neighbour_on_the_same_processor_leaves_half(one_processor: set[int]) -> None:
    """Of two groups with the same weight each gets half of the processor that both want."""

    def beside() -> Result:
        with group() as other, spinning(one_processor, other):
            return one(free.run(*COMPUTE))

    with group() as free:
        without, within = take_turns(lambda: one(free.run(*COMPUTE)), beside)
    for each in within:
        assert "contended" in each["reasons"]
        assert each["validity"] == "degraded"
    must_follow(0.5, without, within, "throughput")
