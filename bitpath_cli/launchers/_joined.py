"""Ranks of this host that join those of others through a TCPStore bound to one named address.

The calls are those of torch.distributed's documentation (TCPStore, init_process_group).
"""

import contextlib
import json
import mmap
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place, Send, Work, ignore
from bitpath_cli.launchers._blame import Blame
from bitpath_cli.launchers._doors import knock, open_door
from bitpath_cli.launchers._forks import end, fork
from bitpath_cli.launchers._leaving import heeding_signals
from bitpath_cli.launchers._pulse import Pulse
from bitpath_cli.launchers._roster import VERDICT, Introduction, introduce, meet
from bitpath_cli.launchers._store import join_store, listen, open_store

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

_WORD_BYTES: Final = 8
_MARGIN_SECONDS: Final = 10.0


def run_joined(launch: Launch, work: Work, request: str) -> str:
    """This host's first rank's answer; PeerFailed names the nodes that are missing or failed.

    Call it in a fresh process without other threads. All ranks of this host are gone, and the
    store's port is closed, when that process has ended. SIGTERM makes it tell the others and end.
    """
    place = launch.place
    if place is None:
        raise ValueError("ranks on several hosts need a place")
    if launch.backend != "gloo":
        raise BadValue("--backend", launch.backend, "gloo, which needs no accelerator")
    deadline = monotonic() + place.join_seconds
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(place)) if place.keeps_store else None
        door = stack.enter_context(open_door(place))
        mine = introduce(launch, place, door.getsockname()[1])
        steps = memoryview(mmap.mmap(-1, _WORD_BYTES * launch.size)).cast("Q")
        errand = _Errand(launch, place, work, request, listener, steps)
        blame = Blame(launch, place, [], steps)
        stack.callback(end, blame.members)
        stack.enter_context(heeding_signals(f"{mine.name(place.called)} of {place.nodes}"))
        for local in range(launch.size):
            send = launch.send if local == 0 else ignore
            blame.members.append(fork(local, partial(_live, local, errand), blame.members, send))
        store = open_store(place, listener, deadline)
        _attend(blame, store, meet(store, mine, place, deadline))
    return blame.members[0].said["answer"]


@dataclass(frozen=True)
class _Errand:
    """What every rank inherits; `steps` is shared memory in which each tells how far it is."""

    launch: Launch
    place: Place
    work: Work
    request: str
    listener: socket.socket | None
    steps: memoryview


def _live(local: int, errand: _Errand, send: Send) -> str:
    """Wait for the roster, join the others, do the work, and part together."""
    if errand.listener is not None:
        errand.listener.close()
    launch, place, steps = errand.launch, errand.place, errand.steps
    os.environ["GLOO_SOCKET_IFNAME"] = place.interface
    import torch
    import torch.distributed as dist
    from torch._C._distributed_c10d import PrefixStore

    from bitpath_cli.launchers._ranks import TorchRanks

    torch.set_num_threads(launch.threads)
    # The launcher's own limits come first, because they can say who is missing.
    patience = timedelta(seconds=place.join_seconds + _MARGIN_SECONDS)
    store = join_store(place, patience)
    store.wait([VERDICT], patience)
    told = json.loads(store.get(VERDICT))
    if "roster" not in told:
        raise RuntimeError("the nodes did not agree")
    store.wait([_ready(node) for node in range(place.nodes)], patience)
    addresses = tuple(each["address"] for each in told["roster"] for _ in range(launch.size))
    dist.init_process_group(
        launch.backend, store=PrefixStore("ranks", store), world_size=len(addresses),
        rank=place.node * launch.size + local,
        timeout=timedelta(seconds=place.progress_seconds + _MARGIN_SECONDS),
    )  # fmt: skip

    def mark() -> None:
        steps[local] += 1

    mark()
    ranks = TorchRanks(addresses, mark)
    answer = errand.work(ranks, errand.request, send)
    ranks.align()
    return answer


def _attend(blame: Blame, store: "Store", roster: Sequence[Introduction]) -> None:
    """Listen until every rank here has answered; what went wrong anywhere is told everywhere."""
    place = blame.place
    closed = knock(roster, place)
    if closed is None:
        store.set(_ready(place.node), "")
    keepers = [each.node for each in roster if each.keeps_store]
    pulse = Pulse(
        store, place.node, place.nodes, blame.steps, keepers[0] if keepers else 0, bool(keepers)
    )
    try:
        if closed is not None:
            raise closed
        blame.watch(pulse, roster)
    except PeerFailed as failure:
        pulse.part(failure)
        raise
    pulse.part()


def _ready(node: int) -> str:
    return f"ready/{node}"
