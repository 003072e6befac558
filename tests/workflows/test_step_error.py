"""The model's own error out of a report's trials, and what it does to a job's spread."""

import math
from dataclasses import replace

import pytest
import torch

from bitpath_cli.cost.uncertainty import Draws, sigma
from bitpath_cli.model.reading import derived
from bitpath_cli.model.report import Report
from bitpath_cli.model.trial import Comparison, Trial, Tried
from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.strategies import evaluate
from bitpath_cli.strategies.today import STRATEGY
from bitpath_cli.workflows._step_error import step_error
from tests.questions import exact, job, question
from tests.sample_report import report


def tried(error: float) -> Tried:
    seconds = derived(1.0, SECOND, "a test")
    compared = Comparison(
        name="step_time", predicted=seconds, measured=seconds,
        error=derived(error, ONE, "a test"),
    )  # fmt: skip
    return Tried(
        strategy="today", nodes=1, sync="single", every=1, label="one", comparisons=(compared,)
    )


def trials(*errors: float, is_emulated: bool = False) -> Report:
    made = Trial(
        workload="w", site="s", scaling="", is_emulated=is_emulated,
        candidates=tuple(map(tried, errors)), decisions=(),
    )  # fmt: skip
    return report().model_copy(update={"trials": (made,)})


def test_without_trials_a_tenth_is_assumed() -> None:
    for told in (report(), trials(0.5, 0.5), trials(0.5, 0.5, 0.5, is_emulated=True)):
        assert sigma(step_error(told)) == pytest.approx(math.log(1.1), rel=0.01)


def test_three_steps_give_their_root_mean_square() -> None:
    """ln 1.2 up, ln 1.2 down and nothing: √(2/3) of ln 1.2."""
    found = step_error(trials(0.2, 1 / 1.2 - 1, 0.0))
    assert found.value == 1.0
    assert sigma(found) == pytest.approx(math.sqrt(2 / 3) * math.log(1.2), rel=0.01)


def test_small_errors_are_no_proof_of_a_perfect_model() -> None:
    assert sigma(step_error(trials(0.0, 0.001, 0.0))) == pytest.approx(0.03, rel=0.01)


def test_a_jobs_time_spreads_by_the_models_error_and_its_value_stays() -> None:
    asked = question(job())
    plans = STRATEGY.plan_job(asked)
    doubted = replace(asked, step_error=exact(1.0, factor=1.2))
    sure = evaluate(asked, plans, Draws(2000)).details["step_time"][0].expand(2000)
    unsure = evaluate(doubted, plans, Draws(2000)).details["step_time"][0]
    assert float(torch.log(sure).std()) == pytest.approx(0.0, abs=1e-9)
    assert float(torch.log(unsure).std()) == pytest.approx(math.log(1.2), rel=0.05)
    nominal = evaluate(doubted, plans, Draws(1)).details["step_time"][0, 0]
    assert float(nominal) == pytest.approx(float(sure[0]))
