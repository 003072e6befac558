"""What the tests let ranks reduce, launched from a fresh process as the harness does it."""

import json
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from bitpath_cli import harness
from bitpath_cli.benchmarks import Context, Loop, collectives
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers import Launch, Work, local
from bitpath_cli.model.protocols import Ranks

Send = Callable[[str], None]
SMALL_BYTES = 2 * 4 * 3 * (64 << 10)
"""Memory with which three ranks get sizes up to 64 KiB."""


class _Vectors(Protocol):
    """The one thing of an all-reduce that the tests spoil."""

    _pattern: Any


def _context(ranks: Ranks) -> Context:
    return Context(
        host=Host(), threads=3, memory_bytes=SMALL_BYTES, cache_bytes=0, directory="/nowhere",
        ranks=ranks,
    )  # fmt: skip


def _launch(size: int, work: Callable[[Ranks, Mapping[str, Loop]], str]) -> str:
    def in_rank(ranks: Ranks, _request: str) -> str:
        (case,) = collectives.find_cases(_context(ranks))
        with collectives.open_loops(case, _context(ranks)) as loops:
            return work(ranks, loops)

    whole: Work = in_rank
    return local.LAUNCHER.run(Launch(size, threads=1, limit_seconds=60), whole, "")


def measure(request: str, send: Send) -> str:
    """Sample and conclude in three ranks; the conclusion of rank 0 and its evidence as JSON."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        sampling = harness.sample(loops, 0.5, monotonic, 0.0, ranks)
        (case,) = collectives.find_cases(_context(ranks))
        found = collectives.conclude(case, _context(ranks), sampling.samples)
        return json.dumps({
            "wrong": sampling.wrong, "loops": list(sampling.samples),
            "points": [json.loads(each.model_dump_json()) for each in found.points],
            "metrics": [json.loads(each.model_dump_json()) for each in found.metrics],
            "reasons": list(found.reasons), "validity": found.validity,
            "operations": {
                name: [
                    each.evidence("operations"),
                    sum(b.loops * (len(b.seconds) + len(b.warmup_seconds)) + sum(
                        count for count, _ in b.calibration) for b in each.blocks),
                ]
                for name, each in sampling.samples.items()
            },
        })  # fmt: skip

    return _launch(3, work)


def spoil_one(request: str, send: Send) -> str:
    """Rank 1 contributes one wrong element; what every rank then says of the sum."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        trial = loops["all_reduce_1024"].trial
        before = trial.find_error()
        if ranks.rank == 1:
            spoiled = cast(_Vectors, trial)
            spoiled._pattern = spoiled._pattern.clone()
            spoiled._pattern[7] += 1
        send(json.dumps([before, trial.find_error()]))
        ranks.align()
        return ""

    return _launch(3, work)


def slow_one(request: str, send: Send) -> str:
    """Every rank's seconds where the clock of rank 2 runs three hundred times as far."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        from bitpath_cli.benchmarks import _all_reduce, _ring

        ticks = iter(range(1_000_000))
        step = 300.0 if ranks.rank == 2 else 1.0
        told = {}
        for module, name in ((_ring, "socket_exchange"), (_all_reduce, "all_reduce_1024")):
            module.monotonic = lambda: next(ticks) * step  # type: ignore[attr-defined]
            told[name] = [loops[name].trial.run(2), loops[name].evidence()]
        send(json.dumps(told))
        ranks.align()
        return ""

    return _launch(3, work)


def kill_one(request: str, send: Send) -> str:
    """A rank is killed between two runs, as when memory runs out; the words of the failure."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        loops[request].trial.run(1)
        if ranks.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        loops[request].trial.run(1)
        return "never"

    try:
        return _launch(3, work)
    except PeerFailed as failure:
        return str(failure)
