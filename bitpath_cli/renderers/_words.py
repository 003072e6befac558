"""Readings, names and shares as people read them on a screen; files keep base units."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.model.reading import Fact, Method, Missing, Quantity
from bitpath_cli.model.recommendation import Term
from bitpath_cli.model.units import (
    BYTE_PER_SECOND,
    BYTE_SECOND,
    JOULE,
    ONE,
    PER_SECOND,
    Scale,
    Unit,
    human,
    scale,
)

ASSUMED: Final = "~"
UNKNOWN: Final = "?"
LEGEND: Final = "~ assumed  ? unknown  ! in doubt  ✗ not usable, not feasible  [a – b] interval"
_GIB_HOUR: Final = float(1 << 30) * 3600
_GIB_MONTH: Final = float(1 << 30) * 2_629_800
_KWH: Final = 3.6e6
_COUNTS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_BILLED: Final[Mapping[str, tuple[float, str]]] = {
    "s": (3600.0, "h"), "J": (_KWH, "kWh"), "B": (1e9, "GB"), "(B·s)": (_GIB_MONTH, "GiB·month"),
}  # fmt: skip
_TERM_WORDS: Final = {
    "compute": "time", "storage": "storage", "bandwidth": "bandwidth",
    "hardware": "cost", "energy": "energy",
}  # fmt: skip


def reading(value: Quantity | Missing) -> str:
    """A value with its mark: `480 GFLOP/s`, `~210 EUR`, or `?`."""
    if isinstance(value, Missing):
        return UNKNOWN
    mark = ASSUMED if value.origin.method is Method.ASSUMED else ""
    return f"{mark}{amount(value.value, value.unit)}"


def statement(value: Fact | Missing) -> str:
    """A fact in words: yes, no, the word itself, or a list."""
    if isinstance(value, Missing):
        return UNKNOWN
    if isinstance(value.value, bool):
        return "yes" if value.value else "no"
    return value.value if isinstance(value.value, str) else ", ".join(value.value) or "none"


def known(value: Fact | Quantity | Missing) -> str | None:
    """The same, or None where there is nothing to say."""
    if isinstance(value, Missing):
        return None
    return reading(value) if isinstance(value, Quantity) else statement(value)


def amount(value: float, unit: Unit) -> str:
    """A number and its unit, in the units that bills and labels are written in."""
    if unit == ONE and abs(value) >= 1000 and value == int(value):
        return f"{value:,.0f}"
    chosen = scale_of(value, unit)
    gap = "" if chosen.symbol.startswith("/") else " "
    return f"{chosen.show(value)}{gap}{chosen.symbol}".rstrip()


def scale_of(value: float, unit: Unit) -> Scale:
    """The scale that a value and its interval share on the screen.

    Byte-seconds, joules and prices in base units say nothing to a person; the rest is `scale`'s.
    """
    if unit == BYTE_SECOND:
        month = abs(value) >= _GIB_MONTH
        return Scale(_GIB_MONTH, "GiB·month") if month else Scale(_GIB_HOUR, "GiB·h")
    if unit == JOULE and abs(value) >= _KWH / 10:
        return Scale(_KWH, "kWh")
    if unit == PER_SECOND:
        return next(
            (Scale(size, f"{prefix}/s") for size, prefix in _COUNTS if abs(value) >= 10 * size),
            Scale(1.0, "/s"),
        )
    currency, _, per = unit.partition("/")
    if per in _BILLED and len(currency) == 3 and currency.isupper():
        size, words = _BILLED[per]
        return Scale(1 / size, f"{currency}/{words}")
    return scale(value, unit)


def bits(value: Quantity | Missing) -> str:
    """A link's rate as it is printed on the box: `10 Gbit/s`."""
    if isinstance(value, Missing) or value.unit != BYTE_PER_SECOND:
        return reading(value)
    return human(value.value * 8, BYTE_PER_SECOND).replace("B/s", "bit/s")


def plain_bytes(value: Quantity) -> str:
    """A size that is written out: an MTU is 1,500 B and never 1.46 KiB."""
    return f"{value.value:,.0f} B"


def interval(value: Quantity) -> str:
    """The bounds with the value's own prefix: `[470 – 490]`; empty where there are none."""
    if value.low is None or value.high is None:
        return ""
    chosen = scale_of(value.value, value.unit)
    return f"[{chosen.show(value.low)} – {chosen.show(value.high)}]"


def term(value: Term) -> str:
    """One of the five terms."""
    if value.value is None:
        return UNKNOWN
    mark = ASSUMED if value.origin.method is Method.ASSUMED else ""
    return f"{mark}{amount(value.value, value.unit)}"


def term_name(name: str) -> str:
    """The terms as a person calls them: compute is time, hardware is cost."""
    return _TERM_WORDS[name]


def strategy(name: str) -> str:
    """A strategy as the field writes it."""
    return "cloud-native" if name == "cloud_native" else label(name)


def label(name: str) -> str:
    """A field's name without its underscores."""
    return name.replace("_", " ")


def share(fraction: float) -> str:
    """A fraction as a percentage."""
    return f"{fraction:.0%}".replace("%", " %")
