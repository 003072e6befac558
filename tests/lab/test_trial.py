"""Trials on two hosts: two smoke cases of the validation, and a host that dies in the middle."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.model.reading import Quantity
from tests.lab import groups
from tests.lab.extent import full
from tests.lab.hosts import hosts, lacking
from tests.validation import cases, trials
from tests.validation.cases import Case

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
    pytest.mark.skipif(bool(groups.lacking()), reason=groups.lacking()),
    pytest.mark.timeout(240),
]
_SMOKE = (Case("recommender", "1gbit", 2, cap="40s"), Case("mlp", "unshaped", 2, cap="40s"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[trials.Outcome]]:
    yield list(trials.run(_SMOKE, tmp_path_factory.mktemp("trials")))


def test_every_candidate_is_predicted_and_measured_and_judged(
    outcomes: list[trials.Outcome],
) -> None:
    assert len(outcomes) == len(_SMOKE)
    for outcome in outcomes:
        assert outcome.report is not None, outcome.failure
        trial = outcome.report.trials[-1]
        assert [each.label for each in trial.run] == [
            "one node", "2 nodes, ddp", "2 nodes, local-sgd every 8 steps",
        ]  # fmt: skip
        assert {each.goal for each in trial.decisions} == {"balanced", "speed", "cost", "energy"}


def test_bytes_on_the_wire_are_those_of_the_formula_and_headers(
    outcomes: list[trials.Outcome],
) -> None:
    for outcome in outcomes:
        assert outcome.report is not None
        found = outcome.report.trials[-1].candidates[1].find("bandwidth")
        assert found is not None
        assert isinstance(found.error, Quantity)
        assert 0 < found.error.value < 0.15


@full
def test_a_host_that_dies_leaves_a_trial_of_what_had_run(tmp_path: Path) -> None:
    with hosts(2) as lab:
        report, output = trials.assess(lab, tmp_path), tmp_path / "out.json"
        case = Case("recommender", "unshaped", 2, cap="60s")
        processes = trials.start(lab, case, report, output, ())
        _wait_for_steps(output)
        lab.kill(1)
        _, err = processes[0].communicate(timeout=120)
    assert processes[0].returncode == 4, err
    assert "1 of 2" in err or "Node 1" in err
    kept = archive.load(output)
    assert not kept.complete
    assert any("ended early" in each.text for each in kept.notes)


def _wait_for_steps(output: Path) -> None:
    """Until the first training has been kept."""
    while not output.exists() or not any(
        each.benchmark == "train_step" for each in archive.load(output).results
    ):
        select.select([], [], [], 0.1)


def test_the_committed_cases_are_read_and_cover_what_they_must() -> None:
    found = cases.read()
    assert len(found) >= 24
    assert {each.model for each in found} == {"mlp", "resnet", "transformer", "recommender"}
    assert {each.hosts for each in found} >= {2, 4, 8}
    assert all(sum(each.quota) <= 1.6 for each in found)
