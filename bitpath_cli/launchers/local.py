"""Ranks on this host alone: forked processes that meet on the loopback interface.

The store and gloo listen on loopback only. The calls are those of
torch.distributed's documentation.
"""

import mmap
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers import Launch, Launcher, Send, Work, ignore
from bitpath_cli.launchers._forks import Member, end, find_failure, fork, listen

_LOOPBACK: Final = "127.0.0.1"
_IFF_LOOPBACK: Final = 0x8
_WORD_BYTES: Final = 8
# A rank counts that it is there, then that it has met the others, then each collective.
_JOINED: Final = 2
# Peers of a rank that dies fail as well: so long we wait to hear who was the first.
_GRACE_SECONDS: Final = 0.5


def run(launch: Launch, work: Work, request: str) -> str:
    """Rank 0's answer; PeerFailed names the rank that died, raised or did not come along.

    The ranks are forked from this process, so `work` may be a closure and a pipe that it writes to
    is still read where it was; call it in a process without other threads, best a fresh one. All
    ranks are gone when it returns or raises, and also when this process is killed.
    """
    if launch.backend != "gloo":
        raise BadValue("--backend", launch.backend, "gloo, which needs no accelerator")
    listener = socket.create_server((_LOOPBACK, 0), backlog=launch.size)
    steps = memoryview(mmap.mmap(-1, _WORD_BYTES * launch.size)).cast("Q")
    meeting = _Meeting(launch, work, request, listener, steps)
    members: list[Member] = []
    try:
        for rank in range(launch.size):
            send = launch.send if rank == 0 else ignore
            members.append(fork(rank, partial(_live, rank, meeting), members, send))
        listener.close()
        _attend(members, launch, steps)
    finally:
        end(members)
        listener.close()
    return members[0].said["answer"]


@dataclass(frozen=True)
class _Meeting:
    """What every rank inherits; `steps` is shared memory in which each tells how far it is."""

    launch: Launch
    work: Work
    request: str
    listener: socket.socket
    steps: memoryview


def _live(rank: int, meeting: _Meeting, send: Send) -> str:
    """Join the others, do the work, and part together: no rank leaves while another needs it."""
    os.environ["GLOO_SOCKET_IFNAME"] = _find_loopback(Host())
    import torch
    import torch.distributed as dist
    from torch._C._distributed_c10d import TCPStore

    from bitpath_cli.launchers._ranks import TorchRanks

    launch, listener, steps = meeting.launch, meeting.listener, meeting.steps

    def mark() -> None:
        steps[rank] += 1

    mark()
    torch.set_num_threads(launch.threads)
    store = TCPStore(
        _LOOPBACK, listener.getsockname()[1], launch.size, is_master=rank == 0,
        timeout=timedelta(seconds=launch.join_seconds), wait_for_workers=False,
        master_listen_fd=listener.detach() if rank == 0 else None,
    )  # fmt: skip
    # The launcher's own limits come first, because they can say which rank is missing.
    patience = launch.join_seconds + launch.limit_seconds + 30
    dist.init_process_group(
        launch.backend, store=store, rank=rank, world_size=launch.size,
        timeout=timedelta(seconds=patience),
    )  # fmt: skip
    mark()
    ranks = TorchRanks((_LOOPBACK,) * launch.size, mark)
    answer = meeting.work(ranks, meeting.request, send)
    ranks.align()
    return answer


def _attend(members: Sequence[Member], launch: Launch, steps: Sequence[int]) -> None:
    """Listen until every rank has answered; PeerFailed as soon as one cannot any more."""
    deadline, has_met = monotonic() + launch.join_seconds, False
    while waiting := [each for each in members if not each.is_done]:
        if not has_met and all(count >= _JOINED for count in steps):
            has_met, deadline = True, monotonic() + launch.limit_seconds
        left = deadline - monotonic()
        if left <= 0:
            raise _overrun(waiting, launch, steps, has_met)
        # Until all have met, look now and then whether they have.
        listen(waiting, left if has_met else min(left, 0.05))
        if any(each.is_done and "answer" not in each.said for each in members):
            until = monotonic() + _GRACE_SECONDS
            while (left := until - monotonic()) > 0 and any(not each.is_done for each in members):
                listen([each for each in members if not each.is_done], left)
            raise find_failure(members, launch.size)


def _overrun(
    waiting: Sequence[Member], launch: Launch, steps: Sequence[int], has_met: bool
) -> PeerFailed:
    """Who holds up the others: the ranks that began the fewest collectives."""
    fewest = min(steps[each.rank] for each in waiting)
    late = [each.rank for each in waiting if steps[each.rank] == fewest]
    names = f"Rank {late[0]}" if len(late) == 1 else f"Ranks {', '.join(map(str, late))}"
    seconds = launch.limit_seconds if has_met else launch.join_seconds
    did = "end" if has_met else "join"
    return PeerFailed(
        f"{names} of {launch.size} did not {did} within {seconds:.3g} s and all were ended.",
        "A machine that is short of memory or of processor time does this.",
        "Run it again while nothing else runs, or with a larger budget.",
    )


def _find_loopback(host: Host) -> str:
    """The loopback interface's name, by its flags: containers may have renamed it."""
    for folder in host.matching("/sys/class/net", "*"):
        flags = host.read_text(f"{folder}/flags")
        if isinstance(flags, str) and int(flags, 16) & _IFF_LOOPBACK:
            return folder.rpartition("/")[2]
    return "lo"


LAUNCHER = Launcher(summary="Ranks on this host, over the loopback interface", run=run)
