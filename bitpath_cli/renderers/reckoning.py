"""How a recommendation was reckoned: formulas, then every input with its spread and its origin."""

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bitpath_cli.model.recommendation import Formula, Input, Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._words import interval, label, reading

_FILE_WIDTH: Final = 100
_LABEL: Final = 30


def render_reckoning(report: Report, width: int, colour: bool) -> str:
    """One section a recommendation, for who wants to redo it by hand."""
    return draw(_parts(report), width, colour)


def _parts(report: Report) -> Iterator[RenderableType]:
    if not report.recommendations:
        yield Text("The report holds no recommendation.")
    for advice in report.recommendations:
        yield from _section(advice)


def _section(advice: Recommendation) -> Iterator[RenderableType]:
    about = "no configuration is feasible; these are today's host's"
    if advice.winner is not None:
        about = advice.winner.label
    yield heading(f"How {advice.workload} was reckoned", about)
    rows = [(label(each.name), Text(_worked(each))) for each in advice.formulas]
    yield Padding(labelled(rows, _LABEL), (0, 0, 0, 2))
    yield heading("From these inputs", "with one sigma or the interval that each carries")
    given = [(each.name, Text(_given(each))) for each in advice.inputs]
    yield Padding(labelled(given, _LABEL), (0, 0, 0, 2))


def _worked(each: Formula) -> str:
    return f"{reading(each.value)} = {each.formula}"


def _given(each: Input) -> str:
    found = each.reading
    return f"{reading(found)} {interval(found)} {found.origin.method}: {found.origin.source}"


def _render(report: Report) -> str:
    return render_reckoning(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="every number of a recommendation", suffix="", render=_render)
