"""Several pieces of work at the same time, a thread each, and how long all of them took."""

import threading
from collections.abc import Callable, Sequence

from bitpath_cli.host import monotonic


def run_at_once(pieces: Sequence[Callable[[], None]], refusal: type[Exception]) -> float:
    """Seconds from the common start to the end of the last piece.

    A piece may end in a `refusal`; the first of them is raised once all pieces have ended. What
    interrupts the waiting, such as a signal, leaves no thread that would hold up the end.
    """
    gate = threading.Event()
    ends: list[float] = []
    refusals: list[Exception] = []

    def work(piece: Callable[[], None]) -> None:
        gate.wait()
        try:
            piece()
        except refusal as error:
            refusals.append(error)
        ends.append(monotonic())

    threads = [threading.Thread(target=work, args=(each,), daemon=True) for each in pieces]
    for thread in threads:
        thread.start()
    begin = monotonic()
    gate.set()
    for thread in threads:
        thread.join()
    if refusals:
        raise refusals[0]
    return max(ends) - begin
