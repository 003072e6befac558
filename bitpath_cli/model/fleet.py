"""Many hosts side by side: who they are, which are alike, who stands out, and their terms' sums."""

from datetime import datetime
from typing import Literal

from pydantic import FiniteFloat

from bitpath_cli.model.reading import Reading
from bitpath_cli.model.recommendation import TermName
from bitpath_cli.model.record import Record
from bitpath_cli.model.result import Direction, Parameters
from bitpath_cli.model.units import Unit


class FleetNode(Record):
    """A member under the name that it has in this report."""

    name: str
    fingerprint: str
    created: datetime
    complete: bool
    group: int
    results: int


class Mixture(Record):
    """What differs among nodes of the same hardware: kernel, driver, library versions, limits."""

    what: str
    values: dict[str, tuple[str, ...]]


class HomogeneousGroup(Record):
    """Nodes of the same hardware, in words, and what differs among them all the same."""

    number: int
    hardware: str
    nodes: tuple[str, ...]
    mixtures: tuple[Mixture, ...] = ()


class Outlier(Record):
    """A value that its group's others do not explain.

    `deviation` is value ÷ median - 1; `distance` is in robust standard deviations (1.4826 MAD,
    never less than 3 % of the median). `worse` says on which side it stands.
    """

    node: str
    group: int
    benchmark: str
    parameters: Parameters
    metric: str
    direction: Direction
    value: Reading
    median: FiniteFloat
    unit: Unit
    nodes: int
    deviation: FiniteFloat
    distance: FiniteFloat
    worse: bool


class NodeTerms(Record):
    """The five terms of one node, doing the workload by itself as it is."""

    node: str
    terms: dict[TermName, Reading]


class FleetTerms(Record):
    """The terms of every node and their sums, for one workload at one site."""

    workload: str
    site: str
    unit_of_account: str
    nodes: tuple[NodeTerms, ...]
    sums: dict[TermName, Reading]


class Refused(Record):
    """A source that gave no member: which, what kind of refusal, and why."""

    source: str
    why: Literal["unreadable", "duplicate", "superseded", "failed"]
    detail: str
    next_step: str = ""


class Fleet(Record):
    """What `collect` found out about the members together."""

    nodes: tuple[FleetNode, ...]
    groups: tuple[HomogeneousGroup, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    terms: tuple[FleetTerms, ...] = ()
    refused: tuple[Refused, ...] = ()
    has_samples: bool = True
