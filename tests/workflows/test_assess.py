"""The whole of it, with measuring and advising replaced: what is kept when, what a fault costs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli import archive
from bitpath_cli.errors import BadProfile, NothingMeasured, UnknownName
from bitpath_cli.host import Host
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.workflows import assess as module
from bitpath_cli.workflows import measure
from bitpath_cli.workflows.assess import Wish, assess
from bitpath_cli.workflows.measure import Measured
from tests.sample_report import recommendation, report, results

FIRST, SECOND = results()[:2]
LOOKED = report(results=(), recommendation=None, recommendations=(), notes=())
OnResult = Callable[[BenchmarkResult], None]


class Stages:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def stage(self, words: str) -> None:
        self.told.append(words)

    def starting(
        self, benchmark: str, parameters: Any, share_done: float, seconds_left: float
    ) -> None:
        self.told.append(benchmark)


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine already looked at, two results, and advice without thinking."""
    monkeypatch.setattr(module, "inspect", lambda host, question, names: LOOKED)
    monkeypatch.setattr(measure, "measure", measuring(FIRST, SECOND))
    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", lambda *_: recommendation())


def measuring(*found: BenchmarkResult, is_interrupted: bool = False) -> Callable[..., Measured]:
    def stand_in(
        host: Host, components: Any, directory: str, names: Any, budget: Any, progress: Any,
        on_result: OnResult, **_: Any,
    ) -> Measured:  # fmt: skip
        for each in found:
            progress.starting(each.benchmark, each.parameters, 0.0, 1.0)
            on_result(each)
        return Measured(found, is_interrupted)

    return stand_in


def saved(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """Every report that is saved, in order."""
    kept: list[Report] = []
    monkeypatch.setattr(archive, "save", lambda found, path: kept.append(found))
    return kept


def test_it_looks_measures_advises_and_is_complete() -> None:
    stages = Stages()
    found = assess(Wish(("resnet50-training",)), stages)
    assert found.complete
    assert found.results == (FIRST, SECOND)
    assert found.recommendations == (recommendation(),)
    assert found.recommendation == recommendation()
    assert stages.told == [
        "looking at the machine", "gemm", "gemm", "weighing the strategies for resnet50-training",
    ]  # fmt: skip


def test_what_is_done_is_kept_after_every_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = saved(monkeypatch)
    assess(Wish(("resnet50-training",), keep=(Path("r.json"),)), Stages())
    assert [(len(each.results), each.complete) for each in kept] == [
        (0, False), (1, False), (2, False), (2, True),
    ]  # fmt: skip
    assert kept[-1].recommendation is not None


def test_several_workloads_each_get_advice_and_the_first_is_the_recommendation() -> None:
    found = assess(Wish(("resnet50-training", "manufacturing-inspection")), Stages())
    assert len(found.recommendations) == 2


def test_an_example_says_that_it_is_one_and_how_to_choose_another() -> None:
    found = assess(Wish(("resnet50-training",), is_example=True), Stages())
    (note,) = found.notes
    assert "is an example" in note.text
    assert "--workload" in note.next_step


def test_advice_that_cannot_be_given_becomes_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NothingMeasured("gemm", "nothing was measured", "Run it without --skip.")

    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", refuse)
    found = assess(Wish(("resnet50-training",)), Stages())
    assert found.complete
    assert found.recommendation is None
    (note,) = found.notes
    assert note.text.startswith("No advice for resnet50-training: gemm gave no valid result")
    assert note.next_step == "Run it without --skip."


def test_a_fault_of_ours_in_the_advice_costs_the_advice_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("rates")

    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", fail)
    found = assess(Wish(("resnet50-training",)), Stages())
    assert found.results == (FIRST, SECOND)
    assert found.notes[0].text.startswith(
        "The advice for resnet50-training failed (KeyError: 'rates' (test_assess.py, line "
    )


def test_a_signal_while_measuring_keeps_the_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measure, "measure", measuring(FIRST, is_interrupted=True))
    path = tmp_path / "r.json"
    found = assess(Wish(("resnet50-training",), keep=(path,)), Stages())
    assert not found.complete
    assert found.results == (FIRST,)
    assert found.recommendations == ()
    assert found.notes[-1].text == "Interrupted after 1 results."
    assert archive.load(path) == found


def test_a_signal_while_advising_keeps_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", interrupt)
    found = assess(Wish(("resnet50-training",)), Stages())
    assert not found.complete
    assert found.results == (FIRST, SECOND)


def test_a_signal_while_looking_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    half = LOOKED.model_copy(update={"complete": False})
    monkeypatch.setattr(module, "inspect", lambda *_: half)
    found = assess(Wish(("resnet50-training",)), Stages())
    assert not found.complete
    assert found.results == ()


def test_a_disk_that_fills_up_does_not_end_the_measuring(tmp_path: Path) -> None:
    found = assess(Wish(("resnet50-training",), keep=(tmp_path / "gone" / "r.json",)), Stages())
    assert found.complete
    assert found.results == (FIRST, SECOND)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(("no-such-workload",)),
        Wish(("resnet50-training",), site="no-such-site"),
        Wish(only=("no-such-benchmark",)),
        Wish(skip=("no-such-probe",)),
    ],
)
def test_an_unknown_name_is_refused_before_anything_runs(wish: Wish) -> None:
    stages = Stages()
    with pytest.raises(UnknownName):
        assess(wish, stages)
    assert stages.told == []


def test_a_profile_that_cannot_be_used_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("task = 'dancing'\n")
    with pytest.raises(BadProfile, match=r"bad\.toml"):
        assess(Wish((str(path),)), Stages())


def test_only_and_skip_choose_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def stand_in(*arguments: Any, **_: Any) -> Measured:
        asked.append(arguments[3])
        return Measured((), is_interrupted=False)

    monkeypatch.setattr(measure, "measure", stand_in)
    assess(Wish(only=("gemm",)), Stages())
    assess(Wish(only=("cpu",)), Stages())
    assert asked == [("gemm",), ()]
