"""The calling end of the TCP benchmark: a measuring process's flows and round trips, as trials."""

import os
import socket
import struct
from array import array
from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

from pydantic import ValidationError

from bitpath_cli.benchmarks import Peer
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._tcp_connect import connect, lost, place
from bitpath_cli.benchmarks._tcp_flows import OPERATION_BYTES, Flows, Role
from bitpath_cli.benchmarks._tcp_frames import SILENCE_SECONDS, Frame, drop, number, receive, send
from bitpath_cli.benchmarks._tcp_hello import Purpose
from bitpath_cli.benchmarks._tcp_listener import PING_BYTES, receive_exactly
from bitpath_cli.benchmarks._tcp_look import Look
from bitpath_cli.host import Host, monotonic

End = Literal["here", "there"]
ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "send": ("send",), "receive": ("receive",), "both": ("send", "receive"),
}  # fmt: skip
_PATIENCE_SECONDS: Final = SILENCE_SECONDS + 5.0
_LONGEST_RAMP_SECONDS: Final = 3.0
_LEAST_RAMP_SECONDS: Final = 0.2
_LEAST_WINDOW_SECONDS: Final = 0.03
_STILL_GROWING: Final = 1.05


class Line:
    """Both ends of a case's flows: ours, and the peer's, which a connection of its own steers."""

    def __init__(self, peer: Peer, roles: tuple[Role, ...], streams: int, host: Host) -> None:
        """Connects; nothing is sent yet. PeerFailed where the peer does not take part."""
        self.peer = peer
        self._where = place(peer.address, peer.port)
        self._control, told = _join(peer, "case", {})
        self._flows = Flows(str(told.get("case", "")), host)
        self._count = streams * len(roles)
        self._is_started = False
        try:
            for role in roles * streams:
                details = {"case": told.get("case", ""), "role": role}
                self._flows.attach(_join(peer, "data", details)[0], role)
        except BaseException:
            self.close()
            raise

    @property
    def is_within_host(self) -> bool:
        """Whether both ends have the same address: then nothing leaves this host."""
        return bool(self._control.getsockname()[0] == self._control.getpeername()[0])

    def start(self) -> None:
        """Let both ends send, once."""
        if not self._is_started:
            self._ask({"do": "start", "connections": self._count})
            self._flows.start(self._count, SILENCE_SECONDS)
            self._is_started = True

    def pace(self, receiver: End, size_bytes: int) -> float:
        """Seconds in which so many bytes arrive at an end, on that end's clock."""
        if receiver == "there":
            return number(self._ask({"do": "pace", "bytes": size_bytes}), "seconds")
        try:
            return self._flows.pace(size_bytes)
        except ConnectionError as error:
            raise lost(self._where, str(error)) from error

    def look(self, end: End) -> Look:
        """What an end has seen until now."""
        if end == "here":
            return self._flows.look()
        try:
            return Look.model_validate(self._ask({"do": "look"}).get("look"))
        except ValidationError as error:
            raise lost(self._where, "it told what cannot be understood") from error

    def close(self) -> None:
        """End every connection."""
        drop(self._control)
        self._flows.close()

    def _ask(self, content: Mapping[str, object]) -> Frame:
        try:
            send(self._control, content)
            while True:
                answer = receive(self._control, _PATIENCE_SECONDS)
                if "waiting" not in answer:
                    break
        except OSError as error:
            raise lost(self._where, error.strerror or str(error)) from error
        if "failed" in answer:
            raise lost(self._where, str(answer["failed"])[:200])
        return answer


class Stream:
    """A Trial: how long a number of operations' bytes take to arrive, while the flow goes on."""

    def __init__(self, line: Line, receiver: End) -> None:
        """Nothing flows before the first check."""
        self._line = line
        self._receiver: End = receiver
        self._sender: End = "here" if receiver == "there" else "there"
        self._before: dict[End, Look] = {}

    def run(self, operations: int) -> float:
        """See Trial."""
        return self._line.pace(self._receiver, operations * OPERATION_BYTES)

    def find_error(self) -> str | None:
        """See Trial: start, leave the ramp-up behind, and ask whether the right bytes came."""
        self._line.start()
        self._leave_ramp()
        self._before = {end: self._line.look(end) for end in (self._sender, self._receiver)}
        return "other bytes came than were sent" if self._before[self._receiver].is_wrong else None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop; what a kernel does not tell has no entry."""
        sender, receiver = self._line.look(self._sender), self._line.look(self._receiver)
        sender_before, receiver_before = self._before[self._sender], self._before[self._receiver]
        since = partial(_grown, sender, sender_before)
        found = {
            "wall_seconds": sender.at_seconds - sender_before.at_seconds,
            "sender_cpu_seconds": sender.cpu_seconds - sender_before.cpu_seconds,
            "receiver_cpu_seconds": receiver.cpu_seconds - receiver_before.cpu_seconds,
            "sender_interrupt_seconds": sender.busiest_interrupts(sender_before),
            "receiver_interrupt_seconds": receiver.busiest_interrupts(receiver_before),
            "received_bytes": float(receiver.received_bytes - receiver_before.received_bytes),
            "sent_bytes": since("sent_bytes"),
            "retransmitted_bytes": since("retransmitted_bytes"),
            "busy_seconds": since("busy_seconds"),
            "limited_seconds": since("limited_seconds"),
            "mss": sender.mss,
            "mtu": sender.mtu,
            "within_host": float(self._line.is_within_host),
        }
        return {name: (value,) for name, value in found.items() if value is not None}

    def _leave_ramp(self) -> None:
        """Wait until windows of at least two round trips are no longer faster than all before."""
        begun, size_bytes, fastest = monotonic(), OPERATION_BYTES, 0.0
        while True:
            seconds = self._line.pace(self._receiver, size_bytes)
            spent_seconds = monotonic() - begun
            is_growing = size_bytes / seconds > _STILL_GROWING * fastest
            fastest = max(fastest, size_bytes / seconds)
            if spent_seconds >= _LONGEST_RAMP_SECONDS:
                return
            if spent_seconds >= _LEAST_RAMP_SECONDS and not is_growing:
                return
            told = self._line.look(self._sender).round_trip_seconds or 0.0
            if seconds < max(_LEAST_WINDOW_SECONDS, 2 * told):
                size_bytes *= 2


class RoundTrips:
    """A Trial: a small message there and back, one after the other, each timed by itself."""

    def __init__(self, peer: Peer) -> None:
        """Connects."""
        self._where = place(peer.address, peer.port)
        self._connection, _ = _join(peer, "echo", {})
        # A limit of the kernel's own: Python's would ask for readiness before every call.
        self._connection.settimeout(None)
        limit = struct.pack("ll", int(SILENCE_SECONDS), 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
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
                    raise ConnectionError("it closed the connection")
                keep(clock() - begin)
        except OSError as error:
            raise lost(self._where, error.strerror or str(error)) from error
        return clock() - first

    def find_error(self) -> str | None:
        """See Trial: whether the peer sends back what it was sent."""
        self.run(1)
        return None if bytes(self._answer) == self._message else "the echo was another message"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        is_within = self._connection.getsockname()[0] == self._connection.getpeername()[0]
        return {"latency": thin(self._latencies), "within_host": (float(is_within),)}

    def close(self) -> None:
        """End the connection."""
        drop(self._connection)


def _join(
    peer: Peer, purpose: Purpose, details: Mapping[str, object]
) -> tuple[socket.socket, Frame]:
    told = {**details, "session": peer.session}
    return connect(peer.address, peer.port, peer.token, purpose, told)


def _grown(now: Look, before: Look, name: str) -> float | None:
    last, first = getattr(now, name), getattr(before, name)
    return None if last is None or first is None else float(last - first)
