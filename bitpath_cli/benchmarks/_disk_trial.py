"""Requests of one kind past the page cache, timed: reads in any order, and writes with an fsync."""

import os
import random
from collections.abc import Mapping
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._byte_account import ByteAccount
from bitpath_cli.benchmarks._direct_io import DirectFile
from bitpath_cli.benchmarks._directory import refusal
from bitpath_cli.benchmarks._disk_kinds import FSYNC_BLOCKS, Kind
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._requests import Requests, open_requests
from bitpath_cli.host import monotonic

_ENGINE_LOOPS: Final = 8
_ENGINE_REQUESTS: Final = 1024


class DiskTrial:
    """Reads by `requests`, or writes of the file's own blocks, over and over."""

    def __init__(self, kind: Kind, file: DirectFile, requests: Requests, context: Context) -> None:
        self._kind = kind
        self._file = file
        self._directory = context.directory
        self._requests = requests
        self._next_block = self._written = 0
        self._account = ByteAccount(context, kind.operation)

    def run(self, operations: int) -> float:
        """See Trial."""
        count = operations * self._kind.requests
        try:
            with self._account.asking(count * self._kind.block_bytes):
                return self._write(count) if self._writes else self._read(count)
        except OSError as error:
            raise refusal(error, self._directory) from error

    def find_error(self) -> str | None:
        """See Trial: whether the file holds what was written into it; of writes, by this trial."""
        if not self._writes:
            return self._file.find_damage()
        blocks = min(self._written, self._file.size_bytes // self._kind.block_bytes)
        return self._file.find_damage(blocks) if blocks else None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        told = {
            **self._account.evidence(),
            "latency": thin(self._requests.latencies),
            "file_bytes": (float(self._file.size_bytes),),
            "wrong": (float(self.find_error() is not None),),
        }
        if not self._writes:
            told["engine_seconds"] = (_time_engine(self._kind),)
        return told

    @property
    def _writes(self) -> bool:
        return self._kind.operation == "write"

    def _write(self, count: int) -> float:
        begin = monotonic()
        for number, block in enumerate(self._next(count), 1):
            self._requests.latencies.append(self._file.overwrite(block))
            if number % FSYNC_BLOCKS == 0:
                self._file.sync()
        self._written += count
        return monotonic() - begin

    def _read(self, count: int) -> float:
        size = self._kind.block_bytes
        if self._kind.pattern == "random":
            blocks = range(self._file.size_bytes // size)
            numbers = random.choices(blocks, k=count)  # noqa: S311
        else:
            numbers = self._next(count)
        return self._requests.read([number * size for number in numbers])

    def _next(self, count: int) -> list[int]:
        """The next blocks in order; after the last comes the first."""
        blocks = self._file.size_bytes // self._kind.block_bytes
        begin, self._next_block = self._next_block, (self._next_block + count) % blocks
        return [(begin + each) % blocks for each in range(count)]


def _time_engine(kind: Kind) -> float:
    """Seconds of one operation on memory: the least that this engine can take."""
    size_bytes = 4 * max(kind.block_bytes, 65536)
    blocks = size_bytes // kind.block_bytes
    count = min(kind.requests, _ENGINE_REQUESTS) * _ENGINE_LOOPS
    offsets = [each % blocks * kind.block_bytes for each in range(count)]
    memory = os.memfd_create("bitpath")
    try:
        os.pwrite(memory, bytes(size_bytes), 0)
        with open_requests(memory, kind.block_bytes, kind.depth) as requests:
            least = min(requests.read(offsets) for _ in range(5))
        return least / count * kind.requests
    finally:
        os.close(memory)
