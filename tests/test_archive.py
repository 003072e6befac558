"""Reports on disk: whole or not there, private, and refused by name when they cannot be read."""

import errno
import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli import archive
from bitpath_cli.archive import Document, migrate
from bitpath_cli.errors import UnreadableReport, UnwritableOutput
from bitpath_cli.model.report import SCHEMA_VERSION
from tests.sample_report import report

REPORTS = Path(__file__).parent / "reports"


def test_a_report_survives_the_way_to_disk_and_back(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    archive.save(report(), path)
    assert archive.load(path) == report()


def test_a_fleet_report_keeps_its_members(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    archive.save(report(members=(report(), report())), path)
    assert archive.load(path).members == (report(), report())


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.json")), ids=lambda path: path.name)
def test_files_of_every_version_still_load(path: Path) -> None:
    assert archive.load(path).schema_version == SCHEMA_VERSION


def test_there_is_a_file_of_every_version() -> None:
    versions = {json.loads(path.read_text())["schema_version"] for path in REPORTS.glob("*.json")}
    assert versions == set(range(1, SCHEMA_VERSION + 1))


def test_the_owner_alone_may_read_it_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o644)
    archive.save(report(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(target)
    archive.save(report(), link)
    assert link.is_symlink()
    assert archive.load(target) == report()


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(path.read_text()), daemon=True)
    reader.start()
    archive.write(path, "through")
    reader.join(10)
    assert got == ["through"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def fill(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(UnwritableOutput, match="No space left on device"):
        archive.save(report(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_signal_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        archive.save(report(), tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_full_is_named() -> None:
    with pytest.raises(UnwritableOutput, match="/dev/full cannot be written: No space left"):
        archive.write("/dev/full", "text")


@pytest.mark.parametrize("attempt", [archive.check_writable, lambda path: archive.write(path, "")])
def test_a_directory_and_a_missing_directory_are_refused_with_advice(
    tmp_path: Path, attempt: Any
) -> None:
    with pytest.raises(UnwritableOutput, match=r"Is a directory.*--output .*/report\.json"):
        attempt(tmp_path)
    with pytest.raises(UnwritableOutput, match=r"No such file.*mkdir -p .*/missing"):
        attempt(tmp_path / "missing" / "report.json")
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnwritableOutput, match=r"Permission denied.*may write to"):
        archive.write(tmp_path / "report.json", "text")


def test_checking_leaves_nothing_and_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    archive.check_writable(path)
    assert list(tmp_path.iterdir()) == []
    archive.check_writable("/dev/null")


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "given.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        ("   \n", "it is empty"),
        ('{"schema_version": 1, "tool": {"na', "cut short"),
        ('{"schema_version": 1,', "cut short"),
        ("hello", r"not JSON \(line 1, column 1"),
        ("{} {}", r"not JSON \(line 1, column 4"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "not JSON"),
        ("[1]", "not a report"),
        ("{}", "has no schema_version"),
        ('{"schema_version": "1"}', "has no schema_version"),
        ('{"schema_version": true}', "has no schema_version"),
        ('{"schema_version": 0}', "nobody knows its format version 0"),
        ('{"schema_version": -3}', "nobody knows its format version -3"),
        ('{"schema_version": 1}', "tool: Field required, and 3 more"),
    ],
)
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(UnreadableReport, match=rf"given\.json cannot be read.*{words}"):
        archive.load(write(tmp_path, content))


def test_a_newer_version_asks_for_a_newer_bitpath(tmp_path: Path) -> None:
    newer = {**json.loads(report().model_dump_json()), "schema_version": SCHEMA_VERSION + 6}
    with pytest.raises(UnreadableReport, match=r"format version 7.*up to 1.*--upgrade bitpath-cli"):
        archive.load(write(tmp_path, json.dumps(newer)))


def test_numbers_that_are_none_are_refused_with_their_place(tmp_path: Path) -> None:
    document = json.loads(report().model_dump_json())
    document["results"][0]["metrics"][0]["value"] = float("nan")
    with pytest.raises(UnreadableReport, match=r"results\.0\.metrics\.0\.value: .*finite"):
        archive.load(write(tmp_path, json.dumps(document)))


def test_a_file_that_is_not_there_or_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match="No such file"):
        archive.load(tmp_path / "none.json")
    with pytest.raises(UnreadableReport, match="Is a directory"):
        archive.load(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(archive.SIZE_LIMIT + 1)
    with pytest.raises(UnreadableReport, match="larger than 256 MiB"):
        archive.load(path)


@given(st.integers(0, 5000))
def test_every_truncated_report_is_refused(tmp_path_factory: Any, removed: int) -> None:
    whole = report().model_dump_json()
    path = write(tmp_path_factory.mktemp("cut"), whole[: len(whole) - 1 - removed])
    with pytest.raises(UnreadableReport, match=r"cut short|not JSON"):
        archive.load(path)


def test_an_old_document_takes_every_step_in_order() -> None:
    def step(name: str) -> archive.Step:
        return lambda document: {**document, "path": [*document.get("path", []), name]}

    steps = {1: step("1 to 2"), 2: step("2 to 3"), 3: step("3 to 4")}
    found: Document = migrate("old.json", {"schema_version": 2}, steps, newest=4)
    assert found == {"schema_version": 4, "path": ["2 to 3", "3 to 4"]}


def test_a_step_that_nobody_wrote_is_refused() -> None:
    with pytest.raises(UnreadableReport, match="nobody knows its format version 1"):
        migrate("old.json", {"schema_version": 1}, {2: dict}, newest=3)
