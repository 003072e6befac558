"""A workload's profile to start from: what is known is filled in, the rest is marked with `?`."""

import json
import textwrap
import tomllib
from collections.abc import Container, Iterator, Mapping
from typing import Final

from bitpath_cli.catalogue._fields import ROWS
from bitpath_cli.catalogue._reader import TO_BE_STATED
from bitpath_cli.catalogue._shape import shapes
from bitpath_cli.errors import BadValue
from bitpath_cli.model.record import Record
from bitpath_cli.model.workload import Data, Residency, Serving, Training, Work, Workload

SECTIONS: Final[Mapping[str, type[Record]]] = {
    "work": Work, "data": Data, "training": Training, "serving": Serving, "residency": Residency,
}  # fmt: skip
_WIDTH: Final = 98
_NEEDED: Final = frozenset({"data.samples"})
"""Optional in a profile, yet no training job can be judged without it."""

_HEAD: Final = (
    f'# What is marked "{TO_BE_STATED}" is yours to state: a figure as in "24 h", or, where you',
    '# only guess, { value = 24, unit = "h", status = "estimate" }.',
    "# What else a profile may say: bitpath schema workload",
)


def draft(task: str, known: Mapping[str, str], sources: Mapping[str, Mapping[str, str]]) -> str:
    """The TOML of a workload whose `known` fields, by dotted name, have these values in TOML.

    Raises BadValue for a name that a workload of this task does not have.
    """
    other = {"training": "serving", "serving": "training"}[task]
    sections = {name: record for name, record in SECTIONS.items() if name != other}
    _check_names(known, sections)
    wanted = _NEEDED if task == "training" else frozenset[str]()
    lines = [*_HEAD, *_fields("", Workload, known, wanted)]
    for name, record in sections.items():
        lines += ["", f"[{name}]", *_fields(f"{name}.", record, known, wanted)]
    for key, told in sources.items():
        lines += ["", f"[sources.{key}]", *(f"{each} = {quoted(told[each])}" for each in told)]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """As text in TOML."""
    return json.dumps(text, ensure_ascii=False)


def typed_value(text: str) -> str:
    """What was typed on the command line as a value in TOML: as it stands, else in quotes."""
    try:
        tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return quoted(text)
    return text


def _fields(
    prefix: str, record: type[Record], known: Mapping[str, str], wanted: Container[str]
) -> Iterator[str]:
    """The known fields, and of the others those that a profile cannot do without."""
    for key, shape in shapes(record).items():
        name, meaning = f"{prefix}{key}", ROWS[record][key].meaning
        if name in known:
            yield f"{key} = {known[name]}"
        elif name in wanted or (shape.required and shape.form != "section" and key != "binds"):
            yield from (f"# {line}" for line in textwrap.wrap(f"yours to state: {meaning}", _WIDTH))
            yield f'{key} = "{TO_BE_STATED}"'
    if f"{prefix}status" in known:
        yield f"status = {known[f'{prefix}status']}"


def _check_names(known: Mapping[str, str], sections: Mapping[str, type[Record]]) -> None:
    allowed = [each for each, shape in shapes(Workload).items() if shape.form != "section"]
    for name, record in sections.items():
        keys = [each for each, shape in shapes(record).items() if shape.form != "section"]
        allowed += [f"{name}.{each}" for each in keys if each != "binds"]
    allowed.append("residency.status")
    for name in known:
        if name not in allowed:
            raise BadValue("--set", name, f"NAME=VALUE, where NAME is one of {', '.join(allowed)}")
