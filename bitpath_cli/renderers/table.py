"""The report for the terminal: something to look at rather than to read."""

from collections.abc import Iterator
from typing import Final

from rich.box import ROUNDED
from rich.console import RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bitpath_cli.model.report import Note, Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._draw_decision import draw_decision
from bitpath_cli.renderers._draw_measured import draw_measured
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._words import LEGEND

WIDEST: Final = 160
_FILE_WIDTH: Final = 100


def render_table(report: Report, width: int, colour: bool) -> str:
    """The whole report, drawn in at most `width` columns."""
    width = min(width, WIDEST)
    return draw(_parts(report, width), width, colour)


def _parts(report: Report, width: int) -> Iterator[RenderableType]:
    yield _draw_machine(report)
    yield from draw_measured(report, width)
    for advice in report.recommendations:
        yield from draw_decision(advice, width)
    if report.notes:
        yield heading("Notes")
    yield from (_draw_note(each) for each in report.notes)
    yield Text.assemble("\n", (LEGEND, "dim"))


def _draw_machine(report: Report) -> Panel:
    state = "" if report.complete else " · incomplete"
    created = f"{report.created:%d %b %Y %H:%M} UTC"
    return Panel(
        labelled(((label, Text(text)) for label, text in describe(report)), 9),
        title=Text(f" {report.host.name} ", "bold"),
        subtitle=Text(f" {report.tool.name} {report.tool.version} · {created}{state} ", "dim"),
        title_align="left", subtitle_align="right", box=ROUNDED, border_style="cyan",
    )  # fmt: skip


def _draw_note(note: Note) -> Padding:
    mark, style = ("!", "yellow") if note.level == "warning" else ("·", "dim")
    text = Text.assemble(note.text, " " if note.next_step else "", (note.next_step, "italic"))
    return Padding(labelled([(Text(mark, style), text)], 1), (0, 0, 0, 2))


def _render(report: Report) -> str:
    return render_table(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="what the terminal shows, as plain text", suffix=".txt", render=_render)
