"""`bitpath report` as it is typed: good files into every form, and bad ones by their name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bitpath_cli import archive
from tests.renderers.rich_report import rich_report


def bitpath(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bitpath_cli", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    archive.save(rich_report(), path)
    return path


def test_three_forms_at_once_without_a_word(saved: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"r{suffix}" for suffix in (".html", ".md", ".csv")]
    done = bitpath("report", str(saved), *(word for path in paths for word in ("-o", str(path))))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page, markdown, sheet = (path.read_text(encoding="utf-8") for path in paths)
    assert "What each strategy pays for" in page
    assert "## How fast it really is" in markdown
    assert sheet.startswith("host,benchmark,parameters,")
    assert all("edge-01" not in text for text in (page, markdown, sheet))


def test_identifiers_stay_where_they_are_asked_for(saved: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    assert bitpath("report", str(saved), "-o", str(page), "--include-identifiers").returncode == 0
    assert "<h1>edge-01</h1>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"schema_version": 1, "tool": {"na', "it ends in the middle"),
        ("", "it is empty"),
        ('{"schema_version": 99}', "reads versions up to 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema_version": 1, "host": "<script>"}', "cannot be read as a report"),
    ],
)
def test_a_bad_file_is_named_and_nothing_written(tmp_path: Path, content: str, told: str) -> None:
    broken, page = tmp_path / "broken.json", tmp_path / "r.html"
    broken.write_text(content)
    done = bitpath("report", str(broken), "-o", str(page))
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not page.exists()


@pytest.mark.parametrize("place", ["/dev/full", "/proc/r.html"])
def test_a_place_that_takes_nothing_is_named(saved: Path, place: str, tmp_path: Path) -> None:
    target = Path(place)
    if target.name == "full":
        target = tmp_path / "r.html"
        target.symlink_to(place)
    done = bitpath("report", str(saved), "-o", str(target))
    assert done.returncode == 2
    assert done.stderr.startswith("Unwritable output:")


def test_a_wrong_suffix_says_which_there_are(saved: Path) -> None:
    done = bitpath("report", str(saved), "-o", "report.pdf")
    assert done.returncode == 2
    assert ".html" in done.stderr


def test_the_redacted_report_can_be_read_again(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    assert bitpath("report", str(saved), "-o", str(again)).returncode == 0
    assert json.loads(again.read_text())["host"]["name"] != "edge-01"
    assert bitpath("report", str(again)).returncode == 0
