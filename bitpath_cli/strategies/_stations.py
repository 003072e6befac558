"""Where requests are answered: the queue at each place, the way to the centre, its queue."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.elasticity import cold_share, paid_nodes
from bitpath_cli.prediction.latency import Wait, likely_wait, percentile_of_sum, sharing_wait
from bitpath_cli.strategies import ServicePlans
from bitpath_cli.strategies._answering import Answering, Nodes, answering
from bitpath_cli.strategies._columns import HOURS
from bitpath_cli.strategies._world import World


@dataclass(frozen=True, slots=True)
class Station:
    """Nodes that share one queue, of which there are `queues`; [C, 1] or [C, D].

    `crowd` is requests a second and node in the fullest hour. `cold` seconds are added to so large
    a share `cold_part` of the requests, and `billed_least` seconds of each are paid for, where
    machines are rented by the request.
    """

    nodes: Nodes
    queues: Tensor
    crowd: Tensor
    cold: Tensor
    cold_part: Tensor
    billed_least: Tensor
    answer: Answering
    present: Tensor

    def wait(self) -> Wait:
        """The wait in the worst hour; none where the plan has no such nodes."""
        found = self.answer.waiting
        return Wait(found.chance * self.present, found.rate, found.stable | ~self.present)

    @property
    def peak_utilisation(self) -> Tensor:
        """What the nodes' time is taken up by in the fullest hour."""
        full = self.crowd * self.answer.occupancy
        return torch.where(self.nodes.by_request | ~self.present, torch.zeros_like(full), full)

    @property
    def kept(self) -> Tensor:
        """Nodes that are paid for on the average of a day, [C, D]; busy ones if by the request."""
        busy = self.nodes.mean * torch.maximum(self.answer.service, self.billed_least)
        held = torch.where(self.nodes.by_request, busy, self.nodes.kept + torch.zeros_like(busy))
        return torch.where(self.present, held, torch.zeros_like(held))

    @property
    def working(self) -> Tensor:
        """How many nodes' worth of time is worked, on the average."""
        return torch.minimum(self.kept, self.nodes.mean * self.answer.working)

    @property
    def powered(self) -> Tensor:
        """How many nodes draw power for this alone, idle or not."""
        return torch.where(self.nodes.by_request, self.working, self.kept)

    def cold_at(self, level: float) -> Tensor:
        """What a cold start adds to the percentile: all of it where it meets that many requests."""
        meets = self.present & (self.cold_part > 1 - level)
        return torch.where(meets, self.cold, torch.zeros_like(self.cold))


@dataclass(frozen=True, slots=True)
class Path:
    """What a request crosses on its way to the centre and back, [C, D]."""

    seconds: Tensor
    upload: Tensor
    uplink_wait: Wait
    uplink_load: Tensor
    link_seconds: Tensor
    bytes_moved: Tensor
    reply_bytes: Tensor


def escalated_share(plans: ServicePlans, world: World, serving: Serving) -> Tensor:
    """The share of requests that the centre answers, [C, D]; that of a cascade has a spread."""
    planned = plans.escalated.unsqueeze(1)
    if serving.cascade is None:
        return planned + torch.zeros((1, world.draws.count), dtype=torch.float64)
    drawn = world.of("cascade.escalated", serving.cascade.escalated).clamp_max(1.0)
    return torch.where(plans.is_cascade.unsqueeze(1), drawn, planned)


def stations(
    plans: ServicePlans,
    world: World,
    serving: Serving,
    places: Tensor,
    rate: Tensor,
    escalated: Tensor,
) -> tuple[Station, Station]:
    """The queue at each place, and the one at the centre."""
    here, there = _parts(plans, world, serving, torch.ones_like(escalated))
    busiest = max(serving.load_curve, default=1.0)
    mean = rate + torch.zeros_like(escalated)
    servers = plans.count.unsqueeze(1).clamp_min(1.0)
    edge = Nodes(
        plans.machine, plans.tenure, plans.precision, here, plans.batch, servers,
        peak=mean * busiest, mean=mean, kept=servers,
    )  # fmt: skip
    central = _central_nodes(plans, world, serving, rate * places * escalated, there)
    factors = _factors(serving)
    crowd = central.mean * (factors / plans.hours.clamp_min(1.0)).amax(dim=1, keepdim=True)
    cold, cold_part = _cold(world, serving, central)
    none = torch.zeros_like(mean)
    return (
        Station(
            edge, places, mean * busiest / servers, none, none, none,
            answering(world, serving, edge), plans.count.unsqueeze(1) > 0,
        ),
        Station(
            central, torch.ones_like(places), crowd, cold, cold_part, _billed_least(world, none),
            answering(world, serving, central), plans.central_count.unsqueeze(1) > 0,
        ),
    )  # fmt: skip


def _parts(
    plans: ServicePlans, world: World, serving: Serving, one: Tensor
) -> tuple[Tensor, Tensor]:
    """The part of the model's work that is done at the place and at the centre, [C, D]."""
    here, there = one, one
    if serving.cascade is not None:
        small = world.of("cascade.edge_work", serving.cascade.edge_work)
        here = torch.where(plans.is_cascade.unsqueeze(1), small, here)
    for index, split in enumerate(serving.splits):
        cut = (plans.split == index).unsqueeze(1)
        first = world.of(f"splits.{index}.edge_work", split.edge_work).clamp_max(1.0)
        here, there = torch.where(cut, first, here), torch.where(cut, 1 - first, there)
    return here, there


def _central_nodes(
    plans: ServicePlans, world: World, serving: Serving, mean: Tensor, part: Tensor
) -> Nodes:
    """The nodes at the centre in the hour in which requests wait the longest."""
    hours, factors = plans.hours.clamp_min(1.0), _factors(serving)
    kept = _kept(plans, world)

    def at(hour: Tensor) -> Nodes:
        return Nodes(
            plans.central_machine, plans.central_tenure, plans.precision, part, plans.batch,
            servers=hours.gather(1, hour.unsqueeze(1)), peak=mean * factors[hour].unsqueeze(1),
            mean=mean, kept=kept,
        )  # fmt: skip

    fullest = at((factors / hours).argmax(dim=1))
    if bool((hours == hours[:, :1]).all()):
        return fullest
    occupancy = (mean * answering(world, serving, fullest).occupancy).mean(dim=1, keepdim=True)
    return at(likely_wait(hours, occupancy * factors / hours).argmax(dim=1))


def _kept(plans: ServicePlans, world: World) -> Tensor:
    """Nodes paid for on the average of a day, those that are starting up included."""
    cloud = world.question.site.cloud
    if cloud is None:
        return plans.hours.mean(dim=1, keepdim=True).clamp_min(1.0)
    lag = world.of("cloud.start_up", cloud.start_up) / world.lever("fixed_times")
    return paid_nodes(plans.hours, lag).clamp_min(1.0)


def _factors(serving: Serving) -> Tensor:
    return torch.tensor(serving.load_curve or (1.0,) * HOURS, dtype=torch.float64)


def _cold(world: World, serving: Serving, nodes: Nodes) -> tuple[Tensor, Tensor]:
    """Seconds of a cold start, and the share of requests that meet one, [C, D]."""
    none = torch.zeros_like(nodes.mean)
    cloud = world.question.site.cloud
    if cloud is None or not bool(nodes.by_request.any()):
        return none, none
    start, keep = cloud.cold_start, cloud.keep_warm
    if not (isinstance(start, Quantity) and isinstance(keep, Quantity)):
        return none, none
    seconds = world.of("cloud.cold_start", start) / world.lever("fixed_times")
    idle = world.of("cloud.keep_warm", keep)
    missed = cold_share(nodes.mean, _factors(serving), idle, serving.arrival)
    return torch.where(nodes.by_request, seconds, none), torch.where(nodes.by_request, missed, none)


def _billed_least(world: World, none: Tensor) -> Tensor:
    cloud = world.question.site.cloud
    if cloud is None or not isinstance(cloud.billed_least, Quantity):
        return none
    return world.of("cloud.billed_least", cloud.billed_least) + none


def path_to_centre(
    plans: ServicePlans, world: World, serving: Serving, escalated_rate: Tensor
) -> Path:
    """An open connection: the round trip, both transfers, and who else is on the place's uplink."""
    link = world.question.site.uplink
    wide = world.lever("network_bandwidth")
    up = world.of("uplink.up", link.up) * wide
    down = world.of("uplink.down", link.down) * wide
    round_trip = world.of("uplink.round_trip", link.round_trip) / world.lever("network_latency")
    request = world.of("serving.request_bytes", serving.request_bytes)
    for index, split in enumerate(serving.splits):
        sent = world.of(f"splits.{index}.sent_bytes", split.sent_bytes)
        request = torch.where((plans.split == index).unsqueeze(1), sent, request)
    reply = world.of("serving.reply_bytes", serving.reply_bytes)
    sending = request / up
    busiest = max(serving.load_curve, default=1.0)
    peak = escalated_rate * busiest
    return Path(
        seconds=round_trip + sending + reply / down,
        upload=sending,
        uplink_wait=sharing_wait(peak, sending, serving.arrival),
        uplink_load=peak * sending,
        link_seconds=sending + reply / down,
        bytes_moved=request + reply,
        reply_bytes=reply,
    )


def where_present(station: Station, seconds: Tensor) -> Tensor:
    """The seconds where the plan has such nodes, 0 where it has none."""
    return torch.where(station.present, seconds, torch.zeros_like(seconds))


def percentile(
    serving: Serving,
    stations: tuple[Station, Station],
    path: Path,
    seconds: tuple[Tensor, Tensor],
    escalated: Tensor,
) -> Tensor:
    """The percentile of a response time in the worst hour, [C, D].

    `seconds` are those without waiting, at the place and from there on. With one queue it is exact.
    Where requests meet several it is that of their sampled sum; in a cascade, that of the escalated
    requests at the level which they make up of all requests.
    """
    level, (local, away) = serving.percentile, seconds
    waits = (stations[0].wait(), path.uplink_wait, stations[1].wait())
    answer = local + waits[0].quantile(level)
    rows = stations[1].present.squeeze(1)
    if not bool(rows.any()):
        return answer
    away = away + stations[1].cold_at(level)
    through = local + away + waits[1].mean() + waits[2].mean()
    if serving.arrival == "poisson" or bool((stations[0].nodes.batch > 1).any()):
        shares = escalated.mean(dim=1)
        for share in torch.unique(shares[rows]):
            chosen = torch.nonzero(rows & (shares == share)).squeeze(1)
            within = 1 - (1 - level) / max(float(share), 1 - level)
            taken = tuple(each.rows(chosen) for each in waits)
            tail = percentile_of_sum((local + away)[chosen], taken, within)
            through = through.index_copy(0, chosen, tail)
    return torch.where(stations[1].present & (escalated > 1 - level), through, answer)
