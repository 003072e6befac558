"""Many reports of a host in a row: how each figure went, where it jumped, where it is missing."""

from datetime import datetime
from typing import Final, Literal

from pydantic import FiniteFloat

from bitpath_cli.model.comparison import MachineChange
from bitpath_cli.model.fleet import Refused
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import HostIdentity, Tool
from bitpath_cli.model.result import Direction, Parameters
from bitpath_cli.model.units import Unit

HISTORY_VERSION: Final = 1


class Point(Record):
    """A figure of one report; a gap has no value and says why."""

    created: datetime
    source: str
    value: FiniteFloat | None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    gap: str = ""


class Jump(Record):
    """Where the level of a series changed: the medians before and from `created` on."""

    created: datetime
    before: FiniteFloat
    after: FiniteFloat
    change: FiniteFloat
    worse: bool


class Series(Record):
    """One figure over time, always measured alike. `best` is the best value by its direction."""

    benchmark: str
    revision: int
    parameters: Parameters
    metric: str
    unit: Unit
    method: str
    direction: Direction
    points: tuple[Point, ...]
    first: FiniteFloat
    last: FiniteFloat
    best: FiniteFloat
    jumps: tuple[Jump, ...] = ()

    @property
    def gaps(self) -> int:
        """In how many reports there is no value."""
        return sum(each.value is None for each in self.points)


class MachineEvent(Record):
    """What of the machine was another than in the report before."""

    created: datetime
    changes: tuple[MachineChange, ...]


class HostHistory(Record):
    """All reports of one host: the same name and fingerprint."""

    host: HostIdentity
    reports: tuple[datetime, ...]
    series: tuple[Series, ...]


class History(Record):
    """What `bitpath history --json` prints."""

    history_version: Literal[1] = HISTORY_VERSION
    tool: Tool
    hosts: tuple[HostHistory, ...]
    events: dict[str, tuple[MachineEvent, ...]] = {}
    refused: tuple[Refused, ...] = ()
