"""What a fresh process does with one case of a benchmark, alone or as one of several ranks."""

import os
from collections.abc import Mapping
from importlib import import_module

from pydantic import FiniteFloat

from bitpath_cli import discover, harness, launchers, meters
from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Context
from bitpath_cli.errors import PeerFailed
from bitpath_cli.evidence import Glance, Window, look, window
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers import Launch, Launcher, Place
from bitpath_cli.meters import Meter
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.component import Component
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.record import Record
from bitpath_cli.model.result import (
    CollectivePoint,
    Doubt,
    Metric,
    Parameters,
    Samples,
    Validity,
)
from bitpath_cli.nursery import Send


class Request(Record):
    """One case, what it may use, and the samples of the processes before this one.

    `room` is the package that holds the benchmark. `limit_seconds` and `join_seconds` bound the
    ranks' work and their coming together.
    """

    room: str
    benchmark: str
    parameters: Parameters
    threads: int
    memory_bytes: int
    cache_bytes: int
    directory: str
    thorough: bool
    components: tuple[Component, ...] = ()
    budget_seconds: FiniteFloat
    limit_seconds: FiniteFloat
    join_seconds: FiniteFloat = 60.0
    ranks: int = 1
    place: Place | None = None
    earlier: dict[str, Samples] = {}


class Answer(Record):
    """What came of it: a conclusion from all samples so far, a wrong answer, or nothing to be had.

    `window` is this process's own.
    """

    samples: dict[str, Samples] = {}
    metrics: tuple[Metric, ...] = ()
    points: tuple[CollectivePoint, ...] = ()
    validity: Validity = Validity.VALID
    reasons: tuple[Doubt, ...] = ()
    wrong: str = ""
    missing: Missing | None = None
    peer: tuple[str, str, str] | None = None
    window: Window | None = None


def measure_case(request: str, _send: Send) -> str:
    """Measure a case in this process, or in ranks that it starts; PeerFailed where one fails."""
    asked = Request.model_validate_json(request)
    if asked.place is not None:
        return _measure_joined(asked, asked.place, request)
    if asked.ranks == 1:
        return _measure(asked, None)
    launcher = discover.member(launchers, "local", "LAUNCHER", Launcher)
    launch = Launch(
        size=asked.ranks, threads=max(1, asked.threads // asked.ranks),
        limit_seconds=asked.limit_seconds, join_seconds=asked.join_seconds,
    )  # fmt: skip
    return launcher.run(launch, measure_rank, request)


def _measure_joined(asked: Request, place: Place, request: str) -> str:
    """In this host's ranks among those of others; a peer's failure is an answer of its own."""
    here = asked.ranks // place.nodes
    name = "rendezvous" if place.called == "node" else "environment"
    launch = Launch(
        size=here, threads=max(1, asked.threads // here), limit_seconds=asked.limit_seconds,
        join_seconds=place.join_seconds, place=place,
    )  # fmt: skip
    try:
        return discover.member(launchers, name, "LAUNCHER", Launcher).run(
            launch, measure_rank, request
        )
    except PeerFailed as failure:
        return Answer(peer=(failure.what, failure.why, failure.next_step)).model_dump_json()


def measure_rank(ranks: Ranks, request: str) -> str:
    """The same in one of several ranks; all of them return what they saw."""
    return _measure(Request.model_validate_json(request), ranks)


def _measure(asked: Request, ranks: Ranks | None) -> str:
    benchmark = discover.member(import_module(asked.room), asked.benchmark, "BENCHMARK", Benchmark)
    case = Case(asked.parameters)
    context = Context(
        host=Host(), threads=asked.threads, memory_bytes=asked.memory_bytes,
        cache_bytes=asked.cache_bytes, directory=asked.directory, thorough=asked.thorough,
        ranks=ranks, components=asked.components,
    )  # fmt: skip
    try:
        return _run(benchmark, case, context, asked).model_dump_json()
    except CannotMeasure as refusal:
        return Answer(missing=refusal.missing).model_dump_json()


def _run(benchmark: Benchmark, case: Case, context: Context, asked: Request) -> Answer:
    tick_seconds = harness.tick(monotonic)
    with benchmark.open(case, context) as loops:
        before = _look(context)
        sampling = harness.sample(
            loops, asked.budget_seconds, monotonic, tick_seconds, context.ranks
        )
        after = _look(context)
        seen = window(before, after, difference(before.snapshot, after.snapshot))
        if sampling.wrong:
            return Answer(wrong=sampling.wrong, window=seen)
        samples = _merge(asked.earlier, sampling.samples)
        found = benchmark.conclude(case, context, samples)
    return Answer(
        samples=samples, metrics=found.metrics, points=found.points, validity=found.validity,
        reasons=(*found.reasons, *sampling.doubts), window=seen,
    )  # fmt: skip


def _look(context: Context) -> Glance:
    """Rank 0 looks for all ranks of the host."""
    is_watching = context.ranks is None or context.ranks.rank == 0
    read = (
        [discover.member(meters, name, "METER", Meter) for name in discover.names(meters)]
        if is_watching
        else []
    )
    return look(context.host, read, os.getsid(0))


def _merge(earlier: Mapping[str, Samples], now: Mapping[str, Samples]) -> dict[str, Samples]:
    names = [*earlier, *(name for name in now if name not in earlier)]
    return {
        name: harness.merge([each[name] for each in (earlier, now) if name in each])
        for name in names
    }
