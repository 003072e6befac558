"""`bitpath profiles validate`: everything that is wrong with a profile, by line and field."""

from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands.profiles._kind import KindOption


def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The profile to check.")],
    kind: KindOption = None,
) -> None:
    """Check a profile: each fault with its line, its field and what would be allowed there."""
    from bitpath_cli import catalogue
    from bitpath_cli.commands._screen import remark, say
    from bitpath_cli.errors import USAGE
    from bitpath_cli.workflows.day import today

    chosen = kind or catalogue.kind_of(file)
    faults = catalogue.faults(chosen, file)
    for fault in faults:
        remark(f"{fault.what} {fault.why}".rstrip())
    if faults:
        raise typer.Exit(USAGE)
    for note in catalogue.notes(chosen, str(file), today()):
        remark(note)
    say(f"{file} is a {chosen} that can be used.\n")


COMMAND = Command(
    run=validate,
    panel="Reports and profiles",
    examples=(Example("bitpath profiles validate line.toml", "all its faults at once"),),
)
