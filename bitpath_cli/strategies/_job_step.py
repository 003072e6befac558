"""The nodes of a training job, the network between them, and how long a step takes."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.communication import GLOO, NCCL, all_reduce, overlapped_backward
from bitpath_cli.prediction.compute import Step, training_step
from bitpath_cli.prediction.data_loading import load_time, stall
from bitpath_cli.prediction.memory import FILL_CAP, GRADIENT_BYTES, STATE_BYTES
from bitpath_cli.strategies import SYNCHRONISATIONS, JobPlans
from bitpath_cli.strategies._measured_step import (
    averaging_time,
    has_steps,
    synchronised_step,
    with_measured,
)
from bitpath_cli.strategies._world import World

_ALL_REDUCE: Final = SYNCHRONISATIONS.index("all-reduce")
_LOCAL_SGD: Final = SYNCHRONISATIONS.index("local-sgd")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of nodes: columns [C, 1] from the plans, and [C, D] of what its nodes do."""

    machine: Tensor
    tenure: Tensor
    count: Tensor
    in_cloud: Tensor
    share: Tensor
    samples: Tensor
    at_once: Tensor
    step: Step


@dataclass(frozen=True, slots=True)
class Links:
    """The network that a plan's nodes synchronise over, and the way in for data."""

    alpha: Tensor
    beta: Tensor
    up: Tensor
    down: Tensor
    round_trip: Tensor
    over_uplink: Tensor


def node_groups(plans: JobPlans, world: World, training: Training) -> tuple[Group, Group]:
    """Both groups with their share of the batch, by speed at that batch per node."""
    columns = (
        (plans.machine, plans.count, plans.tenure),
        (plans.other_machine, plans.other_count, plans.other_tenure),
    )
    batch = world.of("training.batch", training.global_batch) * world.lever("batch")
    nodes = (plans.count + plans.other_count).unsqueeze(1)
    even = batch / nodes
    speeds = [
        count.unsqueeze(1) / world.forward(machine, plans.precision, even)
        for machine, count, _ in columns
    ]
    total = speeds[0] + speeds[1]
    cloud = torch.tensor([each.place == "cloud" for each in world.question.machines])
    made = []
    for (machine, count, tenure), speed in zip(columns, speeds, strict=True):
        share = speed / total
        present = count.unsqueeze(1).clamp_min(1.0)
        samples = batch * share / present
        fitting = _micro_batch(world, machine, plans.precision, samples, training)
        rounds = torch.ceil(samples / fitting - 1e-9).clamp_min(1.0)
        forward = rounds * world.forward(machine, plans.precision, samples / rounds)
        step = training_step(
            forward,
            rounds * world.overhead[machine],
            world.of("work.parameters", world.question.workload.work.parameters),
            STATE_BYTES[training.optimiser],
            world.memory_rate[machine],
        )
        step = with_measured(world, machine, samples, step)
        made.append(
            Group(
                machine, tenure.unsqueeze(1), count.unsqueeze(1), cloud[machine].unsqueeze(1),
                share, samples, fitting, step,
            )
        )  # fmt: skip
    return made[0], made[1]


def _micro_batch(
    world: World, machine: Tensor, precision: Tensor, samples: Tensor, training: Training
) -> Tensor:
    """How many samples of a step fit in a node's memory at once, at least one a device.

    What does not fit is computed in rounds whose gradients are accumulated. Their number is taken
    as given, so that it is no source of gradients for autograd.
    """
    work = world.question.workload.work
    devices = world.devices(machine)
    state = STATE_BYTES[training.optimiser] * world.of("work.parameters", work.parameters)
    room = FILL_CAP * world.memory[machine].detach() - devices * state
    kept = world.of("work.activation", work.activation_bytes) * world.narrowed(precision)
    fitting = torch.floor(room / kept)
    return torch.minimum(torch.maximum(fitting, devices), samples.detach().clamp_min(1e-9))


def links_between(plans: JobPlans, world: World, groups: tuple[Group, Group]) -> Links:
    """Nodes of one place talk over its LAN, those of two over the uplink."""
    site, wire = world.question.site, world.question.wire
    wide, tight = world.lever("network_bandwidth"), world.lever("network_latency")
    link = site.uplink
    up = world.of("uplink.up", link.up) * wide
    down = world.of("uplink.down", link.down) * wide
    round_trip = world.of("uplink.round_trip", link.round_trip) / tight
    spans = (
        (groups[0].count > 0) & (groups[1].count > 0) & (groups[0].in_cloud != groups[1].in_cloud)
    )
    near_alpha = world.of("wire.latency", wire.latency) / tight
    near_beta = 1 / (world.of("wire.bandwidth", wire.bandwidth) * wide)
    in_cloud = groups[0].in_cloud & ~spans
    if site.cloud is not None:
        cloud_beta = 1 / (world.of("cloud.up", site.cloud.link.up) * wide)
        cloud_alpha = world.of("cloud.round_trip", site.cloud.link.round_trip) / tight / 2
        near_beta = torch.where(in_cloud, cloud_beta, near_beta)
        near_alpha = torch.where(in_cloud, cloud_alpha, near_alpha)
    return Links(
        alpha=torch.where(spans, round_trip / 2, near_alpha),
        beta=torch.where(spans, 1 / torch.minimum(up, down), near_beta),
        up=up, down=down, round_trip=round_trip, over_uplink=spans,
    )  # fmt: skip


def step_time(
    plans: JobPlans,
    world: World,
    groups: tuple[Group, Group],
    links: Links,
    training: Training,
) -> tuple[Tensor, Tensor]:
    """A step without waiting for data, and the part of it that is exposed communication."""
    wire = world.question.wire
    work = world.question.workload.work
    gradient = GRADIENT_BYTES * work.parameters.value
    size = GRADIENT_BYTES * world.of("work.parameters", work.parameters)
    ranks = groups[0].count + groups[1].count
    accelerated = torch.tensor([each.is_accelerator for each in world.question.machines])
    fast = accelerated[groups[0].machine].unsqueeze(1)
    overlap = torch.where(
        fast,
        world.of("wire.overlap_accelerator", wire.overlap_accelerator),
        world.of("wire.overlap_cpu", wire.overlap_cpu),
    ).clamp_max(1.0)
    slowdown = world.of("wire.slowdown", wire.slowdown).clamp_min(1.0)
    backwards = [
        torch.where(
            fast,
            overlapped_backward(
                each.step.backward,
                gradient,
                ranks,
                links.alpha,
                links.beta,
                NCCL,
                overlap,
                slowdown,
            ),
            overlapped_backward(
                each.step.backward,
                gradient,
                ranks,
                links.alpha,
                links.beta,
                GLOO,
                overlap,
                slowdown,
            ),
        )
        for each in groups
    ]
    averaging = torch.where(
        fast,
        all_reduce(ranks, size, links.alpha, links.beta, NCCL),
        all_reduce(ranks, size, links.alpha, links.beta, GLOO),
    )
    measured = averaging_time(world, groups[0].machine, ranks, size)
    averaging = torch.where(_is_measured(world, groups[0]), measured, averaging)
    averaging = averaging / plans.interval.unsqueeze(1)
    kind = plans.synchronisation.unsqueeze(1)
    alone = torch.maximum(*(where_present(each, each.step.total) for each in groups))
    together = torch.maximum(
        *(
            where_present(each, _synchronised(world, each, backward, ranks))
            for each, backward in zip(groups, backwards, strict=True)
        )
    )
    stepping = torch.where(
        kind == _ALL_REDUCE, together, torch.where(kind == _LOCAL_SGD, alone + averaging, alone)
    )
    return stepping, stepping - alone


def _synchronised(world: World, group: Group, backward: Tensor, ranks: Tensor) -> Tensor:
    """A step with its gradients reduced: as measured, else from the modelled backward."""
    modelled = group.step.forward + backward + group.step.optimiser
    measured = synchronised_step(world, group.machine, group.step, ranks)
    return torch.where(_is_measured(world, group), measured, modelled)


def _is_measured(world: World, group: Group) -> Tensor:
    """[C, 1], true where the group's steps and the wire's reductions were both measured."""
    return has_steps(world, group.machine) & (world.question.wire.reductions is not None)


def where_present(group: Group, seconds: Tensor) -> Tensor:
    """The seconds where the group has nodes, 0 where it has none."""
    return torch.where(group.count > 0, seconds, torch.zeros_like(seconds))


def loading_stall(
    world: World, groups: tuple[Group, Group], sample_bytes: Tensor, stepping: Tensor
) -> Tensor:
    """What the slower group's data loading adds to a step."""
    stalls = []
    for each in groups:
        loading = load_time(each.samples, sample_bytes, world.storage_rate[each.machine])
        # A measured step holds what it waited for its data.
        waited = torch.where(has_steps(world, each.machine), 0.0, stall(loading, stepping))
        stalls.append(where_present(each, waited))
    return torch.maximum(stalls[0], stalls[1])
