"""A history as lines: a sparkline, first, last and best, jumps and gaps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.model.history import History, HostHistory, Jump, Series
from bitpath_cli.model.result import Direction
from bitpath_cli.renderers._comparison import condition, machine_sentence, percent, varied
from bitpath_cli.renderers._words import amount, label

_TICKS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"
_ALIKE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Trend:
    """One series: what it is of, its course, and what happened to it."""

    about: str
    name: str
    course: str
    first: str
    last: str
    best: str
    change: str
    tone: Literal["good", "poor", "plain"]
    remarks: tuple[str, ...]


def trends(host: HostHistory, cells: int) -> tuple[Trend, ...]:
    """A line a series, its course in at most so many cells."""
    told = varied((each.benchmark, each.parameters) for each in host.series)
    return tuple(_trend(each, told[each.benchmark], cells) for each in host.series)


def sparkline(series: Series, cells: int) -> str:
    """The values from lowest to highest, the youngest on the right; a dot for a gap.

    Where there are more reports than cells, the youngest are shown.
    """
    shown = series.points[-cells:]
    known = [each.value for each in shown if each.value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    # Differences that nobody would call one must not look like mountains.
    span = max(high - low, _ALIKE * abs(high)) or 1.0
    floor = (low + high - span) / 2
    return "".join(
        _GAP if each.value is None
        else _TICKS[round((each.value - floor) / span * (len(_TICKS) - 1))]
        for each in shown
    )  # fmt: skip


def event_sentences(found: History) -> Iterator[str]:
    """When a machine became another, and in what."""
    for name, events in found.events.items():
        for each in events:
            told = "; ".join(machine_sentence(change) for change in each.changes)
            yield f"{name}, {each.created:%d %b %Y %H:%M}: {told}"


def host_sentence(host: HostHistory) -> str:
    """Whose reports, how many, and from when to when."""
    first, last = host.reports[0], host.reports[-1]
    plural = "report" if len(host.reports) == 1 else "reports"
    return (
        f"{len(host.reports):,} {plural}, {first:%d %b %Y %H:%M} to {last:%d %b %Y %H:%M} UTC, "
        f"fingerprint {host.host.fingerprint}"
    )


def _trend(series: Series, told: tuple[str, ...], cells: int) -> Trend:
    where = condition(series.parameters, told)
    change = series.last / series.first - 1 if series.first > 0 else 0.0
    better = (change > 0) == (series.direction is Direction.HIGHER)
    return Trend(
        about=f"{label(series.benchmark)} {where}".rstrip(),
        name=label(series.metric),
        course=sparkline(series, cells),
        first=amount(series.first, series.unit),
        last=amount(series.last, series.unit),
        best=amount(series.best, series.unit),
        change=percent(change),
        tone="plain" if not series.jumps else "good" if better else "poor",
        remarks=tuple(_remarks(series)),
    )


def _remarks(series: Series) -> Iterator[str]:
    yield from (_jump(each, series) for each in series.jumps)
    if series.gaps:
        why = dict.fromkeys(each.gap for each in series.points if each.gap)
        times = "1 gap" if series.gaps == 1 else f"{series.gaps} gaps"
        yield f"{times}: {', '.join(list(why)[:3])}"
    if series.method != "measured":
        yield f"{series.method}, not measured here"


def _jump(jump: Jump, series: Series) -> str:
    kind = "worse" if jump.worse else "better"
    return (
        f"{kind} since {jump.created:%d %b %Y %H:%M}: {amount(jump.before, series.unit)} → "
        f"{amount(jump.after, series.unit)} ({percent(jump.change)})"
    )
