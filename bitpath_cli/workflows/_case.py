"""What a fresh process does with one case of a benchmark, alone or as one of several ranks."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from pydantic import FiniteFloat

from bitpath_cli import discover, harness, launchers, meters
from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Context, Peer
from bitpath_cli.errors import PeerFailed
from bitpath_cli.evidence import Glance, Window, look, window
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers import Launch, Launcher, Place, ignore
from bitpath_cli.meters import Meter
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.model.result import (
    CollectivePoint,
    CostSegment,
    Doubt,
    Finding,
    Metric,
    PairLink,
    Parameters,
    RankTiming,
    Samples,
    Validity,
)
from bitpath_cli.nursery import Send

QUOTA_PERIOD_SECONDS: Final = 0.1
"""The kernel's own choice, which hardly anyone changes (its scheduler/sched-bwc.rst)."""

QUOTA_PERIODS: Final = 5


class Request(Record):
    """One case, what it may use, and the samples of the processes before this one.

    `room` is the package that holds the benchmark, and `launcher` brings the ranks where there are
    several. `limit_seconds` and `join_seconds` bound the ranks' work and their coming together.
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
    launcher: str = "local"
    place: Place | None = None
    peers: tuple[Peer, ...] = ()
    earlier: dict[str, Samples] = {}


class Answer(Record):
    """What came of it: a conclusion from all samples so far, a wrong answer, or nothing to be had.

    `window` is this process's own.
    """

    samples: dict[str, Samples] = {}
    metrics: tuple[Metric, ...] = ()
    rests_on: dict[str, tuple[str, ...]] = {}
    points: tuple[CollectivePoint, ...] = ()
    segments: tuple[CostSegment, ...] = ()
    ranks: tuple[RankTiming, ...] = ()
    pairs: tuple[PairLink, ...] = ()
    findings: tuple[Finding, ...] = ()
    validity: Validity = Validity.VALID
    reasons: tuple[Doubt, ...] = ()
    wrong: str = ""
    missing: Missing | None = None
    peer: tuple[str, str, str] | None = None
    window: Window | None = None


class Part(Record):
    """The samples of one loop, told as soon as it ends: what is left where a rank fails later."""

    loop: str
    samples: Samples


def measure_case(request: str, send: Send) -> str:
    """Measure a case in this process or in ranks; a rank's failure is an answer of its own.

    Several ranks send a Part for every loop that has ended.
    """
    asked = Request.model_validate_json(request)
    place = asked.place
    if place is None and asked.ranks == 1:
        return _measure(asked, None, ignore)
    here = asked.ranks if place is None else asked.ranks // place.nodes
    on_this_host = here if place is None else here * place.most_on_one_host
    launch = Launch(
        size=here, threads=max(1, asked.threads // on_this_host),
        limit_seconds=asked.limit_seconds, join_seconds=asked.join_seconds, place=place, send=send,
        task=_describe(asked),
    )  # fmt: skip
    launcher = discover.member(launchers, asked.launcher, "LAUNCHER", Launcher)
    try:
        return launcher.run(launch, measure_rank, request)
    except PeerFailed as failure:
        return Answer(peer=(failure.what, failure.why, failure.next_step)).model_dump_json()


def _describe(asked: Request) -> str:
    """What all nodes must measure alike; what is a host's own is left out."""
    told = [
        f"{name} {value}" for name, value in sorted(asked.parameters.items())
        if name not in ("interface", "threads")
    ]  # fmt: skip
    return f"{asked.benchmark}{', thorough' if asked.thorough else ''} ({', '.join(told)})"


def measure_rank(ranks: Ranks, request: str, send: Send) -> str:
    """The same in one of several ranks; all of them return what they saw."""
    return _measure(Request.model_validate_json(request), ranks, send)


def _measure(asked: Request, ranks: Ranks | None, send: Send) -> str:
    benchmark = discover.member(import_module(asked.room), asked.benchmark, "BENCHMARK", Benchmark)
    case = Case(asked.parameters)
    context = Context(
        host=Host(), threads=asked.threads, memory_bytes=asked.memory_bytes,
        cache_bytes=asked.cache_bytes, directory=asked.directory, thorough=asked.thorough,
        ranks=ranks, components=asked.components, peers=asked.peers,
    )  # fmt: skip
    try:
        return _run(benchmark, case, context, asked, send).model_dump_json()
    except CannotMeasure as refusal:
        return Answer(missing=refusal.missing).model_dump_json()
    except PeerFailed as failure:
        if not asked.peers:
            raise
        return Answer(peer=(failure.what, failure.why, failure.next_step)).model_dump_json()


def _run(benchmark: Benchmark, case: Case, context: Context, asked: Request, send: Send) -> Answer:
    tick_seconds = harness.tick(monotonic)
    with benchmark.open(case, context) as loops:
        before = _look(context)
        sampling = harness.sample(
            loops, asked.budget_seconds, monotonic, tick_seconds, context.ranks,
            lambda name, taken: send(Part(loop=name, samples=taken).model_dump_json()),
            find_least_seconds(context.components),
        )  # fmt: skip
        after = _look(context)
        seen = window(before, after, difference(before.snapshot, after.snapshot))
        if sampling.wrong:
            return Answer(wrong=sampling.wrong, window=seen)
        samples = _merge(asked.earlier, sampling.samples)
        answer = conclude(benchmark, case, context, samples)
    return answer.model_copy(
        update={"reasons": (*answer.reasons, *sampling.doubts), "window": seen}
    )


def find_least_seconds(components: tuple[Component, ...]) -> float:
    """How long a sample lasts at least: several periods, where a quota stops us in each of them.

    A shorter one sees either a period's run or its pause, and the median then tells of a speed that
    nobody gets.
    """
    limits = next((each for each in components if isinstance(each, Limits)), None)
    if limits is None or not isinstance(limits.quota_cpus, Quantity):
        return 0.0
    threads = limits.threads.value if isinstance(limits.threads, Quantity) else 1
    return QUOTA_PERIODS * QUOTA_PERIOD_SECONDS if limits.quota_cpus.value < threads else 0.0


def conclude(
    benchmark: Benchmark, case: Case, context: Context, samples: Mapping[str, Samples]
) -> Answer:
    """What the benchmark itself makes of samples."""
    found = benchmark.conclude(case, context, samples)
    return Answer(
        samples=dict(samples), metrics=found.metrics, rests_on=dict(found.rests_on),
        points=found.points, segments=found.segments, ranks=found.ranks, pairs=found.pairs,
        findings=found.findings, validity=found.validity, reasons=found.reasons,
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
