"""What is left to say when a watch ends, gathered while it goes on."""

from dataclasses import dataclass, field
from datetime import datetime

from bitpath_cli.model.reading import Quantity, derived
from bitpath_cli.model.units import Unit
from bitpath_cli.model.watch import (
    SEVERITIES,
    Event,
    Observation,
    Severity,
    Spread,
    Summary,
)


@dataclass(slots=True)
class _Run:
    """A series so far."""

    unit: Unit
    samples: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        self.samples += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


@dataclass(slots=True)
class Tally:
    """Counts observations; of the events it keeps the last thousand."""

    worst: Severity | None = None
    _samples: int = 0
    _last: Observation | None = None
    _events: list[Event] = field(default_factory=list)
    _runs: dict[tuple[str, str], _Run] = field(default_factory=dict)

    def count(self, seen: Observation) -> None:
        """Take in one observation."""
        self._samples += 1
        self._last = seen
        self._events = [*self._events, *seen.events][-1000:]
        for event in seen.events:
            if event.what == "fired":
                order = SEVERITIES.index
                if self.worst is None or order(event.severity) > order(self.worst):
                    self.worst = event.severity
        for each in seen.series:
            if isinstance(each.reading, Quantity):
                key = (each.name, each.subject)
                self._runs.setdefault(key, _Run(each.reading.unit)).add(each.reading.value)

    def summary(self, began: datetime, remarks: tuple[str, ...]) -> Summary:
        """The whole so far."""
        last = self._last
        return Summary(
            began=began,
            lasted_seconds=0.0 if last is None else last.elapsed_seconds,
            samples=self._samples,
            worst=self.worst,
            events=tuple(self._events),
            still_firing=()
            if last is None
            else tuple(each for each in last.alerts if each.state == "firing"),
            spreads=tuple(_spread(key, run) for key, run in self._runs.items()),
            cost=None if last is None else last.cost,
            remarks=remarks,
        )


def _spread(key: tuple[str, str], run: _Run) -> Spread:
    name, subject = key

    def over(value: float) -> Quantity:
        return derived(value, run.unit, f"{run.samples} samples of the watch")

    mean = min(max(run.total / run.samples, run.least), run.most)
    return Spread(
        name=name, subject=subject, samples=run.samples, least=over(run.least), mean=over(mean),
        most=over(run.most),
    )  # fmt: skip
