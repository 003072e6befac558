"""What this machine really does: one file per benchmark, each ending in a `BENCHMARK`.

A benchmark says which cases it has, opens the timed loops of a case, and turns their samples into
metrics. How often a loop runs, and whether to believe it, is the harness's business.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.protocols import Ranks, Trial
from bitpath_cli.model.reading import Missing
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
from bitpath_cli.model.units import Unit


class CannotMeasure(Exception):
    """Raised by `open` for a case that cannot be had on this machine; `missing` says why."""

    def __init__(self, missing: Missing) -> None:
        """`missing` takes the place of the result."""
        super().__init__(missing.detail)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Peer:
    """A listener on another host that takes part in the test `session`, and what it told of itself.

    `name` is how it was called; `interface` is ours towards it.
    """

    name: str
    address: str
    port: int
    token: str
    session: str
    interface: str
    threads: int
    congestion_control: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a benchmark may use: cores, memory, a directory, and the ranks when it spans several.

    `components` is what the probes found, for the ceilings that a result is compared with; `peers`
    are the hosts that were named for network measurements. `quick` asks for the headline cases
    alone, `thorough` for every size.
    """

    host: Host
    threads: int
    memory_bytes: int
    cache_bytes: int
    directory: str
    thorough: bool = False
    quick: bool = False
    ranks: Ranks | None = None
    components: tuple[Component, ...] = ()
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One combination of parameters, and its weight when the benchmark's budget is divided."""

    parameters: Parameters
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Loop:
    """A timed loop: the trial, and the work of one operation from which its rate is derived.

    A sample takes `sample_seconds` or more: more than a link's bursts or a meter's step last.
    `largest_loops` bounds one sample and `most_operations` all of them, calibration and warm-up
    included (a disk must not be worn out): where it is reached, the loop stops as if its budget
    were spent. `evidence` is asked once after the last sample, in the process and in every rank
    that ran it, and is kept in the samples' Block: latencies of single requests, bytes that the
    device moved, wrong elements.
    """

    trial: Trial
    work: float
    unit: Unit
    sample_seconds: float = 1e-3
    largest_loops: int = 1_000_000
    most_operations: int = 10**12
    evidence: Callable[[], Mapping[str, tuple[float, ...]]] = dict


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The metrics of a case, and what speaks against them.

    `rests_on` names the loops whose samples decide how far a metric is to be believed; one that is
    not named rests on all. The result as a whole is believed as far as its first metric.
    """

    metrics: tuple[Metric, ...]
    rests_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    points: tuple[CollectivePoint, ...] = ()
    segments: tuple[CostSegment, ...] = ()
    ranks: tuple[RankTiming, ...] = ()
    pairs: tuple[PairLink, ...] = ()
    findings: tuple[Finding, ...] = ()
    validity: Validity = Validity.VALID
    reasons: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The room's contract.

    `find_cases` runs in the main process and loads nothing heavy; `open` and `conclude` run where
    the measuring is done; `conclude` may lack the last loops where the budget did not reach them.
    `ranks` is how many processes it wants at most (1: none but its own); `blocks` is how many fresh
    processes to spread the samples over when the budget allows. `fills_processors` says that its
    threads are no more than the processors it may use, so that a wait for one is another's doing.
    """

    summary: str
    revision: int
    find_cases: Callable[[Context], tuple[Case, ...] | Missing]
    open: Callable[[Case, Context], AbstractContextManager[Mapping[str, Loop]]]
    conclude: Callable[[Case, Context, Mapping[str, Samples]], Conclusion]
    needs: tuple[str, ...] = ()
    ranks: int = 1
    blocks: int = 3
    weight: float = 1.0
    writes_bytes: int = 0
    fills_processors: bool = False
