"""A service of our own on loopback, for a trial that was given no other host to ask."""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from bitpath_cli.benchmarks._tcp_hello import make_token
from bitpath_cli.errors import BitpathError, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.workflows.remote import Link

_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1
_LONGEST: Final = 1 << 16
_START: Final = (
    "import json, sys; told = json.loads(sys.stdin.readline()); sys.path[:] = told['path']; "
    "from bitpath_cli.workflows._own_service import live; "
    "live(told['parent'], told['model'], told['threads'], told['token'])"
)


@contextlib.contextmanager
def own_service(model: str, threads: int) -> Iterator[Link]:
    """`bitpath serve` in a process of its own, which ends with the context or with this process.

    Raises PeerFailed where it does not begin to answer within a minute.
    """
    token = make_token()
    told = {
        "path": sys.path, "parent": os.getpid(), "model": model, "threads": threads, "token": token,
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: S603  (our own interpreter, no shell)
        [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None  # noqa: S101  (it was asked for)
        # The token goes through a pipe: a command line can be read by everyone.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()
        yield Link(f"http://{_HOST}:{_await_port(process)}", token)
    finally:
        _end(process)


def live(parent: int, model: str, threads: int, token: str) -> None:
    """The life of the process: serve until it is ended, and not longer than its parent lives."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    from bitpath_cli.serving.service import Bounds, serve
    from bitpath_cli.workflows._served_model import open_served
    from bitpath_cli.workflows.infer import find_quota

    try:
        with open_served(model, "float32", "eager", 1, threads, find_quota()) as ready:
            serve(ready, _HOST, 0, token, Bounds(), lambda port: _say({"port": port}))
    except BitpathError as error:
        _say({"problem": f"{error.what} {error.why}".strip(), "hint": error.next_step})


def _say(words: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _await_port(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout is not None  # noqa: S101  (it was asked for)
    deadline, said = monotonic() + _START_SECONDS, b""
    while not said.endswith(b"\n") and (left := deadline - monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        part = os.read(process.stdout.fileno(), _LONGEST)
        if not part:
            raise _failed("it ended", "")
        said += part
    found = json.loads(said) if said.endswith(b"\n") else {}
    if "port" not in found:
        words = found.get("problem", f"it was not ready within {_START_SECONDS:g} s")
        raise _failed(str(words), str(found.get("hint", "")))
    return int(found["port"])


def _failed(words: str, hint: str) -> PeerFailed:
    return PeerFailed(
        f"The service of our own did not start: {words.rstrip('.')}.", "",
        hint or "See what it says by itself: bitpath serve",
    )  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
