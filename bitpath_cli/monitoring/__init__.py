"""Watching a machine: sampling meters, what follows from two samples, alert rules and exporters.

An exporter takes every tick and keeps the watch going whatever happens to it: what it could not
deliver is a gap that it counts and says, never an error that ends the watch.
"""

from dataclasses import dataclass
from typing import Protocol

from bitpath_cli.meters import MeterReading
from bitpath_cli.model.watch import Observation


@dataclass(frozen=True, slots=True)
class Sourced:
    """A meter's reading under its name in the watch, and the meter that gave it."""

    source: str
    reading: MeterReading


@dataclass(frozen=True, slots=True)
class Tick:
    """One instant for the exporters: what was read, and what was made of it."""

    observation: Observation
    readings: tuple[Sourced, ...]


class Exporter(Protocol):
    """The room's contract: where ticks go."""

    def take(self, tick: Tick) -> None:
        """Deliver a tick, or remember that it could not be; raises nothing for the outside's
        faults."""
        ...

    def trouble(self) -> str:
        """What could not be delivered so far and why; empty where all was."""
        ...

    def close(self) -> None:
        """Deliver what is left, and let go of files and ports; harmless when repeated."""
        ...
