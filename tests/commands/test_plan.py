"""`bitpath plan` as it is typed."""

import json
import stat
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.__main__ import run
from bitpath_cli.errors import FINDING, NOTHING_VALID, OK, USAGE
from tests.sample_report import recommendation, report
from tests.workflows.test_plan import trained
from tests.workflows.test_verify import gemm


@pytest.fixture
def advised(tmp_path: Path) -> str:
    """A report on disk whose host has a name."""
    path = tmp_path / "report.json"
    archive.save(trained(), path)
    return str(path)


def plan(*words: str) -> int:
    return run(["plan", *words])


class Refusal:
    """What is said where a plan is refused."""

    def __init__(self, screen: pytest.CaptureFixture[str]) -> None:
        self.screen = screen

    def __call__(self, *words: str) -> tuple[int, str]:
        code = plan(*words)
        return code, " ".join(self.screen.readouterr().err.split())


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refusal:
    monkeypatch.setenv("NO_COLOR", "1")
    return Refusal(capsys)


def test_a_plan_is_written_and_says_what_to_read(
    advised: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plan"
    code = plan(advised, "--strategy", "distributed", "-t", "torchrun", "-o", str(folder))
    assert code == OK
    said = capsys.readouterr()
    assert f"Read {folder / 'README.md'} first." in said.out
    assert "stands in for yours" in said.err
    names = {each.name for each in folder.iterdir()}
    assert {"README.md", "plan.json", "node-0.sh", "node-1.sh", "verify.sh"} <= names
    assert (folder / "node-0.sh").stat().st_mode & stat.S_IXUSR
    assert not (folder / "plan.json").stat().st_mode & stat.S_IXUSR
    told = json.loads((folder / "plan.json").read_text())
    assert told["strategy"] == "distributed"
    assert told["host"]["fingerprint"] == "0f1e2d3c4b5a6978"


def test_the_same_report_gives_the_same_bytes_and_no_host_name(
    advised: str, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        assert plan(advised, "--target", "slurm", "--output", str(tmp_path / name)) == OK
    first, second = (
        {each.name: each.read_bytes() for each in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert first == second
    assert not any(b"edge-01" in each for each in first.values())
    plan(advised, "-t", "slurm", "-o", str(tmp_path / "c"), "--include-identifiers")
    assert b"edge-01" in (tmp_path / "c" / "plan.json").read_bytes()


def test_words_after_two_dashes_are_the_program(advised: str, tmp_path: Path) -> None:
    words = ("python3", "train.py", "--epochs", "3", "-o", "x")
    assert plan(advised, "-t", "torchrun", "-o", str(tmp_path / "p"), "--", *words) == OK
    told = json.loads((tmp_path / "p" / "plan.json").read_text())["program"]
    assert told["words"] == list(words)
    assert not told["is_stand_in"]


def test_files_that_are_there_are_kept_without_force(
    advised: str, tmp_path: Path, refused: Refusal
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    (folder / "notes.txt").write_text("mine too")
    words = (advised, "-t", "torchrun", "-o", str(folder))
    code, said = refused(*words)
    assert code == USAGE
    assert "it already holds README.md. Name another directory, or add --force." in said
    assert {each.name for each in folder.iterdir()} == {"README.md", "notes.txt"}
    assert (folder / "README.md").read_text() == "mine"
    assert plan(*words, "--force") == OK
    assert (folder / "README.md").read_text() != "mine"
    assert (folder / "notes.txt").read_text() == "mine too"


def test_a_target_that_cannot_express_it_names_those_that_can(
    advised: str, tmp_path: Path, refused: Refusal
) -> None:
    code, said = refused(advised, "-t", "systemd", "-o", str(tmp_path / "p"))
    assert code == USAGE
    assert "a unit keeps a service up, and this is a job that ends" in said
    assert "Use --target kubernetes or --target ray or --target slurm or --target torchrun." in said
    assert not (tmp_path / "p").exists()
    code, said = refused(advised, "--strategy", "hybrid", "-t", "slurm", "-o", str(tmp_path / "p"))
    assert code == USAGE
    assert said.endswith("Use --target torchrun.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "REPORT"), (("REPORT",), "--target"), (("REPORT", "-t", "ray"), "--output"),
        (("REPORT", "-t", "nomad", "-o", "p"), "There is no target called 'nomad'."),
        (("REPORT", "-t", "ray", "-o", "no/p"), "No such file or directory"),
        (("REPORT", "-t", "ray", "-o", "report.json"), "report.json cannot be written"),
        (("REPORT", "-t", "ray", "-o", "p", "-w", "gpt2"), "called 'gpt2'"),
        (("nothing.json", "-t", "ray", "-o", "p"), "nothing.json cannot be read"),
    ],
)  # fmt: skip
def test_wrong_words_are_named(
    advised: str, tmp_path: Path, refused: Refusal, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, said = refused(*(advised if word == "REPORT" else word for word in words))
    assert code == USAGE
    assert told in said


def test_nothing_feasible_is_a_finding(tmp_path: Path, refused: Refusal) -> None:
    none = recommendation(winner=None, verdict="none feasible", smallest_change="buy more")
    archive.save(report(recommendations=(none,)), tmp_path / "r.json")
    code, said = refused(str(tmp_path / "r.json"), "-t", "ray", "-o", str(tmp_path / "p"))
    assert code == FINDING
    assert "cannot be planned: nothing is feasible; buy more." in said


def test_verify_says_what_lies_outside(
    advised: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, result = str(tmp_path / "p"), str(tmp_path / "result.json")
    plan(advised, "--strategy", "today", "-t", "torchrun", "-o", folder)
    archive.save(report(results=(gemm(200e9),)), result)
    assert plan(result, "--verify", folder) == OK
    assert "float32 rate of today's host: as forecast" in capsys.readouterr().out
    archive.save(report(results=(gemm(20e9),)), result)
    assert plan(result, "--verify", folder, "--json") == FINDING
    told = {each["name"]: each["verdict"] for each in json.loads(capsys.readouterr().out)}
    assert told["float32 rate of today's host"] == "worse"


def test_verify_takes_a_stated_step_without_a_report(
    advised: str, tmp_path: Path, refused: Refusal
) -> None:
    folder = str(tmp_path / "p")
    plan(advised, "--strategy", "today", "-t", "torchrun", "-o", folder)
    assert plan("--verify", folder, "--measured", "step_time=1ms") == FINDING
    assert refused("--verify", folder, "--measured", "step_time")[0] == USAGE
    assert refused("--verify", folder)[0] == USAGE


def test_verify_without_anything_to_compare_has_its_own_code(
    advised: str, tmp_path: Path, refused: Refusal
) -> None:
    folder, result = str(tmp_path / "p"), str(tmp_path / "result.json")
    plan(advised, "--strategy", "today", "-t", "torchrun", "-o", folder)
    archive.save(report(results=()), result)
    code, said = refused(result, "--verify", folder)
    assert code == NOTHING_VALID
    assert "none of what the plan forecasts" in said


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", '{"plan_version": 2}'])
def test_a_folder_without_a_plan_is_named(
    advised: str, tmp_path: Path, refused: Refusal, content: str
) -> None:
    assert "No such file" in refused(advised, "--verify", str(tmp_path))[1]
    (tmp_path / "plan.json").write_text(content)
    code, said = refused(advised, "--verify", str(tmp_path))
    assert code == USAGE
    assert "it is no plan" in said
