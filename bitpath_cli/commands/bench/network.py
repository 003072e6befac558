"""`bitpath bench network`: the benchmark tcp."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs
from bitpath_cli.commands.bench._run import run


def network(
    budget: Budget = "standard",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast TCP is on this host alone, over loopback."""
    run(("tcp",), budget, output, as_json)


COMMAND = Command(
    run=network,
    panel="Look and measure",
    examples=(
        Example("bitpath bench network", "bandwidth and round trips"),
        Example("bitpath bench network --json", "for programs"),
    ),
)
