"""What is read before, during and after a measurement: one file per source, ending in a `METER`.

A meter yields readings of counters (which only grow, and may wrap) and gauges (an instant's value).
What cannot be read is left out of a meter's answer; `_counter.difference` turns two snapshots into
what the counters grew by, and a counter that one of them lacks into a Missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Quantity


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One value at one instant; `wraps_at` is the range of a counter that starts again at 0."""

    name: str
    subject: str
    form: Literal["counter", "gauge"]
    quantity: Quantity
    wraps_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was read at one instant of the monotonic clock."""

    at_seconds: float
    readings: tuple[MeterReading, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a counter grew by between two snapshots, in the counter's unit, or why it is unknown."""

    name: str
    subject: str
    reading: Quantity | Missing


@dataclass(frozen=True, slots=True)
class Meter:
    """The room's contract: what is metered, and how it is read (nothing where nothing can be)."""

    summary: str
    read: Callable[[Host], tuple[MeterReading, ...]]
