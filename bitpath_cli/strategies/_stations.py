"""Where requests are answered: the queue at each place, the way to the centre, its queue."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.latency import Wait, percentile_of_sum, wait
from bitpath_cli.strategies import ServicePlans
from bitpath_cli.strategies._world import World


@dataclass(frozen=True, slots=True)
class Station:
    """Nodes that share one queue: [C, 1] from the plans and [C, D] of what they do.

    `arrivals` are requests a second at one queue, at the mean and at the peak of the load curve;
    `queues` is how many such queues there are.
    """

    machine: Tensor
    tenure: Tensor
    servers: Tensor
    queues: Tensor
    service: Tensor
    arrivals: Tensor
    peak: Tensor

    @property
    def present(self) -> Tensor:
        """Where the plan has such nodes, [C, 1]."""
        return self.servers > 0

    @property
    def utilisation(self) -> Tensor:
        """The share of time that a node works, at the mean load."""
        return self.arrivals * self.service / self.servers.clamp_min(1.0)

    def wait(self, serving: Serving) -> Wait:
        """The wait in the busiest hour; none where the plan has no such nodes."""
        found = wait(self.servers.clamp_min(1.0), self.peak, self.service, serving.arrival)
        return Wait(found.chance * self.present, found.rate, found.stable | ~self.present)

    @property
    def peak_utilisation(self) -> Tensor:
        """The same in the busiest hour."""
        return self.peak * self.service / self.servers.clamp_min(1.0)


@dataclass(frozen=True, slots=True)
class Path:
    """What a request crosses on its way to the centre and back, [C, D]."""

    seconds: Tensor
    upload: Tensor
    uplink_wait: Wait
    uplink_load: Tensor
    link_seconds: Tensor
    bytes_moved: Tensor


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
    one = torch.ones_like(escalated)
    small = one
    if serving.cascade is not None:
        part = world.of("cascade.edge_work", serving.cascade.edge_work)
        small = torch.where(plans.is_cascade.unsqueeze(1), part, one)
    busiest = max(serving.load_curve, default=1.0)
    edge_service = world.forward(plans.machine, plans.precision, one, small)
    central_service = world.forward(plans.central_machine, plans.precision, one)
    central_rate = rate * places * escalated
    return (
        Station(
            plans.machine, plans.tenure, plans.count.unsqueeze(1), places, edge_service,
            rate + torch.zeros_like(one), rate * busiest + torch.zeros_like(one),
        ),
        Station(
            plans.central_machine, plans.central_tenure, plans.central_count.unsqueeze(1),
            torch.ones_like(places), central_service, central_rate, central_rate * busiest,
        ),
    )  # fmt: skip


def path_to_centre(world: World, serving: Serving, escalated_rate: Tensor) -> Path:
    """An open connection: the round trip, both transfers, and the queue for the place's uplink."""
    link = world.question.site.uplink
    wide = world.lever("network_bandwidth")
    up = world.of("uplink.up", link.up) * wide
    down = world.of("uplink.down", link.down) * wide
    round_trip = world.of("uplink.round_trip", link.round_trip) / world.lever("network_latency")
    request = world.of("serving.request_bytes", serving.request_bytes)
    reply = world.of("serving.reply_bytes", serving.reply_bytes)
    sending = request / up
    busiest = max(serving.load_curve, default=1.0)
    peak = escalated_rate * busiest
    return Path(
        seconds=round_trip + sending + reply / down,
        upload=sending,
        uplink_wait=wait(torch.ones_like(peak), peak, sending, serving.arrival),
        uplink_load=peak * sending,
        link_seconds=sending + reply / down,
        bytes_moved=request + reply,
    )


def where_present(station: Station, seconds: Tensor) -> Tensor:
    """The seconds where the plan has such nodes, 0 where it has none."""
    return torch.where(station.present, seconds, torch.zeros_like(seconds))


def percentile(
    serving: Serving,
    stations: tuple[Station, Station],
    path: Path,
    local: Tensor,
    away: Tensor,
    escalated: Tensor,
) -> Tensor:
    """The percentile of the response time in the busiest hour, [C, D].

    With one queue it is exact. Where requests meet several it is that of their sampled sum; in a
    cascade, that of the escalated requests at the level which they make up of all requests.
    """
    level = serving.percentile
    waits = (stations[0].wait(serving), path.uplink_wait, stations[1].wait(serving))
    answer = local + waits[0].quantile(level)
    rows = stations[1].present.squeeze(1)
    if not bool(rows.any()):
        return answer
    through = local + away + waits[1].mean() + waits[2].mean()
    if serving.arrival == "poisson":
        shares = escalated.mean(dim=1)
        for share in torch.unique(shares[rows]):
            chosen = torch.nonzero(rows & (shares == share)).squeeze(1)
            within = 1 - (1 - level) / max(float(share), 1 - level)
            taken = tuple(each.rows(chosen) for each in waits)
            tail = percentile_of_sum((local + away)[chosen], taken, within)
            through = through.index_copy(0, chosen, tail)
    return torch.where(stations[1].present & (escalated > 1 - level), through, answer)
