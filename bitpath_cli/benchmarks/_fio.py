"""fio as the engine: one job on our own unnamed file, and its answer as JSON of version 3.

By fio's manual (fio.readthedocs.io). The file is reached through /proc/PID/fd, so that fio makes
none, and none can be left.
"""

import json
import math
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._disk_kinds import FSYNC_BLOCKS, Kind
from bitpath_cli.benchmarks._programs import Overrun, Printed, run_program
from bitpath_cli.model.reading import Missing, absent, failed, unsupported
from bitpath_cli.model.visible import visible

_VERSION: Final = re.compile(r"fio-(3\.\S{1,40})")
_ENGINES: Final = ("libaio", "io_uring")
_ASK_SECONDS: Final = 3.0
_RUN_SECONDS: Final = 15.0
_MOST_BYTES: Final = 4 << 20
_NANOSECOND: Final = 1e-9
_PERCENT: Final = 0.01
_ELSE: Final = "measure with the built-in engine: --engine builtin"


@dataclass(frozen=True, slots=True)
class Fio:
    """An installed fio, and the ioengine that is used of it."""

    path: str
    version: str
    engine: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a job did: `latencies` are counts by seconds, from handing in to the answer."""

    seconds: float
    cpu_seconds: float
    latencies: Mapping[float, int]


def find_fio() -> Fio | Missing:
    """The fio on the path, if it is of version 3 and keeps requests outstanding."""
    path = shutil.which("fio")
    if path is None:
        return absent("fio is not installed", f"install fio, or {_ELSE}")
    try:
        told = run_program((path, "--version"), _ASK_SECONDS, _MOST_BYTES).out.strip()
        known = run_program((path, "--enghelp"), _ASK_SECONDS, _MOST_BYTES).out.split()
    except (OSError, Overrun) as error:
        return failed(f"{path} could not be asked for its version: {error}", _ELSE)
    version = _VERSION.fullmatch(told)
    if version is None:
        words = f"{path} is of version '{visible(told)[:40] or 'unknown'}', and version 3 is used"
        return unsupported(words, f"install fio 3, or {_ELSE}")
    engine = next((each for each in _ENGINES if each in known), None)
    if engine is None:
        return unsupported(f"{path} has neither of {' and '.join(_ENGINES)}", _ELSE)
    return Fio(path, version[1], engine)


def run_job(fio: Fio, kind: Kind, descriptor: int, file_bytes: int, count: int) -> Done:
    """So many requests on an open file; CannotMeasure where fio fails or answers strangely."""
    try:
        printed = run_program(
            _words(fio, kind, descriptor, file_bytes, count), _RUN_SECONDS, _MOST_BYTES
        )
    except (OSError, Overrun) as error:
        raise CannotMeasure(failed(f"fio {fio.version}: {error}", _ELSE)) from error
    try:
        return _read(printed, kind, count)
    except _Strange as strange:
        words = f"fio {fio.version} {strange}"
        raise CannotMeasure(failed(words, _ELSE)) from strange


class _Strange(Exception):
    """What is wrong with an answer."""


def _words(fio: Fio, kind: Kind, descriptor: int, file_bytes: int, count: int) -> tuple[str, ...]:
    way = {"sequential": kind.operation, "random": f"rand{kind.operation}"}[kind.pattern]
    words = [
        fio.path, "--name=bitpath", f"--filename=/proc/{os.getpid()}/fd/{descriptor}",
        "--allow_file_create=0", "--fallocate=none", "--thread", "--direct=1",
        f"--ioengine={fio.engine}", f"--rw={way}", f"--bs={kind.block_bytes}",
        f"--iodepth={kind.depth}", f"--size={file_bytes}",
        f"--io_size={count * kind.block_bytes}", "--randrepeat=0", "--norandommap",
        "--lat_percentiles=1", "--output-format=json+", "--eta=never",
        # Scrambling its buffer would be a quarter of what fio tells of a write of 1 MiB.
        "--scramble_buffers=0",
    ]  # fmt: skip
    if kind.operation == "write":
        words += ["--overwrite=1", f"--fsync={FSYNC_BLOCKS}"]
    return tuple(words)


def _read(printed: Printed, kind: Kind, count: int) -> Done:
    job = _find_job(printed)
    told = _table(job, kind.operation)
    if printed.code or _number(job, "error"):
        raise _Strange(f"failed: {_last_words(printed)}")
    if _number(told, "io_bytes") != count * kind.block_bytes:
        raise _Strange(f"moved {_number(told, 'io_bytes'):g} B of {count * kind.block_bytes} B")
    latency = _table(told, "lat_ns")
    seconds = _number(told, "runtime") / 1000
    if kind.operation == "write":
        # A runtime in whole milliseconds is too coarse for the few bytes that may be written. They
        # go one after the other, so that their times and those of the fsyncs are the same time.
        # The fsync behind the last block fio does not count: it is taken to be as the others.
        synced = _table(_table(job, "sync"), "lat_ns")
        each, fsync = _number(latency, "mean"), _number(synced, "mean")
        seconds = _NANOSECOND * (count * each + count // FSYNC_BLOCKS * fsync)
    if seconds <= 0:
        raise _Strange("gave its job no runtime")
    busy = _PERCENT * (_number(job, "usr_cpu") + _number(job, "sys_cpu"))
    return Done(seconds, busy * seconds, _bins(latency))


def _find_job(printed: Printed) -> dict[str, Any]:
    """The one job of the answer, which may stand below what fio had to say before it."""
    begin = re.search(r"^\{", printed.out, re.MULTILINE)
    if begin is None and printed.code:
        raise _Strange(f"failed: {_last_words(printed)}")
    try:
        document = json.loads(printed.out[begin.start() :] if begin else "")
    except (ValueError, RecursionError) as error:
        raise _Strange(f"did not answer in JSON ({error})") from error
    jobs = document.get("jobs")
    if not isinstance(jobs, list) or len(jobs) != 1 or not isinstance(jobs[0], dict):
        raise _Strange("answered in an unknown form: its JSON tells of no single job")
    return jobs[0]


def _table(told: dict[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    if not isinstance(found, dict):
        raise _Strange(f"answered in an unknown form: there is no table '{name}'")
    return found


def _number(told: dict[str, Any], name: str) -> float:
    found = told.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise _Strange(f"answered in an unknown form: there is no number '{name}'")
    if not math.isfinite(found) or found < 0:
        raise _Strange(f"answered '{name}' with {found}")
    return float(found)


def _bins(latency: dict[str, Any]) -> dict[float, int]:
    """Counts by seconds; fio's bins are 1.6 % wide or less."""
    bins = _table(latency, "bins")
    try:
        return {int(name) * _NANOSECOND: int(bins[name]) for name in bins}
    except (TypeError, ValueError) as error:
        raise _Strange(f"answered in an unknown form: its bins are no counts ({error})") from error


def _last_words(printed: Printed) -> str:
    for text in (printed.error, printed.out):
        lines = [line.strip() for line in text.splitlines() if line.strip(" {}[],\t")]
        if lines:
            return visible(lines[-1])[:200]
    return f"it said nothing, and ended with {printed.code}"
