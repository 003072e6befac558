"""`bitpath bench storage`: the benchmark disk."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import HERE, Budget, Directory, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run


def storage(
    budget: Budget = "standard",
    directory: Directory = HERE,
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast a directory's disk is, past the page cache."""
    run(("disk",), budget, output, as_json, directory, repeat=repeat)


COMMAND = Command(
    run=storage,
    panel="Look and measure",
    examples=(
        Example("bitpath bench storage", "the disk behind the current directory"),
        Example("bitpath bench storage -d /data -b thorough", "another disk, for longer"),
    ),
)
