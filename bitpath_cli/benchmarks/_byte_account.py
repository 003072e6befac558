"""What a loop asked of a disk, what a device moved meanwhile, and the processor's part in it."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Literal

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._device_counters import Moved, between, find_counter
from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Missing

Operation = Literal["read", "write"]


class ByteAccount:
    """Counts from its first request on; of what moved, only its own operation counts."""

    def __init__(
        self, context: Context, operation: Operation, of_another_process: bool = False
    ) -> None:
        """Bytes `of_another_process` are seen by the device's own counter and by no other."""
        found = find_counter(context.host, context.directory)
        is_seeing = not isinstance(found, Missing) and (
            found.is_own_device or not of_another_process
        )
        self._counter = found if is_seeing and not isinstance(found, Missing) else None
        self._operation = operation
        self._asked_bytes = 0
        self._wall_seconds = self._cpu_seconds = 0.0
        self._before: Mapping[str, Moved] | None = None
        self._is_open = False

    def open(self) -> None:
        """What moves from now on counts; what moved before was another loop's."""
        if not self._is_open:
            self._is_open, self._before = True, self._read()

    @contextlib.contextmanager
    def asking(self, size_bytes: int) -> Iterator[None]:
        """So many bytes are asked for now, by this process."""
        self.open()
        busy, begin = time.process_time(), monotonic()
        yield
        self.add(size_bytes, monotonic() - begin, time.process_time() - busy)

    def add(self, size_bytes: int, wall_seconds: float, cpu_seconds: float) -> None:
        """So many bytes were asked for, and what that took."""
        self._asked_bytes += size_bytes
        self._wall_seconds += wall_seconds
        self._cpu_seconds += cpu_seconds

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: bytes asked for, seconds, and bytes moved where a counter can be read."""
        told: dict[str, tuple[float, ...]] = {
            "asked_bytes": (self._asked_bytes,),
            "cpu_seconds": (self._cpu_seconds,),
            "wall_seconds": (self._wall_seconds,),
        }
        after = self._read()
        if self._before is not None and after is not None:
            moved = between(self._before, after)
            is_write = self._operation == "write"
            told["moved_bytes"] = (moved.written_bytes if is_write else moved.read_bytes,)
        return told

    def _read(self) -> Mapping[str, Moved] | None:
        read = None if self._counter is None else self._counter.read()
        return None if isinstance(read, Missing) else read
