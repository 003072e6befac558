"""What runs now and how long it may still take: on stderr, and only where that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from bitpath_cli.model.result import Parameters

if TYPE_CHECKING:
    from bitpath_cli.workflows.assess import Progress

_REFRESHES_PER_SECOND = 2  # More would be load beside what is being measured.
_BAR_WIDTH = 24


@contextmanager
def progress() -> "Iterator[Progress]":
    """A line that is gone when it ends, or nothing at all."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    pace = Pace()
    with Bars(
        SpinnerColumn(), TextColumn("{task.description}"), _Bar(pace), _Left(pace),
        console=Console(stderr=True, highlight=False), transient=True,
        refresh_per_second=_REFRESHES_PER_SECOND,
    ) as bars:  # fmt: skip
        yield Live(bars, pace)


@dataclass(slots=True)
class Pace:
    """How far the measuring is, between what was told last and the clock."""

    told_at: float = 0.0
    share_done: float = 0.0
    seconds_left: float | None = None

    def left(self, now: float) -> float | None:
        """Seconds that it may still take; None where no end is known."""
        if self.seconds_left is None:
            return None
        return max(0.0, self.seconds_left - (now - self.told_at))

    def share(self, now: float) -> float | None:
        """The share of the whole that is behind us."""
        left = self.left(now)
        if left is None or not self.seconds_left:
            return None if left is None else 1.0
        return 1 - (1 - self.share_done) * left / self.seconds_left


class Silent:
    """Says nothing: stderr is a file or a pipe."""

    def stage(self, words: str) -> None:
        """See Progress."""

    def starting(
        self, benchmark: str, parameters: Parameters, share_done: float, seconds_left: float
    ) -> None:
        """See Progress."""


class Live:
    """One line: what runs, a bar, and the seconds left."""

    def __init__(self, bars: Bars, pace: Pace) -> None:
        self._bars = bars
        self._pace = pace
        self._task = bars.add_task("", total=None)

    def stage(self, words: str) -> None:
        """See Progress."""
        self._pace.seconds_left = None
        self._bars.update(self._task, description=words)

    def starting(
        self, benchmark: str, parameters: Parameters, share_done: float, seconds_left: float
    ) -> None:
        """See Progress."""
        self._pace.told_at = monotonic()
        self._pace.share_done = share_done
        self._pace.seconds_left = seconds_left
        self._bars.update(self._task, description=describe(benchmark, parameters))


def describe(benchmark: str, parameters: Parameters) -> str:
    """A case in a few words: its name and the words among its parameters."""
    words = [value for value in parameters.values() if isinstance(value, str)]
    return " ".join([benchmark.replace("_", " "), *words[:2]])


class _Bar(ProgressColumn):
    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def render(self, task: Task) -> ProgressBar:
        share = self._pace.share(monotonic())
        return ProgressBar(
            total=1.0, completed=share or 0.0, width=_BAR_WIDTH, pulse=share is None,
            animation_time=task.get_time(),
        )  # fmt: skip


class _Left(ProgressColumn):
    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def render(self, task: Task) -> Text:
        left = self._pace.left(monotonic())
        return Text("" if left is None else f"about {round(left)} s left", "dim")
