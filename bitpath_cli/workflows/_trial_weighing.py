"""Predicted beside measured, and what the recommendation would have cost: the measured regret."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch

from bitpath_cli import catalogue, discover, strategies
from bitpath_cli.cost.objective import GOALS, objective, ratios
from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.cost.uncertainty import MEASURED_FLOOR, Draws
from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import (
    Method,
    Origin,
    Quantity,
)
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.trial import Comparison, Decision, Trial, Tried
from bitpath_cli.model.units import FLOP_PER_SECOND, SECOND, human
from bitpath_cli.strategies import (
    SYNCHRONISATIONS,
    JobPlans,
    Outcome,
    Plans,
    Question,
    Strategy,
    evaluate,
    join,
    select,
)
from bitpath_cli.workflows._candidates import interval, term_unit
from bitpath_cli.workflows._scaled_job import (
    STEPS,
    backward_alone,
    batch_of,
    measured_steps,
    sizes_of,
    small_job,
    small_question,
)
from bitpath_cli.workflows._trial_check import sentence
from bitpath_cli.workflows._trial_comparison import compared, decided
from bitpath_cli.workflows._trial_held import find_held
from bitpath_cli.workflows._trial_terms import Ran, measured_terms, ran
from bitpath_cli.workflows.trial import MODELLED, Attempted, Evidence, TrialWish

_DRAWS: Final = 1000
_SLOW: Final = 1.25
_FEW_STEPS: Final = 3
_MEASURED_AS: Final[dict[TermName, str]] = {
    "compute": "steps of the job × the measured step",
    "storage": "bytes of the job's files × measured time",
    "bandwidth": "bytes that the interfaces counted × steps of the job",
    "hardware": "the site's price × measured node-seconds",
    "energy": "the power model × measured node-seconds and processor time; no meter",
}


def weigh(wish: TrialWish, report: Report, found: Evidence) -> Trial:
    """All candidates that were to be run, compared where they did run.

    Raises UnmeasuredHost where no step was measured that a prediction could rest on.
    """
    alone = [each for each in found.alone if each.metric("step_time") is not None]
    if not alone:
        raise UnmeasuredHost("training step of the small model", "Give the trial a longer --cap.")
    site = catalogue.site(wish.site)
    workload = small_job(
        f"small-{wish.model}", sizes_of(alone[-1]), wish.global_batch, (wish.every,)
    )
    question = small_question(report, site, workload, alone, found.link, wish.hosts)
    attempted = [each for each in wish.candidates() if each.sync in MODELLED]
    taken = [_ran(found, each) for each in attempted]
    forecast = _forecast(question, attempted)
    measured = measured_terms(
        [each for each in taken if each is not None],
        question,
        max(1, _threads(report) // _ranks_here(wish)),
    )
    steps = measured_steps(alone)
    tried, row = [], 0
    for index, (each, run) in enumerate(zip(attempted, taken, strict=True)):
        if run is None:
            tried.append(_failed(each, found))
            continue
        figures = (
            _step(forecast, index, run),
            *_terms(forecast, index, measured, row, site.currency),
        )
        held = find_held(
            found.runs[each], found.checks, backward_alone(steps, batch_of(found.runs[each]))
        )
        tried.append(_tried(each, figures).model_copy(update={"held": held}))
        row += 1
    rows = torch.tensor([index for index, run in enumerate(taken) if run is not None])
    runs = [run for run in taken if run is not None]
    return Trial(
        workload=workload.name, site=site.name, scaling=_scaling(wish),
        is_emulated=wish.simulated_rate is not None, candidates=tuple(tried),
        decisions=_decisions(forecast.nominal.total().rows(rows), measured, runs)
        if taken[0] is not None and len(runs) > 1
        else (),
        findings=(
            *(sentence(each) for each in found.checks if each.is_slow),
            *_findings(alone),
            *_hasty(found),
        ),
        checks=found.checks,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What was predicted of the candidates, a row each: as expected, and in many draws."""

    nominal: Outcome
    drawn: Outcome


def _forecast(question: Question, attempted: Sequence[Attempted]) -> _Forecast:
    plans = _plans(question, attempted)
    return _Forecast(evaluate(question, plans, Draws(1)), evaluate(question, plans, Draws(_DRAWS)))


def _plans(question: Question, attempted: Sequence[Attempted]) -> Plans:
    """The strategies' own rows for today's host alone and for so many like it."""
    offered = [
        discover.member(strategies, name, "STRATEGY", Strategy).plan_job(question)
        for name in ("today", "distributed")
    ]
    plans = join(list(offered))
    if not isinstance(plans, JobPlans):
        raise TypeError("a trial compares jobs")
    nodes = (plans.count + plans.other_count).tolist()
    kinds = [SYNCHRONISATIONS[int(each)] for each in plans.synchronisation]
    rows = list(zip(nodes, kinds, plans.interval.tolist(), strict=True))
    wanted = [(each.nodes, MODELLED[each.sync], each.every) for each in attempted]
    return select(plans, torch.tensor([rows.index(each) for each in wanted]))


def _ran(found: Evidence, candidate: Attempted) -> Ran | None:
    result = found.runs.get(candidate)
    return None if result is None else ran(result, candidate.nodes)


def _tried(candidate: Attempted, compared: tuple[Comparison, ...]) -> Tried:
    return Tried(
        strategy="today" if candidate.nodes == 1 else "distributed", nodes=candidate.nodes,
        sync=candidate.sync, every=candidate.every, label=_label(candidate), comparisons=compared,
    )  # fmt: skip


def _failed(candidate: Attempted, found: Evidence) -> Tried:
    """Why a candidate has no figures; memory that it lacked is a limit the prediction missed."""
    result = found.runs.get(candidate)
    if result is not None and result.missing is not None:
        why = result.missing.detail
    else:
        why = "the trial ended before its turn"
    return _tried(candidate, ()).model_copy(update={"failure": why})


def _label(candidate: Attempted) -> str:
    if candidate.nodes == 1:
        return "one node"
    every = f" every {candidate.every} steps" if candidate.every > 1 else ""
    return f"{candidate.nodes} nodes, {candidate.sync}{every}"


def _step(forecast: _Forecast, index: int, run: Ran) -> Comparison:
    name = "step_time"
    predicted = interval(
        forecast.nominal.details[name][index, 0], forecast.drawn.details[name][index], SECOND, name
    )
    return compared("step_time", predicted, run.step)


def _terms(
    forecast: _Forecast, index: int, measured: TermTensors, row: int, currency: str
) -> tuple[Comparison, ...]:
    nominal, drawn = forecast.nominal.total(), forecast.drawn.total()
    found = []
    for name in TERM_NAMES:
        unit = term_unit(name, currency)
        predicted = interval(nominal.named(name)[index, 0], drawn.named(name)[index], unit, name)
        origin = Origin(method=Method.MEASURED, source=_MEASURED_AS[name])
        value = Quantity(value=float(measured.named(name)[row, 0]), unit=unit, origin=origin)
        found.append(compared(name, predicted, value))
    return tuple(found)


def _decisions(
    predicted: TermTensors, measured: TermTensors, runs: Sequence[Ran]
) -> tuple[Decision, ...]:
    """Under every goal: who was recommended, who was best, and the regret."""
    found = []
    for goal, lambdas in GOALS.items():
        guessed = objective(ratios(predicted, _reference(predicted)), lambdas).squeeze(1)
        true = objective(ratios(measured, _reference(measured)), lambdas).squeeze(1)
        chosen = int(guessed.argmin()), int(true.argmin())
        found.append(decided(goal, guessed, true, chosen, lambda row: _spread(runs[row])))
    return tuple(found)


def _reference(terms: TermTensors) -> TermTensors:
    """One node doing the same work: the first row, whose links could carry bytes all that time."""
    first = terms.rows(torch.tensor([0]))
    return replace(first, link_time=first.compute, bandwidth=first.compute)


def _spread(run: Ran) -> float:
    """Half the relative width of the measured step, never below what machines drift."""
    low, high = run.step.low, run.step.high
    if low is None or high is None:
        return MEASURED_FLOOR
    return max(MEASURED_FLOOR, (high - low) / 2 / run.step.value)


def _ranks_here(wish: TrialWish) -> int:
    """How many nodes of the trial share this host's processors."""
    return wish.hosts if wish.crew is None else wish.crew.ranks_here


def _threads(report: Report) -> int:
    limits = next((each for each in report.components if isinstance(each, Limits)), None)
    known = None if limits is None else limits.threads
    return max(1, int(known.value)) if isinstance(known, Quantity) else 1


def _scaling(wish: TrialWish) -> str:
    pretended = (
        ""
        if wish.simulated_rate is None
        else f"; computing is simulated by ranks that sleep as a device of "
        f"{human(wish.simulated_rate, FLOP_PER_SECOND)} would compute"
    )
    return (
        f"a job of {STEPS} steps of the small {wish.model} with {wish.global_batch} samples each, "
        f"from the time of the steps that were run; predictions are for the same job{pretended}"
    )


def _hasty(found: Evidence) -> tuple[str, ...]:
    """Candidates of which hardly a step was measured: starting them took their time."""
    samples = {_label(each): result.samples.get("step") for each, result in found.runs.items()}
    steps = {
        label: sum(block.loops * len(block.seconds) for block in taken.blocks)
        for label, taken in samples.items()
        if taken is not None
    }
    return tuple(
        f"{label} rests on {count} step{'s' if count > 1 else ''}: give the trial a longer --cap"
        for label, count in steps.items()
        if count < _FEW_STEPS
    )


def _findings(alone: Sequence[BenchmarkResult]) -> tuple[str, ...]:
    """Hosts that compute slower than the others did at the same time."""
    told = []
    for each in alone[-1:]:
        seconds = each.samples["step"].blocks[0].evidence.get("rank_seconds_per_step", ())
        middle = sorted(seconds)[len(seconds) // 2] if seconds else 0.0
        told += [
            f"host {rank} runs at {middle / spent:.0%} of the middle host's speed"
            for rank, spent in enumerate(seconds)
            if len(seconds) > 1 and spent > _SLOW * middle
        ]
    return tuple(told)
