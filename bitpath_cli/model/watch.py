"""What a monitor sees at one instant: values with their limits, alerts, and its own cost."""

from datetime import datetime
from typing import Literal

from pydantic import FiniteFloat

from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.record import Record

WATCH_VERSION = 1

Group = Literal["compute", "memory", "storage", "network", "gpu", "power", "drift"]
GROUPS: tuple[Group, ...] = (
    "compute", "memory", "storage", "network", "gpu", "power", "drift",
)  # fmt: skip
Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""From the least to the worst; what fired at `info` is no finding."""


class Series(Record):
    """One watched value of one subject: a disk, an interface, a cgroup, a GPU, the host.

    A rate is over the time since the instant before. `limit` is what it cannot pass, where known.
    """

    name: str
    subject: str
    group: Group
    reading: Reading
    limit: Quantity | None = None


class Alert(Record):
    """A rule whose threshold is passed: `pending` until it has been for long enough, then `firing`.

    Times are seconds since the watch began. `peak` is the worst value since then; `is_blind` says
    that the value cannot be read now, which resolves nothing.
    """

    rule: str
    metric: str
    subject: str
    severity: Severity
    state: Literal["pending", "firing"]
    since_seconds: FiniteFloat
    fired_seconds: FiniteFloat | None
    threshold: Quantity
    peak: Quantity | None
    is_blind: bool
    summary: str
    advice: str


class Event(Record):
    """An alert that began to fire, or ended after `lasted_seconds`."""

    what: Literal["fired", "resolved"]
    at_seconds: FiniteFloat
    rule: str
    metric: str
    subject: str
    severity: Severity
    peak: Quantity | None
    lasted_seconds: FiniteFloat
    summary: str


class Source(Record):
    """How a meter fared: what it gave, how long that took, and why it gave nothing."""

    name: str
    summary: str
    readings: int
    seconds: FiniteFloat
    trouble: str = ""


class OwnCost(Record):
    """What the watch itself uses: `cpu_share` is of one core, since the instant before.

    `missed` ticks are those that were skipped because the one before came too late.
    """

    cpu_seconds: FiniteFloat
    cpu_share: FiniteFloat
    mean_cpu_share: FiniteFloat
    resident_bytes: int
    missed: int


class Observation(Record):
    """Everything at one instant. `remarks` are what a person should know: gaps, drift, advice."""

    time: datetime
    elapsed_seconds: FiniteFloat
    series: tuple[Series, ...]
    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
    sources: tuple[Source, ...]
    cost: OwnCost
    remarks: tuple[str, ...] = ()


class Spread(Record):
    """How a series went over the whole watch."""

    name: str
    subject: str
    samples: int
    least: Quantity
    mean: Quantity
    most: Quantity


class Summary(Record):
    """What is left to say when a watch ends; `worst` is the worst severity that fired."""

    began: datetime
    lasted_seconds: FiniteFloat
    samples: int
    worst: Severity | None
    events: tuple[Event, ...]
    still_firing: tuple[Alert, ...]
    spreads: tuple[Spread, ...]
    cost: OwnCost | None
    remarks: tuple[str, ...] = ()
