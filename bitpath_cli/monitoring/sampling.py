"""Reads every meter at one instant, in a thread beside the watch that a hung one may keep."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

from bitpath_cli.host import Host, monotonic
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.watch import Source
from bitpath_cli.monitoring import Sourced
from bitpath_cli.monitoring.names import watched

LIMIT_SECONDS: Final = 2.0
_NOTHING: Final = "nothing of it can be read here"


@dataclass(frozen=True, slots=True)
class Sample:
    """What all meters gave at one instant, and how each fared."""

    at_seconds: float
    readings: tuple[Sourced, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    readings: tuple[MeterReading, ...]
    seconds: float
    trouble: str = ""


class Sampler:
    """Asks the meters one after the other; one that does not answer is left out until it does."""

    def __init__(
        self, host: Host, meters: Mapping[str, Meter], limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        """`limit_seconds` is how long one meter may take."""
        self._host = host
        self._meters = dict(meters)
        self._limit = limit_seconds
        self._reader = _Reader(host)
        self._stuck: dict[str, _Reader] = {}

    def sample(self) -> Sample:
        """One look at everything."""
        at_seconds = monotonic()
        self._stuck = {name: each for name, each in self._stuck.items() if each.is_stuck}
        words = f"it has not answered for more than {self._limit:g} s"
        answers = {name: _Answer((), 0.0, words) for name in self._stuck}
        waiting = {name: each for name, each in self._meters.items() if name not in self._stuck}
        while waiting:
            answers |= self._reader.read(waiting, self._limit)
            waiting = {name: each for name, each in waiting.items() if name not in answers}
            if waiting:
                # A filesystem or driver keeps this thread; the others need a new one.
                hung = next(iter(waiting))
                del waiting[hung]
                answers[hung] = _Answer((), self._limit, words)
                self._stuck[hung], self._reader = self._reader, _Reader(self._host)
        return self._gather(at_seconds, answers)

    def _gather(self, at_seconds: float, answers: Mapping[str, _Answer]) -> Sample:
        readings = tuple(
            watched(name, each) for name in self._meters for each in answers[name].readings
        )
        sources = tuple(
            Source(
                name=name, summary=meter.summary, readings=len(answers[name].readings),
                seconds=answers[name].seconds, trouble=answers[name].trouble,
            )
            for name, meter in self._meters.items()
        )  # fmt: skip
        return Sample(at_seconds, readings, sources)


class _Reader:
    """A thread that reads what it is given, until it hangs and is left to itself."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._asked: SimpleQueue[Mapping[str, Meter]] = SimpleQueue()
        self._told: dict[str, _Answer] = {}
        self._done = threading.Event()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="meters")
        self._thread.start()

    @property
    def is_stuck(self) -> bool:
        """Whether the meter that it was left with still keeps it."""
        return self._thread.is_alive()

    def read(self, meters: Mapping[str, Meter], limit_seconds: float) -> dict[str, _Answer]:
        """The answers in order, up to the first meter that took longer than the limit."""
        self._told = {}
        self._done.clear()
        self._asked.put(meters)
        told_before = 0
        while not self._done.wait(limit_seconds):
            if len(self._told) == told_before:
                self._left.set()
                break
            told_before = len(self._told)
        return dict(self._told)

    def _serve(self) -> None:
        while not self._left.is_set():
            for name, meter in self._asked.get().items():
                answer = self._ask(meter)
                if self._left.is_set():
                    return
                self._told[name] = answer
            self._done.set()

    def _ask(self, meter: Meter) -> _Answer:
        begun = monotonic()
        try:
            found = meter.read(self._host)
        except Exception as error:
            return _Answer((), monotonic() - begun, f"{type(error).__name__}: {error}")
        return _Answer(found, monotonic() - begun, "" if found else _NOTHING)
