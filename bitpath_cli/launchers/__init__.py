"""How one function comes to life in every rank: one file per launcher, each ending in a `LAUNCHER`.

Every rank runs the same code with its own `Ranks`; rank 0's return value is the launcher's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.protocols import Ranks

Work = Callable[[Ranks, str], str]
"""What a rank does: its ranks and a JSON request in, a JSON answer out."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How many ranks to start here, with how many threads each, and how long they may take."""

    size: int
    threads: int
    limit_seconds: float
    join_seconds: float = 60.0
    backend: str = "gloo"


@dataclass(frozen=True, slots=True)
class Launcher:
    """The room's contract: run the work in every rank and return rank 0's answer."""

    summary: str
    run: Callable[[Launch, Work, str], str]
