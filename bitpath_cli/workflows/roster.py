"""Who there is: every probe and benchmark, what it is about, what it needs and what it writes."""

from dataclasses import dataclass
from typing import Literal

from bitpath_cli import benchmarks, discover, probes
from bitpath_cli.benchmarks import Benchmark
from bitpath_cli.model.units import BYTE, human
from bitpath_cli.probes import Probe


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that --only and --skip take."""

    kind: Literal["benchmark", "probe"]
    name: str
    summary: str


def roster() -> tuple[Entry, ...]:
    """Benchmarks first; nothing is run."""
    measuring = (
        Entry(
            "benchmark", name, _describe(discover.member(benchmarks, name, "BENCHMARK", Benchmark))
        )
        for name in discover.names(benchmarks)
    )
    looking = (
        Entry("probe", name, discover.member(probes, name, "PROBE", Probe).summary)
        for name in discover.names(probes)
    )
    return (*measuring, *looking)


def _describe(benchmark: Benchmark) -> str:
    parts = [benchmark.summary]
    if benchmark.needs:
        parts.append(f"needs {', '.join(benchmark.needs)}")
    if benchmark.writes_bytes:
        parts.append(f"writes at most {human(benchmark.writes_bytes, BYTE)}")
    return "; ".join(parts)
