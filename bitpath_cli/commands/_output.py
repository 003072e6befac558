"""Writes a report where --output names a file, and shows it on the screen."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bitpath_cli import archive, discover, renderers
from bitpath_cli.commands._screen import colour, say, width
from bitpath_cli.errors import BadValue
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer


def check(outputs: Sequence[Path] | None) -> tuple[Path, ...]:
    """Refuse at once what could not be written after minutes; the JSON files among the outputs."""
    for path in outputs or ():
        _renderer_for(path)
        archive.check_writable(path)
    return tuple(path for path in outputs or () if path.suffix == ".json")


def write(report: Report, outputs: Sequence[Path] | None) -> None:
    """Every output in the form that its suffix names."""
    for path in outputs or ():
        archive.write(path, _renderer_for(path).render(report))


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
