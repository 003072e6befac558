"""Ranks of this host that join those of others through a TCPStore bound to one named address.

The calls are those of torch.distributed's documentation (TCPStore, init_process_group).
"""

import json
import mmap
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place, Work
from bitpath_cli.launchers._blame import Blame
from bitpath_cli.launchers._forks import end, fork
from bitpath_cli.launchers._pulse import Pulse
from bitpath_cli.launchers._roster import VERDICT, Introduction, introduce, meet

if TYPE_CHECKING:
    from torch._C._distributed_c10d import TCPStore

_WORD_BYTES: Final = 8
_RETRY_SECONDS: Final = 0.2
_MARGIN_SECONDS: Final = 10.0
_KEYS: Final = "bitpath"


def run_joined(launch: Launch, work: Work, request: str) -> str:
    """This host's first rank's answer; PeerFailed names the nodes that are missing or failed.

    Call it in a fresh process without other threads. All ranks of this host are gone, and the
    store's port is closed, when that process has ended.
    """
    place = launch.place
    if place is None:
        raise ValueError("ranks on several hosts need a place")
    if launch.backend != "gloo":
        raise BadValue("--backend", launch.backend, "gloo, which needs no accelerator")
    deadline = monotonic() + place.join_seconds
    listener = _listen(place) if place.node == 0 and place.keeps_store else None
    steps = memoryview(mmap.mmap(-1, _WORD_BYTES * launch.size)).cast("Q")
    errand = _Errand(launch, place, work, request, listener, steps)
    blame = Blame(launch, place, [], steps)
    try:
        for local in range(launch.size):
            blame.members.append(fork(local, partial(_live, local, errand), blame.members))
        store = _open_store(place, listener, deadline)
        roster = meet(store, introduce(launch, place), place, deadline)
        _attend(blame, Pulse(store, place.node, place.nodes, steps), roster)
    finally:
        end(blame.members)
        if listener is not None:
            listener.close()
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


def _live(local: int, errand: _Errand) -> str:
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
    store = PrefixStore(_KEYS, _connect(place, patience))
    store.wait([VERDICT], patience)
    told = json.loads(store.get(VERDICT))
    if "roster" not in told:
        raise RuntimeError("the nodes did not agree")
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
    answer = errand.work(ranks, errand.request)
    ranks.align()
    return answer


def _attend(blame: Blame, pulse: Pulse, roster: Sequence[Introduction]) -> None:
    """Listen until every rank here has answered; what went wrong anywhere is told everywhere."""
    try:
        blame.watch(pulse, roster)
    except PeerFailed as failure:
        pulse.part(failure)
        raise
    pulse.part()


def _listen(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=1024)
    except OSError as error:
        raise PeerFailed(
            f"{place.host}:{place.port} cannot be listened on: "
            f"{os.strerror(error.errno or 0).lower()}.",
            "Another program has the port, or the address is not this host's.",
            f"Name an address of this host (see: ip address) and a free port on every host "
            f"(see: ss -ltnp 'sport = :{place.port}').",
        ) from error


def _open_store(place: Place, listener: socket.socket | None, deadline: float) -> "TCPStore":
    """Serve the store on node 0; elsewhere wait until its port answers."""
    from torch._C._distributed_c10d import PrefixStore, TCPStore

    patience = timedelta(seconds=place.join_seconds)
    if listener is None:
        _await_port(place, deadline)
        return PrefixStore(_KEYS, _connect(place, patience))  # type: ignore[return-value]
    served = TCPStore(
        place.host, place.port, is_master=True, timeout=patience, wait_for_workers=False,
        master_listen_fd=listener.detach(),
    )  # fmt: skip
    return PrefixStore(_KEYS, served)  # type: ignore[return-value]


def _connect(place: Place, patience: timedelta) -> "TCPStore":
    from torch._C._distributed_c10d import TCPStore

    return TCPStore(
        place.host, place.port, is_master=False, timeout=patience, wait_for_workers=False
    )


def _await_port(place: Place, deadline: float) -> None:
    words = "timed out"
    while (left := deadline - monotonic()) > 0:
        try:
            socket.create_connection((place.host, place.port), left).close()
        except OSError as error:
            words = (error.strerror or str(error)).lower()
            time.sleep(min(_RETRY_SECONDS, max(0.0, deadline - monotonic())))
        else:
            return
    raise PeerFailed(
        f"{place.called.capitalize()} 0 of {place.nodes} cannot be reached at "
        f"{place.host}:{place.port} within {place.join_seconds:g} s: {words}.",
        "The command does not run there, or a filter closes the port.",
        f"Start it there first; then check from here: nc -vz {place.host} {place.port}",
    )
