"""The largest rate at which so large a share of requests is answered in time.

Bisection over episodes of load, on the logarithm of the rate; the answer is where the isotonic
regression of the late share crosses what is allowed (Robertson, Wright and Dykstra, Order
Restricted Statistical Inference, 1988), and its interval a bootstrap over whole episodes, because
requests of one episode wait for each other.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bitpath_cli.stats import LEVEL, Interval, quantile

_LOWEST_UTILISATION: Final = 0.02
_RESTART_RATIO: Final = 1.05
_WIDENED: Final = 1.15
_DRAWS: Final = 400


@dataclass(frozen=True, slots=True)
class Episode:
    """Requests that came at one rate, and how many of them were answered too late."""

    rate: float
    requests: int
    late: int


class Bisection:
    """Which rate to try next; `capacity` requests a second is what nobody can pass for long."""

    def __init__(self, capacity: float) -> None:
        """Starts with the range that a queue with one server can have."""
        self._capacity = capacity
        self._low = _LOWEST_UTILISATION * capacity
        self._high = capacity

    def next_rate(self) -> float:
        """The middle of what is left, and near the boundary again once that is narrow."""
        return math.sqrt(self._low * self._high)

    def learn(self, rate: float, is_in_time: bool) -> None:
        """Halve the range by an episode's verdict; a narrow one is widened, to look once more."""
        if is_in_time:
            self._low = max(self._low, rate)
        else:
            self._high = min(self._high, rate)
        if self._high < _RESTART_RATIO * self._low:
            self._low /= _WIDENED
            self._high = min(self._capacity, self._high * _WIDENED)


def find_rate(episodes: Sequence[Episode], allowed: float, capacity: float) -> Interval | None:
    """The rate with its 95 % interval; None where even the slowest episode had too many late."""
    value = _cross(episodes, allowed, capacity)
    if value is None:
        return None
    source = Random(len(episodes))  # noqa: S311
    drawn = [
        _cross(source.choices(episodes, k=len(episodes)), allowed, capacity) for _ in range(_DRAWS)
    ]
    crossings = [each for each in drawn if each is not None]
    passed = [each.rate for each in episodes if each.late <= allowed * each.requests]
    failed = [each.rate for each in episodes if each.late > allowed * each.requests]
    # The resolution of the rates that were tried bounds it as well.
    below = max((each for each in passed if each <= value), default=value)
    above = min((each for each in failed if each >= value), default=capacity)
    tail = (1 - LEVEL) / 2
    low = min(below, quantile(crossings, tail), value)
    high = max(above, quantile(crossings, 1 - tail), value)
    return Interval(value, low, min(high, max(capacity, value)), LEVEL)


def _cross(episodes: Sequence[Episode], allowed: float, capacity: float) -> float | None:
    """Where the late share, which can only grow with the rate, comes to what is allowed."""
    steps = _fit_growing(episodes)
    if steps[0][1] > allowed:
        return None
    for (rate, share), (next_rate, next_share) in itertools.pairwise(steps):
        if next_share > allowed:
            part = (allowed - share) / (next_share - share)
            return float(rate * (next_rate / rate) ** part)
    return min(capacity, steps[-1][0])


def _fit_growing(episodes: Sequence[Episode]) -> list[tuple[float, float]]:
    """Every rate with its fitted late share: neighbours that would fall are pooled."""
    pools: list[tuple[list[float], int, int]] = []
    for each in sorted(episodes, key=lambda one: one.rate):
        rates, requests, late = [each.rate], each.requests, each.late
        while pools and _must_pool(pools[-1], rates[0], requests, late):
            before_rates, before_requests, before_late = pools.pop()
            rates = before_rates + rates
            requests, late = requests + before_requests, late + before_late
        pools.append((rates, requests, late))
    return [(rate, late / requests) for rates, requests, late in pools for rate in rates]


def _must_pool(before: tuple[list[float], int, int], rate: float, requests: int, late: int) -> bool:
    rates, before_requests, before_late = before
    return rates[-1] == rate or before_late * requests > late * before_requests
