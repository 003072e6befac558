"""Whether every node can reach every other on the address that it introduced itself with.

A meeting at one address proves only the ways to that address, while collectives need all of them:
a wrong interface or a filter between two nodes shows here, by name, before anything is timed.
"""

import socket
from collections.abc import Sequence
from typing import Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.launchers import Place
from bitpath_cli.launchers._roster import Introduction

_BACKLOG: Final = 1024
_LONGEST_SECONDS: Final = 3.0


def open_door(place: Place) -> socket.socket:
    """A socket of our own address on any free port; the kernel lets others in by itself."""
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    return socket.create_server((place.address, 0), family=family, backlog=_BACKLOG)


def knock(roster: Sequence[Introduction], place: Place) -> PeerFailed | None:
    """Why the first node that cannot be reached from here cannot, or None."""
    mine = roster[place.node].name(place.called)
    for other in roster:
        try:
            socket.create_connection(
                (other.address, other.door), min(_LONGEST_SECONDS, place.progress_seconds / 2)
            ).close()
        except OSError as error:
            words = (error.strerror or str(error)).lower()
            who = other.name(place.called)
            return PeerFailed(
                f"{who[0].upper()}{who[1:]}, interface {other.interface}, cannot be reached from "
                f"{mine}, interface {place.interface}: {words}.",
                "One of them has the wrong interface, or a filter closes its ports.",
                f"See the way there: ip route get {other.address}; and let the hosts reach each "
                "other on all TCP ports.",
            )
    return None
