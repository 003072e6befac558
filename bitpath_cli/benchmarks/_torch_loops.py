"""Timed torch operations: on processors by the monotonic clock, on a GPU by the device's events."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import torch

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import unsupported

GPU_LOOPS: Final = 64
"""How many operations one sample may have on a GPU, each with its own pair of events."""

_FLUSH_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class CpuTrial:
    """One operation again and again; `check` says what is wrong with its answer."""

    operation: Callable[[], object]
    check: Callable[[], str | None]

    def run(self, operations: int) -> float:
        """See Trial."""
        operation = self.operation
        begin = monotonic()
        for _ in range(operations):
            operation()
        return monotonic() - begin

    def find_error(self) -> str | None:
        """See Trial."""
        return self.check()


class GpuTrial:
    """The same on a GPU: only the time between events counts, and caches are flushed before each.

    Launching is asynchronous, so the host's clock would time the launch and not the work.
    """

    def __init__(
        self,
        operation: Callable[[], object],
        check: Callable[[], str | None],
        device: torch.device,
        flush: bool,
    ) -> None:
        """`flush` writes 256 MiB before each operation, more than any GPU's cache holds."""
        self._operation = operation
        self._check = check
        self._device = device
        self._flush = torch.empty(_FLUSH_BYTES, dtype=torch.uint8, device=device) if flush else None

    def run(self, operations: int) -> float:
        """See Trial."""
        pairs = [(_event(), _event()) for _ in range(operations)]
        for begin, end in pairs:
            if self._flush is not None:
                self._flush.zero_()
            begin.record()
            self._operation()
            end.record()
        torch.cuda.synchronize(self._device)
        return float(sum(begin.elapsed_time(end) for begin, end in pairs)) / 1e3

    def find_error(self) -> str | None:
        """See Trial."""
        return self._check()


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def find_device(name: str) -> torch.device:
    """The device of that name; CannotMeasure where this torch cannot use it."""
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise CannotMeasure(
            unsupported(
                f"the driver sees a GPU, but torch {torch.__version__} cannot use it",
                "install torch's CUDA build that fits the driver: https://pytorch.org",
            )
        )
    return device


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for torch's own loops and its libraries."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def library() -> str:
    """What computes: torch and the BLAS that it was built with."""
    words = torch.__config__.show().replace(",", " ").split()
    blas = next((word.partition("=")[2] for word in words if word.startswith("BLAS_INFO=")), "")
    return f"torch {torch.__version__} ({blas or 'unnamed BLAS'})"
