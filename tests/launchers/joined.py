"""What the tests let nodes do that meet on loopback, each in a fresh process of its own."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place, Send
from bitpath_cli.launchers import _joined as joined
from bitpath_cli.launchers import _roster as roster
from bitpath_cli.launchers._store import join_store
from bitpath_cli.model.protocols import Ranks

JOIN_SECONDS = 20.0
PROGRESS_SECONDS = 3.0
_PATIENCE = timedelta(seconds=20)


def take_part(request: str, send: Send) -> str:
    """Be node `node` of `nodes` at `port`, with so many ranks, of which `culprit` does `fault`.

    The answer, or the words of the failure with its kind.
    """
    told = json.loads(request)
    launch = Launch(
        size=told.get("size", 1), threads=1, limit_seconds=60, place=_place(told), send=send,
        task=told.get("task", ""),
    )  # fmt: skip
    try:
        return joined.run_joined(launch, _work, request)
    except PeerFailed as failure:
        return f"{type(failure).__name__}: {failure.what} {failure.why} {failure.next_step}"


def introduce_oddly(request: str, send: Send) -> str:
    """Be a node that says of itself what it is told to say, and nothing else of one."""
    told = json.loads(request)
    place = _place(told)
    mine = roster.introduce(Launch(1, 1, 60, place=place), place, door=1)
    store = join_store(place, _PATIENCE)
    try:
        roster.meet(store, replace(mine, **told["odd"]), place, monotonic() + JOIN_SECONDS)
    except PeerFailed as failure:
        return failure.what
    return "met"


def say_nonsense(request: str, send: Send) -> str:
    """Be something else that reaches the port: it writes what no bitpath would."""
    store = join_store(_place(json.loads(request)), _PATIENCE)
    store.set(f"arrival/{store.add('arrivals', 1)}", "\x80\x04not JSON")
    return "said"


def _place(told: dict[str, int]) -> Place:
    return Place(
        node=told["node"], nodes=told.get("nodes", 2), host="127.0.0.1", port=told["port"],
        address="127.0.0.1", interface="lo", hosts=told.get("nodes", 2),
        keeps_store=told["node"] == 0, join_seconds=told.get("join", JOIN_SECONDS),
        progress_seconds=PROGRESS_SECONDS,
    )  # fmt: skip


def _work(ranks: Ranks, request: str, send: Send) -> str:
    told = json.loads(request)
    ranks.align()
    send(f"rank {ranks.rank} began")
    if ranks.rank == told.get("culprit"):
        _FAULTS[told["fault"]]()
    ranks.align()
    return f"rank {ranks.rank} of {ranks.size}, slowest {ranks.slowest(ranks.rank):g}"


def _raise() -> None:
    raise ArithmeticError("the sum is off")


def _interrupt() -> None:
    """Its launcher is told to end, as Ctrl-C on that host tells it."""
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()


_FAULTS: dict[str, Callable[[], None]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "raises": _raise,
    "interrupted": _interrupt,
}
