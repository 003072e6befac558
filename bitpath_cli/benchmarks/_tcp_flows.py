"""One end of the flows of a case: what sends without a pause, and what counts all that arrives.

A rate is the receiver's: whole arrivals, on its own clock, while the flow goes on before and after.
"""

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable
from typing import Final, Literal

from bitpath_cli.benchmarks._tcp_frames import SILENCE_SECONDS, drop
from bitpath_cli.benchmarks._tcp_info import tcp_info
from bitpath_cli.benchmarks._tcp_look import Look, look
from bitpath_cli.host import Host, monotonic

Role = Literal["send", "receive"]
OPERATION_BYTES: Final = 1 << 16
"""What one operation of a bandwidth loop counts."""

_BLOCK_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 256 << 10
_WAIT_SECONDS: Final = 2.0


class Tally:
    """Counts arrivals over all connections and times how long a number of bytes takes to come.

    One window begins where the last one ended. Were there gaps, then what piled up in them while
    nobody was scheduled to count would pass for faster than the link.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._size_bytes = 0
        self._begin: tuple[float, int] | None = None
        self._seconds: float | None = None
        self._failure = ""
        self.total_bytes = 0

    def add(self, count: int) -> None:
        """So many bytes have just arrived."""
        with self._changed:
            self.total_bytes += count
            if not self._size_bytes:
                return
            if self._begin is None:
                self._begin = (self._clock(), self.total_bytes)
                return
            since, before = self._begin
            came = self.total_bytes - before
            if came >= self._size_bytes:
                now = self._clock()
                # More came than was asked for: the time of a part of it, at the same pace.
                self._seconds = (now - since) * self._size_bytes / came
                self._begin, self._size_bytes = (now, self.total_bytes), 0
                self._changed.notify()

    def fail(self, words: str) -> None:
        """A connection ended: nothing that is waited for will come."""
        with self._changed:
            self._failure = words
            self._changed.notify()

    def begin(self, size_bytes: int) -> None:
        """Time the next so many bytes, from an arrival to an arrival."""
        with self._changed:
            self._size_bytes, self._seconds = size_bytes, None

    def wait(self, limit_seconds: float) -> float | None:
        """The seconds that they took, None where the limit came first; ConnectionError."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._seconds is not None or self._failure, limit_seconds
            )
            if self._failure:
                raise ConnectionError(self._failure)
            return self._seconds


class Flows:
    """The connections of a case at one end, each with a thread that sends or receives."""

    def __init__(self, name: str, host: Host) -> None:
        """Both ends know from the case's name what is sent: bytes that nothing can compress."""
        self._block = hashlib.shake_256(name.encode()).digest(_BLOCK_BYTES)
        self._host = host
        self._sending: list[socket.socket] = []
        self._receiving: list[socket.socket] = []
        self._is_wrong = False
        self._attached = threading.Condition()
        self.tally = Tally()

    def attach(self, connection: socket.socket, role: Role) -> None:
        """Take a connection over; one that receives begins at once."""
        connection.settimeout(None)
        with self._attached:
            (self._sending if role == "send" else self._receiving).append(connection)
            self._attached.notify()
        if role == "receive":
            self._run(self._receive, connection)

    def start(self, count: int, limit_seconds: float) -> None:
        """Send on all of `count` connections; TimeoutError where some of them never came."""
        with self._attached:
            if not self._attached.wait_for(lambda: len(self._all()) >= count, limit_seconds):
                raise TimeoutError(f"{len(self._all())} of {count} connections came")
        for each in self._sending:
            self._run(self._send, each)

    def pace(self, size_bytes: int, on_wait: Callable[[], None] = lambda: None) -> float:
        """Seconds in which so many bytes arrive; ConnectionError where none does for too long.

        `on_wait` is called now and then, so that whoever waits for the answer knows of it.
        """
        self.tally.begin(size_bytes)
        seen_bytes, silent_seconds = self.tally.total_bytes, 0.0
        while (seconds := self.tally.wait(_WAIT_SECONDS)) is None:
            silent_seconds += _WAIT_SECONDS
            if self.tally.total_bytes != seen_bytes:
                seen_bytes, silent_seconds = self.tally.total_bytes, 0.0
            if silent_seconds >= SILENCE_SECONDS:
                raise ConnectionError(f"no byte came for {silent_seconds:g} s")
            on_wait()
        return seconds

    def look(self) -> Look:
        """This end now."""
        told = []
        for each in self._sending:
            with contextlib.suppress(OSError):
                told.append(tcp_info(each))
        return look(self._host, self.tally.total_bytes, self._is_wrong, told)

    def close(self) -> None:
        """End all connections and with them their threads."""
        for each in self._all():
            drop(each)

    def _all(self) -> list[socket.socket]:
        return [*self._sending, *self._receiving]

    def _run(self, work: Callable[[socket.socket], None], connection: socket.socket) -> None:
        threading.Thread(target=work, args=(connection,), daemon=True).start()

    def _send(self, connection: socket.socket) -> None:
        block = memoryview(self._block)
        try:
            while True:
                connection.sendall(block)
        except OSError as error:
            self.tally.fail(_words(error))

    def _receive(self, connection: socket.socket) -> None:
        chunk = memoryview(bytearray(_CHUNK_BYTES))
        # Every stream begins at the block's beginning; what follows only repeats it.
        unchecked = self._block[:OPERATION_BYTES]
        try:
            while count := connection.recv_into(chunk):
                if unchecked:
                    known = min(count, len(unchecked))
                    self._is_wrong |= bytes(chunk[:known]) != unchecked[:known]
                    unchecked = unchecked[known:]
                self.tally.add(count)
        except OSError as error:
            self.tally.fail(_words(error))
        else:
            self.tally.fail("it closed the connection")


def _words(error: OSError) -> str:
    return error.strerror or str(error) or "the connection is gone"
