"""Many reports of a host in a row: order, gaps, jumps, and files that cannot be read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli import archive
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.components.system import System
from bitpath_cli.model.history import History, Series
from bitpath_cli.model.reading import absent, fact
from bitpath_cli.model.report import HostIdentity, Report
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity
from bitpath_cli.model.units import BYTE_PER_SECOND
from bitpath_cli.workflows.history import history
from tests.sample_report import CREATED, filled, latency, rate, report, result

FALLING = (100e6, 101e6, 99e6, 100e6, 60e6, 61e6, 60e6)


class Silent:
    def stage(self, words: str) -> None: ...


def disk(value: float, **changes: Any) -> BenchmarkResult:
    return result("disk", {"operation": "read"}, rate("bandwidth", value, BYTE_PER_SECOND),
                  **changes)  # fmt: skip


def on_day(
    day: int, *results: BenchmarkResult, name: str = "edge-01", kernel: str = "6.1"
) -> Report:
    fingerprint = kernel.replace(".", "").ljust(16, "0")
    return report(
        host=HostIdentity(name=name, fingerprint=fingerprint), results=results,
        components=(filled(System, name=name, kernel=fact(kernel, "uname")),),
        created=CREATED + timedelta(days=day), recommendations=(), recommendation=None,
    )  # fmt: skip


def told(folder: Path, *reports: Report) -> History:
    for number, each in enumerate(reports):
        archive.save(each, folder / f"{number:03}.json")
    return history([folder], Silent())


def only(found: History) -> Series:
    (host,) = found.hosts
    (series,) = host.series
    return series


def test_reports_stand_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    days = (5, 1, 3)
    series = only(told(tmp_path, *(on_day(day, disk(day * 1e6)) for day in days)))
    assert [each.value for each in series.points] == [1e6, 3e6, 5e6]
    assert (series.first, series.last, series.best) == (1e6, 5e6, 5e6)


def test_the_best_latency_is_the_shortest(tmp_path: Path) -> None:
    values = (3e-3, 1e-3, 2e-3)
    reports = (on_day(day, result("disk", {}, latency("latency_p50", each)))
               for day, each in enumerate(values))  # fmt: skip
    assert only(told(tmp_path, *reports)).best == 1e-3


def test_a_jump_has_its_date_its_levels_and_its_side(tmp_path: Path) -> None:
    reports = (on_day(day, disk(each)) for day, each in enumerate(FALLING))
    (jump,) = only(told(tmp_path, *reports)).jumps
    assert jump.created == CREATED + timedelta(days=4)
    assert (jump.before, jump.after) == (100e6, 60e6)
    assert jump.change == pytest.approx(-0.4)
    assert jump.worse


def test_gaps_say_why_and_are_no_values(tmp_path: Path) -> None:
    gone = result("disk", {"operation": "read"}).model_copy(
        update={"validity": Validity.INVALID, "missing": absent("no room")}
    )
    series = only(
        told(
            tmp_path, on_day(0, disk(1e6)), on_day(1), on_day(2, gone),
            on_day(3, disk(9e9, validity=Validity.INVALID, reasons=(Doubt.CACHED_IO,))),
            on_day(4, disk(2e6)),
        )
    )  # fmt: skip
    assert [each.value for each in series.points] == [1e6, None, None, None, 2e6]
    assert [each.gap for each in series.points[1:4]] == [
        "not measured", "not measured", "not usable",
    ]  # fmt: skip
    assert (series.gaps, series.best) == (3, 2e6)


def test_what_was_measured_in_another_way_is_another_series(tmp_path: Path) -> None:
    other = disk(2e6).model_copy(update={"revision": 2})
    found = told(tmp_path, on_day(0, disk(1e6)), on_day(1, other))
    (host,) = found.hosts
    assert [(each.revision, each.gaps) for each in host.series] == [(1, 1), (2, 1)]


def test_every_host_has_its_own_series(tmp_path: Path) -> None:
    found = told(tmp_path, on_day(0, disk(1e6)), on_day(0, disk(2e6), name="edge-02"))
    assert [each.host.name for each in found.hosts] == ["edge-01", "edge-02"]


def test_a_change_of_the_machine_is_dated_and_begins_new_series(tmp_path: Path) -> None:
    found = told(
        tmp_path, on_day(0, disk(1e6)), on_day(1, disk(1e6)),
        on_day(2, disk(2e6), kernel="6.8"),
    )  # fmt: skip
    assert [len(each.reports) for each in found.hosts] == [2, 1]
    (event,) = found.events["edge-01"]
    assert event.created == CREATED + timedelta(days=2)
    assert [(each.kind, each.field) for each in event.changes] == [("system", "kernel")]


def test_broken_files_and_duplicates_are_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"schema_version": 1,')
    found = told(tmp_path, on_day(0, disk(1e6)), on_day(0, disk(1e6)))
    assert {(Path(each.source).name, each.why) for each in found.refused} == {
        ("broken.json", "unreadable"), ("001.json", "duplicate"),
    }  # fmt: skip
    assert len(only(found).points) == 1


def test_a_fleets_members_are_reports_too(tmp_path: Path) -> None:
    fleet = report(members=tuple(on_day(day, disk(1e6)) for day in range(3)))
    assert len(only(told(tmp_path, fleet)).points) == 3


def test_an_empty_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match=r"no file that ends in \.json"):
        told(tmp_path)
