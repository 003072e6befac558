"""The report for the terminal: something to look at rather than to read."""

from collections.abc import Callable, Iterator
from typing import Final

from rich.box import ROUNDED
from rich.console import RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bitpath_cli.model.comparison import Comparison
from bitpath_cli.model.history import History
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.watch import Observation, Summary
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._draw_comparison import draw_comparison
from bitpath_cli.renderers._draw_decision import draw_decision
from bitpath_cli.renderers._draw_fleet import draw_fleet
from bitpath_cli.renderers._draw_history import draw_history
from bitpath_cli.renderers._draw_measured import draw_measured
from bitpath_cli.renderers._draw_summary import draw_summary
from bitpath_cli.renderers._draw_trial import draw_trial
from bitpath_cli.renderers._draw_watch import Titles, Trail, draw_watch
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._fleet import about
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._words import LEGEND

WIDEST: Final = 160
_FILE_WIDTH: Final = 100


def render_table(report: Report, width: int, colour: bool) -> str:
    """The whole report, drawn in at most `width` columns."""
    width = min(width, WIDEST)
    return draw(_parts(report, width), width, colour)


def render_comparison(found: Comparison, width: int, colour: bool) -> str:
    """Two reports side by side, drawn in at most `width` columns."""
    width = min(width, WIDEST)
    return draw(draw_comparison(found, width), width, colour)


def watch_screen(
    top: str, bottom: str, coloured: bool
) -> Callable[[Observation, tuple[int, int]], list[str]]:
    """Draws one observation after the other as lines within (columns, rows); remembers a trail."""
    trail, titles = Trail(), Titles(top, bottom)

    def render(seen: Observation, size: tuple[int, int]) -> list[str]:
        trail.follow(seen)
        return draw_watch(seen, trail, titles, size, coloured)

    return render


def render_summary(found: Summary, width: int) -> str:
    """What a watch ends with, in at most `width` columns."""
    return draw_summary(found, min(width, WIDEST))


def render_history(found: History, width: int, colour: bool) -> str:
    """Many reports of one host in a row."""
    width = min(width, WIDEST)
    return draw(draw_history(found, width), width, colour)


def _parts(report: Report, width: int) -> Iterator[RenderableType]:
    yield _draw_machine(report)
    if report.fleet is not None:
        yield from draw_fleet(report.fleet)
    yield from draw_measured(report, width)
    for trial in report.trials:
        yield from draw_trial(trial)
    for advice in report.recommendations:
        yield from draw_decision(advice, width)
    if report.notes:
        yield heading("Notes")
    yield from (_draw_note(each) for each in report.notes)
    yield Text.assemble("\n", (LEGEND, "dim"))


def _draw_machine(report: Report) -> Panel:
    state = "" if report.complete else " · incomplete"
    created = f"{report.created:%d %b %Y %H:%M} UTC"
    told = describe(report) if report.fleet is None else about(report.fleet)
    return Panel(
        labelled(((label, Text(text)) for label, text in told), 9),
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
