"""The sum of all ranks' float32 vectors, by torch.distributed, with inputs that stay exact.

Element i of rank r is (i mod 13) + r: small integers, whose sum every rank can tell beforehand.
"""

from collections.abc import Mapping
from typing import Final

import torch
import torch.distributed as dist

from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

ELEMENT_BYTES: Final = 4
_PERIOD: Final = 13
_CHUNK: Final = 1 << 20


class Vectors:
    """The memory that all sizes share: the pattern, and the buffer that is reduced in place."""

    def __init__(self, largest_bytes: int) -> None:
        """Allocates and touches twice `largest_bytes`."""
        count = largest_bytes // ELEMENT_BYTES
        period = torch.arange(_PERIOD, dtype=torch.float32)
        self.pattern = period.repeat(-(-count // _PERIOD))[:count]
        self.buffer = torch.zeros(count)


class AllReduce:
    """A Trial: one all-reduce per operation; its time is the slowest rank's, for each by itself."""

    def __init__(self, ranks: Ranks, vectors: Vectors, size_bytes: int) -> None:
        """`size_bytes` per rank, in place."""
        count = size_bytes // ELEMENT_BYTES
        self._ranks = ranks
        self._pattern = vectors.pattern[:count]
        self._values = vectors.buffer[:count]
        self._rank_seconds = 0.0
        self._operations = 0

    def run(self, operations: int) -> float:
        """See Trial. Before each operation the input is made anew and the ranks come together."""
        times = torch.zeros(operations, dtype=torch.float64)
        for index in range(operations):
            self._fill()
            self._ranks.align()
            begin = monotonic()
            dist.all_reduce(self._values)
            times[index] = monotonic() - begin
        slowest = times.clone()
        dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
        dist.all_reduce(times)
        self._rank_seconds += float(times.sum()) / self._ranks.size
        self._operations += operations
        return float(slowest.sum())

    def find_error(self) -> str | None:
        """See Trial: every element in every rank is compared with what its sum must be."""
        wrong = self._count_wrong()
        if wrong == 0:
            return None
        return f"{wrong} of {self._ranks.size * len(self._values)} elements are wrong"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: seconds as the mean over ranks, and wrong elements once more after the runs."""
        return {
            "rank_seconds": (self._rank_seconds,),
            "operations": (self._operations,),
            "wrong": (self._count_wrong(),),
        }

    def _fill(self) -> None:
        torch.add(self._pattern, self._ranks.rank, out=self._values)

    def _count_wrong(self) -> int:
        size = self._ranks.size
        self._fill()
        dist.all_reduce(self._values)
        offset = size * (size - 1) / 2
        wrong = 0
        for begin in range(0, len(self._values), _CHUNK):
            expected = self._pattern[begin : begin + _CHUNK] * size + offset
            wrong += int((self._values[begin : begin + _CHUNK] != expected).sum())
        counted = torch.tensor([wrong], dtype=torch.int64)
        dist.all_reduce(counted)
        return int(counted.item())
