"""What a placement is going to do, from what was measured of its parts: the same arrivals followed.

Work is drawn from the measured samples, once for each request in every draw; machines drift
between measuring and running, and that is drawn once for each draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.benchmarks._load import Traffic, draw_arrivals
from bitpath_cli.cost.uncertainty import MEASURED_FLOOR
from bitpath_cli.prediction.tandem import (
    QUOTA_PERIOD_SECONDS,
    Lane,
    Processor,
    Way,
    answer_times,
)
from bitpath_cli.workflows._edge_part import POOL, Placement
from bitpath_cli.workflows._serving_alone import AtCentre, AtEdge, Parts
from bitpath_cli.workflows._serving_link import Direction, Exchanged, Passage

DRAWS: Final = 200
_SEED: Final = 41
_HEADER_BYTES: Final = 100
_DISGUISED_BELOW: Final = 0.05


@dataclass(frozen=True, slots=True)
class Learnt:
    """All that was measured beside the candidates; `quotas` and `threads` of edge and centre.

    The model alone is measured in rounds, between the candidates: how rounds differ is how far a
    machine drifts.
    """

    parts: Parts
    edges: tuple[AtEdge, ...]
    centres: tuple[AtCentre, ...]
    passage: Passage | None
    quotas: tuple[float | None, float | None]
    threads: tuple[int, int]

    @property
    def service_seconds(self) -> float:
        """The whole model at the edge, alone."""
        return median(median(each.whole) for each in self.edges)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Latencies [requests, draws], and means of a request [draws]: processor seconds and bytes."""

    latencies: Tensor
    seconds: Tensor
    edge_cpu: Tensor
    centre_cpu: Tensor
    sent: Tensor
    received: Tensor
    utilisation: float


def best_split(learnt: Learnt) -> int | None:
    """The module before which a split answers soonest; None where each is edge or cloud disguised.

    One request at a time: what is queued for does not move the best place much.
    """
    passage, edge = learnt.passage, learnt.edges[0]
    if passage is None or not learnt.centres:
        return None
    empty, centre = median(passage.empty.seconds), learnt.centres[0]

    def answer(module: int) -> float:
        crossing = passage.up.alone(learnt.parts.entering_bytes[module], empty)
        there = median(centre.whole) * edge.share_from(module)
        return median(edge.until(module)) + crossing + there

    found = [
        module
        for module in range(1, learnt.parts.modules)
        if _DISGUISED_BELOW < edge.share_from(module) < 1 - _DISGUISED_BELOW
    ]
    return min(found, key=answer) if found else None


def forecast(
    learnt: Learnt, placement: Placement, traffic: Traffic, going_on: Sequence[bool] = ()
) -> Forecast:
    """The placement under that traffic; only `edge` can be foretold without a way to a centre.

    `going_on` says which of the pool a cascade sends on, where that is known; its share elsewhere.
    """
    draw = _Chance()
    arrivals = torch.tensor(
        draw_arrivals(traffic.rate, traffic.count, traffic.arrival, traffic.seed),
        dtype=torch.float64,
    )
    count = len(arrivals)
    here = draw.work([_here(each, placement) for each in learnt.edges], count) * draw.drift()
    handed = here + median(each.hand_over for each in learnt.edges)
    onward = draw.escalated(count, going_on or _escalated(placement))
    there, sizes = torch.zeros_like(here), message_sizes(learnt.parts, placement)
    way = None
    if placement.kind != "edge":
        if not learnt.centres or learnt.passage is None:
            raise ValueError(f"nothing was measured on the way that {placement} takes")
        share = _share_there(learnt.edges, placement)
        rounds = [tuple(share * each for each in centre.whole) for centre in learnt.centres]
        there = draw.work(rounds, count)
        there = there * draw.drift() * onward
        way = _way(learnt.passage, sizes, draw)
    busy = (_busy(learnt.edges), _busy(learnt.centres))
    processors = tuple(draw.processor(*each) for each in zip(learnt.quotas, busy, strict=True))
    latencies = answer_times(arrivals, handed, onward, there, (processors[0], processors[1]), way)
    ends = (arrivals.unsqueeze(1) + latencies).amax(dim=0)
    return _account(learnt, sizes, latencies, ends, (here, there), onward, traffic.rate)


class _Chance:
    """Draws that are the same at every call in the same order, so that predictions repeat."""

    def __init__(self) -> None:
        self._source = torch.Generator().manual_seed(_SEED)

    def drift(self) -> Tensor:
        """A machine's luck in each draw."""
        normal = torch.randn(DRAWS, generator=self._source, dtype=torch.float64)
        return torch.exp(MEASURED_FLOOR * normal)

    def work(self, rounds: Sequence[tuple[float, ...]], count: int) -> Tensor:
        """For each draw one of the rounds, for each request one of its measured times."""
        longest = max(len(each) for each in rounds)
        rows = [(each * -(-longest // len(each)))[:longest] for each in rounds]
        taken = torch.randint(len(rounds), (DRAWS,), generator=self._source)
        picked = torch.randint(longest, (count, DRAWS), generator=self._source)
        return torch.tensor(rows, dtype=torch.float64)[taken, picked]

    def escalated(self, count: int, share: float | Sequence[bool]) -> Tensor:
        """Which requests go on: always the same of the pool that they are taken from in turn."""
        if not isinstance(share, float):
            return torch.tensor(share)[torch.arange(count) % POOL].unsqueeze(1).expand(-1, DRAWS)
        chance = torch.rand(POOL, DRAWS, generator=self._source, dtype=torch.float64)
        return (chance < share)[torch.arange(count) % POOL]

    def processor(self, quota: float | None, busy: float) -> Processor:
        """A server that may use so many processors, of which its work keeps `busy` occupied."""
        if quota is None or quota >= busy:
            return Processor()
        phase = torch.rand(DRAWS, generator=self._source, dtype=torch.float64)
        return Processor(quota / busy, phase * QUOTA_PERIOD_SECONDS)


def _busy(rounds: Sequence[AtEdge | AtCentre]) -> float:
    return median([each.busy for each in rounds]) if rounds else 1.0


def _share_there(edges: Sequence[AtEdge], placement: Placement) -> float:
    """What of the whole model's time is left for the centre."""
    if placement.kind != "split":
        return 1.0
    return median(each.share_from(placement.split) for each in edges)


def _here(edge: AtEdge, placement: Placement) -> tuple[float, ...]:
    whole = {"edge": edge.whole, "cloud": (0.0,), "cascade": edge.small}
    return whole[placement.kind] if placement.kind in whole else edge.until(placement.split)


def _escalated(placement: Placement) -> float:
    return {"edge": 0.0, "cascade": placement.escalated}.get(placement.kind, 1.0)


def message_sizes(parts: Parts, placement: Placement) -> tuple[int, int]:
    """Bytes of the messages there and back."""
    sent = parts.entering_bytes[placement.split if placement.kind == "split" else 0]
    return sent + _HEADER_BYTES, parts.answer_bytes + _HEADER_BYTES


def _way(passage: Passage, sizes: tuple[int, int], draw: _Chance) -> Way:
    empty = median(passage.empty.seconds)
    luck = draw.drift()

    def lane(direction: Direction, size: int) -> Lane:
        speed = draw.drift()
        return Lane(
            rate=direction.rate * speed, burst=direction.burst(empty) + torch.zeros_like(speed),
            size_bytes=size, alone=direction.alone(size, empty) / speed,
        )  # fmt: skip

    def work(found: Exchanged, *, at_edge: bool) -> Tensor:
        spent = found.edge_cpu if at_edge else found.centre_cpu
        return torch.full_like(luck, spent)

    return Way(
        up=lane(passage.up, sizes[0]), down=lane(passage.down, sizes[1]), fixed=empty * luck,
        edge_work=work(passage.empty, at_edge=True), centre_work=work(passage.empty, at_edge=False),
        opening=passage.opening(sizes[0]) * luck,
    )  # fmt: skip


def _account(
    learnt: Learnt,
    sizes: tuple[int, int],
    latencies: Tensor,
    ends: Tensor,
    works: tuple[Tensor, Tensor],
    onward: Tensor,
    rate: float,
) -> Forecast:
    share = onward.double().mean(dim=0)
    here, there = (each.mean(dim=0) for each in works)
    edge_cpu, centre_cpu = here * _busy(learnt.edges), torch.zeros_like(share)
    sent = received = torch.zeros_like(share)
    if learnt.passage is not None and learnt.centres:
        way = learnt.passage
        edge_cpu = edge_cpu + share * way.processor(*sizes, at_edge=True)
        centre_cpu = there * _busy(learnt.centres) + share * way.processor(*sizes, at_edge=False)
        up, down = way.wire_bytes(*sizes) or sizes
        sent, received = share * up, share * down
    shares = (
        min(1.0, limit) if limit is not None else 1.0 for limit in learnt.quotas
    )  # fmt: skip
    busiest = max(
        rate * float(used.mean()) / limit for used, limit in zip((here, there), shares, strict=True)
    )
    return Forecast(latencies, ends, edge_cpu, centre_cpu, sent, received, busiest)
