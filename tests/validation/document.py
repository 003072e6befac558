"""docs/validation.md out of the trials: every step predicted beside measured, then the verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import CollectivePoint
from bitpath_cli.model.trial import Comparison, Decision, Trial, Tried
from bitpath_cli.model.units import human
from tests.validation import published, serving, serving_section, throttles
from tests.validation.trials import Outcome

_JUDGED_BYTES = 64 << 10
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


def write(
    outcomes: Sequence[Outcome],
    throttled: Sequence[throttles.Seen],
    services: Sequence[serving.Outcome],
    machine: str,
    minutes: float,
) -> str:
    """The whole page."""
    done = [(each, each.report.trials[-1]) for each in outcomes if each.report is not None]
    lines = [
        INTRODUCTION,
        f"Machine: {machine}. {len(outcomes) + len(throttled) + len(services)} trials in "
        f"{minutes:.0f} minutes.\n",
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
    lines += _throttled(throttled)
    lines += serving_section.lines(services)
    lines += published.lines()
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
    """What the line between two neighbours is off by at the size between them, which is left out.

    Steps are predicted from such lines. Below 64 KiB a token bucket's own behaviour is not judged.
    """
    errors = [
        error
        for each in outcomes
        if each.report is not None
        for result in each.report.results
        if result.benchmark == "collectives"
        for error in left_out(result.points)
    ]
    if not errors:
        return []
    what = f"all-reduce, {len(errors)} sizes left out one by one, median error"
    return [Figure(what, f"{median(errors):.1%}", "10 %")]


def left_out(points: Sequence[CollectivePoint]) -> list[float]:
    """Relative errors at every size that has a larger and a smaller neighbour."""
    found = []
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if here.size_bytes < _JUDGED_BYTES:
            continue
        share = (here.size_bytes - before.size_bytes) / (after.size_bytes - before.size_bytes)
        line = before.time.value + share * (after.time.value - before.time.value)
        found.append(abs(line / here.time.value - 1))
    return found


def _throttled(seen: Sequence[throttles.Seen]) -> list[str]:
    """Every resource that was throttled on purpose, and what the trial named."""
    if not seen:
        return []
    return [
        "\n## Throttled on purpose\n",
        "The host was assessed first, without a throttle. A trial then measures it again, and "
        "names what has less than three quarters of what the report says.\n",
        "| throttled | how | named | share of the report's | its step is held up by | |",
        "|---|---|---|---|---|---|",
        *(_throttled_line(each) for each in seen),
    ]


def _throttled_line(seen: throttles.Seen) -> str:
    how = seen.throttle.words
    if seen.left is not None:
        how += f", which leaves {seen.left:.0%} of a stream"
    checks = () if seen.trial is None else seen.trial.checks
    shares = ", ".join(
        f"{each.resource} {each.found.value / each.reported.value:.0%}"
        for each in checks
        if each.is_slow or not seen.named
    )
    verdict = "right" if seen.is_right else f"wrong {seen.failure}".strip()
    named = ", ".join(seen.named) or "nothing"
    wanted = seen.throttle.resource or "nothing"
    return f"| {wanted} | {how} | {named} | {shares} | {seen.held or '-'} | {verdict} |"


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
