"""Several runs of one wish, with the measuring replaced: what is told of how far they lie apart."""

from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.model.reading import Quantity, measured, reported
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Direction, Validity, metric
from bitpath_cli.model.units import BYTE_PER_SECOND
from bitpath_cli.workflows import repeat as module
from bitpath_cli.workflows.assess import Wish
from bitpath_cli.workflows.repeat import find_spreads, join, measure_repeatedly
from tests.sample_report import report


class Quiet:
    def stage(self, words: str) -> None: ...

    def starting(
        self, benchmark: str, parameters: object, share_done: float, seconds_left: float
    ) -> None: ...


def run(value: float, half_width: float | None = 0.01, streams: int = 1) -> Report:
    low, high = value * (1 - (half_width or 0)), value * (1 + (half_width or 0))
    figure: Quantity = (
        reported(value, BYTE_PER_SECOND, "x")
        if half_width is None
        else measured(value, BYTE_PER_SECOND, "x", low, high)
    )
    one = BenchmarkResult(
        benchmark="tcp", revision=1, parameters={"streams": streams}, validity=Validity.VALID,
        duration_seconds=1.0, metrics=(metric("bandwidth", figure, Direction.HIGHER),),
    )  # fmt: skip
    return report(results=(one,), notes=())


def test_the_spread_and_the_claims_that_hold() -> None:
    (found,) = find_spreads([run(100), run(100.5), run(110)])
    assert list(found.values) == [100, 100.5, 110]
    assert found.width == pytest.approx(10 / 100.5)
    assert found.half_width == pytest.approx(0.01)
    # The median is 100.5, which lies in the intervals of the first two.
    assert (found.covered, found.claims) == (2, 3)


def test_other_parameters_are_another_measurement() -> None:
    assert find_spreads([run(100), run(50, streams=4)]) == ()


def test_every_result_is_kept_with_the_number_of_its_run() -> None:
    found = join([run(100), run(103)])
    assert [each.parameters for each in found.results] == [
        {"streams": 1, "repeat": 1}, {"streams": 1, "repeat": 2},
    ]  # fmt: skip
    (note,) = found.notes
    assert note.text == (
        "tcp bandwidth (streams 1): 2 runs lie between -1.5% and +1.5% of their median; they "
        "state ±1.0%, and 0 of 2 hold the median of all."
    )


def test_a_run_without_an_interval_claims_nothing() -> None:
    (note,) = join([run(100, None), run(100, None)]).notes
    assert "no run states an interval" in note.text


def test_it_measures_so_often_and_keeps_what_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs = iter([run(100), run(101), run(102)])
    monkeypatch.setattr(module, "assess", lambda wish, progress: next(runs))
    path = tmp_path / "r.json"
    found = measure_repeatedly(Wish(keep=(path,)), 3, Quiet())
    assert len(found.results) == 3
    assert archive.load(path) == found


def test_a_signal_ends_it_and_keeps_the_runs_until_then(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = iter([run(100), run(101).model_copy(update={"complete": False})])
    monkeypatch.setattr(module, "assess", lambda wish, progress: next(runs))
    found = measure_repeatedly(Wish(), 3, Quiet())
    assert not found.complete
    assert len(found.results) == 2
