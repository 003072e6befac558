"""The terminal's view of a history."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.history import History, HostHistory
from bitpath_cli.renderers._drawing import heading, labelled
from bitpath_cli.renderers._fleet import refusal
from bitpath_cli.renderers._history import Trend, event_sentences, host_sentence, trends

_STYLES: Final = {"good": "green", "poor": "red", "plain": "default"}
_NAME: Final = 14
_VALUE: Final = 12
_CHANGE: Final = 8
_FEWEST_CELLS: Final = 8
_MOST_CELLS: Final = 60


def draw_history(found: History, width: int) -> Iterator[RenderableType]:
    """A block a host; then what of the machines changed, and what was left out."""
    for host in found.hosts:
        yield from _draw_host(host, width)
    yield from _draw_list("What of the machines changed", event_sentences(found))
    yield from _draw_list("Left out", map(refusal, found.refused))
    yield Text("\n· a gap; the course runs from the lowest value to the highest", "dim")


def _draw_host(host: HostHistory, width: int) -> Iterator[RenderableType]:
    yield heading(host.host.name, host_sentence(host))
    room = width - 4 - _NAME - 3 * (_VALUE + 1) - _CHANGE - 2
    cells = max(_FEWEST_CELLS, min(_MOST_CELLS, room, len(host.reports)))
    lines = trends(host, cells)
    if lines:
        yield Padding(_row(("", "", "first", "last", "best", ""), cells, "dim"), (0, 0, 0, 4))
    for about, told in groupby(lines, attrgetter("about")):
        yield Padding(Text(about, "cyan"), (0, 0, 0, 2))
        for each in told:
            yield from _draw_trend(each, cells)


def _draw_trend(each: Trend, cells: int) -> Iterator[RenderableType]:
    cell = (each.name, each.course, each.first, each.last, each.best, each.change)
    yield Padding(_row(cell, cells, _STYLES[each.tone]), (0, 0, 0, 4))
    for remark in each.remarks:
        yield Padding(Text(remark, "yellow"), (0, 0, 0, 6))


def _row(cells: tuple[str, ...], course: int, style: str) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=_NAME, overflow="fold")
    table.add_column(width=course, no_wrap=True)
    for _ in range(3):
        table.add_column(width=_VALUE, justify="right", overflow="fold")
    table.add_column(width=_CHANGE, justify="right", no_wrap=True)
    name, line, *values, change = cells
    table.add_row(name, Text(line, "cyan"), *map(Text, values), Text(change, style))
    return table


def _draw_list(title: str, sentences: Iterator[str]) -> Iterator[RenderableType]:
    told = tuple(sentences)
    if told:
        yield heading(title)
    for each in told:
        yield Padding(labelled([(Text("·", "dim"), Text(each))], 1), (0, 0, 0, 2))
