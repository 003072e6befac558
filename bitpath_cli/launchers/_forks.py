"""Forked ranks of this host: their pipes, how they end, and which of them failed first.

The calls are those of fork(2), prctl(2) and waitpid(2).
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from bitpath_cli.errors import PeerFailed
from bitpath_cli.launchers import Send, ignore

_PR_SET_PDEATHSIG: Final = 1
_PIPE_BYTES: Final = 1 << 16


@dataclass
class Member:
    """A rank as the launcher sees it: its process, its pipe, and what it has said."""

    rank: int
    process: int
    pipe: int
    send: Send = ignore
    unfinished: bytes = b""
    said: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    status: int | None = None

    def listen(self) -> None:
        """Read on and pass its messages along; at the pipe's end the rank is done."""
        part = os.read(self.pipe, _PIPE_BYTES)
        self.is_done = not part
        *lines, self.unfinished = (self.unfinished + part).split(b"\n")
        for content in map(json.loads, lines):
            if "message" in content:
                self.send(content["message"])
            else:
                self.said = content

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has halted it, proc(5)."""
        try:
            told = Path(f"/proc/{self.process}/stat").read_text()
        except OSError:
            return False
        return told.rpartition(")")[2].split()[:1] in (["T"], ["t"])

    def end(self) -> None:
        """Kill the rank and what it started, and reap it; once reaped, its number is another's."""
        if self.status is not None:
            return
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.process, signal.SIGKILL)
        _, self.status = os.waitpid(self.process, 0)


def fork(
    rank: int, live: Callable[[Send], str], elders: Sequence[Member], send: Send = ignore
) -> Member:
    """A process that answers with what `live` returns; `elders` were forked before it.

    What it sends before its answer is passed on to `send`, here, where only one process writes.
    """
    reading, writing = os.pipe()
    launcher = os.getpid()
    process = os.fork()
    if process == 0:
        _be_rank(live, launcher, writing, (reading, *(each.pipe for each in elders)))
    os.close(writing)
    return Member(rank, process, reading, send)


def _be_rank(
    live: Callable[[Send], str], launcher: int, writing: int, foreign: Sequence[int]
) -> NoReturn:
    """The life of a forked process; it ends here, and runs no clean-up of the launcher's."""
    answer: dict[str, str] = {}
    try:
        _part_from(launcher)
        for number in foreign:
            os.close(number)
        answer = {"answer": live(lambda text: _write(writing, {"message": text}))}
    except BaseException as error:
        answer = {"error": describe(error)}
    with contextlib.suppress(OSError):
        _write(writing, answer)
    os._exit(0 if "answer" in answer else 1)


def _write(pipe: int, content: dict[str, str]) -> None:
    line = json.dumps(content).encode() + b"\n"
    while line:
        line = line[os.write(pipe, line) :]


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


def listen(waiting: Sequence[Member], seconds: float) -> None:
    """Hear whoever says something within so many seconds."""
    ready, _, _ = select.select([each.pipe for each in waiting], [], [], seconds)
    for each in waiting:
        if each.pipe in ready:
            each.listen()


def find_failure(members: Sequence[Member], size: int) -> PeerFailed:
    """Who failed: a rank that died without a word comes before those that complain about it."""
    failed = [each for each in members if each.is_done and "answer" not in each.said]
    silent = [each for each in failed if not each.said]
    culprit = silent[0] if silent else min(failed, key=complains_of_a_peer)
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


def complains_of_a_peer(member: Member) -> bool:
    """Whether it only says that its connection broke, which another rank caused."""
    return "peer" in member.said.get("error", "").lower()


def end(members: Sequence[Member]) -> None:
    """Kill and reap all of them."""
    for each in members:
        each.end()
        os.close(each.pipe)


def describe(error: BaseException) -> str:
    """An error in a sentence, with the line that raised it."""
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    words = " ".join(str(error).split())[:400]
    return f"raised {type(error).__name__}: {words}{place}"


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
