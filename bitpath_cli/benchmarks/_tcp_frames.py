"""JSON objects over a TCP connection, each after its length in four bytes; nothing is unpickled."""

import json
import math
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any, Final

LONGEST_BYTES: Final = 1 << 16
"""A frame that claims to be longer is refused before any of it is read."""

SILENCE_SECONDS: Final = 10.0
"""How long a partner that vanished without a word stays unnoticed."""

Frame = dict[str, Any]
_HEADER: Final = struct.Struct(">I")
_LONGEST_WORD: Final = 253


class Garbled(ConnectionError):
    """What came is no frame: something else speaks at the other end."""


def harden(connection: socket.socket) -> None:
    """No delay for small messages, and a limit on how long a dead link looks alive, see tcp(7)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_SECONDS * 1000))


def drop(connection: socket.socket) -> None:
    """Close at once: what was not sent yet is thrown away, and whoever waits on it is woken."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def send(connection: socket.socket, content: Mapping[str, object]) -> None:
    """One object; ValueError for one that the other end would refuse."""
    text = json.dumps(content).encode()
    if len(text) > LONGEST_BYTES:
        raise ValueError(f"a frame of {len(text)} bytes is too long")
    connection.sendall(_HEADER.pack(len(text)) + text)


def receive(connection: socket.socket, limit_seconds: float) -> Frame:
    """The next object; TimeoutError when it is late, ConnectionError when the other end is gone."""
    deadline = time.monotonic() + limit_seconds
    (size,) = _HEADER.unpack(_take(connection, _HEADER.size, deadline))
    if size > LONGEST_BYTES:
        raise Garbled(f"it announced a message of {size} bytes")
    try:
        found = json.loads(_take(connection, size, deadline))
    except (ValueError, RecursionError) as error:
        raise Garbled("it sent what is not JSON") from error
    if not isinstance(found, dict):
        raise Garbled("it sent JSON that is not an object")
    return found


def word(frame: Frame, name: str) -> str:
    """A field's text, empty where it is none, cut where it would fill a screen."""
    found = frame.get(name, "")
    return found[:_LONGEST_WORD] if isinstance(found, str) and found.isprintable() else ""


def number(frame: Frame, name: str) -> float:
    """A field's finite number; Garbled where it is none."""
    told = frame.get(name)
    try:
        found = float(told) if isinstance(told, int | float) else math.nan
    except OverflowError:
        found = math.nan
    if isinstance(told, bool) or not math.isfinite(found):
        raise Garbled(f"it sent no number as {name}")
    return found


def _take(connection: socket.socket, count: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError("it did not answer in time")
        connection.settimeout(left_seconds)
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError("it closed the connection")
        parts += part
    connection.settimeout(None)
    return bytes(parts)
