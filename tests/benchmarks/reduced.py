"""What the tests let ranks reduce, launched from a fresh process as the harness does it."""

import json
import os
import signal
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Protocol, cast

from bitpath_cli import harness
from bitpath_cli.benchmarks import CannotMeasure, Case, Context, Loop, collectives
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host
from bitpath_cli.launchers import Launch, Work, local
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.model.result import Scalar

Send = Callable[[str], None]
SMALL_BYTES = 2 * 4 * 3 * (64 << 10)
"""Memory with which three ranks get sizes up to 64 KiB."""


def _clock() -> Callable[[], float]:
    """A clock that goes on by a millisecond whenever it is looked at, however busy the machine."""
    ticks = count()
    return lambda: next(ticks) * 1e-3


class _Spoiled(Protocol):
    """The one thing of a collective that the tests spoil."""

    _vectors: Any


def _context(ranks: Ranks) -> Context:
    return Context(
        host=Host(), threads=3, memory_bytes=SMALL_BYTES, cache_bytes=0, directory="/nowhere",
        ranks=ranks,
    )  # fmt: skip


def _launch(size: int, work: Callable[[Ranks, Mapping[str, Loop]], str], **told: Scalar) -> str:
    """`told` are parameters beside or in place of those that the benchmark has by itself."""

    def in_rank(ranks: Ranks, _request: str, _send: Send) -> str:
        (found,) = collectives.find_cases(_context(ranks))
        case = Case({**found.parameters, **told})
        with collectives.open_loops(case, _context(ranks)) as loops:
            return work(ranks, loops)

    whole: Work = in_rank
    return local.LAUNCHER.run(Launch(size, threads=1, limit_seconds=60), whole, "")


def measure(request: str, send: Send) -> str:
    """Sample and conclude in three ranks; the conclusion of rank 0 and its evidence as JSON."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        sampling = harness.sample(loops, 0.5, _clock(), 0.0, ranks)
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
            numbers = cast(_Spoiled, trial)._vectors.numbers
            numbers._pattern = numbers._pattern.clone()
            numbers._pattern[7] += 1
        send(json.dumps([before, trial.find_error()]))
        ranks.align()
        return ""

    return _launch(3, work)


def slow_one(request: str, send: Send) -> str:
    """Every rank's seconds where the clock of rank 2 runs three hundred times as far."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        from bitpath_cli.benchmarks import _ring, _stage

        ticks = iter(range(1_000_000))
        step = 300.0 if ranks.rank == 2 else 1.0
        told = {}
        for module, name in ((_ring, "socket_exchange"), (_stage, "all_reduce_1024")):
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


def check_all(request: str, send: Send) -> str:
    """What three ranks say of every collective of a type: nothing where all is right.

    The request is the type and, after it, how far the received elements are moved to spoil them.
    """
    from bitpath_cli.benchmarks import _collective
    from bitpath_cli.benchmarks._operations import OPERATIONS

    dtype, _, spoil = request.partition(" ")

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        from bitpath_cli.benchmarks._stage import open_stage

        told = {}
        for name in OPERATIONS:
            vectors = _collective.Vectors(name, dtype, 3 << 10, ranks, open_stage("gloo", ranks))
            call = vectors.call
            if spoil and ranks.rank == 0:

                def shifted(given: Any, received: Any, call: Any = call) -> None:
                    call(given, received)
                    received[int(spoil)] += 1

                vectors.call = shifted
            told[name] = _collective.Collective(ranks, vectors, 3 << 10).find_error()
        return json.dumps(told)

    return _launch(3, work)


def diagnose(request: str, send: Send) -> str:
    """The conclusion of rank 0 after two operations of every loop of a diagnosed all-reduce."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        sampling = harness.sample(loops, 0.5, _clock(), 0.0, ranks)
        (found,) = collectives.find_cases(_context(ranks))
        case = Case({**found.parameters, "diagnosis": True})
        said = collectives.conclude(case, _context(ranks), sampling.samples)
        return json.dumps({
            "wrong": sampling.wrong, "loops": list(loops),
            "ranks": [json.loads(each.model_dump_json()) for each in said.ranks],
            "pairs": [json.loads(each.model_dump_json()) for each in said.pairs],
            "metrics": [json.loads(each.model_dump_json()) for each in said.metrics],
            "findings": [each.name for each in said.findings], "rests_on": dict(said.rests_on),
        })  # fmt: skip

    return _launch(3, work, diagnosis=True)


def lack_a_type(request: str, send: Send) -> str:
    """The words of the refusal where the backend refuses the trial call in rank 1 alone."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        return "measured"

    from bitpath_cli.benchmarks import _collective

    find_error = _collective.Collective.find_error

    def refuse(self: _collective.Collective) -> str | None:
        words = find_error(self)
        if self._ranks.rank == 1:
            raise RuntimeError("Invalid scalar type")
        return words

    _collective.Collective.find_error = refuse  # type: ignore[method-assign]
    return _refused(lambda: _launch(3, work, dtype="bfloat16"))


def ask_for_nccl(request: str, send: Send) -> str:
    """The words of the refusal where no rank has a GPU."""

    def work(ranks: Ranks, loops: Mapping[str, Loop]) -> str:
        return "measured"

    return _refused(lambda: _launch(3, work, backend="nccl"))


def _refused(work: Callable[[], str]) -> str:
    try:
        return work()
    except (CannotMeasure, PeerFailed) as refusal:
        return str(refusal)
