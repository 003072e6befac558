"""Watches this machine tick by tick: samples, measures, alerts, drift, and where all of it goes."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from bitpath_cli import discover, meters
from bitpath_cli.errors import FINDING, OK, BadValue
from bitpath_cli.host import Host, monotonic
from bitpath_cli.meters import Meter
from bitpath_cli.model.units import SECOND
from bitpath_cli.model.watch import Observation, Summary
from bitpath_cli.monitoring import Tick, lines
from bitpath_cli.monitoring.alerts import Rule, Watchman
from bitpath_cli.monitoring.lines import Lines
from bitpath_cli.monitoring.own_cost import OwnMeter
from bitpath_cli.monitoring.sampling import Sampler
from bitpath_cli.monitoring.server import Access
from bitpath_cli.monitoring.typed import expected, parse
from bitpath_cli.probes import Question
from bitpath_cli.workflows import _rules
from bitpath_cli.workflows._outputs import Destinations, Outputs
from bitpath_cli.workflows._tally import Tally
from bitpath_cli.workflows._then_and_now import ThenAndNow
from bitpath_cli.workflows._windows import Windows
from bitpath_cli.workflows.inspect import inspect

_LEAST_SECONDS: Final = 0.1
_MOST_SECONDS: Final = 60.0
_LONGEST_SECONDS: Final = 10 * 365 * 86400.0
# A scrape shows nothing rather than values that are older than this many ticks.
_STALE_TICKS: Final = 5
_STALE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked, times as they were typed. Without `duration` a watch ends with a signal."""

    interval: str = "1s"
    duration: str | None = None
    rules: Path | None = None
    against: Path | None = None
    directory: str = "."
    outputs: Destinations = field(default_factory=Destinations)


class Pace(Protocol):
    """The clock of a watch."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def wait(self, seconds: float) -> None:
        """Let that much time pass."""
        ...

    def time(self) -> datetime:
        """The time of day, in UTC."""
        ...


class RealPace:
    """The machine's own clocks."""

    def now(self) -> float:
        """See Pace."""
        return monotonic()

    def wait(self, seconds: float) -> None:
        """See Pace."""
        time.sleep(max(0.0, seconds))

    def time(self) -> datetime:
        """See Pace."""
        return datetime.now(UTC)


def destinations(
    address: str | None,
    certificate: tuple[Path | None, Path | None] = (None, None),
    token: Path | None = None,
    password: Path | None = None,
    *,
    textfile: Path | None = None,
    tensorboard: Path | None = None,
    log: Path | None = None,
) -> Destinations:
    """Where ticks go; BadValue for options of a server that is not asked for."""
    given = {"--prometheus-cert": certificate[0], "--prometheus-key": certificate[1],
             "--prometheus-token": token, "--prometheus-password": password}  # fmt: skip
    if address is None:
        alone = next((option for option, path in given.items() if path is not None), None)
        if alone is not None:
            raise BadValue(alone, str(given[alone]), "together with --prometheus HOST:PORT")
        return Destinations(None, textfile, tensorboard, log)
    access = Access(address, *certificate, token, password)
    return Destinations(access, textfile, tensorboard, log)


def export_rules(rules: Path | None) -> str:
    """The rules as a Prometheus rules file; BadRules where they cannot be used."""
    return _rules.as_prometheus(rules)


class Watch:
    """A watch from its first sample to its summary; use it with `with`, so that its outputs end.

    What is wrong with the wish is raised before anything is opened.
    """

    def __init__(self, wish: Wish, host: Host | None = None, pace: Pace | None = None) -> None:
        """Read rules and report, look at the machine's limits, open every output."""
        self.interval_seconds = _interval(wish.interval)
        self._duration = _duration(wish.duration)
        self.rules: tuple[Rule, ...] = _rules.load(wish.rules)
        self._host = host or Host()
        self._pace = pace or RealPace()
        machine = inspect(self._host, Question(wish.directory, ()))
        if not machine.complete:
            # A signal came meanwhile, and whoever asked for an assessment would want its half.
            raise KeyboardInterrupt
        self.host_name = machine.host.name
        self._then = None if wish.against is None else ThenAndNow(wish.against, machine)
        self._sampler = Sampler(self._host, _meters())
        self._windows = Windows(machine.components)
        self._watchman = Watchman(self.rules)
        self._tally = Tally()
        self._lines = Lines()
        stale_seconds = max(_STALE_SECONDS, _STALE_TICKS * self.interval_seconds)
        self._outputs = Outputs(wish.outputs, self._host, stale_seconds)
        self._began = self._pace.time()

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the outputs can be found, and what the report says before anything is sampled."""
        found = () if self._then is None else self._then.remarks()
        return (*self._outputs.notes, *found)

    def __enter__(self) -> Self:
        """Say the beginning to the log."""
        if self._outputs.log is not None:
            self._outputs.log.say(self.first_line())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say the end, and let go of everything."""
        if self._outputs.log is not None:
            self._outputs.log.say(self.last_line())
        self._outputs.close()

    def __iter__(self) -> Iterator[Observation]:
        """An observation at every tick, until the duration is over; a late tick skips those due."""
        begun = self._pace.now()
        own = OwnMeter(self._host, begun)
        self._windows.start(self._sampler.sample())
        due, missed = begun + self.interval_seconds, 0
        while self._duration is None or due <= begun + self._duration + 1e-9:
            self._pace.wait(due - self._pace.now())
            tick = self._tick(begun, own, missed)
            self._outputs.take(tick)
            yield tick.observation
            late = max(0, math.floor((self._pace.now() - due) / self.interval_seconds))
            missed += late
            due += (late + 1) * self.interval_seconds
        if self._then is not None:
            self._then.wait()

    def first_line(self) -> str:
        """The line of JSON with which a watch begins."""
        return self._lines.start(self._began, self.host_name, self.interval_seconds, self.rules)

    def lines(self, seen: Observation) -> str:
        """The lines of JSON for an observation."""
        return "".join(self._lines.sample(seen))

    def last_line(self) -> str:
        """The line of JSON with which a watch ends."""
        return lines.end(self.summary())

    def summary(self) -> Summary:
        """What there is to say about the watch so far."""
        found = () if self._then is None else self._then.remarks()
        return self._tally.summary(self._began, (*found, *self._outputs.troubles()))

    def exit_code(self) -> int:
        """A finding where an alert of at least a warning fired, whether or not it ended."""
        return OK if self._tally.worst in (None, "info") else FINDING

    def _tick(self, begun: float, own: OwnMeter, missed: int) -> Tick:
        sample = self._sampler.sample()
        now = self._pace.now()
        window = self._windows.follow(sample)
        series = self._windows.watch(window)
        if self._then is not None:
            series = (*series, *self._then.drift(window))
        elapsed = now - begun
        events = self._watchman.look(elapsed, series)
        alerts = self._watchman.alerts()
        if self._then is not None:
            self._then.heed(series, alerts)
        observation = Observation(
            time=self._pace.time(), elapsed_seconds=elapsed, series=series, alerts=alerts,
            events=events, sources=sample.sources, cost=own.read(now, missed),
            remarks=(*(() if self._then is None else self._then.remarks()),
                     *self._outputs.troubles()),
        )  # fmt: skip
        self._tally.count(observation)
        return Tick(observation, (*sample.readings, *self._windows.limits))


def _meters() -> dict[str, Meter]:
    return {name: discover.member(meters, name, "METER", Meter) for name in discover.names(meters)}


def _interval(typed: str) -> float:
    found = parse(typed, SECOND)
    if found is None or not _LEAST_SECONDS <= found <= _MOST_SECONDS:
        # Above a minute some counters of energy wrap unseen.
        raise BadValue("--interval", typed, "a time from 0.1s to 1min, such as '1s'")
    return found


def _duration(typed: str | None) -> float | None:
    if typed is None:
        return None
    found = parse(typed, SECOND)
    if found is None or not 0 < found <= _LONGEST_SECONDS:
        raise BadValue("--duration", typed, expected(SECOND))
    return found
