"""The data of a training job: on its way before the start, and read from storage in every step."""

import torch
from torch import Tensor

from bitpath_cli.model.reading import Missing
from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.data_loading import (
    cached_share,
    load_time,
    reduction_time,
    stall_over_epochs,
    transfer_time,
)
from bitpath_cli.prediction.memory import FILL_CAP
from bitpath_cli.strategies import PRECISIONS, JobPlans
from bitpath_cli.strategies._job_links import Links, is_accelerated
from bitpath_cli.strategies._job_nodes import Group, optional, where_present
from bitpath_cli.strategies._measured_step import has_steps
from bitpath_cli.strategies._world import World


def data_samples(world: World) -> Tensor:
    """Samples in the data set, [1, D]; 0 where the profile leaves them out."""
    data = world.question.workload.data
    if isinstance(data.samples, Missing):
        return torch.zeros((1, world.draws.count), dtype=torch.float64)
    return world.of("data.samples", data.samples)


def sample_size(plans: JobPlans, world: World) -> Tensor:
    """Bytes of a sample where it is trained, [C, D]: what a reduction left of it."""
    data = world.question.workload.data
    size = world.of("data.sample_bytes", data.sample_bytes)
    if data.reduction is None:
        return size + torch.zeros_like(plans.count).unsqueeze(1)
    kept = world.of("data.reduction.kept", data.reduction.kept).clamp_max(1.0)
    return torch.where(plans.prepared.unsqueeze(1), kept * size, size)


def moved(world: World, group: Group) -> Tensor:
    """1 where the group trains, and not where the data is born, else 0, [C, 1]."""
    born_in_cloud = world.question.workload.data.born == "cloud"
    return ((group.in_cloud != born_in_cloud) & (group.training > 0)).double()


def before_start(
    plans: JobPlans, world: World, groups: tuple[Group, Group], links: Links
) -> tuple[Tensor, Tensor, Tensor]:
    """Seconds until each place has its data, until rented nodes are up, and of reducing alone.

    What reduces the data works on the next samples while the last ones travel.
    """
    dataset = data_samples(world) * sample_size(plans, world)
    arrivals = []
    for each in groups:
        going = moved(world, each) * each.share * dataset
        rate = torch.where(each.in_cloud, links.up, links.down)
        spent = transfer_time(going, rate, links.round_trip)
        arrivals.append(torch.where(going > 0, spent, torch.zeros_like(spent)))
    reducing = _reducing(plans, world)
    ingress = torch.maximum(torch.maximum(arrivals[0], arrivals[1]), reducing)
    cloud = world.question.site.cloud
    if cloud is None:
        return ingress, torch.zeros_like(ingress), reducing
    starting = world.of("cloud.start_up", cloud.start_up) / world.lever("fixed_times")
    any_cloud = (groups[0].in_cloud & (groups[0].training > 0)) | (
        groups[1].in_cloud & (groups[1].training > 0)
    )
    return ingress, torch.where(any_cloud, starting, torch.zeros_like(starting)), reducing


def loading_stall(
    plans: JobPlans,
    world: World,
    groups: tuple[Group, Group],
    training: Training,
    stepping: Tensor,
) -> Tensor:
    """What the slower group's data loading adds to a mean step."""
    epochs = world.of("training.epochs", training.epochs)
    size = sample_size(plans, world)
    stalls = []
    for each in groups:
        loading = load_time(each.samples, size, world.storage_rate[each.trainer])
        cached = cached_share(data_samples(world) * size, _free_memory(world, each))
        waited = stall_over_epochs(loading, stepping, epochs, cached)
        # A measured step holds what it waited for its data.
        waited = torch.where(has_steps(world, each.trainer), torch.zeros_like(waited), waited)
        stalls.append(where_present(each, waited))
    return torch.maximum(stalls[0], stalls[1])


def _reducing(plans: JobPlans, world: World) -> Tensor:
    """Seconds in which today's host reduces all samples; 0 where they travel as they are."""
    reduction = world.question.workload.data.reduction
    nothing = torch.zeros((len(plans.count), world.draws.count), dtype=torch.float64)
    if reduction is None:
        return nothing
    here = world.question.machines[0].rates
    precision = "float32" if "float32" in here else next(iter(here))
    rate = world.rate[0, PRECISIONS.index(precision)] * world.lever("compute")
    spent = reduction_time(
        data_samples(world), world.of("data.reduction.work", reduction.work), rate
    )
    return torch.where(plans.prepared.unsqueeze(1), spent, nothing)


def _free_memory(world: World, group: Group) -> Tensor:
    """Bytes of main memory that training leaves to the page cache, [C, D].

    An accelerator's host has all of its own for it, where the profile says how much it has.
    """
    beside = FILL_CAP * optional(world, "host_memory", 0.0)[group.trainer]
    left = FILL_CAP * world.memory[group.trainer] - group.needed * world.devices(group.trainer)
    return torch.where(is_accelerated(world, group), beside, left)
