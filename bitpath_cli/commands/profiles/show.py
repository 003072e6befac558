"""`bitpath profiles show`: a profile as written, to start one of your own from."""

from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands.profiles._kind import KindOption, kind_of


def show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="The profile to show.")],
    kind: KindOption = None,
) -> None:
    """Print a profile as it was written; a copy of it is the way to one of your own."""
    from bitpath_cli import catalogue
    from bitpath_cli.commands._screen import remark, say
    from bitpath_cli.workflows.day import today

    chosen = kind_of(name, kind)
    say(catalogue.text(chosen, name).rstrip() + "\n")
    if catalogue.faults(chosen, catalogue.find(chosen, name)):
        return
    for note in catalogue.notes(chosen, name, today()):
        remark(note)


COMMAND = Command(
    run=show,
    panel="Reports and profiles",
    examples=(
        Example("bitpath profiles show a10g", "what is known of a device, with its sources"),
        Example("bitpath profiles show default > mine.toml", "the start of a site of your own"),
    ),
)
