"""Two loops, of which one varies; a metric rests on each, and the first on the steady one."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle

from bitpath_cli.benchmarks import Case, Conclusion, Context, Loop
from bitpath_cli.model.result import Samples
from bitpath_cli.model.units import BYTE
from tests.workflows.room._steady import Steady, benchmark, conclude


class Unsteady(Steady):
    """Every second operation takes ten times as long."""

    times = cycle((1.0, 10.0))

    def run(self, operations: int) -> float:
        return operations * next(self.times)


@contextlib.contextmanager
def open_loops(_case: Case, _context: Context) -> Iterator[Mapping[str, Loop]]:
    yield {
        "it": Loop(Steady(), 1.0, BYTE),
        "other": Loop(Unsteady(), 1.0, BYTE, most_operations=100),
    }


def _conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    (time,) = conclude(case, context, samples).metrics
    return Conclusion(
        (time, time.model_copy(update={"name": "unsteady"})),
        rests_on={"time": ("it",), "unsteady": ("it", "other")},
    )


BENCHMARK = replace(benchmark(), open=open_loops, conclude=_conclude)
