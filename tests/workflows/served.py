"""`bitpath serve` as a process of its own, for the tests of those who ask it."""

import contextlib
import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bitpath_cli.workflows.remote import Link

ROOT = Path(__file__).parent.parent.parent
OWN = "tests.benchmarks.own_model:net"
SLOW = "tests.benchmarks.own_model:slow"
_READY = re.compile(r"at (http://\S+)\n.*The token, said this once: (\S+)\n", re.S)


@dataclass(frozen=True)
class Served:
    """The process, where it listens, and its token."""

    process: "subprocess.Popen[str]"
    link: Link


@contextlib.contextmanager
def served(model: str, *more: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bitpath_cli", "serve", "--model", model, "--threads", "1",
         "--listen", "127.0.0.1:0", *more],
        cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Served(process, _read(process))
    finally:
        process.kill()
        process.communicate()


def _read(process: "subprocess.Popen[str]") -> Link:
    assert process.stderr is not None
    said = ""
    while not (found := _READY.search(said)):
        assert select.select([process.stderr], [], [], 60)[0], said
        part = os.read(process.stderr.fileno(), 4096).decode()
        assert part, said
        said += part
    return Link(found[1], found[2])
