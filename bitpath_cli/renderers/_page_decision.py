"""The advice for one workload as the parts of a page: the verdict first, then what it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import TERM_NAMES, Candidate, Recommendation
from bitpath_cli.model.units import significant
from bitpath_cli.renderers._charts import Chart
from bitpath_cli.renderers._charts_elasticities import draw_elasticities
from bitpath_cli.renderers._charts_front import draw_front
from bitpath_cli.renderers._charts_terms import draw_scores, draw_terms
from bitpath_cli.renderers._decision import (
    bottleneck,
    columns,
    confidence,
    firsts,
    losers,
    next_bottleneck,
    weights,
)
from bitpath_cli.renderers._page import Cell, Figure, Table, table, value_cell
from bitpath_cli.renderers._words import (
    interval,
    label,
    reading,
    scale_of,
    share,
    strategy,
    term,
    term_name,
)

_VERDICTS: Final = {
    "clear": "Clear choice", "tie": "Too close to call", "none feasible": "None feasible",
}  # fmt: skip
_MOST_GUESSES: Final = 3
_SHOWN_FIRST: Final = ("job_time", "latency_", "job_price", "month_price")


@dataclass(frozen=True, slots=True)
class Decision:
    """One workload's section."""

    key: str
    workload: str
    about: str
    verdict: str
    tone: str
    headline: str
    summary: str
    figures: tuple[Figure, ...]
    bottlenecks: tuple[tuple[str, str], ...]
    flips: tuple[str, ...]
    confidence: str
    charts: tuple[Chart, ...]
    terms: Table
    losers: tuple[tuple[str, str], ...]
    remedies: Table | None
    details: tuple[Table, ...]
    weights: str
    references: str
    notes: tuple[str, ...]


def decide(advice: Recommendation, number: int) -> Decision:
    """Everything about one recommendation; `number` keeps its anchors apart from the others'."""
    key = f"advice-{number}"
    found = columns(advice)
    charts = (
        draw_scores(key, found), draw_front(key, advice), draw_elasticities(key, advice),
        draw_terms(key, advice),
    )  # fmt: skip
    return Decision(
        key=key,
        workload=advice.workload,
        about=_about(advice),
        verdict=_VERDICTS[advice.verdict],
        tone={"clear": "good", "tie": "fair", "none feasible": "poor"}[advice.verdict],
        headline=headline(advice),
        summary=_summary(advice),
        figures=tuple(_figures(advice)),
        bottlenecks=tuple(_bottlenecks(advice)),
        flips=tuple(_flips(advice)),
        confidence=confidence(advice),
        charts=tuple(each for each in charts if each is not None),
        terms=_terms(advice),
        losers=losers(advice),
        remedies=_remedies(advice),
        details=tuple(_details(advice)),
        weights=weights(advice),
        references=advice.references_explained,
        notes=advice.notes,
    )


def headline(advice: Recommendation) -> str:
    """The strategy that won, with its machines."""
    if advice.winner is None:
        return "Nothing is feasible"
    return f"{strategy(advice.winner.strategy).capitalize()}: {advice.winner.label}"


def margin(advice: Recommendation) -> tuple[str, str]:
    """L of the winner, and how far the next strategy is behind; today's host is no rival."""
    rivals = _rivals(advice)
    if advice.winner is None or not rivals or rivals[0].score is None:
        return "–", ""
    best = rivals[0].score
    if len(rivals) < 2 or not rivals[1].score:
        return significant(best), "none is feasible"
    second = rivals[1]
    return significant(best), f"{strategy(second.strategy)} {significant(second.score or 0.0)}"


def _rivals(advice: Recommendation) -> list[Candidate]:
    return [
        each for each in firsts(advice)
        if each.feasible and each.score is not None and each.strategy != "today"
    ]  # fmt: skip


def _about(advice: Recommendation) -> str:
    example = "an example workload · " if advice.workload_is_example else ""
    return f"{example}site {advice.site} · goal {advice.goal} · for {advice.unit_of_account}"


def _summary(advice: Recommendation) -> str:
    """Without the words that the headline has said."""
    rest = advice.summary.removeprefix(headline(advice)).lstrip(" ;,:")
    return rest[:1].upper() + rest[1:]


def _bottlenecks(advice: Recommendation) -> Iterator[tuple[str, str]]:
    now = advice.bottleneck_today is not None
    if sentence := bottleneck(advice):
        yield "today" if now else "as advised", sentence
    if sentence := next_bottleneck(advice):
        yield "as advised", sentence


def _figures(advice: Recommendation) -> Iterator[Figure]:
    winner = _winner(advice)
    if winner is not None:
        for prefix in _SHOWN_FIRST:
            for name, value in winner.predicted.items():
                if name.startswith(prefix) and isinstance(value, Quantity):
                    yield Figure(label(name), reading(value), interval(value))
    score, rival = margin(advice)
    if winner is not None:
        yield Figure("L, today = 1", score, f"next: {rival}")
    if advice.probability_best is not None:
        draws = "" if advice.confidence is None else f"of {advice.confidence.draws:,} draws"
        yield Figure("best in", share(advice.probability_best), draws)


def _winner(advice: Recommendation) -> Candidate | None:
    return next(
        (each for each in advice.candidates if each.configuration == advice.winner), None
    )  # fmt: skip


def _flips(advice: Recommendation) -> Iterator[str]:
    """What would change the answer: the break-even points, then the guesses that decide."""
    if advice.smallest_change:
        yield advice.smallest_change
    yield from (each.sentence[:1].upper() + each.sentence[1:] for each in advice.break_even)
    if advice.winner is not None and not advice.break_even and len(_rivals(advice)) > 1:
        yield "No single resource, price or demand that was varied makes another strategy the best."
    now = advice.probability_best or 0.0
    deciding = [each for each in advice.assumptions if each.confidence_if_known >= now + 0.05]
    for each in sorted(deciding, key=lambda each: -each.confidence_if_known)[:_MOST_GUESSES]:
        yield (
            f"{each.name} is only assumed, {reading(each.reading)} {interval(each.reading)}; "
            f"knowing it would raise the certainty from {share(now)} to about "
            f"{share(each.confidence_if_known)}: {each.next_step}"
        )


def _terms(advice: Recommendation) -> Table:
    rows = []
    for candidate, column in zip(firsts(advice), columns(advice), strict=True):
        name = f"★ {column.strategy}" if column.wins else column.strategy
        rows.append(
            (
                Cell(name, aside=column.configuration, strong=column.wins),
                *(_term_cell(candidate, at, column.multiples[at]) for at in range(len(TERM_NAMES))),
                Cell(column.score, strong=column.wins),
                Cell(column.probability if column.feasible else "not feasible"),
            )
        )
    heads = ("strategy", *(term_name(name) for name in TERM_NAMES), "L", "best in")
    return table(
        "The five terms of each strategy's best configuration, and their multiple of today's host",
        heads, rows, numbers=(1, 8), hidden_caption=True,
    )  # fmt: skip


def _term_cell(candidate: Candidate, at: int, multiple: str) -> Cell:
    value = candidate.terms.by_name(TERM_NAMES[at])
    bounds = ""
    if value.low is not None and value.high is not None and value.value is not None:
        chosen = scale_of(value.value, value.unit)
        bounds = f"[{chosen.show(value.low)} – {chosen.show(value.high)}]"
    aside = f"{multiple}\n{bounds}".strip() if value.value else multiple
    return Cell(term(value), aside=aside if value.missing is None else value.missing.detail)


def _remedies(advice: Recommendation) -> Table | None:
    if not advice.remedies:
        return None
    winner = _winner(advice)
    now = 1.0 if winner is None or not winner.score else winner.score
    rows = (
        (Cell(each.sentence), Cell(_change(each.change_in_score / now)), value_cell(each.cost))
        for each in advice.remedies
    )
    heads = ("what", "change of L", "what it costs")
    return table("What would make it better", heads, rows, numbers=(1, 2), hidden_caption=True)


def _change(fraction: float) -> str:
    digits = 0 if abs(fraction) >= 0.1 else 1 if abs(fraction) >= 0.01 else 2
    return f"{fraction:+.{digits}%}".replace("%", " %").replace("-", "−")


def _assumptions(advice: Recommendation) -> Table | None:
    if not advice.assumptions:
        return None
    ordered = sorted(advice.assumptions, key=lambda each: -each.confidence_if_known)
    rows = (
        (Cell(each.name), value_cell(each.reading), Cell(share(each.confidence_if_known)),
         Cell(each.next_step))
        for each in ordered
    )  # fmt: skip
    return table(
        "All that it rests on and was not measured",
        ("input", "assumed", "certainty if known", "how to know it"), rows, numbers=(1, 3),
    )  # fmt: skip


def _details(advice: Recommendation) -> Iterator[Table]:
    """What it rests on, and how it was reckoned, for who wants to redo it by hand."""
    if told := advice.measurements:
        yield table(
            "What could still be measured, and how much surer the choice would be",
            ("measurement", "certainty now", "certainty if known", "command"),
            ((each.what, Cell(share(each.confidence_now)), Cell(share(each.confidence_if_known)),
              each.command) for each in told),
            numbers=(1, 3),
        )  # fmt: skip
    if (rests := _assumptions(advice)) is not None:
        yield rests
    if advice.formulas:
        yield table(
            "Formulas", ("figure", "value", "from"),
            ((label(each.name), value_cell(each.value), each.formula) for each in advice.formulas),
            numbers=(1, 2),
        )  # fmt: skip
    if advice.inputs:
        yield table(
            "Inputs", ("input", "value", "origin", "source"),
            (
                (each.name, value_cell(each.reading), str(each.reading.origin.method),
                 each.reading.origin.source)
                for each in advice.inputs
            ),
            numbers=(1, 2),
        )  # fmt: skip
    rest = [each for each in advice.candidates if each not in firsts(advice)]
    yield table(
        "All configurations that were kept",
        ("configuration", "strategy", *(term_name(name) for name in TERM_NAMES), "L"),
        (
            (each.configuration.label, strategy(each.strategy),
             *(term(each.terms.by_name(name)) for name in TERM_NAMES),
             "–" if each.score is None else significant(each.score))
            for each in (*firsts(advice), *rest)
        ),
        numbers=(2, 8),
    )  # fmt: skip


def overview(all_advice: Sequence[Recommendation]) -> Table | None:
    """One row a workload; None for fewer than two."""
    if len(all_advice) < 2:
        return None
    return table(
        "The recommendation for each workload",
        ("workload", "recommended", "verdict", "best in", "L", "next"),
        (
            (
                each.workload, headline(each), _VERDICTS[each.verdict],
                "–" if each.probability_best is None else share(each.probability_best),
                *margin(each),
            )
            for each in all_advice
        ),
        numbers=(3, 5), hidden_caption=True,
    )  # fmt: skip
