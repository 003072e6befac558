"""Whether several connections between the same ranks carry more than one.

Every process group of gloo has connections of its own, so a message in parts, one for each group
and all of them at once, travels over as many.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks._collective import Vectors
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

COUNTS: Final = (2, 4)
_KEPT: Final = 500


class Connections:
    """A Trial: an operation reduces the same bytes over one connection, then over several."""

    def __init__(self, ranks: Ranks, vectors: Vectors, size_bytes: int) -> None:
        """Makes the process groups; every rank must come here."""
        self._ranks = ranks
        self._numbers = vectors.numbers
        self._values = vectors.given[: size_bytes // vectors.element_bytes]
        self._groups = [dist.new_group(backend="gloo") for _ in range(max(COUNTS))]
        self._gains: dict[int, deque[float]] = {count: deque(maxlen=_KEPT) for count in COUNTS}

    def run(self, operations: int) -> float:
        """See Trial: the slowest rank's seconds over all ways."""
        total = 0.0
        for _ in range(operations):
            times = torch.tensor([self._reduce(count) for count in (1, *COUNTS)])
            dist.all_reduce(times, op=dist.ReduceOp.MAX)
            one, *several = times.tolist()
            for count, seconds in zip(COUNTS, several, strict=True):
                self._gains[count].append(one / seconds)
            total += one + sum(several)
        return total

    def find_error(self) -> str | None:
        """See Trial: whether the sum in parts is the sum."""
        self._reduce(max(COUNTS))
        wrong = int((self._values != self._numbers.total(0, len(self._values))).sum())
        return (
            f"{wrong} elements are wrong where a sum goes over several connections"
            if wrong
            else None
        )

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: time over one connection ÷ time over several, operation by operation."""
        return {f"gain_{count}": tuple(gains) for count, gains in self._gains.items()}

    def _reduce(self, count: int) -> float:
        self._numbers.fill(self._values, self._ranks.rank)
        self._ranks.align()
        begin = monotonic()
        parts = self._values.chunk(count)
        groups = self._groups[:count]
        works = [
            dist.all_reduce(part, group=group, async_op=True)
            for part, group in zip(parts, groups, strict=True)
        ]
        for work in works:
            work.wait()
        return monotonic() - begin
