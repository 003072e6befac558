"""`bitpath bench memory`: the benchmark memory_bandwidth."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run


def memory(
    budget: Budget = "standard",
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast main memory is read and written, in the manner of STREAM."""
    run(("memory_bandwidth",), budget, output, as_json, repeat=repeat)


COMMAND = Command(
    run=memory,
    panel="Look and measure",
    examples=(
        Example("bitpath bench memory", "copy, scale, add and triad"),
        Example("bitpath bench memory --json", "for programs"),
    ),
)
