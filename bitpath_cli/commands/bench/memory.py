"""`bitpath bench memory`: the benchmark memory_bandwidth."""

from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run

_ArraySize = Annotated[
    str,
    typer.Option(
        "--array-size", metavar="SIZE",
        help="The size of each of STREAM's three arrays, such as 1GiB, instead of one that no "
        "cache holds; then nothing else is measured.",
    ),
]  # fmt: skip


def memory(
    budget: Budget = "standard",
    array_size: _ArraySize = "",
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast memory and caches are read and written, in the manner of STREAM."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.model.units import BYTE
    from bitpath_cli.workflows.arrays import OPTION, find_arrays

    asked = None
    if array_size:
        asked = {"memory_bandwidth": find_arrays(parse(array_size, BYTE, OPTION))}
    run(("memory_bandwidth",), budget, output, as_json, asked=asked, repeat=repeat)


COMMAND = Command(
    run=memory,
    panel="Look and measure",
    examples=(
        Example("bitpath bench memory", "copy, scale, add, triad and read; caches and latency"),
        Example("bitpath bench memory -b thorough", "every power of two, every NUMA node"),
        Example("bitpath bench memory --array-size 1GiB", "STREAM's kernels on larger arrays"),
        Example("bitpath bench memory --json", "for programs"),
    ),
)
