"""From one sample to the next: what counters grew by, levels with limits, and what got lost."""

from collections.abc import Sequence

from bitpath_cli.meters import Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.component import Component
from bitpath_cli.model.reading import Missing, Quantity, failed
from bitpath_cli.model.watch import Series
from bitpath_cli.monitoring import limits, measures
from bitpath_cli.monitoring.measures import Window
from bitpath_cli.monitoring.sampling import Sample


class Windows:
    """Keeps the sample before, so that each new one gives a window."""

    def __init__(self, components: Sequence[Component]) -> None:
        """The components' limits stand beside what is read."""
        self.limits = limits.readings(components)
        self._before = Snapshot(0.0, ())
        self._known: set[measures.Key] = set()

    def start(self, sample: Sample) -> None:
        """The first sample, which shows no growth yet."""
        self._before = _snapshot(sample)
        self._known = set(measures.levels_of(self._before.readings))

    def follow(self, sample: Sample) -> Window:
        """The window between the sample before and this one."""
        before, self._before = self._before, _snapshot(sample)
        levels: dict[measures.Key, Quantity | Missing] = {
            key: failed("it was read before, and cannot be read now") for key in self._known
        }
        found = measures.levels_of(self._before.readings)
        self._known |= set(found)
        levels |= found
        levels |= measures.levels_of([each.reading for each in self.limits])
        seconds = self._before.at_seconds - before.at_seconds
        return measures.window(seconds, difference(before, self._before), levels)

    def watch(self, window: Window) -> tuple[Series, ...]:
        """Every measure of a window."""
        return measures.watch(window)


def _snapshot(sample: Sample) -> Snapshot:
    return Snapshot(sample.at_seconds, tuple(each.reading for each in sample.readings))
