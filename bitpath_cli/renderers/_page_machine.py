"""The machine as the parts of a page: its components, and what of them is missing and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli.model.component import Component
from bitpath_cli.model.reading import Fact, Quantity, Reason
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import SECOND, human
from bitpath_cli.renderers._absences import Absence, by_cause, find_absences, places
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._page import Cell, Table, fact_cell, table
from bitpath_cli.renderers._words import bits, label

# What a privilege would reveal comes first; what is simply not here stands apart.
_REVEALABLE: Final = {
    Reason.DENIED: "may not be read", Reason.FAILED: "failed", Reason.UNSUPPORTED: "does not say",
}  # fmt: skip
_ABSENT: Final = {Reason.ABSENT: "not there"}
_MOST_PLACES: Final = 6
# A link's rate is printed on its box in bits.
_IN_BITS: Final = frozenset({("nic", "speed"), ("rdma_port", "rate")})


@dataclass(frozen=True, slots=True)
class Machine:
    """The host's section."""

    lines: tuple[tuple[str, str], ...]
    components: Table | None
    missing: Table | None
    absent: Table | None
    missing_count: int
    probes: str
    failed_probes: tuple[str, ...]


def machine(report: Report) -> Machine:
    """What was found, what was not, and how the probes fared."""
    absences = find_absences(report)
    fine = [each for each in report.probes if each.succeeded]
    return Machine(
        lines=describe(report),
        components=_components(report),
        missing=_missing("Missing readings by their cause", absences, _REVEALABLE),
        absent=_missing("What is simply not there", absences, _ABSENT),
        missing_count=len(absences),
        probes=" · ".join(f"{each.probe} {human(each.seconds, SECOND)}" for each in fine),
        failed_probes=tuple(
            f"the probe {each.probe} failed: {each.error}"
            for each in report.probes
            if not each.succeeded
        ),
    )


def _components(report: Report) -> Table | None:
    rows = [
        (Cell(_name(component)), Cell(label(path)), cell, Cell(source))
        for component in report.components
        for path, cell, source in _readings(component, component.kind, "")
    ]
    if not rows:
        return None
    return table("Everything that was found", ("component", "what", "value", "source"), rows)


def _name(component: Component) -> str:
    kind = label(component.kind)
    return kind if component.name == component.kind else f"{kind} {component.name}"


def _readings(value: Any, kind: str, path: str) -> Iterator[tuple[str, Cell, str]]:
    if isinstance(value, Quantity):
        cell = fact_cell(value)
        if (kind, path) in _IN_BITS:
            cell = Cell(bits(value), origin=value.origin.method)
        yield path, cell, value.origin.source
    elif isinstance(value, Fact):
        if value.value not in ((), ""):
            yield path, fact_cell(value), value.origin.source
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _readings(getattr(value, name), kind, f"{path} {name}".lstrip())
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _readings(each, kind, f"{path} {index}")


def _missing(
    caption: str, absences: tuple[Absence, ...], reasons: Mapping[Reason, str]
) -> Table | None:
    """By reason, equal causes once."""
    rows = [
        (_where(alike), meaning, detail, alike[0].missing.hint)
        for reason, meaning in reasons.items()
        for detail, alike in by_cause(each for each in absences if each.missing.reason is reason)
    ]
    if not rows:
        return None
    heads = ("what", "state", "why", "what would help")
    return table(caption, heads, rows, hidden_caption=True)


def _where(alike: list[Absence]) -> str:
    told = [f"{name}: {fields}" for name, fields in places(alike)]
    rest = len(told) - _MOST_PLACES
    return "; ".join(told[:_MOST_PLACES]) + (f"; and {rest} more" if rest > 0 else "")
