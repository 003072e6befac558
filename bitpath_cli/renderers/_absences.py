"""Every Missing among a report's components: where it is, why, and what would reveal it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bitpath_cli.model.reading import Missing
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report
from bitpath_cli.renderers._words import label


@dataclass(frozen=True, slots=True)
class Absence:
    """A missing reading and its place: the component, and the path of the field in it."""

    kind: str
    component: str
    field: str
    missing: Missing


def find_absences(report: Report) -> tuple[Absence, ...]:
    """In the order of the components and their fields."""
    return tuple(
        Absence(component.kind, component.name, field, missing)
        for component in report.components
        for field, missing in _walk(component, "")
    )


def by_cause(absences: Iterable[Absence]) -> Iterator[tuple[str, list[Absence]]]:
    """What went wrong, and all that it went wrong for: ten equal interfaces are one cause."""
    causes: dict[tuple[str, str], list[Absence]] = {}
    for each in absences:
        causes.setdefault(_cause(each), []).append(each)
    for (detail, _), alike in causes.items():
        details = {each.missing.detail for each in alike}
        yield details.pop() if len(details) == 1 else detail, alike


def places(alike: Iterable[Absence]) -> Iterator[tuple[str, str]]:
    """The fields that share a cause, by component."""
    fields: dict[str, list[str]] = {}
    for each in alike:
        kind, name = label(each.kind), each.component
        owner = kind if each.kind == name else f"{kind} {name}"
        fields.setdefault(owner, []).append(label(each.field))
    yield from ((owner, ", ".join(names)) for owner, names in fields.items())


def _cause(absence: Absence) -> tuple[str, str]:
    """Detail and hint, with the component's name left open."""
    name = rf"(?<!\w){re.escape(absence.component)}(?!\w)"
    if not absence.component.isalnum():
        return absence.missing.detail, absence.missing.hint
    return re.sub(name, "*", absence.missing.detail), re.sub(name, "*", absence.missing.hint)


def _walk(value: Any, path: str) -> Iterator[tuple[str, Missing]]:
    if isinstance(value, Missing):
        yield path, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _walk(each, f"{path}[{index}]")
