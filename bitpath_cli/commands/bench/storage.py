"""`bitpath bench storage`: the benchmark disk."""

from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import HERE, Budget, Directory, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run

_Engine = Annotated[
    Literal["auto", "builtin", "fio"],
    typer.Option(
        metavar="ENGINE",
        help="What drives the disk past the page cache: fio, builtin, or auto: fio if installed.",
    ),
]


def storage(
    budget: Budget = "standard",
    directory: Directory = HERE,
    engine: _Engine = "auto",
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast a directory's disk is: past the page cache, and as training reads and writes it.

    With --budget thorough both engines run where fio is installed, and a disagreement is shown.
    """
    from bitpath_cli.workflows.engines import find_disk_cases

    cases = find_disk_cases(engine, str(directory))
    asked = None if cases is None else {"disk": cases}
    run(("disk",), budget, output, as_json, directory, asked=asked, repeat=repeat)


COMMAND = Command(
    run=storage,
    panel="Look and measure",
    examples=(
        Example("bitpath bench storage", "the disk behind the current directory"),
        Example("bitpath bench storage -d /data -b thorough", "another disk, for longer"),
        Example("bitpath bench storage --engine builtin", "the same engine on every host"),
    ),
)
