"""A service for a month: response times at every place and at the centre, and the five terms.

Every place has its own stream of requests and its own nodes; the centre, in the cloud, answers what
is escalated to it from all places. Terms are sums over a month, 2 629 800 s.
"""

from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.latency import PLANNED_UTILISATION
from bitpath_cli.prediction.memory import FILL_CAP, WEIGHT_BYTES, inference_bytes
from bitpath_cli.strategies import PRECISIONS, Bound, Outcome, ServicePlans
from bitpath_cli.strategies._bounds import limit_bound, residency_bounds
from bitpath_cli.strategies._stations import (
    Path,
    Station,
    escalated_share,
    path_to_centre,
    percentile,
    stations,
    where_present,
)
from bitpath_cli.strategies._world import World

MONTH_SECONDS: Final = 2_629_800.0


def service_outcome(plans: ServicePlans, world: World) -> Outcome:
    """The terms, the latency percentile and the bounds of services [C, D]."""
    serving = world.question.workload.serving
    if serving is None:
        raise ValueError(f"{world.question.workload.name} is no service")
    places = world.of("serving.places", serving.places)
    rate = world.of("serving.request_rate", serving.request_rate) * world.lever("request_rate")
    escalated = escalated_share(plans, world, serving)
    edge, centre = stations(plans, world, serving, places, rate, escalated)
    path = path_to_centre(world, serving, rate * escalated)
    preparation = world.of("serving.preparation", serving.preparation) / world.lever("fixed_times")
    local = preparation + where_present(edge, edge.service)
    away = where_present(centre, path.seconds + centre.service)
    latency = percentile(serving, (edge, centre), path, local, away, escalated)
    requests = MONTH_SECONDS * places * rate
    at_edge = requests * (local + where_present(edge, edge.wait(serving).mean()))
    waiting = path.uplink_wait.mean() + centre.wait(serving).mean()
    at_centre = requests * escalated * (away + where_present(centre, waiting))
    moved = requests * escalated
    none = torch.zeros_like(moved)
    first = _terms(plans, world, edge, at_edge, none, none, in_cloud=False)
    second = _terms(
        plans, world, centre, at_centre, moved * path.bytes_moved, moved * path.link_seconds,
        in_cloud=True,
    )  # fmt: skip
    price = first.hardware + second.hardware
    busiest = torch.maximum(
        where_present(edge, edge.peak_utilisation), where_present(centre, centre.peak_utilisation)
    )
    outcome = Outcome(
        groups=(first, second),
        elapsed=latency,
        bounds=(),
        details={
            "latency": latency,
            "upload_time": where_present(centre, path.upload),
            "response_time": (at_edge + at_centre) / requests,
            "service_time": where_present(edge, edge.service)
            + where_present(centre, centre.service),
            "utilisation": busiest,
            "month_price": price,
            "price_per_1000_requests": 1000 * price / requests,
            "paid_energy": first.energy,
            "memory_needed.0": _memory_a_node(plans, world),
            "memory_needed.1": _memory_a_node(plans, world),
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


def _terms(
    plans: ServicePlans,
    world: World,
    station: Station,
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
    hardware = where_present(station, nodes * price * MONTH_SECONDS)
    pue = world.of("site.pue", site.place.pue)
    if in_cloud and site.cloud is not None:
        cloud = site.cloud
        storing = where_present(station, stored) * world.of(
            "cloud.storage_price", cloud.storage_price
        )
        replies = moved * _reply_share(world)
        leaving = replies * world.of("cloud.egress_price", cloud.egress_price)
        hardware = hardware + (storing + leaving) * world.lever("rent")
        pue = world.of("cloud.pue", cloud.place.pue)
    watts = power(
        world.power_idle[station.machine], world.power_max[station.machine], station.utilisation
    )
    return TermTensors(
        compute=response_seconds,
        storage=where_present(station, stored),
        bandwidth=moved,
        link_time=link_seconds,
        hardware=hardware,
        energy=where_present(
            station, nodes * energy(watts, torch.full_like(watts, MONTH_SECONDS), pue)
        ),
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
    stations: tuple[Station, Station],
    path: Path,
    outcome: Outcome,
) -> tuple[Bound, ...]:
    workload = world.question.workload
    needed = _memory_a_node(plans, world)
    found = []
    limit = torch.ones((1, world.draws.count), dtype=torch.float64)
    for each in stations:
        room = FILL_CAP * world.memory[each.machine]
        found.append(Bound("memory", where_present(each, needed), room, binds=True))
        busy = where_present(each, each.peak_utilisation)
        found.append(Bound("utilisation", busy, limit * (1 - 1e-6), binds=True))
    found.append(
        Bound(
            "uplink", where_present(stations[1], path.uplink_load), limit * (1 - 1e-6), binds=True
        )
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


def _memory_a_node(plans: ServicePlans, world: World) -> Tensor:
    """Bytes that answering takes on a node, [C, D]."""
    work = world.question.workload.work
    sizes = torch.tensor([WEIGHT_BYTES[each] for each in PRECISIONS], dtype=torch.float64)
    return inference_bytes(
        world.of("work.parameters", work.parameters),
        sizes[plans.precision].unsqueeze(1),
        world.of("work.traffic", work.traffic_bytes) * world.narrowed(plans.precision),
        torch.ones((1, world.draws.count), dtype=torch.float64),
    )


def _unavailability(world: World, stations: tuple[Station, Station]) -> Tensor:
    """P(a request finds no node up): all nodes of a station down at once, stations in series."""
    up = torch.ones((1, world.draws.count), dtype=torch.float64)
    for each in stations:
        down = (1 - world.availability[each.machine].clamp_max(1.0)) ** each.servers.clamp_min(1.0)
        up = up * torch.where(each.present, 1 - down, torch.ones_like(down))
    return 1 - up
