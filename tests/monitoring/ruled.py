"""Rules, series and ticks for the tests of this room."""

from datetime import UTC, datetime
from typing import Any

from bitpath_cli.meters import MeterReading
from bitpath_cli.model.reading import Missing, Quantity, reported
from bitpath_cli.model.units import ONE
from bitpath_cli.model.watch import Alert, Event, Observation, OwnCost, Series, Source
from bitpath_cli.monitoring import Sourced, Tick
from bitpath_cli.monitoring.alerts import Rule

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rule(**changes: Any) -> Rule:
    """Raised above 10 and cleared at 5, each at once."""
    told: dict[str, Any] = {
        "name": "busy", "metric": "cpu_busy", "unit": ONE, "when": "above", "raise_at": 10.0,
        "clear_at": 5.0, "hold_seconds": 0.0, "keep_seconds": 0.0, "severity": "warning",
        "on_no_data": "keep", "summary": "It is busy",
    }  # fmt: skip
    return Rule(**told | changes)


def series(
    value: float | Missing,
    name: str = "cpu_busy",
    subject: str = "host",
    limit: float | None = None,
) -> Series:
    """One share."""
    reading = value if isinstance(value, Missing) else reported(value, ONE, "a test")
    return Series(
        name=name, subject=subject, group="compute", reading=reading,
        limit=None if limit is None else reported(limit, ONE, "a test"),
    )  # fmt: skip


def observation(
    *found: Series,
    elapsed: float = 1.0,
    at: datetime = NOON,
    alerts: tuple[Alert, ...] = (),
    events: tuple[Event, ...] = (),
    remarks: tuple[str, ...] = (),
    sources: tuple[Source, ...] = (),
) -> Observation:
    """An instant with these values."""
    return Observation(
        time=at, elapsed_seconds=elapsed, series=found, alerts=alerts, events=events,
        sources=sources, remarks=remarks,
        cost=OwnCost(cpu_seconds=0.5, cpu_share=0.004, mean_cpu_share=0.005,
                     resident_bytes=48 << 20, missed=0),
    )  # fmt: skip


def tick(*found: Series, at: datetime = NOON, readings: tuple[Sourced, ...] = ()) -> Tick:
    """The same for exporters."""
    return Tick(observation(*found, at=at), readings)


def counter(name: str, subject: str, value: Quantity, source: str = "a") -> Sourced:
    """A meter's counter."""
    return Sourced(source, MeterReading(name, subject, "counter", value))
