"""The store at which nodes meet: torch's plain TCPStore, on one named address and nowhere else.

What is in it are keys and JSON texts; nothing that comes out of it is unpickled.
"""

import socket
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Place

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store, TCPStore

_BACKLOG: Final = 1024
_RETRY_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 0.05
_KEYS: Final = "bitpath"


def check_port(place: Place) -> None:
    """PeerFailed where the store could not be kept here; leaves nothing behind."""
    _bind(place).close()


def listen(place: Place) -> socket.socket:
    """The socket of the store that this node keeps."""
    bound = _bind(place)
    bound.listen(_BACKLOG)
    return bound


def open_store(place: Place, listener: socket.socket | None, deadline: float) -> "Store":
    """Serve the store from `listener`, or wait until it answers elsewhere."""
    from torch._C._distributed_c10d import PrefixStore, TCPStore

    patience = timedelta(seconds=place.join_seconds)
    if listener is None:
        _await_port(place, deadline)
        return PrefixStore(_keys(place), connect(place, patience))
    served = TCPStore(
        place.host, place.port, is_master=True, timeout=patience, wait_for_workers=False,
        master_listen_fd=listener.detach(),
    )  # fmt: skip
    return PrefixStore(_keys(place), served)


def connect(place: Place, patience: timedelta) -> "TCPStore":
    """A client of the store, without the prefix under which our keys are."""
    from torch._C._distributed_c10d import TCPStore

    return TCPStore(
        place.host, place.port, is_master=False, timeout=patience, wait_for_workers=False
    )


def join_store(place: Place, patience: timedelta) -> "Store":
    """A rank's own client, for the keys that `open_store` serves."""
    from torch._C._distributed_c10d import PrefixStore

    return PrefixStore(_keys(place), connect(place, patience))


def await_any(store: "Store", keys: Sequence[str], deadline: float) -> str | None:
    """The first of these keys that is there, or None when the time is over.

    A signal is heeded between two looks; the store's own waiting would not let it through.
    RuntimeError when the store is gone.
    """
    while True:
        for key in keys:
            if store.check([key]):
                return key
        if monotonic() >= deadline:
            return None
        time.sleep(_LOOK_SECONDS)


def _keys(place: Place) -> str:
    """What our keys of this meeting begin with: a store may outlast it."""
    return f"{_KEYS}/{place.turn}"


def _bind(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((place.host, place.port))
    except OSError as error:
        bound.close()
        raise PeerFailed(
            f"{place.meeting} cannot be listened on: {_words(error)}.",
            "Another program has the port, or the address is not this host's.",
            f"Name an address of this host (see: ip address) and a free port on every host "
            f"(see: ss -ltnp 'sport = :{place.port}').",
        ) from error
    return bound


def _await_port(place: Place, deadline: float) -> None:
    words = "timed out"
    while (left := deadline - monotonic()) > 0:
        try:
            socket.create_connection((place.host, place.port), left).close()
        except OSError as error:
            words = _words(error)
            time.sleep(min(_RETRY_SECONDS, max(0.0, deadline - monotonic())))
        else:
            return
    raise PeerFailed(
        f"{place.called.capitalize()} 0 of {place.nodes} cannot be reached at {place.meeting} "
        f"within {place.join_seconds:g} s: {words}.",
        "The command does not run there, or a filter closes the port.",
        f"Start it there first; then check from here: nc -vz {place.host} {place.port}"
        + ("; or name rank 0's host in MASTER_ADDR." if place.called == "rank" else "."),
    )


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
