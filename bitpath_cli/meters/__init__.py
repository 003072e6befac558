"""What is read before, during and after a measurement: one file per source, ending in a `METER`.

A meter yields readings of counters (which only grow, and may wrap) and gauges (an instant's value).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Quantity


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One value at one instant; `wraps_at` is the range of a counter that starts again at 0."""

    name: str
    subject: str
    form: Literal["counter", "gauge"]
    quantity: Quantity
    wraps_at: float | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """The room's contract: what is metered, and how it is read (nothing where nothing can be)."""

    summary: str
    read: Callable[[Host], tuple[MeterReading, ...]]
