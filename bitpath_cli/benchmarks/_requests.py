"""Reads at offsets with so many of them outstanding, each timed."""

import contextlib
import mmap
import os
from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from bitpath_cli.benchmarks._at_once import run_at_once
from bitpath_cli.benchmarks._native_aio import CUT_SHORT, REFUSALS, NativeQueue
from bitpath_cli.host import monotonic


class Requests(Protocol):
    """Whoever reads; `latencies` grows by one for every block."""

    latencies: "array[float]"

    def read(self, offsets: Sequence[int]) -> float:
        """Read all blocks; seconds from the first request to the last answer."""
        ...


class Threads:
    """A thread for each outstanding read: preadv frees the interpreter's lock meanwhile."""

    def __init__(self, descriptor: int, block_bytes: int, depth: int) -> None:
        """With a depth of one it is the caller's own thread that waits."""
        self.latencies = array("d")
        self._descriptor = descriptor
        self._buffers = [mmap.mmap(-1, block_bytes) for _ in range(depth)]
        self._block_bytes = block_bytes

    def read(self, offsets: Sequence[int]) -> float:
        """See Requests."""
        pending = iter(offsets)
        if len(self._buffers) == 1:
            begin = monotonic()
            self._work(pending, self._buffers[0])
            return monotonic() - begin
        return run_at_once([partial(self._work, pending, each) for each in self._buffers], OSError)

    def _work(self, pending: Iterator[int], buffer: mmap.mmap) -> None:
        into, keep, read, clock = [buffer], self.latencies.append, os.preadv, monotonic
        for offset in pending:
            begin = clock()
            got = read(self._descriptor, into, offset)
            keep(clock() - begin)
            if got != self._block_bytes:
                raise OSError(None, f"{CUT_SHORT}: a read of {self._block_bytes} B gave {got}")


@contextlib.contextmanager
def open_requests(descriptor: int, block_bytes: int, depth: int) -> Iterator[Requests]:
    """The kernel's own queue, or threads where there is none or only one read is outstanding.

    `descriptor` may also be memory (memfd), which shows what the engine itself costs.
    """
    if depth == 1:
        yield Threads(descriptor, block_bytes, 1)
        return
    try:
        queue = NativeQueue(descriptor, block_bytes, depth)
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        yield Threads(descriptor, block_bytes, depth)
        return
    try:
        yield queue
    finally:
        queue.close()
