"""The requests of one disk case, timed, and the bytes that were asked for and moved."""

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._device_counters import Counter, Moved, between, find_counter
from bitpath_cli.benchmarks._direct_io import DirectFile, Requests
from bitpath_cli.benchmarks._directory import refusal
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Missing

_ENGINE_LOOPS: Final = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """A case: what one request is, and how many of them make one operation of the loop."""

    operation: Literal["read", "write"]
    pattern: Literal["sequential", "random"]
    block_bytes: int
    depth: int
    requests: int


class DiskTrial:
    """Requests of one kind, and an account of the bytes asked for and moved meanwhile."""

    def __init__(self, kind: Kind, file: DirectFile, context: Context) -> None:
        self._kind = kind
        self._file = file
        self._directory = context.directory
        self._requests = Requests(file.descriptor, kind.block_bytes, kind.depth)
        self._next_block = 0
        self._asked_bytes = 0
        self._wall_seconds = self._cpu_seconds = 0.0
        counter = find_counter(context.host, context.directory)
        self._counter = None if isinstance(counter, Missing) else counter
        self._before = _read(self._counter)

    def run(self, operations: int) -> float:
        """See Trial."""
        count = operations * self._kind.requests
        busy, begin = time.process_time(), monotonic()
        try:
            seconds = self._write(operations) if self._writes else self._read_blocks(count)
        except OSError as error:
            raise refusal(error, self._directory) from error
        self._cpu_seconds += time.process_time() - busy
        self._wall_seconds += monotonic() - begin
        self._asked_bytes += count * self._kind.block_bytes
        return seconds

    def find_error(self) -> str | None:
        """See Trial: whether the file still holds what was written into it."""
        return self._file.find_damage() if self._file.size_bytes else None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        told: dict[str, tuple[float, ...]] = {
            "latency": thin(self._requests.latencies),
            "asked_bytes": (self._asked_bytes,),
            "file_bytes": (self._file.size_bytes,),
            "cpu_seconds": (self._cpu_seconds,),
            "wall_seconds": (self._wall_seconds,),
        }
        after = _read(self._counter)
        if self._before is not None and after is not None:
            moved = between(self._before, after)
            told["moved_bytes"] = (moved.written_bytes if self._writes else moved.read_bytes,)
        told["wrong"] = (float(self.find_error() is not None),)
        if not self._writes:
            told["engine_seconds"] = (_time_engine(self._kind),)
        return told

    @property
    def _writes(self) -> bool:
        return self._kind.operation == "write"

    def _write(self, operations: int) -> float:
        begin = monotonic()
        for _ in range(operations):
            for _ in range(self._kind.requests):
                self._requests.latencies.append(self._file.append())
            self._file.sync()
        return monotonic() - begin

    def _read_blocks(self, count: int) -> float:
        size = self._kind.block_bytes
        blocks = self._file.size_bytes // size
        if self._kind.pattern == "random":
            numbers = random.choices(range(blocks), k=count)  # noqa: S311
        else:
            numbers = [(self._next_block + each) % blocks for each in range(count)]
            self._next_block = (self._next_block + count) % blocks
        return self._requests.read([number * size for number in numbers])


def _time_engine(kind: Kind) -> float:
    """Seconds of one operation on memory: the least that this engine can take."""
    size_bytes = 4 * max(kind.block_bytes, 65536)
    blocks = size_bytes // kind.block_bytes
    offsets = [each % blocks * kind.block_bytes for each in range(kind.requests * _ENGINE_LOOPS)]
    memory = os.memfd_create("bitpath")
    try:
        os.pwrite(memory, bytes(size_bytes), 0)
        requests = Requests(memory, kind.block_bytes, kind.depth)
        return min(requests.read(offsets) for _ in range(5)) / _ENGINE_LOOPS
    finally:
        os.close(memory)


def _read(counter: Counter | None) -> Mapping[str, Moved] | None:
    read = None if counter is None else counter.read()
    return None if isinstance(read, Missing) else read
