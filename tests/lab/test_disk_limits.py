"""Injected truth: a control group's limit on the disk is known, and the figures must follow it."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.places import disk_directory
from tests.lab.groups import group

MB = 1_000_000
READ, WRITE = 40 * MB, 50 * MB
REQUESTS = 1500
WITHIN = 0.1


def lacking() -> str:
    """Why no disk can be limited here, or nothing."""
    if os.geteuid() != 0:
        return "needs root to make control groups"
    try:
        with group(disk={"rbps": READ}):
            return ""
    except OSError as error:
        return f"a control group cannot limit the disk here: {error}"


pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def measure(limits: Mapping[str, int], directory: Path, *engine: str) -> dict[str, dict[str, Any]]:
    """Results by name of what is measured past the page cache inside a group with these limits."""
    with group(disk=limits, place=directory) as made:
        done = made.run(
            "tests.lab.raw_disk", "bench", "storage", "-b", "quick", "--json",
            "--dir", str(directory), *engine, limit_seconds=90,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(directory.iterdir()) == []
    return {
        " ".join(str(told["parameters"][name]) for name in ("operation", "pattern", "depth")): told
        for told in json.loads(done.stdout)["results"]
    }


def check(result: dict[str, Any], metric: str, limit: float) -> None:
    """The figure is the limit, within 10 %, and the limit is named as what held it."""
    found = next(each for each in result["metrics"] if each["name"] == metric)
    assert found["value"] == pytest.approx(limit, rel=WITHIN)
    assert "io_limit" in result["reasons"]
    assert result["validity"] == "degraded"
    assert found["ceiling"]["value"] == limit
    assert "cgroup" in found["ceiling"]["source"]


def test_limits_in_bytes_a_second_are_followed_and_named(directory: Path) -> None:
    found = measure({"rbps": READ, "wbps": WRITE}, directory, "--engine", "builtin")
    check(found["read sequential 1"], "bandwidth", READ)
    check(found["write sequential 1"], "bandwidth", WRITE)
    check(found["read random 32"], "bandwidth", READ)


def test_a_limit_in_requests_a_second_is_followed_and_named(directory: Path) -> None:
    found = measure({"riops": REQUESTS}, directory, "--engine", "builtin")
    check(found["read random 1"], "iops", REQUESTS)
    check(found["read random 32"], "iops", REQUESTS)
    assert "io_limit" not in found["write sequential 1"]["reasons"]


def test_a_group_without_a_limit_is_not_accused(directory: Path) -> None:
    found = measure({}, directory, "--engine", "builtin")
    assert all("io_limit" not in each["reasons"] for each in found.values())
    assert all(each["metrics"][0]["ceiling"] is None for each in found.values())
