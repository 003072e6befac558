"""What a field of a noun takes in TOML, read from the noun's own types, so that both agree."""

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from bitpath_cli.model.device import Device
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.model.site import Site
from bitpath_cli.model.workload import Limit, Workload

Form = Literal["figure", "limit", "figures", "choice", "text", "flag", "number", "list", "section"]
_PLAIN: Final[dict[Any, Form]] = {
    Quantity: "figure", Limit: "limit", str: "text", bool: "flag", int: "number", float: "number",
}  # fmt: skip

GIVEN_BY_PLACE: Final = frozenset({(Workload, "name"), (Device, "name"), (Site, "name"),
                                   (Workload, "is_example"), (Site, "is_example")})  # fmt: skip
"""A profile is called as its file is, and it is an example when it is one of ours."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of a field; `inner` is the record of a section or the shape of a list's elements."""

    form: Form
    required: bool = True
    may_miss: bool = False
    choices: tuple[str, ...] = ()
    record: type[Record] | None = None
    element: "Shape | None" = None
    is_whole: bool = False


@cache
def shapes(record: type[Record]) -> dict[str, Shape]:
    """Every key of a record's table and its shape."""
    return {
        name: _shape(field.annotation, field.is_required())
        for name, field in record.model_fields.items()
        if (record, name) not in GIVEN_BY_PLACE
    }


def _shape(annotation: Any, required: bool) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        (kept,) = [each for each in arguments if each not in (NoneType, Missing)]
        missing = Missing in arguments
        inner = _shape(kept, required=required and not missing)
        return Shape(
            inner.form, inner.required, missing, inner.choices, inner.record, inner.element
        )
    if origin is Literal:
        return Shape("choice", required, choices=arguments)
    if origin is dict:
        return Shape("figures", required, choices=get_args(arguments[0]))
    if origin is tuple:
        return Shape("list", required, element=_shape(arguments[0], required=True))
    if annotation in _PLAIN:
        return Shape(_PLAIN[annotation], required, is_whole=annotation is int)
    return Shape("section", required, record=annotation)
