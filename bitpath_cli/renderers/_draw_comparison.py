"""The terminal's view of a comparison."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.comparison import Comparison, Side
from bitpath_cli.renderers._comparison import (
    ChangeLine,
    Section,
    advice_sentence,
    aim_sentence,
    machine_sentence,
    sections,
    single_runs,
    summary,
    term_lines,
)
from bitpath_cli.renderers._drawing import heading, labelled
from bitpath_cli.renderers._words import LEGEND

_STYLES: Final = {"good": "green", "poor": "bold red", "fair": "yellow", "plain": "dim"}
_MARKS: Final = {"reached": ("✓", "green"), "missed": ("✗", "bold red"), "unknown": ("?", "yellow")}
_ASIDES: Final = {
    "undecided": "the interval reaches across the margin; a larger --budget narrows it",
}
_VALUE: Final = 12
_CHANGE: Final = 8
_BOUNDS: Final = 17
_ONE_SIDED: Final = frozenset({"now unknown", "now known", "not usable", "not comparable"})


def draw_comparison(found: Comparison, width: int) -> Iterator[RenderableType]:
    """Which reports, the verdict, aims, then everything by outcome."""
    yield labelled((("before", _side(found.before)), ("after", _side(found.after))), 7)
    tone = "bold red" if found.is_finding else "bold"
    yield Text.assemble("\n", (_sentence(summary(found)), tone))
    for note in found.notes:
        text = Text.assemble(note.text, " " if note.next_step else "", (note.next_step, "italic"))
        yield Padding(labelled([(Text("!", "yellow"), text)], 1), (0, 0, 0, 2))
    if found.aims:
        yield heading("Aims")
        rows = [(Text(*_MARKS[each.outcome]), Text(aim_sentence(each))) for each in found.aims]
        yield Padding(labelled(rows, 1), (0, 0, 0, 2))
    for section in sections(found):
        yield from _draw_section(section, width)
    if aside := single_runs(found):
        yield Padding(Text(aside, "yellow"), (1, 0, 0, 2))
    yield from _draw_list(
        "What of the machine changed", [machine_sentence(each) for each in found.machine]
    )
    yield from _draw_list("The advice", [advice_sentence(each) for each in found.advice])
    yield from _draw_terms(found, width)
    yield Text.assemble("\n", (LEGEND, "dim"))


def _side(side: Side) -> Text:
    state = "" if side.complete else ", incomplete"
    return Text.assemble(
        (side.host, "bold"), f" {side.created:%d %b %Y %H:%M} UTC{state} ",
        (f"{side.source} {side.fingerprint}", "dim"),
    )  # fmt: skip


def _draw_section(section: Section, width: int) -> Iterator[RenderableType]:
    style = _STYLES[section.tone]
    yield heading(section.title, _ASIDES.get(section.outcome, ""))
    for about, lines in groupby(section.lines, attrgetter("about")):
        yield Padding(Text(about, "cyan"), (0, 0, 0, 2))
        if section.outcome == "same":
            told = ", ".join(f"{each.name} {each.change}" for each in lines)
            yield Padding(Text(told, "dim"), (0, 0, 0, 4))
        else:
            yield from _draw_lines(tuple(lines), width, style, section.outcome in _ONE_SIDED)


def _draw_lines(
    lines: Sequence[ChangeLine], width: int, style: str, one_sided: bool = False
) -> Iterator[RenderableType]:
    """A row each; a remark stands below its row, or once where all rows share it."""
    room = width - 4 - 2 * (_VALUE + 1) - (0 if one_sided else _CHANGE + _BOUNDS + 2)
    remarks = {each.remark for each in lines}
    name = max(8, min(room, max(len(each.name) for each in lines) + 2))
    for each in lines:
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=name, overflow="fold")
        for _ in range(2):
            table.add_column(width=_VALUE, justify="right", overflow="fold")
        row = [Text(each.name), Text(each.before), Text(each.after, "bold")]
        if not one_sided:
            table.add_column(width=_CHANGE, justify="right", no_wrap=True)
            table.add_column(overflow="fold")
            row += [Text(each.change, style), Text(each.bounds, "dim")]
        table.add_row(*row)
        yield Padding(table, (0, 0, 0, 4))
        if each.remark and (each is lines[-1] or len(remarks) > 1):
            yield Padding(Text(each.remark, "dim"), (0, 0, 0, 6))


def _draw_list(title: str, sentences: Sequence[str]) -> Iterator[RenderableType]:
    if sentences:
        yield heading(title)
    for each in sentences:
        yield Padding(labelled([(Text("·", "dim"), Text(each))], 1), (0, 0, 0, 2))


def _draw_terms(found: Comparison, width: int) -> Iterator[RenderableType]:
    for workload, lines in term_lines(found, "today").items():
        yield heading(f"Today's host doing {workload}", "predicted; less is better")
        yield from _draw_lines(lines, width, "bold")
    for workload, lines in term_lines(found, "advised").items():
        yield heading(f"What is advised for {workload}", "predicted; less is better")
        yield from _draw_lines(lines, width, "bold")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
