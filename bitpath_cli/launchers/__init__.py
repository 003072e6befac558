"""How one function comes to life in every rank: one file per launcher, each ending in a `LAUNCHER`.

Every rank runs the same code with its own `Ranks`; rank 0's return value is the launcher's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.protocols import Ranks

Work = Callable[[Ranks, str], str]
"""What a rank does: its ranks and a JSON request in, a JSON answer out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process stands among those that were started on several hosts.

    `node` of `nodes` are what was started: hosts, or ranks where `called` says so. They meet at
    `host`:`port`; `keeps_store` says that node 0 listens there itself. `address` on `interface` is
    how this host is reached.
    """

    node: int
    nodes: int
    host: str
    port: int
    address: str
    interface: str
    hosts: int
    keeps_store: bool = True
    join_seconds: float = 60.0
    progress_seconds: float = 30.0
    called: str = "node"


@dataclass(frozen=True, slots=True)
class Launch:
    """How many ranks to start here, with how many threads each, and how long they may take."""

    size: int
    threads: int
    limit_seconds: float
    join_seconds: float = 60.0
    backend: str = "gloo"
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Launcher:
    """The room's contract: run the work in every rank and return rank 0's answer."""

    summary: str
    run: Callable[[Launch, Work, str], str]
