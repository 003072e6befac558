"""A service for a month: response times at every place and at the centre, and the five terms.

Every place has its own stream of requests and its own nodes; the centre, in the cloud, answers what
is escalated to it from all places. Terms are sums over a month, 2 629 800 s.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.latency import PLANNED_UTILISATION, Wait, percentile_of_sum, wait
from bitpath_cli.prediction.memory import FILL_CAP, WEIGHT_BYTES, inference_bytes
from bitpath_cli.strategies import PRECISIONS, Bound, Outcome, ServicePlans
from bitpath_cli.strategies._bounds import limit_bound, residency_bounds
from bitpath_cli.strategies._world import World

MONTH_SECONDS: Final = 2_629_800.0


@dataclass(frozen=True, slots=True)
class _Station:
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
class _Path:
    """What a request crosses on its way to the centre and back, [C, D]."""

    seconds: Tensor
    upload: Tensor
    uplink_wait: Wait
    uplink_load: Tensor
    link_seconds: Tensor
    bytes_moved: Tensor


def service_outcome(plans: ServicePlans, world: World) -> Outcome:
    """The terms, the latency percentile and the bounds of services [C, D]."""
    serving = world.question.workload.serving
    if serving is None:
        raise ValueError(f"{world.question.workload.name} is no service")
    places = world.of("serving.places", serving.places)
    rate = world.of("serving.request_rate", serving.request_rate) * world.lever("request_rate")
    escalated = _escalated(plans, world, serving)
    edge, centre = _stations(plans, world, serving, places, rate, escalated)
    path = _path(world, serving, rate * escalated)
    preparation = world.of("serving.preparation", serving.preparation) / world.lever("fixed_times")
    local = preparation + _where(edge, edge.service)
    away = _where(centre, path.seconds + centre.service)
    latency = _percentile(serving, (edge, centre), path, local, away, escalated)
    requests = MONTH_SECONDS * places * rate
    at_edge = requests * (local + _where(edge, edge.wait(serving).mean()))
    waiting = path.uplink_wait.mean() + centre.wait(serving).mean()
    at_centre = requests * escalated * (away + _where(centre, waiting))
    moved = requests * escalated
    none = torch.zeros_like(moved)
    first = _terms(plans, world, edge, at_edge, none, none, in_cloud=False)
    second = _terms(
        plans, world, centre, at_centre, moved * path.bytes_moved, moved * path.link_seconds,
        in_cloud=True,
    )  # fmt: skip
    price = first.hardware + second.hardware
    busiest = torch.maximum(
        _where(edge, edge.peak_utilisation), _where(centre, centre.peak_utilisation)
    )
    outcome = Outcome(
        groups=(first, second),
        elapsed=latency,
        bounds=(),
        details={
            "latency": latency,
            "upload_time": _where(centre, path.upload),
            "response_time": (at_edge + at_centre) / requests,
            "service_time": _where(edge, edge.service) + _where(centre, centre.service),
            "utilisation": busiest,
            "month_price": price,
            "price_per_1000_requests": 1000 * price / requests,
            "paid_energy": first.energy,
        },
    )
    bounds = _bounds(plans, world, serving, (edge, centre), path, outcome)
    return Outcome(outcome.groups, latency, bounds, outcome.details)


def service_reference(plans: ServicePlans, world: World) -> TermTensors:
    """Today's hosts at the planned utilisation, in fractional number; one copy of the weights."""
    serving, site = world.question.workload.serving, world.question.site
    if serving is None:
        raise ValueError(f"{world.question.workload.name} is no service")
    rate = world.of("serving.request_rate", serving.request_rate)
    requests = MONTH_SECONDS * world.of("serving.places", serving.places) * rate
    one = torch.ones((1, world.draws.count), dtype=torch.float64)
    service = world.forward(plans.machine, plans.precision, one)
    preparation = world.of("serving.preparation", serving.preparation)
    hosts = requests / MONTH_SECONDS * service / PLANNED_UTILISATION
    watts = power(
        world.power_idle[plans.machine], world.power_max[plans.machine], one * PLANNED_UTILISATION
    )
    month = one * MONTH_SECONDS
    link = site.uplink
    return TermTensors(
        compute=requests * (preparation + service),
        storage=hosts.clamp_min(1.0) * _weights(plans, world) * MONTH_SECONDS,
        bandwidth=world.of("uplink.up", link.up) * MONTH_SECONDS,
        link_time=month,
        hardware=hosts * world.price_of(plans.machine, plans.tenure, one) * MONTH_SECONDS,
        energy=hosts * energy(watts, month, world.of("site.pue", site.place.pue)),
    )


def _weights(plans: ServicePlans, world: World) -> Tensor:
    """Bytes of one copy of the model, [C, D]."""
    sizes = torch.tensor([WEIGHT_BYTES[each] for each in PRECISIONS], dtype=torch.float64)
    parameters = world.of("work.parameters", world.question.workload.work.parameters)
    return sizes[plans.precision].unsqueeze(1) * parameters


def _escalated(plans: ServicePlans, world: World, serving: Serving) -> Tensor:
    """The share of requests that the centre answers, [C, D]; that of a cascade has a spread."""
    planned = plans.escalated.unsqueeze(1)
    if serving.cascade is None:
        return planned + torch.zeros((1, world.draws.count), dtype=torch.float64)
    drawn = world.of("cascade.escalated", serving.cascade.escalated).clamp_max(1.0)
    return torch.where(plans.is_cascade.unsqueeze(1), drawn, planned)


def _stations(
    plans: ServicePlans,
    world: World,
    serving: Serving,
    places: Tensor,
    rate: Tensor,
    escalated: Tensor,
) -> tuple[_Station, _Station]:
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
        _Station(
            plans.machine, plans.tenure, plans.count.unsqueeze(1), places, edge_service,
            rate + torch.zeros_like(one), rate * busiest + torch.zeros_like(one),
        ),
        _Station(
            plans.central_machine, plans.central_tenure, plans.central_count.unsqueeze(1),
            torch.ones_like(places), central_service, central_rate, central_rate * busiest,
        ),
    )  # fmt: skip


def _path(world: World, serving: Serving, escalated_rate: Tensor) -> _Path:
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
    return _Path(
        seconds=round_trip + sending + reply / down,
        upload=sending,
        uplink_wait=wait(torch.ones_like(peak), peak, sending, serving.arrival),
        uplink_load=peak * sending,
        link_seconds=sending + reply / down,
        bytes_moved=request + reply,
    )


def _where(station: _Station, seconds: Tensor) -> Tensor:
    return torch.where(station.present, seconds, torch.zeros_like(seconds))


def _percentile(
    serving: Serving,
    stations: tuple[_Station, _Station],
    path: _Path,
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


def _terms(
    plans: ServicePlans,
    world: World,
    station: _Station,
    response_seconds: Tensor,
    moved: Tensor,
    link_seconds: Tensor,
    *,
    in_cloud: bool,
) -> TermTensors:
    """A month of one station's nodes."""
    site = world.question.site
    nodes = station.servers * station.queues
    stored = nodes * _weights(plans, world) * MONTH_SECONDS
    price = world.price_of(station.machine, station.tenure, torch.ones_like(station.arrivals))
    hardware = _where(station, nodes * price * MONTH_SECONDS)
    pue = world.of("site.pue", site.place.pue)
    if in_cloud and site.cloud is not None:
        cloud = site.cloud
        storing = _where(station, stored) * world.of("cloud.storage_price", cloud.storage_price)
        replies = moved * _reply_share(world)
        leaving = replies * world.of("cloud.egress_price", cloud.egress_price)
        hardware = hardware + (storing + leaving) * world.lever("rent")
        pue = world.of("cloud.pue", cloud.place.pue)
    watts = power(
        world.power_idle[station.machine], world.power_max[station.machine], station.utilisation
    )
    return TermTensors(
        compute=response_seconds,
        storage=_where(station, stored),
        bandwidth=moved,
        link_time=link_seconds,
        hardware=hardware,
        energy=_where(station, nodes * energy(watts, torch.full_like(watts, MONTH_SECONDS), pue)),
    )


def _reply_share(world: World) -> Tensor:
    """The part of a request's bytes that leaves the cloud: providers charge for that alone."""
    serving = world.question.workload.serving
    if serving is None:
        raise ValueError("no service")
    reply = world.of("serving.reply_bytes", serving.reply_bytes)
    return reply / (reply + world.of("serving.request_bytes", serving.request_bytes))


def _bounds(
    plans: ServicePlans,
    world: World,
    serving: Serving,
    stations: tuple[_Station, _Station],
    path: _Path,
    outcome: Outcome,
) -> tuple[Bound, ...]:
    workload = world.question.workload
    sizes = torch.tensor([WEIGHT_BYTES[each] for each in PRECISIONS], dtype=torch.float64)
    needed = inference_bytes(
        world.of("work.parameters", workload.work.parameters),
        sizes[plans.precision].unsqueeze(1),
        world.of("work.traffic", workload.work.traffic_bytes) * world.narrowed(plans.precision),
        torch.ones_like(outcome.elapsed),
    )
    found = []
    limit = torch.ones((1, world.draws.count), dtype=torch.float64)
    for each in stations:
        room = FILL_CAP * world.memory[each.machine]
        found.append(Bound("memory", _where(each, needed), room, binds=True))
        busy = _where(each, each.peak_utilisation)
        found.append(Bound("utilisation", busy, limit * (1 - 1e-6), binds=True))
    found.append(
        Bound("uplink", _where(stations[1], path.uplink_load), limit * (1 - 1e-6), binds=True)
    )
    if serving.latency is not None:
        found.append(limit_bound(world, "latency", outcome.elapsed, serving.latency))
    if workload.budget is not None:
        found.append(limit_bound(world, "budget", outcome.total().hardware, workload.budget))
    if serving.availability is not None:
        down = _unavailability(world, stations)
        allowed = 1 - world.of("limit.availability", serving.availability.at)
        found.append(Bound("availability", down, allowed, serving.availability.binds))
    return (*found, *residency_bounds(world, (stations[1].present,)))


def _unavailability(world: World, stations: tuple[_Station, _Station]) -> Tensor:
    """P(a request finds no node up): all nodes of a station down at once, stations in series."""
    up = torch.ones((1, world.draws.count), dtype=torch.float64)
    for each in stations:
        down = (1 - world.availability[each.machine].clamp_max(1.0)) ** each.servers.clamp_min(1.0)
        up = up * torch.where(each.present, 1 - down, torch.ones_like(down))
    return 1 - up
