"""A trial: candidates that were run in small, what was predicted of them, and who was right."""

from typing import Literal

from pydantic import FiniteFloat

from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import Reading
from bitpath_cli.model.recommendation import Goal, TermName
from bitpath_cli.model.record import Record


class Comparison(Record):
    """One figure as predicted and as measured; `error` is measured over predicted, less 1.

    `is_covered` says whether the measured value lies in the predicted interval.
    """

    name: TermName | Literal["step_time"]
    predicted: Reading
    measured: Reading
    error: Reading
    is_covered: bool | None = None


class Tried(Record):
    """One candidate: so many nodes, synchronised in one way; why it could not be run, if so."""

    strategy: StrategyName
    nodes: int
    sync: str
    every: int
    label: str
    comparisons: tuple[Comparison, ...] = ()
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

    @property
    def run(self) -> tuple[Tried, ...]:
        """Those that were measured."""
        return tuple(each for each in self.candidates if not each.failure)
