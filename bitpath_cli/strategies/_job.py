"""A training job on one or two groups of nodes: its elapsed time, and its five terms.

The global batch is divided by the groups' speed, so that all nodes end a step together. A group in
the cloud first receives its share of the data, if the data is born at the edge.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.memory import FILL_CAP
from bitpath_cli.prediction.money import preemption_overhead
from bitpath_cli.strategies import SYNCHRONISATIONS, TENURES, Bound, JobPlans, Outcome
from bitpath_cli.strategies._bounds import limit_bound, residency_bounds
from bitpath_cli.strategies._job_data import (
    before_start,
    data_samples,
    loading_stall,
    moved,
    sample_size,
)
from bitpath_cli.strategies._job_links import Links, links_between
from bitpath_cli.strategies._job_nodes import (
    Group,
    checkpoint_bytes,
    node_groups,
    ranks_of,
    where_present,
)
from bitpath_cli.strategies._job_step import bytes_of_a_step, step_time
from bitpath_cli.strategies._world import World

_SPOT: Final = TENURES.index("spot")


@dataclass(frozen=True, slots=True)
class _Course:
    """How a job goes, [C, D]: `preparing` ends before anything trains, `reducing` is a part of it.

    `steps` of `stepping` seconds, waiting for data included, make up `running`, which preemptions
    stretch; all of it together is `elapsed`.
    """

    preparing: Tensor
    reducing: Tensor
    steps: Tensor
    stepping: Tensor
    running: Tensor
    elapsed: Tensor


def job_outcome(plans: JobPlans, world: World) -> Outcome:
    """The terms, the elapsed time and the bounds of training jobs [C, D]."""
    workload = world.question.workload
    training = workload.training
    if training is None or isinstance(workload.data.samples, Missing):
        raise ValueError(f"{workload.name} is no training job with a known number of samples")
    groups = node_groups(plans, world, training)
    links = links_between(world, groups)
    computing, communicating = step_time(plans, world, groups, links, training)
    computing = computing * _step_error(plans, world)
    waiting = loading_stall(plans, world, groups, training, computing)
    stepping = computing + waiting
    batch = world.of("training.batch", training.global_batch) * world.lever("batch")
    steps = world.of("training.epochs", training.epochs) * data_samples(world) / batch
    running = steps * stepping * _spot_overhead(world, groups, training)
    ingress, starting, reducing = before_start(plans, world, groups, links)
    elapsed = ingress + starting + running
    course = _Course(ingress, reducing, steps, stepping, running, elapsed)
    sent = bytes_of_a_step(plans, world, groups, training)
    terms = tuple(
        _terms(plans, world, group, links, course, each * steps, training)
        for group, each in zip(groups, sent, strict=True)
    )
    outcome = Outcome(
        groups=(terms[0], terms[1]),
        elapsed=elapsed,
        bounds=(),
        details={
            "step_time": stepping,
            "communication_time": communicating,
            "stall_time": waiting,
            "samples_per_second": batch / stepping,
            "ingress_time": ingress + torch.zeros_like(elapsed),
            "job_time": elapsed,
            "job_price": terms[0].hardware + terms[1].hardware,
            "paid_energy": _paid_energy(groups, terms),
            **_loads(world, groups),
        },
    )
    bounds = _bounds(world, groups, training, outcome)
    return Outcome(outcome.groups, elapsed, bounds, outcome.details)


def _step_error(plans: JobPlans, world: World) -> Tensor:
    """How far the model itself is off, [C, D] or [1, 1]: alike for all with one synchronisation."""
    error = world.question.step_error
    if error is None:
        return torch.ones((1, 1), dtype=torch.float64)
    drawn = [world.draws.of(f"model.step.{name}", error) for name in SYNCHRONISATIONS]
    return torch.stack(drawn)[plans.synchronisation]


def _spot_overhead(world: World, groups: tuple[Group, Group], training: Training) -> Tensor:
    """How preemptions stretch a job that has nodes on spot; 1 where it has none."""
    cloud = world.question.site.cloud
    factor = torch.ones_like(groups[0].step.total)
    if cloud is None:
        return factor
    size = checkpoint_bytes(world, training, ranks_of(groups).clamp_min(1.0))
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


def _terms(
    plans: JobPlans,
    world: World,
    group: Group,
    links: Links,
    course: _Course,
    sent: Tensor,
    training: Training,
) -> TermTensors:
    """The five terms of one group; all are 0 where it has no nodes.

    A group that only reduces the data is held until the others have it.
    """
    dataset = data_samples(world) * sample_size(plans, world)
    held = torch.where(group.training > 0, course.elapsed, course.preparing)
    held = torch.where(group.count > 0, held, torch.zeros_like(held))
    kept = world.of("training.checkpoints", training.checkpoints_kept)
    on_nodes = group.training * world.devices(group.trainer) * group.state
    stored = (
        group.share * (dataset + kept * checkpoint_bytes(world, training, torch.ones(1))) + on_nodes
    ) * course.elapsed
    incoming = moved(world, group) * group.share * dataset + torch.zeros_like(course.elapsed)
    synchronising = group.training * sent
    link_time = synchronising * links.beta + incoming / torch.where(
        group.in_cloud, links.up, links.down
    )
    price = world.price_of(
        group.machine, group.tenure.squeeze(1), world.of("site.duty", world.question.site.duty)
    )
    # A price that there is not belongs to no nodes.
    reserved = torch.where(held > 0, group.count * price * held, torch.zeros_like(held))
    hardware = reserved + _cloud_extras(world, group, stored, synchronising * links.over_uplink)
    busy = (group.step.total / course.stepping).clamp(0.0, 1.0) * (course.running / course.elapsed)
    reducing = course.reducing / course.preparing.clamp_min(1e-12)
    busy = torch.where(group.training > 0, busy, reducing.clamp(0.0, 1.0))
    watts = power(world.power_idle[group.machine], world.power_max[group.machine], busy)
    joules = group.count * energy(watts, held, _pue(world, group))
    return TermTensors(
        compute=where_present(group, course.elapsed * group.share),
        storage=where_present(group, stored),
        bandwidth=synchronising + incoming,
        link_time=link_time,
        hardware=hardware,
        energy=torch.where(group.count > 0, joules, torch.zeros_like(joules)),
    )


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
    world: World, groups: tuple[Group, Group], training: Training, outcome: Outcome
) -> tuple[Bound, ...]:
    workload = world.question.workload
    found = []
    for each in groups:
        room = FILL_CAP * world.memory[each.trainer] / world.devices(each.trainer)
        found.append(Bound("memory", where_present(each, each.needed), room, binds=True))
    if training.deadline is not None:
        found.append(limit_bound(world, "deadline", outcome.elapsed, training.deadline))
    if workload.budget is not None:
        found.append(limit_bound(world, "budget", outcome.total().hardware, workload.budget))
    return (
        *found,
        *residency_bounds(world, tuple(each.in_cloud & (each.count > 0) for each in groups)),
    )


def _loads(world: World, groups: tuple[Group, Group]) -> dict[str, Tensor]:
    """What each group's nodes are given: bytes of memory, samples of a step and at once."""
    found: dict[str, Tensor] = {}
    for which, each in enumerate(groups):
        found |= {
            f"memory_needed.{which}": each.needed * world.devices(each.trainer),
            f"samples.{which}": each.samples,
            f"samples_at_once.{which}": each.at_once,
        }
    return found


def _paid_energy(groups: tuple[Group, Group], terms: tuple[TermTensors, ...]) -> Tensor:
    """Joules on the site's own electricity bill: rent includes the provider's."""
    paid = [
        torch.where(group.in_cloud, torch.zeros_like(each.energy), each.energy)
        for group, each in zip(groups, terms, strict=True)
    ]
    return paid[0] + paid[1]
