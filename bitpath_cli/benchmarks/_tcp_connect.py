"""Connections to a listener on another host, and one of our own for this host alone."""

import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from bitpath_cli.benchmarks import Peer
from bitpath_cli.benchmarks._tcp_frames import Frame, drop, harden, send, word
from bitpath_cli.benchmarks._tcp_hello import Purpose, greet, make_token
from bitpath_cli.benchmarks._tcp_info import congestion_control
from bitpath_cli.benchmarks._tcp_listener import Listener
from bitpath_cli.errors import PeerFailed

LOOPBACK: Final = "127.0.0.1"
CONNECT_SECONDS: Final = 5.0
_OWN_SECONDS: Final = 3600.0
_PR_SET_PDEATHSIG: Final = 1


def connect(
    address: str, port: int, token: str, purpose: Purpose, details: Mapping[str, object]
) -> tuple[socket.socket, Frame]:
    """A connection that was let in, and what the listener told; PeerFailed says why there is none.

    Nothing waits longer than the limits of connecting and of the hello.
    """
    where = place(address, port)
    try:
        connection = socket.create_connection((address, port), CONNECT_SECONDS)
    except ConnectionRefusedError as error:
        raise PeerFailed(
            f"Nothing listens at {where}.",
            "The listener is not started yet, has ended, or listens on another address or port.",
            f"On that host, type: bitpath bench network --listen {where}",
        ) from error
    except TimeoutError as error:
        raise PeerFailed(
            f"{where} did not answer within {CONNECT_SECONDS:g} s.",
            "A firewall drops what is sent to that port, or the host is down.",
            f"Open the port there, then check from here: nc -vz {address} {port}",
        ) from error
    except OSError as error:
        raise PeerFailed(
            f"{where} cannot be reached: {error.strerror or error}.", "",
            f"See how the kernel routes there: ip route get {address}",
        ) from error  # fmt: skip
    try:
        harden(connection)
        return connection, greet(connection, token, purpose, details)
    except OSError as error:
        connection.close()
        raise lost(where, str(error)) from error
    except BaseException:
        connection.close()
        raise


def place(address: str, port: int) -> str:
    """An address and a port as they are typed."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def lost(where: str, words: str) -> PeerFailed:
    """The error of a peer that was there and is no more."""
    return PeerFailed(
        f"The listener at {where} is gone: {words}.",
        "It was ended, or the link to it is down.",
        "See its own message on that host, then start it and this again.",
    )


@dataclass(frozen=True, slots=True)
class Session:
    """The connection that holds a listener's one test for us, until it is left."""

    connection: socket.socket
    told: Frame

    @classmethod
    def begin(cls, address: str, port: int, token: str) -> Self:
        """Ask the listener for its test; PeerFailed where it cannot be had."""
        return cls(*connect(address, port, token, "test", {"host": socket.gethostname()}))

    @property
    def address(self) -> str:
        """The listener's address, which its name stands for."""
        return str(self.connection.getpeername()[0])

    @property
    def name(self) -> str:
        """What every further connection of the test names."""
        return word(self.told, "session")

    def end(self) -> None:
        """Tell the listener that it has done, so that it ends too."""
        with contextlib.suppress(OSError):
            send(self.connection, {"do": "end"})
        self.connection.close()

    def leave(self) -> None:
        """Go without a word, as after an error: the listener then says that it lost us."""
        drop(self.connection)


@contextlib.contextmanager
def own_listener(threads: int) -> Iterator[Peer]:
    """A listener on loopback in a process of our own, which ends with the context and with us."""
    token = make_token()
    listening = socket.create_server((LOOPBACK, 0))
    port = int(listening.getsockname()[1])
    us = os.getpid()
    child = os.fork()
    if child == 0:
        _live(listening, token, us)
    listening.close()
    try:
        session = Session.begin(LOOPBACK, port, token)
        yield Peer(
            name="loopback", address=LOOPBACK, port=port, token=token, session=session.name,
            interface="lo", threads=threads,
            congestion_control=congestion_control(session.connection),
        )  # fmt: skip
        session.leave()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _live(listening: socket.socket, token: str, parent: int) -> None:
    """The life of the forked process: nothing of its parent's may run in it."""
    try:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:
            Listener([listening], token, {}).serve(_OWN_SECONDS)
    finally:
        os._exit(0)
