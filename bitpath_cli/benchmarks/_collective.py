"""A collective of torch.distributed as a Trial, whose every element is checked.

The calls are those of torch.distributed's documentation.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor

from bitpath_cli.benchmarks._exact import DTYPES, Numbers
from bitpath_cli.benchmarks._operations import SUM, Operation, find_operation
from bitpath_cli.benchmarks._stage import Stage
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.stats import quantile

_CHUNK: Final = 1 << 20
_KEPT: Final = 1000
LEAST_OPERATIONS: Final = 20
"""How many operations a 95th percentile needs."""

_WRONG: Final = -1
# torch 2.13 calls them so; the older names still work there, with a warning.
_GATHER: Any = getattr(dist, "all_gather_single", dist.all_gather_into_tensor)
_SCATTER: Any = getattr(dist, "reduce_scatter_single", dist.reduce_scatter_tensor)


class Vectors:
    """The memory that all sizes share: every rank's numbers, what is given and what is received."""

    def __init__(
        self, name: str, dtype: str, largest_bytes: int, ranks: Ranks, stage: Stage
    ) -> None:
        """Allocates about three times `largest_bytes`, two times where it works in place."""
        self.operation: Operation = find_operation(name)
        self.call: Callable[[Tensor, Tensor], object] = _find_call(name, ranks, stage)
        self.stage = stage
        self.largest_bytes = largest_bytes
        self.element_bytes = DTYPES[dtype].itemsize
        count = largest_bytes // self.element_bytes
        self.numbers = Numbers(
            DTYPES[dtype], ranks.size, self.operation.is_summed, count, stage.device
        )
        self.given = torch.zeros(count, dtype=DTYPES[dtype], device=stage.device)
        self.received = self.given if self.operation.is_in_place else torch.zeros_like(self.given)


class Collective:
    """A Trial: one call per operation; its time is the slowest rank's, for each by itself."""

    def __init__(self, ranks: Ranks, vectors: Vectors, size_bytes: int) -> None:
        """`size_bytes` by the convention of nccl-tests, whole parts for every rank."""
        self._ranks = ranks
        self._vectors = vectors
        self._count = size_bytes // vectors.element_bytes
        operation = vectors.operation
        self._given = vectors.given[: operation.given(self._count, ranks.size)]
        self._received = vectors.received[: operation.received(self._count, ranks.size)]
        self._rank_seconds = 0.0
        self._operations = 0
        self._slowest: deque[float] = deque(maxlen=_KEPT)

    def run(self, operations: int) -> float:
        """See Trial. Before each operation the input is made anew and the ranks come together."""
        vectors = self._vectors
        times = torch.zeros(operations, dtype=torch.float64)
        for index in range(operations):
            self._fill()
            self._ranks.align()
            times[index] = vectors.stage.time(lambda: vectors.call(self._given, self._received))
        slowest = times.clone()
        dist.all_reduce(slowest, op=dist.ReduceOp.MAX)
        dist.all_reduce(times)
        self._rank_seconds += float(times.sum()) / self._ranks.size
        self._operations += operations
        self._slowest.extend(slowest.tolist())
        return float(slowest.sum())

    def find_error(self) -> str | None:
        """See Trial: every element in every rank is compared with what it must be."""
        wrong, compared = self._count_wrong()
        return f"{wrong} of {compared} elements are wrong" if wrong else None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: seconds as the mean over ranks, and wrong elements once more after the runs."""
        told = {
            "rank_seconds": (self._rank_seconds,),
            "operations": (float(self._operations),),
            "wrong": (float(self._count_wrong()[0]),),
        }
        if len(self._slowest) >= LEAST_OPERATIONS:
            told["p95"] = (quantile(self._slowest, 0.95),)
        return told

    def _fill(self) -> None:
        self._vectors.numbers.fill(self._given, self._ranks.rank)

    def _count_wrong(self) -> tuple[int, int]:
        """Wrong elements of all ranks, and how many were compared."""
        if not self._vectors.operation.is_in_place:
            self._received.fill_(_WRONG)
        self._fill()
        self._vectors.call(self._given, self._received)
        pieces = self._vectors.operation.pieces(self._ranks.rank, self._count, self._ranks.size)
        wrong = 0
        for piece in pieces:
            for begin in range(piece.begin, piece.end, _CHUNK):
                end = min(begin + _CHUNK, piece.end)
                start = piece.offset + begin - piece.begin
                expected = self._expect(piece.source, start, start + end - begin)
                wrong += int((self._received[begin:end] != expected).sum())
        counted = torch.tensor([wrong, sum(piece.end - piece.begin for piece in pieces)])
        dist.all_reduce(counted)
        return int(counted[0]), int(counted[1])

    def _expect(self, source: int, begin: int, end: int) -> Tensor:
        numbers = self._vectors.numbers
        return numbers.total(begin, end) if source == SUM else numbers.of(source, begin, end)


def _find_call(name: str, ranks: Ranks, stage: Stage) -> Callable[[Tensor, Tensor], object]:
    """The collective as a call with what is given and what is received."""
    group, rank, size = stage.group, ranks.rank, ranks.size

    def pass_on(given: Tensor, received: Tensor) -> None:
        onward = dist.P2POp(dist.isend, given, (rank + 1) % size, group)
        inward = dist.P2POp(dist.irecv, received, (rank - 1) % size, group)
        # Gloo asks for a message over the same connection: after ours it would have to wait.
        for work in dist.batch_isend_irecv([inward, onward]):
            work.wait()

    return {
        "all_reduce": lambda given, _: dist.all_reduce(given, group=group),
        "all_gather": lambda given, received: _GATHER(received, given, group=group),
        "reduce_scatter": lambda given, received: _SCATTER(received, given, group=group),
        "broadcast": lambda given, _: dist.broadcast(given, 0, group=group),
        "reduce": lambda given, _: dist.reduce(given, 0, group=group),
        "all_to_all": lambda given, received: dist.all_to_all_single(received, given, group=group),
        "send_recv": pass_on,
    }[name]
