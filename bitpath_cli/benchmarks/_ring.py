"""Raw sockets around a ring of ranks: what their processors can move at best, both ways at once.

The fair limit of a collective: in a ring all-reduce too, every rank sends to its next and receives
from its last neighbour at the same time.
"""

import contextlib
import math
import random
import secrets
import select
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks._burst import MULTIPLE, find_burst
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

BLOCK_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 256 << 10
_TOKEN_BYTES: Final = 6
_WAIT_SECONDS: Final = 20.0
_TRACES: Final = 4
_TRACE_SECONDS: Final = 0.25
_IDLE_SECONDS: Final = 0.1
_MOST_BLOCKS: Final = 1 << 10


class Exchange:
    """A Trial: each operation sends a block to the next rank while one comes from the last.

    Where the link has a burst, a run first uses it up and then repeats each operation until the
    time stands for the lasting rate.
    """

    def __init__(self, ranks: Ranks, onward: socket.socket, inward: socket.socket) -> None:
        """`onward` leads to the next rank and `inward` comes from the last one."""
        self._ranks = ranks
        self._onward = onward
        self._inward = inward
        self._block = memoryview(_content(ranks.rank))
        self._received = memoryview(bytearray(BLOCK_BYTES))
        self.burst_bytes = 0.0
        self.bytes_per_second: float | None = None

    @property
    def is_local(self) -> bool:
        """Whether the bytes stay on this host."""
        return len(set(self._ranks.addresses)) == 1

    def look_for_burst(self) -> None:
        """Measure the burst of every rank's link; the largest counts for all of them."""
        blocks = 1
        while (seconds := self._pass(blocks)) < _TRACE_SECONDS and blocks < _MOST_BLOCKS:
            blocks *= 2
        self.bytes_per_second = blocks * BLOCK_BYTES / seconds
        traces = []
        for _ in range(_TRACES):
            # An idle link's bucket fills up again.
            time.sleep(_IDLE_SECONDS)
            trace: list[tuple[float, float]] = []
            self._pass(blocks, trace)
            traces.append(trace)
        self.burst_bytes = self._ranks.slowest(find_burst(traces))

    def run(self, operations: int) -> float:
        """See Trial: the slowest rank's seconds, as the mean over repeated operations."""
        if not self.burst_bytes:
            return self._pass(operations)
        self._pass(math.ceil(self.burst_bytes / BLOCK_BYTES))
        repeats = math.ceil(MULTIPLE * self.burst_bytes / BLOCK_BYTES / operations)
        return self._pass(operations * repeats) / repeats

    def find_error(self) -> str | None:
        """See Trial: whether the last neighbour's block arrived whole."""
        self._pass(1)
        neighbour = (self._ranks.rank - 1) % self._ranks.size
        if self._received == _content(neighbour):
            return None
        return f"what rank {neighbour} sent arrived changed"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: whether the bytes stayed on this host, and the burst of its link."""
        return {"loopback": (float(self.is_local),), "burst": (self.burst_bytes,)}

    def _pass(self, blocks: int, trace: list[tuple[float, float]] | None = None) -> float:
        """Exchange so many blocks after all ranks have come; the slowest rank's seconds."""
        self._ranks.align()
        begin = monotonic()
        try:
            self._exchange(blocks * BLOCK_BYTES, begin, trace)
        except OSError as error:
            raise _lost(self._ranks.rank, error) from error
        return self._ranks.slowest(monotonic() - begin)

    def _exchange(
        self, size_bytes: int, begin: float, trace: list[tuple[float, float]] | None
    ) -> None:
        sent = received = 0
        sending, receiving = [self._onward], [self._inward]
        while sent < size_bytes or received < size_bytes:
            can_receive, can_send, _ = select.select(
                receiving if received < size_bytes else [],
                sending if sent < size_bytes else [],
                [],
                _WAIT_SECONDS,
            )
            if not can_receive and not can_send:
                raise TimeoutError(f"nothing moved for {_WAIT_SECONDS:g} s")
            if can_send:
                at = sent % BLOCK_BYTES
                sent += self._onward.send(self._block[at : at + _CHUNK_BYTES])
            if can_receive:
                at = received % BLOCK_BYTES
                count = self._inward.recv_into(self._received[at : at + _CHUNK_BYTES])
                if count == 0:
                    raise ConnectionError("the connection was closed")
                received += count
                if trace is not None:
                    trace.append((monotonic() - begin, float(received)))


@contextlib.contextmanager
def ring(ranks: Ranks) -> Iterator[Exchange]:
    """Connect every rank to the next; PeerFailed where one cannot be reached.

    Ports and a token, which keeps strangers out, travel as the largest of all ranks' numbers.
    """
    rank, size = ranks.rank, ranks.size
    token = int(ranks.slowest(secrets.randbits(8 * _TOKEN_BYTES))).to_bytes(_TOKEN_BYTES, "big")
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listen(ranks.addresses[rank]))
        listener.settimeout(_WAIT_SECONDS)
        mine = listener.getsockname()[1]
        ports = [int(ranks.slowest(mine if each == rank else 0)) for each in range(size)]
        try:
            next_port = ports[(rank + 1) % size]
            onward = socket.create_connection(
                (ranks.addresses[(rank + 1) % size], next_port), _WAIT_SECONDS
            )
            stack.enter_context(onward)
            onward.sendall(token)
            inward = stack.enter_context(_accept(listener, token))
        except OSError as error:
            raise _lost(rank, error) from error
        for each in (onward, inward):
            each.setblocking(False)
        yield Exchange(ranks, onward, inward)


def _listen(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, 0), family=family)


def _accept(listener: socket.socket, token: bytes) -> socket.socket:
    """The connection that knows the token; others are closed."""
    deadline = monotonic() + _WAIT_SECONDS
    while monotonic() < deadline:
        connection, _ = listener.accept()
        connection.settimeout(_WAIT_SECONDS / 4)
        with contextlib.suppress(OSError):
            if connection.recv(len(token), socket.MSG_WAITALL) == token:
                return connection
        connection.close()
    raise TimeoutError("the last neighbour did not connect")


def _content(rank: int) -> bytes:
    """A rank's block: random, and known to every rank."""
    return random.Random(rank).randbytes(BLOCK_BYTES)  # noqa: S311


def _lost(rank: int, error: OSError) -> PeerFailed:
    return PeerFailed(
        f"Rank {rank} lost its neighbours in the socket exchange: {error}.",
        "A rank was ended, or a filter closes the ports between them.",
        "Run it again; if it happens again, see the filter's rules: nft list ruleset",
    )
