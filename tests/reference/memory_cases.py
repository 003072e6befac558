"""bitpath as it is, but that memory is what has a reference, and quick is as long as told."""

import os
from dataclasses import replace

from bitpath_cli.__main__ import main
from bitpath_cli.benchmarks import Case, Context, memory_bandwidth
from bitpath_cli.workflows import measure

WHOLE = memory_bandwidth.BENCHMARK


def find_cases(context: Context) -> tuple[Case, ...]:
    """All threads and one, or a working set in each cache and in memory, as LAB_VARIANT says."""
    variant = os.environ["LAB_VARIANT"]
    found = WHOLE.find_cases(replace(context, quick=variant == "stream-like"))
    assert isinstance(found, tuple)
    chosen = [each for each in found if each.parameters["variant"] == variant]
    # Of several working sets in one cache the last.
    return tuple({_key(each): each for each in chosen}.values())


def _key(case: Case) -> object:
    return case.parameters.get("level", case.parameters["threads"])


if __name__ == "__main__":
    measure.BUDGETS["quick"] = measure.Budget("quick", float(os.environ["LAB_SECONDS"]))
    memory_bandwidth.BENCHMARK = replace(WHOLE, find_cases=find_cases)
    main()
