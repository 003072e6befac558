"""compare, history, collect and report --add as they are typed: exit codes, files and screens."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.__main__ import run
from bitpath_cli.errors import FINDING, OK, PEER, USAGE
from bitpath_cli.model.comparison import Comparison
from bitpath_cli.model.history import History
from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.units import BYTE_PER_SECOND
from tests.readers.test_fio import document
from tests.sample_report import CREATED, rate, report, result

Screen = pytest.CaptureFixture[str]


def disk(bandwidth: float, day: int = 0, name: str = "edge-01") -> Report:
    return report(
        host=HostIdentity(name=name, fingerprint="0f1e2d3c4b5a6978"),
        results=(result("disk", {"operation": "read"}, rate("bandwidth", bandwidth,
                                                             BYTE_PER_SECOND)),),
        created=CREATED + timedelta(days=day), recommendations=(), recommendation=None,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three reports: fast, slow, and of another host."""
    archive.save(disk(2e9), tmp_path / "fast.json")
    archive.save(disk(1e9, day=1), tmp_path / "slow.json")
    archive.save(disk(2e9, name="edge-02"), tmp_path / "other.json")
    return tmp_path


def bitpath(*words: object) -> int:
    return run([str(each) for each in words])


def test_a_regression_ends_with_1_and_its_absence_with_0(folder: Path, capsys: Screen) -> None:
    fast, slow = folder / "fast.json", folder / "slow.json"
    assert bitpath("compare", fast, slow) == FINDING
    assert "1 worse" in capsys.readouterr().out
    assert bitpath("compare", slow, fast) == OK
    archive.save(disk(1.6e9, day=1), folder / "slower.json")
    assert bitpath("compare", fast, folder / "slower.json") == FINDING
    assert bitpath("compare", fast, folder / "slower.json", "--threshold", "30%") == OK


def test_a_missed_aim_ends_with_1(folder: Path, capsys: Screen) -> None:
    fast, slow = folder / "fast.json", folder / "slow.json"
    assert bitpath("compare", slow, fast, "--aim", "disk.bandwidth=+50%") == OK
    assert bitpath("compare", slow, fast, "--aim", "disk.bandwidth=+150%") == FINDING
    assert "missed" in capsys.readouterr().out


def test_nothing_comparable_ends_with_2_and_is_shown_all_the_same(
    folder: Path, capsys: Screen
) -> None:
    archive.save(report(results=(), recommendations=()), folder / "empty.json")
    assert bitpath("compare", folder / "fast.json", folder / "empty.json") == USAGE
    assert "1 now unknown" in capsys.readouterr().out


def test_a_comparison_is_json_markdown_and_text(folder: Path, capsys: Screen) -> None:
    fast, slow = folder / "fast.json", folder / "slow.json"
    outputs = [folder / f"change{suffix}" for suffix in (".json", ".md", ".txt")]
    words = [each for output in outputs for each in ("-o", output)]
    assert bitpath("compare", fast, slow, *words, "--json") == FINDING
    printed = Comparison.model_validate_json(capsys.readouterr().out)
    assert printed == Comparison.model_validate_json(outputs[0].read_text())
    assert printed.changes[0].outcome == "worse"
    assert outputs[1].read_text().startswith("# Before and after: worse or missed")
    assert "Worse" in outputs[2].read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "fast.json", "none.json"),
        ("compare", "fast.json", "slow.json", "--threshold", "lots"),
        ("compare", "fast.json", "slow.json", "--aim", "cost"),
        ("compare", "fast.json", "slow.json", "-o", "x.pdf"),
        ("compare", "fast.json"),
        ("collect",),
        ("collect", "fast.json", "--ray", "auto"),
        ("collect", "none.json"),
        ("collect", "fast.json", "-o", "x.xml"),
        ("history", "none"),
        ("history",),
        ("report", "fast.json", "--add", "none.json"),
        ("report", "fast.json", "--add", "slow.json"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_no_traceback(
    folder: Path, words: tuple[str, ...], capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert bitpath(*words) == USAGE
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "Our own bug" not in told


def test_collect_writes_a_fleet_without_names_that_its_owner_alone_may_read(
    folder: Path, capsys: Screen
) -> None:
    path, rows = folder / "out" / "fleet.json", folder / "out" / "fleet.csv"
    path.parent.mkdir()
    reports = sorted(folder.glob("*.json"))
    assert bitpath("collect", *reports, "-o", path, "-o", rows) == OK
    assert "edge-02" in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = archive.load(path)
    assert len(found.members) == 2
    assert found.fleet is not None
    assert [each.why for each in found.fleet.refused] == ["superseded"]
    assert "edge-0" not in path.read_text()
    lines = rows.read_text().splitlines()
    assert lines[0].startswith("host,benchmark,")
    assert len(lines) == 3
    assert "edge-0" not in rows.read_text()


def test_identifiers_stay_where_it_is_asked_for(folder: Path, capsys: Screen) -> None:
    assert bitpath("collect", folder, "--json", "--include-identifiers") == OK
    found = Report.model_validate_json(capsys.readouterr().out)
    assert {each.host.name for each in found.members} == {"edge-01", "edge-02"}


def test_an_unreadable_report_ends_with_1_and_the_rest_stands(folder: Path, capsys: Screen) -> None:
    (folder / "a.json").write_text("{")
    assert bitpath("collect", folder, "--json") == FINDING
    assert len(Report.model_validate_json(capsys.readouterr().out).members) == 2


def test_a_cluster_that_is_not_there_ends_with_4(capsys: Screen) -> None:
    pytest.importorskip("ray")
    assert bitpath("collect", "--ray", "127.0.0.1:1") == PEER
    assert "No Ray cluster could be joined at 127.0.0.1:1" in capsys.readouterr().err


def test_a_history_has_all_its_forms(folder: Path, capsys: Screen) -> None:
    outputs = [folder / f"trend{suffix}" for suffix in (".csv", ".md", ".txt")]
    words = [each for output in outputs for each in ("-o", output)]
    assert bitpath("history", folder, *words, "--json") == OK
    found = History.model_validate_json(capsys.readouterr().out)
    assert [len(each.reports) for each in found.hosts] == [2, 1]
    assert all(each.read_text() for each in outputs)
    assert bitpath("history", folder) == OK
    assert "edge-01" in capsys.readouterr().out


def test_evidence_is_added_to_a_report(folder: Path, capsys: Screen) -> None:
    evidence, both = folder / "fio.out", folder / "both.json"
    evidence.write_text(json.dumps(document()))
    assert bitpath("report", folder / "fast.json", "--add", evidence, "-o", both) == OK
    found = archive.load(both)
    assert [each.parameters.get("engine") for each in found.results] == [None, "fio libaio"]
    assert bitpath("report", both) == OK
    assert "fio" in capsys.readouterr().out
