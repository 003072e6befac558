"""One assessment on every node of a Ray cluster, placed by node affinity, JSON texts coming back.

Ray's driver lives in a process of its own: connecting to a cluster that is not there takes Ray two
minutes, or ends the process, and ours must say in seconds which. What is used is as docs.ray.io has
it; which nodes a program may run on, and what they run, Ray decides: it is for trusted networks.
"""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic

_DRIVER: Final = "bitpath_cli.launchers._every_node_driver"
_GRACE_SECONDS: Final = 2.0
_TAIL_BYTES: Final = 2000
_HOST_AND_PORT: Final = re.compile(r"(?:ray://)?([\w.-]+|(?:\[[0-9a-fA-F:]+\])):(\d{1,5})")
_LOG_HEAD: Final = re.compile(r"^\[[^\]]*\] (?:\S+:\d+: )?")


@dataclass(frozen=True, slots=True)
class Order:
    """What to run on every node: `bitpath assess --json` with these arguments, and the limits."""

    address: str
    arguments: tuple[str, ...]
    join_seconds: float
    limit_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node said: a report's JSON, or why there is none."""

    node: str
    identity: str
    text: str = ""
    failure: str = ""


def run_on_every_node(order: Order, tell: Callable[[str], None]) -> Iterator[Answer]:
    """An answer a node, as they come; `tell` hears how far it is.

    Raises PeerFailed where there is no cluster at the address. Nothing of it is left when this
    ends, however it ends: Ray ends the tasks of a driver that is gone.
    """
    _check_listens(order)
    with _driver(order) as (process, errors):
        lines = _Lines(process)
        said = lines.read(order.join_seconds)
        if said is None or "nodes" not in said:
            raise _not_joined(order, said, _tail(errors))
        waiting: dict[str, str] = dict(said["nodes"])
        total = len(waiting)
        deadline = monotonic() + order.limit_seconds
        while waiting:
            tell(_progress(total, waiting))
            said = lines.read(deadline - monotonic())
            if said is None:
                break
            identity = said["node"]
            node = waiting.pop(identity)
            yield Answer(node, identity, said.get("text", ""), said.get("failure", ""))
        ended = process.poll() is not None
        why = (
            f"Ray's driver ended: {_tail(errors) or 'it said nothing'}" if ended
            else f"it did not answer within {order.limit_seconds:g} s"
        )  # fmt: skip
        yield from (Answer(node, identity, failure=why) for identity, node in waiting.items())


def _check_listens(order: Order) -> None:
    """A refused connection is said at once; an address in another form is Ray's to judge."""
    found = _HOST_AND_PORT.fullmatch(order.address)
    if found is None:
        return
    try:
        socket.create_connection(
            (found[1].strip("[]"), int(found[2])), timeout=order.join_seconds
        ).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        raise _not_joined(order, {"failure": reason or str(error)}, "") from error


@contextlib.contextmanager
def _driver(order: Order) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
    with tempfile.TemporaryFile(prefix="bitpath-ray-") as errors:
        process = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", _DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors, start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdin is not None  # noqa: S101  (it is a pipe)
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(json.dumps([order.address, order.arguments]).encode())
            yield process, errors
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
            break
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    process.stdout.close()


class _Lines:
    """The driver's JSON lines, one at a time and none waited for without end."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        self._number = process.stdout.fileno()
        self._rest = b""

    def read(self, seconds: float) -> dict[str, Any] | None:
        """The next line; None where none came in time, or none will come."""
        deadline = monotonic() + seconds
        while b"\n" not in self._rest:
            left = deadline - monotonic()
            if left <= 0 or not select.select([self._number], [], [], left)[0]:
                return None
            content = os.read(self._number, 1 << 20)
            if not content:
                return None
            self._rest += content
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found


def _not_joined(order: Order, said: dict[str, Any] | None, tail: str) -> PeerFailed:
    why = (said or {}).get("failure") or tail or (
        f"nothing answered there within {order.join_seconds:.0f} s"
    )  # fmt: skip
    return PeerFailed(
        f"No Ray cluster could be joined at {order.address}: {why}.",
        "The cluster is down, the address is another one, or it runs another version of Ray or "
        "of Python than this program.",
        "See on its head node: ray status. From a host outside of the cluster use "
        "--ray ray://HOST:10001.",
    )


def _progress(total: int, waiting: dict[str, str]) -> str:
    names = list(waiting.values())
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{total - len(names)} of {total} nodes assessed, waiting for {shown}"


def _tail(errors: IO[bytes]) -> str:
    """The last line of what Ray wrote to stderr."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _TAIL_BYTES))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return _LOG_HEAD.sub("", lines[-1].strip()).rstrip(".") if lines else ""
