"""bitpath as it is, but memory is one thread's reads of its first cache, and quick is quicker.

What lies in a core's own cache is slowed down by nothing but the core's other work.
"""

import os
from dataclasses import replace

from bitpath_cli.__main__ import main
from bitpath_cli.benchmarks import Case, Context, memory_bandwidth
from bitpath_cli.workflows import measure

LEVEL = "L1"
WHOLE = memory_bandwidth.BENCHMARK


def find_cases(context: Context) -> tuple[Case, ...]:
    found = WHOLE.find_cases(replace(context, quick=False))
    assert isinstance(found, tuple)
    return tuple(each for each in found if each.parameters.get("level") == LEVEL)[:1]


if __name__ == "__main__":
    measure.BUDGETS["quick"] = measure.Budget("quick", float(os.environ.get("LAB_SECONDS", "4")))
    memory_bandwidth.BENCHMARK = replace(WHOLE, find_cases=find_cases)
    main()
