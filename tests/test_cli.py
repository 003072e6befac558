"""The program from outside: real processes, their output, exit codes, and what they leave."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import psutil
import pytest

from bitpath_cli import __version__, archive, catalogue
from bitpath_cli.__main__ import run
from bitpath_cli.commands import _app
from bitpath_cli.commands._options import BudgetName, GoalName
from bitpath_cli.commands.assess import assess
from bitpath_cli.errors import (
    BadValue,
    BitpathError,
    NothingMeasured,
    PeerFailed,
    UnknownName,
    UnwritableOutput,
)
from bitpath_cli.model.recommendation import Goal
from bitpath_cli.workflows.measure import BUDGETS
from tests.sample_report import report

MODEL = "bitpath_cli.model.record"
HEAVY = ("pydantic", "torch", "pandas", "numpy", "psutil", "pynvml", MODEL)
_LOADED = """
import sys
from bitpath_cli.__main__ import run
code = run({arguments!r})
print("LOADED", *[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def bitpath(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bitpath_cli", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **environment},
    )  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    """Which of the heavy libraries a command loads."""
    code = _LOADED.format(arguments=list(arguments), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stderr.rpartition("LOADED")[2].split())


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help") == set()


@pytest.mark.parametrize("arguments", [["--version"], ["assess", "--help"], ["bench", "--help"]])
def test_help_of_a_command_loads_nothing_of_ours(arguments: list[str]) -> None:
    """Typer checks values with pydantic, so that alone may come with it."""
    assert loaded_by(*arguments) <= {"pydantic"}


@pytest.mark.parametrize(
    "arguments", [["probe", "--json"], ["probe"], ["probe", "--explain"], ["schema", "report"]]
)
def test_looking_loads_neither_torch_nor_pandas(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & {"torch", "pandas", "numpy"}


def test_the_version() -> None:
    assert bitpath("--version").stdout == f"bitpath {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prob"], "No such command 'prob'. Did you mean 'probe'?"),
        (["assess", "--fast"], "No such option: --fast"),
        (["assess", "--goal", "fun"], "'fun' is not one of 'balanced', 'cost', 'speed', 'energy'"),
        (["recommend"], "Missing argument 'REPORT'"),
        (["schema", "novel"], "'novel' is not one of"),
    ],
)
def test_what_is_typed_wrong_is_told_and_costs_2(arguments: list[str], words: str) -> None:
    done = bitpath(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["assess", "-w", "resnet50"],
            "Unknown name: There is no workload called 'resnet50'. Did you mean "
            "'resnet50-training'?",
        ),
        (["assess", "--site", "defualt"], "no site called 'defualt'. Did you mean 'default'?"),
        (["assess", "--only", "gem"], "no probe or benchmark called 'gem'. Did you mean 'gemm'?"),
        (["assess", "-o", "report.pdf"], "--output: 'report.pdf' cannot be used."),
        (["assess", "-o", "/nowhere/r.json"], "Make the directory first: mkdir -p /nowhere"),
        (["assess", "-o", "/tmp"], "--output: '/tmp' cannot be used."),
        (["bench", "compute", "-o", "/proc/r.json"], "/proc/r.json cannot be written"),
        (["report", "/nowhere.json"], "Unreadable report: /nowhere.json cannot be read"),
        (
            ["recommend", "/dev/null", "-w", "x"],
            "/dev/null cannot be read as a report",
        ),
        (["profiles", "show", "nothing"], "There is no profile called 'nothing'"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_runs(
    arguments: list[str], words: str
) -> None:
    done = bitpath(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert words in " ".join(done.stderr.split())


def test_a_malformed_profile_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "line.toml"
    path.write_text('summary = "x"\ntask = = "training"\n')
    done = bitpath("assess", "-w", str(path))
    assert done.returncode == 2
    assert "line.toml, line 2" in done.stderr.replace("\n", " ")


def test_json_is_one_document_and_nothing_else() -> None:
    done = bitpath("probe", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["schema_version"] == 1


@pytest.mark.parametrize("home", ["/proc/1", "/nonexistent"])
def test_a_home_that_cannot_be_written_or_is_not_there(home: str) -> None:
    done = bitpath("profiles", "list", HOME=home, XDG_CONFIG_HOME=f"{home}/config")
    assert (done.returncode, done.stderr) == (0, "")
    assert "resnet50-training" in done.stdout


def test_a_saved_report_is_shown_and_turned_into_other_forms(tmp_path: Path) -> None:
    saved, markdown = tmp_path / "r.json", tmp_path / "r.md"
    archive.save(report(), saved)
    shown = bitpath("report", str(saved))
    assert shown.returncode == 0
    assert "host-0f1e2d" in shown.stdout
    assert "edge-01" not in shown.stdout
    written = bitpath("report", str(saved), "-o", str(markdown), "--include-identifiers")
    assert (written.returncode, written.stdout) == (0, "")
    assert markdown.read_text().startswith("# edge-01\n")
    assert stat.S_IMODE(markdown.stat().st_mode) == 0o600


def test_advice_from_a_saved_report_needs_no_hardware(tmp_path: Path) -> None:
    saved, again = tmp_path / "r.json", tmp_path / "again.json"
    archive.save(report(), saved)
    done = bitpath("recommend", str(saved), "-w", "manufacturing-inspection", "-o", str(again))
    assert done.returncode == 0, done.stderr
    assert "Where to run manufacturing-inspection" in done.stdout
    (advice,) = archive.load(again).recommendations
    assert advice.workload == "manufacturing-inspection"


@dataclass(frozen=True, slots=True)
class Ended:
    """How an interrupted program ended, and the session that it was in."""

    session: int
    returncode: int
    stdout: str
    stderr: str


def interrupt(number: signal.Signals, path: Path) -> Ended:
    """Begin to measure, and send the signal as soon as the first report is there."""
    started = subprocess.Popen(
        [sys.executable, "-m", "bitpath_cli", "assess", "--only", "memory_bandwidth",
         "--budget", "thorough", "--output", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not path.exists():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.send_signal(number)
    stdout, stderr = started.communicate(timeout=60)
    return Ended(started.pid, started.returncode, stdout, stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_valid_partial_report_and_nothing_else(
    number: signal.Signals, tmp_path: Path
) -> None:
    path = tmp_path / "r.json"
    done = interrupt(number, path)
    assert done.returncode == 128 + number
    assert done.stderr == ""
    assert "Interrupted after" in done.stdout
    found = archive.load(path)
    assert not found.complete
    assert found.components
    assert list(tmp_path.iterdir()) == [path]
    assert not [each.pid for each in psutil.process_iter() if _session(each.pid) == done.session]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownName("site", "x", (), ""), 2),
        (UnwritableOutput("r.json", "Read-only file system", ""), 2),
        (BadValue("--dir", "x", "a directory"), 2),
        (NothingMeasured("gemm", "torch is not installed", "pip install torch"), 3),
        (PeerFailed("edge-02 did not answer.", "", ""), 4),
        (KeyError("x"), 70),
        (MemoryError(), 70),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else str(each),
)
def test_every_error_has_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fail_with(error, monkeypatch, tmp_path)
    assert run([]) == code


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The next command fails so; crash files go to the folder."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(_app, "build", fail)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_known_error_is_a_named_paragraph(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = NothingMeasured("gemm", "torch is not installed", "Install it: pip install torch")
    fail_with(error, monkeypatch, tmp_path)
    run([])
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "Nothing measured: gemm gave no valid result: torch is not installed.\n"
        "Install it: pip install torch\n"
    )


def test_our_own_bug_is_told_without_a_traceback_and_with_a_private_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(KeyError("MemTotal"), monkeypatch, tmp_path)
    run(["assess", "--budget", "quick"])
    (crash,) = tmp_path.iterdir()
    told = capsys.readouterr().err
    assert told.startswith("Our own bug: KeyError: 'MemTotal'\nThis is a fault in bitpath")
    assert str(crash) in told
    assert "Traceback" not in told
    assert stat.S_IMODE(crash.stat().st_mode) == 0o600
    text = crash.read_text()
    assert "command line: ['assess', '--budget', 'quick']" in text
    assert "Traceback (most recent call last)" in text


def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(KeyError("x"), monkeypatch, tmp_path)
    monkeypatch.setenv("BITPATH_DEBUG", "1")
    run([])
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_without_a_place_for_the_file_it_says_how_to_show_the_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(KeyError("x"), monkeypatch, tmp_path / "gone")
    assert run([]) == 70
    assert "BITPATH_DEBUG=1" in capsys.readouterr().err


def test_every_error_class_reads_as_a_name() -> None:
    assert all(each.__name__[0].isupper() for each in BitpathError.__subclasses__())


def test_the_words_on_the_command_line_are_those_of_the_model() -> None:
    assert get_args(GoalName) == get_args(Goal)
    assert get_args(BudgetName) == tuple(BUDGETS)
    defaults: Mapping[str, object] = dict(
        zip(assess.__code__.co_varnames, assess.__defaults__ or (), strict=False)
    )
    assert defaults["site"] == catalogue.DEFAULT_SITE


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("bitpath ben", "bench"),
        ("bitpath assess -w resn", "resnet50-training"),
        ("bitpath assess --site defa", "default"),
        ("bitpath assess --only gem", "gemm"),
    ],
)
def test_the_shell_completes_commands_and_names(words: str, completed: str) -> None:
    last = str(len(words.split()) - 1)
    done = bitpath(_BITPATH_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=last)
    assert done.stdout.split() == [completed]
