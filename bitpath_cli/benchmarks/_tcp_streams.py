"""Connections to the peer process, and the timed exchanges over them."""

import contextlib
import os
import secrets
import select
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bitpath_cli.benchmarks import _tcp_peer
from bitpath_cli.benchmarks._at_once import run_at_once
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._tcp_peer import LOOPBACK, PING_BYTES, RECEIPT, REQUEST, receive_exactly
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic

BLOCK_BYTES: Final = 1 << 20
_START_SECONDS: Final = 20.0
_WAIT_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, and how to be let in."""

    process: subprocess.Popen[bytes]
    port: int
    token: bytes

    def connect(self, purpose: bytes) -> socket.socket:
        """A connection on which the peer does what `purpose` says; PeerFailed where it cannot."""
        try:
            connection = socket.create_connection((LOOPBACK, self.port), _WAIT_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(self.token + purpose)
        except OSError as error:
            raise _lost(error) from error
        return connection


@contextlib.contextmanager
def peer() -> Iterator[Peer]:
    """A peer for as long as the context lasts; it also ends when this process does."""
    token = secrets.token_bytes(_tcp_peer.TOKEN_BYTES)
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and file, no shell)
        [sys.executable, "-I", "-S", _tcp_peer.__file__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Peer(process, _read_port(process, token), token)
    finally:
        process.kill()
        process.communicate()


class Streams:
    """A Trial: so many streams send at once, and the time ends when the peer has counted all."""

    def __init__(self, other: Peer, streams: int) -> None:
        """Connects; `received_bytes` and the receiver's processor time are the peer's own."""
        self._connections = [other.connect(_tcp_peer.COUNT) for _ in range(streams)]
        self._block = memoryview(os.urandom(BLOCK_BYTES))
        self._receipts = [(0, 0.0)] * streams
        self.sent_bytes = 0
        self.received_bytes = 0
        self._wall_seconds = self._cpu_seconds = 0.0
        # An empty request is answered with what the peer's own start has cost.
        self._send(0, 0)
        self._start_seconds = self._receipts[0][1]

    def run(self, operations: int) -> float:
        """See Trial; one operation is a block over each stream."""
        busy, begin = time.process_time(), monotonic()
        if len(self._connections) == 1:
            self._send(0, operations)
            seconds = monotonic() - begin
        else:
            seconds = self._send_at_once(operations)
        self._wall_seconds += monotonic() - begin
        self._cpu_seconds += time.process_time() - busy
        self.sent_bytes += operations * BLOCK_BYTES * len(self._connections)
        self.received_bytes += sum(received for received, _ in self._receipts)
        return seconds

    def find_error(self) -> str | None:
        """See Trial."""
        self.run(1)
        if self.received_bytes == self.sent_bytes:
            return None
        return f"the receiver counted {self.received_bytes} of {self.sent_bytes} bytes"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        receiver = max(seconds for _, seconds in self._receipts) - self._start_seconds
        return {
            "sent_bytes": (self.sent_bytes,),
            "received_bytes": (self.received_bytes,),
            "wall_seconds": (self._wall_seconds,),
            "sender_cpu_seconds": (self._cpu_seconds,),
            "receiver_cpu_seconds": (receiver,),
        }

    def close(self) -> None:
        """End the streams."""
        for each in self._connections:
            each.close()

    def _send(self, index: int, operations: int) -> None:
        connection = self._connections[index]
        receipt = memoryview(bytearray(RECEIPT.size))
        try:
            connection.sendall(REQUEST.pack(operations * BLOCK_BYTES))
            for _ in range(operations):
                connection.sendall(self._block)
            if not receive_exactly(connection, receipt):
                raise ConnectionError("the peer closed the connection")
        except OSError as error:
            raise _lost(error) from error
        self._receipts[index] = RECEIPT.unpack(receipt)

    def _send_at_once(self, operations: int) -> float:
        count = len(self._connections)
        pieces = [partial(self._send, index, operations) for index in range(count)]
        return run_at_once(pieces, PeerFailed)


class RoundTrips:
    """A Trial: a small message there and back, one after the other, each timed by itself."""

    def __init__(self, other: Peer) -> None:
        """Connects."""
        self._connection = other.connect(_tcp_peer.ECHO)
        self._message = os.urandom(PING_BYTES)
        self._answer = memoryview(bytearray(PING_BYTES))
        self._latencies = array("d")

    def run(self, operations: int) -> float:
        """See Trial; one operation is one round trip."""
        connection, message, answer = self._connection, self._message, self._answer
        keep, clock = self._latencies.append, monotonic
        first = clock()
        try:
            for _ in range(operations):
                begin = clock()
                connection.sendall(message)
                if not receive_exactly(connection, answer):
                    raise ConnectionError("the peer closed the connection")
                keep(clock() - begin)
        except OSError as error:
            raise _lost(error) from error
        return clock() - first

    def find_error(self) -> str | None:
        """See Trial: whether the peer sends back what it was sent."""
        self.run(1)
        return None if bytes(self._answer) == self._message else "the echo was another message"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {"latency": thin(self._latencies)}

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _read_port(process: subprocess.Popen[bytes], token: bytes) -> int:
    """Hand the peer its token and read the port that it prints, within a limit."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101  (PIPE)
    try:
        process.stdin.write(token)
        process.stdin.flush()
    except OSError as error:
        raise _lost(error) from error
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = os.read(process.stdout.fileno(), 64) if ready else b""
    if not line.endswith(b"\n"):
        words = "it ended" if ready else f"no port within {_START_SECONDS:g} s"
        raise _lost(OSError(None, words))
    return int(line)


def _lost(error: OSError) -> PeerFailed:
    return PeerFailed(
        f"The process at the other end of the TCP connection did not answer: {error}.",
        "It may have been ended, or the loopback interface is closed by a filter.",
        "Run it again; if it happens again, see the filter's rules: nft list ruleset",
    )
