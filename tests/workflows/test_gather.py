"""Several files as one report: of one host, of a fleet, and what cannot be read."""

from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.commands._progress import Silent
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.report import Report
from bitpath_cli.workflows.gather import gather
from tests.workflows.fleets import host, tcp


def written(folder: Path, name: str, report: Report) -> Path:
    archive.save(report, folder / name)
    return folder / name


def test_one_report_is_read_as_it_stands(tmp_path: Path) -> None:
    told = host("a")
    assert gather([written(tmp_path, "a.json", told)], Silent()) == told


def test_reports_of_one_host_count_together(tmp_path: Path) -> None:
    whole = host("a", 2e11)
    alone = whole.model_copy(update={"components": (), "results": (tcp("peer", 1e8),)})
    paths = [written(tmp_path, "tcp.json", alone), written(tmp_path, "a.json", whole)]
    found = gather(paths, Silent())
    assert not found.members
    assert found.components == whole.components
    assert {each.benchmark for each in found.results} == {"gemm", "memory_bandwidth", "tcp"}


def test_of_two_results_measured_alike_the_younger_stands(tmp_path: Path) -> None:
    old = host("a", 1e11)
    young = host("a", 3e11).model_copy(
        update={"created": old.created.replace(year=old.created.year + 1)}
    )
    paths = [written(tmp_path, "young.json", young), written(tmp_path, "old.json", old)]
    found = gather(paths, Silent())
    (gemm,) = [each for each in found.results if each.benchmark == "gemm"]
    (metric,) = gemm.metrics
    assert metric.value == 3e11


def test_reports_of_several_hosts_are_a_fleet_with_their_real_names(tmp_path: Path) -> None:
    for name in ("node-a", "node-b", "node-c"):
        written(tmp_path, f"{name}.json", host(name))
    found = gather([tmp_path], Silent())
    assert [each.host.name for each in found.members] == ["node-a", "node-b", "node-c"]
    assert found.fleet is not None
    assert [each.name for each in found.fleet.nodes] == ["node-a", "node-b", "node-c"]


def test_one_unreadable_file_is_an_error_and_no_smaller_fleet(tmp_path: Path) -> None:
    good = written(tmp_path, "a.json", host("a"))
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    with pytest.raises(UnreadableReport, match=r"bad\.json"):
        gather([good, bad], Silent())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UnreadableReport):
        gather([empty], Silent())
