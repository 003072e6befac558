"""When requests arrive, and an open loop that answers them: late is late from the arrival on.

Arrivals are drawn before anything runs, so a slow answer does not delay those that follow it on
paper: no coordinated omission. MLPerf Inference's server scenario is this with Poisson arrivals.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from bitpath_cli.host import monotonic

Arrival = Literal["poisson", "periodic"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests at so many a second for so many seconds, of one sample each."""

    rate: float
    seconds: float
    arrival: Arrival = "poisson"
    seed: int = 1

    @property
    def count(self) -> int:
        """How many requests that is."""
        return max(1, round(self.rate * self.seconds))


# The kernel wakes a sleeper late by about this much; the rest of a wait is spun.
_SPUN_SECONDS: Final = 3e-4


def draw_arrivals(rate: float, count: int, arrival: Arrival, seed: int) -> tuple[float, ...]:
    """Seconds after the start at which each of `count` requests arrives, at so many a second."""
    if arrival == "periodic":
        return tuple(index / rate for index in range(count))
    source, at_seconds, found = Random(seed), 0.0, []  # noqa: S311
    for _ in range(count):
        at_seconds += source.expovariate(rate)
        found.append(at_seconds)
    return tuple(found)


def answer_in_order(
    answer: Callable[[int], object],
    arrivals: Sequence[float],
    clock: Callable[[], float] = monotonic,
    wait_until: Callable[[float], None] | None = None,
) -> tuple[list[float], float]:
    """One server, first come first served: each latency from its arrival, and the busy seconds."""
    wait = wait_until or _wait_until
    latencies: list[float] = []
    busy_seconds = 0.0
    start = clock()
    for index, arrival in enumerate(arrivals):
        if clock() < start + arrival:
            wait(start + arrival)
        begin = clock()
        answer(index)
        end = clock()
        busy_seconds += end - begin
        latencies.append(end - start - arrival)
    return latencies, busy_seconds


def _wait_until(moment: float) -> None:
    left = moment - monotonic()
    if left > _SPUN_SECONDS:
        time.sleep(left - _SPUN_SECONDS)
    while monotonic() < moment:
        pass
