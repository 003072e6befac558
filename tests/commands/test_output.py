"""Where a report is written: which forms there are, and what identifies nobody any more."""

import json
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.commands import _output
from bitpath_cli.errors import BadValue, UnwritableOutput
from tests.sample_report import report

FORMS = (".html", ".md", ".csv", ".txt")


@pytest.mark.parametrize("suffix", FORMS)
def test_a_form_to_hand_on_names_no_host_unless_asked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"r{suffix}"
    _output.write(report(), [path])
    assert "edge-01" not in path.read_text(encoding="utf-8")
    _output.write(report(), [path], include_identifiers=True)
    assert "edge-01" in path.read_text(encoding="utf-8")


def test_the_json_that_bitpath_reads_again_is_as_it_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    _output.write(report(), [path])
    assert json.loads(path.read_text())["host"]["name"] == "edge-01"
    assert archive.load(path) == report()


@pytest.mark.parametrize("suffix", [*FORMS, ".json"])
def test_only_the_owner_may_read_what_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"r{suffix}"
    _output.write(report(), [path])
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_unknown_form_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadValue, match=r"\.csv, \.html, \.json, \.md, \.txt"):
        _output.check([Path("report.pdf")])


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnwritableOutput, match="No such file or directory"):
        _output.check([tmp_path / "nowhere" / "r.html"])
