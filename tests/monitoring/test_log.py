"""Lines of JSON in a file, on disks that fill up and get room again."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.model.reading import failed
from bitpath_cli.monitoring.lines import Lines
from bitpath_cli.monitoring.log import Log
from tests.monitoring.ruled import NOON, observation, rule, series, tick


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Until the end no file of this process grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_series_is_described_once_before_its_first_sample(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    for value in (0.25, 0.5):
        log.take(tick(series(value, limit=2.0)))
    log.close()
    first, second, third = written(tmp_path / "log.jsonl")
    assert (first["kind"], first["name"], first["unit"], first["limit"]) == (
        "series", "cpu_busy", "1", 2.0,
    )  # fmt: skip
    assert [each["kind"] for each in (second, third)] == ["sample", "sample"]
    assert third["values"] == {"cpu_busy": {"host": 0.5}}
    assert third["own"]["resident_bytes"] == 48 << 20
    assert log.trouble() == ""


def test_what_is_unknown_says_why_and_is_no_number() -> None:
    (line,) = Lines().sample(observation(series(failed("the disk was pulled out"))))
    told = json.loads(line)
    assert told["values"] == {}
    assert told["unknown"] == {"cpu_busy": {"host": "the disk was pulled out"}}


def test_the_first_line_tells_what_wrote_it() -> None:
    told = json.loads(Lines().start(NOON, "edge-01", 1.0, (rule(),)))
    assert (told["kind"], told["host"], told["rules"]) == ("start", "edge-01", ["busy"])
    assert told["time"] == "2026-11-24T12:00:00.000Z"


def test_its_owner_alone_may_read_it_and_an_older_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for _ in range(2):
        log = Log(path)
        log.take(tick(series(1.0)))
        log.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(written(path)) == 4


def test_a_full_disk_makes_a_gap_that_is_said_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = Log(path)
    log.take(tick(series(1.0), at=NOON))
    size = path.stat().st_size
    # There is room for a part of a line, and it must not stay.
    with room_for(size + 50):
        for second in (1, 2):
            log.take(tick(series(2.0), at=NOON + timedelta(seconds=second)))
        assert path.stat().st_size == size
        assert "lacks 2 samples, and goes on lacking them" in log.trouble()
    log.take(tick(series(3.0), at=NOON + timedelta(seconds=3)))
    log.close()
    gap = next(each for each in written(path) if each["kind"] == "gap")
    assert (gap["samples"], gap["from"], gap["until"]) == (
        2, "2026-11-24T12:00:01.000Z", "2026-11-24T12:00:03.000Z",
    )  # fmt: skip
    assert written(path)[-1]["values"] == {"cpu_busy": {"host": 3.0}}
    assert "lacks 2 samples, with a line that says so" in log.trouble()


def test_a_series_whose_description_was_lost_is_described_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = Log(path)
    with room_for(0):
        log.take(tick(series(1.0)))
    log.take(tick(series(2.0)))
    log.close()
    assert [each["kind"] for each in written(path)] == ["gap", "series", "sample"]


def test_a_device_without_room_is_no_error(tmp_path: Path) -> None:
    log = Log(Path("/dev/full"))
    log.take(tick(series(1.0)))
    log.close()
    log.close()
    assert "No space left on device" in log.trouble()


def test_a_place_that_cannot_be_written_is_known_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Log(tmp_path / "none" / "log.jsonl")
    assert os.listdir(tmp_path) == []  # noqa: PTH208
