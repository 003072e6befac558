"""What is true of this machine: one file per source of truth, each ending in a `PROBE`.

A probe is *read* plus *parse*: read opens paths below the host's root, parse takes text. What the
machine refuses to tell is a Missing; only our own bug is an exception.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component


@dataclass(frozen=True, slots=True)
class Question:
    """What the user asked about: a directory, peers, and whether a subprocess may be started."""

    directory: str = "."
    peers: tuple[str, ...] = ()
    ask_libraries: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """The room's contract: what a probe is about, and how it finds the components."""

    summary: str
    find: Callable[[Host, Question], tuple[Component, ...]]
