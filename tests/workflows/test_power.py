"""Power that a person read, or that was kept: from what is typed to what the cost model takes."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitpath_cli.errors import BadValue, NothingMeasured, UnwritableOutput
from bitpath_cli.model.reading import Method, Quantity, measured, reported
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Direction, Parameters, Validity, metric
from bitpath_cli.model.units import WATT
from bitpath_cli.workflows import power
from bitpath_cli.workflows._idle_share import with_idle_shares
from bitpath_cli.workflows.power import Calibration, find_calibration, keep, known, read_wall
from tests.recorded import recorded
from tests.sample_report import report

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = recorded("xeon-rapl")


def counted(load: str, watts: float, benchmark: str = "energy") -> BenchmarkResult:
    told: Parameters = {"meter": "counters", "load": load} if benchmark == "energy" else {}
    return BenchmarkResult(
        benchmark=benchmark, revision=1, parameters=told, validity=Validity.VALID,
        duration_seconds=1.0,
        metrics=(
            metric("power", measured(watts, WATT, "package-0", watts, watts), Direction.LOWER),
        ),
    )  # fmt: skip


def looked(*results: BenchmarkResult) -> Report:
    return report(results=results)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "bitpath"


def test_a_persons_reading_is_reported_with_its_day() -> None:
    found = read_wall("85W:0.31kW", HOST, NOON)
    assert (found.idle.value, found.full.value, found.meter) == (85, 310, "wall")
    assert found.idle.origin.method is Method.REPORTED
    assert found.idle.origin.source == "a person's reading of a meter at the wall, 2026-11-24"


@pytest.mark.parametrize("text", ["85", "85W", "310W:85W", "0W:85W", "85GB:90GB", ":", "-5W:85W"])
def test_what_cannot_be_a_reading_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="--wall-watts"):
        read_wall(text, HOST, NOON)


def test_what_is_kept_is_known_later_on_this_host_alone(state: Path) -> None:
    made = read_wall("85W:310W", HOST, NOON)
    path = keep(made)
    assert path.parent == state
    assert path.stat().st_mode & 0o777 == 0o600
    found, notes = known(made.host)
    assert notes == ()
    assert found == power.results(made)
    assert known("another-host") == ((), ())


def test_counters_of_a_report_are_calibrated_by_their_largest_load() -> None:
    found = find_calibration(
        looked(counted("idle", 40), counted("cpu", 120), counted("cuda:0", 320))
    )
    assert (found.idle.value, found.full.value, found.meter) == (40, 320, "counters")
    first, _ = power.results(found)
    assert "calibrated 2026-" in first.metrics[0].origin.source


def test_a_persons_reading_stays_one_when_it_is_kept() -> None:
    stated = power.results(read_wall("85W:310W", HOST, NOON))
    assert find_calibration(looked(*stated)).meter == "wall"


@pytest.mark.parametrize(
    "results", [(), (counted("idle", 40),), (counted("idle", 90), counted("cpu", 80))]
)
def test_nothing_is_kept_where_not_both_are_known(results: tuple[BenchmarkResult, ...]) -> None:
    with pytest.raises(NothingMeasured):
        find_calibration(looked(*results))


@pytest.mark.parametrize("text", ["", "{", '{"version": 2}', "\xff"])
def test_a_file_that_cannot_be_used_is_told_and_not_used(state: Path, text: str) -> None:
    path = keep(read_wall("85W:310W", HOST, NOON))
    path.write_text(text, encoding="latin-1")
    found, (note,) = known(HOST.outside.hostname())
    assert found == ()
    assert str(path) in note.text
    assert "--calibrate" in note.next_step


def test_a_place_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UnwritableOutput, match="XDG_STATE_HOME"):
        keep(read_wall("85W:310W", HOST, NOON))


def test_a_hosts_name_does_not_lead_out_of_the_folder(state: Path) -> None:
    odd = Calibration(
        host=f"..{os.sep}etc", created=NOON, meter="wall", idle=reported(1, WATT, "x"),
        full=reported(2, WATT, "x"),
    )  # fmt: skip
    assert keep(odd).parent == state


def test_every_power_is_told_what_of_it_is_there_at_rest() -> None:
    wall = power.results(read_wall("10W:20W", HOST, NOON))
    found = with_idle_shares(
        (counted("idle", 40), counted("cpu", 160), counted("", 80, "gemm"), *wall)
    )
    shares = [each.metric("idle_share") for each in found]
    assert [None if each is None else each.value for each in shares] == [
        None, 0.25, 0.5, None, None,
    ]  # fmt: skip
    alone = (counted("cpu", 160),)
    assert with_idle_shares(alone) == alone


def test_an_idle_power_is_a_quantity_with_its_unit() -> None:
    (idle, _) = power.results(read_wall("85W:310W", HOST, NOON))
    reading = idle.metrics[0].reading
    assert isinstance(reading, Quantity)
    assert reading.unit == "W"
