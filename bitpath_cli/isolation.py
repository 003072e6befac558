"""Runs one function in a fresh process: what dies, raises or hangs there becomes a Missing here.

The process is forked from a nursery that has torch loaded already, so that it costs milliseconds.
It and everything that it started are dead and reaped when `run` returns or raises, and also when
this process is killed.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.nursery import Work, name_of, receive_frame, send_frame

START_SECONDS: Final = 120.0
_GRACE_SECONDS: Final = 10.0
_FAREWELL_SECONDS: Final = 4.0
_RERUN: Final = "run it again; if it happens again, see: dmesg"
_TAIL_BYTES: Final = 4000
_QUOTED: Final = 600
_PIPE_BYTES: Final = 1 << 20
_START: Final = (
    "import json, sys; told = json.loads(sys.argv[1]); sys.path[:] = told['path']; "
    "from bitpath_cli.nursery import serve; "
    "serve(told['control'], told['messages'], tuple(told['preload']))"
)


class Nursery:
    """Forks the fresh processes, one at a time; use it with `with`, so that it ends."""

    def __init__(
        self, preload: Sequence[str] = ("torch",), environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment` is added to our own before `preload` is imported; nothing starts yet."""
        self._preload = tuple(preload)
        self._environment = dict(environment or {})
        self._started: _Started | None = None

    def __enter__(self) -> Self:
        """Start the imports; they go on while this process does something else."""
        self._started = self._started or _start(self._preload, self._environment)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the nursery and everything that it forked."""
        self._stop()

    def prepare(self, limit_seconds: float = START_SECONDS) -> Missing | None:
        """Wait for the imports; why no fresh process can be had where they do not end in time."""
        started = self._prepare(limit_seconds)
        return started if isinstance(started, Missing) else None

    def run(
        self,
        work: Work,
        request: str,
        limit_seconds: float,
        on_message: Callable[[str], None] = lambda _text: None,
    ) -> str | Missing:
        """What `work` answers in a fresh process, or how it failed.

        Its limit does not count the nursery's imports, for which see `prepare`. Raises ValueError
        for a function that another interpreter cannot find by its name.
        """
        name = name_of(work)
        started = self._prepare(START_SECONDS)
        if isinstance(started, Missing):
            return started
        started.forget()
        begun = monotonic()
        try:
            send_frame(started.control, {"work": name, "request": request})
            ended = _attend(started, begun + limit_seconds, on_message)
        except ConnectionError:
            ended = None
        except BaseException:
            try:
                _ask_to_end(started, on_message)
            finally:
                self._stop()
            raise
        if ended is None:
            self._stop()
            return failed("the process that benchmarks are forked from was killed", _RERUN)
        return _conclude(started, ended, monotonic() - begun, limit_seconds)

    def _prepare(self, limit_seconds: float) -> "_Started | Missing":
        started = self._started = self._started or _start(self._preload, self._environment)
        if started.is_ready or _await_ready(started, limit_seconds):
            return started
        self._stop()
        words = f"no fresh process could be had within {limit_seconds:g} s"
        return failed(f"{words}{_quote(started.tail)}", _RERUN)

    def _stop(self) -> None:
        started, self._started = self._started, None
        if started is None:
            return
        # The nursery kills and reaps what it forked when its socket closes; until it is ready it
        # has forked nothing and does not listen.
        started.control.close()
        if not started.is_ready:
            started.process.kill()
        try:
            started.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            started.process.kill()
            started.process.wait()
        finally:
            os.close(started.messages)
            os.close(started.output)


@dataclass
class _Started:
    """A running nursery, and what its present child has said so far."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    messages: int
    output: int
    is_ready: bool = False
    unfinished: bytes = b""
    tail: bytes = b""
    said: dict[str, str] = field(default_factory=dict)

    def forget(self) -> None:
        """Nothing of an earlier child speaks for the next."""
        self.hear(lambda _text: None)
        self.unfinished, self.tail, self.said = b"", b"", {}

    def hear(self, on_message: Callable[[str], None]) -> None:
        """Take in what has been written until now, without waiting."""
        self.tail = (self.tail + _read(self.output))[-_TAIL_BYTES:]
        *lines, self.unfinished = (self.unfinished + _read(self.messages)).split(b"\n")
        for line in lines:
            content: dict[str, str] = json.loads(line)
            if "message" in content:
                on_message(content["message"])
            else:
                self.said = content


@dataclass(frozen=True)
class _Ended:
    """The wait status of a process, and whether it was stopped because its time was over."""

    status: int
    overran: bool


def _start(preload: tuple[str, ...], environment: Mapping[str, str]) -> _Started:
    ours, theirs = socket.socketpair()
    messages, write_messages = os.pipe()
    output, write_output = os.pipe()
    told = {
        "path": sys.path, "control": theirs.fileno(), "messages": write_messages,
        "preload": preload,
    }  # fmt: skip
    try:
        process = subprocess.Popen(  # noqa: S603  (our own interpreter, no shell)
            [sys.executable, "-c", _START, json.dumps(told)],
            stdin=subprocess.DEVNULL, stdout=write_output, stderr=write_output,
            env={**os.environ, **environment}, pass_fds=(theirs.fileno(), write_messages),
            start_new_session=True,
        )  # fmt: skip
    finally:
        theirs.close()
        os.close(write_messages)
        os.close(write_output)
    for number in (messages, output):
        os.set_blocking(number, False)
    return _Started(process, ours, messages, output)


def _await_ready(started: _Started, limit_seconds: float) -> bool:
    deadline = monotonic() + limit_seconds
    while not started.is_ready and (left := deadline - monotonic()) > 0:
        ready, _, _ = select.select([started.control.fileno(), started.output], [], [], left)
        started.hear(lambda _text: None)
        if started.control.fileno() in ready:
            started.is_ready = receive_frame(started.control) is not None
            return started.is_ready
    return started.is_ready


def _attend(started: _Started, deadline: float, on_message: Callable[[str], None]) -> _Ended | None:
    """Listen until the child has ended or its time is over; None when the nursery died."""
    watched = [started.control.fileno(), started.messages, started.output]
    overran = False
    while True:
        left = deadline - monotonic()
        if left <= 0 and overran:
            return None
        if left <= 0:
            overran, deadline = True, monotonic() + _GRACE_SECONDS
            send_frame(started.control, {"kill": True})
            continue
        ready, _, _ = select.select(watched, [], [], left)
        started.hear(on_message)
        if started.control.fileno() in ready:
            report = receive_frame(started.control)
            # What was written before the end may have come after the first look.
            started.hear(on_message)
            return None if report is None else _Ended(report["status"], overran)


def _ask_to_end(started: _Started, on_message: Callable[[str], None]) -> None:
    """Give the child a moment to tell other hosts that it leaves."""
    with contextlib.suppress(ConnectionError):
        send_frame(started.control, {"end": True})
        _attend(started, monotonic() + _FAREWELL_SECONDS, on_message)


def _conclude(
    started: _Started, ended: _Ended, took_seconds: float, limit_seconds: float
) -> str | Missing:
    if "answer" in started.said:
        return started.said["answer"]
    if "error" in started.said:
        return failed(started.said["error"], started.said["hint"])
    if ended.overran:
        return failed(
            f"did not end within {limit_seconds:.3g} s and was stopped{_quote(started.tail)}"
        )
    code = os.waitstatus_to_exitcode(ended.status)
    if code >= 0:
        return failed(f"ended with exit code {code} and no answer{_quote(started.tail)}")
    name = _signal_name(-code)
    hint = (
        "the kernel does this when memory runs out: see dmesg, or the cgroup's memory.events"
        if -code == signal.SIGKILL
        else "a fault in a library or in the hardware; please report it with this text"
    )
    return failed(f"was ended by {name} after {took_seconds:.2g} s{_quote(started.tail)}", hint)


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _quote(tail: bytes) -> str:
    text = " ".join(tail.decode("utf-8", "replace").split())
    if not text:
        return ""
    shown = text if len(text) <= _QUOTED else f"…{text[-_QUOTED:]}"
    return f"; its last words: {shown}"


def _read(number: int) -> bytes:
    """What a pipe holds now; one read empties it, and a flood cannot keep us here."""
    with contextlib.suppress(BlockingIOError):
        return os.read(number, _PIPE_BYTES)
    return b""
