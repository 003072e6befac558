"""Every Missing among a report's components: where it is, why, and what would reveal it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bitpath_cli.model.reading import Missing
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report


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


def _walk(value: Any, path: str) -> Iterator[tuple[str, Missing]]:
    if isinstance(value, Missing):
        yield path, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _walk(each, f"{path}[{index}]")
