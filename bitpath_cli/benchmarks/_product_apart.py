"""A trial whose products are made by `_bare_product.py`, in a process with its own environment."""

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final

_SCRIPT: Final = str(Path(__file__).with_name("_bare_product.py"))
_START_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 120.0
_END_SECONDS: Final = 2.0
# OpenBLAS lets its threads sleep after 2^26 ticks of the processor's clock, OpenMP's sooner.
_FALLING_ASLEEP_SECONDS: Final = 0.04
_THREADS: Final = (
    "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS",
)  # fmt: skip


class NoAnswer(Exception):
    """The process could not load its library, or has died, or takes too long."""


@dataclass(frozen=True, slots=True)
class ProductApart:
    """A Trial; NoAnswer where the process has ended."""

    process: "subprocess.Popen[bytes]"

    def run(self, operations: int) -> float:
        """See Trial."""
        return float(str(self._ask(operations)["seconds"]))

    def find_error(self) -> str | None:
        """See Trial; it comes before the first run."""
        # Until then the threads of the library before would wait for work, awake, in our way.
        sleep(_FALLING_ASLEEP_SECONDS)
        return str(self._ask(0)["error"]) or None

    def _ask(self, operations: int) -> dict[str, object]:
        assert self.process.stdin is not None  # noqa: S101  (it was opened with a pipe)
        try:
            self.process.stdin.write(b"%d\n" % operations)
        except OSError as error:
            raise NoAnswer("the process that multiplies has ended") from error
        return _read(self.process, _ANSWER_SECONDS)


@contextlib.contextmanager
def product_apart(
    library: str,
    dtype: str,
    shape: tuple[int, int, int],
    threads: int,
    environment: Mapping[str, str],
) -> Iterator[ProductApart]:
    """A running process for a product of `m`, `n`, `k`; NoAnswer where it cannot be had."""
    words = (sys.executable, "-P", _SCRIPT, library, dtype, *(str(each) for each in shape))
    process = subprocess.Popen(  # noqa: S603  (our own script, and no shell)
        words, env={**environment, **dict.fromkeys(_THREADS, str(threads))}, bufsize=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = _read(process, _START_SECONDS)
        if "ready" not in told:
            raise NoAnswer(str(told.get("refusal")))
        yield ProductApart(process)
    finally:
        _end(process)


def _read(process: "subprocess.Popen[bytes]", limit_seconds: float) -> dict[str, object]:
    assert process.stdout is not None  # noqa: S101  (it was opened with a pipe)
    ready, _, _ = select.select([process.stdout], [], [], limit_seconds)
    line = process.stdout.readline() if ready else b""
    if not line:
        words = "has ended" if ready else f"has not answered for {limit_seconds:g} s"
        raise NoAnswer(f"the process that multiplies {words}")
    found: dict[str, object] = json.loads(line)
    return found


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It ends by itself when there is nothing more to read."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
