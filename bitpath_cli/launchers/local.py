"""Ranks on this host alone: forked processes that meet on the loopback interface.

The store and gloo listen on loopback only. The calls are those of fork(2), prctl(2) and of
torch.distributed's documentation.
"""

import contextlib
import ctypes
import json
import mmap
import os
import select
import signal
import socket
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers import Launch, Launcher, Work

_LOOPBACK: Final = "127.0.0.1"
_IFF_LOOPBACK: Final = 0x8
_PR_SET_PDEATHSIG: Final = 1
_PIPE_BYTES: Final = 1 << 16
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
    members: list[_Member] = []
    try:
        for rank in range(launch.size):
            members.append(_fork(rank, meeting, members))
        listener.close()
        _attend(members, launch, steps)
    finally:
        _end(members)
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


@dataclass
class _Member:
    """A rank as the launcher sees it: its process, its pipe, and what it has said."""

    rank: int
    process: int
    pipe: int
    heard: bytes = b""
    said: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    status: int | None = None

    def listen(self) -> None:
        """Read on; at the pipe's end the rank is done, and what it said is known."""
        part = os.read(self.pipe, _PIPE_BYTES)
        self.heard += part
        if not part:
            self.is_done = True
            with contextlib.suppress(ValueError):
                self.said = json.loads(self.heard)

    def end(self) -> None:
        """Kill the rank and what it started, and reap it; once reaped, its number is another's."""
        if self.status is not None:
            return
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.process, signal.SIGKILL)
        _, self.status = os.waitpid(self.process, 0)


def _fork(rank: int, meeting: _Meeting, elders: Sequence[_Member]) -> _Member:
    reading, writing = os.pipe()
    launcher = os.getpid()
    process = os.fork()
    if process == 0:
        _be_rank(rank, meeting, launcher, writing, (reading, *(each.pipe for each in elders)))
    os.close(writing)
    return _Member(rank, process, reading)


def _be_rank(
    rank: int, meeting: _Meeting, launcher: int, writing: int, foreign: Sequence[int]
) -> NoReturn:
    """The life of a forked process; it ends here, and runs no clean-up of the launcher's."""
    answer: dict[str, str] = {}
    try:
        _part_from(launcher)
        for number in foreign:
            os.close(number)
        answer = {"answer": _live(rank, meeting)}
    except BaseException as error:
        answer = {"error": _describe(error)}
    with contextlib.suppress(OSError):
        text = json.dumps(answer).encode()
        while text:
            text = text[os.write(writing, text) :]
    os._exit(0 if "answer" in answer else 1)


def _part_from(launcher: int) -> None:
    """A group of our own, no handlers of the launcher's, and death when it dies."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != launcher:
        os._exit(1)


def _live(rank: int, meeting: _Meeting) -> str:
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
    ranks = TorchRanks(mark)
    answer = meeting.work(ranks, meeting.request)
    ranks.align()
    return answer


def _attend(members: Sequence[_Member], launch: Launch, steps: Sequence[int]) -> None:
    """Listen until every rank has answered; PeerFailed as soon as one cannot any more."""
    deadline, has_met = monotonic() + launch.join_seconds, False
    while waiting := [each for each in members if not each.is_done]:
        if not has_met and all(count >= _JOINED for count in steps):
            has_met, deadline = True, monotonic() + launch.limit_seconds
        left = deadline - monotonic()
        if left <= 0:
            raise _overrun(waiting, launch, steps, has_met)
        # Until all have met, look now and then whether they have.
        _listen(waiting, left if has_met else min(left, 0.05))
        if any(each.is_done and "answer" not in each.said for each in members):
            end = monotonic() + _GRACE_SECONDS
            while (left := end - monotonic()) > 0 and any(not each.is_done for each in members):
                _listen([each for each in members if not each.is_done], left)
            raise _failure(members, launch.size)


def _listen(waiting: Sequence[_Member], seconds: float) -> None:
    ready, _, _ = select.select([each.pipe for each in waiting], [], [], seconds)
    for each in waiting:
        if each.pipe in ready:
            each.listen()


def _failure(members: Sequence[_Member], size: int) -> PeerFailed:
    """Who failed: a rank that died without a word comes before those that complain about it."""
    failed = [each for each in members if each.is_done and "answer" not in each.said]
    silent = [each for each in failed if not each.said]
    culprit = silent[0] if silent else min(failed, key=_complains_of_a_peer)
    if not silent:
        return PeerFailed(
            f"Rank {culprit.rank} of {size} {culprit.said['error']}.",
            "The other ranks were ended.",
            "Run it again; if it happens again, please report it with this text.",
        )
    culprit.end()
    code = os.waitstatus_to_exitcode(culprit.status or 0)
    how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
    return PeerFailed(
        f"Rank {culprit.rank} of {size} {how}; the other ranks were ended.",
        "The kernel does this when memory runs out." if code == -signal.SIGKILL else "",
        "See dmesg, or the cgroup's memory.events; then run it again.",
    )


def _complains_of_a_peer(member: _Member) -> bool:
    """Whether it only says that its connection broke, which another rank caused."""
    return "peer" in member.said.get("error", "").lower()


def _overrun(
    waiting: Sequence[_Member], launch: Launch, steps: Sequence[int], has_met: bool
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


def _end(members: Sequence[_Member]) -> None:
    for each in members:
        each.end()
        os.close(each.pipe)


def _describe(error: BaseException) -> str:
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    words = " ".join(str(error).split())[:400]
    return f"raised {type(error).__name__}: {words}{place}"


def _find_loopback(host: Host) -> str:
    """The loopback interface's name, by its flags: containers may have renamed it."""
    for folder in host.matching("/sys/class/net", "*"):
        flags = host.read_text(f"{folder}/flags")
        if isinstance(flags, str) and int(flags, 16) & _IFF_LOOPBACK:
            return folder.rpartition("/")[2]
    return "lo"


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


LAUNCHER = Launcher(summary="Ranks on this host, over the loopback interface", run=run)
