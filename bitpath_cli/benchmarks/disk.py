"""What a directory's disk does: past the page cache, and as training reads and writes it.

What is told is proven by the bytes that the device moved. Files have no names, but for the small
ones, whose folder goes with the case; what is written in all is bounded, and fsync is in its time.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._cached_trial import CachedReads, CheckpointWrites
from bitpath_cli.benchmarks._direct_io import BLOCK_BYTES, DirectFile, unnamed_file
from bitpath_cli.benchmarks._directory import explain, find_filesystem, find_obstacle
from bitpath_cli.benchmarks._disk_figures import find_metrics
from bitpath_cli.benchmarks._disk_kinds import (
    CHECKPOINT_BYTES,
    RAW,
    SMALL_FILE_BYTES,
    SMALL_FILES,
    TRAINING,
    Kind,
    kind_of,
)
from bitpath_cli.benchmarks._disk_trial import DiskTrial
from bitpath_cli.benchmarks._disk_verdict import compare_engines, find_allowance, judge
from bitpath_cli.benchmarks._fio import find_fio
from bitpath_cli.benchmarks._fio_trial import FioTrial, find_requests
from bitpath_cli.benchmarks._io_limits import find_io_limits
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.benchmarks._requests import open_requests
from bitpath_cli.benchmarks._small_files import FileReads, small_files, sweep
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.model.result import Finding, Samples
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND

_MIB: Final = 1 << 20
_READ_FILE_BYTES: Final = {False: 128 * _MIB, True: 192 * _MIB}
_WRITE_FILE_BYTES: Final = 64 * _MIB
_WRITES_BYTES: Final = 256 * _MIB
_CHECKPOINTS: Final = 8
_FILL_SECONDS: Final = {False: 3.0, True: 15.0}
_SMALLEST_BYTES: Final = 16 * _MIB
_SHARE_OF_SPACE: Final = 4
_LONG_QUEUE: Final = 1024
_SHORT_SECONDS: Final = 0.02
_BUILTIN: Final = "requests"
_FIO: Final = "fio"
_FIO_SAMPLE_SECONDS: Final = 0.2
# The kernel lets a group's requests through in slices of 0.1 s: what is shorter sees a burst.
_LIMITED_SECONDS: Final = 1.5
# Eight samples of what fio may write, which is as much as the built-in engine may.
_FIO_WRITE_BYTES: Final = _WRITES_BYTES // 8


def find_cases(context: Context) -> tuple[Case, ...] | Missing:
    """The cases, all with the built-in engine, or what about the directory forbids them."""
    filesystem = find_filesystem(context.host, context.directory)
    if isinstance(filesystem, Missing):
        return filesystem
    obstacle = find_obstacle(context.directory, filesystem)
    if obstacle is not None:
        return obstacle
    room = _find_room(context, _WRITE_FILE_BYTES)
    if isinstance(room, Missing):
        return room
    sweep(context.directory)
    try:
        with unnamed_file(context.directory, BLOCK_BYTES) as file:
            file.append()
    except OSError as error:
        return explain(error, context.directory)
    return tuple(Case(kind.parameters("builtin")) for kind in (*RAW, *TRAINING))


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The loops of one case on a file of its own; CannotMeasure says what the disk refuses."""
    kind = kind_of(case.parameters)
    sweep(context.directory)
    with contextlib.ExitStack() as held:
        try:
            loops = _open(
                _at_its_limit(kind, context), str(case.parameters.get("engine")), context, held
            )
        except OSError as error:
            raise CannotMeasure(explain(error, context.directory)) from error
        yield loops


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Rates and latencies, whether the device really did them, and whether the engines agree."""
    kind, engine = kind_of(case.parameters), str(case.parameters.get("engine"))
    loop = _FIO if engine == _FIO else _BUILTIN
    found = samples[loop]
    verdict, allowance = judge(found, kind, context), find_allowance(found, kind, context)
    filesystem = find_filesystem(context.host, context.directory)
    place = filesystem.type if not isinstance(filesystem, Missing) else "an unnamed filesystem"
    way = "O_DIRECT" if kind.is_direct else "an emptied page cache"
    source = f"disk, {engine} engine, {way} on {place}: {verdict.proof}"
    metrics = find_metrics(kind, found, source, verdict, allowance)
    findings: tuple[Finding, ...] = ()
    if _FIO in samples and _BUILTIN in samples:
        rates = [
            rate(samples[each], samples[each].work, BYTE_PER_SECOND, source)
            for each in (_FIO, _BUILTIN)
        ]
        disagreement = compare_engines(kind, *rates)
        findings = () if disagreement is None else (disagreement,)
    return Conclusion(
        metrics, rests_on={each.name: (loop,) for each in metrics}, findings=findings,
        validity=metrics[0].validity, reasons=metrics[0].reasons,
    )  # fmt: skip


def _open(
    kind: Kind, engine: str, context: Context, held: contextlib.ExitStack
) -> Mapping[str, Loop]:
    if kind.pattern == "checkpoint" and kind.operation == "write":
        _take_room(context, CHECKPOINT_BYTES, least_bytes=CHECKPOINT_BYTES)
        writes = CheckpointWrites(context, held.enter_context(contextlib.ExitStack()))
        return {_BUILTIN: _loop(kind, writes, 1, _CHECKPOINTS)}
    if kind.pattern == "small_files":
        files = held.enter_context(small_files(context.directory))
        files.fill(SMALL_FILES, _FILL_SECONDS[context.thorough])
        return {_BUILTIN: _loop(kind, FileReads(kind, files, context))}
    file = _filled(kind, context, held)
    if not kind.is_direct:
        return {_BUILTIN: _loop(kind, CachedReads(kind, file, context))}
    return _raw_loops(kind, engine, file, context, held)


def _raw_loops(
    kind: Kind, engine: str, file: DirectFile, context: Context, held: contextlib.ExitStack
) -> Mapping[str, Loop]:
    """The engine that was asked for first; in a thorough look the other as a check on it."""
    requests = held.enter_context(open_requests(file.descriptor, kind.block_bytes, kind.depth))
    trial = DiskTrial(kind, file, requests, context)
    once_seconds = 0.0 if kind.operation == "write" else trial.run(1)
    own = kind
    if kind.depth > 1 and once_seconds < _SHORT_SECONDS:
        own = replace(kind, requests=max(kind.requests, _LONG_QUEUE))
    most = _WRITES_BYTES // kind.work_bytes if kind.operation == "write" else 10**12
    builtin = _loop(
        own, DiskTrial(own, file, requests, context),
        1 if kind.operation == "write" else 1_000_000, most,
    )  # fmt: skip
    if engine == _FIO:
        fio = _fio_loop(kind, once_seconds, file, context)
        return {_FIO: fio, _BUILTIN: builtin} if context.thorough else {_FIO: fio}
    if not context.thorough:
        return {_BUILTIN: builtin}
    try:
        return {_BUILTIN: builtin, _FIO: _fio_loop(kind, once_seconds, file, context)}
    except CannotMeasure:
        return {_BUILTIN: builtin}


def _fio_loop(kind: Kind, once_seconds: float, file: DirectFile, context: Context) -> Loop:
    """CannotMeasure where fio is not there, or fails at a first short job."""
    fio = find_fio()
    if isinstance(fio, Missing):
        raise CannotMeasure(fio)
    if kind.operation == "write":
        own = replace(kind, requests=max(kind.requests, _FIO_WRITE_BYTES // kind.block_bytes))
        trial = FioTrial(own, file, context, fio)
        return _loop(own, trial, 1, _WRITES_BYTES // own.work_bytes)
    own = replace(kind, requests=find_requests(kind, once_seconds))
    trial = FioTrial(own, file, context, fio)
    trial.run(1)
    return replace(_loop(own, trial), sample_seconds=_FIO_SAMPLE_SECONDS)


def _loop(
    kind: Kind,
    trial: DiskTrial | FioTrial | CachedReads | CheckpointWrites | FileReads,
    largest_loops: int = 1_000_000,
    most_operations: int = 10**12,
) -> Loop:
    return Loop(
        trial, kind.work_bytes, BYTE, evidence=trial.evidence, largest_loops=largest_loops,
        most_operations=most_operations,
    )  # fmt: skip


def _at_its_limit(kind: Kind, context: Context) -> Kind:
    """An operation that lasts long enough under a control group's limit, where there is one."""
    limits = find_io_limits(context.host, context.directory, kind.operation)
    bound = limits.bind(kind.block_bytes)
    if bound is None or kind.pattern == "checkpoint":
        return kind
    operations = math.ceil(bound * _LIMITED_SECONDS / kind.work_bytes)
    if kind.operation == "write":
        operations = min(operations, _WRITES_BYTES // 4 // kind.work_bytes)
    return replace(kind, requests=operations * kind.requests)


def _filled(kind: Kind, context: Context, held: contextlib.ExitStack) -> DirectFile:
    """A file of random blocks, on the device and not in the cache."""
    wanted = _READ_FILE_BYTES[context.thorough]
    if kind.operation == "write":
        wanted = _WRITE_FILE_BYTES
    if kind.pattern == "checkpoint":
        wanted = CHECKPOINT_BYTES
    size_bytes = _take_room(context, wanted)
    file = held.enter_context(unnamed_file(context.directory, size_bytes))
    file.fill(size_bytes, _FILL_SECONDS[context.thorough])
    return file


def _take_room(context: Context, wanted_bytes: int, least_bytes: int = _SMALLEST_BYTES) -> int:
    """The same, or CannotMeasure."""
    room = _find_room(context, wanted_bytes, least_bytes)
    if isinstance(room, Missing):
        raise CannotMeasure(room)
    return room


def _find_room(
    context: Context, wanted_bytes: int, least_bytes: int = _SMALLEST_BYTES
) -> int | Missing:
    """How large a file may be: a quarter of the free space and of memory, within 'ulimit -f'.

    Memory counts because a filesystem that only pretends to honour O_DIRECT would fill it.
    """
    space = context.host.outside.space(context.directory)
    if isinstance(space, Missing):
        return space
    limit = context.host.outside.ulimit("FSIZE")
    allowed = limit if isinstance(limit, int) else wanted_bytes
    most = min(space.available_bytes, context.memory_bytes) // _SHARE_OF_SPACE
    room = min(wanted_bytes, most, allowed)
    if room < least_bytes:
        return failed(
            f"{context.directory}: {space.available_bytes // _MIB} MiB are free there and "
            f"{context.memory_bytes // _MIB} MiB of memory may be used"
            + (f" and 'ulimit -f' allows {allowed // _MIB} MiB" if allowed < wanted_bytes else "")
            + f"; a test file takes at most a quarter and at least {least_bytes // _MIB} MiB",
            "free some of it, raise 'ulimit -f', or name another directory with --dir",
        )
    return room // (16 * BLOCK_BYTES) * (16 * BLOCK_BYTES)


BENCHMARK = Benchmark(
    summary="The disk behind a directory: past the page cache, and as training reads and writes it",
    revision=2,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    blocks=1,
    weight=1.0,
    writes_bytes=(
        BLOCK_BYTES
        + 4 * max(_READ_FILE_BYTES.values())
        + _WRITE_FILE_BYTES + 2 * _WRITES_BYTES
        + SMALL_FILES * SMALL_FILE_BYTES
        + (_CHECKPOINTS + 1) * CHECKPOINT_BYTES
    ),
)  # fmt: skip
