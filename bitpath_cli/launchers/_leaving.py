"""What a node that is told to end (Ctrl-C, SIGTERM) says to the others before it goes."""

import contextlib
import signal
from collections.abc import Iterator

from bitpath_cli.errors import PeerFailed


class Interrupted(PeerFailed):
    """This node was told to end; its words are for the others, who read them as PeerFailed."""

    def __init__(self, who: str) -> None:
        """`who` is the node as the others know it."""
        super().__init__(
            f"{who[0].upper()}{who[1:]} was interrupted there; all were ended.",
            "Ctrl-C was pressed there, or a signal ended the command.",
            "Type the command again on every host.",
        )


@contextlib.contextmanager
def heeding_signals(who: str) -> Iterator[None]:
    """Within it SIGTERM, which is how a fresh process is told to end, raises Interrupted."""

    def leave(_number: int, _frame: object) -> None:
        # A second one must not break off the farewell.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted(who)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
