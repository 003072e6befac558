"""A service for a month: response times at every place and at the centre, and the five terms.

Every place has its own stream of requests and its own nodes; the centre, in the cloud, answers what
is escalated to it from all places. Terms are sums over a month, 2 629 800 s.
"""

from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.latency import PLANNED_UTILISATION
from bitpath_cli.strategies import Outcome, ServicePlans
from bitpath_cli.strategies._answering import Answering, Nodes, answering, weight_bytes
from bitpath_cli.strategies._service_bounds import memory_a_node, service_bounds
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
    serving = serving_of(world)
    places = world.of("serving.places", serving.places)
    rate = world.of("serving.request_rate", serving.request_rate) * world.lever("request_rate")
    escalated = escalated_share(plans, world, serving)
    edge, centre = stations(plans, world, serving, places, rate, escalated)
    path = path_to_centre(plans, world, serving, rate * escalated)
    preparation = world.of("serving.preparation", serving.preparation) / world.lever("fixed_times")
    latency = _percentile(serving, edge, centre, path, preparation, escalated, whole=True)
    requests = MONTH_SECONDS * places * rate
    local = preparation + where_present(edge, edge.answer.service)
    away = path.seconds + centre.answer.service + centre.cold_part * centre.cold
    waiting = path.uplink_wait.mean() + centre.answer.pause + centre.wait().mean()
    paused = edge.answer.pause + edge.wait().mean()
    at_edge = requests * (local + where_present(edge, paused))
    at_centre = requests * escalated * where_present(centre, away + waiting)
    groups = (
        _terms(plans, world, edge, at_edge, torch.zeros_like(escalated), path),
        _terms(plans, world, centre, at_centre, requests * escalated, path),
    )
    # What generates nothing has no first token: its percentile need not be sampled.
    first_token = torch.zeros_like(latency)
    if serving.generation is not None:
        first_token = _percentile(serving, edge, centre, path, preparation, escalated, whole=False)
    outcome = Outcome(
        groups=groups, elapsed=latency, bounds=(),
        details=_details(plans, world, (edge, centre), path)
        | {
            "latency": latency,
            "first_token": first_token,
            "response_time": (at_edge + at_centre) / requests,
            "price_per_1000_requests": 1000 * (groups[0].hardware + groups[1].hardware) / requests,
            "month_price": groups[0].hardware + groups[1].hardware,
            "fixed_fleet_price": groups[0].hardware
            + groups[1].hardware
            + _fixed_fleet(plans, world, centre),
            "paid_energy": groups[0].energy,
        },
    )  # fmt: skip
    bounds = service_bounds(plans, world, serving, (edge, centre), path, outcome)
    return Outcome(groups, latency, bounds, outcome.details)


def serving_of(world: World) -> Serving:
    """The service that is asked about."""
    serving = world.question.workload.serving
    if serving is None:
        raise ValueError(f"{world.question.workload.name} is no service")
    return serving


def service_reference(plans: ServicePlans, world: World) -> TermTensors:
    """Today's hosts at the planned utilisation, in fractional number; one copy of the weights.

    Each place has an uplink, and the links together carry what one does at each.
    """
    serving, site = serving_of(world), world.question.site
    rate = world.of("serving.request_rate", serving.request_rate)
    places = world.of("serving.places", serving.places)
    requests = MONTH_SECONDS * places * rate
    answer = _at_planned_load(plans, world, serving)
    preparation = world.of("serving.preparation", serving.preparation)
    hosts = requests / MONTH_SECONDS * answer.occupancy / PLANNED_UTILISATION
    one = torch.ones_like(hosts)
    watts = power(
        world.power_idle[plans.machine], world.power_max[plans.machine], one * PLANNED_UTILISATION
    )
    month = one * MONTH_SECONDS
    return TermTensors(
        compute=requests * (preparation + answer.service),
        storage=hosts.clamp_min(1.0) * weight_bytes(world, plans.precision) * MONTH_SECONDS,
        bandwidth=places * world.of("uplink.up", site.uplink.up) * MONTH_SECONDS,
        link_time=places * month,
        hardware=hosts * world.price_of(plans.machine, plans.tenure, one) * MONTH_SECONDS,
        energy=hosts * energy(watts, month, world.of("site.pue", site.place.pue)),
    )


def _at_planned_load(plans: ServicePlans, world: World, serving: Serving) -> Answering:
    """What one of today's hosts does when it is given as much as it is planned with."""
    one = torch.ones((1, world.draws.count), dtype=torch.float64)
    host = torch.ones((1, 1), dtype=torch.float64)

    def at(rate: Tensor) -> Answering:
        return answering(
            world, serving,
            Nodes(plans.machine, plans.tenure, plans.precision, one, plans.batch, host, rate, rate,
                  host),
        )  # fmt: skip

    return at(PLANNED_UTILISATION / at(one * 1e-9).occupancy)


def _percentile(
    serving: Serving,
    edge: Station,
    centre: Station,
    path: Path,
    preparation: Tensor,
    escalated: Tensor,
    *,
    whole: bool,
) -> Tensor:
    """The percentile of the whole answer, or of the time to its first token."""
    here = edge.answer.slowest if whole else edge.answer.first
    there = centre.answer.slowest if whole else centre.answer.first
    local = preparation + where_present(edge, here)
    away = where_present(centre, path.seconds + there)
    return percentile(serving, (edge, centre), path, (local, away), escalated)


def _details(
    plans: ServicePlans, world: World, stations: tuple[Station, Station], path: Path
) -> dict[str, Tensor]:
    """What people ask for beside the terms; the busier station's, or the one that there is."""
    edge, centre = stations
    needed = memory_a_node(plans, world, edge), memory_a_node(plans, world, centre)

    def either(here: Tensor, there: Tensor) -> Tensor:
        return torch.maximum(where_present(edge, here), where_present(centre, there))

    return {
        "upload_time": where_present(centre, path.upload),
        "service_time": where_present(edge, edge.answer.service)
        + where_present(centre, centre.answer.service),
        "utilisation": torch.maximum(edge.peak_utilisation, centre.peak_utilisation),
        "token_time": either(edge.answer.token, centre.answer.token),
        "together": either(edge.answer.batch, centre.answer.batch),
        "cold_share": where_present(centre, centre.cold_part),
        "weight_time": either(
            weight_bytes(world, plans.precision) / world.memory_rate[edge.nodes.machine],
            weight_bytes(world, plans.precision) / world.memory_rate[centre.nodes.machine],
        ),
        "memory_needed.0": needed[0],
        "memory_needed.1": needed[1],
    }


def _fixed_fleet(plans: ServicePlans, world: World, centre: Station) -> Tensor:
    """What holding the busiest hour's nodes all day would cost more, in a month."""
    most = plans.hours.amax(dim=1, keepdim=True)
    held = torch.where(centre.nodes.by_request, centre.kept, most + torch.zeros_like(centre.kept))
    price = world.price_of(centre.nodes.machine, centre.nodes.tenure, torch.ones_like(held))
    return where_present(centre, (held - centre.kept) * price * MONTH_SECONDS)


def _request_charges(world: World, station: Station, requests: Tensor) -> Tensor:
    """What requests cost beside their time where machines are rented by them."""
    cloud = world.question.site.cloud
    if cloud is None or not isinstance(cloud.request_price, Quantity):
        return torch.zeros_like(requests)
    charged = requests * world.of("cloud.request_price", cloud.request_price)
    return torch.where(station.nodes.by_request, charged, torch.zeros_like(charged))


def _terms(
    plans: ServicePlans,
    world: World,
    station: Station,
    response_seconds: Tensor,
    moved: Tensor,
    path: Path,
) -> TermTensors:
    """A month of one station's nodes, with so many requests over the uplinks."""
    site, machine = world.question.site, station.nodes.machine
    one = torch.ones_like(station.kept)
    nodes = station.kept * station.queues
    copies = torch.where(station.nodes.by_request, one, nodes)
    stored = where_present(station, copies) * weight_bytes(world, plans.precision) * MONTH_SECONDS
    hardware = nodes * world.price_of(machine, station.nodes.tenure, one) * MONTH_SECONDS
    pue = world.of("site.pue", site.place.pue) * one
    in_cloud = torch.tensor(
        [world.question.machines[int(each)].place == "cloud" for each in machine]
    ).unsqueeze(1)
    if site.cloud is not None:
        cloud = site.cloud
        storing = stored * world.of("cloud.storage_price", cloud.storage_price)
        leaving = moved * path.reply_bytes * world.of("cloud.egress_price", cloud.egress_price)
        asking = _request_charges(world, station, moved)
        hardware = hardware + (storing * in_cloud + leaving + asking) * world.lever("rent")
        pue = torch.where(in_cloud, world.of("cloud.pue", cloud.place.pue), pue)
    idle, full = world.power_idle[machine], world.power_max[machine]
    worked = station.working * station.queues
    watts = station.powered * station.queues * idle + worked * (full - idle)
    return TermTensors(
        compute=response_seconds,
        storage=stored,
        bandwidth=moved * path.bytes_moved,
        link_time=moved * path.link_seconds,
        hardware=hardware,
        energy=energy(watts, torch.full_like(watts, MONTH_SECONDS), pue),
    )
