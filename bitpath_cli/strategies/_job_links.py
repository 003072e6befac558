"""The network between the nodes of a training job, and between the devices of one node."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bitpath_cli.prediction.communication import GLOO, NCCL, all_reduce
from bitpath_cli.strategies import link_name
from bitpath_cli.strategies._job_nodes import Group, optional
from bitpath_cli.strategies._measured_step import averaging_time, has_steps
from bitpath_cli.strategies._world import World


@dataclass(frozen=True, slots=True)
class Links:
    """The network that a plan's nodes synchronise over, and the way in for data."""

    alpha: Tensor
    beta: Tensor
    up: Tensor
    down: Tensor
    round_trip: Tensor
    over_uplink: Tensor


def links_between(world: World, groups: tuple[Group, Group]) -> Links:
    """Nodes of one place talk over its LAN, those of two over the uplink."""
    site = world.question.site
    wide, tight = world.lever("network_bandwidth"), world.lever("network_latency")
    link = site.uplink
    up = world.of("uplink.up", link.up) * wide
    down = world.of("uplink.down", link.down) * wide
    round_trip = world.of("uplink.round_trip", link.round_trip) / tight
    both = (groups[0].training > 0) & (groups[1].training > 0)
    spans = both & (groups[0].in_cloud != groups[1].in_cloud)
    near_alpha, near_beta = _near(world, groups)
    trains_first = groups[0].training > 0
    in_cloud = torch.where(trains_first, groups[0].in_cloud, groups[1].in_cloud) & ~spans
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


def _near(world: World, groups: tuple[Group, Group]) -> tuple[Tensor, Tensor]:
    """Seconds a message and a byte at one place, by the slowest link of those that are used.

    Without measured links that is the wire for all, [1, D]; else it depends on who takes part.
    """
    wide, tight = world.lever("network_bandwidth"), world.lever("network_latency")
    wire, links = world.question.wire, world.question.links
    alpha = world.of("wire.latency", wire.latency) / tight
    beta = 1 / (world.of("wire.bandwidth", wire.bandwidth) * wide)
    if not links:
        return alpha, beta
    which = torch.zeros((len(world.question.machines),) * 2, dtype=torch.long)
    alphas, betas = [alpha], [beta]
    for number, ((one, other), link) in enumerate(links.items(), 1):
        which[one, other] = which[other, one] = number
        between = link_name(world.question, one, other)
        alphas.append(world.of(f"wire.latency {between}", link.latency) / tight)
        betas.append(1 / (world.of(f"wire.bandwidth {between}", link.bandwidth) * wide))
    first, second = groups[0], groups[1]
    used = (
        (first.trainer, first.trainer, first.training > 1),
        (second.trainer, second.trainer, second.training > 1),
        (first.trainer, second.trainer, (first.training > 0) & (second.training > 0)),
    )
    return _slowest(torch.cat(alphas), which, used), _slowest(torch.cat(betas), which, used)


def _slowest(
    seconds: Tensor, which: Tensor, used: tuple[tuple[Tensor, Tensor, Tensor], ...]
) -> Tensor:
    """The largest of the links that are used, [C, D]; where none is used that of the first."""
    parts = [seconds[which[one, other]] for one, other, _ in used]
    told = [
        torch.where(is_used, part, torch.zeros_like(part))
        for part, (_, _, is_used) in zip(parts, used, strict=True)
    ]
    worst = torch.maximum(torch.maximum(told[0], told[1]), told[2])
    return torch.where(worst > 0, worst, parts[0])


def is_accelerated(world: World, group: Group) -> Tensor:
    """[C, 1], true where accelerators train and NCCL reduces."""
    accelerated = torch.tensor([each.is_accelerator for each in world.question.machines])
    return accelerated[group.trainer].unsqueeze(1)


def is_measured(world: World, group: Group) -> Tensor:
    """[C, 1], true where the group's steps and the wire's reductions were both measured."""
    return has_steps(world, group.trainer) & (world.question.wire.reductions is not None)


def reduced(world: World, group: Group, links: Links, ranks: Tensor, size: Tensor) -> Tensor:
    """Seconds of one all-reduce of so many bytes with nothing beside it, [C, D]."""
    modelled = torch.where(
        is_accelerated(world, group),
        all_reduce(ranks, size, links.alpha, links.beta, NCCL),
        all_reduce(ranks, size, links.alpha, links.beta, GLOO),
    )
    measured = averaging_time(world, group.trainer, ranks, size)
    return torch.where(is_measured(world, group), measured, modelled)


def device_beta(world: World, group: Group) -> Tensor:
    """Seconds a byte between the devices of a node, 0 where there is one, [C, D]."""
    beta = (1 / optional(world, "link", torch.inf))[group.trainer] / world.lever("device_link")
    return torch.where(world.devices(group.trainer) > 1, beta, torch.zeros_like(beta))


def inside_a_node(world: World, group: Group, size: Tensor, overlap: Tensor) -> Tensor:
    """What reducing between the devices of a node adds to its step, [C, D].

    A ring over its devices; as much of it hides behind backward as of a reduction between nodes.
    """
    devices = world.devices(group.trainer)
    spent = 2 * (devices - 1) / devices * size * device_beta(world, group)
    return torch.clamp_min(spent - overlap * group.step.backward, 0.0)
