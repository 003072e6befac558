"""What was advised then and now, and the five terms of today's host and of the winner."""

from collections.abc import Iterator
from typing import Literal

from bitpath_cli.model.comparison import AdviceChange, TermChange
from bitpath_cli.model.reading import Missing, Reading, absent
from bitpath_cli.model.recommendation import (
    TERM_NAMES,
    Candidate,
    Recommendation,
    TermName,
)
from bitpath_cli.model.report import Report
from bitpath_cli.workflows._relative_change import (
    judge_prediction,
    relative_change,
    without_interval,
)


def advice_changes(before: Report, after: Report) -> tuple[AdviceChange, ...]:
    """One line per workload that both reports advise on."""
    return tuple(_advice(left, right) for left, right in _pairs(before, after))


def term_changes(before: Report, after: Report, margin: float) -> tuple[TermChange, ...]:
    """The terms of today's host, then those of the winner, per workload in both reports."""
    return tuple(
        change for left, right in _pairs(before, after) for change in _terms(left, right, margin)
    )


def _pairs(before: Report, after: Report) -> Iterator[tuple[Recommendation, Recommendation]]:
    """By workload; where a report answers for several sites, by the site too."""
    rest = list(after.recommendations)
    for left in before.recommendations:
        same = [each for each in rest if each.workload == left.workload]
        found = next((each for each in same if each.site == left.site), next(iter(same), None))
        if found is not None:
            rest.remove(found)
            yield left, found


def _advice(left: Recommendation, right: Recommendation) -> AdviceChange:
    was = "" if left.winner is None else left.winner.label
    now = "" if right.winner is None else right.winner.label
    strategies = [None if each.winner is None else each.winner.strategy for each in (left, right)]
    reason = _refusal(left, right)
    if not reason and left.goal != right.goal:
        reason = f"the goal was {left.goal} and is {right.goal}"
    if not reason and left.lambdas != right.lambdas:
        reason = "the weights differ"
    return AdviceChange(
        workload=left.workload, site=right.site, before=was, after=now,
        verdict_before=left.verdict, verdict_after=right.verdict,
        changed=was != now or strategies[0] != strategies[1], reason=reason,
    )  # fmt: skip


def _terms(left: Recommendation, right: Recommendation, margin: float) -> Iterator[TermChange]:
    refusal = _refusal(left, right)
    sides: tuple[tuple[Literal["today", "advised"], Candidate | None, Candidate | None], ...] = (
        ("today", _today(left), _today(right)),
        ("advised", _winner(left), _winner(right)),
    )
    for of, was, now in sides:
        if of == "advised" and (was is None or now is None):
            continue
        for name in TERM_NAMES:
            found = TermChange(
                workload=right.workload, site=right.site, of=of, term=name,
                before=_reading(was, name), after=_reading(now, name),
                change=absent("not compared"), outcome="not comparable",
            )  # fmt: skip
            yield _judged(found, refusal, margin)


def _judged(found: TermChange, refusal: str, margin: float) -> TermChange:
    was, now = found.before, found.after
    if isinstance(now, Missing):
        outcome = "not comparable" if isinstance(was, Missing) else "now unknown"
        return found.model_copy(update={"outcome": outcome, "reason": now.detail})
    if isinstance(was, Missing):
        return found.model_copy(update={"outcome": "now known", "reason": was.detail})
    if was.unit != now.unit:
        refusal = refusal or f"in {was.unit} before, in {now.unit} after"
    if refusal:
        return found.model_copy(update={"reason": refusal, "change": absent(refusal)})
    moved = relative_change(without_interval(was), without_interval(now))
    if isinstance(moved, Missing):
        return found.model_copy(update={"reason": moved.detail, "change": moved})
    outcome = judge_prediction(moved, margin)
    return found.model_copy(update={"outcome": outcome, "change": moved})


def _refusal(left: Recommendation, right: Recommendation) -> str:
    if left.site != right.site:
        return f"the site was {left.site} and is {right.site}"
    if left.unit_of_account != right.unit_of_account:
        return f"for {left.unit_of_account} before, for {right.unit_of_account} after"
    return ""


def _today(advice: Recommendation) -> Candidate | None:
    return next((each for each in advice.candidates if each.strategy == "today"), None)


def _winner(advice: Recommendation) -> Candidate | None:
    if advice.winner is None:
        return None
    return next((each for each in advice.candidates if each.configuration == advice.winner), None)


def _reading(candidate: Candidate | None, name: TermName) -> Reading:
    if candidate is None:
        return absent("the report does not list this host as it is")
    return candidate.terms.by_name(name).reading
