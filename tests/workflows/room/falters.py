"""Two ranks, of which the second is killed in the second loop."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bitpath_cli.benchmarks import Benchmark, Case, Context, Loop
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.model.units import BYTE
from tests.workflows.room._steady import conclude


@dataclass(frozen=True)
class Together:
    ranks: Ranks
    kills: bool

    def run(self, operations: int) -> float:
        if self.kills and self.ranks.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.ranks.slowest(operations / 1024)

    def find_error(self) -> str | None:
        return None


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    assert context.ranks is not None
    yield {
        "it": Loop(Together(context.ranks, kills=False), 1.0, BYTE),
        "next": Loop(Together(context.ranks, kills=True), 1.0, BYTE),
    }


BENCHMARK = Benchmark(
    summary="a test's", revision=1, find_cases=lambda _context: (Case({"world_size": 2}),),
    open=open_loops, conclude=conclude, needs=("torch",), ranks=2, blocks=1,
)  # fmt: skip
