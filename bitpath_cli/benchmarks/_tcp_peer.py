"""The other end of the TCP benchmark: receives and counts, or echoes; runs as a process of its own.

The standard library alone, because the file is run by its path. It listens on loopback, prints its
port, takes only connections that begin with the token from its standard input, and ends with it.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import threading
import time
from typing import Final

LOOPBACK: Final = "127.0.0.1"
TOKEN_BYTES: Final = 16
COUNT: Final = b"C"
ECHO: Final = b"E"
PING_BYTES: Final = 64
REQUEST: Final = struct.Struct(">Q")
RECEIPT: Final = struct.Struct(">Qd")
"""Bytes received, and the seconds of processor time that the receiver has used until now."""

_CHUNK_BYTES: Final = 256 << 10
_PR_SET_PDEATHSIG: Final = 1
_HELLO_SECONDS: Final = 5.0


def receive_exactly(connection: socket.socket, buffer: memoryview) -> bool:
    """Fill the buffer; False when the other end closed the connection."""
    got = 0
    while got < len(buffer):
        count = connection.recv_into(buffer[got:])
        if count == 0:
            return False
        got += count
    return True


def main() -> None:
    """Serve until standard input ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    token = os.read(0, TOKEN_BYTES)
    listener = socket.create_server((LOOPBACK, 0))
    os.write(1, f"{listener.getsockname()[1]}\n".encode())
    while True:
        ready, _, _ = select.select([listener.fileno(), 0], [], [])
        if 0 in ready:
            os._exit(0)
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, token), daemon=True).start()


def _serve(connection: socket.socket, token: bytes) -> None:
    with connection, contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_HELLO_SECONDS)
        hello = memoryview(bytearray(TOKEN_BYTES + 1))
        if not receive_exactly(connection, hello) or bytes(hello[:TOKEN_BYTES]) != token:
            return
        connection.settimeout(None)
        if bytes(hello[TOKEN_BYTES:]) == ECHO:
            _echo(connection)
        else:
            _count(connection)


def _echo(connection: socket.socket) -> None:
    message = memoryview(bytearray(PING_BYTES))
    while receive_exactly(connection, message):
        connection.sendall(message)


def _count(connection: socket.socket) -> None:
    request = memoryview(bytearray(REQUEST.size))
    chunk = memoryview(bytearray(_CHUNK_BYTES))
    while receive_exactly(connection, request):
        (wanted,) = REQUEST.unpack(request)
        received = 0
        while received < wanted:
            count = connection.recv_into(chunk, min(_CHUNK_BYTES, wanted - received))
            if count == 0:
                return
            received += count
        connection.sendall(RECEIPT.pack(received, time.process_time()))


if __name__ == "__main__":
    main()
