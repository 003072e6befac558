"""What requests take that pass stations in series: processors with quotas, and a link that bursts.

A processor serves in the order of arrival, so Lindley's recursion follows every request: it begins
when it has come and the one before it is done (Lindley, The theory of queues with a single server,
1952). Messages that cross a link at the same time, each on a connection of its own, share it
(processor sharing; Kleinrock, Time-shared systems, 1967), and keep their order since all have one
size. No distribution is assumed: the arrivals are those that will be sent, and each draw takes its
service times from measured ones. A link carries tokens at its rate and keeps up to its burst of
them (token bucket, RFC 2697); a processor under a quota stops when the period's share is used up
(the kernel's CFS bandwidth control).
"""

from collections.abc import Iterator
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
    trip = _Trip(way, centre, centre_work)
    none = torch.zeros(count, dtype=torch.float64)
    finished = torch.empty_like(edge_work)
    for index, (at, spent) in enumerate(_pairs(arrivals, edge_work)):
        goes = onward[index]
        sending = torch.where(goes, way.edge_work, none)
        finished[index] = edge.work(at.expand(count), spent + sending)
        trip.begin(index, finished[index], goes)
    answered = torch.where(onward, trip.end(), finished)
    return answered - arrivals.unsqueeze(1)


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


class _Shared:
    """A lane in use: who is on it, and how many bytes each who was there from the start would have.

    All of [requests, draws] or [draws]; moments must not go back.
    """

    def __init__(self, lane: Lane, requests: int, count: int) -> None:
        self._lane = lane
        self._now = torch.zeros(count, dtype=torch.float64)
        self._tokens = lane.burst + torch.zeros(count, dtype=torch.float64)
        self._carried = torch.zeros(count, dtype=torch.float64)
        # Whoever is on the lane leaves it when so much has been carried of each.
        self._due = torch.full((requests, count), torch.inf, dtype=torch.float64)
        self._least = torch.zeros((requests, count), dtype=torch.float64)

    def enter(self, index: Tensor, moment: Tensor, goes: Tensor) -> None:
        """One message each, after all that left before that moment has been taken out."""
        held = (self._lane.size_bytes - self._tokens).clamp_min(0.0)
        left = (self._tokens - self._lane.size_bytes).clamp_min(0.0)
        self._tokens = torch.where(goes, left, self._tokens)
        _put(self._due, index, self._carried + held, goes)
        _put(self._least, index, moment + self._lane.alone, goes)

    def leaving(self, until: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Who leaves until then, at most one in each draw at a time: which, when, and where."""
        while True:
            due, index = self._due.min(dim=0)
            sharing = torch.isfinite(self._due).sum(dim=0)
            moment = self._now + (due - self._carried) * sharing / self._lane.rate
            leaves = torch.isfinite(due) & (moment <= until)
            if not bool(leaves.any()):
                break
            self._now = torch.where(leaves, moment, self._now)
            self._carried = torch.where(leaves, due, self._carried)
            _put(self._due, index, torch.full_like(due, torch.inf), leaves)
            yield index, torch.maximum(moment, _at(self._least, index)), leaves
        self._pass(until, sharing)

    def _pass(self, until: Tensor, sharing: Tensor) -> None:
        """Time in which nobody leaves; tokens gather while nobody is there."""
        spent = (until - self._now).clamp_min(0.0)
        here = sharing > 0
        more = self._lane.rate * spent
        saved = torch.minimum(self._lane.burst, self._tokens + more)
        shared = self._carried + more / sharing.clamp_min(1)
        self._tokens = torch.where(here, self._tokens, saved)
        self._carried = torch.where(here, shared, self._carried)
        self._now = torch.maximum(self._now, until)


class _Trip:
    """To the centre, through it and back, and how many connections are open for that.

    One more is opened when all of them are waited on.
    """

    def __init__(self, way: Way, centre: _Server, work: Tensor) -> None:
        requests, count = work.shape
        self._way, self._centre, self._work = way, centre, work + way.centre_work
        self._path = (way.fixed - way.edge_work - way.centre_work).clamp_min(0.0)
        self._up, self._down = (_Shared(each, requests, count) for each in (way.up, way.down))
        self._opening = torch.zeros_like(work)
        self._answered = torch.full_like(work, torch.inf)
        self._waiting = torch.zeros((requests, count), dtype=torch.bool)
        self._open = torch.ones(count, dtype=torch.float64)

    def begin(self, index: int, moment: Tensor, goes: Tensor) -> None:
        """A request of which the edge has done its part then."""
        self._carry(moment)
        busy = (self._waiting & (self._answered > moment)).sum(dim=0)
        more = goes & (busy >= self._open)
        self._open = self._open + more
        self._opening[index] = torch.where(more, self._way.opening, torch.zeros_like(moment))
        self._waiting[index] = goes
        self._up.enter(torch.full_like(moment, index, dtype=torch.int64), moment, goes)

    def end(self) -> Tensor:
        """When each was answered, [requests, draws]; endless for those that did not go."""
        over = torch.full_like(self._open, torch.inf)
        self._carry(over)
        self._answer(over)
        return self._answered

    def _carry(self, until: Tensor) -> None:
        for index, moment, leaves in self._up.leaving(until):
            there = moment + self._path + _at(self._opening, index)
            back = self._centre.work(there, _at(self._work, index), leaves)
            self._answer(torch.where(leaves, back, torch.zeros_like(back)))
            self._down.enter(index, back, leaves)
        self._answer(torch.where(torch.isfinite(until), until, torch.zeros_like(until)))

    def _answer(self, until: Tensor) -> None:
        for index, moment, leaves in self._down.leaving(until):
            _put(self._answered, index, moment, leaves)


def _at(table: Tensor, index: Tensor) -> Tensor:
    """In each draw the row that is named."""
    return table.gather(0, index.unsqueeze(0)).squeeze(0)


def _put(table: Tensor, index: Tensor, values: Tensor, where: Tensor) -> None:
    """In each draw the row that is named, where it is said."""
    kept = torch.where(where, values, _at(table, index))
    table.scatter_(0, index.unsqueeze(0), kept.unsqueeze(0))
