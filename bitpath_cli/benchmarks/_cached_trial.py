"""Files read and written as training does it, through a page cache that was made to forget them."""

import contextlib
import random
from collections.abc import Mapping

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._byte_account import ByteAccount
from bitpath_cli.benchmarks._direct_io import DirectFile, unnamed_file
from bitpath_cli.benchmarks._directory import refusal
from bitpath_cli.benchmarks._disk_kinds import CHECKPOINT_BYTES, Kind
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._requests import Threads
from bitpath_cli.benchmarks._rounds import Rounds
from bitpath_cli.host import monotonic


class CachedReads:
    """Every block of a file once, shuffled or in order; then the cache forgets it, and again.

    The forgetting is not timed.
    """

    def __init__(self, kind: Kind, file: DirectFile, context: Context) -> None:
        file.use_cache()
        self._kind = kind
        self._file = file
        self._directory = context.directory
        self._readers = Threads(file.descriptor, kind.block_bytes, kind.depth)
        self._rounds = Rounds(self._start_over)
        self._account = ByteAccount(context, "read")

    def run(self, operations: int) -> float:
        """See Trial."""
        seconds = 0.0
        try:
            for now in self._rounds.take(operations * self._kind.requests):
                with self._account.asking(len(now) * self._kind.block_bytes):
                    seconds += self._readers.read(now)
        except OSError as error:
            raise refusal(error, self._directory) from error
        return seconds

    def find_error(self) -> str | None:
        """See Trial: whether the file still holds what was written into it."""
        return self._file.find_damage()

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {
            **self._account.evidence(),
            "latency": thin(self._readers.latencies),
            "file_bytes": (float(self._file.size_bytes),),
            "wrong": (float(self.find_error() is not None),),
        }

    def _start_over(self) -> list[int]:
        self._file.drop_cache()
        size = self._kind.block_bytes
        offsets = list(range(0, self._file.size_bytes, size))
        if self._kind.pattern == "shuffled":
            random.shuffle(offsets)
        return offsets


class CheckpointWrites:
    """A checkpoint in a new file each time, written in order and through to the device."""

    def __init__(self, context: Context, held: contextlib.ExitStack) -> None:
        """`held` keeps the last file open until it ends."""
        self._directory = context.directory
        self._held = held
        self._file: DirectFile | None = None
        self._account = ByteAccount(context, "write")

    def run(self, operations: int) -> float:
        """See Trial."""
        try:
            return sum(self._write() for _ in range(operations))
        except OSError as error:
            raise refusal(error, self._directory) from error

    def find_error(self) -> str | None:
        """See Trial: whether the device gives back what the last checkpoint was."""
        if self._file is None:
            return None
        self._file.drop_cache()
        return self._file.find_damage()

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {
            **self._account.evidence(),
            "file_bytes": (float(CHECKPOINT_BYTES),),
            "wrong": (float(self.find_error() is not None),),
        }

    def _write(self) -> float:
        self._held.close()
        file = self._file = self._held.enter_context(
            unnamed_file(self._directory, CHECKPOINT_BYTES)
        )
        file.use_cache()
        with self._account.asking(CHECKPOINT_BYTES):
            begin = monotonic()
            while file.size_bytes < CHECKPOINT_BYTES:
                file.append()
            file.sync()
            return monotonic() - begin
