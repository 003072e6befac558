"""The monitor's screen as lines of text: alerts, bars, sparklines, limits and its own cost.

The lines are put together by hand, since laying out a table once a second would cost more than all
the measuring.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from unicodedata import combining, east_asian_width

from bitpath_cli.model.reading import Method, Missing, Quantity
from bitpath_cli.model.units import BYTE, ONE, SECOND, human
from bitpath_cli.model.watch import GROUPS, Alert, Observation, OwnCost, Series
from bitpath_cli.renderers._drawing import bar
from bitpath_cli.renderers._words import ASSUMED, UNKNOWN, amount, label

Key = tuple[str, str]
LEGEND: Final = "~ assumed  ? unknown  * this cgroup alone"
KEPT: Final = 120
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_BAR: Final = 12
_LABEL: Final = 30
_VALUE: Final = 12
# What says most about a machine is the last to go where the screen is small.
_FIRST: Final = (
    "cpu_busy", "memory_available_share", "disk_busy", "network_receive_rate",
    "gpu_kernel_active", "gpu_memory_share", "gpu_power", "energy_power", "group_memory_share",
    "network_send_rate", "disk_read_rate", "disk_write_rate", "cpus_used", "cpu_pressure",
    "io_pressure", "memory_pressure", "quota_throttled", "cpu_steal", "disk_read_latency",
    "disk_write_latency", "temperature", "gpu_temperature", "filesystem_available_share",
)  # fmt: skip
_COUNTS: Final = frozenset({"cpus_used", "load_per_cpu", "gpu_throttled"})
_OWN_SCOPE: Final = "cgroup"
_DIM: Final = "2"
_BOLD: Final = "1"
_SEVERITY_STYLES: Final = {"critical": "1;31", "warning": "33", "info": "36"}


@dataclass(slots=True)
class Trail:
    """The last values of every series, for sparklines; which were ever known, which in use."""

    values: dict[Key, deque[float | None]] = field(default_factory=dict)
    known: set[Key] = field(default_factory=set)
    used: set[Key] = field(default_factory=set)

    def follow(self, seen: Observation) -> None:
        """Take in what was seen; a series without a value leaves a gap."""
        for each in seen.series:
            key = (each.name, each.subject)
            value = None if isinstance(each.reading, Missing) else each.reading.value
            self.values.setdefault(key, deque(maxlen=KEPT)).append(value)
            if value is not None:
                self.known.add(key)
            if value:
                self.used.add(key)


@dataclass(frozen=True, slots=True)
class Titles:
    """What stands above and below everything as long as the watch goes on."""

    top: str
    bottom: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a group, and how early it goes where lines are short."""

    group: str
    rank: int
    text: str


def draw_watch(
    seen: Observation, trail: Trail, titles: Titles, size: tuple[int, int], coloured: bool
) -> list[str]:
    """At most `size` (columns, rows) of text; where there is no room there are no lines."""
    columns, rows = size
    if columns < 1 or rows < 1:
        return []
    paint = _Paint(coloured)
    head = [paint.bold(_cut(f"{titles.top} · {human(seen.elapsed_seconds, SECOND)}", columns))]
    alerts = [_draw_alert(each, seen.elapsed_seconds, columns, paint) for each in seen.alerts]
    remarks = [_cut(f"· {clean(each)}", columns) for each in seen.remarks]
    below = (LEGEND, _own(seen), *((titles.bottom,) if titles.bottom else ()))
    foot = [paint.dim(_cut(each, columns)) for each in below]
    above = [*head, *alerts, *remarks]
    room = rows - len(above) - len(foot)
    body = list(_body(seen, trail, columns, room, paint))
    return [*above, *body, *foot][:rows]


def _body(
    seen: Observation, trail: Trail, columns: int, room: int, paint: "_Paint"
) -> Iterator[str]:
    worried = {(each.metric, each.subject): each for each in reversed(seen.alerts)}
    rows = [
        _Row(each.group, _rank(each, trail), _draw_row(each, trail, columns, worried, paint))
        for each in seen.series
        if isinstance(each.reading, Quantity) or (each.name, each.subject) in trail.known
    ]
    kept = _chosen(rows, room)
    for group in GROUPS:
        lines = [row.text for index, row in enumerate(rows) if index in kept and row.group == group]
        if lines:
            yield paint.bold(_cut(group.upper(), columns))
            yield from lines


def _chosen(rows: Sequence[_Row], room: int) -> set[int]:
    """The indices of the rows that fit below their groups' titles."""
    kept: set[int] = set()
    groups: set[str] = set()
    used = 0
    for index in sorted(range(len(rows)), key=lambda each: rows[each].rank):
        cost = 1 if rows[index].group in groups else 2
        if used + cost > room:
            continue
        used += cost
        kept.add(index)
        groups.add(rows[index].group)
    return kept


def _rank(each: Series, trail: Trail) -> int:
    place = _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST)
    idle = (each.name, each.subject) not in trail.used
    return place + (100 if idle else 0) + (50 if each.subject == "lo" else 0)


def _draw_row(
    each: Series, trail: Trail, columns: int, worried: Mapping[Key, Alert], paint: "_Paint"
) -> str:
    key = (each.name, each.subject)
    alert = worried.get(key)
    style = "" if alert is None else _SEVERITY_STYLES[alert.severity]
    name = _cut(_name(each), _LABEL)
    value = _value(each)
    full = _full(each)
    drawn = ""
    if full and isinstance(each.reading, Quantity):
        drawn = bar(each.reading.value / full, _BAR)
    limit = _limit(each)
    plain = f"  {name:<{_LABEL}}{value:>{_VALUE}}  {drawn:<{_BAR}}  "
    if len(plain) >= columns:
        return paint.styled(_cut(plain.rstrip(), columns), style)
    left = columns - len(plain) - len(limit) - (1 if limit else 0)
    spark = _spark(trail.values.get(key, ()), full, max(0, min(left, KEPT)))
    tail = _cut(f"{spark} {limit}".rstrip() if limit else spark, columns - len(plain))
    return paint.styled(plain, style) + paint.dim(tail)


def _name(each: Series) -> str:
    words = label(each.name).removesuffix(" share").removesuffix(" rate")
    own = "*" if each.subject == _OWN_SCOPE else ""
    subject = "" if each.subject in ("host", _OWN_SCOPE) else f" {_tail(each.subject)}"
    return f"{words}{own}{subject}"


def _tail(subject: str) -> str:
    """A cgroup's path by its end, which is what tells it from others."""
    text = clean(subject)
    return text if len(text) <= 14 or "/" not in text else f"…{text[-13:]}"


def _value(each: Series) -> str:
    reading = each.reading
    if isinstance(reading, Missing):
        return UNKNOWN
    mark = ASSUMED if reading.origin.method is Method.ASSUMED else ""
    if _is_share(each):
        return mark + percent(reading.value)
    if each.group == "drift":
        return f"{mark}{reading.value:.1f} ×"
    return mark + amount(reading.value, reading.unit)


def _is_share(each: Series) -> bool:
    is_ratio = isinstance(each.reading, Quantity) and each.reading.unit == ONE
    return (
        is_ratio
        and each.name not in _COUNTS
        and (each.group != "drift" or each.name.endswith("steal"))
    )


def _full(each: Series) -> float | None:
    """What the whole bar stands for."""
    if each.limit is not None and each.limit.value > 0:
        return each.limit.value
    return 1.0 if _is_share(each) else None


def _limit(each: Series) -> str:
    if each.limit is None:
        return ""
    known = each.limit
    text = human(known.value, known.unit) if known.unit == BYTE else amount(known.value, known.unit)
    return f"of {text}"


def _spark(values: Sequence[float | None], full: float | None, cells: int) -> str:
    """The latest values, the newest at the right; a gap where there was none."""
    shown = list(values)[-cells:] if cells else []
    most = full or max((each for each in shown if each is not None), default=0.0)
    return "".join(" " if each is None else _SPARKS[_height(each, most)] for each in shown)


def _height(value: float, most: float) -> int:
    if most <= 0:
        return 0
    return min(len(_SPARKS) - 1, max(0, int(value / most * (len(_SPARKS) - 1) + 0.5)))


def _draw_alert(each: Alert, elapsed: float, columns: int, paint: "_Paint") -> str:
    mark = "▲" if each.state == "firing" else "△"
    age = human(max(0.0, elapsed - each.since_seconds), SECOND)
    subject = "" if each.subject in ("", "host") else f" {clean(each.subject)}"
    peak = "" if each.peak is None else f" · worst {_plain(each)}"
    blind = " · cannot be read now" if each.is_blind else ""
    advice = f" · {each.advice}" if each.advice and each.state == "firing" else ""
    what = f"{mark} {each.severity} {each.rule}{subject}: {each.summary}{blind}"
    text = f"{what}{peak} · {each.state} {age}{advice}"
    return paint.styled(_cut(text, columns), _SEVERITY_STYLES[each.severity])


def _plain(each: Alert) -> str:
    assert each.peak is not None  # noqa: S101  (the caller asked)
    is_share = each.peak.unit == ONE and not each.metric.startswith("drift_")
    if is_share and each.metric not in _COUNTS:
        return percent(each.peak.value)
    return amount(each.peak.value, each.peak.unit)


def _own(seen: Observation) -> str:
    cost = seen.cost
    missed = f" · {cost.missed} ticks missed" if cost.missed else ""
    blind = [each.name for each in seen.sources if each.trouble]
    unread = f" · unreadable (see bitpath probe --explain): {', '.join(blind)}" if blind else ""
    used = f"{own_share(cost)} of a core, {human(cost.resident_bytes, BYTE)}"
    return f"bitpath itself: {used}{missed}{unread}"


def own_share(cost: OwnCost) -> str:
    """The mean share of a core, which is always small."""
    return f"{cost.mean_cpu_share * 100:.2f} %"


def percent(fraction: float) -> str:
    """A share as people read it, with a decimal only where it is small."""
    return f"{fraction * 100:.0f} %" if fraction >= 0.1 else f"{fraction * 100:.1f} %"


def clean(text: str) -> str:
    """Names come from the machine: what a terminal obeys, or draws wider than a cell, is a dot."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each.isprintable() and _is_one_cell(each) else "·" for each in text)


def _is_one_cell(character: str) -> bool:
    return east_asian_width(character) not in "WF" and not combining(character)


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: max(0, columns - 1)] + "…"


@dataclass(frozen=True, slots=True)
class _Paint:
    """Styles as a terminal takes them, or the bare text."""

    coloured: bool

    def styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.coloured and style and text else text

    def bold(self, text: str) -> str:
        return self.styled(text, _BOLD)

    def dim(self, text: str) -> str:
        return self.styled(text, _DIM)
