"""How one function comes to life in every rank: one file per launcher, each ending in a `LAUNCHER`.

Every rank runs the same code with its own `Ranks`; rank 0's return value is the launcher's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.protocols import Ranks

Send = Callable[[str], None]
Work = Callable[[Ranks, str, Send], str]
"""What a rank does: its ranks, a JSON request and a way to send words in, a JSON answer out."""


def ignore(_text: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process stands among those that were started on several hosts.

    `node` of `nodes` are what was started: hosts, or ranks where `called` says so. They meet at
    `host`:`port`; `keeps_store` says that this one listens there itself. `address` on `interface`
    is how this host is reached. `turn` counts the meetings of one command at the same address.
    """

    node: int
    nodes: int
    host: str
    port: int
    address: str
    interface: str
    hosts: int
    keeps_store: bool
    join_seconds: float = 60.0
    progress_seconds: float = 30.0
    called: str = "node"
    turn: int = 0

    @property
    def meeting(self) -> str:
        """HOST:PORT, as it is typed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def most_on_one_host(self) -> int:
        """How many of `nodes` share a host at most, where they are spread evenly."""
        return -(-self.nodes // self.hosts)


@dataclass(frozen=True, slots=True)
class Launch:
    """How many ranks to start here, with how many threads each, and how long they may take.

    `send` hears what the first rank here sends before its answer. `task` is what all nodes must
    have been told alike, in words.
    """

    size: int
    threads: int
    limit_seconds: float
    join_seconds: float = 60.0
    backend: str = "gloo"
    place: Place | None = None
    send: Send = ignore
    task: str = ""


@dataclass(frozen=True, slots=True)
class Launcher:
    """The room's contract: run the work in every rank and return rank 0's answer."""

    summary: str
    run: Callable[[Launch, Work, str], str]
