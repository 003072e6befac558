"""Writes a report where --output names a file, and shows it on the screen."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bitpath_cli import archive, discover, renderers
from bitpath_cli.commands._screen import colour, say, width
from bitpath_cli.errors import BadValue, MissingLibrary
from bitpath_cli.model.report import Report
from bitpath_cli.redaction import redact
from bitpath_cli.renderers import Renderer

_OWN_FORM: Final = ".json"


def check(outputs: Sequence[Path] | None) -> tuple[Path, ...]:
    """Refuse at once what could not be written after minutes; the JSON files among the outputs."""
    for path in outputs or ():
        for library in _renderer_for(path).needs:
            if find_spec(library) is None:
                raise MissingLibrary(library, f"{path.suffix} is written with it")
        archive.check_writable(path)
    return tuple(path for path in outputs or () if path.suffix == _OWN_FORM)


def write(
    report: Report, outputs: Sequence[Path] | None, include_identifiers: bool = False
) -> None:
    """Every output in the form that its suffix names.

    A form made to be looked at and handed on loses what identifies a machine or a person; the JSON
    is what bitpath itself reads again, and is written as it is given.
    """
    for path in outputs or ():
        as_given = include_identifiers or path.suffix == _OWN_FORM
        archive.write(path, _renderer_for(path).render(report if as_given else redact(report)))


def deliver(report: Report, outputs: Sequence[Path] | None, as_json: bool) -> None:
    """Files first, because a screen may go away; the screen in any case."""
    try:
        write(report, outputs)
    finally:
        show(report, as_json)


def show(report: Report, as_json: bool) -> None:
    """The report on stdout."""
    if as_json:
        from bitpath_cli.renderers.json import RENDERER

        say(RENDERER.render(report))
        return
    from bitpath_cli.renderers.table import render_table

    say(render_table(report, width(), colour(sys.stdout)))


def _renderer_for(path: Path) -> Renderer:
    known = {
        found.suffix: found
        for found in (
            discover.member(renderers, name, "RENDERER", Renderer)
            for name in discover.names(renderers)
        )
        if found.suffix
    }
    if path.suffix not in known:
        raise BadValue("--output", str(path), f"a name that ends in {', '.join(sorted(known))}")
    return known[path.suffix]
