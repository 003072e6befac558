"""Serves one test: lets in who proves itself, and sends, counts or echoes what the caller asks for.

Every connection comes to the same port and says after its hello what it is for: `test` is held open
by the caller for the whole test, `case` steers the flows of one measuring process, `data` is a flow
of such a case, and `echo` returns small messages.
"""

import contextlib
import secrets
import select
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal

from bitpath_cli.benchmarks._tcp_flows import Flows
from bitpath_cli.benchmarks._tcp_frames import (
    Frame,
    Garbled,
    drop,
    harden,
    number,
    receive,
    send,
    word,
)
from bitpath_cli.benchmarks._tcp_hello import (
    HELLO_SECONDS,
    Refused,
    accept,
    receive_caller,
    refuse,
)
from bitpath_cli.host import Host, monotonic

PING_BYTES: Final = 64
Outcome = Literal["served", "lost", "nobody", "late"]
"""Served to its end, lost the caller before that, was called by nobody, or ran out of time."""

_MOST_CONNECTIONS: Final = 300
_MOST_OPERATIONS_BYTES: Final = 1 << 50
_LONGEST_SECONDS: Final = 24 * 3600.0


class Listener:
    """The listening end of one test; `serve` returns when the test or the time is over."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        token: str,
        about: Mapping[str, object],
        allowed: Collection[str] = (),
        remark: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`about` is told to the caller; `allowed` are addresses, or none where all may knock."""
        self._sockets = tuple(sockets)
        self._token = token
        self._about = about
        self._allowed = frozenset(allowed)
        self._remark = remark
        self._host = Host()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cases: dict[str, Flows] = {}
        self._session = ""
        self._outcome: Outcome = "nobody"
        self._woken, self._wake = socket.socketpair()

    def serve(self, limit_seconds: float) -> Outcome:
        """Serve one test within the limit; afterwards no connection of it is left."""
        deadline = monotonic() + limit_seconds
        try:
            while (left := deadline - monotonic()) > 0:
                ready, _, _ = select.select([*self._sockets, self._woken], [], [], left)
                if self._woken in ready:
                    return self._outcome
                for each in ready:
                    self._take(each)
            return "late" if self._session else "nobody"
        finally:
            self._close()

    def _close(self) -> None:
        for each in self._sockets:
            each.close()
        with self._lock:
            left = tuple(self._open)
            flows = tuple(self._cases.values())
        for one in flows:
            one.close()
        for connection in left:
            drop(connection)
        for end in (self._woken, self._wake):
            end.close()

    def _take(self, listening: socket.socket) -> None:
        try:
            connection, address = listening.accept()
        except OSError:
            return
        with self._lock:
            is_full = len(self._open) >= _MOST_CONNECTIONS
            if not is_full:
                self._open.add(connection)
        if is_full:
            connection.close()
            return
        name = str(address[0])
        threading.Thread(target=self._meet, args=(connection, name), daemon=True).start()

    def _meet(self, connection: socket.socket, address: str) -> None:
        """The whole life of a connection, save that a flow takes over what is its own."""
        is_kept = False
        try:
            harden(connection)
            connection.settimeout(HELLO_SECONDS)
            is_kept = self._let_in(connection, address)
        except Refused as refusal:
            self._remark(f"refused {address}: {_REFUSALS[refusal.why]}")
            with contextlib.suppress(OSError):
                refuse(connection, refusal.why)
        except OSError:
            # Whoever it was is gone or no bitpath; a test that loses its caller ends elsewhere.
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            if not is_kept:
                connection.close()

    def _let_in(self, connection: socket.socket, address: str) -> bool:
        """Serve a connection; whether it belongs to a flow now."""
        if self._allowed and address.removeprefix("::ffff:") not in self._allowed:
            raise Refused("address")
        caller = receive_caller(connection, self._token)
        asks, purpose = caller.asks, word(caller.asks, "purpose")
        if purpose == "test":
            accept(connection, caller, {**self._about, "session": self._reserve()})
            self._hold(connection)
            return False
        if not self._session or word(asks, "session") != self._session:
            raise Refused("over")
        if purpose == "echo":
            accept(connection, caller, {})
            _echo(connection)
        elif purpose == "case":
            name = secrets.token_hex(8)
            accept(connection, caller, {"case": name})
            self._steer(connection, name)
        elif purpose == "data" and (flows := self._cases.get(word(asks, "case"))):
            accept(connection, caller, {})
            # What the caller sends is received here.
            flows.attach(connection, "receive" if word(asks, "role") == "send" else "send")
            return True
        return False

    def _reserve(self) -> str:
        with self._lock:
            if self._session:
                raise Refused("busy")
            self._session = secrets.token_hex(8)
            return self._session

    def _hold(self, connection: socket.socket) -> None:
        """Until the caller says that it has done, or is gone."""
        outcome: Outcome = "lost"
        with contextlib.suppress(OSError):
            if receive(connection, _LONGEST_SECONDS).get("do") == "end":
                outcome = "served"
        self._outcome = outcome
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def _steer(self, connection: socket.socket, name: str) -> None:
        """Do what a measuring process asks for until it is gone."""
        flows = self._cases[name] = Flows(name, self._host)
        try:
            while True:
                send(connection, _answer(receive(connection, _LONGEST_SECONDS), flows, connection))
        finally:
            del self._cases[name]
            flows.close()


_REFUSALS: Final = {
    "address": "its address is not allowed",
    "version": "it runs another version of bitpath",
    "token": "it has not the token",
    "busy": "a test is running",
    "over": "it does not belong to this test",
}


def _answer(asks: Frame, flows: Flows, connection: socket.socket) -> Mapping[str, object]:
    """What is told to a measuring process; `failed` where what it asks for cannot be had."""
    try:
        if asks.get("do") == "start":
            flows.start(int(number(asks, "connections")), HELLO_SECONDS)
            return {}
        if asks.get("do") == "look":
            return {"look": flows.look().model_dump(mode="json")}
        if asks.get("do") == "pace" and 0 < number(asks, "bytes") < _MOST_OPERATIONS_BYTES:
            size_bytes = int(number(asks, "bytes"))
            seconds = flows.pace(size_bytes, lambda: send(connection, {"waiting": True}))
            return {"seconds": seconds}
    except (TimeoutError, ConnectionError) as error:
        if isinstance(error, Garbled):
            raise
        return {"failed": str(error)}
    raise Garbled("it asked for something unknown")


def _echo(connection: socket.socket) -> None:
    connection.settimeout(None)
    message = memoryview(bytearray(PING_BYTES))
    while receive_exactly(connection, message):
        connection.sendall(message)


def receive_exactly(connection: socket.socket, buffer: memoryview) -> bool:
    """Fill the buffer; False when the other end closed the connection."""
    got = 0
    while got < len(buffer):
        count = connection.recv_into(buffer[got:])
        if count == 0:
            return False
        got += count
    return True
