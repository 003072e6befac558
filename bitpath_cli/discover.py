"""Lists the members of a room: modules whose names do not begin with an underscore."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def names(room: ModuleType) -> tuple[str, ...]:
    """The members' names in order, without importing them."""
    return tuple(
        sorted(each.name for each in iter_modules(room.__path__) if not each.name.startswith("_"))
    )


def member(room: ModuleType, name: str, constant: str, contract: type[T]) -> T:
    """The constant in which a member ends, such as `PROBE`; TypeError for another type."""
    found = getattr(import_module(f"{room.__name__}.{name}"), constant)
    if not isinstance(found, contract):
        raise TypeError(f"{room.__name__}.{name}.{constant} is not a {contract.__name__}")
    return found
