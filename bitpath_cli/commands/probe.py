"""`bitpath probe`: what this machine is, and what of it cannot be read."""

import sys
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import HERE, Directory, Json


def probe(
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="List every missing reading, why, and what would reveal it."
        ),
    ] = False,
    peer: Annotated[
        list[str] | None,
        typer.Option("--peer", metavar="HOST", help="Also ask how the kernel routes to that host."),
    ] = None,
    directory: Directory = HERE,
    as_json: Json = False,
) -> None:
    """Show what this machine is and what may be used of it; takes no measurement, needs no root."""
    from bitpath_cli.commands._screen import colour, say, width
    from bitpath_cli.workflows.inspect import look

    report = look(str(directory), tuple(peer or ()))
    if as_json:
        from bitpath_cli.renderers.json import RENDERER

        say(RENDERER.render(report))
    elif explain:
        from bitpath_cli.renderers.explanation import render_explanation

        say(render_explanation(report, width(), colour(sys.stdout)))
    else:
        from bitpath_cli.renderers.inventory import render_inventory

        say(render_inventory(report, width(), colour(sys.stdout)))


COMMAND = Command(
    run=probe,
    panel="Look and measure",
    examples=(
        Example("bitpath probe", "the inventory, in less than half a second"),
        Example(
            "bitpath probe --explain", "what is denied here, and the least that would allow it"
        ),
        Example("bitpath probe --json | jq '.components[].kind'", "for programs"),
    ),
)
