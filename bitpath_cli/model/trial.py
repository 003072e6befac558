"""A trial: candidates that were run in small, what was predicted of them, and who was right."""

from typing import Final, Literal

from pydantic import FiniteFloat

from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.recommendation import Goal, TermName
from bitpath_cli.model.record import Record

FigureName = TermName | Literal["step_time", "latency_p50", "latency_p95", "latency_p99"]
ResourceName = Literal["compute", "memory_bandwidth", "storage", "network"]

_BALANCED: Final = 0.8


class Comparison(Record):
    """One figure as predicted and as measured; `error` is measured over predicted, less 1.

    `is_covered` says whether the measured value lies in the predicted interval.
    """

    name: FigureName
    predicted: Reading
    measured: Reading
    error: Reading
    is_covered: bool | None = None


class Held(Record):
    """Which resource most of a step is spent on, and the next one, as shares of the step."""

    resource: ResourceName
    share: Quantity
    runner_up: ResourceName
    runner_up_share: Quantity

    @property
    def is_balanced(self) -> bool:
        """Two within a fifth of each other: neither is the bottleneck alone."""
        return self.runner_up_share.value >= _BALANCED * self.share.value


class Check(Record):
    """A resource of this host as its report measured it, and as the trial found it.

    `is_slow` says that it has clearly less than then, and not only because the processor has less.
    """

    resource: ResourceName
    reported: Quantity
    found: Quantity
    share: Reading
    is_slow: bool
    cause: str = ""


class Tried(Record):
    """One candidate; why it could not be run, if so.

    A job's are so many nodes, synchronised in one way; a service's have no `sync`, and a placement
    as their label.
    """

    strategy: StrategyName
    nodes: int
    sync: str
    every: int
    label: str
    comparisons: tuple[Comparison, ...] = ()
    held: Held | None = None
    failure: str = ""

    def find(self, name: str) -> Comparison | None:
        """The comparison of that name."""
        return next((each for each in self.comparisons if each.name == name), None)


class Decision(Record):
    """Under one goal: L of every candidate that was run, as predicted and as measured.

    `regret` is (L measured of the recommended − L measured of the best) / L measured of the best;
    `is_right` counts a difference within the noise of the measured step times as a tie.
    """

    goal: Goal
    predicted: tuple[FiniteFloat, ...]
    measured: tuple[FiniteFloat, ...]
    recommended: int
    best: int
    regret: FiniteFloat
    noise: FiniteFloat
    is_right: bool
    rank_correlation: Reading


class Trial(Record):
    """What was tried and how it was scaled; indices of decisions count the candidates run."""

    workload: str
    site: str
    scaling: str
    is_emulated: bool
    candidates: tuple[Tried, ...]
    decisions: tuple[Decision, ...]
    findings: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def run(self) -> tuple[Tried, ...]:
        """Those that were measured."""
        return tuple(each for each in self.candidates if not each.failure)
