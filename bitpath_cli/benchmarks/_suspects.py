"""Which rank, host or link is the reason why all are slow, by medians that outliers do not move."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

Pair = tuple[int, int]

SLOW: Final = 0.6
"""A link below this share of the others' median bandwidth is slow."""

_LEAST_OTHERS: Final = 2
# Normal deviates per median absolute deviation, and how many of them are beyond chance.
_SIGMA: Final = 1.4826
_BEYOND: Final = 5.0
_LAST_SHARE: Final = 0.8
_LATE_SHARE: Final = 0.1
_LEAST_ITERATIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Suspect:
    """A host (one rank) or a link (two), and what share of the others' bandwidth it has."""

    ranks: tuple[int, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Late:
    """The rank that mostly arrives last: how often, and how long after the next to last."""

    rank: int
    share: float
    seconds: float


def find_slow(bandwidths: Mapping[Pair, float]) -> tuple[Suspect, ...]:
    """Hosts all of whose links are slow, then single slow links between the other hosts.

    One slow host takes away half of four hosts' pairs, so hosts are looked for first, each against
    the pairs that it has no part in.
    """
    left = dict(bandwidths)
    found: list[Suspect] = []
    while (suspect := _slowest_host(left)) is not None:
        found.append(suspect)
        left = {pair: value for pair, value in left.items() if suspect.ranks[0] not in pair}
    return (*found, *_slow_links(left))


def find_late(lateness: Sequence[Sequence[float]], transfer_seconds: float) -> Late | None:
    """The rank that holds up the others, from each rank's lateness by iteration; None if none does.

    It is the last in four of five iterations, and all others wait for it for a tenth of the
    transfer or longer.
    """
    iterations = len(lateness[0]) if lateness else 0
    if iterations < _LEAST_ITERATIONS or len(lateness) < 2:
        return None
    lasts = last_shares(lateness)
    rank = max(range(len(lateness)), key=lambda each: lasts[each])
    behind = [
        lateness[rank][at] - max(other[at] for each, other in enumerate(lateness) if each != rank)
        for at in range(iterations)
    ]
    seconds = median(behind)
    if lasts[rank] < _LAST_SHARE or seconds < _LATE_SHARE * transfer_seconds:
        return None
    return Late(rank, lasts[rank], seconds)


def last_shares(lateness: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The share of iterations in which each rank came last."""
    iterations = len(lateness[0])
    lasts = [
        max(range(len(lateness)), key=lambda rank: lateness[rank][at]) for at in range(iterations)
    ]
    return tuple(lasts.count(rank) / iterations for rank in range(len(lateness)))


def _slowest_host(bandwidths: Mapping[Pair, float]) -> Suspect | None:
    """The host whose best link is slow beside the pairs of all others."""
    suspects = []
    for host in sorted({rank for pair in bandwidths for rank in pair}):
        own = [value for pair, value in bandwidths.items() if host in pair]
        others = [value for pair, value in bandwidths.items() if host not in pair]
        if len(own) >= _LEAST_OTHERS and others and max(own) < SLOW * median(others):
            suspects.append(Suspect((host,), median(own) / median(others)))
    return min(suspects, key=lambda each: each.share, default=None)


def _slow_links(bandwidths: Mapping[Pair, float]) -> tuple[Suspect, ...]:
    """Links far below the median by their share and by how the others scatter."""
    if len(bandwidths) <= _LEAST_OTHERS:
        return ()
    logarithms = {pair: math.log(value) for pair, value in bandwidths.items()}
    middle = median(logarithms.values())
    spread = _SIGMA * median(abs(each - middle) for each in logarithms.values())
    limit = min(math.log(SLOW), -_BEYOND * spread)
    return tuple(
        Suspect(pair, math.exp(each - middle))
        for pair, each in logarithms.items()
        if each - middle < limit
    )
