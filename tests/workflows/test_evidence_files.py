"""Other tools' files in a report, each read by whichever reader knows it."""

import json
from pathlib import Path

import pytest

from bitpath_cli.errors import USAGE, UnreadableEvidence
from bitpath_cli.workflows import evidence_files
from bitpath_cli.workflows.evidence_files import add_evidence, read_file
from tests.readers import test_fio, test_iperf3, test_nccl_tests
from tests.sample_report import report


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_results_of_all_three_come_after_the_reports_own(tmp_path: Path) -> None:
    files = [
        written(tmp_path, "a.json", json.dumps(test_fio.document())),
        written(tmp_path, "b.json", json.dumps(test_iperf3.document())),
        written(tmp_path, "c.txt", test_nccl_tests.text()),
        written(tmp_path, "d.json", json.dumps(test_nccl_tests.document())),
    ]
    before = report()
    found = add_evidence(before, files)
    assert found.results[: len(before.results)] == before.results
    added = found.results[len(before.results) :]
    assert [each.benchmark for each in added] == ["disk", "tcp"] + ["collectives"] * 4
    assert {each.revision for each in added} == {0}


def test_a_collective_gets_alpha_and_beta_where_a_line_fits(tmp_path: Path) -> None:
    """By hand: 50 µs and 50 µs a MiB over a ring of four: α = 50/6 µs, β = 50 µs/MiB ÷ 1.5."""
    path = written(tmp_path, "c.txt", test_nccl_tests.text())
    out = add_evidence(report(results=()), [path]).results[0]
    alpha, beta = out.metric("alpha"), out.metric("beta")
    assert alpha is not None
    assert beta is not None
    assert alpha.value == pytest.approx(50e-6 / 6)
    assert beta.value == pytest.approx(50e-6 / (1 << 20) / 1.5)
    assert alpha.origin.method == "derived"
    assert alpha.origin.source.startswith("lines over 3 sizes: nccl-tests 2.17.2")


def test_two_sizes_are_too_few_for_a_line(tmp_path: Path) -> None:
    rows = "".join(test_nccl_tests.ROWS.splitlines(keepends=True)[:2])
    path = written(tmp_path, "c.txt", test_nccl_tests.text(rows=rows))
    assert add_evidence(report(results=()), [path]).results[0].metric("alpha") is None


@pytest.mark.parametrize("text", ["", "hello", "{}", "[1]", "\x00\xff", '{"schema_version": 1}'])
def test_a_file_that_is_nobodys_is_refused_with_what_is_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableEvidence, match=r"x\.json .*no reader knows") as raised:
        read_file(written(tmp_path, "x.json", text))
    assert raised.value.exit_code == USAGE
    assert "iperf3 --json" in raised.value.next_step


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableEvidence, match="No such file"):
        read_file(tmp_path / "none.json")
    with pytest.raises(UnreadableEvidence, match="Is a directory"):
        read_file(tmp_path)


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "SIZE_LIMIT", 100)
    with pytest.raises(UnreadableEvidence, match="larger than 64 MiB"):
        read_file(written(tmp_path, "x.json", "x" * 101))
