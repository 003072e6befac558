"""The process from which fresh processes are forked, with the slow imports already done.

It is started by isolation.py, does no work itself and starts no thread, so that what it forks can
use OpenMP. It adopts every orphan of what it forked, and takes all of them with it when it is told
to or when the process at the other end of its socket is gone. The calls are those of the manual
pages prctl(2), waitid(2) and proc(5).
"""

import contextlib
import ctypes
import faulthandler
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

from bitpath_cli.errors import BitpathError

Send = Callable[[str], None]
Work = Callable[[str, Send], str]
"""What a fresh process does: a request and a way to send progress in, an answer out."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_HEADER_BYTES: Final = 8


def name_of(work: Work) -> str:
    """The name by which another interpreter finds a function; ValueError where it cannot."""
    name = f"{work.__module__}:{work.__qualname__}"
    if "<" in name or "." in work.__qualname__ or work.__module__ == "__main__":
        raise ValueError(f"{name} is not a function of a module that can be imported")
    return name


def send_frame(control: socket.socket, content: dict[str, Any]) -> None:
    """Send one JSON object after its length."""
    text = json.dumps(content).encode()
    control.sendall(len(text).to_bytes(_HEADER_BYTES, "big") + text)


def receive_frame(control: socket.socket) -> dict[str, Any] | None:
    """The next JSON object, or None when the other end is gone."""
    header = _receive(control, _HEADER_BYTES)
    text = _receive(control, int.from_bytes(header, "big")) if header else None
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def serve(control_fd: int, messages_fd: int, preload: tuple[str, ...]) -> NoReturn:
    """Fork a process for every request, one at a time, until the other end is gone."""
    for number in (control_fd, messages_fd):
        os.set_inheritable(number, False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for name in preload:
        with contextlib.suppress(Exception):
            import_module(name)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    control = socket.socket(fileno=control_fd)
    # The other end may go at any moment; by then nothing of ours is alive.
    with contextlib.suppress(ConnectionError):
        send_frame(control, {"ready": True})
        _serve(control, messages_fd, woken)
    # What torch does when an interpreter ends takes longer than all else, and is of no use here.
    os._exit(0)


def _serve(control: socket.socket, messages_fd: int, woken: int) -> None:
    while (request := receive_frame(control)) is not None:
        if "work" not in request:
            # A kill that crossed the report of the very process's end.
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            control.close()
            _live(request["work"], request["request"], messages_fd)
        if not _watch(child, control, woken):
            return


def _watch(child: int, control: socket.socket, woken: int) -> bool:
    """Report the child's end; False when the other end went first, and all are dead."""
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
            # WNOWAIT keeps the number taken until the group has been killed by it.
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                send_frame(control, {"status": _end_family(child)})
                return True
        if control.fileno() in ready:
            request = receive_frame(control)
            if request is None:
                _end_family(child)
                return False
            if "end" in request:
                # Most die of it at once; one that works with other hosts tells them first.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
                continue
            send_frame(control, {"status": _end_family(child)})
            return True


def _end_family(child: int) -> int:
    """Kill the child, its group and every orphan it left, reap them; the child's wait status."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while orphans := _children():
        for orphan in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
    return status


def _children() -> tuple[int, ...]:
    """Our own children and what we adopted; none where the kernel does not list them."""
    found: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(word) for word in (thread / "children").read_text().split()]
    return tuple(found)


def _live(work: str, request: str, messages_fd: int) -> NoReturn:
    """The life of a fresh process: do the work, send the answer, end without clean-up handlers."""
    nursery = os.getppid()
    os.setpgid(0, 0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != nursery:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _volunteer()
    faulthandler.enable()

    def send(text: str) -> None:
        _write(messages_fd, {"message": text})

    code = 0
    try:
        module, _, name = work.partition(":")
        answer = getattr(import_module(module), name)(request, send)
        _write(messages_fd, {"answer": answer})
    except BaseException as error:
        _write(messages_fd, _describe(error))
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _describe(error: BaseException) -> dict[str, str]:
    if isinstance(error, BitpathError):
        return {"error": f"{error.what} {error.why}".strip(), "hint": error.next_step}
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return {"error": f"raised {type(error).__name__}: {error}{place}", "hint": ""}


def _volunteer() -> None:
    """When memory runs out, the kernel should end the measuring and nothing of the user's."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _write(messages_fd: int, content: dict[str, str]) -> None:
    line = json.dumps(content).encode() + b"\n"
    while line:
        line = line[os.write(messages_fd, line) :]


def _receive(control: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = control.recv(count - len(parts))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
