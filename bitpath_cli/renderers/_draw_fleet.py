"""The terminal's view of a fleet report."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.fleet import Fleet, FleetTerms
from bitpath_cli.renderers._drawing import heading, labelled
from bitpath_cli.renderers._fleet import (
    group_sentence,
    mixtures,
    outlier_heads,
    outlier_sentences,
    refusal,
    term_heads,
    term_rows,
)

_MOST: Final = 30
_STYLES: Final = {"Worse than its like": "red", "Better than its like": "green"}


def draw_fleet(fleet: Fleet) -> Iterator[RenderableType]:
    """Groups, who stands out, the terms' sums, and what was refused."""
    yield heading("Who is alike", "groups of the same hardware and limits")
    for group in fleet.groups[:_MOST]:
        yield from _draw_items([group_sentence(group)], "·", "dim")
        for sentence in mixtures(group):
            yield Padding(Text(sentence, "yellow"), (0, 0, 0, 6))
    yield from _draw_rest(len(fleet.groups))
    for title, found in outlier_heads(fleet):
        yield heading(title, "farther than the group's spread and the node's interval explain")
        style = _STYLES[title]
        yield from _draw_items(outlier_sentences(found[:_MOST]), "●", style)
        yield from _draw_rest(len(found))
    for terms in fleet.terms:
        yield heading(
            f"{terms.workload} on every node", f"for {terms.unit_of_account}, site {terms.site}"
        )
        yield Padding(_draw_terms(terms), (0, 0, 0, 2))
    if fleet.refused:
        yield heading("Left out")
        yield from _draw_items(map(refusal, fleet.refused[:_MOST]), "!", "yellow")
        yield from _draw_rest(len(fleet.refused))


def _draw_terms(terms: FleetTerms) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    for _ in term_heads()[1:]:
        table.add_column(justify="right", overflow="fold")
    table.add_row(*(Text(each, "dim") for each in term_heads()))
    *nodes, total = term_rows(terms)
    for row in nodes:
        table.add_row(*(Text(each) for each in row))
    table.add_row(*(Text(each, "bold") for each in total))
    return table


def _draw_items(items: Iterable[str], mark: str, style: str) -> Iterator[RenderableType]:
    for each in items:
        yield Padding(labelled([(Text(mark, style), Text(each))], 1), (0, 0, 0, 2))


def _draw_rest(count: int) -> Iterator[RenderableType]:
    if count > _MOST:
        yield Padding(Text(f"and {count - _MOST} more, in the report", "dim"), (0, 0, 0, 4))
