"""How much computing and an all-reduce slow each other down when both happen at once.

Each operation does the two alone and then together, in the same ranks and one after the other, so
that what drifts meanwhile divides out.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks._collective import Vectors
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

_EDGE: Final = 192
_LEAST_PRODUCTS: Final = 20
_MOST_PRODUCTS: Final = 5000
_KEPT: Final = 500


class Products:
    """A rank's computing: products of small matrices on its own threads."""

    def __init__(self) -> None:
        """Random data, the same in every rank."""
        made = torch.Generator().manual_seed(1)
        self._left, self._right = (torch.rand(_EDGE, _EDGE, generator=made) for _ in range(2))
        self._result = torch.empty(_EDGE, _EDGE)
        expected = (self._left.double() @ self._right.double()).float()
        self.do(1)
        self.is_right = torch.allclose(self._result, expected, rtol=1e-3)

    def do(self, count: int) -> None:
        """So many products."""
        for _ in range(count):
            torch.mm(self._left, self._right, out=self._result)


class Overlap:
    """A Trial: an operation is an all-reduce alone, computing alone, and both at once."""

    def __init__(self, ranks: Ranks, vectors: Vectors, size_bytes: int) -> None:
        """`size_bytes` per rank are reduced."""
        self._ranks = ranks
        self._values = vectors.given[: size_bytes // vectors.element_bytes]
        self._products = Products()
        # As many alone as were done beside the last all-reduce: both see the same disturbances.
        self._count = _LEAST_PRODUCTS
        self._compute: deque[float] = deque(maxlen=_KEPT)
        self._comm: deque[float] = deque(maxlen=_KEPT)

    def run(self, operations: int) -> float:
        """See Trial: the slowest rank's seconds of all three parts."""
        total = 0.0
        for _ in range(operations):
            times = torch.tensor(self._once(), dtype=torch.float64)
            dist.all_reduce(times, op=dist.ReduceOp.MAX)
            comm, product, comm_beside, product_beside, whole = times.tolist()
            self._comm.append(comm_beside / comm)
            self._compute.append(product_beside / product)
            total += whole
        return total

    def find_error(self) -> str | None:
        """See Trial: whether a product is right; the sums are checked where they are timed."""
        return None if self._products.is_right else "a product of two matrices is wrong"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: by how much either took longer beside the other, operation by operation."""
        return {"compute_slowdown": tuple(self._compute), "comm_slowdown": tuple(self._comm)}

    def _once(self) -> tuple[float, float, float, float, float]:
        """Seconds of the all-reduce, of a product, of both beside the other, and in all."""
        self._values.zero_()
        self._ranks.align()
        first = monotonic()
        dist.all_reduce(self._values)
        comm = monotonic() - first
        self._ranks.align()
        begin = monotonic()
        self._products.do(self._count)
        product = (monotonic() - begin) / self._count
        self._ranks.align()
        begin = monotonic()
        work = dist.all_reduce(self._values, async_op=True)
        count = 0
        while count == 0 or not work.is_completed():
            self._products.do(1)
            count += 1
        beside = monotonic() - begin
        work.wait()
        self._count = min(max(_LEAST_PRODUCTS, count), _MOST_PRODUCTS)
        return comm, product, beside, beside / count, monotonic() - first
