"""Reads the tables of a profile into the fields of its noun, gathering every fault on the way."""

import re
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from bitpath_cli import amounts
from bitpath_cli.catalogue._fields import ROWS, Row
from bitpath_cli.catalogue._figures import read_figure, sources_of, status_of
from bitpath_cli.catalogue._files import parse_toml
from bitpath_cli.catalogue._lines import Path
from bitpath_cli.catalogue._places import Kind, is_shipped
from bitpath_cli.catalogue._profile import Profile, dotted
from bitpath_cli.catalogue._shape import Shape, shapes
from bitpath_cli.errors import BadProfile
from bitpath_cli.model.device import Device
from bitpath_cli.model.reading import Missing, Quantity, absent
from bitpath_cli.model.record import Record
from bitpath_cli.model.site import Site
from bitpath_cli.model.units import Unit
from bitpath_cli.model.workload import Limit, Residency, Workload

TO_BE_STATED: Final = "?"
"""What `profiles new` writes where only a person knows the value."""

RECORDS: Final[dict[Kind, type[Record]]] = {"workload": Workload, "device": Device, "site": Site}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_RESIDENCY_KEYS: Final = ("allowed", "reason", "status", "source")


def read_profile(kind: Kind, file: FilePath, text: str) -> tuple[Record | None, Profile]:
    """The noun and what was seen on the way; the noun is None where there are faults.

    A file that is not TOML raises BadProfile at once.
    """
    document = parse_toml(file, text)
    profile = Profile(file.stem, str(file), text)
    if not _NAME.fullmatch(file.stem):
        profile.faults.append(
            profile.fault(
                (), f"'{file.stem}' cannot name a profile", "small letters, digits and hyphens"
            )
        )
    profile.read_sources(document.pop("sources", {}))
    if kind == "site":
        profile.currency = _currency(document)
    record = RECORDS[kind]
    values = _read_section(profile, (), document, record)
    if profile.faults:
        return None, profile
    values["name"] = file.stem
    if kind != "device":
        values["is_example"] = is_shipped(kind, file)
    try:
        return record.model_validate(values), profile
    except ValidationError as error:
        profile.faults.extend(_faults(profile, error))
        return None, profile


def _currency(document: dict[str, Any]) -> str | None:
    """A site's currency, as far as it can be read: a wrong one is its own fault further on."""
    told = document.get("currency")
    return told if isinstance(told, str) and amounts.currency_in(told) == told else None


def _read_section(
    profile: Profile, path: Path, table: dict[str, Any], record: type[Record]
) -> dict[str, Any]:
    known = shapes(record)
    for key in table:
        if key not in known:
            allowed = (*known, "sources") if not path else tuple(known)
            profile.faults.append(profile.unknown_key((*path, key), allowed))
    values: dict[str, Any] = {}
    for key, shape in known.items():
        row = ROWS[record][key]
        if key in table:
            try:
                values[key] = _read_value(profile, (*path, key), table[key], shape, row)
            except BadProfile as fault:
                profile.faults.append(fault)
        elif shape.may_miss:
            values[key] = _missing(profile, (*path, key))
        elif shape.required:
            problem = f"the key '{key}' is missing"
            profile.faults.append(profile.fault(path, problem, _expected(profile, shape, row)))
    return values


def _read_value(profile: Profile, path: Path, raw: object, shape: Shape, row: Row) -> Any:
    if raw == TO_BE_STATED:
        raise profile.fault(path, "this is still yours to state", _expected(profile, shape, row))
    match shape.form:
        case "figure":
            return read_figure(profile, path, raw, row)
        case "limit":
            binds = status_of(profile, path, raw) != "estimate"
            return Limit(at=read_figure(profile, path, raw, row, without_spread=True), binds=binds)
        case "figures":
            return _read_figures(profile, path, raw, shape, row)
        case "list":
            return _read_list(profile, path, raw, shape, row)
        case "section":
            return _read_table(profile, path, raw, shape)
        case _:
            return _read_plain(profile, path, raw, shape, row)


def _read_table(profile: Profile, path: Path, raw: object, shape: Shape) -> Any:
    record = shape.record
    if not isinstance(raw, dict) or record is None:
        raise profile.fault(path, "this must be a table", f"[{dotted(path)}]")
    if record is Residency:
        return _read_residency(profile, path, raw)
    return _read_section(profile, path, raw, record)


def _read_residency(profile: Profile, path: Path, raw: dict[str, Any]) -> dict[str, Any]:
    """Whether a rule binds follows from its status: an example value only warns."""
    profile.check_keys(path, raw, _RESIDENCY_KEYS)
    known, rows = shapes(Residency), ROWS[Residency]
    values: dict[str, Any] = {"binds": status_of(profile, path, raw) != "estimate"}
    sources = sources_of(profile, path, raw)
    for key in ("allowed", "reason"):
        if key not in raw:
            raise profile.fault(path, f"the key '{key}' is missing", ", ".join(_RESIDENCY_KEYS))
        values[key] = _read_value(profile, (*path, key), raw[key], known[key], rows[key])
    if sources:
        values["reason"] += f" ({', '.join(profile.sources[key].reference for key in sources)})"
    return values


def _read_figures(
    profile: Profile, path: Path, raw: object, shape: Shape, row: Row
) -> dict[str, Quantity]:
    if not isinstance(raw, dict) or not raw:
        raise profile.fault(path, "this must be a table with a figure", ", ".join(shape.choices))
    profile.check_keys(path, raw, shape.choices)
    found = {}
    for key, each in raw.items():
        try:
            found[key] = read_figure(profile, (*path, key), each, row.for_precision(key))
        except BadProfile as fault:
            profile.faults.append(fault)
    return found


def _read_list(profile: Profile, path: Path, raw: object, shape: Shape, row: Row) -> list[Any]:
    if not isinstance(raw, list) or shape.element is None:
        raise profile.fault(path, "this must be a list", _expected(profile, shape, row))
    values = []
    for index, each in enumerate(raw):
        try:
            values.append(_read_value(profile, (*path, index), each, shape.element, row))
        except BadProfile as fault:
            profile.faults.append(fault)
    return values


def _read_plain(profile: Profile, path: Path, raw: object, shape: Shape, row: Row) -> Any:
    """Text, a choice, true or false, or a bare number."""
    fits: bool
    match shape.form:
        case "text":
            fits = isinstance(raw, str) and bool(raw.strip())
        case "choice":
            fits = raw in shape.choices
        case "flag":
            fits = isinstance(raw, bool)
        case _:
            kinds = int if shape.is_whole else int | float
            fits = isinstance(raw, kinds) and not isinstance(raw, bool) and row.accepts(raw)
    if not fits:
        raise profile.fault(path, f"{_shown(raw)} cannot be used", _expected(profile, shape, row))
    return raw


def _expected(profile: Profile, shape: Shape, row: Row) -> str:
    """What a field takes, in words."""
    match shape.form:
        case "figure" | "limit":
            unit = row.unit.replace("¤", profile.currency or "USD")
            return f"{row.meaning}: {amounts.expected(Unit(unit))}"
        case "choice":
            return ", ".join(shape.choices)
        case "figures":
            return f"a table with a figure for each of {', '.join(shape.choices)} that it has"
        case "list" if shape.element is not None:
            return f"a list: {_expected(profile, shape.element, row)}"
        case "flag":
            return "true or false"
        case "number":
            whole = "a whole number" if shape.is_whole else "a number"
            return f"{whole}, {row.range_in_words}"
        case "section":
            return f"a table: {row.meaning}"
        case _:
            return f"{row.meaning}, in quotes"


def _missing(profile: Profile, path: Path) -> Missing:
    name = dotted(path)
    return absent(f"the profile {profile.name} gives no {name}", f"add {name} to it")


def _faults(profile: Profile, error: ValidationError) -> list[BadProfile]:
    """What the noun itself finds wrong, such as a task without its section."""
    return [
        profile.fault(
            tuple(key for key in each["loc"] if key != "quantity"),
            each["msg"].removeprefix("Value error, "),
        )
        for each in error.errors(include_url=False)
    ]


def _shown(raw: object) -> str:
    text = repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}…"
