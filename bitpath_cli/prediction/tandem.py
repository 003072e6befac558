"""What requests take that pass stations in series: processors with quotas, and a link that bursts.

Each station serves in the order of arrival, so Lindley's recursion follows every request: it begins
when it has come and the one before it is done (Lindley, The theory of queues with a single server,
1952). No distribution is assumed: the arrivals are those that will be sent, and each draw takes
its service times from measured ones. A link carries tokens at its rate and keeps up to its burst of
them (token bucket, RFC 2697); a processor under a quota stops when the period's share is used up
(the kernel's CFS bandwidth control).
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

QUOTA_PERIOD_SECONDS: Final = 0.1
"""The kernel's default of cfs_period_us; who sets a quota rarely sets another."""


@dataclass(frozen=True, slots=True)
class Processor:
    """One server; `share` is how many seconds of its work fit into a second, None for any.

    `phase` [draws] is where in a period the quota's clock stands at the start.
    """

    share: float | None = None
    phase: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One direction of a link: bytes a second kept up [draws], and what may pass at once.

    A message of `size_bytes` alone takes `alone` seconds more than an empty one [draws].
    """

    rate: Tensor
    burst: Tensor
    size_bytes: float
    alone: Tensor


@dataclass(frozen=True, slots=True)
class Way:
    """From the edge to the centre and back: `fixed` is an empty exchange [draws].

    Of it, `edge_work` and `centre_work` keep the processors busy. A connection more than before
    takes `opening` beside that.
    """

    up: Lane
    down: Lane
    fixed: Tensor
    edge_work: Tensor
    centre_work: Tensor
    opening: Tensor


def answer_times(
    arrivals: Tensor,
    edge_work: Tensor,
    onward: Tensor,
    centre_work: Tensor,
    processors: tuple[Processor, Processor],
    way: Way | None,
) -> Tensor:
    """Seconds from each request's arrival to its answer, [requests, draws].

    `arrivals` [requests] rise; works [requests, draws] are seconds of an unshared processor; those
    `onward` [requests, draws] go on to the centre.
    """
    count = edge_work.shape[1]
    edge, centre = (_Server(each, count) for each in processors)
    if way is None:
        moments = [edge.work(at.expand(count), spent) for at, spent in _pairs(arrivals, edge_work)]
        return torch.stack(moments) - arrivals.unsqueeze(1)
    sent, received = _Bucket(way.up, count), _Bucket(way.down, count)
    connections = _Connections(len(arrivals), count)
    path = (way.fixed - way.edge_work - way.centre_work).clamp_min(0.0)
    none = torch.zeros(count, dtype=torch.float64)
    finished = []
    for index, (at, spent) in enumerate(_pairs(arrivals, edge_work)):
        goes = onward[index]
        here = edge.work(at.expand(count), spent + torch.where(goes, way.edge_work, none))
        opening = torch.where(connections.open(here, goes), way.opening, none)
        there = sent.carry(here + opening, goes) + path
        work = torch.where(goes, centre_work[index] + way.centre_work, none)
        back = received.carry(centre.work(there, work, goes), goes)
        moment = torch.where(goes, back, here)
        connections.close(index, moment, goes)
        finished.append(moment)
    return torch.stack(finished) - arrivals.unsqueeze(1)


def _pairs(arrivals: Tensor, works: Tensor) -> "zip[tuple[Tensor, Tensor]]":
    return zip(arrivals, works, strict=True)


class _Server:
    """A processor at work: when it is free, and what is left of the quota's present period."""

    def __init__(self, processor: Processor, count: int) -> None:
        self._free = torch.zeros(count, dtype=torch.float64)
        self._budget = None
        if processor.share is not None:
            self._budget = processor.share * QUOTA_PERIOD_SECONDS
        self._phase = processor.phase if processor.phase is not None else self._free
        self._period = torch.full((count,), -1.0, dtype=torch.float64)
        self._used = torch.zeros(count, dtype=torch.float64)

    def work(self, ready: Tensor, seconds: Tensor, goes: Tensor | None = None) -> Tensor:
        """When work that is ready at some moments is done; who does not go leaves no trace."""
        begin = torch.maximum(ready, self._free)
        end, period, used = self._spend(begin, seconds)
        if goes is None:
            self._free, self._period, self._used = end, period, used
        else:
            self._free = torch.where(goes, end, self._free)
            self._period = torch.where(goes, period, self._period)
            self._used = torch.where(goes, used, self._used)
        return end

    def _spend(self, begin: Tensor, seconds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if self._budget is None:
            return begin + seconds, self._period, self._used
        period = torch.floor((begin + self._phase) / QUOTA_PERIOD_SECONDS)
        used = torch.where(period > self._period, torch.zeros_like(begin), self._used)
        boundary = (period + 1) * QUOTA_PERIOD_SECONDS - self._phase
        # What fits before the period ends; work that crosses into the next is paid from it.
        now = torch.minimum((self._budget - used).clamp_min(0.0), boundary - begin)
        later = seconds - now
        whole = (torch.ceil(later / self._budget) - 1).clamp_min(0.0)
        rest = later - whole * self._budget
        waits = later > 0
        end = torch.where(waits, boundary + whole * QUOTA_PERIOD_SECONDS + rest, begin + seconds)
        return (
            end,
            torch.where(waits, period + 1 + whole, period),
            torch.where(waits, rest, used + seconds),
        )


class _Bucket:
    """A lane in use: its tokens, and when it is done with what was sent before."""

    def __init__(self, lane: Lane, count: int) -> None:
        self._lane = lane
        self._free = torch.zeros(count, dtype=torch.float64)
        self._tokens = lane.burst + torch.zeros(count, dtype=torch.float64)

    def carry(self, ready: Tensor, goes: Tensor) -> Tensor:
        """When the last byte is there."""
        lane = self._lane
        begin = torch.maximum(ready, self._free)
        tokens = torch.minimum(lane.burst, self._tokens + lane.rate * (begin - self._free))
        held = ((lane.size_bytes - tokens) / lane.rate).clamp_min(0.0)
        end = begin + held
        self._tokens = torch.where(goes, tokens + lane.rate * held - lane.size_bytes, self._tokens)
        self._free = torch.where(goes, end, self._free)
        return torch.maximum(end, ready + lane.alone)


class _Connections:
    """How many are open; one more is opened when all of them are waited on."""

    def __init__(self, requests: int, count: int) -> None:
        self._until = torch.full((requests, count), -torch.inf, dtype=torch.float64)
        self._open = torch.ones(count, dtype=torch.float64)

    def open(self, moment: Tensor, goes: Tensor) -> Tensor:
        """Where this request needs a new one."""
        busy = (self._until > moment).sum(dim=0)
        more = goes & (busy >= self._open)
        self._open = self._open + more
        return more

    def close(self, index: int, moment: Tensor, goes: Tensor) -> None:
        """It is waited on until then."""
        self._until[index] = torch.where(goes, moment, self._until[index])
