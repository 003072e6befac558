"""bitpath as it is, but that compute is the squares of 1024 in four types, and quick is quicker."""

import os
from dataclasses import replace
from typing import Final

from bitpath_cli.__main__ import main
from bitpath_cli.benchmarks import Case, Context, gemm
from bitpath_cli.workflows import measure

EDGE: Final = 1024
DTYPES: Final = ("float32", "float64", "bfloat16", "int8")
_WHOLE: Final = gemm.BENCHMARK


def find_cases(context: Context) -> tuple[Case, ...]:
    """Each with all threads and with one."""
    found = _WHOLE.find_cases(context)
    assert isinstance(found, tuple)
    squares = [each for each in found if "shape" not in each.parameters]
    return tuple(
        each for each in squares
        if each.parameters["m"] == EDGE and each.parameters["dtype"] in DTYPES
    )  # fmt: skip


if __name__ == "__main__":
    seconds = float(os.environ.get("LAB_SECONDS", "8"))
    measure.BUDGETS["quick"] = measure.Budget("quick", seconds)
    gemm.BENCHMARK = replace(_WHOLE, find_cases=find_cases)
    main()
