"""All that the probes found, component by component; what is missing is only counted here."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bitpath_cli.model.component import Component
from bitpath_cli.model.reading import Fact, Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import SECOND, human
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._absences import find_absences
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._words import bits, label, plain_bytes, reading, statement

_LABEL: Final = 16
_FILE_WIDTH: Final = 100
_IDENTITY: Final = frozenset({"kind", "name"})
# What the trade writes in other units than its bytes and rates otherwise.
_SPECIAL: Final[Mapping[tuple[str, str], Callable[[Quantity], str]]] = {
    ("nic", "speed"): bits, ("rdma_port", "rate"): bits, ("nic", "mtu"): plain_bytes,
}  # fmt: skip


def render_inventory(report: Report, width: int, colour: bool) -> str:
    """A block for each kind of component."""
    return draw(_parts(report), width, colour)


def _parts(report: Report) -> Iterator[RenderableType]:
    kinds = dict.fromkeys(each.kind for each in report.components)
    for kind in kinds:
        yield heading(label(kind))
        rows = [(each.name, _describe(each)) for each in report.components if each.kind == kind]
        yield Padding(labelled(rows, _LABEL), (0, 0, 0, 2))
    yield Text()
    for run in report.probes:
        if not run.succeeded:
            yield Text.assemble(("✗ ", "red"), f"the probe {run.probe} failed: {run.error}")
    asked = [f"{run.probe} {human(run.seconds, SECOND)}" for run in report.probes if run.succeeded]
    yield Text(f"probes: {' · '.join(asked)}", "dim")
    count = len(find_absences(report))
    if count:
        told = "1 reading is" if count == 1 else f"{count} readings are"
        yield Text(f"{told} missing; why, and what would reveal it: bitpath probe --explain")


def _describe(component: Component) -> Text:
    text = Text()
    for name, word in _words(component, component.kind):
        text.append(" · " if text else "", "dim").append(f"{name} ", "dim").append(word)
    for name, parts in _nested(component):
        for part in parts:
            words = " · ".join(f"{field} {word}" for field, word in _words(part, name))
            text.append(f"\n{label(name)}: ", "dim").append(words)
    return text or Text("nothing but its name is known", "dim")


def _words(record: Record, kind: str) -> Iterator[tuple[str, str]]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Quantity) and (kind, name) in _SPECIAL:
            yield label(name), _SPECIAL[kind, name](value)
        elif name not in _IDENTITY and (word := _word(value)) is not None:
            yield label(name), word


def _word(value: Any) -> str | None:
    """A field in words; None for what is missing, nested, empty or false."""
    if isinstance(value, Quantity):
        return reading(value)
    if isinstance(value, Fact):
        return statement(value) if value.value not in ((), "") else None
    if value is True:
        return "yes"
    return str(value) if isinstance(value, str | int) and value is not False else None


def _nested(record: Record) -> Iterator[tuple[str, tuple[Record, ...]]]:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, tuple) and value and all(isinstance(each, Record) for each in value):
            yield name, value


def _render(report: Report) -> str:
    return render_inventory(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="the inventory, for the screen", suffix="", render=_render)
