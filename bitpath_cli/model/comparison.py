"""Two reports side by side: what changed, by how much, and which aims were reached."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, FiniteFloat

from bitpath_cli.model.aim import Aim
from bitpath_cli.model.reading import Fact, Missing, Quantity, Reading
from bitpath_cli.model.recommendation import TermName
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Note, Tool
from bitpath_cli.model.result import Direction, Doubt, Parameters, Validity

COMPARISON_VERSION: Final = 1

Outcome = Literal[
    "better", "worse", "same", "undecided", "not comparable", "not usable", "now unknown",
    "now known",
]  # fmt: skip


class Side(Record):
    """One of the two reports. Nothing of it is copied but what tells which it was."""

    source: str
    host: str
    fingerprint: str
    created: datetime
    complete: bool


class Change(Record):
    """One metric in both reports; `size_bytes` is one of its parameters for a point of a sweep.

    `change` is after ÷ before - 1 with its 95 % interval, or why there is none. `reason` says why
    the outcome is no plain one. A change is in doubt where either value is degraded.
    """

    benchmark: str
    parameters: Parameters
    metric: str
    direction: Direction
    before: Reading
    after: Reading
    change: Reading
    outcome: Outcome
    reason: str = ""
    validity_before: Validity = Validity.VALID
    validity_after: Validity = Validity.VALID
    doubts_before: tuple[Doubt, ...] = ()
    doubts_after: tuple[Doubt, ...] = ()
    processes: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether either value stands under a doubt."""
        return Validity.DEGRADED in (self.validity_before, self.validity_after)


class TermChange(Record):
    """One of the five terms of today's host, or of what was advised, in both reports.

    Terms are predictions from the same assumptions: their changes carry no interval, and alone they
    are no regression.
    """

    workload: str
    site: str
    of: Literal["today", "advised"]
    term: TermName
    before: Reading
    after: Reading
    change: Reading
    outcome: Outcome
    reason: str = ""


class AdviceChange(Record):
    """What was advised for a workload then and now; empty where nothing was feasible."""

    workload: str
    site: str
    before: str
    after: str
    verdict_before: str
    verdict_after: str
    changed: bool
    reason: str = ""


class MachineChange(Record):
    """A property of a component that is not what it was, or a component that came or went."""

    kind: str
    name: str
    field: str
    event: Literal["changed", "added", "removed"]
    before: Annotated[Fact | Quantity | Missing, Field(discriminator="kind")] | None = None
    after: Annotated[Fact | Quantity | Missing, Field(discriminator="kind")] | None = None


class AimOutcome(Record):
    """An aim, and whether it was reached; `certain` says that the whole interval is on that side.

    `about` is the workload or the result that decides: the one that is furthest from the aim.
    """

    aim: Aim
    about: str
    change: Reading
    outcome: Literal["reached", "missed", "unknown"]
    certain: bool
    reason: str = ""


class Comparison(Record):
    """What `bitpath compare --json` prints. Changes within ± `threshold` count as the same."""

    comparison_version: Literal[1] = COMPARISON_VERSION
    tool: Tool
    before: Side
    after: Side
    threshold: FiniteFloat
    changes: tuple[Change, ...]
    terms: tuple[TermChange, ...] = ()
    advice: tuple[AdviceChange, ...] = ()
    machine: tuple[MachineChange, ...] = ()
    aims: tuple[AimOutcome, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def regressions(self) -> tuple[Change, ...]:
        """The metrics that became worse."""
        return tuple(each for each in self.changes if each.outcome == "worse")

    @property
    def compared_anything(self) -> bool:
        """Whether at least one metric or term was judged."""
        outcomes = {each.outcome for each in self.changes} | {each.outcome for each in self.terms}
        return bool(outcomes & {"better", "worse", "same", "undecided"})

    @property
    def is_finding(self) -> bool:
        """Whether something became worse, or an aim was missed."""
        missed = any(each.outcome == "missed" for each in self.aims)
        return missed or bool(self.regressions)
