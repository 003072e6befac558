"""The measured part of the terminal report: bars against ceilings, with verdicts in words."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Finding
from bitpath_cli.renderers._doubts import MEANINGS
from bitpath_cli.renderers._draw_collectives import draw_collectives
from bitpath_cli.renderers._draw_training import draw_training
from bitpath_cli.renderers._drawing import bar, heading, labelled
from bitpath_cli.renderers._measured import Group, Line, doubts, measure_lines
from bitpath_cli.renderers._words import share, statement

_STYLES: Final = {"good": "green", "fair": "yellow", "poor": "red", "plain": "dim"}
_NAME: Final = 18
_VALUE: Final = 12
_BOUNDS: Final = 14
_VERDICT: Final = 12
_INDENT: Final = 2
# Where nothing else was asked for, the collectives are shown in full.
_COLLECTIVES: Final = "collectives"


def draw_measured(report: Report, width: int) -> Iterator[RenderableType]:
    """A block per benchmark, then what its doubts mean."""
    groups = measure_lines(report.results)
    if not groups:
        return
    compared = any(line.share is not None for group in groups for line in group.lines)
    yield heading(
        "How fast it really is",
        "as a share of the ceiling where one is known" if compared else "no ceiling is known here",
    )
    for group in groups:
        yield from _draw_group(group, width, compared)
        yield from _draw_findings(group.benchmark, report.results)
    if {each.benchmark for each in report.results} == {_COLLECTIVES}:
        yield from draw_collectives(report.results, width)
    yield from draw_training(report.results)
    meanings = [MEANINGS[each] for each in doubts(report.results)]
    if meanings:
        yield Text()
    for meaning in meanings:
        yield Padding(
            Text.assemble(
                ("! ", "yellow"), (meaning.words, "yellow"), f": {meaning.sentence}; ",
                (meaning.next_step, "italic"), ".",
            ),
            (0, 0, 0, _INDENT),
        )  # fmt: skip


def _draw_group(group: Group, width: int, compared: bool) -> Iterator[RenderableType]:
    yield Padding(Text(group.benchmark.replace("_", " "), "bold cyan"), (0, 0, 0, _INDENT))
    room = width - 2 * _INDENT - _NAME - _VALUE - _BOUNDS - _VERDICT - 10
    cells = max(10, min(40, room)) if compared else 0
    for line in group.lines:
        if line.mark == "?":
            yield _draw_missing(line)
            continue
        yield Padding(_draw_line(line, cells), (0, 0, 0, 2 * _INDENT))
        for text in _remarks(line, width):
            yield Padding(text, (0, 0, 0, 3 * _INDENT))


def _draw_findings(benchmark: str, results: Sequence[BenchmarkResult]) -> Iterator[RenderableType]:
    """What was found out, with the next step where there is one to take."""
    ours = [each for each in results if each.benchmark == benchmark]
    for result, found in ((each, one) for each in ours for one in each.findings):
        name = str(result.parameters.get("op", "")) if len(ours) > 1 else ""
        text = Text.assemble(
            (f"{name}: " if name else "", "dim"), found.sentence, _addresses(found, result),
            " " if found.next_step else "", (found.next_step, "italic"),
        )  # fmt: skip
        yield Padding(labelled([(Text("→", "cyan"), text)], 1), (0, 0, 0, 2 * _INDENT))


def _addresses(found: Finding, result: BenchmarkResult) -> str:
    """Where the ranks are that a finding is about."""
    told = [
        f"rank {each.rank} is at {statement(each.source_address)}"
        for each in result.ranks
        if each.rank in found.ranks
    ]
    return f" ({', '.join(told)})" if told else ""


def _draw_line(line: Line, cells: int) -> Table:
    """The bar and its share are left out where no line has one."""
    style = _STYLES[line.tone]
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=_NAME, overflow="fold")
    if cells:
        table.add_column(width=cells, no_wrap=True)
        table.add_column(width=5, justify="right", no_wrap=True)
    table.add_column(width=_VALUE, justify="right", no_wrap=True)
    table.add_column(width=_BOUNDS, no_wrap=True)
    table.add_column(overflow="fold")
    told = line.share
    drawn = ("", "") if told is None else (bar(told, cells), share(told))
    table.add_row(
        line.name,
        *(Text(each, style) for each in drawn if cells),
        Text(line.value, "bold"),
        Text(line.bounds, "dim"),
        Text(line.verdict, style),
    )
    return table


def _draw_missing(line: Line) -> RenderableType:
    told = Text.assemble(("? ", "yellow"), (line.verdict, "dim"))
    if not line.name:
        return Padding(told, (0, 0, 0, 2 * _INDENT))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=_NAME, overflow="fold")
    table.add_column(overflow="fold")
    table.add_row(line.name, told)
    return Padding(table, (0, 0, 0, 2 * _INDENT))


def _remarks(line: Line, width: int) -> Iterator[Text]:
    """What does not fit beside the bar, on as few lines as the width allows."""
    doubts = f"{line.mark or '!'} {line.doubts}" if line.doubts else ""
    parts = [
        Text(part, style)
        for part, style in ((line.ceiling, "dim"), (line.aside, "dim"), (doubts, "yellow"))
        if part
    ]
    whole = Text(" · ", "dim").join(parts)
    yield from [whole] if parts and len(whole) <= width - 3 * _INDENT else parts
