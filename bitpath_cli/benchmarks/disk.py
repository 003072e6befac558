"""What a directory's disk does past the page cache, proven by the bytes that its device moved.

One file without a name per case, at most 1 GiB written in all; fsync lies inside the timed writes.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._device_counters import Counter, find_counter
from bitpath_cli.benchmarks._direct_io import BLOCK_BYTES, unnamed_file
from bitpath_cli.benchmarks._directory import explain, find_filesystem, find_obstacle
from bitpath_cli.benchmarks._disk_trial import DiskTrial, Kind
from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.model.result import Direction, Doubt, Samples, Validity, metric
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, PER_SECOND

_MIB: Final = 1 << 20
_READ_FILE_BYTES: Final = {False: 128 * _MIB, True: 240 * _MIB}
_WRITE_FILE_BYTES: Final = 256 * _MIB
_FILL_SECONDS: Final = {False: 3.0, True: 15.0}
_SMALLEST_BYTES: Final = 16 * _MIB
_DOUBTFUL_BYTES: Final = 64 * _MIB
_SHARE_OF_SPACE: Final = 4
_PROVEN: Final = 0.95
_BUSY: Final = 0.9
_ENGINE_SHARE: Final = 0.7
_LONG_QUEUE: Final = 1024
_SHORT_SECONDS: Final = 0.02
_LOOP: Final = "requests"


# A write operation is 16 blocks and one fsync. At depth 32 an operation is 128 reads, or 1024 where
# those take so little time that filling and draining the queue would be a part of it.
_KINDS: Final = (
    Kind("read", "sequential", BLOCK_BYTES, 1, 1),
    Kind("write", "sequential", BLOCK_BYTES, 1, 16),
    Kind("read", "random", 4096, 1, 1),
    Kind("read", "random", 4096, 32, 128),
)


def find_cases(context: Context) -> tuple[Case, ...] | Missing:
    """The four cases, or what about the directory forbids them."""
    filesystem = find_filesystem(context.host, context.directory)
    if isinstance(filesystem, Missing):
        return filesystem
    obstacle = find_obstacle(context.directory, filesystem)
    if obstacle is not None:
        return obstacle
    size_bytes = _find_room(context, _WRITE_FILE_BYTES)
    if isinstance(size_bytes, Missing):
        return size_bytes
    try:
        with unnamed_file(context.directory, BLOCK_BYTES) as file:
            file.append()
    except OSError as error:
        return explain(error, context.directory)
    return tuple(
        Case(
            {
                "operation": kind.operation, "pattern": kind.pattern, "direct": True,
                "block_size": kind.block_bytes, "depth": kind.depth, "engine": "builtin",
            }
        )
        for kind in _KINDS
    )  # fmt: skip


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The loop of one case on a file of its own; CannotMeasure says what the disk refuses."""
    kind = _kind_of(case)
    wanted = _READ_FILE_BYTES[context.thorough] if kind.operation == "read" else _WRITE_FILE_BYTES
    size_bytes = _find_room(context, wanted)
    if isinstance(size_bytes, Missing):
        raise CannotMeasure(size_bytes)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(unnamed_file(context.directory, size_bytes))
            if kind.operation == "read":
                file.fill(size_bytes, _FILL_SECONDS[context.thorough])
        except OSError as error:
            raise CannotMeasure(explain(error, context.directory)) from error
        trial = DiskTrial(kind, file, context)
        if kind.depth > 1 and trial.run(1) < _SHORT_SECONDS:
            kind = replace(kind, requests=_LONG_QUEUE)
            trial = DiskTrial(kind, file, context)
        most = size_bytes // BLOCK_BYTES // kind.requests if kind.operation == "write" else 10**12
        yield {
            _LOOP: Loop(
                trial, kind.requests * kind.block_bytes, BYTE, evidence=trial.evidence,
                largest_loops=1 if kind.operation == "write" else 1_000_000, most_operations=most,
            )
        }  # fmt: skip


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Bandwidth, requests per second and latencies, and whether the device really did them."""
    kind, found = _kind_of(case), samples[_LOOP]
    doubts, proof = _judge(found, find_counter(context.host, context.directory))
    doubts += _doubts_about_load(found, kind.depth, context.threads)
    doubts += (Doubt.WRONG_RESULT,) if any(found.evidence("wrong")) else ()
    validity = Validity.VALID if not doubts else Validity.DEGRADED
    if Doubt.CACHED_IO in doubts or Doubt.WRONG_RESULT in doubts:
        validity = Validity.INVALID
    filesystem = find_filesystem(context.host, context.directory)
    place = filesystem.type if not isinstance(filesystem, Missing) else "an unnamed filesystem"
    source = f"disk, builtin engine, O_DIRECT on {place}: {proof}"
    bandwidth = rate(found, found.work, BYTE_PER_SECOND, source)
    per_second = rate(found, found.work / kind.block_bytes, PER_SECOND, source)
    return Conclusion(
        (
            metric("bandwidth", bandwidth, Direction.HIGHER, reasons=doubts, validity=validity),
            metric("iops", per_second, Direction.HIGHER, reasons=doubts, validity=validity),
            *percentile_metrics(found.evidence("latency"), source, doubts, validity),
        ),
        validity=validity,
        reasons=doubts,
    )


def _judge(samples: Samples, counter: Counter | Missing) -> tuple[tuple[Doubt, ...], str]:
    """Whether the device moved what was asked of it, and the sentence that says so."""
    moved, asked = samples.evidence("moved_bytes"), sum(samples.evidence("asked_bytes"))
    if isinstance(counter, Missing) or not moved or not asked:
        why = counter.detail if isinstance(counter, Missing) else "its counter could not be read"
        return (Doubt.UNPROVEN_IO,), f"whether a device moved the bytes is unproven ({why})"
    share = sum(moved) / asked
    words = f"{counter.source} counted {min(share, 1):.0%} of the bytes asked for"
    if share >= _PROVEN:
        below = "; it is virtual, and its host may cache below it" if counter.is_virtual else ""
        return (), words + below
    if counter.is_own_device:
        return (Doubt.CACHED_IO,), f"{words}; a cache gave the rest"
    return (Doubt.UNPROVEN_IO,), f"{words}, and it may miss what the kernel did for the process"


def _doubts_about_load(samples: Samples, depth: int, threads: int) -> tuple[Doubt, ...]:
    """Whether this engine, rather than the disk, was the limit, and whether the file was small."""
    wall, cpu = sum(samples.evidence("wall_seconds")), sum(samples.evidence("cpu_seconds"))
    engine = max(samples.evidence("engine_seconds"), default=0.0)
    fastest = min(samples.seconds_per_operation)
    is_busy = wall > 0 and cpu / wall >= _BUSY * min(depth, threads)
    doubts = [Doubt.CPU_BOUND] if is_busy or engine >= _ENGINE_SHARE * fastest else []
    if min(samples.evidence("file_bytes"), default=0.0) < _DOUBTFUL_BYTES:
        doubts.append(Doubt.TOO_SMALL)
    return tuple(doubts)


def _find_room(context: Context, wanted_bytes: int) -> int | Missing:
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
    if room < _SMALLEST_BYTES:
        return failed(
            f"{context.directory}: {space.available_bytes // _MIB} MiB are free there and "
            f"{context.memory_bytes // _MIB} MiB of memory may be used"
            + (f" and 'ulimit -f' allows {allowed // _MIB} MiB" if allowed < wanted_bytes else "")
            + f"; a test file takes at most a quarter and at least {_SMALLEST_BYTES // _MIB} MiB",
            "free some of it, raise 'ulimit -f', or name another directory with --dir",
        )
    return room // (16 * BLOCK_BYTES) * (16 * BLOCK_BYTES)


def _kind_of(case: Case) -> Kind:
    """The kind that a case's parameters name."""
    told = case.parameters
    return next(
        kind
        for kind in _KINDS
        if (kind.operation, kind.pattern, kind.depth)
        == (told["operation"], told["pattern"], told["depth"])
    )


BENCHMARK = Benchmark(
    summary="The disk behind a directory: sequential and random, past the page cache",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    blocks=1,
    weight=1.0,
    writes_bytes=BLOCK_BYTES + 3 * max(_READ_FILE_BYTES.values()) + _WRITE_FILE_BYTES,
)
