"""What today's limits and drift would change in a report's advice."""

import json
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.reading import reported
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.monitoring.limits import Change
from bitpath_cli.workflows import decide
from bitpath_cli.workflows._adjust import Adviser, Today, adjusted, compare_advice, today
from tests.sample_report import filled, recommendation, report

SMALLER = filled(
    Limits, name="host", effective_cpus=reported(1, ONE, "x"),
    effective_memory=reported(2 << 30, BYTE, "x"),
)  # fmt: skip


def saved(folder: Path, given: Report) -> Path:
    archive.save(given, folder / "report.json")
    return folder / "report.json"


def machine() -> Report:
    return report(components=(SMALLER,), results=(), recommendation=None, recommendations=())


def best_rate(given: Report) -> float:
    rates = [each.metric("throughput") for each in given.results if each.benchmark == "gemm"]
    return max(each.value for each in rates if each is not None and each.value is not None)


def test_matrix_products_go_with_the_processors_that_may_be_used(tmp_path: Path) -> None:
    change = Change("usable processors", reported(4, ONE, "x"), reported(1, ONE, "x"))
    now = today(tmp_path, machine(), (change,))
    found = adjusted(report(), now)
    assert now.compute == 0.25
    assert best_rate(found) == pytest.approx(best_rate(report()) / 4)
    (limits,) = [each for each in found.components if isinstance(each, Limits)]
    assert limits == SMALLER


def test_what_did_not_change_stays_as_it_was_measured(tmp_path: Path) -> None:
    found = adjusted(report(), today(tmp_path, machine(), ()))
    assert found.results == report().results
    kept = {each.kind for each in report().components} - {"limits"}
    assert kept <= {each.kind for each in found.components}


def test_an_interval_is_scaled_with_its_value() -> None:
    now = Today(path="x", machine=machine(), storage=0.5)
    disks = [each for each in adjusted(report(), now).results if each.benchmark == "disk"]
    bandwidth = disks[0].metric("bandwidth")
    assert bandwidth is not None
    assert (bandwidth.low, bandwidth.value, bandwidth.high) == pytest.approx(
        (2.1e9 * 0.49, 2.1e9 * 0.5, 2.1e9 * 0.51)
    )


def test_another_winner_is_said_with_how_to_be_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = recommendation()
    assert before.winner is not None
    other = before.winner.model_copy(update={"strategy": "cloud_native", "label": "8 × t4"})

    def advice(given: Report, _workload: str, _site: str, demands: Demands) -> Recommendation:
        assert demands.goal == before.goal
        is_slower = best_rate(given) < best_rate(report())
        return before.model_copy(update={"winner": other}) if is_slower else before

    monkeypatch.setattr(decide, "advice", advice)
    now = Today(path=str(saved(tmp_path, report())), machine=machine(), compute=0.1)
    (sentence,) = json.loads(compare_advice(now.model_dump_json(), lambda _text: None))
    assert "the advice would now be cloud-native (8 × t4) instead of " in sentence
    assert f"bitpath assess -w {before.workload}" in sentence


def test_a_workload_that_is_gone_is_said(tmp_path: Path) -> None:
    unknown = recommendation(workload="no-such-workload")
    path = saved(tmp_path, report(recommendation=unknown, recommendations=(unknown,)))
    now = Today(path=str(path), machine=machine())
    (sentence,) = json.loads(compare_advice(now.model_dump_json(), lambda _text: None))
    assert "cannot be told: There is no workload called 'no-such-workload'" in sentence


def test_the_cost_model_answers_from_a_process_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path, report())
    adviser = Adviser()
    adviser.ask(Today(path=str(path), machine=report(results=())))
    adviser.wait()
    (sentence,) = adviser.answers()
    assert sentence.startswith(f"{recommendation().workload}: the advice stays ")
    assert not adviser.is_busy


def test_a_report_that_is_gone_meanwhile_is_no_error(tmp_path: Path) -> None:
    adviser = Adviser()
    adviser.ask(Today(path=str(tmp_path / "none.json"), machine=machine()))
    adviser.wait()
    (sentence,) = adviser.answers()
    assert "could not be computed" in sentence
