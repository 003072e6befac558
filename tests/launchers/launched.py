"""What the tests let ranks do, launched from a fresh process as the harness does it."""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.launchers import Launch, Work, local
from bitpath_cli.model.protocols import Ranks

Send = Callable[[str], None]
LONG = 60.0


def _launch(work: Work, request: str, size: int, limit_seconds: float = LONG) -> str:
    return local.LAUNCHER.run(Launch(size, threads=1, limit_seconds=limit_seconds), work, request)


def tell_all(request: str, send: Send) -> str:
    """Every rank tells what its Ranks gave it; rank 0's request and answer come back."""

    def work(ranks: Ranks, asked: str, _send: Send) -> str:
        import torch

        told = {
            "rank": ranks.rank, "size": ranks.size, "backend": ranks.backend,
            "agreed": [ranks.agree(ranks.rank == 0), ranks.agree(ranks.rank != 0)],
            "slowest": ranks.slowest(0.1 + ranks.rank), "threads": torch.get_num_threads(),
            "asked": asked,
        }  # fmt: skip
        ranks.align()
        send(json.dumps(told))
        return f"rank {ranks.rank} of {ranks.size}"

    return local.LAUNCHER.run(Launch(3, threads=2, limit_seconds=LONG), work, request)


def _fail(request: str, send: Send, what: Callable[[Ranks], None], limit_seconds: float) -> str:
    """The failure's words, and which ranks or children of theirs are still there after it."""
    reading, writing = os.pipe()

    def work(ranks: Ranks, asked: str, _send: Send) -> str:
        os.write(writing, f"{os.getpid()}\n".encode())
        ranks.align()
        if ranks.rank == int(asked):
            what(ranks)
        ranks.align()
        return "never"

    try:
        _launch(work, request, 3, limit_seconds)
    except PeerFailed as failure:
        numbers = os.read(reading, 4096).split()
        return json.dumps([str(failure), len(numbers), [n.decode() for n in numbers if _lives(n)]])
    return "no failure"


def _lives(number: bytes) -> bool:
    return Path(f"/proc/{int(number)}").exists()


def kill_one(request: str, send: Send) -> str:
    return _fail(request, send, lambda _: os.kill(os.getpid(), signal.SIGKILL), LONG)


def raise_in_one(request: str, send: Send) -> str:
    def fail(ranks: Ranks) -> None:
        raise ArithmeticError("the sum\nis off")

    return _fail(request, send, fail, LONG)


def leave_one(request: str, send: Send) -> str:
    return _fail(request, send, lambda _: os._exit(7), LONG)


def hang_one(request: str, send: Send) -> str:
    return _fail(request, send, lambda _: signal.pause(), 0.5)


def never_join(request: str, send: Send) -> str:
    """A rank that is stopped before it comes to the meeting."""
    live = local._live

    def late(rank: int, meeting: local._Meeting, send: Send) -> str:
        if rank == int(request):
            signal.pause()
        return live(rank, meeting, send)

    local._live = late
    launch = Launch(2, threads=1, limit_seconds=LONG, join_seconds=1.0)
    try:
        return local.LAUNCHER.run(launch, lambda _ranks, _asked, _send: "met", "")
    except PeerFailed as failure:
        return str(failure)


def list_listeners(request: str, send: Send) -> str:
    """The local addresses of all listening TCP sockets of all ranks, while they work."""

    def work(ranks: Ranks, asked: str, _send: Send) -> str:
        ranks.align()
        send(json.dumps(sorted(_listening())))
        ranks.align()
        return ""

    return _launch(work, "", 2)


def _listening() -> set[str]:
    held = set()
    for each in Path("/proc/self/fd").iterdir():
        # The folder's own descriptor is among them, and gone again.
        with contextlib.suppress(FileNotFoundError):
            held.add(str(each.readlink()))
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                found.add(_address(fields[1].partition(":")[0]))
    return found


def _address(text: str) -> str:
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))


def refuse_backend(request: str, send: Send) -> str:
    try:
        launch = Launch(2, threads=1, limit_seconds=LONG, backend=request)
        return local.LAUNCHER.run(launch, lambda _ranks, _asked, _send: "met", "")
    except BadValue as refusal:
        return str(refusal)


def main() -> None:
    """A launcher whose ranks hang: each prints its number, then waits to be ended."""

    def work(ranks: Ranks, asked: str, _send: Send) -> str:
        os.write(1, f"{os.getpid()}\n".encode())
        signal.pause()
        return ""

    sys.exit(_launch(work, "", 2))


if __name__ == "__main__":
    main()
