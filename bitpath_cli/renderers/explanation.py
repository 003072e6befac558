"""Why each missing reading is missing, and the least privilege that would reveal it."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bitpath_cli.model.reading import Reason
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._absences import by_cause, find_absences, places
from bitpath_cli.renderers._drawing import draw, heading, labelled

_FILE_WIDTH: Final = 100
_SECTIONS: Final[Mapping[Reason, tuple[str, str, str]]] = {
    Reason.DENIED: ("Denied", "it is there and may not be read", "would reveal it"),
    Reason.FAILED: ("Failed", "asking went wrong", "would help"),
    Reason.UNSUPPORTED: ("Not told", "it is there and does not know, or does not say", "instead"),
    Reason.ABSENT: ("Absent", "there is no such thing here", "would bring it"),
}


def render_explanation(report: Report, width: int, colour: bool) -> str:
    """What a privilege would reveal comes first, what is simply not there last."""
    return draw(_parts(report), width, colour)


def _parts(report: Report) -> Iterator[RenderableType]:
    found = find_absences(report)
    if not found:
        yield Text("Nothing is missing: every reading of every probe is there.")
        return
    for reason, (title, meaning, helps) in _SECTIONS.items():
        among = [each for each in found if each.missing.reason is reason]
        if not among:
            continue
        yield heading(f"{title} ({len(among)})", meaning)
        for detail, alike in by_cause(among):
            yield Padding(Text(detail, "yellow"), (0, 0, 0, 2))
            rows = list(places(alike))
            hint = alike[0].missing.hint
            rows += [(helps, hint)] if hint else []
            yield Padding(labelled([(name, Text(told)) for name, told in rows], 24), (0, 0, 0, 4))


def _render(report: Report) -> str:
    return render_explanation(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="what is missing and why, for the screen", suffix="", render=_render)
