"""Turns a figure of a profile into a Quantity: its unit, its status, and so its spread."""

import datetime
import re
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli import amounts
from bitpath_cli.catalogue._fields import Row
from bitpath_cli.catalogue._lines import Path
from bitpath_cli.catalogue._profile import Figure, Profile, dotted
from bitpath_cli.errors import BadValue
from bitpath_cli.model.reading import ONE_SIGMA, Method, Origin, Quantity
from bitpath_cli.model.units import ONE, Unit

SPREADS: Final = {"counted": 1.0, "sourced": 1.05, "derived": 1.05, "secondary": 1.5,
                  "estimate": 3.0, "scenario": 1.0}  # fmt: skip
"""One sigma of each status, as a factor up and down."""

PERFORMANCE_SPREAD: Final = 1.5
"""A datasheet's peak used to predict performance is never held to be closer than that."""

_DEFAULT_STATUS: Final = "scenario"
_NEEDS_SOURCE: Final = frozenset({"counted", "sourced", "derived", "secondary"})
_KEYS: Final = ("value", "unit", "status", "source", "note")
_PRICE_KEYS: Final = (*_KEYS, "date", "region")
_STATUSES_IN_WORDS: Final = (
    "sourced (read in the source), derived (computed from sourced figures), counted (by a program, "
    "on the very model), secondary (a weak or a transferred source), estimate (no source), "
    "scenario (yours to state)"
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far a figure can be believed, and why."""

    status: str
    sources: tuple[str, ...]
    note: str
    date: datetime.date | None
    region: str


def read_figure(
    profile: Profile, path: Path, raw: object, row: Row, without_spread: bool = False
) -> Quantity:
    """The Quantity of a figure, noted in the profile; raises BadProfile for what is wrong.

    A figure is a table with a value, a plain number where the unit is 1, or text such as `"24 h"`.
    A limit has no spread: it is what somebody demands.
    """
    table = _as_table(profile, path, raw, row)
    unit = _unit(profile, path, table, row)
    value = _value(profile, path, table, unit)
    if not row.accepts(value):
        allowed = row.range_in_words + ("" if unit == ONE else f", in {unit}")
        raise profile.fault(path, f"{_typed(table)} is out of range", allowed)
    standing = _standing(profile, path, table, row)
    factor = 1.0 if without_spread else _spread(row, standing.status)
    low, high = _bounds(value, factor, row)
    source = f"profile {profile.name}: {_citation(profile, standing)}"
    quantity = Quantity(
        value=value, unit=unit, origin=Origin(method=Method.ASSUMED, source=source),
        low=low, high=high, level=ONE_SIGMA,
    )  # fmt: skip
    profile.figures.append(
        Figure(
            dotted(path), _typed(table), quantity, standing.status, standing.sources,
            standing.note, row.price, standing.date, standing.region,
        )
    )  # fmt: skip
    return quantity


def status_of(profile: Profile, path: Path, raw: object) -> str:
    """The status of a figure or section; what has none is the user's own statement."""
    status = raw.get("status", _DEFAULT_STATUS) if isinstance(raw, dict) else _DEFAULT_STATUS
    if status not in SPREADS:
        raise profile.fault((*path, "status"), f"'{status}' is no status", _STATUSES_IN_WORDS)
    return str(status)


def sources_of(profile: Profile, path: Path, raw: dict[str, Any]) -> tuple[str, ...]:
    """The keys of a figure's sources, each of which stands under [sources]."""
    told = raw.get("source", [])
    keys = (told,) if isinstance(told, str) else tuple(told) if isinstance(told, list) else None
    known = ", ".join(profile.sources) or "none yet: add [sources.KEY] with reference and date"
    for key in (told,) if keys is None else keys:
        if not isinstance(key, str) or key not in profile.sources:
            raise profile.fault((*path, "source"), f"no source is called '{key}'", known)
    return keys or ()


def _as_table(profile: Profile, path: Path, raw: object, row: Row) -> dict[str, Any]:
    if isinstance(raw, dict):
        profile.check_keys(path, raw, _PRICE_KEYS if row.price else _KEYS)
        if "value" not in raw:
            raise profile.fault(path, "the key 'value' is missing", ", ".join(_KEYS))
        return raw
    if isinstance(raw, str):
        found = re.fullmatch(r"\s*([0-9.][0-9._]*(?:[eE][+-]?[0-9]+)?)(.*)", raw, re.S)
        try:
            return {"value": float(found[1]), "unit": found[2].strip() or "1"}  # type: ignore[index]
        except (TypeError, ValueError):
            raise profile.fault(path, f"'{raw}' is no amount", _example(profile, row)) from None
    return {"value": raw}


def _unit(profile: Profile, path: Path, table: dict[str, Any], row: Row) -> Unit:
    """The base unit of the figure, its currency filled in."""
    if "¤" not in row.unit:
        return Unit(row.unit)
    typed = table.get("unit")
    code = profile.currency or (amounts.currency_in(typed) if isinstance(typed, str) else None)
    if code is None:
        raise profile.fault((*path, "unit"), "a price needs a currency", _example(profile, row))
    return Unit(row.unit.replace("¤", code))


def _value(profile: Profile, path: Path, table: dict[str, Any], unit: Unit) -> float:
    value, typed = table["value"], table.get("unit", "1" if unit == ONE else None)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise profile.fault((*path, "value"), "this is not a number", amounts.expected(unit))
    if not isinstance(typed, str):
        raise profile.fault(path, "this needs a unit", amounts.expected(unit))
    try:
        return amounts.convert(float(value), typed, unit)
    except OverflowError:
        raise profile.fault(path, "the number is too large", amounts.expected(unit)) from None
    except BadValue as error:
        allowed = error.why.removeprefix("Allowed: ").rstrip(".")
        raise profile.fault(path, f"{_typed(table)} cannot be used", allowed) from error


def _standing(profile: Profile, path: Path, table: dict[str, Any], row: Row) -> _Standing:
    status = status_of(profile, path, table)
    sources = sources_of(profile, path, table)
    for key in ("note", "region"):
        if not isinstance(table.get(key, ""), str):
            raise profile.fault((*path, key), "this must be text", "a few words in quotes")
    if status in _NEEDS_SOURCE and not sources:
        raise profile.fault(
            path, f"a figure that is {status} needs its source", ", ".join(profile.sources)
        )
    if status == "derived" and not table.get("note"):
        raise profile.fault(path, "a derived figure needs a note", "how it was computed")
    date = _date(profile, path, table)
    if row.price and status in _NEEDS_SOURCE and date is None:
        raise profile.fault(path, "a price from a source needs its date", "date = 2026-08-03")
    return _Standing(status, sources, table.get("note", ""), date, table.get("region", ""))


def _date(profile: Profile, path: Path, table: dict[str, Any]) -> datetime.date | None:
    told = table.get("date")
    if told is None:
        return None
    if isinstance(told, datetime.datetime):
        return told.date()
    if isinstance(told, datetime.date):
        return told
    try:
        return datetime.date.fromisoformat(told)
    except (TypeError, ValueError):
        raise profile.fault((*path, "date"), "this is no date", "2026-08-03") from None


def _spread(row: Row, status: str) -> float:
    if row.scenario:
        return 1.0
    return max(SPREADS[status], PERFORMANCE_SPREAD) if row.performance else SPREADS[status]


def _bounds(value: float, factor: float, row: Row) -> tuple[float, float]:
    """One sigma down and up, never outside what the field can be."""
    distance = value - row.anchor
    ends = sorted((row.anchor + distance / factor, row.anchor + distance * factor))
    return min(value, max(ends[0], row.least)), max(value, min(ends[1], row.most))


def _citation(profile: Profile, standing: _Standing) -> str:
    """Such as `torchvision (undated index copy), derived: 2 × 4.089 GMAC`."""
    cited = " and ".join(f"{key} ({profile.sources[key].date})" for key in standing.sources)
    words = {"estimate": "unsourced estimate", "scenario": "stated"}
    status = words.get(standing.status, standing.status)
    parts = [part for part in (cited, status) if part]
    if standing.date is not None:
        parts.append(f"price of {standing.date.isoformat()}")
    if standing.region:
        parts.append(standing.region)
    return ", ".join(parts) + (f": {standing.note}" if standing.note else "")


def _example(profile: Profile, row: Row) -> str:
    return amounts.expected(Unit(row.unit.replace("¤", profile.currency or "USD")))


def _typed(table: dict[str, Any]) -> str:
    value = table["value"]
    shown = f"{value:.12g}"
    unit = table.get("unit", "")
    return shown if unit == "1" else f"{shown} {unit}".rstrip()
