"""A trial as tables: every candidate predicted beside measured, and who was right."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.trial import Decision, Trial, Tried
from bitpath_cli.renderers._measured import Tone
from bitpath_cli.renderers._page import Cell, Table, table, value_cell
from bitpath_cli.renderers._trial_words import error, figure, held, verdict
from bitpath_cli.renderers._words import reading

_TONES: Final[dict[str, Tone]] = {"right": "good", "a tie": "fair", "wrong": "poor"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One trial; `remarks` are what was not run and why, and what was found."""

    key: str
    workload: str
    scaling: str
    figures: Table
    decisions: Table | None
    remarks: tuple[str, ...]


def show(trial: Trial, number: int) -> Shown:
    """The tables of one trial, which is the report's `number`-th."""
    names = [each.label for each in trial.run]
    failed = [each for each in trial.candidates if each.failure]
    return Shown(
        key=f"trial-{number}", workload=trial.workload, scaling=f"Scaled: {trial.scaling}.",
        figures=table(
            "Predicted beside measured", ("candidate", "figure", "predicted", "measured", "error"),
            [row for each in trial.run for row in _figures(each)], numbers=(2, 5),
            hidden_caption=True,
        ),
        decisions=table(
            "What the advice was worth",
            ("goal", "recommended", "measured best", "regret", "noise", "order τ", ""),
            [_decision(each, names) for each in trial.decisions], numbers=(3, 6),
            hidden_caption=True,
        ) if trial.decisions else None,
        remarks=(
            *(f"{each.label}: not run, {each.failure}" for each in failed),
            *trial.findings,
        ),
    )  # fmt: skip


def _figures(tried: Tried) -> Iterator[tuple[Cell, ...]]:
    shown = tried.label
    for each in tried.comparisons:
        tone: Tone = "plain" if each.is_covered in (True, None) else "fair"
        yield (
            Cell(shown, strong=True), Cell(figure(tried, each)), value_cell(each.predicted),
            Cell(reading(each.measured)), Cell(error(each), tone=tone),
        )  # fmt: skip
        shown = ""
    if tried.held is not None:
        yield Cell(shown), Cell("held up by"), Cell(""), Cell(held(tried.held)), Cell("")


def _decision(found: Decision, names: list[str]) -> tuple[Cell, ...]:
    told = verdict(found)
    order = found.rank_correlation
    return (
        Cell(found.goal), Cell(names[found.recommended]), Cell(names[found.best]),
        Cell(f"{found.regret:.1%}"), Cell(f"{found.noise:.1%}"),
        Cell(reading(order) if isinstance(order, Quantity) else "?"), Cell(told, tone=_TONES[told]),
    )  # fmt: skip
