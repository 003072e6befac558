"""The section of docs/validation.md on services: predicted beside measured, and verdicts."""

from collections.abc import Sequence
from statistics import fmean, median

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.trial import Comparison, Tried
from bitpath_cli.model.units import human
from tests.validation.serving import Outcome

INTRODUCTION = """\
## Serving

Two hosts of a core each, the edge's by quota where that is said, joined by a shaped link; a delay
line in the switch lengthens round trips. `bitpath serve` answers on one and `bitpath trial` asks
from the other. Measured beforehand: every module of the model alone at the edge, the whole of it
alone at the centre, and messages that no model answers, alone and several at once. The same
arrivals are followed through these (`prediction/tandem.py`); nothing is fitted to what is run.
The error of a latency is of one finite run, whose slowest requests are few.
"""
_COMPARED = ("latency_p50", "latency_p95", "compute")


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """All of it; nothing where no service was tried."""
    if not outcomes:
        return []
    told = [f"\n{INTRODUCTION}", "| | measured | target |", "|---|---|---|"]
    told += [f"| {what} | {value} | {target} |" for what, value, target in summary(outcomes)]
    told += ["\n| case | placement | p50 predicted | measured | p95 predicted | measured "
             "| mean, error | mean in the 80 % interval |"]  # fmt: skip
    told += ["|---|---|---|---|---|---|---|---|"]
    for outcome in outcomes:
        if outcome.report is not None:
            told += [_line(outcome, each) for each in outcome.report.trials[-1].candidates]
    told += ["\n| case | goal | recommended | measured best | regret | noise | |"]
    told += ["|---|---|---|---|---|---|---|"]
    for outcome in outcomes:
        told += _verdicts(outcome)
    failed = [each for each in outcomes if each.report is None]
    if failed:
        told += ["\nNot run:\n", *(f"- {each.case.name}: {each.failure}" for each in failed)]
    return told


def summary(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    """What was reached, in the words and the targets of the summary above it."""
    trials = [each.report.trials[-1] for each in outcomes if each.report is not None]
    decisions = [each for trial in trials for each in trial.decisions]
    found = {
        name: [known for trial in trials for each in trial.run if (known := each.find(name))]
        for name in _COMPARED
    }
    errors = {name: sorted(_errors(each)) for name, each in found.items()}
    if not decisions or not all(errors.values()):
        return [("services compared", str(len(trials)), "8 or more")]
    inside = [each.is_covered for each in found["compute"] if each.is_covered is not None]
    best = [min(each.measured) for each in decisions]
    chosen = [each.regret for each in decisions]
    edge = [each.measured[0] / low - 1 for each, low in zip(decisions, best, strict=True)]
    random = [fmean(each.measured) / low - 1 for each, low in zip(decisions, best, strict=True)]
    return [
        ("placements compared", str(sum(len(each.run) for each in trials)), "of 8 cases or more"),
        ("mean answer, median error", f"{median(errors['compute']):.1%}", "5 %"),
        ("mean answer, worst error", f"{errors['compute'][-1]:.1%}", "15 %"),
        ("p50, median error", f"{median(errors['latency_p50']):.1%}", ""),
        ("p95, median error", f"{median(errors['latency_p95']):.1%}", ""),
        ("80 % intervals of the mean that hold", f"{fmean(inside):.0%}", "70 to 90 %"),
        ("decisions", str(len(decisions)), ""),
        ("recommended is measured best, ties within the noise counted",
         f"{fmean(each.is_right for each in decisions):.1%}", "95 %"),
        ("mean regret of the recommended", f"{fmean(chosen):.1%}", "1 %"),
        ("always the first that can run: the edge where it keeps up", f"{fmean(edge):.1%}",
         "worse"),
        ("a placement at random", f"{fmean(random):.1%}", "worse"),
    ]  # fmt: skip


def _errors(found: Sequence[Comparison]) -> list[float]:
    return [abs(each.error.value) for each in found if isinstance(each.error, Quantity)]


def _line(outcome: Outcome, tried: Tried) -> str:
    if tried.failure:
        return f"| {outcome.case.name} | {tried.label} | not run: {tried.failure} | | | | | |"
    cells = [*_pair(tried.find("latency_p50")), *_pair(tried.find("latency_p95"))]
    mean = tried.find("compute")
    if mean is not None and isinstance(mean.error, Quantity):
        covered = {True: "yes", False: "no", None: "?"}[mean.is_covered]
        cells += [f"{mean.error.value:+.1%}", covered]
    return f"| {outcome.case.name} | {tried.label} | {' | '.join(cells)} |"


def _pair(found: Comparison | None) -> tuple[str, str]:
    if found is None:
        return "?", "?"
    predicted, measured = (
        human(each.value, each.unit) if isinstance(each, Quantity) else "?"
        for each in (found.predicted, found.measured)
    )
    return predicted, measured


def _verdicts(outcome: Outcome) -> list[str]:
    if outcome.report is None:
        return []
    trial = outcome.report.trials[-1]
    names = [each.label for each in trial.run]
    told = []
    for each in trial.decisions:
        verdict = "right" if each.recommended == each.best else "a tie"
        told.append(
            f"| {outcome.case.name} | {each.goal} | {names[each.recommended]} | "
            f"{names[each.best]} | {each.regret:.1%} | {each.noise:.1%} | "
            f"{verdict if each.is_right else 'wrong'} |"
        )
    return told
