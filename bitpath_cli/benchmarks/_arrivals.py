"""When each rank arrives at a collective, and how long the transfer takes once all are there.

No two clocks are compared: all ranks start together, each takes its own time until it arrives, and
the transfer is timed after all have met again.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks._collective import Vectors
from bitpath_cli.benchmarks._overlap import Products
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

_PRODUCTS: Final = 10
_KEPT: Final = 200


def arrival_of(rank: int) -> str:
    """The evidence's name for when a rank arrives, since the common start."""
    return f"arrival_{rank}"


def transfer_of(rank: int) -> str:
    """The evidence's name for a rank's time in the transfer."""
    return f"transfer_{rank}"


class Arrivals:
    """A Trial: an operation is the same computing in every rank, a meeting, and an all-reduce."""

    def __init__(self, ranks: Ranks, vectors: Vectors, size_bytes: int) -> None:
        """`size_bytes` per rank are reduced after the meeting."""
        self._ranks = ranks
        self._values = vectors.given[: size_bytes // vectors.element_bytes]
        self._meeting = torch.zeros(1)
        self._products = Products()
        self._rows: deque[list[float]] = deque(maxlen=_KEPT)

    def run(self, operations: int) -> float:
        """See Trial: the slowest rank's seconds."""
        total = 0.0
        for _ in range(operations):
            times = torch.zeros(self._ranks.size, 2, dtype=torch.float64)
            begin = monotonic()
            times[self._ranks.rank] = torch.tensor(self._once(), dtype=torch.float64)
            total += monotonic() - begin
            dist.all_reduce(times)
            self._rows.append(times.flatten().tolist())
        return self._ranks.slowest(total)

    def find_error(self) -> str | None:
        """See Trial: whether a product is right; the sums are checked where they are timed."""
        return None if self._products.is_right else "a product of two matrices is wrong"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: the seconds of every rank, iteration by iteration."""
        told = {}
        for rank in range(self._ranks.size):
            told[arrival_of(rank)] = tuple(row[2 * rank] for row in self._rows)
            told[transfer_of(rank)] = tuple(row[2 * rank + 1] for row in self._rows)
        return told

    def _once(self) -> tuple[float, float]:
        """Seconds from the common start to the arrival, and of the transfer."""
        self._values.zero_()
        self._ranks.align()
        begin = monotonic()
        self._products.do(_PRODUCTS)
        arrival = monotonic() - begin
        dist.all_reduce(self._meeting)
        met = monotonic()
        dist.all_reduce(self._values)
        return arrival, monotonic() - met
