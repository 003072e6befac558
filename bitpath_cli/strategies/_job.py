"""A training job on one or two groups of nodes: its step, its elapsed time, its five terms.

The global batch is divided by the groups' speed, so that all nodes end a step together. A group in
the cloud first receives its share of the data, if the data is born at the edge.
"""

from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.communication import bytes_sent_per_rank
from bitpath_cli.prediction.data_loading import transfer_time
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.memory import (
    FILL_CAP,
    GRADIENT_BYTES,
    STATE_BYTES,
    training_bytes,
)
from bitpath_cli.prediction.money import preemption_overhead
from bitpath_cli.strategies import TENURES, Bound, JobPlans, Outcome
from bitpath_cli.strategies._bounds import limit_bound, residency_bounds
from bitpath_cli.strategies._job_step import (
    Group,
    Links,
    links_between,
    loading_stall,
    node_groups,
    step_time,
    where_present,
)
from bitpath_cli.strategies._world import World

_SPOT: Final = TENURES.index("spot")


def job_outcome(plans: JobPlans, world: World) -> Outcome:
    """The terms, the elapsed time and the bounds of training jobs [C, D]."""
    workload = world.question.workload
    training, data = workload.training, workload.data
    if training is None or isinstance(data.samples, Missing):
        raise ValueError(f"{workload.name} is no training job with a known number of samples")
    groups = node_groups(plans, world, training)
    links = links_between(plans, world, groups)
    stepping, communicating = step_time(plans, world, groups, links, training)
    samples = world.of("data.samples", data.samples)
    sample_bytes = world.of("data.sample_bytes", data.sample_bytes)
    waiting = loading_stall(world, groups, sample_bytes, stepping)
    batch = world.of("training.batch", training.global_batch) * world.lever("batch")
    epochs = world.of("training.epochs", training.epochs)
    steps = epochs * samples / batch
    running = steps * (stepping + waiting) * _spot_overhead(world, groups, training)
    ingress, starting = _before_start(world, groups, links, samples * sample_bytes)
    elapsed = ingress + starting + running
    sent = _synchronised_bytes(plans, world, groups, steps)
    terms = tuple(
        _terms(world, group, links, elapsed, running, stepping + waiting, sent, training)
        for group in groups
    )
    outcome = Outcome(
        groups=(terms[0], terms[1]),
        elapsed=elapsed,
        bounds=(),
        details={
            "step_time": stepping + waiting,
            "communication_time": communicating,
            "stall_time": waiting,
            "samples_per_second": batch / (stepping + waiting),
            "ingress_time": ingress + torch.zeros_like(elapsed),
            "job_time": elapsed,
            "job_price": terms[0].hardware + terms[1].hardware,
            "paid_energy": _paid_energy(groups, terms),
            **_loads(plans, world, groups, training),
        },
    )
    bounds = _bounds(plans, world, groups, training, outcome)
    return Outcome(outcome.groups, elapsed, bounds, outcome.details)


def _before_start(
    world: World, groups: tuple[Group, Group], links: Links, dataset: Tensor
) -> tuple[Tensor, Tensor]:
    """Seconds until each place has its share of the data, and until rented nodes are up."""
    arrivals = []
    for each in groups:
        going = _moved(world, each) * each.share * dataset
        rate = torch.where(each.in_cloud, links.up, links.down)
        spent = transfer_time(going, rate, links.round_trip)
        arrivals.append(torch.where(going > 0, spent, torch.zeros_like(spent)))
    ingress = torch.maximum(arrivals[0], arrivals[1])
    cloud = world.question.site.cloud
    if cloud is None:
        return ingress, torch.zeros_like(ingress)
    starting = world.of("cloud.start_up", cloud.start_up) / world.lever("fixed_times")
    any_cloud = (groups[0].in_cloud & (groups[0].count > 0)) | (
        groups[1].in_cloud & (groups[1].count > 0)
    )
    return ingress, torch.where(any_cloud, starting, torch.zeros_like(starting))


def _moved(world: World, group: Group) -> Tensor:
    """1 where the group is not where the data is born, else 0, [C, 1]."""
    born_in_cloud = world.question.workload.data.born == "cloud"
    return ((group.in_cloud != born_in_cloud) & (group.count > 0)).double()


def _spot_overhead(world: World, groups: tuple[Group, Group], training: Training) -> Tensor:
    """How preemptions stretch a job that has nodes on spot; 1 where it has none."""
    cloud = world.question.site.cloud
    factor = torch.ones_like(groups[0].step.total)
    if cloud is None:
        return factor
    size = STATE_BYTES[training.optimiser] * world.of(
        "work.parameters", world.question.workload.work.parameters
    )
    fixed = world.lever("fixed_times")
    for each in groups:
        stretched = preemption_overhead(
            size / world.storage_rate[each.machine],
            world.of("cloud.start_up", cloud.start_up) / fixed,
            world.of("cloud.preemptions", cloud.preemptions) * each.count * fixed,
        )
        on_spot = (each.tenure == _SPOT) & (each.count > 0)
        factor = torch.where(on_spot, torch.maximum(factor, stretched), factor)
    return factor


def _synchronised_bytes(
    plans: JobPlans, world: World, groups: tuple[Group, Group], steps: Tensor
) -> Tensor:
    """Bytes that each node sends for synchronisation during the whole job."""
    ranks = groups[0].count + groups[1].count
    size = GRADIENT_BYTES * world.of("work.parameters", world.question.workload.work.parameters)
    rounds = torch.where(
        plans.synchronisation.unsqueeze(1) > 0, steps / plans.interval.unsqueeze(1), 0.0
    )
    return rounds * bytes_sent_per_rank(ranks, size)


def _terms(
    world: World,
    group: Group,
    links: Links,
    elapsed: Tensor,
    running: Tensor,
    stepping: Tensor,
    sent: Tensor,
    training: Training,
) -> TermTensors:
    """The five terms of one group; all are 0 where it has no nodes."""
    work = world.question.workload.work
    parameters = world.of("work.parameters", work.parameters)
    state = STATE_BYTES[training.optimiser] * parameters
    dataset = _dataset_bytes(world)
    kept = world.of("training.checkpoints", training.checkpoints_kept) * state
    stored = (group.share * (dataset + kept) + group.count * state) * elapsed
    incoming = _moved(world, group) * group.share * dataset + torch.zeros_like(elapsed)
    synchronising = group.count * sent
    bandwidth = synchronising + incoming
    link_time = synchronising * links.beta + incoming / torch.where(
        group.in_cloud, links.up, links.down
    )
    price = world.price_of(
        group.machine, group.tenure.squeeze(1), world.of("site.duty", world.question.site.duty)
    )
    reserved = torch.where(
        group.count > 0, group.count * price * elapsed, torch.zeros_like(elapsed)
    )
    hardware = reserved + _cloud_extras(
        world, group, stored, sent * group.count * links.over_uplink
    )
    busy = (group.step.total / stepping).clamp(0.0, 1.0) * (running / elapsed)
    watts = power(world.power_idle[group.machine], world.power_max[group.machine], busy)
    pue = _pue(world, group)
    joules = torch.where(
        group.count > 0, group.count * energy(watts, elapsed, pue), torch.zeros_like(elapsed)
    )
    return TermTensors(
        compute=elapsed * group.share,
        storage=torch.where(group.count > 0, stored, torch.zeros_like(stored)),
        bandwidth=bandwidth,
        link_time=link_time,
        hardware=hardware,
        energy=joules,
    )


def _dataset_bytes(world: World) -> Tensor:
    data = world.question.workload.data
    if isinstance(data.samples, Missing):
        return torch.zeros((1, world.draws.count), dtype=torch.float64)
    return world.of("data.samples", data.samples) * world.of("data.sample_bytes", data.sample_bytes)


def _cloud_extras(world: World, group: Group, stored: Tensor, leaving: Tensor) -> Tensor:
    """What a provider charges beside the machine: storage, and bytes that leave the region."""
    cloud = world.question.site.cloud
    if cloud is None:
        return torch.zeros_like(stored)
    storing = stored * world.of("cloud.storage_price", cloud.storage_price)
    egress = leaving * world.of("cloud.egress_price", cloud.egress_price)
    extras = (storing + egress) * world.lever("rent")
    return torch.where(group.in_cloud & (group.count > 0), extras, torch.zeros_like(extras))


def _pue(world: World, group: Group) -> Tensor:
    site = world.question.site
    here = world.of("site.pue", site.place.pue)
    if site.cloud is None:
        return here
    return torch.where(group.in_cloud, world.of("cloud.pue", site.cloud.place.pue), here)


def _bounds(
    plans: JobPlans,
    world: World,
    groups: tuple[Group, Group],
    training: Training,
    outcome: Outcome,
) -> tuple[Bound, ...]:
    workload = world.question.workload
    found = []
    for each in groups:
        needed = _memory_a_device(plans, world, each, training)
        room = FILL_CAP * world.memory[each.machine] / world.devices(each.machine)
        found.append(Bound("memory", where_present(each, needed), room, binds=True))
    if training.deadline is not None:
        found.append(limit_bound(world, "deadline", outcome.elapsed, training.deadline))
    if workload.budget is not None:
        found.append(limit_bound(world, "budget", outcome.total().hardware, workload.budget))
    return (
        *found,
        *residency_bounds(world, tuple(each.in_cloud & (each.count > 0) for each in groups)),
    )


def _loads(
    plans: JobPlans, world: World, groups: tuple[Group, Group], training: Training
) -> dict[str, Tensor]:
    """What each group's nodes are given: bytes of memory, samples of a step and at once."""
    found: dict[str, Tensor] = {}
    for which, each in enumerate(groups):
        needed = _memory_a_device(plans, world, each, training) * world.devices(each.machine)
        found |= {
            f"memory_needed.{which}": needed,
            f"samples.{which}": each.samples,
            f"samples_at_once.{which}": each.at_once,
        }
    return found


def _memory_a_device(plans: JobPlans, world: World, group: Group, training: Training) -> Tensor:
    """Bytes that training takes on one device of a node, [C, D]."""
    work = world.question.workload.work
    activation = world.of("work.activation", work.activation_bytes)
    return training_bytes(
        world.of("work.parameters", work.parameters),
        training.optimiser,
        activation * world.narrowed(plans.precision),
        group.at_once / world.devices(group.machine),
    )


def _paid_energy(groups: tuple[Group, Group], terms: tuple[TermTensors, ...]) -> Tensor:
    """Joules on the site's own electricity bill: rent includes the provider's."""
    paid = [
        torch.where(group.in_cloud, torch.zeros_like(each.energy), each.energy)
        for group, each in zip(groups, terms, strict=True)
    ]
    return paid[0] + paid[1]
