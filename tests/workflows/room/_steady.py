"""A loop that does nothing and says that each operation took a millisecond."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bitpath_cli.benchmarks import Benchmark, Case, Conclusion, Context, Loop
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity
from bitpath_cli.model.result import Direction, Samples, metric
from bitpath_cli.model.units import BYTE, SECOND

ONE_CASE = (Case({"size": 1}),)


@dataclass(frozen=True)
class Steady:
    """A trial whose clock stands apart from ours, so that no test waits for it."""

    error: str | None = None
    before: Callable[[], None] = lambda: None

    def run(self, operations: int) -> float:
        self.before()
        return operations / 1024

    def find_error(self) -> str | None:
        return self.error


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The seconds of an operation."""
    value = Quantity(
        value=samples["it"].seconds_per_operation[0], unit=SECOND,
        origin=Origin(method=Method.MEASURED, source=f"{context.threads} threads"),
    )  # fmt: skip
    return Conclusion((metric("time", value, Direction.LOWER),))


def benchmark(
    trial: Steady | None = None,
    cases: tuple[Case, ...] | Missing = ONE_CASE,
    blocks: int = 1,
    needs: tuple[str, ...] = (),
    on_open: Callable[[Context], None] = lambda _context: None,
) -> Benchmark:
    """A benchmark that opens one such loop."""

    @contextlib.contextmanager
    def open_loops(_case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
        on_open(context)
        yield {"it": Loop(trial or Steady(), 1.0, BYTE)}

    return Benchmark(
        summary="a test's", revision=1, find_cases=lambda _context: cases, open=open_loops,
        conclude=conclude, needs=needs, blocks=blocks,
    )  # fmt: skip
