"""What was seen around the timed loops of a process: meters, gauges, CPU time and joules."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field, FiniteFloat

from bitpath_cli.host import Host, monotonic
from bitpath_cli.meters import Change, Meter, MeterReading, Snapshot
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.model.result import Direction, Metric, Samples, metric
from bitpath_cli.model.units import BYTE, FLOP, JOULE, OP, SECOND, WATT, Unit
from bitpath_cli.stats import blocked_median_interval

# RAPL counts anew every millisecond, the drivers of boards ten times a second at worst.
_LEAST_ENERGY_SECONDS: Final = {True: 0.2, False: 2.0}
# No processor package draws more for long: the largest of 2026 are built for 500 W.
_MOST_WATTS: Final = 600.0
# The kernel's unit towards programs, and fields of /proc/PID/stat after its name, proc(5).
_TICK_SECONDS: Final = 0.01
_SESSION: Final = 3
_NAMES: Final = {FLOP: "joules_per_flop", OP: "joules_per_op", BYTE: "joules_per_byte"}
_CPU_TIMES: Final = slice(11, 15)


class Grown(Record):
    """What a counter grew by; `wraps_at` is the range of one that starts again at 0."""

    name: str
    subject: str
    reading: Annotated[Quantity | Missing, Field(discriminator="kind")]
    wraps_at: FiniteFloat | None = None


class Instant(Record):
    """A gauge's value at the beginning and at the end."""

    name: str
    subject: str
    before: FiniteFloat
    after: FiniteFloat


class Window(Record):
    """What the meters saw while the loops of one process ran, and the CPU time that was ours."""

    seconds: FiniteFloat
    own_cpu_seconds: FiniteFloat
    counters: tuple[Grown, ...] = ()
    gauges: tuple[Instant, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """All meters at one instant, and the CPU time that the processes of our session had used."""

    snapshot: Snapshot
    own_cpu_seconds: float


def look(host: Host, meters: Iterable[Meter], session: int) -> Glance:
    """Read every meter now; one that raises silences no other."""
    own_cpu_seconds = cpu_seconds(host, session)
    at_seconds = monotonic()
    readings: list[MeterReading] = []
    for meter in meters:
        with contextlib.suppress(Exception):
            readings += meter.read(host)
    return Glance(Snapshot(at_seconds, tuple(readings)), own_cpu_seconds)


def window(before: Glance, after: Glance, changes: Iterable[Change]) -> Window:
    """What lies between two glances, `changes` being the difference of their snapshots."""
    ends = {
        (each.name, each.subject): each for each in after.snapshot.readings if each.form == "gauge"
    }
    ranges = {(each.name, each.subject): each.wraps_at for each in after.snapshot.readings}
    return Window(
        seconds=after.snapshot.at_seconds - before.snapshot.at_seconds,
        own_cpu_seconds=max(0.0, after.own_cpu_seconds - before.own_cpu_seconds),
        counters=tuple(
            Grown(
                name=each.name, subject=each.subject, reading=each.reading,
                wraps_at=ranges.get((each.name, each.subject)),
            )
            for each in changes
        ),
        gauges=tuple(
            Instant(
                name=each.name, subject=each.subject, before=each.quantity.value,
                after=ends[each.name, each.subject].quantity.value,
            )
            for each in before.snapshot.readings
            if each.form == "gauge" and (each.name, each.subject) in ends
        ),
    )  # fmt: skip


def cpu_seconds(host: Host, session: int) -> float:
    """CPU time of all processes of a session: ranks and peers of a benchmark are ours as well."""
    names = host.names("/proc")
    total = 0
    for name in () if isinstance(names, Missing) else names:
        told = host.read_text(f"/proc/{name}/stat", 1024) if name.isdigit() else ""
        # The name in parentheses may hold spaces and parentheses itself.
        fields = "" if isinstance(told, Missing) else told.rpartition(")")[2]
        words = fields.split()
        if len(words) > _CPU_TIMES.stop and words[_SESSION] == str(session):
            total += sum(int(word) for word in words[_CPU_TIMES])
    return total * _TICK_SECONDS


def energy_metrics(windows: Sequence[Window], samples: Iterable[Samples]) -> tuple[Metric, ...]:
    """Average power while the loops ran, and joules per unit of work; none without a meter."""
    found = (average_power(windows), energy_per_work(windows, samples))
    return tuple(each for each in found if each is not None)


def average_power(windows: Sequence[Window]) -> Metric | None:
    """Watts over the windows, idle power included, or None where no counter covers all of them."""
    sources: set[str] = set()
    blocks = []
    for each in windows:
        joules = _joules(each, sources)
        if joules is None:
            return None
        blocks.append([joules / each.seconds])
    return _energy_metric("power", blocks, WATT, sources) if blocks else None


def energy_per_work(windows: Sequence[Window], samples: Iterable[Samples]) -> Metric | None:
    """Joules per unit of work, idle power included, or None where no counter covers the loops.

    Windows and the samples' blocks belong together in order. Time is no work: its joules are power.
    """
    loops = tuple(samples)
    units = {each.unit for each in loops}
    if (
        len(units) != 1
        or units == {SECOND}
        or any(len(each.blocks) != len(windows) for each in loops)
    ):
        return None
    sources: set[str] = set()
    blocks: list[list[float]] = []
    for index, each in enumerate(windows):
        joules = _joules(each, sources)
        if joules is None:
            return None
        work = sum(loop.work * loop.blocks[index].operations for loop in loops)
        blocks.append([joules / work])
    unit = units.pop()
    return _energy_metric(_NAMES.get(unit, "energy_per_work"), blocks, JOULE.per(unit), sources)


def _energy_metric(name: str, blocks: list[list[float]], unit: Unit, sources: set[str]) -> Metric:
    found = blocked_median_interval(blocks)
    origin = Origin(
        method=Method.MEASURED, source=f"{', '.join(sorted(sources))}; idle power included"
    )
    bounds = (found.low, found.high, found.level) if 0 < found.level < 1 else (None, None, None)
    reading = Quantity(
        value=found.value, unit=unit, origin=origin,
        low=bounds[0], high=bounds[1], level=bounds[2],
    )  # fmt: skip
    return metric(name, reading, Direction.LOWER)


def _joules(window: Window, sources: set[str]) -> float | None:
    """The joules of every counter that may be summed; None where there is none or one is unsure."""
    total = 0.0
    counters = [each for each in window.counters if each.name == "energy"]
    for each in counters:
        if isinstance(each.reading, Missing):
            return None
        is_fast = "powercap" in each.reading.origin.source
        if window.seconds < _LEAST_ENERGY_SECONDS[is_fast]:
            return None
        # A counter that may have started again twice looks like one that did so once.
        if each.wraps_at is not None and window.seconds > each.wraps_at / _MOST_WATTS:
            return None
        total += each.reading.value
        sources.add(each.subject)
    return total if counters and total > 0 else None
