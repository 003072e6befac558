"""What a service must keep: memory, utilisation, the uplink, latencies, budget, availability."""

import torch
from torch import Tensor

from bitpath_cli.model.workload import Serving
from bitpath_cli.prediction.memory import FILL_CAP, inference_bytes
from bitpath_cli.strategies import Bound, Outcome, ServicePlans
from bitpath_cli.strategies._answering import sequence_bytes, weight_bytes
from bitpath_cli.strategies._bounds import limit_bound, residency_bounds
from bitpath_cli.strategies._stations import Path, Station, where_present
from bitpath_cli.strategies._world import World

_JUST_BELOW_ONE = 1 - 1e-6


def service_bounds(
    plans: ServicePlans,
    world: World,
    serving: Serving,
    stations: tuple[Station, Station],
    path: Path,
    outcome: Outcome,
) -> tuple[Bound, ...]:
    """Every constraint with what is predicted, those that only warn included."""
    workload, generation = world.question.workload, serving.generation
    below = torch.full((1, world.draws.count), _JUST_BELOW_ONE, dtype=torch.float64)
    found = []
    for each in stations:
        room = FILL_CAP * world.memory[each.nodes.machine]
        least = where_present(each, _least_memory(plans, world, serving))
        found.append(Bound("memory", least, room, binds=True))
        found.append(Bound("utilisation", each.peak_utilisation, below, binds=True))
    load = where_present(stations[1], path.uplink_load)
    found.append(Bound("uplink", load, below, binds=True))
    if serving.latency is not None:
        found.append(limit_bound(world, "latency", outcome.elapsed, serving.latency))
    if generation is not None and generation.first_token is not None:
        first = outcome.details["first_token"]
        found.append(limit_bound(world, "first_token", first, generation.first_token))
    if generation is not None and generation.token is not None:
        token = outcome.details["token_time"]
        found.append(limit_bound(world, "token", token, generation.token))
    if workload.budget is not None:
        found.append(limit_bound(world, "budget", outcome.total().hardware, workload.budget))
    if serving.availability is not None:
        down = _unavailability(world, stations)
        allowed = 1 - world.of("limit.availability", serving.availability.at)
        found.append(Bound("availability", down, allowed, serving.availability.binds))
    return (*found, *residency_bounds(world, (stations[1].present,)))


def memory_a_node(plans: ServicePlans, world: World, station: Station) -> Tensor:
    """Bytes that answering takes on a node, with as many requests in work as are expected."""
    serving = world.question.workload.serving
    least = _least_memory(plans, world, serving)
    if serving is None or serving.generation is None:
        return least
    more = (station.answer.batch - 1).clamp_min(0.0)
    return least + more * sequence_bytes(world, serving.generation, plans.precision)


def _least_memory(plans: ServicePlans, world: World, serving: Serving | None) -> Tensor:
    """Weights, and what one batch of passes works with, or the keys and values of one sequence."""
    work = world.question.workload.work
    weights = weight_bytes(world, plans.precision)
    traffic = world.of("work.traffic", work.traffic_bytes) * world.narrowed(plans.precision)
    one = torch.ones_like(weights)
    if serving is not None and serving.generation is not None:
        sequence = sequence_bytes(world, serving.generation, plans.precision)
        return inference_bytes(weights, one, traffic, one) + sequence
    return inference_bytes(weights, one, traffic, plans.batch.unsqueeze(1))


def _unavailability(world: World, stations: tuple[Station, Station]) -> Tensor:
    """P(a request finds no node up): all nodes of a station down at once, stations in series."""
    up = torch.ones((1, world.draws.count), dtype=torch.float64)
    for each in stations:
        down = 1 - world.availability[each.nodes.machine].clamp_max(1.0)
        down = down ** each.nodes.servers.clamp_min(1.0)
        up = up * torch.where(each.present, 1 - down, torch.ones_like(down))
    return 1 - up
