"""From a report, a workload and a site to a recommendation; no hardware is touched."""

import datetime
from dataclasses import replace
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.cost.uncertainty import TIE_BELOW
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.reading import Method, Origin, Quantity, Reading
from bitpath_cli.model.recommendation import (
    TERM_NAMES,
    Candidate,
    Recommendation,
    References,
    Remedy,
    Weights,
)
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.strategies import Question
from bitpath_cli.workflows import _certainty, _dependence, _reckoning, _wording
from bitpath_cli.workflows._assumptions import assumptions
from bitpath_cli.workflows._candidates import (
    candidate,
    is_feasible,
    strategy_order,
    term_unit,
)
from bitpath_cli.workflows._caveats import caveats, purchases
from bitpath_cli.workflows._demands import bounded, imagined, wishes
from bitpath_cli.workflows._evidence import evidence
from bitpath_cli.workflows._fleet_hosts import in_words
from bitpath_cli.workflows._judgement import Judgement, Wishes, judge
from bitpath_cli.workflows._known_devices import measured_devices
from bitpath_cli.workflows._measurements import measurements
from bitpath_cli.workflows._next_money import next_money
from bitpath_cli.workflows._one_change import changes_from_today
from bitpath_cli.workflows._price_age import price_notes
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows._service_changes import service_remedies
from bitpath_cli.workflows._service_notes import service_notes
from bitpath_cli.workflows._smallest_change import smallest_change
from bitpath_cli.workflows.day import today

_MOST_CANDIDATES: Final = 40


def advise(
    report: Report,
    workload_name: str,
    site_name: str = "default",
    demands: Demands | None = None,
    day: datetime.date | None = None,
) -> Recommendation:
    """The recommendation for a workload and a site, each a shipped name or the path of a file.

    `day` is the calendar's unless it is given: prices more than a year older are pointed out.
    """
    asked = demands or Demands()
    site = catalogue.site(site_name)
    workload = bounded(catalogue.workload(workload_name), asked, site.currency)
    question = question_for(
        report, workload, site, asked.largest_cluster, measured_devices(asked.measured, site)
    )
    aged = price_notes(site_name, day or today())
    question = replace(question, notes=(*question.notes, *aged))
    found = recommend(
        imagined(question, asked.what_if), wishes(asked, site.currency), report.results
    )
    if not asked.what_if:
        return found
    told = f"what if {', '.join(asked.what_if)}: this is not the site as its profile has it"
    return found.model_copy(update={"notes": (told, *found.notes)})


def recommend(
    question: Question, wishes: Wishes, results: tuple[BenchmarkResult, ...] = ()
) -> Recommendation:
    """Judge the question's configurations and say what follows.

    Trainings among the `results` tell what ways of synchronising did to what was learnt.
    """
    judged = judge(question, wishes)
    candidates = _candidates(judged)
    winner = None if judged.winner is None else _by_row(judged, candidates, judged.winner)
    confidence = _certainty.confidence(judged)
    tied = _certainty.tied(judged)
    if winner is None:
        verdict = "none feasible"
    elif confidence is not None and confidence.probability_best < TIE_BELOW:
        verdict = "tie"
    else:
        verdict = "clear"
    row = judged.winner if judged.winner is not None else _fallback(judged)
    return Recommendation(
        workload=question.workload.name,
        workload_is_example=question.workload.is_example,
        site=question.site.name,
        goal=wishes.goal,
        unit_of_account="one job" if question.workload.task == "training" else "one month",
        lambdas=Weights(**dict(wishes.lambdas)),
        lambdas_source=wishes.lambdas_source,
        references=_references(judged),
        references_explained=_explained(judged),
        winner=None if winner is None else winner.configuration,
        verdict=verdict,
        summary=_summary(judged, winner, verdict, tied),
        tied_with=tied if verdict == "tie" else (),
        probability_best=None if confidence is None else confidence.probability_best,
        robust=_certainty.is_robust(judged),
        confidence=confidence,
        configurations_considered=judged.considered,
        candidates=candidates,
        bottleneck=_dependence.bottleneck(judged, row),
        bottleneck_today=_dependence.bottleneck(judged, _fallback(judged)),
        sensitivities=_dependence.sensitivities(judged, row),
        break_even=_dependence.break_even_points(judged),
        remedies=_remedies(judged, row) if judged.winner is not None else (),
        remedies_today=changes_from_today(judged),
        next_money=next_money(judged),
        evidence=evidence(judged, row),
        smallest_change=smallest_change(judged) if judged.winner is None else "",
        assumptions=assumptions(judged, row),
        measurements=measurements(judged, row),
        formulas=_reckoning.formulas(judged, row),
        inputs=_reckoning.inputs(judged, row),
        notes=(
            *_notes(question, winner),
            *purchases(question, None if winner is None else winner.configuration),
            *caveats([each.configuration for each in _compared(candidates)], results),
        ),
    )


def _remedies(judged: Judgement, row: int) -> tuple[Remedy, ...]:
    """Twice of each resource, and for a service what else can be done; what helps most first."""
    found = (*_dependence.remedies(judged, row), *service_remedies(judged, row))
    return tuple(sorted(found, key=lambda each: each.change_in_score))


def _candidates(judged: Judgement) -> tuple[Candidate, ...]:
    """Each strategy's best (or the one that fails by least), then the rest of the Pareto front."""
    probabilities = _certainty.probabilities(judged)
    chosen = {name: judged.best.get(name, judged.nearest[name]) for name in strategy_order(judged)}
    first = [candidate(judged, row, probabilities.get(name, 0.0)) for name, row in chosen.items()]
    front = [
        row
        for row in range(len(judged.names))
        if not bool(judged.dominated[row])
        and row not in chosen.values()
        and judged.names[row] != "today"
    ]
    front.sort(key=lambda row: float(judged.scores[row]))
    shown: list[int] = list(chosen.values())
    for row in front:
        if not any(_certainty.is_same(judged, row, other) for other in shown):
            shown.append(row)
    rest = shown[len(chosen) : len(chosen) + _MOST_CANDIDATES]
    return (*first, *(candidate(judged, row, 0.0) for row in rest))


def _compared(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """Each strategy's best, of those that may be chosen."""
    first = {each.strategy: each for each in reversed(candidates)}
    return [each for each in reversed(first.values()) if each.feasible]


def _by_row(judged: Judgement, candidates: tuple[Candidate, ...], row: int) -> Candidate:
    name = judged.names[row]
    return next(each for each in candidates if each.strategy == name)


def _references(judged: Judgement) -> References:
    origin = Origin(method=Method.DERIVED, source="today's host doing the same work")
    currency = judged.question.site.currency
    found: dict[str, Reading] = {
        name: Quantity(
            value=float(judged.reference.named(name).mean()),
            unit=term_unit(name, currency),
            origin=origin,
        )
        for name in TERM_NAMES
    }
    return References(**found)


def _explained(judged: Judgement) -> str:
    number = (
        "one of it, from start to end of the job"
        if judged.question.workload.task == "training"
        else "as many as keep it at 70 % utilisation, in fractions, for a month"
    )
    own = ", ".join(sorted(judged.wishes.references))
    replaced = f" Your own budgets replace it for: {own}." if own else ""
    able = is_feasible(judged, _fallback(judged))
    whether = "" if able else ", which is hypothetical, because it cannot do it"
    return (
        f"Every term is divided by that of today's host doing the same work ({number}){whether}; "
        "bandwidth is the share of each link's time. The choice weighs the terms "
        f"implicitly.{replaced}"
    )


def _fallback(judged: Judgement) -> int:
    return judged.best.get("today", judged.nearest["today"])


def _summary(
    judged: Judgement, winner: Candidate | None, verdict: str, tied: tuple[StrategyName, ...]
) -> str:
    if winner is None:
        return "Nothing is feasible as the limits stand."
    words = _wording.STRATEGY_WORDS
    plainly = _wording.headline(winner.predicted)
    head = f"{words[winner.strategy].capitalize()}: {winner.configuration.label}; {plainly}"
    broken = next((each.sentence for each in winner.violations if each.binds), None)
    if broken is not None:
        head += f"; but {broken}"
    if verdict == "tie" and tied:
        others = ", ".join(words[name] for name in tied)
        return f"{head}; a tie with {others} as far as these numbers tell."
    return f"{head}."


def _notes(question: Question, winner: Candidate | None) -> tuple[str, ...]:
    serving = question.workload.serving
    notes = []
    if winner is not None and winner.configuration.precision == "int8":
        notes.append("int8 can cost accuracy; that is not in these numbers")
    if serving is not None:
        notes += service_notes(serving, winner)
    if question.site.cloud is None:
        notes.append("cloud-native and hybrid were not considered: the site's profile has no cloud")
    return (*_hosts(winner), *question.notes, *notes)


def _hosts(winner: Candidate | None) -> tuple[str, ...]:
    """Which of a fleet's hosts the advice means."""
    groups = () if winner is None else winner.configuration.nodes
    named = [f"{group.device}: {in_words(group.hosts)}" for group in groups if group.hosts[1:]]
    return (f"the hosts meant are {'; '.join(named)}",) if named else ()
