"""The advice on the terminal: the bottleneck, five terms side by side, who lost and why."""

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.renderers._decision import (
    Column,
    assumptions,
    bottleneck,
    columns,
    confidence,
    losers,
    next_bottleneck,
    term_labels,
    weights,
    worth_measuring,
)
from bitpath_cli.renderers._drawing import FILL_STYLES, FILLS, heading, labelled, stack

_LABEL: Final = 12
_INDENT: Final = 2
_ONE_LINE: Final = 22
_MOST: Final = 4


def draw_decision(advice: Recommendation, width: int) -> Iterator[RenderableType]:
    """One workload's section."""
    example = "an example workload · " if advice.workload_is_example else ""
    yield heading(f"Where to run {advice.workload}")
    about = f"{example}site {advice.site} · goal {advice.goal} · for {advice.unit_of_account}"
    yield _indented(Text(about, "dim"))
    if sentence := bottleneck(advice):
        yield _indented(_marked("▼", "red", f"Bottleneck: {sentence}"))
    yield _indented(
        _marked("★" if advice.winner else "✗", "green" if advice.winner else "red", advice.summary)
    )
    yield Text()
    found = columns(advice)
    yield _indented(_draw_terms(found, width - _INDENT))
    yield Text()
    yield from _draw_scores(found, width - _INDENT)
    yield Text()
    yield _indented(labelled(list(_explain(advice)), _LABEL))


def _draw_terms(found: tuple[Column, ...], width: int) -> Table:
    cell = (width - _LABEL) // max(1, len(found)) - 1
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=_LABEL - 1, style="dim")
    for each in found:
        table.add_column(width=min(cell, 28), overflow="fold", style="" if each.feasible else "dim")
    table.add_row("", *(_title(each) for each in found))
    table.add_row("", *(Text(each.configuration, "dim") for each in found))
    for index, name in enumerate(term_labels()):
        table.add_row(name, *(_cell(each, index, cell) for each in found))
    table.add_row("best in", *(each.probability for each in found))
    return table


def _title(column: Column) -> Text:
    if column.wins:
        return Text(f"★ {column.strategy}", "bold green")
    return Text(column.strategy if column.feasible else f"✗ {column.strategy}", "bold")


def _cell(column: Column, index: int, width: int) -> Text:
    """Value and multiple of today's: on one line where there is room for both."""
    gap = " " if width >= _ONE_LINE else "\n"
    multiple = column.multiples[index]
    return Text.assemble(column.values[index], (f"{gap}{multiple}" if multiple else "", "dim"))


def _draw_scores(found: tuple[Column, ...], width: int) -> Iterator[RenderableType]:
    """L as stacked bars of equal scale, so that one sees what each strategy pays for."""
    scored = [each for each in found if each.total is not None]
    if not scored:
        return
    legend = Text("L, shorter is better:", "dim")
    for name, fill, style in zip(term_labels(), FILLS, FILL_STYLES, strict=True):
        legend.append("  ").append(fill, style).append(f" {name}", "dim")
    yield _indented(legend)
    cells = max(10, min(60, width - 14 - 10))
    full = _scale([each.total or 0.0 for each in scored])
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=13)
    table.add_column(width=8, justify="right")
    table.add_column(width=cells, no_wrap=True)
    for each in scored:
        style = "bold green" if each.wins else "" if each.feasible else "dim"
        table.add_row(
            Text(each.strategy, style), Text(each.score, style), stack(each.parts, full, cells)
        )
    yield _indented(table)


def _scale(totals: list[float]) -> float:
    """The longest bar: one hopeless strategy must not flatten all the others."""
    return max(min(max(totals), 4 * min(totals)), 1e-12)


def _explain(advice: Recommendation) -> Iterator[tuple[str, RenderableType]]:
    for strategy, sentence in losers(advice):
        yield strategy, Text(sentence)
    if sentence := next_bottleneck(advice):
        yield "then limits", Text(sentence)
    yield "how sure", Text(confidence(advice))
    for label, sentences in (
        ("until", [each.sentence for each in advice.break_even]),
        ("better by", [each.sentence for each in advice.remedies]),
        ("one change", [each.sentence for each in advice.remedies_today]),
        ("next money", [] if advice.next_money is None else [advice.next_money.sentence]),
        ("measure", [each.removeprefix("measure ") for each in worth_measuring(advice)]),
        ("rests on", list(assumptions(advice, _MOST - 1))),
    ):
        for index, sentence in enumerate(sentences[:_MOST]):
            yield label if index == 0 else "", Text(sentence)
    for index, sentence in enumerate(advice.notes):
        yield "note" if index == 0 else "", Text(sentence)
    yield "weights", Text(weights(advice))
    yield "× is against", Text(advice.references_explained)


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, _INDENT))


def _marked(mark: str, style: str, sentence: str) -> Table:
    return labelled([(Text(mark, style), Text(sentence, "bold"))], 1)
