"""`bitpath profiles new` as a user types it: what it writes, what it says, what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bitpath_cli import catalogue
from bitpath_cli.errors import USAGE

MODEL = "from torch import nn\n\ndef build():\n    return nn.Linear(100, 10)\n"


def typed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """bitpath in a folder that holds the user's module."""
    (folder / "his.py").write_text(MODEL)
    return subprocess.run(
        [sys.executable, "-m", "bitpath_cli", "profiles", "new", *arguments], cwd=folder,
        env={**os.environ, "COLUMNS": "300"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("user")
    done = typed(folder, "--model", "his:build", "--input", "100", "-o", "mine.toml")
    assert done.returncode == 0, done.stderr
    return folder / "mine.toml", done.stdout, done.stderr


def test_the_file_is_written_and_what_is_left_is_told_with_its_lines(
    written: tuple[Path, str, str],
) -> None:
    path, said, told = written
    left = catalogue.faults("workload", path)
    assert f"State what is left, {len(left)} fields, then: bitpath profiles validate" in said
    lines = path.read_text().splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.endswith('"?"')]
    # The reason of a residency is asked for once what is allowed is stated.
    assert len(marked) == len(left) + 1
    assert all(f"mine.toml, line {number}: " in told for number in marked[:-1])
    assert "value = 2000," in path.read_text()


def test_a_file_that_is_there_is_kept(written: tuple[Path, str, str]) -> None:
    before = written[0].read_text()
    done = typed(written[0].parent, "-m", "his:build", "-i", "100", "-o", "mine.toml")
    assert done.returncode == USAGE
    assert "--force" in done.stderr
    assert written[0].read_text() == before


def test_what_goes_wrong_in_his_code_is_a_paragraph_and_no_traceback(tmp_path: Path) -> None:
    done = typed(tmp_path, "-m", "his:biuld")
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert "his has nothing called biuld" in done.stderr
    assert "Traceback" not in done.stderr
