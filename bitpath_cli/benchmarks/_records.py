"""Training samples on storage, read in shuffled order by a thread that works ahead.

Records lie in pages of 4 KiB of an unnamed file; a page is one read, past the page cache where the
filesystem allows (open(2), O_DIRECT), so that loading costs what it costs on this disk.
"""

import contextlib
import fcntl
import mmap
import os
import random
from collections.abc import Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.benchmarks._direct_io import PAGE_BYTES, make_unnamed
from bitpath_cli.benchmarks._models import Kind

LARGEST_BYTES: Final = 16 << 20
_MOST_RECORDS: Final = 16384
_AHEAD: Final = 2
_WAIT_SECONDS: Final = 0.2


class Records:
    """Batches without end; `is_direct` says whether the page cache is passed by."""

    def __init__(self, descriptor: int, kind: Kind, batch: int, seed: int) -> None:
        """Writes the records, then starts the thread; OSError where the disk refuses."""
        self._descriptor = descriptor
        self._kind = kind
        self._batch = batch
        self._per_page = PAGE_BYTES // kind.record_bytes
        self._pages = min(LARGEST_BYTES // PAGE_BYTES, _MOST_RECORDS // self._per_page)
        self._order = random.Random(seed)  # noqa: S311
        self._write(torch.Generator().manual_seed(seed))
        self.is_direct = self._pass_the_cache()
        self._queue: Queue[Tensor | OSError] = Queue(_AHEAD)
        self._stop = Event()
        self._thread = Thread(target=self._read_ahead, daemon=True)
        self._thread.start()

    @property
    def size_bytes(self) -> int:
        """What lies on the disk."""
        return self._pages * PAGE_BYTES

    @property
    def read_bytes(self) -> int:
        """What one batch reads."""
        return -(-self._batch // self._per_page) * PAGE_BYTES

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets; waits for the disk where it is behind, and raises its OSError."""
        got = self._queue.get()
        if isinstance(got, OSError):
            raise got
        return self._kind.decode(got)

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()

    def _write(self, source: torch.Generator) -> None:
        records = self._kind.make(self._pages * self._per_page, source)
        pages = torch.zeros(self._pages, PAGE_BYTES, dtype=torch.uint8)
        used = self._per_page * self._kind.record_bytes
        pages[:, :used] = records.view(self._pages, used)
        raw = memoryview(pages.flatten().numpy().data)
        while raw:
            raw = raw[os.write(self._descriptor, raw) :]
        os.fsync(self._descriptor)

    def _pass_the_cache(self) -> bool:
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, os.O_DIRECT)
        except OSError:
            return False
        return True

    def _read_ahead(self) -> None:
        try:
            while not self._stop.is_set():
                self._put(self._read_batch())
        except OSError as error:
            self._put(error)

    def _put(self, item: Tensor | OSError) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(Full):
                self._queue.put(item, timeout=_WAIT_SECONDS)
                return

    def _read_batch(self) -> Tensor:
        count = self.read_bytes // PAGE_BYTES
        buffer = mmap.mmap(-1, count * PAGE_BYTES)
        view = memoryview(buffer)
        for index in range(count):
            page = self._order.randrange(self._pages)
            into = view[index * PAGE_BYTES : (index + 1) * PAGE_BYTES]
            if os.preadv(self._descriptor, [into], page * PAGE_BYTES) != PAGE_BYTES:
                raise OSError(None, "a page of the training data could not be read whole")
        pages = torch.frombuffer(buffer, dtype=torch.uint8).view(count, PAGE_BYTES)
        used = self._per_page * self._kind.record_bytes
        return pages[:, :used].reshape(-1, self._kind.record_bytes)[: self._batch]


@contextlib.contextmanager
def records(directory: str, kind: Kind, batch: int, seed: int) -> Iterator[Records]:
    """Records for as long as the context lasts; nothing of them is left on the disk."""
    descriptor = make_unnamed(directory)
    try:
        made = Records(descriptor, kind, batch, seed)
        try:
            yield made
        finally:
            made.close()
    finally:
        os.close(descriptor)
