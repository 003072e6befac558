"""Injected truth: a limit is set that is known, and the figures must follow it and name it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.groups import Group, group, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
QUOTA = 0.5
MEMORY_BYTES = 1 << 30
COMPUTE = ("tests.lab.one_case", "bench", "compute", "-b", "quick", "--json")
MEMORY = ("tests.lab.brief", "bench", "memory", "-b", "quick", "--json")
SPIN = "while True: pass"


def one(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["results"][0]
    return found


def throughput(result: dict[str, Any]) -> float:
    return float(next(each["value"] for each in result["metrics"] if each["name"] == "throughput"))


def refuse_noise(*results: dict[str, Any]) -> None:
    """A comparison beside other work tells of that work."""
    noise = {"contended", "steal", "unstable"} & {
        doubt for each in results for doubt in each["reasons"]
    }
    if noise:
        pytest.skip(f"something else ran on this machine: {', '.join(sorted(noise))}")


def test_a_cpu_quota_is_followed_and_named() -> None:
    with group() as free:
        alone = one(free.run(*COMPUTE))
    with group(cpus=QUOTA) as limited:
        held = one(limited.run(*COMPUTE))
    assert "cpu_quota" in held["reasons"]
    assert held["validity"] == "degraded"
    assert "cpu_quota" not in alone["reasons"]
    assert held["conditions"]["quota_throttled"]["value"] > 0.2
    refuse_noise(alone, held)
    assert throughput(held) / throughput(alone) == pytest.approx(QUOTA, rel=0.1)


def test_a_memory_limit_bounds_the_arrays_and_kills_nothing() -> None:
    with group(memory_bytes=MEMORY_BYTES) as limited:
        found = one(limited.run(*MEMORY))
        assert limited.killed() == 0
    assert found["missing"] is None
    assert 3 * found["parameters"]["array_bytes"] <= MEMORY_BYTES / 4
    # A short budget may end before the last kernel's turn, but never before the first's.
    assert found["metrics"][0]["value"] > 0


@pytest.fixture
def neighbours() -> Iterator[Group]:
    """One busy program on every processor, and a group that shares them."""
    import os

    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in os.sched_getaffinity(0)]
    try:
        with group() as beside:
            yield beside
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def test_a_noisy_neighbour_is_named(neighbours: Group) -> None:
    found = one(neighbours.run(*COMPUTE))
    assert "contended" in found["reasons"]
    assert found["validity"] == "degraded"
