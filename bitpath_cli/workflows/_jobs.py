"""Which cases there are to measure, with what share of the budget, and what they may use."""

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Final

from bitpath_cli import discover
from bitpath_cli.benchmarks import Benchmark, Case, Context, Peer
from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Missing, Quantity, Reading, absent, failed
from bitpath_cli.model.result import BenchmarkResult, Parameters, Validity

_CAUTIOUS_BYTES: Final = 1 << 30
_WORLD_SIZE: Final = "world_size"


@dataclass(frozen=True, slots=True)
class Job:
    """One case of one benchmark; `weight` is its part of the budget among all jobs' weights."""

    name: str
    benchmark: Benchmark
    case: Case
    weight: float

    @property
    def ranks(self) -> int:
        """How many processes the case wants: its `world_size`, or what its benchmark says."""
        return int(self.case.parameters.get(_WORLD_SIZE, self.benchmark.ranks))

    def without_result(self, why: Missing, duration_seconds: float = 0.0) -> BenchmarkResult:
        """The result that says why there is none."""
        return _no_result(
            self.name, self.benchmark.revision, why, self.case.parameters, duration_seconds
        )


def find_context(
    host: Host,
    components: Iterable[Component],
    directory: str,
    thorough: bool,
    peers: tuple[Peer, ...] = (),
    quick: bool = False,
) -> Context:
    """Threads, memory and caches as the probes found them, and cautious values where they did not.

    Memory is the lesser of what may be used and what is available now.
    """
    found = tuple(components)
    limits = next((each for each in found if isinstance(each, Limits)), None)
    cpu = next((each for each in found if isinstance(each, Cpu)), None)
    threads = _number(None if limits is None else limits.threads)
    memory = [
        known
        for reading in (
            (limits.effective_memory, limits.available_memory) if limits is not None else ()
        )
        if (known := _number(reading)) is not None
    ]
    return Context(
        host=host, threads=threads or max(1, len(host.outside.affinity())),
        memory_bytes=min(memory, default=_CAUTIOUS_BYTES),
        cache_bytes=_number(None if cpu is None else cpu.last_level_cache) or 0,
        directory=directory, thorough=thorough, quick=quick, components=found, peers=peers,
    )  # fmt: skip


def count_host_cpus(context: Context) -> int:
    """All processors of the host, ours or not."""
    for each in context.components:
        if isinstance(each, Limits) and (known := _number(each.host_cpus)):
            return known
    return max(1, len(context.host.outside.affinity()))


def find_jobs(
    names: Iterable[str],
    context: Context,
    room: ModuleType,
    asked: Mapping[str, tuple[Parameters, ...]] = MappingProxyType({}),
) -> tuple[tuple[Job, ...], tuple[BenchmarkResult, ...]]:
    """The jobs of these benchmarks in order, and results for those that have none.

    `asked` holds cases by benchmark that take the place of its own; how many ranks they have is
    the benchmark's to say where they do not.
    """
    jobs: list[Job] = []
    refused: list[BenchmarkResult] = []
    for name in names:
        found = _find_cases(name, context, room, asked.get(name))
        if isinstance(found, BenchmarkResult):
            refused.append(found)
        else:
            jobs += found
    return tuple(jobs), tuple(refused)


def _find_cases(
    name: str, context: Context, room: ModuleType, asked: tuple[Parameters, ...] | None
) -> list[Job] | BenchmarkResult:
    try:
        benchmark = discover.member(room, name, "BENCHMARK", Benchmark)
    except Exception as error:
        return _no_result(name, 0, failed(_describe(error), _REPORT))
    if lacking := [need for need in benchmark.needs if not _is_installed(need)]:
        why = absent(f"{lacking[0]} is not installed", f"pip install {' '.join(lacking)}")
        return _no_result(name, benchmark.revision, why)
    try:
        cases = benchmark.find_cases(context)
    except Exception as error:
        return _no_result(name, benchmark.revision, failed(_describe(error), _REPORT))
    if asked is not None:
        cases = tuple(Case({**_ranks_of(cases), **each}) for each in asked)
    if isinstance(cases, Missing):
        return _no_result(name, benchmark.revision, cases)
    whole = sum(case.weight for case in cases)
    return [Job(name, benchmark, case, benchmark.weight * case.weight / whole) for case in cases]


def _ranks_of(cases: tuple[Case, ...] | Missing) -> Parameters:
    """How many ranks a benchmark wants by itself; nothing where it runs alone."""
    told: Parameters = {} if isinstance(cases, Missing) else cases[0].parameters
    return {_WORLD_SIZE: told[_WORLD_SIZE]} if _WORLD_SIZE in told else {}


_REPORT: Final = "this is a fault of bitpath; please report it with this text"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _describe(error: Exception) -> str:
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return f"raised {type(error).__name__}: {error}{place}"


def _no_result(
    name: str,
    revision: int,
    why: Missing,
    parameters: Parameters | None = None,
    duration_seconds: float = 0.0,
) -> BenchmarkResult:
    return BenchmarkResult(
        benchmark=name, revision=revision, parameters=parameters or {},
        validity=Validity.INVALID, duration_seconds=duration_seconds, missing=why,
    )  # fmt: skip


def _number(reading: Reading | None) -> int | None:
    return int(reading.value) if isinstance(reading, Quantity) else None
