"""Who there is: every probe and benchmark, what it needs, how long it takes and what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bitpath_cli import benchmarks, discover, probes
from bitpath_cli.benchmarks import Benchmark
from bitpath_cli.model.units import BYTE, human, significant
from bitpath_cli.probes import Probe
from bitpath_cli.workflows.measure import BUDGETS


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that --only and --skip take.

    `seconds` are a benchmark's share of each budget where all are measured; alone it has it all.
    """

    kind: Literal["benchmark", "probe"]
    name: str
    summary: str
    needs: tuple[str, ...] = ()
    writes_bytes: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """All of it as a person reads it; a probe takes milliseconds and writes nothing."""
        if self.kind == "probe":
            return self.summary
        needs = f"needs {', '.join(self.needs)}" if self.needs else "needs nothing"
        writes = f"writes at most {human(self.writes_bytes, BYTE)} for a while"
        times = ", ".join(f"{name} {_round(seconds)}" for name, seconds in self.seconds.items())
        parts = (needs, f"takes {times}", writes if self.writes_bytes else "writes nothing")
        return f"{self.summary}; {'; '.join(parts)}"


def roster() -> tuple[Entry, ...]:
    """Benchmarks first; nothing is run."""
    known = {
        name: discover.member(benchmarks, name, "BENCHMARK", Benchmark)
        for name in discover.names(benchmarks)
    }
    whole = sum(each.weight for each in known.values())
    measuring = (
        Entry(
            "benchmark", name, each.summary, each.needs, each.writes_bytes,
            {budget.name: budget.seconds * each.weight / whole for budget in BUDGETS.values()},
        )
        for name, each in known.items()
    )  # fmt: skip
    looking = (
        Entry("probe", name, discover.member(probes, name, "PROBE", Probe).summary)
        for name in discover.names(probes)
    )
    return (*measuring, *looking)


def _round(seconds: float) -> str:
    return f"{significant(seconds, 2)} s" if seconds < 100 else f"{seconds / 60:.1f} min"
