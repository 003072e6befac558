"""`bitpath bench allreduce`: the benchmark collectives."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs
from bitpath_cli.commands.bench._run import run


def allreduce(
    budget: Budget = "standard",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast processes on this host sum a gradient together."""
    run(("collectives",), budget, output, as_json)


COMMAND = Command(
    run=allreduce,
    panel="Look and measure",
    examples=(
        Example("bitpath bench allreduce", "all-reduce by message size, every sum checked"),
        Example("bitpath bench allreduce --json", "for programs"),
    ),
)
