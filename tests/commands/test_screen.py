"""Width, colour, and what happens when a reader goes away."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bitpath_cli.commands._listing import Row, draw
from bitpath_cli.commands._progress import Pace, describe
from bitpath_cli.commands._screen import colour, width
from bitpath_cli.model.result import Parameters


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "coloured"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], stream: io.StringIO,
    coloured: bool,
) -> None:  # fmt: skip
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert colour(stream) is coloured


@pytest.mark.parametrize(("columns", "expected"), [("120", 120), ("10", 40)])
def test_columns_says_how_wide(
    monkeypatch: pytest.MonkeyPatch, columns: str, expected: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == expected


def run_into(target: int) -> subprocess.CompletedProcess[str]:
    """`bitpath --version` with this as its standard output."""
    return subprocess.run(
        [sys.executable, "-m", "bitpath_cli", "--version"],
        stdout=target, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip


def test_a_reader_that_went_away_ends_it_quietly_as_it_would_any_program() -> None:
    read, write = os.pipe()
    os.close(read)
    done = run_into(write)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_full_standard_output_is_named() -> None:
    with Path("/dev/full").open("w") as full:
        done = run_into(full.fileno())
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Unwritable output: standard output cannot be written: No space left on device."
    )


def test_names_stand_in_one_column_and_sentences_in_the_next() -> None:
    rows = [
        Row("benchmarks", "gemm", "Matrix products by dtype, size and threads"),
        Row("benchmarks", "disk", "The disk", "yours"),
        Row("probes", "limits", "What may be used"),
    ]
    assert draw(rows, 40, coloured=False) == (
        "benchmarks\n"
        "  gemm    Matrix products by dtype, size\n"
        "          and threads\n"
        "  disk    (yours) The disk\n"
        "\n"
        "probes\n"
        "  limits  What may be used\n"
    )


def test_the_pace_runs_with_the_clock_between_what_it_is_told() -> None:
    pace = Pace()
    assert pace.left(5.0) is None
    assert pace.share(5.0) is None
    pace.told_at, pace.share_done, pace.seconds_left = 100.0, 0.5, 20.0
    assert (pace.left(100.0), pace.share(100.0)) == (20.0, 0.5)
    assert (pace.left(110.0), pace.share(110.0)) == (10.0, 0.75)
    assert (pace.left(200.0), pace.share(200.0)) == (0.0, 1.0)


def test_a_case_is_named_by_its_words() -> None:
    case: Parameters = {"operation": "read", "pattern": "random", "depth": 32, "engine": "builtin"}
    assert describe("disk", case) == "disk read random"
    assert describe("memory_bandwidth", {"threads": 2}) == "memory bandwidth"
