"""docs/validation.md out of the trials: every step predicted beside measured, then the verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.trial import Comparison, Decision, Trial, Tried
from bitpath_cli.model.units import human
from tests.validation.trials import Outcome

INTRODUCTION = """\
# How well the predictions hold

Written by `make validate`; every number comes from that one run, on the machine named below. Hosts
are network namespaces of one machine, joined by a bridge; each is pinned to a core, and its link is
bounded by a token bucket. That is an emulation: hosts share memory and caches, which real ones do
not, so a node alone is measured while all others train as well.

A trial measures three things first: the all-reduce over the link by message size, how much it and
computing slow each other down, and the steps of ranks that train alone, with three batches that no
candidate uses. From these `bitpath trial` predicts every candidate, then runs it. Nothing is fitted
to the candidates, so all of them are held out.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the summary."""

    what: str
    value: str
    target: str


def write(outcomes: Sequence[Outcome], machine: str, minutes: float) -> str:
    """The whole page."""
    done = [(each, each.report.trials[-1]) for each in outcomes if each.report is not None]
    lines = [
        INTRODUCTION,
        f"Machine: {machine}. {len(outcomes)} trials in {minutes:.0f} minutes.\n",
    ]
    lines += ["## Summary\n", "| | measured | target |", "|---|---|---|"]
    lines += [f"| {each.what} | {each.value} | {each.target} |" for each in summary(outcomes)]
    lines += ["\n## Steps, predicted and measured\n"]
    lines += ["| case | candidate | predicted | measured | error | in the 80 % interval |"]
    lines += ["|---|---|---|---|---|---|"]
    for outcome, trial in done:
        lines += [_step_line(outcome, each) for each in trial.run]
    lines += ["\n## Decisions\n"]
    lines += ["| case | goal | recommended | measured best | regret | noise | |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for outcome, trial in done:
        lines += [_decision_line(outcome, trial, each) for each in trial.decisions]
    failed = [each for each in outcomes if each.report is None]
    if failed:
        lines += ["\n## Not run\n", *(f"- {each.case.name}: {each.failure}" for each in failed)]
    return "\n".join(lines) + "\n"


def summary(outcomes: Sequence[Outcome]) -> list[Figure]:
    """The targets of this project beside what was reached."""
    trials = [each.report.trials[-1] for each in outcomes if each.report is not None]
    steps = [found for trial in trials for each in trial.run if (found := each.find("step_time"))]
    errors = sorted(abs(each.error.value) for each in steps if isinstance(each.error, Quantity))
    inside = [each.is_covered for each in steps if each.is_covered is not None]
    decisions = [each for trial in trials for each in trial.decisions]
    if not errors or not decisions:
        return [Figure("steps measured", str(len(errors)), "at least one")]
    return [
        Figure("steps compared", str(len(errors)), "24 cases or more"),
        Figure("step time, median error", f"{median(errors):.1%}", "5 %"),
        Figure("step time, worst error", f"{errors[-1]:.1%}", "15 %"),
        Figure("80 % intervals that hold", f"{fmean(inside):.0%}", "70 to 90 %"),
        *_all_reduce(outcomes),
        Figure("decisions", str(len(decisions)), "60 or more"),
        Figure(
            "recommended is measured best, ties within the noise counted",
            f"{fmean(each.is_right for each in decisions):.1%}", "95 %",
        ),
        _regret("mean regret of the recommended", decisions, lambda each: each.recommended, "1 %"),
        _regret("always one node, the cheapest hour too", decisions, lambda _: 0, "worse"),
        Figure(
            "a candidate at random",
            f"{fmean(fmean(each.measured) / min(each.measured) - 1 for each in decisions):.1%}",
            "worse",
        ),
    ]  # fmt: skip


def _regret(
    what: str, decisions: Sequence[Decision], choose: Callable[[Decision], int], target: str
) -> Figure:
    costs = [each.measured[choose(each)] / min(each.measured) - 1 for each in decisions]
    return Figure(what, f"{fmean(costs):.1%}", target)


def _all_reduce(outcomes: Sequence[Outcome]) -> list[Figure]:
    """The median over trials of what a left-out size was off by."""
    errors = []
    for each in outcomes:
        if each.report is None:
            continue
        for result in each.report.results:
            found = result.metric("prediction_error")
            if result.benchmark == "collectives" and found is not None and found.value is not None:
                errors.append(found.value)
    if not errors:
        return []
    told = f"{median(errors):.1%}"
    return [Figure("all-reduce at sizes left out, median error", told, "10 %")]


def _step_line(outcome: Outcome, tried: Tried) -> str:
    found = tried.find("step_time")
    cells = ("?",) * 4 if found is None else _cells(found)
    return f"| {outcome.case.name} | {tried.label} | {' | '.join(cells)} |"


def _cells(found: Comparison) -> tuple[str, str, str, str]:
    predicted, measured = (
        human(each.value, each.unit) if isinstance(each, Quantity) else "?"
        for each in (found.predicted, found.measured)
    )
    error = f"{found.error.value:+.1%}" if isinstance(found.error, Quantity) else "?"
    return predicted, measured, error, {True: "yes", False: "no", None: "?"}[found.is_covered]


def _decision_line(outcome: Outcome, trial: Trial, found: Decision) -> str:
    names = [each.label for each in trial.run]
    verdict = "right" if found.recommended == found.best else "a tie" if found.is_right else "wrong"
    return (
        f"| {outcome.case.name} | {found.goal} | {names[found.recommended]} | "
        f"{names[found.best]} | {found.regret:.1%} | {found.noise:.1%} | {verdict} |"
    )
