"""Who takes part: every node introduces itself in JSON through the store, and node 0 decides.

The store is torch's plain TCPStore; nothing that comes out of it is unpickled.
"""

import json
import platform
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from bitpath_cli import __version__
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place
from bitpath_cli.launchers._leaving import Interrupted
from bitpath_cli.launchers._store import await_any

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

VERDICT: Final = "verdict"
_LEFT: Final = "left"
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
    door: int
    keeps_store: bool
    task: str

    def name(self, called: str) -> str:
        """How a message names it."""
        return f"{called} {self.node} ({self.host}, {self.address})"


def introduce(launch: Launch, place: Place, door: int) -> Introduction:
    """This node's own introduction; `door` is the port on which it lets the others knock."""
    import torch

    return Introduction(
        node=place.node, world_size=launch.size * place.nodes, bitpath=__version__,
        torch=str(torch.__version__), python=platform.python_version(),
        host=socket.gethostname(), interface=place.interface, address=place.address,
        door=door, keeps_store=place.keeps_store, task=launch.task,
    )  # fmt: skip


def meet(
    store: "Store", mine: Introduction, place: Place, deadline: float
) -> tuple[Introduction, ...]:
    """All nodes by their numbers; PeerFailed says who is missing or does not fit."""
    ticket = store.add("arrivals", 1)
    store.set(f"arrival/{ticket}", json.dumps(asdict(mine)))
    try:
        if place.node == 0:
            _decide(store, mine, place, deadline)
        told = _hear_verdict(store, place, deadline)
    except Interrupted as leaving:
        _take_leave(store, place, leaving)
        raise
    if "refused" in told:
        store.add(_HEARD, 1)
        if place.node == 0:
            _linger(store)
        raise PeerFailed(*(str(word) for word in told["refused"][:3]))
    if ticket not in told["tickets"]:
        raise PeerFailed(
            f"{place.called.capitalize()} {place.node} has joined already; the meeting at "
            f"{place.meeting} began without this one.",
            "The same number was given on two hosts.", f"Give every host its own number below "
            f"{place.nodes}.",
        )  # fmt: skip
    return tuple(Introduction(**each) for each in told["roster"])


def _hear_verdict(store: "Store", place: Place, deadline: float) -> dict[str, Any]:
    """What node 0 decided; PeerFailed where it does not say so, because it is gone or stopped."""
    until = max(deadline, monotonic()) + _GRACE_SECONDS
    lost: RuntimeError | None = None
    try:
        if await_any(store, [VERDICT], until) is not None:
            told: dict[str, Any] = json.loads(store.get(VERDICT))
            return told
    except RuntimeError as error:
        lost = error
    raise PeerFailed(
        f"{place.called.capitalize()} 0 at {place.meeting} did not say who takes part.",
        "It was ended or stopped, or the link to it is down.", "See its own message there.",
    ) from lost  # fmt: skip


def _take_leave(store: "Store", place: Place, leaving: Interrupted) -> None:
    words = [leaving.what, leaving.why, leaving.next_step]
    if place.node != 0:
        store.set(_LEFT, json.dumps(words))
        return
    store.set(VERDICT, json.dumps({"refused": words}))
    _linger(store)


def _linger(store: "Store") -> None:
    """Keep the store until everyone who came has read the refusal, or could have."""
    until = monotonic() + _LINGER_SECONDS
    while store.add(_HEARD, 0) < store.add("arrivals", 0) and monotonic() < until:
        time.sleep(_LOOK_SECONDS)


def _decide(store: "Store", mine: Introduction, place: Place, deadline: float) -> None:
    """Read the introductions as they come and tell everyone the outcome."""
    try:
        roster, tickets = _gather(store, mine, place, deadline)
    except Interrupted:
        raise
    except PeerFailed as refusal:
        words = [refusal.what, refusal.why, refusal.next_step]
        store.set(VERDICT, json.dumps({"refused": words}))
        return
    ordered = [asdict(roster[node]) for node in range(place.nodes)]
    store.set(VERDICT, json.dumps({"roster": ordered, "tickets": tickets}))


def _gather(
    store: "Store", mine: Introduction, place: Place, deadline: float
) -> tuple[dict[int, Introduction], list[int]]:
    """All introductions, and the tickets under which they came; PeerFailed for a misfit."""
    roster: dict[int, Introduction] = {}
    tickets: list[int] = []
    while len(roster) < place.nodes:
        key = f"arrival/{len(tickets) + 1}"
        found = await_any(store, [_LEFT, key], deadline)
        if found is None:
            raise _missing(roster, place)
        if found == _LEFT:
            raise PeerFailed(*(str(word) for word in json.loads(store.get(_LEFT))[:3]))
        came = _read(store.get(key))
        if refusal := _misfit(came, mine, roster, place):
            raise refusal
        tickets.append(len(tickets) + 1)
        roster[came.node] = came
    return roster, tickets


def _read(text: bytes) -> Introduction:
    """An introduction of the right types, cut where it would fill a screen.

    PeerFailed for a text that is none: something else than bitpath can reach the port.
    """
    try:
        return _parse(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise PeerFailed(
            "Something joined that did not introduce itself as bitpath does.",
            "Another program reached the port, or a bitpath of another time.",
            "Name a port that nothing else uses, on a private network.",
        ) from error


def _parse(told: Mapping[str, object]) -> Introduction:
    words = {
        name: str(told.get(name, "unknown"))[:_LONGEST]
        for name in ("bitpath", "torch", "python", "host", "interface", "address", "task")
    }
    numbers = {name: int(str(told.get(name, -1))) for name in ("node", "world_size", "door")}
    keeps_store = told.get("keeps_store") is True
    return Introduction(**numbers, **words, keeps_store=keeps_store)  # type: ignore[arg-type]


def _missing(roster: Mapping[int, Introduction], place: Place) -> PeerFailed:
    lost = [str(node) for node in range(place.nodes) if node not in roster]
    names = f"{place.called} {lost[0]}" if len(lost) == 1 else f"{place.called}s {', '.join(lost)}"
    came = ", ".join(each.name(place.called) for each in roster.values())
    return PeerFailed(
        f"{names.capitalize()} of {place.nodes} did not join within {place.join_seconds:g} s at "
        f"{place.meeting}.",
        f"Joined: {came}.",
        f"Check there that the command runs and that a connection works: nc -vz {place.host} "
        f"{place.port}; or allow more time with --join-timeout.",
    )


def _misfit(
    came: Introduction, mine: Introduction, roster: Mapping[int, Introduction], place: Place
) -> PeerFailed | None:
    who = came.name(place.called)
    for library, theirs, ours in (
        ("bitpath", came.bitpath, mine.bitpath),
        ("torch", came.torch, mine.torch),
        ("Python", came.python.rpartition(".")[0], mine.python.rpartition(".")[0]),
    ):
        if theirs != ours:
            return PeerFailed(
                f"{_capital(who)} has {library} {theirs} and {mine.name(place.called)} has "
                f"{ours}.", "What differs in version cannot be trusted to measure alike.",
                f"Install the same {library} on every host.",
            )  # fmt: skip
    if came.world_size != mine.world_size or not 0 <= came.node < place.nodes:
        return PeerFailed(
            f"{_capital(who)} expects {came.world_size} ranks and {mine.name(place.called)} "
            f"{mine.world_size}.",
            "Another --nnodes or --nproc-per-node was typed there.",
            "Type the same line on every host; only --node-rank differs.",
        )
    if came.task != mine.task[:_LONGEST]:
        return PeerFailed(
            f"{_capital(who)} was told to measure {came.task} and {mine.name(place.called)} "
            f"{mine.task}.", "Other options were typed there.",
            "Type the same line on every host; only --node-rank differs.",
        )  # fmt: skip
    if came.node in roster:
        return PeerFailed(
            f"{place.called.capitalize()} {came.node} joined twice: from "
            f"{roster[came.node].host} ({roster[came.node].address}) and {came.host} "
            f"({came.address}).",
            "The same --node-rank was typed on two hosts, or twice on one.",
            "Give every host its own --node-rank, from 0.",
        )
    return None


def _capital(words: str) -> str:
    """The first letter as at a sentence's begin; the names of hosts stay as they are."""
    return words[0].upper() + words[1:]
