"""A trial on the terminal: every candidate predicted beside measured, then who was right."""

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.trial import Comparison, Decision, Trial, Tried
from bitpath_cli.renderers._drawing import heading, labelled
from bitpath_cli.renderers._trial_words import error, figure, held, verdict
from bitpath_cli.renderers._words import reading

_COLOURS: Final = {"right": "green", "a tie": "yellow", "wrong": "red"}


def draw_trial(trial: Trial) -> Iterator[RenderableType]:
    """One block a trial."""
    yield heading("Trial", trial.workload)
    yield Padding(Text(f"Scaled: {trial.scaling}.", "dim"), (0, 0, 0, 2))
    yield Padding(_candidates(trial.candidates), (0, 0, 0, 2))
    for each in trial.candidates:
        if each.failure:
            told = Text.assemble((each.label, "bold"), f": not run, {each.failure}")
            yield Padding(labelled([(Text("✗", "red"), told)], 1), (0, 0, 0, 2))
    names = [each.label for each in trial.run]
    if trial.decisions:
        yield Padding(_decisions(trial.decisions, names), (0, 0, 0, 2))
    for words in trial.findings:
        yield Padding(labelled([(Text("!", "yellow"), Text(words))], 1), (0, 0, 0, 2))


def _candidates(tried: tuple[Tried, ...]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("")
    for title in ("predicted", "measured", "error"):
        table.add_column(title, justify="right")
    for each in tried:
        if each.failure:
            continue
        table.add_row(Text(each.label, "bold"))
        for found in each.comparisons:
            cells = (reading(found.predicted), reading(found.measured), _error(found))
            table.add_row(f"  {figure(each, found)}", *cells)
        if each.held is not None:
            table.add_row("  held up by", "", held(each.held), "")
    return table


def _decisions(decisions: tuple[Decision, ...], names: list[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("goal")
    table.add_column("recommended", overflow="fold")
    table.add_column("measured best", overflow="fold")
    table.add_column("regret", justify="right")
    table.add_column("noise", justify="right")
    table.add_column("order τ", justify="right")
    table.add_column("")
    for each in decisions:
        told = verdict(each)
        table.add_row(
            each.goal, names[each.recommended], names[each.best], f"{each.regret:.1%}",
            f"{each.noise:.1%}", reading(each.rank_correlation), Text(told, _COLOURS[told]),
        )  # fmt: skip
    return table


def _error(found: Comparison) -> Text:
    return Text(error(found), "green" if found.is_covered else "yellow")
