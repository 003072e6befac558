"""`bitpath bench compute`: the benchmark gemm."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run


def compute(
    budget: Budget = "standard",
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast matrices are multiplied, by number type and shape."""
    run(("gemm",), budget, output, as_json, repeat=repeat)


COMMAND = Command(
    run=compute,
    panel="Look and measure",
    examples=(
        Example("bitpath bench compute", "matrix multiplication in float32, bfloat16 and int8"),
        Example("bitpath bench compute --json", "for programs"),
    ),
)
