"""The mouth: one file per verb, each of which parses, calls one workflow, renders and exits.

A file ends in a `COMMAND` and is called what the user types; a folder is a command with commands of
its own and its `__init__` ends in a `GROUP`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Panel = Literal["Look and measure", "Decide", "Reports and profiles"]


@dataclass(frozen=True, slots=True)
class Example:
    """A command line as it is typed, and what it does in a few words."""

    line: str
    does: str


@dataclass(frozen=True, slots=True)
class Command:
    """The room's contract: the verb, whose docstring is its help, and examples that teach it."""

    run: Callable[..., None]
    panel: Panel
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The same for a folder of commands."""

    summary: str
    panel: Panel
    examples: tuple[Example, ...]
