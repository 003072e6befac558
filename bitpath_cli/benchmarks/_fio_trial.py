"""fio's own time for so many requests of one kind on our file."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._byte_account import ByteAccount
from bitpath_cli.benchmarks._direct_io import DirectFile
from bitpath_cli.benchmarks._disk_kinds import Kind
from bitpath_cli.benchmarks._fio import Fio, run_job
from bitpath_cli.benchmarks._latency import KEPT

_RUN_SECONDS: Final = 0.2
_MOST_REQUESTS: Final = 16384
_MOST_BYTES: Final = 256 << 20


class FioTrial:
    """An operation is so many requests that a run of fio is worth its start."""

    def __init__(self, kind: Kind, file: DirectFile, context: Context, fio: Fio) -> None:
        self._kind = kind
        self._file = file
        self._fio = fio
        self._latencies: Counter[float] = Counter()
        self._account = ByteAccount(context, kind.operation, of_another_process=True)

    def run(self, operations: int) -> float:
        """See Trial; CannotMeasure where fio fails."""
        count = operations * self._kind.requests
        self._account.open()
        done = run_job(self._fio, self._kind, self._file.descriptor, self._file.size_bytes, count)
        self._latencies.update(done.latencies)
        self._account.add(count * self._kind.block_bytes, done.seconds, done.cpu_seconds)
        return done.seconds

    def find_error(self) -> str | None:
        """See Trial: fio checks that it got every byte; what it wrote is its own."""
        return None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {
            **self._account.evidence(),
            "latency": _draw(self._latencies),
            "file_bytes": (float(self._file.size_bytes),),
        }


def find_requests(kind: Kind, seconds: float) -> int:
    """How many requests fill a run of fio, where one operation took so long."""
    requests = kind.requests
    most = min(_MOST_REQUESTS, _MOST_BYTES // kind.block_bytes)
    while seconds < _RUN_SECONDS and 2 * requests <= most:
        requests, seconds = 2 * requests, 2 * seconds
    return requests


def _draw(latencies: Mapping[float, int]) -> tuple[float, ...]:
    """At most `KEPT` of them at random, as often as they were seen."""
    count = sum(latencies.values())
    if count <= KEPT:
        return tuple(Counter(latencies).elements())
    values = list(latencies)
    drawn = Random(count).choices(values, weights=list(latencies.values()), k=KEPT)  # noqa: S311
    return tuple(round(each, 9) for each in drawn)
