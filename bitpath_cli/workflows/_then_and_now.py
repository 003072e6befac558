"""The assessed machine beside the watched one: changed limits, drift, and whether advice holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bitpath_cli import archive
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.watch import Alert, Series
from bitpath_cli.monitoring import drift, limits
from bitpath_cli.monitoring.measures import Window
from bitpath_cli.workflows._adjust import Adviser, today

_RATES: Final[Mapping[str, str]] = {
    "drift_disk_bandwidth": "storage", "drift_cpu_frequency": "compute",
}  # fmt: skip


class ThenAndNow:
    """What a report says, compared once with today's limits and at every tick with what is seen."""

    def __init__(self, path: Path, machine: Report) -> None:
        """Ask for advice at once where a limit has changed; UnreadableReport as archive.load."""
        report = archive.load(path)
        self._has_advice = bool(report.recommendations)
        self._assessed = drift.assessed(report)
        changes = limits.changes(report.components, machine.components)
        self._today = today(path, machine, changes)
        self._remarks = (*_identity(report, machine), *(each.sentence for each in changes))
        self._slower: dict[str, float] = {}
        self._adviser = Adviser()
        if changes and self._has_advice:
            self._adviser.ask(self._today)
        elif changes:
            self._remarks += ("the report holds no advice that this could overturn",)

    def remarks(self) -> tuple[str, ...]:
        """Changed limits, and the advice as far as it has been thought over."""
        return (*self._remarks, *self._adviser.answers())

    def drift(self, window: Window) -> tuple[Series, ...]:
        """How far the machine is from the assessed one, as far as this window shows."""
        return drift.find(self._assessed, window)

    def heed(self, series: tuple[Series, ...], alerts: tuple[Alert, ...]) -> None:
        """Think the advice over when a rate that it rests on is found slower for long enough."""
        firing = {each.metric for each in alerts if each.state == "firing"} & set(_RATES)
        new = {
            each.name: each.reading.value
            for each in series
            if each.name in firing - set(self._slower) and isinstance(each.reading, Quantity)
        }
        if not new or not self._has_advice or self._adviser.is_busy:
            return
        self._slower |= new
        factors = {
            rate: getattr(self._today, rate) / self._slower[name]
            for name, rate in _RATES.items()
            if name in self._slower
        }
        self._adviser.ask(self._today.model_copy(update=factors))

    def wait(self) -> None:
        """Let an answer that is on its way come."""
        self._adviser.wait()


def _identity(report: Report, machine: Report) -> tuple[str, ...]:
    """What makes a comparison with this report doubtful from the start."""
    if not report.components:
        return ("the report describes no machine, so nothing can be compared with it",)
    if report.host.name != machine.host.name:
        return (f"the report is of another host, {report.host.name}",)
    return ()
