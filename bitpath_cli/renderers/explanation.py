"""Why each missing reading is missing, and the least privilege that would reveal it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bitpath_cli.model.reading import Reason
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._absences import Absence, find_absences
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._words import label

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
        for cause in dict.fromkeys(_cause(each) for each in among):
            alike = [each for each in among if _cause(each) == cause]
            details = {each.missing.detail for each in alike}
            yield Padding(
                Text(details.pop() if len(details) == 1 else cause[0], "yellow"), (0, 0, 0, 2)
            )
            rows = list(_places(alike))
            hint = alike[0].missing.hint
            rows += [(helps, hint)] if hint else []
            yield Padding(labelled([(name, Text(told)) for name, told in rows], 24), (0, 0, 0, 4))


def _cause(absence: Absence) -> tuple[str, str]:
    """What went wrong, with the component's name left open: ten equal interfaces are one cause."""
    name = rf"(?<!\w){re.escape(absence.component)}(?!\w)"
    if not absence.component.isalnum():
        return absence.missing.detail, absence.missing.hint
    return re.sub(name, "*", absence.missing.detail), re.sub(name, "*", absence.missing.hint)


def _places(alike: list[Absence]) -> Iterator[tuple[str, str]]:
    """The fields that share a cause, a line per component."""
    for kind, name in dict.fromkeys((each.kind, each.component) for each in alike):
        fields = [
            label(each.field) for each in alike if (each.kind, each.component) == (kind, name)
        ]
        yield label(kind) if kind == name else f"{label(kind)} {name}", ", ".join(fields)


def _render(report: Report) -> str:
    return render_explanation(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="what is missing and why, for the screen", suffix="", render=_render)
