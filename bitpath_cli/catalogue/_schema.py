"""The JSON schema of a profile as it is typed in TOML, made from the nouns and their fields."""

from typing import Any, Final

from bitpath_cli import amounts
from bitpath_cli.catalogue._fields import ROWS, Row
from bitpath_cli.catalogue._figures import SPREADS
from bitpath_cli.catalogue._places import Kind
from bitpath_cli.catalogue._reader import RECORDS
from bitpath_cli.catalogue._shape import Shape, shapes
from bitpath_cli.model.record import Record
from bitpath_cli.model.units import ONE, Unit
from bitpath_cli.model.workload import Residency

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_STATUS: Final[Schema] = {
    "enum": list(SPREADS),
    "default": "scenario",
    "description": "counted, sourced, derived and secondary need a source; an estimate has none; a "
    "scenario is the user's to state",
}
_SOURCE: Final[Schema] = {
    "anyOf": [_TEXT, {"type": "array", "items": _TEXT}],
    "description": "keys under [sources]",
}
_SOURCES: Final[Schema] = {
    "type": "object",
    "description": "what the keys of the figures' sources stand for",
    "additionalProperties": {
        "type": "object",
        "properties": {"reference": _TEXT, "date": _TEXT, "licence": _TEXT},
        "required": ["reference", "date"],
        "additionalProperties": False,
    },
}


def schema(kind: Kind) -> Schema:
    """JSON Schema 2020-12 of a profile; the file's name, not a key, is the profile's name."""
    table = _section(RECORDS[kind], "")
    table["properties"]["sources"] = _SOURCES
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"bitpath {kind} profile",
        **table,
    }


def _section(record: type[Record], meaning: str) -> Schema:
    known = shapes(record)
    if record is Residency:
        known = {key: shape for key, shape in known.items() if key != "binds"}
    required = [key for key, shape in known.items() if shape.required]
    table: Schema = {
        "type": "object",
        "properties": {key: _field(shape, ROWS[record][key]) for key, shape in known.items()},
        "required": required,
        "additionalProperties": False,
    }
    if record is Residency:
        table["properties"] |= {"status": _STATUS, "source": _SOURCE}
    return {"description": meaning, **table} if meaning else table


def _field(shape: Shape, row: Row) -> Schema:
    match shape.form:
        case "figure" | "limit":
            return _figure(row)
        case "figures":
            figures = {key: _figure(row.for_precision(key)) for key in shape.choices}
            return {
                "type": "object",
                "description": row.meaning,
                "properties": figures,
                "minProperties": 1,
                "additionalProperties": False,
            }
        case "list":
            element = _field(shape.element, Row("")) if shape.element else {}
            return {"type": "array", "items": element, "description": row.meaning}
        case "section" if shape.record is not None:
            return _section(shape.record, row.meaning)
        case "choice":
            return {"enum": list(shape.choices), "description": row.meaning}
        case "flag":
            return {"type": "boolean", "description": row.meaning}
        case "number":
            kind = "integer" if shape.is_whole else "number"
            return {"type": kind, "description": row.meaning, "minimum": row.least}
        case _:
            return {**_TEXT, "description": row.meaning}


def _figure(row: Row) -> Schema:
    """A table, text such as `24 h`, or, where the unit is 1, a number."""
    unit = Unit(row.unit.replace("¤", "USD"))
    properties: Schema = {
        "value": {"type": "number", "minimum": 0},
        "unit": {**_TEXT, "description": f"as in {amounts.expected(unit)}"},
        "status": _STATUS,
        "source": _SOURCE,
        "note": {"type": "string"},
    }
    if row.price:
        properties["date"] = {"type": "string", "format": "date"}
        properties["region"] = {"type": "string"}
    forms: list[Schema] = [
        {
            "type": "object",
            "properties": properties,
            "required": ["value"] if unit == ONE else ["value", "unit"],
            "additionalProperties": False,
        },
        {"type": "string", "pattern": r"^\s*[0-9.]"},
    ]
    if unit == ONE:
        forms.append({"type": "number", "minimum": 0})
    return {"description": f"{row.meaning}; {amounts.expected(unit)}", "anyOf": forms}
