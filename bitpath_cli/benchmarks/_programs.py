"""Runs another program without a shell, with limits on its time and on what it may print."""

import os
import selectors
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from bitpath_cli.host import monotonic

_CHUNK_BYTES = 1 << 16


class Overrun(Exception):
    """A program passed a limit, and was killed."""


@dataclass(frozen=True, slots=True)
class Printed:
    """How a program ended, and what it printed."""

    code: int
    out: str
    error: str


def run_program(words: Sequence[str], limit_seconds: float, limit_bytes: int) -> Printed:
    """Wait for a program; it is dead when this returns or raises.

    Raises OSError where it cannot be started, and Overrun.
    """
    with subprocess.Popen(  # noqa: S603  (an argument list, never a shell)
        list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    ) as process:  # fmt: skip
        try:
            out, error = _listen(process, monotonic() + limit_seconds, limit_seconds, limit_bytes)
            code = process.wait(limit_seconds)
        except subprocess.TimeoutExpired as late:
            raise _late(limit_seconds) from late
        finally:
            process.kill()
    return Printed(code, out.decode("utf-8", "replace"), error.decode("utf-8", "replace"))


def _listen(
    process: "subprocess.Popen[bytes]", deadline: float, limit_seconds: float, limit_bytes: int
) -> tuple[bytes, bytes]:
    assert process.stdout is not None and process.stderr is not None  # noqa: S101  (both are pipes)
    said: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as watched:
        for stream, kept in said.items():
            watched.register(stream, selectors.EVENT_READ, kept)
        while watched.get_map():
            left = deadline - monotonic()
            if left <= 0:
                raise _late(limit_seconds)
            for key, _ in watched.select(left):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                key.data.extend(chunk)
                if not chunk:
                    watched.unregister(key.fileobj)
                if sum(map(len, said.values())) > limit_bytes:
                    raise Overrun(f"it printed more than {limit_bytes} B and was stopped")
    return bytes(said[process.stdout]), bytes(said[process.stderr])


def _late(limit_seconds: float) -> Overrun:
    return Overrun(f"it did not end within {limit_seconds:g} s and was stopped")
