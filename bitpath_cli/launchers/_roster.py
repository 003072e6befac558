"""Who takes part: every node introduces itself in JSON through the store, and node 0 decides.

The store is torch's plain TCPStore; nothing that comes out of it is unpickled.
"""

import json
import platform
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bitpath_cli import __version__
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

VERDICT: Final = "verdict"
_HEARD: Final = "heard"
_GRACE_SECONDS: Final = 5.0
_LINGER_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.05
_LONGEST: Final = 253


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a node says of itself before anything is timed."""

    node: int
    world_size: int
    bitpath: str
    torch: str
    python: str
    host: str
    interface: str
    address: str

    def name(self, called: str) -> str:
        """How a message names it."""
        return f"{called} {self.node} ({self.host}, {self.address})"


def introduce(launch: Launch, place: Place) -> Introduction:
    """This node's own introduction."""
    import torch

    return Introduction(
        node=place.node, world_size=launch.size * place.nodes, bitpath=__version__,
        torch=str(torch.__version__), python=platform.python_version(),
        host=socket.gethostname(), interface=place.interface, address=place.address,
    )  # fmt: skip


def meet(
    store: "Store", mine: Introduction, place: Place, deadline: float
) -> tuple[Introduction, ...]:
    """All nodes by their numbers; PeerFailed says who is missing or does not fit."""
    ticket = store.add("arrivals", 1)
    store.set(f"arrival/{ticket}", json.dumps(asdict(mine)))
    if place.node == 0:
        _decide(store, mine, place, deadline)
    left = deadline - monotonic() + _GRACE_SECONDS
    try:
        store.wait([VERDICT], timedelta(seconds=max(_GRACE_SECONDS, left)))
        told = json.loads(store.get(VERDICT))
    except RuntimeError as error:
        raise PeerFailed(
            f"{place.called.capitalize()} 0 at {place.host}:{place.port} did not say who takes "
            "part.", "It was ended, or the link to it is down.", "See its own message there.",
        ) from error  # fmt: skip
    if "refused" in told:
        store.add(_HEARD, 1)
        if place.node == 0:
            _linger(store)
        raise PeerFailed(*told["refused"])
    if ticket not in told["tickets"]:
        raise PeerFailed(
            f"{place.called.capitalize()} {place.node} has joined already; the meeting at "
            f"{place.host}:{place.port} began without this one.",
            "The same number was given on two hosts.", f"Give every host its own number below "
            f"{place.nodes}.",
        )  # fmt: skip
    return tuple(Introduction(**each) for each in told["roster"])


def _linger(store: "Store") -> None:
    """Keep the store until everyone who came has read the refusal, or could have."""
    until = monotonic() + _LINGER_SECONDS
    while store.add(_HEARD, 0) < store.add("arrivals", 0) and monotonic() < until:
        time.sleep(_LOOK_SECONDS)


def _decide(store: "Store", mine: Introduction, place: Place, deadline: float) -> None:
    """Read the introductions as they come and tell everyone the outcome."""
    roster: dict[int, Introduction] = {}
    tickets: list[int] = []
    while len(roster) < place.nodes:
        key = f"arrival/{len(tickets) + 1}"
        refusal = _missing(roster, place)
        try:
            store.wait([key], timedelta(seconds=max(0.01, deadline - monotonic())))
            came = _read(json.loads(store.get(key)))
            refusal = _misfit(came, mine, roster, place)
            tickets.append(len(tickets) + 1)
            roster[came.node] = came
        except RuntimeError:
            # The store's own word for a time that is over; the refusal says who is missing.
            pass
        if refusal:
            store.set(VERDICT, json.dumps({"refused": refusal}))
            return
    ordered = [asdict(roster[node]) for node in range(place.nodes)]
    store.set(VERDICT, json.dumps({"roster": ordered, "tickets": tickets}))


def _read(told: Mapping[str, object]) -> Introduction:
    """An introduction of the right types, cut where it would fill a screen."""
    words = {
        name: str(told.get(name, "unknown"))[:_LONGEST]
        for name in ("bitpath", "torch", "python", "host", "interface", "address")
    }
    numbers = {name: int(str(told.get(name, -1))) for name in ("node", "world_size")}
    return Introduction(**numbers, **words)  # type: ignore[arg-type]


def _missing(roster: Mapping[int, Introduction], place: Place) -> tuple[str, str, str] | None:
    lost = [str(node) for node in range(place.nodes) if node not in roster]
    names = f"{place.called} {lost[0]}" if len(lost) == 1 else f"{place.called}s {', '.join(lost)}"
    came = ", ".join(each.name(place.called) for each in roster.values())
    return (
        f"{names.capitalize()} of {place.nodes} did not join within {place.join_seconds:g} s at "
        f"{place.host}:{place.port}.",
        f"Joined: {came}.",
        f"Check there that the command runs and that a connection works: nc -vz {place.host} "
        f"{place.port}; or allow more time with --join-timeout.",
    )


def _misfit(
    came: Introduction, mine: Introduction, roster: Mapping[int, Introduction], place: Place
) -> tuple[str, str, str] | None:
    who = came.name(place.called)
    for library, theirs, ours in (
        ("bitpath", came.bitpath, mine.bitpath),
        ("torch", came.torch, mine.torch),
        ("Python", came.python.rpartition(".")[0], mine.python.rpartition(".")[0]),
    ):
        if theirs != ours:
            return (
                f"{who.capitalize()} has {library} {theirs} and {mine.name(place.called)} has "
                f"{ours}.", "What differs in version cannot be trusted to measure alike.",
                f"Install the same {library} on every host.",
            )  # fmt: skip
    if came.world_size != mine.world_size or not 0 <= came.node < place.nodes:
        return (
            f"{who.capitalize()} expects {came.world_size} ranks and {mine.name(place.called)} "
            f"{mine.world_size}.",
            "Another --nnodes or --nproc-per-node was typed there.",
            "Type the same line on every host; only --node-rank differs.",
        )
    if came.node in roster:
        return (
            f"{place.called.capitalize()} {came.node} joined twice: from "
            f"{roster[came.node].host} ({roster[came.node].address}) and {came.host} "
            f"({came.address}).",
            "The same --node-rank was typed on two hosts, or twice on one.",
            "Give every host its own --node-rank, from 0.",
        )
    return None
