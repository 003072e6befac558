"""Divides a budget over the chosen benchmarks and runs every case in fresh processes of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Final, Protocol

from bitpath_cli import benchmarks
from bitpath_cli.benchmarks import Context
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.isolation import Nursery
from bitpath_cli.model.component import Component
from bitpath_cli.model.reading import failed
from bitpath_cli.model.result import BenchmarkResult, Parameters
from bitpath_cli.workflows._attempt import LEAST_SECONDS, Attempt
from bitpath_cli.workflows._case import measure_case
from bitpath_cli.workflows._jobs import Job, find_context, find_jobs
from bitpath_cli.workflows.crew import Crew
from bitpath_cli.workflows.peers import Peers

_PATIENCE_SECONDS: Final = 20.0
# Read by torch when it is loaded: large arrays in huge pages where the kernel leaves it to us.
_ENVIRONMENT: Final = {"THP_MEM_ALLOC_ENABLE": "1"}


@dataclass(frozen=True, slots=True)
class Budget:
    """How long the measuring may take in all, and whether to look at more sizes.

    A case that hangs is stopped `patience_seconds` and three times its share after its start.
    """

    name: str
    seconds: float
    thorough: bool = False
    patience_seconds: float = _PATIENCE_SECONDS


BUDGETS: Final = {
    each.name: each
    for each in (Budget("quick", 20.0), Budget("standard", 90.0), Budget("thorough", 600.0, True))
}


class Progress(Protocol):
    """Who is told what runs now."""

    def starting(
        self, benchmark: str, parameters: Parameters, share_done: float, seconds_left: float
    ) -> None:
        """A case begins; so much of the measuring is behind it, and so long it may still take."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Every result in order, and whether a signal ended the measuring before its time."""

    results: tuple[BenchmarkResult, ...]
    is_interrupted: bool


def measure(
    host: Host,
    components: Iterable[Component],
    directory: str,
    names: Iterable[str],
    budget: Budget,
    progress: Progress,
    on_result: Callable[[BenchmarkResult], None],
    room: ModuleType = benchmarks,
    crew: Crew | None = None,
    asked: Mapping[str, tuple[Parameters, ...]] = MappingProxyType({}),
    peers: Peers | None = None,
) -> Measured:
    """Measure the benchmarks of these names, telling `on_result` of each result as it comes.

    `asked` holds cases by benchmark that take the place of its own. A peer that fails costs its own
    results, and is remembered in `peers`; one of a crew ends it all with PeerFailed.
    What dies, hangs or raises becomes a result that says so. KeyboardInterrupt, which SIGTERM is
    turned into as well, ends the measuring and keeps what is done; no process is left behind.
    """
    known = () if peers is None else peers.known
    context = find_context(
        host, components, directory, budget.thorough, known, quick=budget.name == "quick"
    )
    results: list[BenchmarkResult] = []

    def keep(result: BenchmarkResult) -> None:
        results.append(result)
        on_result(result)

    try:
        jobs, refused = find_jobs(names, context, room, asked)
        for result in refused:
            keep(result)
        if crew is not None:
            jobs = tuple(crew.enlist(job) for job in jobs)
        if jobs:
            _measure_jobs(jobs, context, budget, progress, keep, room, crew, peers)
    except KeyboardInterrupt:
        return Measured(tuple(results), is_interrupted=True)
    return Measured(tuple(results), is_interrupted=False)


def _measure_jobs(
    jobs: tuple[Job, ...],
    context: Context,
    budget: Budget,
    progress: Progress,
    keep: Callable[[BenchmarkResult], None],
    room: ModuleType,
    crew: Crew | None,
    peers: Peers | None,
) -> None:
    needed = sorted({need for job in jobs for need in job.benchmark.needs})
    deadline = monotonic() + budget.seconds
    left_weight = whole_weight = sum(job.weight for job in jobs)
    with Nursery((*needed, measure_case.__module__), _ENVIRONMENT) as nursery:
        if refusal := nursery.prepare():
            for job in jobs:
                keep(job.without_result(refusal))
            return
        for job in jobs:
            left_seconds = max(0.0, deadline - monotonic())
            progress.starting(
                job.name, job.case.parameters, 1 - left_weight / whole_weight, left_seconds
            )
            share_seconds = max(LEAST_SECONDS, left_seconds * job.weight / left_weight)
            left_weight -= job.weight
            if lost := _lost(job, peers):
                keep(job.without_result(failed(lost.what, lost.next_step)))
                continue
            attempt = Attempt(
                job,
                context,
                share_seconds,
                budget.patience_seconds,
                room,
                crew,
            )
            try:
                attempt.go(nursery)
            except KeyboardInterrupt:
                if attempt.answer is not None:
                    keep(attempt.conclude(is_interrupted=True))
                raise
            keep(attempt.conclude())
            if attempt.lost is not None and crew is not None:
                raise attempt.lost
            if attempt.lost is not None and peers is not None:
                peers.fail(str(job.case.parameters.get("peer")), attempt.lost)


def _lost(job: Job, peers: Peers | None) -> PeerFailed | None:
    """How the peer that a job is to be measured with failed before."""
    return None if peers is None else peers.failed.get(str(job.case.parameters.get("peer")))
